"""Choices and crops from finished folders: a picture in the final folder won; pixels show its crop.

Holds `pair_up`, `Extraction`, `extracted` and `write_extracted`.
Add here: another trace that a finished project leaves.
Keep out: sets (raw_sets.py), finding crops (crop_search.py), opening files (dagster_project/extracting.py).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.core.files import csv_bytes, write_atomic
from proofsheet.history.crop_search import Comparison
from proofsheet.history.raw_sets import RawPicture
from schemas.history import (
    BOXLESS_COLUMNS,
    BOXLESS_FILE,
    CROP_FILE,
    PLAIN_COLUMNS,
    SELECTION_COLUMNS,
    SELECTION_FILE,
)

_SURE, _AHEAD = 0.99, 0.02
_TAILS = "_-. ("
Row = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """A finished picture and the raw one that it comes from."""

    raw: RawPicture
    final: RawPicture

    @property
    def same(self) -> bool:
        """Whether the bytes are the same: nothing was done to it."""
        return self.raw.content_hash == self.final.content_hash


@dataclass
class Extraction:
    """The choices and crops of finished folders.

    Attributes:
        selections: rows of selection_only_log.csv.
        crops: rows of select_crop_log.csv.
        boxless: rows of historical_crop_log.csv: cropped, nobody knows where.
        whole: winners that were not cropped.
        skipped: why sets and pictures are left out, to their number.
        examples: the first path of each such cause.
    """

    selections: list[Row] = field(default_factory=list)
    crops: list[Row] = field(default_factory=list)
    boxless: list[Row] = field(default_factory=list)
    whole: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def skip(self, why: str, path: str) -> None:
        """A set or picture that is left out."""
        self.skipped[why] += 1
        self.examples.setdefault(why, path)


def pair_up(raw: Sequence[RawPicture], final: Sequence[RawPicture], outcome: Extraction) -> list[Pair]:
    """The raw picture of each finished one.

    It is found by content, by name, by an extended name, else by the whole picture.

    Names are not trusted alone: `extracted` drops a pair of which the pictures have nothing in common.
    """
    contents, names = _grouped(raw, "content_hash"), _grouped(raw, "stem")
    pairs: dict[str, Pair] = {}
    for picture in sorted(final, key=_path):
        found = (
            contents.get(picture.content_hash)
            or names.get(picture.stem)
            or names.get(_longest_head(picture.stem, names), [])
        )
        found = found or _lookalikes(picture, raw)
        if not found:
            outcome.skip("finished picture without a raw one", picture.path)
        elif len({f.content_hash for f in found}) > 1:
            outcome.skip("finished picture with several raw ones", picture.path)
        elif found[0].path in pairs:
            outcome.skip("raw picture finished twice", picture.path)
        else:
            pairs[found[0].path] = Pair(found[0], picture)
    return list(pairs.values())


def _path(picture: RawPicture) -> str:
    return picture.path


def _grouped(pictures: Sequence[RawPicture], by: str) -> dict[str, list[RawPicture]]:
    found: dict[str, list[RawPicture]] = defaultdict(list)
    for picture in pictures:
        found[getattr(picture, by)].append(picture)
    return found


def _longest_head(stem: str, names: Mapping[str, object]) -> str:
    """The longest raw name that a finished name continues, as `a_stage2_cropped` continues `a_stage2`."""
    heads = (stem[:k] for k in range(len(stem) - 1, 0, -1) if stem[k] in _TAILS)
    return next((h for h in heads if h.rstrip() in names), "").rstrip()


def _lookalikes(picture: RawPicture, raw: Sequence[RawPicture]) -> list[RawPicture]:
    """The raw picture that looks the same, if no other is nearly as alike; stages of one set often are."""
    if not raw:
        return []
    likeness = np.stack([r.small for r in raw]) @ picture.small
    order = np.argsort(-likeness)
    best = float(likeness[order[0]])
    others = [
        float(likeness[k]) for k in order[1:] if raw[int(k)].content_hash != raw[int(order[0])].content_hash
    ]
    return [raw[int(order[0])]] if best >= _SURE and max(others, default=-1.0) <= best - _AHEAD else []


def extracted(
    sets: Sequence[Sequence[RawPicture]],
    alone: Sequence[RawPicture],
    pairs: Sequence[Pair],
    compared: Mapping[str, Comparison],
    name: str,
    outcome: Extraction,
) -> Extraction:
    """The rows that pairs of raw and finished pictures come to.

    Args:
        sets: of the raw folder.
        alone: its pictures in no set; their crops count, there was nothing to choose.
        pairs: from `pair_up`.
        compared: path of the raw picture to how the finished one compares; a pair of the same bytes needs
            none.
        name: folder that the rows name, before the paths inside it.
        outcome: is completed and returned.
    """
    winners = {p.raw.path: p for p in pairs if p.same or compared[p.raw.path].kind != "another picture"}
    for pair in pairs:
        if pair.raw.path not in winners:
            outcome.skip("finished picture of a raw name with other content", pair.final.path)
    for members in sets:
        chosen = [m for m in members if m.path in winners]
        if len(chosen) == 1:
            outcome.selections.append(_selection(members, chosen[0], name))
        else:
            outcome.skip(
                "set with several finished pictures" if chosen else "set without a finished picture",
                members[0].path,
            )
    for picture in alone:
        if picture.path not in winners:
            outcome.skip("raw picture in no set", picture.path)
    for path, pair in sorted(winners.items()):
        _crop(
            path,
            "whole" if pair.same else compared[path].kind,
            None if pair.same else compared[path].box,
            name,
            outcome,
        )
    return outcome


def _selection(members: Sequence[RawPicture], chosen: RawPicture, name: str) -> Row:
    losers = [f"{name}/{m.path}" for m in members if m is not chosen]
    columns = (
        "extracted",
        members[0].stem,
        f"{name}/{chosen.path}",
        json.dumps(losers, ensure_ascii=False),
        "",
    )
    return dict(zip(SELECTION_COLUMNS, columns, strict=True))


def _crop(
    path: str, kind: str, box: tuple[float, float, float, float] | None, name: str, outcome: Extraction
) -> None:
    if kind == "cropped" and box is not None:
        sides = [f"{side:.6f}" for side in box]
        outcome.crops.append(
            dict(zip(PLAIN_COLUMNS, ("extracted", name, f"{name}/{path}", *sides, ""), strict=True))
        )
    elif kind == "cropped, box unknown":
        outcome.boxless.append(
            dict(zip(BOXLESS_COLUMNS, ("extracted", name, f"{name}/{path}", ""), strict=True))
        )
    elif kind == "whole":
        outcome.whole += 1
    else:
        outcome.skip("crop cannot be found: the finished picture was changed otherwise", path)


def write_extracted(outcome: Extraction, folder: Path) -> list[Path]:
    """Write the rows in the formats that `history import` takes; a file without rows is not written."""
    tables = (
        (SELECTION_FILE, SELECTION_COLUMNS, outcome.selections),
        (CROP_FILE, PLAIN_COLUMNS, outcome.crops),
        (BOXLESS_FILE, BOXLESS_COLUMNS, outcome.boxless),
    )
    written = []
    for name, columns, rows in tables:
        if rows:
            write_atomic(folder / name, csv_bytes(columns, rows))
            written.append(folder / name)
    return written
