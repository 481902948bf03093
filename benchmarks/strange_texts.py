"""Texts of another author through repair and gate, each alone: the number of refused texts of each kind.

Holds `read_texts`, `outcomes`, `counts` and `told`.
Add here: another figure of such a file.
Keep out: the project's own labelled texts (gate.py).

A file has the columns kind, label (bad or good), field, lang and text, separated by tabs; keywords are
separated by `; `.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofsheet.models.intervals import wilson
from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.repair import repair
from proofsheet.rules.subject import NO_SUBJECT
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

COLUMNS = ("kind", "label", "field", "lang", "text")
GOOD = "good"
NEUTRAL: dict[str, Any] = {
    Texts.title: "Quiet corner",
    Texts.caption: "Something worth a look stays within reach.",
    Texts.alt_text: "Some place in the frame.",
    Texts.keywords: ["quiet corner"],
}


@dataclass(frozen=True)
class Strange:
    """One text and its label."""

    kind: str
    label: str
    field: str
    lang: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """The result of a text: the objections to its field after repair, and whether repair changed it.

    A missing subject is counted apart: a text of a model is then a draft, words of people pass.
    """

    text: Strange
    issues: tuple[Issue, ...]
    mended: bool
    is_draft: bool

    @property
    def is_right(self) -> bool:
        """Whether a bad text was not accepted, or a good one not refused."""
        return not self.issues if self.text.label == GOOD else bool(self.issues) or self.is_draft


def read_texts(path: Path) -> list[Strange]:
    """The texts of a file."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Strange(*row)
            for row in rows
            if len(row) == len(COLUMNS) and tuple(row) != COLUMNS and not row[0].startswith("#")
        ]


def outcomes(texts: Sequence[Strange]) -> Iterator[Outcome]:
    """Each text beside neutral ones, as the project would judge it."""
    for one in texts:
        value: Any = [w for w in one.text.split("; ") if w] if one.field == Texts.keywords else one.text
        mended = repair(NEUTRAL | {one.field: value})[0]
        row = GateInput("1", mended, "x.jpg", ("p",), frozenset())
        issues = tuple(i for i in judge([row], GateSettings(), frozenset())["1"] if i.field == one.field)
        refused = tuple(i for i in issues if i.rule != NO_SUBJECT)
        yield Outcome(one, refused, mended[one.field] != value, is_draft=bool(issues) and not refused)


def counts(found: Sequence[Outcome], label: str) -> dict[str, int]:
    """How many texts of a label there are, are refused, are drafts, and are accepted after repair."""
    of = [o for o in found if o.text.label == label]
    refused = sum(bool(o.issues) for o in of)
    drafts = sum(o.is_draft for o in of)
    repaired = sum(o.mended and not o.issues and not o.is_draft for o in of)
    return {"texts": len(of), "refused": refused, "drafts": drafts, "repaired": repaired}


def told(found: Sequence[Outcome], *, with_misses: bool) -> Iterator[str]:
    """Lines: each kind and label with what was refused and accepted; what went wrong only if asked for."""
    groups = sorted({(o.text.label, o.text.kind) for o in found})
    for label, kind in [*groups, *((name, "all") for name in sorted({g[0] for g in groups}))]:
        of = [o for o in found if o.text.label == label and kind in (o.text.kind, "all")]
        refused = sum(bool(o.issues) for o in of)
        low, high = wilson(refused, len(of))
        accepted, drafts = (
            Counter(o.mended for o in of if not o.issues and not o.is_draft),
            sum(o.is_draft for o in of),
        )
        yield (
            f"{label} {kind}: {refused} of {len(of)} refused, {refused / len(of):.3f} "
            f"({low:.3f}–{high:.3f}); {drafts} drafts, "
            f"{accepted[False]} accepted as they are, {accepted[True]} after repair"
        )
    if with_misses:
        for one in found:
            if not one.is_right:
                rules = ", ".join(f"{i.rule}: {i.message}" for i in one.issues) or "accepted"
                yield f"{one.text.label} {one.text.kind} {one.text.field}: {one.text.text!r}: {rules}"
