"""Exiftool as we use it: one process, values by JSON files alone, fields read as texts.

Holds `run_exiftool`, `read_fields`, `fields_of_files`, `write_values` and `find_exiftool`.
Add here: another way to ask exiftool.
Keep out: the protocol (exiftool_session.py), and what tags mean.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proofsheet.core.errors import ServiceUnreachable
from proofsheet.metadata.exiftool_session import ExiftoolReply, ExiftoolSession, is_plain

READING = ("-json", "-G1", "-struct", "-a")
_SESSIONS: dict[str, ExiftoolSession] = {}
_BATCH = 200


def find_exiftool() -> str:
    """Path of exiftool.

    Raises:
        ServiceUnreachable: if it is not installed.
    """
    found = shutil.which("exiftool")
    if found is None:
        raise ServiceUnreachable(
            "Metadata cannot be written: exiftool was not found.", "Install libimage-exiftool-perl."
        )
    return found


def run_exiftool(arguments: Iterable[str | Path]) -> ExiftoolReply:
    """What exiftool says to these arguments; its process stays for the next ones.

    No argument may come from a text.

    Args:
        arguments: options as texts, files as paths.

    Raises:
        ServiceUnreachable: if it is not installed, takes too long or dies.
    """
    program = find_exiftool()
    if program not in _SESSIONS:
        _SESSIONS[program] = ExiftoolSession(program)
    return _SESSIONS[program].run(list(arguments))


@atexit.register
def end_exiftool() -> None:
    """End the process; the next command starts another one."""
    for session in _SESSIONS.values():
        session.close()


def read_fields(told: str) -> dict[str, Any]:
    """The fields that exiftool read from a file, every value as its text.

    Its JSON turns some texts into numbers and booleans.

    Raises:
        ValueError: if it is no JSON.
        IndexError: if it holds no file.
    """
    return _rows(told)[0]


def fields_of_files(files: Sequence[Path], *options: str) -> list[dict[str, Any]]:
    """The fields of each file, in their order; `ExifTool:Error` says why a file has none.

    Args:
        files: the files.
        options: what is read, as options of exiftool.

    Raises:
        ServiceUnreachable: if it is not installed.
    """
    found: list[dict[str, Any]] = []
    for start in range(0, len(files), _BATCH):
        batch = files[start : start + _BATCH]
        rows = _answered(batch, options)[0]
        if len(rows) == len(batch):
            found += rows
            continue
        for file in batch:  # some file gave none, and it is not sure which
            alone, why = _answered([file], options)
            found += alone or [{"ExifTool:Error": why or "exiftool gave no reason"}]
    return found


def _answered(files: Sequence[Path], options: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """The fields of some files, or fewer, and why."""
    try:
        reply = run_exiftool([*READING, *options, *files])
    except ServiceUnreachable as error:
        find_exiftool()  # else it hangs or dies over a file
        return [], str(error)
    return _rows_or_none(reply.stdout), reply.stderr.strip()[:200]


def write_values(file: Path, values: Mapping[str, Any], *options: str) -> ExiftoolReply:
    """Write values into a file by a JSON file.

    Args:
        file: a copy of ours; it is replaced.
        values: by the tags of exiftool.
        options: of exiftool.

    Raises:
        ServiceUnreachable: if it is not installed, takes too long or dies.
    """
    with tempfile.TemporaryDirectory(prefix="proofsheet-values-") as folder:
        told = Path(folder) / "values.json"
        told.write_text(json.dumps([{"SourceFile": "*", **values}], ensure_ascii=False), "utf-8")
        replace = "-overwrite_original" if is_plain(file) else "-overwrite_original_in_place"
        return run_exiftool([f"-json={told}", replace, *options, file])


def _rows(told: str) -> list[dict[str, Any]]:
    rows = json.loads(told, parse_float=str, parse_int=str, parse_constant=str)
    return [_texts(row) for row in rows]


def _rows_or_none(told: str) -> list[dict[str, Any]]:
    try:
        return _rows(told)
    except (ValueError, RecursionError):
        return []


def _texts(value: Any) -> Any:  # noqa: ANN401 - texts, lists and structures of texts
    if isinstance(value, dict):
        return {n: _texts(v) for n, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else value
