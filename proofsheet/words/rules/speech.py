"""Rules on what is said instead of a description: who speaks, and about what.

Holds the rules `refusal`, `model_talk`, `not_the_picture` and `prompt_echo`.
Add here: another kind of speech; its patterns are data (lists/speech*.txt).
Keep out: how patterns are found (sentences.py), and the form of a text (form.py, whole.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from proofsheet.words.lists import stop_words
from proofsheet.words.prompts import load_prompt, prompt_names
from proofsheet.words.rules.judged import Issue, Judged, small_words
from proofsheet.words.sentences import Speech, Token, sentences, speech
from proofsheet.words.text import Found, outside_quotes, spans, words
from schemas import replies
from schemas.settings_words import GateSettings

SPOKEN = ("en", "de")  # languages that have classes
_TASK = frozenset({"IMAGE", "DESC", "MODEL", "SENT", "ERROR", "FILE", "RULE", "CRAFT", "EDITING", "SYSTEM"})
_ASKED, _LEAST_ASKED = frozenset({"REQUEST", "SERVE"}), 4
_LEAST_KINDS, _MOST_SCENE = 2, 1  # so many kinds of words of talk, beside so few of a scene
_OF_TALK = _TASK | _ASKED | {"SORRY", "EMPTY", "NOT", "NOTHING", "GIVEN", "FOUND", "BROKEN", "QUALITY", "ACK", "WANT", "MUST", "USER"}
_OF_TALK |= {"CONTENT", "I", "YOU", "ABLE", "HELP", "LIMIT", "DENIED", "DOUBTFUL", "SPEAK", "TELL"}
_RUNS = ((5, 3), (6, 2))  # words in a row, and how many of them must have a meaning of their own
_MESSAGES = {
    "refusal": "refuses instead of describing",
    "model_talk": "is a model speaking, or spoken to the reader",
    "not_the_picture": "is about the request or the file, not about what is seen",
}


def refusal(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Somebody says that nothing can be said, or will be."""
    return _spoken("refusal", row, settings)


def model_talk(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """A model speaks of itself and its work, or to the person who asked."""
    return _spoken("model_talk", row, settings)


def not_the_picture(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """The text is about the request, the file, or the text itself; or a sentence names nothing else."""
    return _spoken("not_the_picture", row, settings)


def _spoken(kind: str, row: Judged, settings: GateSettings) -> Iterator[Issue]:
    languages = tuple(c for c in SPOKEN if c in settings.languages) or SPOKEN
    for field, text in row.whole():
        place = next((p for k, p in _said(outside_quotes(text), languages) if k == kind), None)
        if place is not None:
            said = text[place.start : place.end]
            yield Issue(kind, field, place.start, place.end, f"{said!r} {_MESSAGES[kind]}")


@functools.lru_cache(512)
def _said(text: str, languages: tuple[str, ...]) -> tuple[tuple[str, Found], ...]:
    """Every kind of speech in a text, with its place."""
    found = []
    for sentence in sentences(text):
        for language in languages:
            grammar = speech(language)
            found += [(s.kind, s.place) for s in grammar.said(sentence)]
            if _names_nothing(sentence, grammar, language):
                found.append(("not_the_picture", Found(sentence[0].place.start, sentence[-1].place.end)))
    return tuple(found)


def _names_nothing(sentence: Sequence[Token], grammar: Speech, language: str) -> bool:
    """Whether a sentence is about a request and names next to nothing that could be seen."""
    small, there, scene = stop_words(language), set[str](), 0
    for k, token in enumerate(sentence):
        if token.is_word:
            names = grammar.names(token, begins=k == 0)
            there |= names
            scene += not (names & _OF_TALK or token.word in small or "#" in names)
    about = len(there & (_TASK | _ASKED))
    if scene:
        return about > _LEAST_KINDS and scene <= _MOST_SCENE
    speaks = "I" in there and bool(there & {"NOT", "ABLE", "YOU"})
    return speaks or bool(there & _TASK) or (bool(there & _ASKED) and len(sentence) >= _LEAST_ASKED)


def prompt_echo(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """A run of words of our own prompts or of the form that was asked for."""
    for field, text in row.whole():
        listed = spans(text)
        runs = ((listed[i : i + size]) for size, _least in _RUNS for i in range(len(listed) - size + 1))
        found = next((run for run in runs if tuple(w for w, _place in run) in _prompted()), None)
        if found:
            start, end = found[0][1].start, found[-1][1].end
            yield Issue("prompt_echo", field, start, end, f"{text[start:end]!r} stands in the question, not in the picture")


@functools.cache
def _prompted() -> frozenset[tuple[str, ...]]:
    """Runs of words in prompts and in the descriptions of replies, those with enough words of meaning."""
    prompts = [load_prompt(name, None) for name in prompt_names()]
    kinds = [k for k in vars(replies).values() if isinstance(k, type) and issubclass(k, replies.Reply)]
    texts = [t for p in prompts for t in (p.system, p.user)]
    texts += [f.description or "" for k in kinds for f in k.model_fields.values()]
    runs = set()
    for text in texts:
        listed = words(text)
        for size, least in _RUNS:
            every = (tuple(listed[i : i + size]) for i in range(len(listed) - size + 1))
            runs.update(run for run in every if sum(w not in small_words() for w in run) >= least)
    return frozenset(runs)
