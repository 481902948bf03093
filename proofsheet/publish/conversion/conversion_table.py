"""The table of converted photos of a project; new files are made as it is made.

Holds `conversion_rows` and `conversion_news`.
Add here: another column.
Keep out: converting (conversion_run.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.files import Refused, hash_file, short_hash
from proofsheet.core.progress import Progress
from proofsheet.library.file_hashes import Scan, ScannedFile, files_of
from proofsheet.publish.conversion.conversion_run import ConversionRow, convert_pictures, planned_conversion
from proofsheet.publish.conversion.formats import RULES, ConversionOptions
from proofsheet.publish.new_files import NewFiles
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.publish import Conversion
from schemas.settings.convert import ConvertSettings
from schemas.settings.photos import PhotoSettings

Row = Mapping[str, Any]
_CHANGED = "it changed after the scan; run the project again"


def conversion_rows(
    photos: pl.DataFrame,
    project: Project,
    settings: ConvertSettings,
    opening: PhotoSettings,
    progress: Progress,
) -> pl.DataFrame:
    """The rows of `conversions`; none if the settings name no format.

    A photo with an unchanged new file of the same rules and settings is not converted again.

    Args:
        photos: rows of `photos`.
        project: of the photos.
        settings: format and folder.
        opening: limits and worker processes.
        progress: called after every picture.
    """
    if (options := _options(settings)) is None:
        return Conversion.frame()
    place, made_by = _place(project, settings), _made_by(options)
    former = {r[Conversion.path]: r for r in project.store.read(Conversion).to_dicts()}
    present = {r[Photo.path]: r for r in photos.to_dicts()}
    same = {p: r for p, r in former.items() if p in present and _is_same(r, present[p], place, made_by)}
    wanted = photos.filter(~pl.col(Photo.path).is_in(list(same)))
    files = files_of(wanted, project.folder, project.cache, progress)
    named = [ScannedFile(f.path.relative_to(project.folder).as_posix(), f) for f in files]
    new_files = NewFiles(place)
    with new_files.lock(f"conversions of {project.name}"):
        plan = planned_conversion(Scan(pictures=named), place, options)
        report = convert_pictures(plan, new_files, options, opening, progress)
    changed = set(wanted[Photo.path]) - {one.path for one in named}
    refused = {**report.refused, **dict.fromkeys(changed, _CHANGED)}
    rows = [{**r, Conversion.photo_id: present[p][Photo.photo_id]} for p, r in same.items()]
    rows += [_row(present[r.source], made_by, r) for r in report.rows]
    rows += [_refused(present[p], made_by, options, why) for p, why in refused.items()]
    return Conversion.frame(sorted(rows, key=lambda r: str(r[Conversion.path])))


def conversion_news(project: Project, settings: ConvertSettings) -> str | None:
    """What a run would find: new files that are gone or changed, by their size."""
    if _options(settings) is None:
        return None
    place = _place(project, settings)
    rows = project.store.read(Conversion).filter(pl.col(Conversion.target_hash).is_not_null())
    sizes = rows.select(Conversion.target_path, Conversion.target_bytes).iter_rows()
    gone = sum(not _has_size(place / name, size) for name, size in sizes)
    return f"{gone} converted files are gone or changed" if gone else None


def _options(settings: ConvertSettings) -> ConversionOptions | None:
    if settings.to == "":
        return None
    return ConversionOptions(settings.to, settings.quality, settings.side, settings.profile, settings.lossy)


def _place(project: Project, settings: ConvertSettings) -> Path:
    if not settings.out:
        return project.conversions
    return Path(settings.out).expanduser() / project.folder_name


def _made_by(options: ConversionOptions) -> str:
    return f"{RULES}, {short_hash(repr(options), length=8)}"


def _is_same(row: Row, photo: Row, place: Path, made_by: str) -> bool:
    """Whether a former new file is still the one of its photo."""
    if row[Conversion.target_hash] is None or row[Conversion.made_by] != made_by:
        return False
    if row[Conversion.content_hash] != photo[Photo.content_hash]:
        return False
    try:
        return hash_file(place / row[Conversion.target_path])[0] == str(row[Conversion.target_hash])
    except Refused:
        return False


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _shared(photo: Row, made_by: str) -> dict[str, Any]:
    return {
        Conversion.project: photo[Photo.project],
        Conversion.photo_id: photo[Photo.photo_id],
        Conversion.path: photo[Photo.path],
        Conversion.content_hash: photo[Photo.content_hash],
        Conversion.made_by: made_by,
    }


def _row(photo: Row, made_by: str, new: ConversionRow) -> dict[str, Any]:
    return _shared(photo, made_by) | {
        Conversion.target_path: new.target,
        Conversion.target_hash: new.content_hash,
        Conversion.target_bytes: new.size_bytes,
        Conversion.target_width_px: new.width_px,
        Conversion.target_height_px: new.height_px,
        Conversion.colours: new.profile,
        Conversion.losses: new.losses,
        Conversion.not_carried: new.not_carried,
        Conversion.refused_because: None,
    }


def _refused(photo: Row, made_by: str, options: ConversionOptions, why: str) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            Conversion.target_hash,
            Conversion.target_bytes,
            Conversion.target_width_px,
            Conversion.target_height_px,
            Conversion.colours,
        )
    )
    target = Path(photo[Photo.path]).with_suffix(options.format.extension).as_posix()
    lists: dict[str, Any] = {Conversion.losses: [], Conversion.not_carried: []}
    given = {Conversion.target_path: target, Conversion.refused_because: why}
    return _shared(photo, made_by) | nothing | lists | given
