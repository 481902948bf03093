"""What systems, disks and other programs keep among pictures, and the one way to walk through a folder.

Holds the rules `FOLDERS` and `FILES`, `left_out_because`, `walk` and `folders_of`.
Add here: a name that a system or program keeps for itself, under its reason.
Keep out: what a picture is (library/scan.py).

A name is compared as a whole and without case, so "Recycled paper" or "Snapshots 2020" stay folders of the
user. `*` matches any text, `[0-9]` a digit, `parent/name` a name inside a certain folder. A folder that is
left out is never entered: a folder of snapshots holds the whole disk many times.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from pathlib import Path

from proofsheet.core.errors import StoreError
from proofsheet.core.files import Refused, refused_because

_BIN, _COPIES, _SMALL = (
    "a bin: deleted files",
    "snapshots or former versions of files",
    "thumbnails of another program",
)
_OWN, _SYNC, _CACHE = (
    "used by the system",
    "used by a program that copies files",
    "the cache of another program",
)
KEPT_BY_PROGRAMS = "originals that another program saved before an edit"
_PLACEHOLDER = "a placeholder: the file itself is not on this disk; download it first"

# fmt: off
FOLDERS: Mapping[str, Sequence[str]] = {
    _BIN: (
        "#recycle", "@recycle", ".recycle", "@recycle bin", "network recycle bin",
        "network recycle bin [0-9]*", "@network recycle bin*", "recycle bin", ".recycle.bin", "$recycle.bin",
        "recycle.bin", "recycler/s-1-*", ".trashes", ".trash", ".trash-[0-9]*", ".trashbin",
        "network trash folder", "share/trash", "trashbox", ".trashbox", ".dtrash", ".globaltrash", ".trashed",
        "files_trashbin", "#deleted", ".deleted", ".wastebasket", "lost+found", "found.[0-9][0-9][0-9]",
        "lost.dir",
    ),
    _COPIES: (
        "#snapshot", "#snapshots", "@snapshot", "@snapshots", ".snapshot", ".snapshots", "~snapshot",
        "~snapshots", ".zfs", ".ckpt", "@gmt-[0-9]*", "@recently-snapshot", "@sharesnap", "@local_snapshot",
        "@replica_snapshot", ".btrfs", ".nilfs", ".snap", "timeshift-btrfs", "backups.backupdb",
        ".mobilebackups", "*.sparsebundle", "*.backupbundle", ".timemachine", ".stversions", "files_versions",
        ".filehistory", "$windows.~bt", ".versions",
    ),
    _SMALL: (
        "@eadir", ".@__thumb", "@__thumb", ".thumbnails", ".thumbs", ".xvpics", ".wdmc", ".wd_tv", ".pics",
        ".thumbnail", ".bridgecache", ".mediaartlocal", "appdata_oc*", "pwg_representative", "*.lrdata",
        "*.lrprev", "*.cocatalog/cache", "captureone/cache", "captureone/proxies",
        "*.photoslibrary/resources", "*.photolibrary/thumbnails", "*.aplibrary/thumbnails",
        "*.aplibrary/previews", "*.migratedphotolibrary/thumbnails", "ipod photo cache", ".photoprism",
    ),
    KEPT_BY_PROGRAMS: (
        ".picasaoriginals", "[[]originals]",
    ),
    _OWN: (
        "system volume information", "$winreagent", "$sysreset", "$extend", "$mft", "config.msi", "msocache",
        ".spotlight-v100", ".fseventsd", ".documentrevisions-v100", ".temporaryitems", "temporary items",
        ".appledouble", ".appledb", ".appledesktop", "__macosx", "thevolumesettingsfolder",
        "thefindbycontentfolder", ".hfs+ private directory data*", ".vol", ".pkinstallsandboxmanager*",
        "@tmp", "@appstore", "@appdata", "@appconf", "@apphome", "@appshare", "@apptemp", "@autoupdate",
        "@database", "@docker", "@download", "@iscsi", "@s2s", "@sharebin", "@spool", "@syno*", "@usbcopy",
        "@userpreference", "@upd@te", "@cloudsync", "@cloudstation", "@config_backup", "@clamav",
        "@quarantine", "@maillog", "@antivirus", "@img_bkp_cache", "@transcode", ".@__qini", ".@__comp",
        ".@upload_cache", ".@backup_config", ".@*", ".streams", ".qpkg", ".synologyworkingdirectory",
        "@plugins", ".android_secure",
    ),
    _SYNC: (
        ".stfolder", ".stfolder*", ".sync", ".dropbox.cache", ".dropbox", ".tmp.drivedownload",
        ".tmp.driveupload", ".shortcut-targets-by-id", ".resilio", ".owncloud*", ".nextcloud*",
        ".seafile-data", "seafile-data", ".duplicacy", ".bzvol", ".849c9593-d756-4e56-8d6e-42412f2a707b",
        ".rsync-partial", ".rsync-tmp", ".debris",
    ),
    _CACHE: (
        ".cache", ".caches", "*.lrcat-data", "*.lrlibrary",
    ),
}
FILES: Mapping[str, Sequence[str]] = {
    _PLACEHOLDER: (
        ".*.icloud", "*.nextcloud", "*.owncloud",
    ),
    _BIN: (
        ".trashed-[0-9]*", "._trashed-*", ".deleted-*",
    ),
    _SYNC: (
        "~syncthing~*", ".syncthing.*", ".stignore", ".pending-[0-9]*", "._sync_*.db*", ".sync_*.db*",
        ".dropbox.attr", "*.!sync",
    ),
    _OWN: (
        "._*", ".ds_store", ".apdisk", ".volumeicon.icns", "icon\r", "desktop.ini", "autorun.inf",
        "desktop db", "desktop df", ".fuse_hidden*", ".nfs[0-9a-f]*", ".directory", "hiberfil.sys",
        "pagefile.sys", "syno@.fileindexdb", ".nomedia",
    ),
    _SMALL: (
        "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "synophoto_thumb_*",
        "zbthumbnail.info", ".picasa.ini", "picasa.ini", ".bridgecache", ".bridgecachet", "thumbs.td[0-9]",
    ),
}
# fmt: on
_AS_WRITTEN = {
    "RECYCLER": _BIN,
    "RECYCLED": _BIN,
}  # names of old Windows; in another case they may be the user's


class _Names:
    """Rules of one kind of entry; a pattern with a slash is compared with parent and name."""

    def __init__(self, rules: Mapping[str, Sequence[str]]) -> None:
        every = {name: why for why, names in rules.items() for name in names}
        self._plain = {name: why for name, why in every.items() if not set(name) & set("*[/")}
        self._alone = _Patterns({n: w for n, w in every.items() if n not in self._plain and "/" not in n})
        self._inside = _Patterns({n: w for n, w in every.items() if "/" in n})

    def reason(self, name: str, parent: str) -> str | None:
        small = name.casefold()
        return (
            self._plain.get(small)
            or self._alone.reason(small)
            or self._inside.reason(f"{parent.casefold()}/{small}")
        )


class _Patterns:
    """Patterns with their reasons, tried at once."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._reasons = [(re.compile(translate(pattern)), why) for pattern, why in rules.items()]
        self._any = re.compile("|".join(map(translate, rules))) if rules else None

    def reason(self, text: str) -> str | None:
        if self._any is None or not self._any.match(text):
            return None
        return next(why for pattern, why in self._reasons if pattern.match(text))


