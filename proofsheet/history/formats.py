"""History files as people's tools wrote them: four formats, many habits, nothing invented.

Holds `read_history`.
Add here: another format, as a set of columns and a function from cells to a row.
Keep out: the project and the picture of a row (project_resolver.py, matching.py).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proofsheet.core.files import printable
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.cells import Cells, base_name, box_of, losers_of, whole_number

_LIMIT = 1 << 20
_MOST_LINES = 100  # of one record; a quote that is never closed takes no more with it
_SEPARATORS = ",;\t"
_SELECTION = frozenset({"session_id", "set_id", "chosen_path", "neg_paths"})
_CROP = frozenset({"session_id", "chosen_path", "crop_x1", "crop_y1", "crop_x2", "crop_y2"})
_ANOMALY = frozenset({"session_id", "set_id", "project", "chosen_path", "rejected_paths"})
_UNKNOWN_BOX = frozenset({"session_id", "chosen_path"})
_WIDE = re.compile(r"^image_(\d+)_path$")
_WIDE_COLUMN = re.compile(r"^(image_\d+_(path|stage)|(width|height)_\d+)$")


@dataclass(frozen=True)
class Logged:
    """One row of a history file.

    Attributes:
        line: on which it begins, from 1.
        kind: selection, crop, "cropped, box unknown" or anomaly.
        chosen: path of the chosen picture as written.
        others: paths of the other pictures of its set as written.
        session: session of the tool.
        set_id: set as the tool named it.
        directory: folder as written.
        project: project as written in the row itself; empty if it names none.
        box: left, top, right, bottom as written; None if the row has none.
        size: width and height of the chosen picture as written; None if the row has none.
        timestamp: as written.
    """

    line: int
    kind: str
    chosen: str
    others: tuple[str, ...] = ()
    session: str = ""
    set_id: str = ""
    directory: str = ""
    project: str = ""
    box: tuple[float, float, float, float] | None = None
    size: tuple[int, int] | None = None
    timestamp: str = ""


@dataclass(frozen=True)
class HistoryText:
    """What a file holds.

    Attributes:
        format: name of the format.
        rows: those that can be read.
        refused: line and refusal of each of the others.
    """

    format: str
    rows: Sequence[Logged] = ()
    refused: Sequence[tuple[int, RowRefused]] = field(default_factory=list)


def read_history(content: bytes) -> HistoryText:
    """Rows and refusals of a history file; the format follows from its header.

    Raises:
        RowRefused: if the file is not in a known format.
    """
    text = _text(content)
    lines = list(io.StringIO(text, newline=""))
    separator = max(_SEPARATORS, key=(lines[0] if lines else "").count)
    rows: list[Logged] = []
    refused: list[tuple[int, RowRefused]] = []
    names, begins = _header(lines, separator)
    format_name, parse = _format(names)
    while begins < len(lines):
        line, begins = begins + 1, begins + 1
        try:
            named, taken = _record(names, lines[line - 1 : line - 1 + _MOST_LINES], separator)
            begins = line - 1 + taken
            if any(named.values()):
                rows.append(parse(line, named))
        except RowRefused as refusal:
            refused.append((line, refusal))
    return HistoryText(format_name, rows, refused)


def _text(content: bytes) -> str:
    """The text of a file.

    Invalid bytes stay as surrogates, so only their rows are refused.
    """
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "surrogateescape").replace("\0", "\ufffd")


def _header(lines: Sequence[str], separator: str) -> tuple[list[str], int]:
    """Names of the columns, and how many lines they take."""
    found = csv.reader(lines[:1], delimiter=separator)
    return [n.strip().lower() for n in next(found, [])], 1


def _record(names: Sequence[str], lines: Sequence[str], separator: str) -> tuple[dict[str, str], int]:
    """Cells by column of the record at the head of these lines, and its number of lines.

    A cell may hold newlines.

    Raises:
        RowRefused: if it is broken; the record after it begins on the next line then.
    """
    csv.field_size_limit(_LIMIT)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        raise RowRefused(
            "broken line", f"{error}: {lines[0][:80]!r}", "correct the row's commas and quotes"
        ) from None
    if any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
        raise RowRefused(
            "not text", f"the row is not UTF-8 text: {''.join(cells)[:80]!r}", "save the file as UTF-8"
        )
    if not any(cell.strip() for cell in cells):
        return {}, reader.line_num
    return _named(names, cells), reader.line_num


def _format(names: Sequence[str]) -> tuple[str, Callable[[int, Cells], Logged]]:
    found = set(names)
    if len(found) != len(names):
        raise RowRefused("unknown format", "two columns of the header have one name", "keep one of them")
    if found >= _SELECTION:
        return "selection_only_log", _selection
    if found >= _ANOMALY:
        return "anomaly_cases", _anomaly
    if found >= _CROP:
        wide = any(_WIDE.match(n) for n in found)
        return ("select_crop_log, wide", _wide_crop) if wide else ("select_crop_log", _crop)
    if found >= _UNKNOWN_BOX:
        return "historical_crop_log", _boxless
    told = printable(", ".join(names)[:200]) or "nothing"
    raise RowRefused(
        "unknown format",
        f"its header is not one of the known ones: {told}",
        "known are selection_only_log, select_crop_log, anomaly_cases and historical_crop_log; see "
        "docs/judge.md",
    )


def _named(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by column; the wide format leaves the columns of pictures away that a set does not have."""
    optional = [bool(_WIDE_COLUMN.match(n)) for n in names]
    needed = max((k for k, o in enumerate(optional) if not o), default=-1) + 1
    if len(cells) > len(names) or len(cells) < needed:
        raise RowRefused(
            "cells",
            f"the row has {len(cells)} cells, the header {len(names)}",
            "correct the row's commas and quotes",
        )
    return dict(zip(names, [*(c.strip() for c in cells), *[""] * (len(names) - len(cells))], strict=True))


