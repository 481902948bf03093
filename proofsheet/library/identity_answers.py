"""What people say about who a photo is.

Holds `gone_with_facts`, `open_questions`, `question_lines`, `take_over` and `keep_as_new`.
Add here: another answer to a question about a photo.
Keep out: what a scan knows by itself (identities.py); folders of whole projects (renamed_folders.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from proofsheet.core.errors import NotFound, UsageError
from proofsheet.core.locks import acquire
from proofsheet.core.shell_words import as_word
from proofsheet.library.identity_records import known_photos, place_row, told_of
from proofsheet.library.identity_signs import KnownPhoto
from proofsheet.library.photo_names import photos_meant
from proofsheet.storage.workspace import Project
from schemas.identity import GonePhoto, IdentityQuestion, PhotoPlace
from schemas.library import Photo


def gone_with_facts(project: Project) -> pl.DataFrame:
    """Rows of `gone_photos` on which people wrote or decided something."""
    gone = project.store.read(GonePhoto)
    if not gone.height:
        return gone
    return gone.filter(pl.col(GonePhoto.photo_id).is_in(list(told_of(project.ledger))))


def open_questions(project: Project) -> list[dict[str, Any]]:
    """Rows of `identity_questions` without an answer that the next run follows."""
    asked = project.store.read(IdentityQuestion).to_dicts()
    if not asked:
        return []
    known, told = known_photos(project.ledger), told_of(project.ledger)
    owners = ((row, known.get(row[IdentityQuestion.photo_id])) for row in asked)
    return [
        row
        for row, own in owners
        if own is not None
        and not own.sure
        and (own.photo_id in told or own.answer != row[IdentityQuestion.former_photo_id])
    ]


def question_lines(project: Project) -> list[str]:
    """The open questions of a project, each with the command that answers it."""
    asked = (
        (row[IdentityQuestion.path], row[IdentityQuestion.former_path], row[IdentityQuestion.former_photo_id])
        for row in open_questions(project)
    )
    return [
        f"{path}: may be {former}, which is gone; is it the same photo? {_command(project, path, own)}, or "
        "with --none"
        for path, former, own in asked
    ]


def take_over(project: Project, file: str, former: str, now: datetime) -> str:
    """Let a file be a photo that is gone, with all texts, choices and history of it.

    Gives a line for the user.

    Args:
        project: of both.
        file: path or name of the file, or its id.
        former: id of the gone photo, or the path or name that it had.
        now: present time (UTC, no zone).

    Raises:
        NotFound: if no such file or no such gone photo is known.
        UsageError: if several are meant, or if people wrote or decided something on the file already.
    """
    with acquire(project.run_lock, "saying which photo a file is", wait_s=0):
        photo, gone = _present(project, file), _gone(project, former)
        own, there = str(photo[Photo.photo_id]), str(gone[GonePhoto.photo_id])
        if own in told_of(project.ledger):
            raise UsageError(
                f"{photo[Photo.path]} already has texts or decisions of its own.",
                "Two photos are never mixed.",
            )
        known = known_photos(project.ledger)
        other = next((k for k in known.values() if k.answer == there and k.photo_id != own), None)
        if other is not None:
            raise UsageError(
                f"You answered that {other.path} is {gone[GonePhoto.path]}.",
                f"Take that back first: {_command(project, other.path, '--none')}",
            )
        _note(project, known, own, there, now)
    return f"{photo[Photo.path]} is {gone[GonePhoto.path]}; the next run gives it the texts and decisions"


def keep_as_new(project: Project, file: str, now: datetime) -> str:
    """Note that a file is a photo of its own, and no photo that is gone; gives a line for the user.

    Raises:
        NotFound: if no such file is known.
        UsageError: if several are meant.
    """
    with acquire(project.run_lock, "saying which photo a file is", wait_s=0):
        photo = _present(project, file)
        _note(project, known_photos(project.ledger), str(photo[Photo.photo_id]), None, now)
    return f"{photo[Photo.path]} is a photo of its own"


def _note(
    project: Project, known: Mapping[str, KnownPhoto], own: str, former: str | None, now: datetime
) -> None:
    """Note your answer; the next scan follows it."""
    if own not in known:
        raise UsageError(
            f"{project.name} was not run since your last answer.",
            f"`proofsheet run {as_word(project.name)}` brings the tables up to date.",
        )
    number = int((project.ledger.rows(PhotoPlace)[PhotoPlace.photo_id] == own).sum()) + 1
    at = (known[own].path, known[own].content, known[own].picture)
    project.ledger.add(PhotoPlace, [place_row(own, number, at, "person", now, former)])


def _command(project: Project, file: str, answer: str) -> str:
    """The command that answers, to be pasted; a name that looks like an option comes after two dashes."""
    option, own = (f" {answer}", "") if answer.startswith("--") else ("", f" {answer}")
    dashes = " --" if file.startswith("-") else ""
    return f"`proofsheet photos adopt{option}{dashes} {as_word(project.name)} {as_word(file)}{own}`"


def _present(project: Project, file: str) -> dict[str, Any]:
    found = photos_meant(project.store.read(Photo), file)
    if found.height == 1:
        return found.row(0, named=True)
    if not found.height:
        raise NotFound(
            f"{project.name} has no photo {file!r}.",
            f"`proofsheet run {as_word(project.name)}` enters new files.",
        )
    raise UsageError(
        f"Several photos have the name {file!r}: {', '.join(found[Photo.path].sort())}.",
        "Write the whole path.",
    )


def _gone(project: Project, former: str) -> dict[str, Any]:
    gone = project.store.read(GonePhoto)
    exact = gone.filter((pl.col(GonePhoto.photo_id) == former) | (pl.col(GonePhoto.path) == former))
    named = [PurePosixPath(p).name == former for p in gone[GonePhoto.path]]
    found = exact if exact.height else gone.filter(pl.Series(named, dtype=pl.Boolean))
    if found.height == 1:
        return found.row(0, named=True)
    shown = f"`proofsheet photos list {as_word(project.name)}` shows those that are."
    if not found.height:
        raise NotFound(f"{project.name} has no gone photo {former!r}.", shown)
    raise UsageError(f"Several gone photos have the name {former!r}.", f"Write the id: {shown}")
