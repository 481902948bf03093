"""Where sentences end: full stops of abbreviations, initials and days end none.

Holds `count_sentences` and `first_clause`.
Add here: another mark that ends no sentence.
Keep out: rules (form.py), and the words of sentences (sentences.py).
"""

from __future__ import annotations

import re

from proofsheet.rules.lists import lines

_END = re.compile(r"(\w*)[.!?…]+[\"”“)]*(?=\s|$)")
_CLAUSE_END = re.compile(r"(\w*)([.;:!?])(?=\s|$)")
_DAY = re.compile(r"\d{1,2}\.$")  # `12. Juni`


def first_clause(text: str) -> str:
    """The text up to its first full stop, semicolon or colon; abbreviations and initials end none."""
    for m in _CLAUSE_END.finditer(text):
        if m[2] != "." or not (_is_short(m) or len(m[1]) == 1):
            return text[: m.start(2)]
    return text


def _is_short(m: re.Match[str]) -> bool:
    """Whether a full stop belongs to an abbreviation or to the number of a day."""
    return m.group(1).casefold() in lines("abbreviations") or bool(_DAY.match(m.group()))


def count_sentences(text: str) -> int:
    """Sentences; abbreviations end none."""
    ends = [m for m in _END.finditer(text) if m.end() == len(text) or not _is_short(m)]
    return len(ends) + (1 if text.strip() and (not ends or ends[-1].end() < len(text.rstrip())) else 0)
