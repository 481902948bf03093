"""The gate: every rule over the texts of a project; no text passes with an objection that nobody waived.

Holds `RULES` and `judge`.
Add here: the line of a new rule.
Keep out: the rules themselves (rules/) and what follows from a verdict (attempts.py). There is no way around
a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from proofsheet.rules import (
    caption,
    contradiction,
    form,
    keywords,
    language,
    leaks,
    residue,
    speech,
    statement,
    subject,
    wording,
)
from proofsheet.rules.base import GateInput, Issue
from schemas.settings.gate import GateSettings

DUPLICATE = "duplicate_text"


@dataclass(frozen=True)
class Rule:
    """A rule with its meaning for people.

    Attributes:
        meaning: what holds where it does not object.
        check: objections to one row; None for the rule that compares rows.
        may_be_waived: whether it can be waived for a text.
        of_the_text: whether another text could satisfy it, so that asking again may help.
        leaves_draft: whether a text is a draft if only such rules object: correct, but it needs more words.
    """

    meaning: str
    check: Callable[[GateInput, GateSettings], Iterator[Issue]] | None
    may_be_waived: bool = True
    of_the_text: bool = True
    leaves_draft: bool = False


RULES: dict[str, Rule] = {
    "empty": Rule("Every field holds at least one word.", form.empty, may_be_waived=False),
    "control_characters": Rule(
        "Every character is visible.", residue.control_characters, may_be_waived=False
    ),
    "injection": Rule("No residue of prompts and chats.", residue.injection, may_be_waived=False),
    "refusal": Rule("The text describes the picture; it does not refuse.", speech.refusal),
    "model_talk": Rule(
        "The text describes the picture; it does not mention the model or address the reader.",
        speech.model_talk,
    ),
    "not_the_picture": Rule(
        "The text is about the picture, not about the request or the file.", speech.not_the_picture
    ),
    "not_a_caption": Rule(
        "The text is about the picture, by the weight of its words.", caption.not_a_caption
    ),
    "nothing_seen": Rule(
        "Caption and alternative text name something visible.",
        caption.nothing_seen,
        leaves_draft=True,
    ),
    subject.NO_SUBJECT: Rule(
        "Title, caption and keywords name a thing, a being, a place or an event.",
        subject.no_subject,
        leaves_draft=True,
    ),
    "not_one_statement": Rule(
        "Every text is one statement: no choice of texts, score, credit or row of letters.",
        statement.not_one_statement,
    ),
    "prompt_echo": Rule("No words of the question are in the answer.", speech.prompt_echo),
    "cut_off": Rule("Every text is whole, from its first word to its last.", form.cut_off),
    "no_sentence": Rule("Caption and alternative text are sentences or phrases.", form.no_sentence),
    "markup": Rule("No HTML, Markdown, list, data, link or hashtag.", residue.markup),
    "filler": Rule("No empty phrase, and no text of a camera.", wording.filler),
    "file_name_leak": Rule(
        "No word of the file name is in the text without evidence, and no file name.", leaks.file_name_leak
    ),
    "folder_leak": Rule(
        "No word of a folder name is in the text without evidence, and no path.", leaks.folder_leak
    ),
    "hint_copied": Rule("No run of words of the set's hint is in the text.", leaks.hint_copied),
    "repeated_wording": Rule("Nothing is repeated, in one field or in two.", wording.repeated_wording),
    "contradiction": Rule("Caption and alternative text can both be true.", wording.contradiction),
    "self_contradiction": Rule("No text contradicts itself.", contradiction.self_contradiction),
    "broken_keywords": Rule("Every keyword is a word or a short phrase, once.", keywords.broken_keywords),
    "length": Rule("No field is too long or too short.", form.length),
    "language": Rule("Every text is in an allowed language.", language.language),
    "set_validation": Rule(
        "The texts of the picture's set are consistent: no outlier, no mixed subject, no words that "
        "fit anything.",
        None,
        of_the_text=False,
    ),
    DUPLICATE: Rule("No caption or alternative text claims the same as another of the project.", None),
}


def judge(
    rows: Iterable[GateInput], settings: GateSettings, template_words: frozenset[str]
) -> dict[str, list[Issue]]:
    """Every objection by photo id; a photo without one has an empty list.

    Args:
        rows: of one project, in the order in which the first of two equal texts stays; those that are
            published among them.
        settings: thresholds.
        template_words: words that the describer puts into every text; they do not count as content.
    """
    listed = list(rows)
    found: dict[str, list[Issue]] = {row.photo_id: [] for row in listed if not row.published}
    for row in listed:
        if not row.published:
            for rule in RULES.values():
                found[row.photo_id].extend(rule.check(row, settings) if rule.check else ())
    for photo_id, issue in keywords.duplicate_text(listed, settings, template_words):
        found[photo_id].append(issue)
    return found
