"""Sentences, their tokens, and their content.

Word classes and patterns are data (lists/speech*.txt).

Holds `Token`, `sentences`, `WordClasses`, `Speech` and `speech`.
Add here: another form of a pattern.
Keep out: which patterns are objected to (speech.py), and the classes themselves (lists/).

A class is a line `NAME = word word* *ending …`; a star stands for the rest, a capital first letter for a word
written so, and `-word` for one that does not belong. A pattern is a line `kind: element element …`. All its
elements must be found in one sentence, in any order. An element is a word, a class, alternatives `a|b`,
neighbours `a+b`, near ones `a~b` (up to three tokens between). `^` in front: where the sentence begins; `$`
behind: where it ends; `!` in front: nowhere in the sentence; `#` is any number.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from proofsheet.rules.lists import lines
from proofsheet.rules.tokens import Span

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")
_ENDS = frozenset(".!?…\n")
_SENTENCE = re.compile(r"[^.!?…\n]*(?:[.!?…]+(?=\S)[^.!?…\n]*)*[.!?…\n]*")
_FAR, _LEAST_STEM = 4, 3
_SUBJECTS = frozenset(
    [
        "it",
        "he",
        "she",
        "that",
        "there",
        "here",
        "what",
        "who",
        "where",
        "how",
        "this",
        "everything",
        "nothing",
    ]
)
_SHORT = {"'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": "is"}
_WHOLE = {
    "cannot": ("can", "not"),
    "can't": ("can", "not"),
    "won't": ("will", "not"),
    "shan't": ("shall", "not"),
}
_WHOLE |= {
    "dont": ("do", "not"),
    "cant": ("can", "not"),
    "doesnt": ("does", "not"),
    "isnt": ("is", "not"),
    "couldnt": ("could", "not"),
}
_WHOLE |= {"let's": ("let", "us"), "im": ("i", "am"), "ive": ("i", "have")}


@dataclass(frozen=True)
class Token:
    """A word or a mark: in lower case, as written, and its place."""

    word: str
    written: str
    place: Span

    @property
    def is_word(self) -> bool:
        """Whether it has a letter or a digit."""
        return self.word[:1].isalnum()


def sentences(text: str) -> list[list[Token]]:
    """The tokens of every sentence; contracted forms are taken apart, and keep their place."""
    found = []
    for part in _SENTENCE.finditer(text):
        tokens = [t for m in _TOKEN.finditer(part.group()) for t in _tokens(m, part.start())]
        if any(t.is_word for t in tokens):
            found.append(tokens)
    return found


def _tokens(match: re.Match[str], offset: int) -> Iterator[Token]:
    written = match.group()
    place = Span(offset + match.start(), offset + match.end())
    plain = written.casefold().replace("’", "'")
    if plain in _WHOLE:
        parts: Sequence[str] = _WHOLE[plain]
    elif plain.endswith("n't"):
        parts = (plain.removesuffix("n't"), "not")
    else:
        ending = next((e for e in _SHORT if plain.endswith(e) and len(plain) > len(e)), "")
        base = plain.removesuffix(ending)
        parts = (base, _SHORT[ending]) if ending and (ending != "'s" or base in _SUBJECTS) else (base,)
    for part in parts:
        yield Token(part, written, place)


@dataclass(frozen=True)
class _Step:
    """One word of an element: its possible names, and its largest distance from the one before."""

    names: frozenset[str]
    far: int


@dataclass(frozen=True)
class _Element:
    steps: tuple[_Step, ...]
    first: bool
    last: bool
    absent: bool

    @classmethod
    def read(cls, text: str) -> _Element:
        first, absent, last = text.startswith("^"), text.startswith("!"), text.endswith("$")
        bare = text.lstrip("^!").removesuffix("$") or text
        parts = re.split(r"([+~])", bare) if len(bare) > 1 else [bare]
        distances = [1, *(1 if sign == "+" else _FAR for sign in parts[1::2])]
        steps = (
            _Step(frozenset(word.split("|")), far) for word, far in zip(parts[::2], distances, strict=True)
        )
        return cls(tuple(steps), first, last, absent)

    def find(self, named: Sequence[frozenset[str]], begins: int, ends: int) -> tuple[int, int] | None:
        """First and last token of the element; None if it is not there."""
        for start in range(begins, begins + 1) if self.first else range(len(named)):
            reached = self._follow(named, start)
            if reached is not None and (not self.last or reached == ends):
                return start, reached
        return None

    def _follow(self, named: Sequence[frozenset[str]], start: int) -> int | None:
        if start >= len(named) or not self.steps[0].names & named[start]:
            return None
        places = {start}
        for step in self.steps[1:]:
            places = {
                q
                for p in places
                for q in range(p + 1, min(p + step.far, len(named) - 1) + 1)
                if step.names & named[q]
            }
        return max(places, default=None)


@dataclass(frozen=True)
class _Pattern:
    kind: str
    elements: tuple[_Element, ...]
    needed: tuple[frozenset[str], ...]
    text: str

    @classmethod
    def read(cls, line: str) -> _Pattern:
        """A pattern from its line; what it needs of a sentence is looked at first."""
        kind, _is, text = line.partition(": ")
        elements = tuple(_Element.read(e) for e in text.split())
        return cls(kind, elements, tuple(s.names for e in elements if not e.absent for s in e.steps), text)

    def find(self, named: Sequence[frozenset[str]], begins: int, ends: int) -> tuple[int, int] | None:
        """First and last token of everything that was found."""
        found = []
        for element in self.elements:
            place = element.find(named, begins, ends)
            if (place is None) != element.absent:
                return None
            if place is not None:
                found.append(place)
        return min(p[0] for p in found), max(p[1] for p in found)


@dataclass(frozen=True)
class PatternMatch:
    """A pattern found: its kind, and where."""

    kind: str
    place: Span


class WordClasses:
    """Classes of words: an index from a word to the names of its classes.

    Args:
        listed: lines; those without ` = ` are left to others.
    """

    def __init__(self, listed: Iterable[str]) -> None:
        self._words: dict[str, set[str]] = {}
        self._stems: dict[str, set[str]] = {}
        self._endings: dict[str, set[str]] = {}
        self._not: dict[str, set[str]] = {}
        for line in listed:
            name, is_class, members = line.partition(" = ")
            for member in members.split() if is_class else ():
                bare = member.strip("*-") or member
                key = bare.casefold() if bare.islower() else bare
                self._where(member).setdefault(key, set()).add(name)

    def _where(self, member: str) -> dict[str, set[str]]:
        """The index that an entry of a class belongs to."""
        if member.startswith("-") and len(member) > 1:
            return self._not
        if member.startswith("*"):
            return self._endings
        if member.endswith("*"):
            return self._stems
        return self._words

    def filled(self) -> set[str]:
        """Names of classes that have a word."""
        return set().union(*self._words.values(), *self._stems.values(), *self._endings.values())

    def names(self, token: Token, *, begins: bool = False) -> frozenset[str]:
        """The word, its classes, and # for a number.

        A class of words with capitals is ignored at the beginning of a sentence.
        """
        found = self._known(token.word)
        return found | self._words[token.written] if not begins and token.written in self._words else found

    @functools.lru_cache(4096)  # noqa: B019 - as long-lived as the languages
    def _known(self, word: str) -> frozenset[str]:
        found = {word, *self._words.get(word, ())}
        for cut in range(_LEAST_STEM, len(word)):
            found |= self._stems.get(word[:cut], set()) | self._endings.get(word[cut:], set())
        found |= self._stems.get(word, set())
        return frozenset((found | ({"#"} if word.isdecimal() else set())) - self._not.get(word, set()))


class Speech:
    """Classes and patterns of one language.

    Args:
        language: code; the lists are `speech_<code>.txt`, and `speech.txt` for what holds in every language.
    """

    def __init__(self, language: str) -> None:
        listed = (*lines(f"speech_{language}"), *lines("speech"))
        self._classes = WordClasses(listed)
        self._patterns = tuple(_Pattern.read(line) for line in listed if " = " not in line)

    def names(self, token: Token, *, begins: bool = False) -> frozenset[str]:
        """The word and its classes."""
        return self._classes.names(token, begins=begins)

    def unknown_names(self) -> set[str]:
        """Classes that a pattern names and no line fills: a pattern that can never be found."""
        named = {
            n for p in self._patterns for names in p.needed for n in names if n.isupper() and n.isalpha()
        }
        return named - self._classes.filled()

    def matches(self, sentence: Sequence[Token]) -> Iterator[PatternMatch]:
        """Every pattern that is found in a sentence."""
        begins = next(k for k, t in enumerate(sentence) if t.is_word)
        named = [self.names(t, begins=k == begins) for k, t in enumerate(sentence)]
        there = frozenset().union(*named)
        ends = max((k for k, t in enumerate(sentence) if t.word not in _ENDS), default=0)
        for pattern in self._patterns:
            if not all(names & there for names in pattern.needed):
                continue
            if place := pattern.find(named, begins, ends):
                yield PatternMatch(
                    pattern.kind, Span(sentence[place[0]].place.start, sentence[place[1]].place.end)
                )


@functools.cache
def speech(language: str) -> Speech:
    """Classes and patterns of a language (`en`, `de`)."""
    return Speech(language)
