"""Word lists as data, one file a purpose; `#` at the beginning of a line is for remarks.

Holds `stop_words`, `lines` and `by_first_word`.
Add here: a text file, and its form in its first line.
Keep out: rules.
"""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a list, without remarks and empty ones."""
    text = files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Words that carry no meaning of their own in a language (`en`, `de`)."""
    return frozenset(lines(f"stop_{language}"))


@functools.cache
def by_first_word(name: str) -> dict[str, tuple[str, ...]]:
    """A list with a key at the start of each line: the key to the words that follow."""
    return {first: tuple(rest) for first, *rest in (line.split() for line in lines(name))}
