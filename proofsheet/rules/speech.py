"""Rules on statements that are not descriptions: who speaks, and about what.

Holds the rules `refusal`, `model_talk`, `not_the_picture` and `prompt_echo`.
Add here: another kind of speech; its patterns are data (lists/speech*.txt).
Keep out: how patterns are found (sentences.py), and the form of a text (form.py, completeness.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from proofsheet.prompts.prompt import load_prompt, prompt_names
from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.lists import by_first_word, stop_words
from proofsheet.rules.sentences import Speech, Token, sentences, speech
from proofsheet.rules.tokens import Span, outside_quotes, spans, words
from schemas import replies
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

SPOKEN = ("en", "de")  # languages that have classes
_TASK = frozenset({"IMAGE", "DESC", "MODEL", "SENT", "ERROR", "FILE", "RULE"})
_ASKED, _LEAST_ASKED = frozenset({"REQUEST", "SERVE", "CRAFT", "EDITING", "SYSTEM"}), 4
_BREAKS = frozenset(",;:()–—")
_FIELDS_OF_WORK = frozenset(["AI", "KI"])  # as keywords they may be a subject
_LEAST_KINDS, _MOST_SCENE = 2, 1  # so many kinds of words of talk, beside so few of a scene
_OF_TALK = (
    _TASK
    | _ASKED
    | {
        "SORRY",
        "EMPTY",
        "NOT",
        "NOTHING",
        "GIVEN",
        "FOUND",
        "BROKEN",
        "QUALITY",
        "ACK",
        "WANT",
        "MUST",
        "USER",
    }
)
_OF_TALK |= {
    "CONTENT",
    "I",
    "YOU",
    "ABLE",
    "HELP",
    "LIMIT",
    "DENIED",
    "DOUBTFUL",
    "SPEAK",
    "TELL",
    "OPINE",
    "WORK",
    "ABSTRACT",
    "HERE",
    "PLEASE",
    "THANK",
    "SUBJECT",
    "REASON",
    "DOUBT",
}
_RUNS = ((4, 4), (5, 3), (6, 2))  # words in a row, and how many of them must have a meaning of their own
_MESSAGES = {
    "refusal": "refuses instead of describing",
    "model_talk": "is a model speaking, or spoken to the reader",
    "not_the_picture": "is about the request or the file, not about what is seen",
}


def refusal(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """The statement that nothing can be described, or will be."""
    return _spoken("refusal", row, settings)


def model_talk(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """A model speaks of itself and its work, or to the person who asked."""
    return _spoken("model_talk", row, settings)


def not_the_picture(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """The text is about the request, the file, or the text itself; or a sentence names nothing else."""
    return _spoken("not_the_picture", row, settings)


def _spoken(kind: str, row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    allowed = tuple(c for c in SPOKEN if c in settings.languages) or SPOKEN
    for field, text in row.whole():
        if field == Texts.keywords and text.upper() in _FIELDS_OF_WORK:
            continue
        place = next((p for k, p in _said(outside_quotes(text), allowed) if k == kind), None)
        if place is not None:
            said = text[place.start : place.end]
            yield Issue(kind, field, place.start, place.end, f"{said!r} {_MESSAGES[kind]}")


@functools.lru_cache(512)
def _said(text: str, allowed: tuple[str, ...]) -> tuple[tuple[str, Span], ...]:
    """Every kind of speech in a text, with its place."""
    found, languages = [], _languages(text, allowed)
    for number, sentence in enumerate(sentences(text)):
        place = Span(sentence[0].place.start, sentence[-1].place.end)
        for language in languages:
            grammar = speech(language)
            found += [(s.kind, s.place) for s in grammar.matches(sentence)]
            if _names_nothing(sentence, grammar, language):
                found.append(("not_the_picture", place))
            elif number and _turns_to_reader(sentence, grammar, language):
                found.append(("model_talk", place))
            found += [
                ("model_talk", _span(c)) for c in _clauses(sentence) if _introduces(c, grammar, language)
            ]
    return tuple(found)


def _languages(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Languages that a text may be in, by its small words; all where it has none."""
    listed, known = words(text), by_first_word("function_words")
    hits = {code: sum(w in known[code] for w in listed) for code in allowed}
    return tuple(code for code in allowed if 2 * hits[code] >= max(hits.values()))


