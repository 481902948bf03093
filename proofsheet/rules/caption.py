"""The rule on texts that are not about the picture, by the weight of their words.

Holds the rules `not_a_caption` and `nothing_seen`, and `weigh`.
Add here: another reason in words, in `_REASONS`.
Keep out: what is counted (traits.py) and how the weights follow from texts (benchmarks/gate_fit.py).

The weights are data, lists/weights.txt: a logistic regression over the figures of the part of a text that
speaks most against it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.completeness import LANGUAGES, reads_as
from proofsheet.rules.lists import lines
from proofsheet.rules.tokens import Span
from proofsheet.rules.traits import SentencePart, names_nothing, parts, traits
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

BARS = {Texts.title: 1.8, Texts.caption: 1.6, Texts.alt_text: 1.6, Texts.keywords: 2.0}
_LEAST_TELLING = 4
# the bar is so much higher for few words, and after the first sentence, where people say more of what they
# named
LATER = 0.8
_REASONS = {
    "speaks to somebody": "SELF WE YOU PLEASE THANK SORRY CHAT READER CALL asks calls",
    "is about the answer or its wording": "TASK TEXT ORDER MIND",
    "is about the taking of the picture": "PICTURE CRAFT",
    "is about a program, a file or a service": "MACHINE",
    "is about rights and rules": "LAW",
    "advertises": "TRADE",
    "praises or finds fault": "JUDGE COMPARE",
    "guesses instead of stating": "HEDGE VAGUE CERTAIN figures SEEING",
    "teaches or advises": "MUST MORAL MODAL ALL LINK",
    "says what is not there": "DENY",
}


def not_a_caption(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """A part of a text is about the task, the picture's making, the reader or anything but what is seen."""
    codes = tuple(c for c in LANGUAGES if c in settings.languages)
    if not codes:
        return
    for field in (f for f in row.texts if f not in row.measured):
        text = ", ".join(row.parts(field)) if field == Texts.keywords else row.texts[field]
        weight, place, why = weigh(text, field, codes)
        if weight > BARS[field]:
            here = Span(0, 0) if field == Texts.keywords else place
            told = f"{text[place.start : place.end]!r} {why}; say what is seen"
            yield Issue("not_a_caption", field, here.start, here.end, told)


def nothing_seen(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """A caption or alternative text of several known words that names no being, thing or place.

    Words of people pass.
    """
    codes = tuple(c for c in LANGUAGES if c in settings.languages)
    others = row.texts.keys() - row.measured - row.by_people
    for field in (f for f in (Texts.caption, Texts.alt_text) if codes and f in others):
        text = row.texts[field]
        if names_nothing(text, reads_as(text) if len(codes) > 1 else codes[0]):
            yield Issue(
                "nothing_seen",
                field,
                0,
                len(text),
                "no word of it names a being, a thing or a place; say what is seen",
            )


@functools.lru_cache(1024)
def weigh(text: str, field: str, codes: tuple[str, ...]) -> tuple[float, Span, str]:
    """How much speaks against a text, in which part of it, and what most; below zero, more speaks for it.

    Args:
        text: a title, a caption or an alternative text, or keywords with commas between.
        field: which of them.
        codes: languages that it may be in, of those that have classes.
    """
    language, known = reads_as(text) if len(codes) > 1 else codes[0], weights()
    found = []
    for part in parts(text):
        said = {
            name: known.get(name, 0.0) * value for name, value in traits(part, field, language, text).items()
        }
        most = max(said, key=lambda n: (said[n] if _reason(n) else -1.0, n))
        weight = (
            sum(said.values())
            + known["constant"]
            - (LATER if part.is_later or _is_short(part, field) else 0.0)
        )
        found.append((weight, part.place, _reason(most) or "names nothing that is seen"))
    return max(found, key=lambda f: f[0], default=(0.0, Span(0, 0), ""))


def _is_short(part: SentencePart, field: str) -> bool:
    """Whether a part of a caption has too few words to show its subject."""
    return field in (Texts.caption, Texts.alt_text) and len(part.words) < _LEAST_TELLING


def _reason(trait: str) -> str | None:
    name = trait.removeprefix("begins ").removeprefix("alone ")
    return next((told for told, names in _REASONS.items() if name in names.split()), None)


@functools.cache
def weights() -> dict[str, float]:
    """Trait to weight, as the list has them."""
    return {name: float(weight) for name, _tab, weight in (line.rpartition(" ") for line in lines("weights"))}
