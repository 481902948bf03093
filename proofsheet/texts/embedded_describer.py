"""The embedded describer: it puts what is known into fixed templates, and says so by its name.

Holds `reply`, `made_from`, `evidence`, `wrote` and the order in which what is known is said.
Add here: what can be said of another fact.
Keep out: words of a language (phrases.py), what is known (known_facts.py), and models that see (client/).

First comes what people wrote, then the folder's subject and place, the date, the prompt of a generated picture, what models saw,
then light and colour. Where nothing names a subject, what is left is a draft: the gate does not accept it (rules/subject.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.rules.completeness import LANGUAGES
from proofsheet.rules.subject import names_subject, subject_words
from proofsheet.rules.tokens import words
from proofsheet.storage.code_version import module_version
from proofsheet.texts.known_facts import KnownFacts, SeenThing
from proofsheet.texts.label_names import label_name
from proofsheet.texts.phrases import PHRASES, Phrases
from schemas.facts import WordEdit
from schemas.library import ExifFact, GenerationFact
from schemas.proof import MetadataRepair, Texts
from schemas.replies import CaptionReply, Reply, TagsReply, TitleReply
from schemas.sets import ImageSet
from schemas.vision import ImageQuality, PhotoLabel, SeenObject

Row = Mapping[str, Any]
NAME = "embedded describer"
TEMPLATE = "known-1"
TEMPLATE_WORDS = frozenset(
    ["mostly", "überwiegend", "probably", "vermutlich", "taken", "aufgenommen", "uhr", "picture", "prompt"]
)
_PERSON = "person"
_MOST_TITLE, _MOST_PROMPT, _MOST_WRITTEN, _MOST_PARTS = 80, 120, 160, 6
_MOST_KEYWORD = 4
_CLAUSE = re.compile(r"[.;:!?](?:\s|$)")
_OF_PROMPTS = re.compile(r"<[^>]*>|:\d+(?:\.\d+)?|[()\[\]{}\"“”„|]|\bBREAK\b")


@dataclass(frozen=True)
class _Part:
    """Something that a text says, and the columns that it comes from."""

    text: str
    sources: tuple[str, ...]


def template(known: KnownFacts) -> str:
    """The version of the templates, with their language."""
    return f"{TEMPLATE} {known.language}"


def digest() -> str:
    """Hash of this code: another wording is another describer."""
    return module_version(__name__)


def reply(job: str, known: KnownFacts | None) -> Reply | None:
    """What can be said from what is known; None where that cannot answer a job.

    Args:
        job: name of the job.
        known: of the picture; None if nothing was gathered.
    """
    if job not in _REPLIES or known is None or ImageQuality.colors not in known.measured:
        return None
    return _REPLIES[job](known)


def made_from(job: str, known: KnownFacts) -> str:
    """The columns that the answer to a job comes from, as table.column, in the order of what it says."""
    sources = [source for part in _PARTS[job](known) for source in part.sources]
    return ", ".join(dict.fromkeys(sources))


def _caption(known: KnownFacts) -> CaptionReply:
    caption = " ".join(f"{_upper(part.text)}." for part in _caption_parts(known))
    about = [*_opening(known), *_seen(known), *_look(known)]
    return CaptionReply(caption=caption, alt_text=f"{_upper('; '.join(part.text for part in about))}.")


def _caption_parts(known: KnownFacts) -> list[_Part]:
    phrases = PHRASES[known.language]
    (look,) = _look(known)
    mostly = phrases.mostly.format(look.text) if known.measured[ImageQuality.colors] else look.text
    taken = _taken(known, with_time=True)
    last = _Part("; ".join([*(part.text for part in taken), mostly]), (*_sources(taken), *look.sources))
    return [*_opening(known), *_seen(known), last]


def _title(known: KnownFacts) -> TitleReply:
    parts = [part.text for part in _title_parts(known)]
    return TitleReply(title=_upper(_shortened(", ".join(parts), _MOST_TITLE)))


def _title_parts(known: KnownFacts) -> list[_Part]:
    """The first thing that is known, with the date; colours where nothing else is."""
    head = (_opening(known, for_title=True) or _seen(known))[:1]
    if not head:
        return _look(known)
    day = _taken(known, with_time=False)
    is_quoted = known.written and Texts.caption in known.written
    return [*head, *(day or (_look(known) if is_quoted else []))]


def _tags(known: KnownFacts) -> TagsReply:
    listed = [word for part in _tag_parts(known) for word in part.text.split("|") if word]
    return TagsReply(tags_normalized=list({word.casefold(): word for word in listed}.values()))


def _tag_parts(known: KnownFacts) -> list[_Part]:
    """Keywords, most telling first, with bars between; colours come last."""
    phrases = PHRASES[known.language]
    texts = [known.written[f] for f in (Texts.title, Texts.caption) if f in known.written]
    parts = [_Part("|".join(_keywords(t)), (_column(WordEdit, WordEdit.value),)) for t in texts[:1]]
    parts += [_Part("|".join(_keywords(t)), s) for t, s in _subject(known)]
    named = [label for label in (known.thing.label if known.thing else "", known.broader) if label]
    if named:
        parts.append(
            _Part("|".join(_noun(n, phrases) for n in named), (_column(PhotoLabel, PhotoLabel.label),))
        )
    if things := [_noun(label, phrases) for label in known.objects]:
        parts.append(_Part("|".join(things), (_column(SeenObject, SeenObject.objects),)))
    if prompt := _prompt(known.prompt):
        short = [p for p in prompt if len(p.split()) <= _MOST_KEYWORD] or _keywords(prompt[0])
        parts.append(_Part("|".join(short[:_MOST_PARTS]), (_column(GenerationFact, GenerationFact.prompt),)))
    colors = [phrases.color(str(c["color"])) for c in known.measured[ImageQuality.colors]]
    return [*parts, _Part("|".join(colors or [_light(known)]), (_column(ImageQuality, ImageQuality.colors),))]


_REPLIES = {"caption": _caption, "title": _title, "tags_normalize": _tags}
_PARTS = {"caption": _caption_parts, "title": _title_parts, "tags_normalize": _tag_parts}


def _opening(known: KnownFacts, *, for_title: bool = False) -> list[_Part]:
    """What people say of the picture or its folder, else what a generator was asked for."""
    own = Texts.caption if for_title else Texts.title
    for field in (own, Texts.keywords):
        if written := known.written.get(field):
            text = written if isinstance(written, str) else ", ".join(written[:_MOST_KEYWORD])
            first = _CLAUSE.split(text.strip())[0] if isinstance(written, str) else text
            return [_Part(_shortened(first, _MOST_WRITTEN), (_column(WordEdit, WordEdit.value),))]
    if said := _subject(known):
        return [
            _Part(", ".join(text for text, _s in said), tuple(s for _t, sources in said for s in sources))
        ]
    if prompt := _prompt(known.prompt):
        phrases, source = PHRASES[known.language], _column(GenerationFact, GenerationFact.prompt)
        return [_Part(phrases.generated.format(_shortened(", ".join(prompt), _MOST_PROMPT)), (source,))]
    return []


def _subject(known: KnownFacts) -> list[tuple[str, tuple[str, ...]]]:
    """Subject and place of the folder; a place that the subject names is not said again."""
    found = [(known.subject.strip().rstrip("."), (_column(ImageSet, ImageSet.subject),))]
    if not set(words(known.location)) <= set(words(known.subject)):
        found.append((known.location.strip().rstrip("."), (_column(ImageSet, ImageSet.location),)))
    return [(text, sources) for text, sources in found if text]


def _prompt(prompt: str) -> list[str]:
    """Parts of a prompt that name a thing, without weights and marks of the generator."""
    plain = (" ".join(part.split()) for part in _OF_PROMPTS.sub(" ", prompt).split(","))
    return [part for part in plain if part and names_subject(part, LANGUAGES)]


def _seen(known: KnownFacts) -> list[_Part]:
    """What models saw: one label, people, and things that were counted."""
    phrases, said = PHRASES[known.language], {w for part in _opening(known) for w in words(part.text)}
    parts, sources = list[str](), list[str]()
    if known.thing and not set(words(_noun(known.thing.label, phrases))) <= said:
        parts.append(_thing(known.thing, phrases))
        sources.append(_column(PhotoLabel, PhotoLabel.label))
    same = {known.thing.label, label_name(known.thing.label).kind} if known.thing else set[str]()
    for label, count in sorted(known.objects.items(), key=lambda o: o[0] != _PERSON):
        if label not in same:
            name = label_name(label)
            parts.append(phrases.name(name) if count == 1 else phrases.plural(name, count))
            sources.append(_column(SeenObject, SeenObject.objects))
    return [_Part(phrases.joined(parts), tuple(dict.fromkeys(sources)))] if parts else []


def _thing(thing: SeenThing, phrases: Phrases) -> str:
    name = phrases.name(label_name(thing.label))
    return name if thing.is_sure else phrases.probably.format(name)


def _noun(label: str, phrases: Phrases) -> str:
    """A label without an article."""
    name = label_name(label)
    return name.english if phrases is PHRASES["en"] or name.german is None else name.german


def _taken(known: KnownFacts, *, with_time: bool) -> list[_Part]:
    """The date of capture; with the time of day where a camera wrote one and it is asked for."""
    phrases = PHRASES[known.language]
    when, day = known.measured.get(ExifFact.taken_at), known.measured.get(ExifFact.taken_on)
    if when is None and not day:
        return []
    sources = (_column(ExifFact, ExifFact.taken_at if when else ExifFact.taken_on),)
    date = phrases.day(when or datetime.fromisoformat(day))
    if not with_time:
        return [_Part(date, sources)]
    said = phrases.taken_at.format(date, f"{when:%H:%M}") if when else phrases.taken_on.format(date)
    return [_Part(said, sources)]


def _look(known: KnownFacts) -> list[_Part]:
    """Colours with their places; light where no colour has a name."""
    phrases, colors = PHRASES[known.language], known.measured[ImageQuality.colors]
    said = [f"{phrases.color(c['color'])} {phrases.places[c['place']]}" for c in colors]
    return [_Part(phrases.joined(said) or _light(known), (_column(ImageQuality, ImageQuality.colors),))]


def _light(known: KnownFacts) -> str:
    value = known.measured[ImageQuality.brightness]
    return PHRASES[known.language].light["dark" if value < 0.25 else "bright" if value > 0.65 else "even"]


def _keywords(text: str) -> list[str]:
    """A short text as it is, else its words that name something."""
    plain = text.strip(" .")
    return [plain] if len(plain.split()) <= _MOST_KEYWORD else subject_words(plain, LANGUAGES)[:_MOST_PARTS]


def evidence(facts: Row) -> frozenset[str]:
    """Words about the picture that measurements support, whoever wrote them.

    Args:
        facts: columns of `image_quality`.
    """
    return frozenset(" ".join(str(c["color"]) for c in facts[ImageQuality.colors]).split())


def wrote(row: Row) -> frozenset[str]:
    """The fields that this describer wrote and nobody changed, of a row of `metadata_repaired` or `proof_attempts`."""
    by_model = {
        source.removesuffix("=model")
        for source in (row[MetadataRepair.sources] or "").split(", ")
        if source.endswith("=model")
    }
    return frozenset(by_model) if row[MetadataRepair.model] == NAME else frozenset()


def _column(table: type[Any], name: str) -> str:
    return f"{table.name}.{name}"


def _sources(parts: Sequence[_Part]) -> tuple[str, ...]:
    return tuple(source for part in parts for source in part.sources)


def _shortened(text: str, most: int) -> str:
    """The text, or as many of its whole words as fit."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
