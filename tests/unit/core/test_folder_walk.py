"""Bins, snapshots, caches and links: told apart from folders of a person, counted, never entered."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from proofsheet.core.errors import NotFound, StoreError, UsageError
from proofsheet.core.folder_walk import folders_of, left_out_because, walk
from proofsheet.core.progress import Quiet
from proofsheet.core.volumes import forgetful_devices, lasting_mark
from proofsheet.library.copy_detection import look_at
from proofsheet.library.disk_diff import disk_news
from proofsheet.library.scan import other_rows, photo_rows, picture_folders, scan
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import Store
from proofsheet.storage.workspace import Workspace
from schemas.library import OtherFile, Photo, Quarantine
from tests.support.kit import configuration, own_ids, place_in_memory, save_picture, where_rights_count

SYSTEM = (
    *(
        "@eaDir",
        "#recycle",
        "#Recycle",
        "#snapshot",
        "@Recycle",
        "@Recently-Snapshot",
        ".@__thumb",
        "@tmp",
        "@SynologyDrive",
    ),
    *(
        ".Trashes",
        ".Spotlight-V100",
        ".fseventsd",
        ".DocumentRevisions-V100",
        ".TemporaryItems",
        "__MACOSX",
        "Network Trash Folder",
    ),
    *(
        "$RECYCLE.BIN",
        "System Volume Information",
        "RECYCLER",
        "found.000",
        ".Trash-1000",
        "lost+found",
        ".snapshots",
        "LOST.DIR",
    ),
    *(
        ".stversions",
        ".stfolder",
        ".dropbox.cache",
        ".zfs",
        "~snapshot",
        ".snapshot",
        "@snapshots",
        "@GMT-2024.05.06-07.08.09",
    ),
    *(
        "Catalog Previews.lrdata",
        ".dtrash",
        ".picasaoriginals",
        "[Originals]",
        ".thumbnails",
        "files_trashbin",
        "appdata_oc12ab",
    ),
)
OF_A_PERSON = (
    *(
        "Recycled paper",
        "Snapshots 2020",
        "Snapshots",
        "Trash",
        "recycler",
        "Recycled",
        "Cache",
        "Thumbnails",
        "Originals",
        "lost and found",
    ),
    *(
        "@home",
        "#1 best",
        "eaDir",
        "Recycle",
        "Found 2020",
        "Previews",
        "System",
        "Trip to #recycle",
        "My @eaDir",
    ),
)


@pytest.mark.parametrize("name", SYSTEM)
def test_folders_of_systems_are_left_out_with_a_reason(name: str) -> None:
    assert left_out_because(name, folder=True)


@pytest.mark.parametrize("name", OF_A_PERSON)
def test_a_folder_that_merely_has_such_a_word_is_a_persons(name: str) -> None:
    assert left_out_because(name, folder=True) is None


@pytest.mark.parametrize(
    ("parent", "name", "left"),
    [("CaptureOne", "Cache", True), ("Shoot", "Cache", False), ("share", "Trash", True)],
)
def test_some_names_count_in_a_certain_folder_alone(parent: str, name: str, left: bool) -> None:
    assert (left_out_because(name, folder=True, parent=parent) is not None) == left


@pytest.mark.parametrize(
    "name", ["._DSC_1.jpg", "Thumbs.db", "desktop.ini", ".IMG_1.HEIC.icloud", "IMG.jpg.nextcloud", "Icon\r"]
)
def test_files_of_systems_are_left_out_with_a_reason(name: str) -> None:
    assert left_out_because(name, folder=False)
    assert left_out_because("DSC_0001.jpg", folder=False) is None


def test_what_is_left_out_is_one_row_with_its_reason_and_never_entered(tmp_path: Path) -> None:
    folder = tmp_path / "Trip"
    save_picture(folder / "a.jpg")
    for name in SYSTEM:
        save_picture(folder / name / "deep" / "old.jpg")
    save_picture(folder / "Snapshots 2020" / "b.jpg")
    save_picture(folder / "._a.jpg")
    save_picture(folder / "._of no picture.jpg")
    before = look_at(folder)
    found = scan(folder, tmp_path / "cache", Quiet())
    assert [p.path for p in found.pictures] == ["a.jpg", "Snapshots 2020/b.jpg"]
    rows = other_rows("p", found)
    reasons = dict(rows.select(OtherFile.path, OtherFile.reason).iter_rows())
    assert reasons.keys() == {*SYSTEM, "._a.jpg", "._of no picture.jpg"}
    assert [path for path, reason in reasons.items() if reason is None] == ["._a.jpg"], (
        "it goes with its picture"
    )
    save_picture(folder / "#recycle" / "later.jpg")
    assert look_at(folder) == before


def test_the_library_tells_links_and_what_it_leaves_out(tmp_path: Path) -> None:
    library = tmp_path / "library"
    for name in ("Trip", "#recycle", ".Trash-1000", ".hidden"):
        (library / name).mkdir(parents=True)
    (library / "shared").symlink_to(tmp_path)
    (library / "gone").symlink_to(tmp_path / "nowhere")
    (library / "Thumbs.db").touch()
    shelf = folders_of(library)
    assert [f.name for f in shelf.folders] == ["Trip"]
    assert set(shelf.left_out) == {"#recycle", ".Trash-1000", ".hidden"}
    assert set(shelf.links) == {"shared", "gone"}
    assert shelf.loose == 0
    workspace = Workspace(configuration(library, tmp_path / "home").place)
    with pytest.raises(NotFound, match="is a link to"):
        workspace.project("shared")
    with pytest.raises(NotFound, match="is left out: a bin"):
        workspace.project("#recycle")


def test_a_library_that_is_a_link_is_told_and_a_broken_one_too(tmp_path: Path) -> None:
    (tmp_path / "disk" / "Trip").mkdir(parents=True)
    (tmp_path / "library").symlink_to(tmp_path / "disk")
    workspace = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    assert (workspace.library_link, [p.name for p in workspace.projects()]) == (
        str(tmp_path / "disk"),
        ["Trip"],
    )
    (tmp_path / "disk").rename(tmp_path / "away")
    with pytest.raises(UsageError, match=r"is a link to .*disk, which is not there"):
        Workspace(configuration(tmp_path / "library", tmp_path / "home").place)


def test_a_folder_that_may_not_be_listed_is_refused() -> None:
    with place_in_memory() as place:
        (place / "trip" / "closed").mkdir(parents=True, mode=0o755)
        (place / "trip" / "closed").chmod(0)
        with where_rights_count():
            assert [e.unread is not None for e in walk(place / "trip")] == [True]
            refused = scan(place / "trip", place / "cache", Quiet()).refused
    assert (refused["closed"].kind, refused["closed"].reason) == (
        "no_permission",
        "the folder cannot be listed: Permission denied",
    )


def test_files_of_a_folder_that_may_be_listed_but_not_entered_are_refused_one_by_one() -> None:
    with place_in_memory() as place:
        for name in ("a.jpg", "half/b.jpg", "half/c.txt", "half/.d", "half/deep/e.jpg"):
            save_picture(place / "trip" / name, format="JPEG")
        before = look_at(place / "trip")
        (place / "trip" / "half").chmod(0o644)
        with where_rights_count():
            found = scan(place / "trip", place / "cache", Quiet())
            news = disk_news(place / "trip", Photo.frame(), Quarantine.frame(), OtherFile.frame())
            look, folders = look_at(place / "trip"), picture_folders(place / "trip")
        (place / "trip" / "half").chmod(0o755)
    assert [p.path for p in found.pictures] == ["a.jpg"]
    assert {p: r.kind for p, r in found.refused.items()} == dict.fromkeys(
        ("half/.d", "half/b.jpg", "half/c.txt", "half/deep"), "no_permission"
    )
    assert (news.new, news.changed, news.gone) == (5, 0, 0)
    assert look.signature != before.signature
    assert folders == {"": 1}


@pytest.mark.parametrize("why", ["Permission denied", "it was gone"])
def test_a_project_folder_that_cannot_be_listed_is_no_empty_one(tmp_path: Path, why: str) -> None:
    folder = tmp_path / "trip"
    if why == "Permission denied":
        folder.mkdir(mode=0)
    with where_rights_count():
        for look in (
            lambda f: list(walk(f)),
            look_at,
            picture_folders,
            lambda f: scan(f, tmp_path / "cache", Quiet()),
        ):
            with pytest.raises(StoreError, match=f"trip is not read: the folder cannot be listed: {why}"):
                look(folder)


def test_links_in_the_library_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    assert set(folders_of(tmp_path).links) == {"ring"}


@pytest.mark.parametrize("seconds", [2**38, -(2**38), 2**40])
def test_a_file_of_a_time_that_no_calendar_has_is_a_photo_like_any_other(seconds: int) -> None:
    with place_in_memory() as place:
        os.utime(save_picture(place / "trip" / "a.jpg"), (seconds, seconds))
        if (place / "trip" / "a.jpg").stat().st_mtime != seconds:
            pytest.skip("this disk keeps no such times")
        found = scan(place / "trip", place / "cache", Quiet())
        rows = photo_rows("p", found, {found.pictures[0].file.content_hash: "JPEG"}, own_ids(found))
        news = disk_news(place / "trip", rows, Quarantine.frame(), OtherFile.frame())
        Store(place / "store", "p").publish({Photo: rows}, Stamp())
        kept = Store(place / "store", "p").read(Photo)
    assert (
        rows[Photo.modified_at].to_list()
        == kept[Photo.modified_at].to_list()
        == [datetime.max if seconds > 0 else datetime.min]
    )
    assert (news.new, news.changed, news.gone) == (0, 0, 0)


def stat_of(inode: int, device: int, size: int = 9, mtime: int = 5, ctime: int = 7) -> os.stat_result:
    """What a file system tells, after a mount of our choosing."""
    times = {"st_mtime_ns": mtime, "st_ctime_ns": ctime}
    return os.stat_result([0o100644, inode, device, 1, 0, 0, size, 0, 0, 0], times)


def test_numbers_of_files_and_devices_do_not_count_and_change_times_do() -> None:
    first = lasting_mark(stat_of(1, 10), ())
    assert lasting_mark(stat_of(2, 11), ()) == first
    assert lasting_mark(stat_of(1, 10, ctime=8), ()) != first


def test_a_disk_that_forgets_change_times_is_known_by_its_kind(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "23 22 8:17 / /media/card rw,relatime shared:2 master:1 - exfat /dev/sdb1 rw\n"
        "24 22 0:50 / /mnt/nas rw - fuse.sshfs nas: rw\n"
    )
    forgetful = forgetful_devices(mounts)
    assert forgetful == {os.makedev(8, 17)}
    card = os.makedev(8, 17)
    assert lasting_mark(stat_of(1, card, ctime=7), forgetful) == lasting_mark(
        stat_of(9, card, ctime=5), forgetful
    )
    assert lasting_mark(stat_of(1, card, mtime=5), forgetful) != lasting_mark(
        stat_of(1, card, mtime=6), forgetful
    )
    assert forgetful_devices(tmp_path / "none") == frozenset()
