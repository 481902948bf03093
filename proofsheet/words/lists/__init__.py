"""Word lists as data, one file a language.

Holds `stop_words`.
Add here: a text file, one word a line, `#` for remarks.
Keep out: rules.
"""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Words that carry no meaning of their own in a language (`en`, `de`)."""
    text = files(__name__).joinpath(f"stop_{language}.txt").read_text("utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
