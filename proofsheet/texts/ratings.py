"""Whether an answer is a rating, and which of its keywords are keywords.

Holds `no_rating` and `sorted_keywords`.
Add here: another sign that a model did not rate.
Keep out: the form of an answer (schemas/replies.py), and files of ratings (publish/).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proofsheet.rules import keywords, language, residue, speech, wording
from proofsheet.rules.base import GateInput
from proofsheet.rules.repair import repair
from schemas.proof import FIELDS, Texts
from schemas.replies import RatingReply
from schemas.settings.gate import GateSettings

_RULES = (
    *(
        residue.control_characters,
        residue.injection,
        residue.markup,
        speech.refusal,
        speech.model_talk,
        speech.not_the_picture,
    ),
    *(speech.prompt_echo, wording.filler, keywords.broken_keywords, language.language),
)


def no_rating(reply: RatingReply) -> str | None:
    """Why an answer of the right form is not a rating, or None.

    It refuses in words, or every score is 0.

    Args:
        reply: with everything that the model wrote beside.
    """
    said = [*reply.keywords, *(v for v in (reply.model_extra or {}).values() if isinstance(v, str))]
    if any(next(speech.refusal(_judged([text]), GateSettings()), None) for text in said):
        return "the model refused to rate"
    return None if reply.overall or any(reply.ratings.values()) else "every score is 0, so nothing was rated"


def sorted_keywords(keywords: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Keywords as they may be written, and those that are left out with the reason.

    Args:
        keywords: as the model gave them.
    """
    blank: dict[str, Any] = {field: [] if field == Texts.keywords else "" for field in FIELDS}
    mended = repair(blank | {Texts.keywords: list(keywords)})[0][Texts.keywords]
    left: dict[str, str] = {}
    for word in mended:
        objections = (issue.message for rule in _RULES for issue in rule(_judged([word]), GateSettings()))
        if why := next(objections, None):
            left[word] = why
    return [word for word in mended if word not in left], left


def _judged(keywords: list[str]) -> GateInput:
    return GateInput("", {Texts.keywords: keywords}, "", (), frozenset())
