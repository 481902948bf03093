"""What the prompt of a generated picture names, without the language of generators.

Holds `prompt_parts`, `prompt_keywords` and `keywords_of`.
Add here: another mark of a generator, or of what is no part of a picture.
Keep out: reading prompts from files (metadata/), and whole texts (embedded_describer.py).
"""

from __future__ import annotations

import re

from proofsheet.rules.completeness import LANGUAGES, reads_as
from proofsheet.rules.lexicon import known
from proofsheet.rules.subject import names_subject, subject_words
from proofsheet.rules.tokens import words

_MOST_WORDS, _MOST_KEYWORDS = 4, 6
_ARTICLE = re.compile(r"^(?:an?|the|ein|eine|der|die|das)\s", re.IGNORECASE)
_CREDIT = re.compile(r"(?:\w+ )?by\s|(?:in the )?style of\s", re.IGNORECASE)
_EQUIPMENT = re.compile(r"\d[a-z]|[a-z]\d", re.IGNORECASE)  # R5, 85mm, 8k
_MARKS = re.compile(r"<[^>]*>|:\d+(?:\.\d+)?|[()\[\]{}\"“”„|]|\bBREAK\b")


def prompt_parts(prompt: str) -> list[str]:
    """Parts of a prompt that name a thing, without credits, weights and marks of the generator."""
    plain = (" ".join(part.split()) for part in _MARKS.sub(" ", prompt).split(","))
    return [part for part in plain if part and not _CREDIT.match(part) and names_subject(part, LANGUAGES)]


def prompt_keywords(part: str) -> list[str]:
    """Keywords of a part of a prompt; none of names and of equipment, which are not what a picture shows."""
    plain = _ARTICLE.sub("", part)
    if _EQUIPMENT.search(plain):
        return []
    language = reads_as(plain)
    if all(known(word, language) for word in words(plain)):
        return keywords_of(plain)
    return [w for w in subject_words(plain, LANGUAGES) if w.islower() and known(w, language)]


def keywords_of(text: str) -> list[str]:
    """A short text as it is, else its words that name something."""
    plain = text.strip(" .")
    if len(plain.split()) <= _MOST_WORDS:
        return [plain]
    return subject_words(plain, LANGUAGES)[:_MOST_KEYWORDS]