_FOLDERS, _FILES = _Names(FOLDERS), _Names(FILES)


def left_out_because(name: str, *, folder: bool, parent: str = "") -> str | None:
    """Why an entry of a folder is not one of the user's, or None.

    Args:
        name: of the entry, without its path.
        folder: whether it is a folder.
        parent: name of the folder around it.
    """
    return (_AS_WRITTEN.get(name) or _FOLDERS.reason(name, parent)) if folder else _FILES.reason(name, parent)


@dataclass(frozen=True)
class WalkEntry:
    """One entry of a walk.

    Attributes:
        name: path inside the folder that is walked, with forward slashes.
        place: where it is, as the system names it.
        hidden: whether a part of the name begins with a dot.
        stat: size, times and kind, of a link itself; None if the system does not give them.
        why: why it is left out; None for everything else.
        unread: why a folder could not be listed, or why nothing is known of a file; None for everything else.
    """

    name: str
    place: str
    hidden: bool
    stat: os.stat_result | None = None
    why: str | None = None
    unread: Refused | None = None

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.place)

    @property
    def is_file(self) -> bool:
        """Whether it is known to be a regular file."""
        return self.stat is not None and stat.S_ISREG(self.stat.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is known to be a link."""
        return self.stat is not None and stat.S_ISLNK(self.stat.st_mode)


def walk(folder: Path) -> Iterator[WalkEntry]:
    """Every file and link below a folder, in a stable order.

    A folder that is left out, or cannot be listed, is one entry.

    Links are never followed.

    Raises:
        StoreError: if the folder itself is gone or cannot be listed: that is no empty one. A folder inside it
            is an entry.
    """
    try:
        yield from _walk(str(folder), folder.name, "", hidden=False)
    except OSError as error:
        why = refused_because(error, "the folder cannot be listed")
        raise StoreError(
            f"{folder} is not read: {why.reason}.", f"Nothing was changed; {why.next_step}."
        ) from error


def _walk(place: str, parent: str, inside: str, *, hidden: bool) -> Iterator[WalkEntry]:
    with os.scandir(place) as listing:
        entries = sorted(listing, key=lambda e: e.name)
    below: list[WalkEntry] = []
    for one in entries:
        name, secret = f"{inside}{one.name}", hidden or one.name.startswith(".")
        try:
            found = one.stat(follow_symlinks=False)
        except OSError as error:
            yield WalkEntry(
                name, one.path, secret, unread=refused_because(error, "its size and time cannot be read")
            )
            continue
        is_folder = stat.S_ISDIR(found.st_mode)
        entry = WalkEntry(
            name, one.path, secret, found, left_out_because(one.name, folder=is_folder, parent=parent)
        )
        if is_folder and entry.why is None:
            below.append(entry)
        else:
            yield entry
    for entry in below:
        try:
            yield from _walk(entry.place, entry.path.name, f"{entry.name}/", hidden=entry.hidden)
        except OSError as error:
            yield replace(entry, unread=refused_because(error, "the folder cannot be listed"))


@dataclass(frozen=True)
class Shelf:
    """The folders of a place, and its other entries by name with the reason why they are left out.

    Attributes:
        folders: sorted by name.
        left_out: name to reason, for folders of systems and programs and for hidden ones.
        links: name of a link to where it points.
        loose: number of files.
    """

    folders: list[Path]
    left_out: dict[str, str]
    links: dict[str, str]
    loose: int


def folders_of(place: Path) -> Shelf:
    """The direct content of a folder; links are not followed."""
    shelf, loose = Shelf([], {}, {}, 0), 0
    with os.scandir(place) as listing:
        entries = sorted(listing, key=lambda e: e.name)
    for found in entries:
        is_folder = found.is_dir(follow_symlinks=False)
        why = left_out_because(found.name, folder=is_folder, parent=place.name)
        if found.is_symlink() and not _leads_to_a_file(found):
            shelf.links[found.name] = str(Path(found.path).readlink())
        elif is_folder and (why or found.name.startswith(".")):
            shelf.left_out[found.name] = why or "a hidden folder"
        elif is_folder:
            shelf.folders.append(Path(found.path))
        elif not why and not found.name.startswith("."):
            loose += 1
    return Shelf(shelf.folders, shelf.left_out, shelf.links, loose)


def _leads_to_a_file(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_file()
    except OSError:  # a ring of links, or a place without permission
        return False
