"""A sandbox: copies of some sets with everything that belongs to them, to try decisions on.

Holds `make_sandbox`.
Add here: another way to draw sets.
Keep out: what is done there (it is a project like any other).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from proofsheet.core.errors import StoreError, UsageError
from proofsheet.core.files import Refused, fsync_file, hash_file, short_hash
from proofsheet.core.shell_words import as_word
from proofsheet.storage.workspace import Project, sandbox_folder
from schemas.groups import PhotoGroup
from schemas.library import IN_PLACE, Photo


@dataclass(frozen=True)
class Sandbox:
    """What was copied."""

    folder: Path
    sets: int
    photos: int
    companions: int


def make_sandbox(project: Project, sets: int, seed: int = 0) -> Sandbox:
    """Copy sets of two pictures or more, drawn by their ids, and compare every copy with its original.

    Args:
        project: where the sets come from; it is only read.
        sets: how many; all if there are fewer.
        seed: another number draws other sets.

    Raises:
        UsageError: if there are no sets, or the sandbox is there already.
        StoreError: if a copy differs from its original.
    """
    target = sandbox_folder(project.home) / project.folder.name
    if target.exists():
        raise UsageError(
            f"{target} is there already.",
            "Delete it first. It holds only copies and your experiments.",
        )
    ids = [Photo.project, Photo.photo_id]
    known = project.store.read(Photo).join(project.store.read(PhotoGroup), on=ids)
    known = known.filter((pl.col(PhotoGroup.group_size) > 1) & (pl.col(Photo.state) == IN_PLACE))
    groups = sorted(set(known[PhotoGroup.group_id]), key=lambda g: short_hash(str(seed), g))[:sets]
    if not groups:
        raise UsageError(
            f"{project.name} has no set of two pictures or more.",
            f"`proofsheet run {as_word(project.name)}` makes sets.",
        )
    rows = known.filter(pl.col(PhotoGroup.group_id).is_in(groups)).to_dicts()
    photos = [str(r[Photo.path]) for r in rows]
    companions = sorted({c for r in rows for c in r[Photo.companions]})  # as the last run saw them
    work = target.with_name(f".{target.name}.new")
    shutil.rmtree(work, ignore_errors=True)  # of an earlier, interrupted try
    for path in (*photos, *companions):
        _copy(project.folder / path, work / path)
    work.rename(target)
    return Sandbox(target, len(groups), len(photos), len(companions))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        before = hash_file(source, may_be_empty=True)[0]
        shutil.copyfile(source, target, follow_symlinks=False)
        fsync_file(target)
        shutil.copystat(source, target, follow_symlinks=False)  # last: the mode may forbid to write
        if hash_file(target, may_be_empty=True)[0] != before:
            raise StoreError(
                f"The copy {target} differs from {source}.",
                "Check the disk; nothing of the original was changed.",
            )
    except Refused as refused:
        raise UsageError(f"{source} was not copied: {refused.reason}.", f"{refused.next_step}.") from refused
