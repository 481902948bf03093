"""What we brought to targets: its versions, and what should be taken back there.

Holds `TargetContents`, `note_upload`, `takedown_rows`, `take_back_rows` and `taken_back`.
Add here: another reason for which a published picture should go.
Keep out: sending (uploader.py) and targets (targets/).

Nothing is overwritten or deleted at a target. Other texts of a picture are published as a new version under a
name of its own, and the user gets the names to remove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.selection.choices import present_choices
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.workspace import Project
from schemas.choices import Choice
from schemas.proof import MetadataQuality
from schemas.publish import Takedown, Upload, Withdrawal

Row = Mapping[str, Any]
_KEY = (
    Upload.photo_id,
    Upload.attempt,
    Upload.target,
    Upload.number,
)  # of an upload, and of the word that it was taken back
_TOLD = (
    Takedown.photo_id,
    Takedown.target,
    Takedown.name_there,
    Takedown.path,
    Takedown.uploaded_at,
)  # as uploads name them


class TargetContents:
    """The copies at one target, as far as they were uploaded and not reported as removed.

    Args:
        ledger: of the project.
        target: name of the target.
    """

    def __init__(self, ledger: Ledger, target: str) -> None:
        self._there: dict[str, Row] = {}  # photo to its newest upload
        self._former: dict[tuple[str, int], Row] = {}
        self._names: dict[str, str] = {}  # name to the photo that is there, or that has the name reserved
        for row, stands in _uploads(ledger, target=target):
            self._former[row[Upload.photo_id], row[Upload.attempt]] = row
            if stands:
                self._there[row[Upload.photo_id]] = row
                self._names[row[Upload.name_there]] = row[Upload.photo_id]

    def latest(self, photo_id: str) -> int | None:
        """The attempt of the texts there; None if the photo is not there."""
        found = self._there.get(photo_id)
        return None if found is None else int(found[Upload.attempt])

    def place(self, photo_id: str, attempt: int, name: str) -> tuple[str, int]:
        """Name and version of an attempt at the target.

        It is the plain name once, later with `-v2` and so on before the ending.

        A name that was given stays with its photo; another one does not get it.

        Args:
            photo_id: the photo.
            attempt: the attempt of its texts; one that was there before has its former name.
            name: the plain name, with folders.
        """
        former = self._former.get((photo_id, attempt))
        if former is not None and self._names.get(former[Upload.name_there], photo_id) == photo_id:
            return self._given(photo_id, str(former[Upload.name_there]), _version(former))
        version = _version(self._there[photo_id]) + 1 if photo_id in self._there else 1
        while (found := _versioned(name, version)) in self._names:
            version += 1
        return self._given(photo_id, found, version)

    def _given(self, photo_id: str, name: str, version: int) -> tuple[str, int]:
        self._names[name] = photo_id
        return name, version


def _version(upload: Row) -> int:
    return int(upload[Upload.version] or 1)


def _versioned(name: str, version: int) -> str:
    path = PurePosixPath(name)
    return name if version == 1 else str(path.with_name(f"{path.stem}-v{version}{path.suffix}"))


def _uploads(ledger: Ledger, **equal: object) -> Iterator[tuple[Row, bool]]:
    """Every upload, older versions first, and whether it is at its target."""
    uploads = ledger.rows(Upload, **equal).to_dicts()
    if not uploads:
        return
    back = ledger.rows(Withdrawal, **equal).drop_nulls(Withdrawal.taken_back_at).select(_KEY)
    gone = set(back.iter_rows())
    for row in sorted(uploads, key=lambda r: (_version(r), r[Upload.uploaded_at])):
        yield row, tuple(row[n] for n in _KEY) not in gone


def note_upload(ledger: Ledger, row: Row) -> None:
    """Note that the target has it; one that was taken back there before has a row of its own.

    Args:
        ledger: of the project.
        row: of `uploads`, without its number.
    """
    before = ledger.rows(Upload, **{n: row[n] for n in _KEY[:-1]}).height
    ledger.add(Upload, [{**row, Upload.number: before + 1}])


def takedown_rows(project: str, choices: pl.DataFrame, proofs: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """The rows of `takedowns`: copies that are at targets and should not be.

    Args:
        project: partition key.
        choices: rows of `choices`; sets with a decision that waits for submit are left out.
        proofs: rows of `metadata_quality`.
        ledger: holds the uploads.
    """
    described = set(proofs.filter(pl.col(MetadataQuality.is_current))[MetadataQuality.photo_id])
    sets = {photo: row for row in choices.to_dicts() for photo in row[Choice.photo_ids]}
    standing = [row for row, stands in _uploads(ledger) if stands]
    newest = {(r[Upload.photo_id], r[Upload.target]): r for r in standing}
    rows = []
    for row in standing:
        own, last = str(row[Upload.photo_id]), newest[row[Upload.photo_id], row[Upload.target]]
        replaced = (
            f"version {_version(last)} is there as {last[Upload.name_there]}" if last is not row else ""
        )
        if reason := replaced or _unwanted(own, sets.get(own), described):
            rows.append({**{n: row[n] for n in _TOLD}, Takedown.project: project, Takedown.reason: reason})
    return Takedown.frame(rows)


def _unwanted(photo_id: str, chosen: Row | None, described: Collection[str]) -> str:
    """Why a picture should not be at a target.

    It is empty if the picture may be there, or is gone from the project.
    """
    if chosen is None or photo_id in chosen[Choice.chosen_photo_ids] or chosen[Choice.submitted] is False:
        return ""
    if chosen[Choice.decided_by] == "suggestion":
        return "" if photo_id in described else f"{chosen[Choice.chosen_path]} is proposed instead"
    by = "in the review" if chosen[Choice.decided_by] == "person" else "by history"
    return (
        f"{chosen[Choice.chosen_path]} was chosen instead {by}"
        if chosen[Choice.chosen_path]
        else f"its set was rejected {by}"
    )


def take_back_rows(project: Project) -> list[dict[str, Any]]:
    """The present rows of `takedowns`, as commands and pages show them.

    The keys are path, name, target, uploaded_at, reason.
    """
    if not any(stands for _row, stands in _uploads(project.ledger)):
        return []
    rows = takedown_rows(
        project.key, present_choices(project), project.store.read(MetadataQuality), project.ledger
    )
    return [
        {
            "path": r[Takedown.path],
            "name": r[Takedown.name_there],
            "target": r[Takedown.target],
            "uploaded_at": r[Takedown.uploaded_at].isoformat(),
            "reason": r[Takedown.reason],
        }
        for r in rows.sort(Takedown.target, Takedown.name_there).to_dicts()
    ]


def taken_back(project: Project, target: str, name: str, now: datetime) -> None:
    """Note that a picture is no longer at a target.

    Args:
        project: the project of the picture.
        target: name of the target.
        name: name of the picture there.
        now: when (UTC, no zone).

    Raises:
        UsageError: if nothing was sent there under that name.
    """
    rows = [
        r for r, stands in _uploads(project.ledger, target=target) if stands and r[Upload.name_there] == name
    ]
    if not rows:
        raise UsageError(
            f"{name!r} is not at {target}.",
            f"`proofsheet publish {as_word(project.name)}` lists the copies to remove.",
        )
    project.ledger.put(Withdrawal, [{**{n: r[n] for n in _KEY}, Withdrawal.taken_back_at: now} for r in rows])
