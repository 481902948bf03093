"""Bins, snapshots, caches and links: told apart from folders of a person, counted, never entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proofsheet.errors import NotFound, UsageError
from proofsheet.left_out import folders_of, left_out_because, walk
from proofsheet.library.scan import other_rows, scan
from proofsheet.library.settle import look_at
from proofsheet.progress import Quiet
from proofsheet.volumes import forgetful_devices, lasting_mark
from proofsheet.workspace import Workspace
from schemas.library import OtherFile
from tests.kit import configuration, save_picture

SYSTEM = (
    *("@eaDir", "#recycle", "#Recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", ".@__thumb", "@tmp", "@SynologyDrive"),
    *(
        ".Trashes",
        ".Spotlight-V100",
        ".fseventsd",
        ".DocumentRevisions-V100",
        ".TemporaryItems",
        "__MACOSX",
        "Network Trash Folder",
    ),
    *("$RECYCLE.BIN", "System Volume Information", "RECYCLER", "found.000", ".Trash-1000", "lost+found", ".snapshots", "LOST.DIR"),
    *(".stversions", ".stfolder", ".dropbox.cache", ".zfs", "~snapshot", ".snapshot", "@snapshots", "@GMT-2024.05.06-07.08.09"),
    *("Catalog Previews.lrdata", ".dtrash", ".picasaoriginals", "[Originals]", ".thumbnails", "files_trashbin", "appdata_oc12ab"),
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
    *("@home", "#1 best", "eaDir", "Recycle", "Found 2020", "Previews", "System", "Trip to #recycle", "My @eaDir"),
)


@pytest.mark.parametrize("name", SYSTEM)
def test_folders_of_systems_are_left_out_with_a_reason(name: str) -> None:
    assert left_out_because(name, folder=True)


@pytest.mark.parametrize("name", OF_A_PERSON)
def test_a_folder_that_merely_has_such_a_word_is_a_persons(name: str) -> None:
    assert left_out_because(name, folder=True) is None


@pytest.mark.parametrize(
    ("parent", "name", "left"), [("CaptureOne", "Cache", True), ("Shoot", "Cache", False), ("share", "Trash", True)]
)
def test_some_names_count_in_a_certain_folder_alone(parent: str, name: str, left: bool) -> None:
    assert (left_out_because(name, folder=True, parent=parent) is not None) == left


@pytest.mark.parametrize("name", ["._DSC_1.jpg", "Thumbs.db", "desktop.ini", ".IMG_1.HEIC.icloud", "IMG.jpg.nextcloud", "Icon\r"])
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
    assert [path for path, reason in reasons.items() if reason is None] == ["._a.jpg"], "it goes with its picture"
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
    assert (workspace.library_link, [p.name for p in workspace.projects()]) == (str(tmp_path / "disk"), ["Trip"])
    (tmp_path / "disk").rename(tmp_path / "away")
    with pytest.raises(UsageError, match=r"is a link to .*disk, which is not there"):
        Workspace(configuration(tmp_path / "library", tmp_path / "home").place)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert [e.unread is not None for e in walk(tmp_path)] == [True]
    assert scan(tmp_path, tmp_path.with_name("cache"), Quiet()).refused["closed"].kind == "no_permission"


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
    assert lasting_mark(stat_of(1, card, ctime=7), forgetful) == lasting_mark(stat_of(9, card, ctime=5), forgetful)
    assert lasting_mark(stat_of(1, card, mtime=5), forgetful) != lasting_mark(stat_of(1, card, mtime=6), forgetful)
    assert forgetful_devices(tmp_path / "none") == frozenset()
