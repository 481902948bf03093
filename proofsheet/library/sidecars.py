"""The XMP sidecars of photos: which belongs to which, and what is in them.

Holds `sidecar_rows`, `sidecars_of` and `sidecar_news`.
Add here: another name that programs give a sidecar.
Keep out: fields of XMP (metadata/written_fields.py), and writing (publish/).

`name.ext.xmp` belongs to one photo. `stem.xmp` belongs to the RAW file of that stem, else to the only picture
of it; one that names another extension belongs to that. A sidecar is read again when its size or time
differs, whether its photo changed or not.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.clock import moment
from proofsheet.core.files import Fingerprint, Refused, folded, open_regular, short_hash
from proofsheet.core.volumes import forgetful_devices
from proofsheet.imaging.formats import RAW_EXTENSIONS
from proofsheet.imaging.measurement import measured_columns
from proofsheet.library.name_parts import is_picture, split_path, stem_of, suffix_of
from proofsheet.metadata.sidecar_packet import FOR_EXTENSION, sidecar_fields
from proofsheet.metadata.xmp_packet import MOST_BYTES, too_large
from proofsheet.storage.chunk_cache import ChunkCache
from proofsheet.storage.code_version import module_version
from schemas.library import Photo
from schemas.written import LISTS, WRITTEN, SidecarMetadata

_XMP, _KEY, _LASTS = ".xmp", "identity", "lasts"
_OF_FILE = {SidecarMetadata.sidecar, SidecarMetadata.size_bytes, SidecarMetadata.modified_at}
_COLUMNS = {n: t for n, t in measured_columns(SidecarMetadata).items() if n not in _OF_FILE}
_CACHED = pl.Schema({_KEY: pl.String, FOR_EXTENSION: pl.String, _LASTS: pl.Boolean, **_COLUMNS})


def sidecars_of(photos: pl.DataFrame, folder: Path) -> dict[str, str]:
    """Path of a photo to that of its sidecar; a folder with the name of one counts, as nobody can read it.

    Args:
        photos: rows of `photos`.
        folder: of the project.
    """
    beside = dict(photos.select(Photo.path, Photo.companions).iter_rows())
    stems = defaultdict(set)
    for path in {*beside, *(c for companions in beside.values() for c in companions if is_picture(c))}:
        stems[_stem(path)].add(path)
    found = {path: _sidecar(path, companions, stems[_stem(path)]) for path, companions in beside.items()}
    for path in (p for p, sidecar in found.items() if not sidecar):
        there = _status(folder / (path + _XMP))
        if there is not None and stat.S_ISDIR(there.st_mode):
            found[path] = path + _XMP
    return {path: sidecar for path, sidecar in found.items() if sidecar}


def _stem(path: str) -> tuple[str, str]:
    home, name = split_path(path)
    return home, folded(stem_of(name))


def _sidecar(path: str, companions: Iterable[str], of_stem: Iterable[str]) -> str:
    """The sidecar among the companions of a photo, or an empty name.

    Args:
        path: of the photo.
        companions: of the photo.
        of_stem: all pictures of its stem.
    """
    home, name = split_path(path)
    named = {
        folded(split_path(c)[1]): c for c in sorted(companions, reverse=True) if split_path(c)[0] == home
    }
    if own := named.get(folded(name + _XMP)):
        return own
    raw = suffix_of(path) in RAW_EXTENSIONS
    rivals = (other for other in of_stem if other != path)
    if any(not raw or suffix_of(other) in RAW_EXTENSIONS for other in rivals):
        return ""
    return named.get(_stem(path)[1] + _XMP, "")


def sidecar_rows(project: str, photos: pl.DataFrame, folder: Path, cache_folder: Path) -> pl.DataFrame:
    """The rows of `sidecar_metadata`; only new and changed sidecars are read.

    Args:
        project: its key.
        photos: rows of `photos`.
        folder: of the project; it is only read.
        cache_folder: of the project.
    """
    owners, ids = sidecars_of(photos, folder), dict(photos.select(Photo.path, Photo.photo_id).iter_rows())
    cache = ChunkCache(cache_folder / f"sidecars-{module_version(__name__)}", _CACHED, _KEY)
    forgetful, marks = forgetful_devices(), {s: _status(folder / s) for s in set(owners.values())}
    keys = {s: _key(s, found) for s, found in marks.items() if found and found.st_dev not in forgetful}
    read = {row[_KEY]: row for row in cache.read(list(keys.values())).to_dicts()}
    told = {s: read.get(keys.get(s, "")) or _read(folder / s) for s in marks}
    fresh = [{_KEY: key, **told[s]} for s, key in keys.items() if key not in read and told[s][_LASTS]]
    cache.append(pl.DataFrame(fresh, schema=_CACHED, orient="row"))
    cache.compact()
    rows = (_row(path, ids[path], s, told[s], marks[s]) for path, s in owners.items())
    found = [{SidecarMetadata.project: project, **row} for row in rows if row]
    return SidecarMetadata.frame(sorted(found, key=lambda r: str(r[SidecarMetadata.photo_id])))


def _row(
    path: str, photo: str, sidecar: str, told: Mapping[str, Any], found: os.stat_result | None
) -> dict[str, object]:
    """The row of a photo; empty if the sidecar says that it is for another extension."""
    if told[FOR_EXTENSION] and sidecar != path + _XMP and told[FOR_EXTENSION] != suffix_of(path)[1:]:
        return {}
    return {n: told[n] for n in _COLUMNS} | {
        SidecarMetadata.photo_id: photo,
        SidecarMetadata.sidecar: sidecar,
        SidecarMetadata.size_bytes: found.st_size if found else 0,
        SidecarMetadata.modified_at: moment(found.st_mtime_ns) if found else None,
    }


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _key(sidecar: str, found: os.stat_result) -> str:
    mark = Fingerprint.of(found)
    return short_hash(sidecar, str(mark.size), str(mark.mtime_ns), str(mark.ctime_ns), length=32)


def _read(path: Path) -> dict[str, Any]:
    """The columns of one sidecar, or why it could not be read, and whether that lasts until it changes."""
    empty: dict[str, Any] = {n: [] if n in LISTS else None for n in WRITTEN}
    empty |= {n: [] for n in (SidecarMetadata.tags, SidecarMetadata.regions, SidecarMetadata.written_here)}
    empty |= {FOR_EXTENSION: None, _LASTS: True}
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            if (size := os.fstat(stream.fileno()).st_size) > MOST_BYTES:
                raise ValueError(too_large(size))
            return {**empty, **sidecar_fields(stream.read())}
    except ValueError as error:
        return {**empty, SidecarMetadata.unread: f"{path.name}: {error}"}
    except Refused as refused:
        why = refused.reason
    except OSError as error:
        why = f"it cannot be read: {error.strerror or error}"
    return {**empty, SidecarMetadata.unread: f"{path.name}: {why}", _LASTS: False}


def sidecar_news(rows: pl.DataFrame, folder: Path) -> int:
    """How many sidecars are gone or of another size or time than in their rows; nothing is opened.

    Args:
        rows: of `sidecar_metadata`; new sidecars are new files of the project.
        folder: of the project.
    """
    columns = (SidecarMetadata.sidecar, SidecarMetadata.size_bytes, SidecarMetadata.modified_at)
    return sum(_mark(folder / row[0]) != row[1:] for row in rows.select(columns).iter_rows())


def _mark(path: Path) -> tuple[int, datetime | None]:
    found = _status(path)
    return (found.st_size, moment(found.st_mtime_ns)) if found else (0, None)
