"""Rules on wording: filler, repetition, contradiction.

Holds one function a rule.
Add here: a rule on wording.
Keep out: lists (lists/).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.lists import by_first_word, lines
from proofsheet.rules.tokens import Span, find_phrases, phrase_pattern, spans, words
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

_TWICE = re.compile(r"\b([^\W\d_]+)\s+\1\b", re.IGNORECASE)
_LONGEST_TANDEM = 12
_SHORT, _LONG = 3, 6
_MOST_TIMES, _WORN_SHARE = 4, 0.15
_NEAR = 4
_THING = re.compile(
    r"^\W*(?:an?|the)\s+\w+\s+of\s.*\b(?:hangs?|hung|leans?|adorns?|decorates?)\b", re.IGNORECASE
)  # a picture in the picture
_TEXTS = (Texts.title, Texts.caption, Texts.alt_text)
_CAMERA_NAME = re.compile(
    r"^(?:IMG|DSC[NF]?|DSC|PICT|P|PXL|GOPR|DJI|MVI|SAM|IMAG|WP|CIMG|HPIM|_MG|_DSC)[_-]?\d{3,}\S*$",
    re.IGNORECASE,
)


def filler(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """Wording that says nothing, and what cameras write by themselves."""
    for field, text in row.whole():
        if found := find_filler(text) or (_opening(text) if field == Texts.alt_text else None):
            yield Issue(
                "filler",
                field,
                found.start,
                found.end,
                f"{text[found.start : found.end]!r} says nothing about the picture",
            )


def find_filler(text: str) -> Span | None:
    """Where a text is filler."""
    if name := _CAMERA_NAME.match(text.strip()):
        return Span(0, name.end())
    found = next(find_phrases(text, lines("filler")), None)
    return None if found and _THING.match(text) else found


def _opening(text: str) -> Span | None:
    """Where an alternative text says that it is one."""
    return None if _THING.match(text) else next(find_phrases(text, lines("filler_alt")), None)


def repeated_wording(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """The same words again inside a field, or the same text in two fields."""
    for field in _TEXTS:
        if found := _repeated(row.texts[field]):
            said = row.texts[field][found.start : found.end]
            yield Issue("repeated_wording", field, found.start, found.end, f"{said!r} says the same twice")
    for one, two in combinations(_TEXTS, 2):
        same = words(row.texts[one])
        if same and same == words(row.texts[two]):
            for field, other in ((one, two), (two, one)):
                yield Issue("repeated_wording", field, 0, len(row.texts[field]), f"the same text as {other}")


def _repeated(text: str) -> Span | None:
    """A word twice in a row, a phrase twice in a row, a long phrase again later, or a word worn out."""
    for twice in _TWICE.finditer(text):
        if not _is_name(twice.group()) and twice.group(1).casefold() not in lines("doubled"):
            return Span(twice.start(), twice.end())
    listed = spans(text)
    plain = [w for w, _found in listed]
    for size in range(2, min(_LONGEST_TANDEM, len(plain) // 2) + 1):
        for i in range(len(plain) - 2 * size + 1):
            if plain[i : i + size] == plain[i + size : i + 2 * size]:
                return Span(listed[i][1].start, listed[i + 2 * size - 1][1].end)
    return _again(plain, listed) or _worn(listed)


def _is_name(text: str) -> bool:
    """Some names say a word twice: Bora Bora."""
    return all(w[:1].isupper() for w in text.split())


def _again(plain: Sequence[str], listed: Sequence[tuple[str, Span]]) -> Span | None:
    """A phrase again after no more than one word, or a long one anywhere.

    People may write `a man in red and a man in blue`.
    """
    for size, most_between, least in ((_SHORT, 1, 2), (_SHORT + 1, 1, 2), (_LONG, len(plain), 3)):
        seen: dict[tuple[str, ...], int] = {}
        for i in range(len(plain) - size + 1):
            run = tuple(plain[i : i + size])
            first = seen.setdefault(run, i)
            if (
                size <= i - first <= size + most_between
                and sum(w not in small_words() and not w.isdecimal() for w in run) >= least
            ):
                return Span(listed[i][1].start, listed[i + size - 1][1].end)
            seen[run] = i
    return None


def _worn(listed: Sequence[tuple[str, Span]]) -> Span | None:
    """A word of content that a text says again and again."""
    places: dict[str, list[Span]] = {}
    for word, place in listed:
        if word not in small_words():
            places.setdefault(word, []).append(place)
    worn = next(
        (p for p in places.values() if len(p) >= _MOST_TIMES and len(p) >= _WORN_SHARE * len(listed)), None
    )
    return Span(worn[0].start, worn[-1].end) if worn else None


def contradiction(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """Caption and alternative text that cannot both be true: opposites, or another number of the same."""
    caption, alt = row.texts[Texts.caption], row.texts[Texts.alt_text]
    for one, two in _opposites():
        for here, there in ((one, two), (two, one)):
            if (
                (said := here.search(caption))
                and not there.search(caption)
                and (other := there.search(alt))
                and not here.search(alt)
                and _around(caption, said) & _around(alt, other)
            ):
                message = f"{said.group()!r} where the alternative text says {other.group()!r}"
                yield Issue("contradiction", Texts.caption, said.start(), said.end(), message)
                return
    counted, again = _counted(caption), _counted(alt)
    for noun, (number, found) in counted.items():
        if noun in again and again[noun][0] != number:
            said = caption[found.start : found.end]
            yield Issue(
                "contradiction",
                Texts.caption,
                found.start,
                found.end,
                f"{said!r} where the alternative text counts {again[noun][0]}",
            )
            return


def _around(text: str, said: re.Match[str]) -> set[str]:
    """Words of content near to a place.

    Opposites contradict if they refer to the same thing. Some people may be standing where others sit.
    """
    before = words(text[: said.start()])[-_NEAR:]
    after = words(text[said.end() :])[:_NEAR]
    return {w.removesuffix("s") for w in (*before, *after)} - small_words()


def _counted(text: str) -> dict[str, tuple[int, Span]]:
    """Noun to the number before it, for numbers from two on."""
    worth = {w: int(n[0]) for w, n in by_first_word("numbers").items()}
    listed = spans(text)
    found = {}
    for (word, start), (noun, end) in pairwise(listed):
        number = worth.get(word) or (int(word) if word.isdecimal() and len(word) <= 2 else 0)
        if number >= 2 and not noun.isdecimal() and noun not in small_words():
            found[noun] = (number, Span(start.start, end.end))
    return found


@functools.cache
def _opposites() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    return [tuple(_side(s) for s in line.split("|")) for line in lines("opposites")]  # type: ignore[misc]


def _side(text: str) -> re.Pattern[str]:
    phrases = (phrase_pattern(p.strip()) for p in text.split(","))
    return re.compile("|".join(phrases), re.IGNORECASE)
