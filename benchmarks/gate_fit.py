"""`python -m benchmarks.gate_fit`.

Fits the weights of the rule `not_a_caption` to the labelled texts, and measures kinds left out.

Holds the reading of the texts as figures, the fit, and the measuring with a kind of bad texts left out at a
time.
Add here: another file of texts, in `FILES`.
Keep out: what the figures are (rules/traits.py).

A bad text has at least one part that speaks against it, a good one has none: the fit takes the part of each
bad text that has the highest weight so far and every part of the good ones, fits a logistic regression with
L2 penalty (models/logistic.py), and goes on until the parts stay the same. Texts that a rule of form refuses
are left out: they need no weight.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.gate import HERE, labelled
from benchmarks.strange_texts import GOOD, NEUTRAL, Strange, read_texts
from proofsheet.models.logistic import fit_logit
from proofsheet.proof.gate import RULES
from proofsheet.rules.base import GateInput
from proofsheet.rules.caption import BARS, LATER
from proofsheet.rules.completeness import reads_as
from proofsheet.rules.repair import repair
from proofsheet.rules.subject import NO_SUBJECT
from proofsheet.rules.traits import parts, traits
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

Matrix = NDArray[np.float64]
FILES = ("other_hand", "second_hand", "talk")
OWN = ("before", "after", "kinds")
WEIGHTS = Path(__file__).parents[1] / "proofsheet" / "rules" / "lists" / "weights.txt"
SPEECH = (
    "refusal",
    "model_talk",
    "not_the_picture",
    "filler",
    "not_a_caption",
    "nothing_seen",
    "set_validation",
    "duplicate_text",
)
_PENALTY, _LEAST_TEXTS, _ROUNDS, _FOLDS = 3.0, 4, 6, 12
_HEAD = (
    "# How much each figure of a part of a text speaks against its being a caption: figure and "
    "weight. Version {version}.\n"
    "# Written by `python -m benchmarks.gate_fit`; edit the texts or the classes of words instead.\n"
)


@dataclass(frozen=True)
class Sample:
    """A text with the figures of its parts."""

    kind: str
    is_bad: bool
    field: str
    parts: tuple[Mapping[str, float], ...]
    later: tuple[bool, ...]
    text: str


def samples() -> list[Sample]:
    """Every labelled text that no rule of form refuses, after repair."""
    found = []
    for one in _texts():
        value: Any = [w for w in one.text.split("; ") if w] if one.field == Texts.keywords else one.text
        mended = repair(NEUTRAL | {one.field: value})[0]
        if one.label == GOOD or not _has_bad_form(mended, one.field):
            text = ", ".join(mended[one.field]) if one.field == Texts.keywords else mended[one.field]
            found.append(Sample(one.kind, one.label != GOOD, one.field, *figures(text, one.field), one.text))
    return found


def _texts() -> Iterator[Strange]:
    for name in FILES:
        for one in read_texts(HERE / "texts" / f"{name}.tsv"):
            yield Strange(f"{name}: {one.kind}", one.label, one.field, one.lang, one.text)
    for name in OWN:
        for line in labelled(HERE / "texts" / f"{name}.tsv"):
            if not line.context and (not line.rules or line.rules & set(SPEECH)):
                kind, label = f"{name}: {'+'.join(sorted(line.rules)) or GOOD}", "bad" if line.rules else GOOD
                yield Strange(kind, label, line.field, "", line.text.replace("|", "; "))


def _has_bad_form(texts: Mapping[str, Any], field: str) -> bool:
    row, settings = GateInput("1", texts, "x.jpg", ("p",), frozenset()), GateSettings()
    checks = (rule.check for name, rule in RULES.items() if name not in (*SPEECH, NO_SUBJECT) and rule.check)
    return any(issue.field == field for check in checks for issue in check(row, settings))


def figures(text: str, field: str) -> tuple[tuple[Mapping[str, float], ...], tuple[bool, ...]]:
    """The figures of every part of a text, and whether a sentence precedes it."""
    language, listed = reads_as(text), parts(text)
    return tuple(traits(p, field, language, text) for p in listed) or ({},), tuple(
        p.is_later for p in listed
    ) or (False,)


def matrices(listed: Sequence[Sample], names: Sequence[str]) -> list[Matrix]:
    """One matrix a text: a row a part, a column a figure, the last column 1."""
    place = {name: k for k, name in enumerate(names)}
    found = []
    for one in listed:
        matrix = np.zeros((len(one.parts), len(names) + 1))
        matrix[:, -1] = 1.0
        for row, part in enumerate(one.parts):
            for name, value in part.items():
                if name in place:
                    matrix[row, place[name]] = value
        found.append(matrix)
    return found


def fit(texts: Sequence[Matrix], bad: Sequence[bool]) -> Matrix:
    """Weights of the figures, the constant last."""
    chosen = [0] * len(texts)
    weights: Matrix = np.zeros(texts[0].shape[1])
    for _round in range(_ROUNDS):
        rows = [t[c : c + 1] if b else t for t, c, b in zip(texts, chosen, bad, strict=True)]
        target = np.concatenate([np.full(len(r), float(b)) for r, b in zip(rows, bad, strict=True)])
        weights = _regress(np.vstack(rows), target)
        again = [int(np.argmax(t @ weights)) for t in texts]
        if again == chosen:
            break
        chosen = again
    return weights


def _regress(rows: Matrix, target: Matrix) -> Matrix:
    """Logistic regression with L2 penalty on all but the constant: a choice between the row and nothing."""
    precision = np.array([*([_PENALTY] * (rows.shape[1] - 1)), 1e-3])
    sides = np.stack([rows, np.zeros_like(rows)], axis=1)
    both = np.ones(sides.shape[:2], np.bool_)
    return fit_logit(sides, both, np.where(target > 0, 0, 1), np.zeros(sides.shape[:2]), precision)


def left_out(listed: Sequence[Sample], texts: Sequence[Matrix]) -> list[bool]:
    """For each text whether it is refused by weights that were fitted without its kind.

    Good texts by folds of their own.
    """
    kinds = sorted({s.kind for s in listed if s.is_bad})
    fold = [
        kinds.index(s.kind) % _FOLDS if s.is_bad else zlib.crc32(s.text.encode()) % _FOLDS for s in listed
    ]
    refused = [False] * len(listed)
    for out in range(_FOLDS):
        kept = [k for k, f in enumerate(fold) if f != out]
        weights = fit([texts[k] for k in kept], [listed[k].is_bad for k in kept])
        for k, f in enumerate(fold):
            if f == out:
                against = texts[k] @ weights - LATER * np.array(listed[k].later)
                refused[k] = float(against.max()) > BARS[listed[k].field]
    return refused


def table(names: Sequence[str], weights: Matrix) -> str:
    """lists/weights.txt."""
    body = "".join(
        f"{name} {weight:.3f}\n" for name, weight in zip((*names, "constant"), weights, strict=True)
    )
    return _HEAD.format(version=f"{zlib.crc32(body.encode()):08x}") + body


@click.command()
def main() -> None:
    """Fit, write the weights, and print what is refused of kinds left out."""
    listed = samples()
    counted = Counter(name for s in listed for name in set().union(*s.parts))
    names = sorted(name for name, texts in counted.items() if texts >= _LEAST_TEXTS)
    texts = matrices(listed, names)
    WEIGHTS.write_text(table(names, fit(texts, [s.is_bad for s in listed])), "utf-8")
    refused = left_out(listed, texts)
    for source in (*FILES, *OWN):
        for is_bad in (True, False):
            of = [
                r
                for s, r in zip(listed, refused, strict=True)
                if s.is_bad == is_bad and s.kind.startswith(f"{source}: ")
            ]
            if of:
                click.echo(
                    f"{source}, {'bad, its kind left out' if is_bad else 'good, left out'}: "
                    f"{sum(of)} of {len(of)} refused"
                )


if __name__ == "__main__":
    main()
