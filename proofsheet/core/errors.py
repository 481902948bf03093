"""Errors meant for the user: what, which file or value, and what to do next.

Holds a small tree; each class has its exit code.
Add here: a class only if a caller treats it differently.
Keep out: messages (they are written where the error is found).
"""

from __future__ import annotations

from pathlib import Path


class ProofsheetError(Exception):
    """An error that the user can correct."""

    exit_code = 1

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what} {next_step}")
        self.what, self.next_step = what, next_step


class UsageError(ProofsheetError):
    """Wrong argument, setting or configuration file."""

    exit_code = 2


class NotFound(UsageError):
    """A project, photo or set that is not there."""


class StoreError(ProofsheetError):
    """A store file that cannot be read or written."""


class Damaged(StoreError):
    """A file of the home that does not hold what was written into it; the work of its project alone stops."""

    def __init__(self, file: Path, wrong: str, next_step: str) -> None:
        super().__init__(f"{file} is damaged: {wrong}.", next_step)
        self.file = file


class StoreTooNew(StoreError):
    """A store or ledger written by a newer version of Proofsheet."""

    exit_code = 2


def of_the_disk(error: OSError, place: Path) -> StoreError:
    """What the system refuses, as an error for the user.

    Args:
        error: the error of the system.
        place: what was being read or written, where the error names no file.
    """
    return StoreError(
        f"{error.filename or place}: {error.strerror or error}.",
        "Check the disk and the rights. Nothing was changed.",
    )


class GateRefused(ProofsheetError):
    """Rows that do not fit their table; nothing was written."""


class Locked(ProofsheetError):
    """Another process is using the project."""

    exit_code = 11


class ModelError(ProofsheetError):
    """A model that cannot be loaded or does not give what it should."""


class ServiceUnreachable(ProofsheetError):
    """A server that does not answer."""

    exit_code = 5