def _span(tokens: Sequence[Token]) -> Span:
    return Span(tokens[0].place.start, tokens[-1].place.end)


def _clauses(sentence: Sequence[Token]) -> list[list[Token]]:
    """The text between marks, each part with the mark behind it."""
    parts: list[list[Token]] = [[]]
    for token in sentence:
        parts[-1].append(token)
        if token.word in _BREAKS:
            parts.append([])
    return [p for p in parts if any(t.is_word for t in p)]


def _heard(tokens: Sequence[Token], grammar: Speech, language: str) -> tuple[set[str], int]:
    """Classes of the words, and how many words name something that is seen."""
    small, there, scene = stop_words(language), set[str](), 0
    for k, token in enumerate(t for t in tokens if t.is_word):
        names = grammar.names(token, begins=k == 0)
        there |= names
        scene += not (names & _OF_TALK or token.word in small or "#" in names)
    return there | {t.word for t in tokens if not t.is_word}, scene


def _names_nothing(sentence: Sequence[Token], grammar: Speech, language: str) -> bool:
    """Whether a sentence is about a request and names next to nothing that could be seen."""
    there, scene = _heard(sentence, grammar, language)
    about = len(there & (_TASK | _ASKED))
    if scene:
        return about > _LEAST_KINDS and scene <= _MOST_SCENE
    return _speaks(there) or bool(there & _TASK) or (bool(there & _ASKED) and len(sentence) >= _LEAST_ASKED)


def _speaks(there: set[str]) -> bool:
    """Whether somebody says of themselves what they can, may, or do for a reader."""
    return "I" in there and bool(there & {"NOT", "ABLE", "YOU", "MUST", "OPINE", "WORK"})


def _turns_to_reader(sentence: Sequence[Token], grammar: Speech, language: str) -> bool:
    """Whether a later sentence names nothing and speaks to somebody."""
    there, scene = _heard(sentence, grammar, language)
    turns = (
        ("I" in there and "?" not in there)
        or there & {"PLEASE", "THANK"}
        or ("YOU" in there and there & {"WANT", "MORE", "HELP"})
    )
    return not scene and bool(turns) and sum(t.is_word for t in sentence) > 1


def _introduces(clause: Sequence[Token], grammar: Speech, language: str) -> bool:
    """Whether a part of a sentence names nothing, and says who speaks or what follows."""
    there, scene = _heard(clause, grammar, language)
    if scene or sum(t.is_word for t in clause) < 2:  # one word is left to patterns
        return False
    return _speaks(there) or (
        clause[-1].word == ":" and bool(there & (_TASK | _ASKED | {"I", "HERE", "YOU", "SUBJECT"}))
    )


def prompt_echo(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A run of words of our own prompts or of the form that was asked for."""
    for field, text in row.whole():
        listed = spans(text)
        runs = ((listed[i : i + size]) for size, _least in _RUNS for i in range(len(listed) - size + 1))
        found = next((run for run in runs if tuple(w for w, _place in run) in _prompted()), None)
        if found:
            start, end = found[0][1].start, found[-1][1].end
            yield Issue(
                "prompt_echo",
                field,
                start,
                end,
                f"{text[start:end]!r} stands in the question, not in the picture",
            )


@functools.cache
def _prompted() -> frozenset[tuple[str, ...]]:
    """Runs of words in prompts and in the descriptions of replies, those with enough words of meaning."""
    prompts = [load_prompt(name, None) for name in prompt_names()]
    kinds = [k for k in vars(replies).values() if isinstance(k, type) and issubclass(k, replies.Reply)]
    texts = [t for p in prompts for t in (p.system, p.user)]
    texts += [f.description or "" for k in kinds for f in k.model_fields.values()]
    runs: set[tuple[str, ...]] = set()
    small = small_words().union(
        *(by_first_word("function_words")[code] for code in SPOKEN), by_first_word("no_keywords")["says"]
    )
    for text in texts:
        listed = words(text)
        for size, least in _RUNS:
            every = (tuple(listed[i : i + size]) for i in range(len(listed) - size + 1))
            runs.update(run for run in every if sum(w not in small for w in run) >= least)
    return frozenset(runs)
