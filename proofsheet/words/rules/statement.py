"""The rule on texts that hold something else than one statement: several texts to choose from, a score, a credit line, letters without a word.

Holds the rule `not_one_statement`.
Add here: another such form, in `_FORMS` or `_LABELS`.
Keep out: what is said in a statement (speech.py, caption.py), markup (residue.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proofsheet.words import lexicon
from proofsheet.words.lists import lines
from proofsheet.words.rules.judged import Issue, Judged
from proofsheet.words.text import Found, outside_quotes
from schemas.proof import Texts
from schemas.settings_words import GateSettings

_SURE = r"(?:confiden\w*|certain\w*|probab\w*|likel\w*|accura\w*|sure|guess\w*|score|rating|konfidenz|sicher\w*|wahrscheinlich\w*|vermutlich|genauigkeit|geraten|bewertung)"
_PICTURE = r"(?:photo(?:graph\w*|s)?|images?|pictures?|shot|credits?|source|courtesy|copyright|author|artist|fotos?|fotograf\w*|bild(?:er|nachweis|rechte|quelle)?|aufnahme|quelle|urheber\w*|autor\w*)"
_MAYBE = r"(?:maybe|perhaps|possibly|probably|likely|vielleicht|eventuell|möglicherweise|vermutlich|wahrscheinlich|womöglich)"
_FORMS = {
    "several texts to choose from": (
        r"\w[\w,]*\s+(?:OR|ODER)\s+\w",
        r"(?i:\b(?:or|oder):\s)",
        r"(?i:(?:^|[.!?;:(]\s*)(?:alternativ(?:ely|e)?|or else|oder aber|oder auch)\s*[:,(]\s*\w)",
        r"\w+\s/\s\w[^/]*\s/\s\w",
        r"(?i:\b(?:may|might|could)\s+(?:also\s+)?be\s+[^.!?]*,?\s+(?:or|perhaps|maybe|possibly)\s)",
        r"(?i:\b(?:könnte|mag|dürfte)\s+[^.!?]*\s(?:oder|vielleicht|eventuell)\s)",
        rf"(?i:\b{_MAYBE}\b[^.!?]*\b(?:or|but|oder|aber)\b[^.!?]*\b{_MAYBE}\b)",
        r"(?i:^\W*(?:(?:it|this|that|das|es)\s+(?:is|ist)\s+)?(?:either|entweder)\s+(?:(?:ein\w*|an?|the|der|die|das)\s+)?\w+\s+(?:or|oder)\s)",
        r"(?:\w+\s){2,}\w+\s/\s(?:[Aa]n?|[Tt]he|[Ee]ine?|[Dd](?:er|ie|as))\s\w+",
    ),
    "a score or how sure somebody is": (
        rf"(?i:[(\[][^)\]]*\b{_SURE}\b[^)\]]*[)\]])",
        r"[(\[]\s*~?\d{1,3}(?:[.,]\d+)?\s?%\s*[)\]]",
        rf"(?i:\d\s?(?:%|percent|prozent)\s+{_SURE}\b|\bzu\s+(?:etwa\s+|rund\s+|über\s+)?\d+\s?(?:%|prozent)\s+{_SURE})",
        rf"(?i:\b{_SURE}\s*[:=]?\s+(?:is\s+|ist\s+|bei\s+)?(?:very\s+|sehr\s+)?(?:high|low|medium|moderate|hoch|niedrig|mittel|gering)\b)",
        rf"(?i:\b{_SURE}\s*(?:[:=]|of|level|von|bei)\s*(?:about\s+|etwa\s+)?\d)",
        r"\b[01]?[.,]\d{2,3}\b\D+\b[01]?[.,]\d{2,3}\b(?=\D*(?:$|[,;]\D+\b[01]?[.,]\d))",
        r"(?i:\b(?:\d{1,2}|[a-z]+)\s*/\s*(?:5|10|100)\s*(?:points?|stars?|punkten?|sternen?|[,.]|$)|\b\w+ (?:out of|von) (?:five|ten|fünf|zehn|5|10|100)(?: (?:stars?|points?|sternen?|punkten?))?\s*(?:for|für|[.,!]|$))",
    ),
    "a credit, no description": (
        rf"^\W*(?i:(?:[\w-]+\s)?{_PICTURE})\s*(?i::|by|from|von|©|/|–|-)\s*(?:[A-ZÄÖÜ][\w.’'-]*[\s/,&]*|(?:dpa|afp|by|via|und|and|für|for|the|of|von|an?)\b[\s/,]*){{1,6}}$",
        rf"(?i:^\W*(?:(?:an?|the|der|die|das)\s)?(?:{_PICTURE}\s+)(?:is\s+|ist\s+)?(?:unknown|unbekannt|not known|nicht bekannt|anonymous|archiv\w*|privat\w*)\b)",
        rf"(?i:^\W*(?:{_PICTURE})\s+(?:provided|supplied|taken|made|courtesy)\s+(?:by|of)\b)",
        r"(?i:\bCC[ -](?:BY|0)\b|\blicen[sc]ed under\b|\bcreative commons\b|\bpublic domain\b|\ball rights\b|\broyalty[- ]free\b|\bfree (?:for|of) (?:editorial|commercial|use|charge)|\bgemeinfrei\b|\blizenzfrei\b|\bhonorarfrei\b|\brechte vorbehalten\b|\bcopyright[- ](?:protected|by|holder)|\burheberrechtlich\b|\bnachdruck\b|[©®™]\s*\w)",
        r"(?i:\b(?:do not|no|not for|nicht|ohne|keine)\s+(?:\w+\s){0,2}(?:reproduc\w*|redistribut\w*|reuse|resale|copying|vervielfältig\w*|weiterverwend\w*|genehmigung|erlaubnis)\b)",
    ),
    "words in no order": (
        r"\b(?:the|an|my|his|their|its)\s+(?:of|and|with|is|are|at|from|by|the|an|was|were)\b",
    ),
    "no word of any language": (
        r"(?i:\b(?![^\W\d_]*(?:sch|str|ngst|schl|brrr|psst|hmm|pfft|grr|zzz))[bcdfghjklmnpqrstvwxz]{5,}\b)",
        r"(?:\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f\d])[0-9a-f]{4}\b\s*){4,}",
        r"^\W*(?:[a-z]{1,3}[_-]?)?\d[\d_\-:. ]{4,}\W*$",
    ),
}
_COMPILED = {what: re.compile("|".join(parts)) for what, parts in _FORMS.items()}
_LABEL = re.compile(r"(?:^|[.!?;,]\s+|\s(?=[A-Z\d]))([^\W\d_][\w-]*(?:\s(?:[\w-]+)){0,2}|\d{1,2})\s?:\s+(?=\w|[\"'“„])")
_LEAST_STRANGE, _LEAST_KEYWORDS = 0.6, 3


def not_one_statement(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Several texts, a score, a credit or a row of letters stands where one statement belongs."""
    for field in (Texts.title, Texts.caption, Texts.alt_text):
        text = outside_quotes(row.texts[field])
        for what, pattern in _COMPILED.items():
            if found := pattern.search(text):
                yield _issue(field, Found(found.start(), found.end()), what)
                break
        else:
            if labelled := _labels(text):
                yield _issue(field, labelled, "a list of labels, or names its parts")
    for keyword in row.texts[Texts.keywords]:
        if found := _COMPILED["a score or how sure somebody is"].search(keyword):
            yield _issue(Texts.keywords, Found(found.start(), found.end()), "a score or how sure somebody is")
    yield from _strange_letters(row, settings)


def _issue(field: str, place: Found, what: str) -> Issue:
    return Issue("not_one_statement", field, place.start, place.end, f"here stands {what}; leave one plain statement of what is seen")


def _labels(text: str) -> Found | None:
    """Two labels with a colon or more, unless they say where or when in the picture."""
    found = [m for m in _LABEL.finditer(text) if m.group(1).split()[0].casefold() not in lines("labels_of_places")]
    return Found(found[0].start(), found[-1].end()) if len(found) > 1 else None


def _strange_letters(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Keywords of which most are no words of an allowed language, and none has a capital: letters at random."""
    listed = [w for k in row.texts[Texts.keywords] for w in k.split() if w.isalpha() and w.islower()]
    codes = [c for c in settings.languages if lexicon.has_words(c)]
    if not codes or len(listed) < _LEAST_KEYWORDS:
        return
    strange = [w for w in listed if not any(lexicon.known(w, c) for c in codes)]
    if len(strange) >= _LEAST_STRANGE * len(listed):
        for keyword in row.texts[Texts.keywords]:
            if set(keyword.split()) & set(strange):
                message = f"{keyword!r} is no word of {', '.join(settings.languages)}"
                yield Issue("language", Texts.keywords, 0, len(keyword), message)
