"""Whether the last word of a text can be the last of a whole sentence.

Holds `Ending` and `ending_words`.
Add here: another sign that a word needs a missing one after it; such words are data (lists/ends_*.txt).
Keep out: beginnings, marks and the text as a whole (completeness.py).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from proofsheet.rules import lexicon
from proofsheet.rules.lists import by_first_word
from proofsheet.rules.sentences import Token

STOPS = frozenset(".!?…")
_ASIDE = frozenset("?!")  # questions and calls end with many a small word
_PASSIVE, _WITH = frozenset(["is", "are", "was", "were"]), frozenset(["with", "mit"])
_OWNED = ("of", "his")  # `a friend of his`
_ONE = frozenset(["a", "an", "ein", "eine", "einen"])
_SINGLE = frozenset(["a", "an"])  # `in the dark` is whole, `in a dark` is not
_GERMAN_ARTICLES = frozenset(["der", "die", "das", "den", "dem", "des"])
_LEAST_WORDS, _MOST_MIDDLE, _SURE = 4, 4, 0.75


@functools.cache
def ending_words(language: str) -> dict[str, frozenset[str]]:
    """What kind of word to the words of that kind, of a language (`en`, `de`)."""
    return {key: frozenset(found) for key, found in by_first_word(f"ends_{language}").items()}


@dataclass(frozen=True)
class Ending:
    """The last sentence: its words, the mark behind them, and the language of the endings that judge it."""

    words: tuple[Token, ...]
    stop: str
    language: str

    @property
    def last(self) -> Token:
        """The last word."""
        return self.words[-1]

    @property
    def before(self) -> str:
        """The word before it."""
        return self.words[-2].word if len(self.words) > 1 else ""

    def is_torn(self, *, has_comma: bool) -> bool:
        """Whether the last word cannot be the last of a whole sentence."""
        last, ends = self.last, ending_words(self.language)
        if (
            last.written[:1].isupper() and self.before and last.word not in ends["beings"]
        ):  # a name, a German noun, an abbreviation
            return self._is_half() if self.language == "de" else self._is_half_name()
        if (last.word in ends["never"] and (self.before, last.word) != _OWNED) or self._joins_being(ends):
            return not self._names_sign(ends)
        if self.stop in _ASIDE or self._names_sign(ends):
            return False
        return self._waits_in_clause(ends) or self._waits_for_more(ends, has_comma=has_comma)

    def _joins_being(self, ends: dict[str, frozenset[str]]) -> bool:
        return self.before in ends["joins"] and self.last.word in ends["beings"]

    def _waits_for_more(self, ends: dict[str, frozenset[str]], *, has_comma: bool) -> bool:
        """Whether the last word is bound to one that is missing, or is half a word."""
        last = self.last
        if f"{self.before}-{last.word}" in ends.get("pairs", ()):
            return True
        if self.before in ends["first"] and self._counts():
            return True
        free = self._is_free(ends, has_comma=has_comma)
        if last.word in ends["bound"] and not free and not self._ends_verb(ends):
            return True
        if last.word == "by" and self.before.endswith("ed") and not free:
            return True
        if (
            last.word in ends["placed"]
            and not free
            and (self.before in ends["static"] or self._has_no_verb(ends))
        ):
            return True
        if self.language == "de" and self._hangs_on_noun(ends):
            return True
        return (self.before in ends["article"] and self._waits_for_noun(ends)) or self._is_half()

    def _ends_verb(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether the last word may end a German verb in two parts, before a full stop: `sieht das an`."""
        return self.stop in STOPS and self.last.word in ends.get("verbal", ())

    def _names_sign(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether the text is the name of a sign: `less than`, `the letter a`."""
        return self.before in ends["signs"] and self.words[0].word in ends["signs"] | ends["article"] | {
            "not"
        }

    def _waits_in_clause(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether a clause has only begun: `boys who are`, and in German `auf die`."""
        if self.language == "de" and self.last.word in _GERMAN_ARTICLES and self.before in ends["placed"]:
            return True
        return self.before in ends["relative"] and self.last.word in ends["bound"] and len(self.words) > 2

    def _counts(self) -> bool:
        """Whether the last word is the only number: `a table and four` waits for what is counted."""
        numbers = by_first_word("numbers").keys() - _ONE
        return self.last.word in numbers and not any(
            t.word in numbers or t.word.isdecimal() for t in self.words[:-1]
        )

    def _is_free(self, ends: dict[str, frozenset[str]], *, has_comma: bool) -> bool:
        """Whether a bound word may be last: after a relative clause, infinitive, passive or in an idiom."""
        earlier = [t.word for t in self.words[:-1]]
        if self.before in ends["idiom"] or any(w in ends["people"] for w in earlier[1:]):
            return True
        if (
            self.language == "de"
        ):  # its relatives are its articles: only verbs are freed by one that has no comma before it
            return (has_comma or self.last.word in ends["verbs"]) and any(
                w in ends["frees"] for w in earlier[1:]
            )
        passive = len(earlier) > 1 and earlier[-2] in _PASSIVE and earlier[-1].endswith(("ed", "en", "ught"))
        return passive or any(w in ends["frees"] for w in earlier)

    def _hangs_on_noun(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether a German word that may belong to a verb follows one without such a form: `liegt ein`."""
        stays = any(t.word in ends["stays"] for t in self.words)
        if self.before == "bis":
            return True
        after_verb = self.last.word == "ein" and self.before in ends["static"] | ends["verbs"] | ends["stays"]
        return after_verb or (
            stays and self.last.word in ends["after_noun"] and self.words[-2].written[:1].isupper()
        )

    def _has_no_verb(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether a text that begins with an article has no verb.

        Only signs of verbs are known, so long texts are not judged.
        """
        middle = self.words[1:-1]
        if (
            self.words[0].word not in ends["verbless"]
            or len(middle) > _MOST_MIDDLE
            or any(t.word in _WITH for t in middle)
        ):
            return False
        if self.language == "de":
            return not any(t.written.islower() and t.word.endswith(("t", "en", "eln", "ern")) for t in middle)
        return not any(
            t.word.endswith(("ing", "ed", "s", "n", "t")) or t.word in _PASSIVE for t in middle[1:]
        )

    def _waits_for_noun(self, ends: dict[str, frozenset[str]]) -> bool:
        """Whether an article and an adjective have no noun; `the old and the new` is whole."""
        last = self.last
        if self.stop in STOPS and any(
            t.word in ends.get("other", ()) for t in self.words[:-1]
        ):  # `und die andere eine weiße.`
            return False
        paired = (
            len(self.words) > 3
            and self.words[-3].word in ends["first"]
            and self.words[-4].word in ends.get("adjective", ())
        )
        if paired or (last.word in ends["nominal"] and self.before not in _SINGLE):
            return False
        if self.language == "de":  # where no noun has its capital, adjectives cannot be told from nouns
            return any(t.written[:1].isupper() for t in self.words[1:]) and _is_german_adjective(last)
        return last.word in ends["adjective"]

    def _is_half(self) -> bool:
        """Whether the last word is only the beginning of one, and all other words are known."""
        last = self.last.written
        if len(self.words) < _LEAST_WORDS or last.isupper():
            return False
        if self.stop in STOPS - {"…"}:
            return (
                last.islower()
                and not lexicon.known(last, self.language)
                and lexicon.is_shortened(last, self.language)
            )
        if lexicon.known(last, self.language):
            return self.language == "en" and last.islower() and lexicon.is_shortened(last, self.language)
        if not lexicon.is_beginning(last, self.language):
            return False
        others = [t.written for t in self.words[:-1] if t.written.islower()]
        return sum(lexicon.known(w, self.language) for w in others) >= _SURE * max(1, len(others))

    def _is_half_name(self) -> bool:
        """Whether the last word, with its capital, only begins a frequent one: `Winter Light on the Glac`."""
        last = self.last.written
        if self.stop in STOPS or last.isupper() or lexicon.known(last, self.language):
            return False
        capitals = all(t.written[:1].isupper() for t in self.words[:-1])
        return (capitals or self.words[-2].written.islower()) and lexicon.is_shortened(last, self.language)


def _is_german_adjective(token: Token) -> bool:
    """Whether a German word is one that takes the endings of adjectives."""
    word = token.written
    stem = next((word.removesuffix(e) for e in ("en", "em", "er", "es", "e") if word.endswith(e)), "")
    forms = (stem + e for e in ("e", "er", "es", "en", "em"))
    return (
        word.islower()
        and len(stem) > 1
        and not stem.endswith("st")
        and all(lexicon.known(f, "de") for f in forms)
    )