def _base(line: int, kind: str, cells: Cells) -> Logged:
    chosen = cells["chosen_path"]
    if not chosen:
        raise RowRefused("no choice", "chosen_path is empty", "name the chosen picture, or delete the row")
    return Logged(
        line=line,
        kind=kind,
        chosen=chosen,
        session=cells.get("session_id", ""),
        set_id=cells.get("set_id", ""),
        directory=cells.get("directory", ""),
        timestamp=cells.get("timestamp", ""),
    )


def _selection(line: int, cells: Cells) -> Logged:
    return _with(
        _base(line, "selection", cells),
        others=losers_of(cells["chosen_path"], cells["neg_paths"], "neg_paths"),
    )


def _anomaly(line: int, cells: Cells) -> Logged:
    others = losers_of(cells["chosen_path"], cells["rejected_paths"], "rejected_paths")
    return _with(_base(line, "anomaly", cells), others=others, project=cells["project"])


def _crop(line: int, cells: Cells) -> Logged:
    return _with(_base(line, "crop", cells), box=box_of(cells))


def _boxless(line: int, cells: Cells) -> Logged:
    return _base(line, "cropped, box unknown", cells)


def _wide_crop(line: int, cells: Cells) -> Logged:
    """The wide format has the whole set; the chosen one is there twice, by index and by path."""
    found = {int(match[1]): cells[name] for name in cells if (match := _WIDE.match(name))}
    paths = {k: found[k] for k in sorted(found) if found[k]}
    index = whole_number(cells.get("chosen_index", ""), "chosen_index")
    count = whole_number(cells.get("image_count", ""), "image_count")
    if count is not None and count != len(paths):
        raise RowRefused(
            "contradiction", f"image_count is {count}, the row has {len(paths)} paths", "correct the row"
        )
    base = _with(_base(line, "crop", cells), box=box_of(cells))
    if index is None:
        return base
    if index not in paths or base_name(paths[index]) != base_name(base.chosen):
        told = paths.get(index, "nothing")
        raise RowRefused(
            "contradiction",
            f"chosen_index {index} is {told!r}, chosen_path is {base.chosen!r}",
            "correct the row",
        )
    width, height = (
        whole_number(cells.get(f"{side}_{index}", ""), f"{side}_{index}") for side in ("width", "height")
    )
    size = (width, height) if width and height else None
    return _with(base, others=tuple(p for k, p in paths.items() if k != index), size=size)


def _with(row: Logged, **changed: object) -> Logged:
    return Logged(**{**row.__dict__, **changed})
