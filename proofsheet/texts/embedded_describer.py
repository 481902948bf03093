"""The embedded describer: known facts in fixed templates. Its name marks such texts.

Holds `reply`, `made_from`, `evidence` and the order of the facts in a text.
Add here: the part of a text for another fact.
Keep out: words of a language (phrases.py), what is known (picture_facts.py), and models that see (client/).

People's words come first, then subject and place of the folder, the prompt of a generated picture, labels and
objects, the date, and last light and colour. Without a subject the text is a draft, which the gate does not
accept (rules/subject.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.rules.base import small_words
from proofsheet.rules.completeness import reads_as, torn
from proofsheet.rules.sentence_ends import first_clause
from proofsheet.rules.tokens import words
from proofsheet.storage.code_version import module_version
from proofsheet.texts.label_names import label_name
from proofsheet.texts.phrases import PHRASES, Phrases
from proofsheet.texts.picture_facts import KnownFacts, SeenThing
from proofsheet.texts.prompt_parts import keywords_of, prompt_keywords, prompt_parts
from schemas.labels import PhotoLabel, SeenObject
from schemas.library import ExifFact, GenerationFact
from schemas.proof import Texts
from schemas.replies import CaptionReply, Reply, TagsReply, TitleReply
from schemas.sets import ImageSet
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
BACKEND, NAME = "embedded", "embedded describer"
TEMPLATE = "known-2"
TEMPLATE_WORDS = frozenset(w for p in PHRASES.values() for text in p.around() for w in words(text))
_PERSON = "person"
_MOST_TITLE, _MOST_OPENING, _MOST_PARTS, _MOST_OBJECTS = 80, 100, 6, 4  # characters, then parts
_MOST_KEYWORD, _LEAST_SENTENCE = 4, 3  # words


_PROMPT = (f"{GenerationFact.name}.{GenerationFact.prompt}",)
_LABELS = (f"{PhotoLabel.name}.{PhotoLabel.label}",)
_OBJECTS = (f"{SeenObject.name}.{SeenObject.objects}",)
_COLORS = (f"{ImageQuality.name}.{ImageQuality.colors}",)


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
    """The reply from the known facts; None if they cannot answer a job.

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
    caption = " ".join(_sentence(part.text) for part in _caption_parts(known))
    about = "; ".join(part.text for part in _about(known))
    return CaptionReply(caption=caption, alt_text=_sentence(about))


def _about(known: KnownFacts) -> list[_Part]:
    """The parts of the alternative text."""
    return [*_opening(known, Texts.title, Texts.caption), *_seen(known), *_look(known)]


def _both_parts(known: KnownFacts) -> list[_Part]:
    return [*_caption_parts(known), *_about(known)]


def _caption_parts(known: KnownFacts) -> list[_Part]:
    phrases = PHRASES[known.language]
    (look,) = _look(known)
    taken = _taken(known, with_time=True)
    said = [*(part.text for part in taken), phrases.mostly.format(look.text)]
    last = _Part("; ".join(said), (*_sources(taken), *look.sources))
    return [*_opening(known, Texts.title), *_seen(known), last]


def _title(known: KnownFacts) -> TitleReply:
    return TitleReply(title=_upper(", ".join(part.text for part in _title_parts(known))))


def _title_parts(known: KnownFacts) -> list[_Part]:
    """The first known fact, with the date; colours if nothing else is known."""
    phrases, day = PHRASES[known.language], _taken(known, with_time=False)
    colors = [phrases.color(str(c["color"])) for c in known.measured[ImageQuality.colors]]
    look = _Part(phrases.joined(colors) or phrases.picture.format(_light(known)), _COLORS)
    repeats = Texts.caption in known.written  # a title that repeats a person's caption says something more
    rest = day or ([look] if repeats else [])
    most = _MOST_TITLE - sum(len(part.text) + len(", ") for part in rest)
    head = (_opening(known, Texts.caption, most=most) or _seen(known, most=most))[:1]
    return [*head, *rest] if head else [look]


def _tags(known: KnownFacts) -> TagsReply:
    listed = [word for part in _tag_parts(known) for word in part.text.split("|") if word]
    return TagsReply(tags_normalized=list({word.casefold(): word for word in listed}.values()))


def _tag_parts(known: KnownFacts) -> list[_Part]:
    """Keywords, most specific first, with bars between; colours come last."""
    phrases = PHRASES[known.language]
    fields = [f for f in (Texts.title, Texts.caption) if f in known.written]
    parts = [_Part("|".join(keywords_of(known.written[f])), (known.column_of(f),)) for f in fields[:1]]
    parts += [_Part("|".join(keywords_of(t)), sources) for t, sources in _subject(known)]
    thing = [known.thing.label] if known.thing else []
    parts.append(
        _Part("|".join(_noun(label, phrases) for label in (*thing, known.broader) if label), _LABELS)
    )
    parts.append(_Part("|".join(_noun(label, phrases) for label in known.objects), _OBJECTS))
    asked_for = [word for part in prompt_parts(known.prompt) for word in prompt_keywords(part)]
    parts.append(_Part("|".join(asked_for[:_MOST_PARTS]), _PROMPT))
    colors = [phrases.color(str(c["color"])) for c in known.measured[ImageQuality.colors]]
    return [part for part in (*parts, _Part("|".join(colors or [_light(known)]), _COLORS)) if part.text]


_REPLIES = {"caption": _caption, "title": _title, "tags_normalize": _tags}
_PARTS = {"caption": _both_parts, "title": _title_parts, "tags_normalize": _tag_parts}


def _opening(known: KnownFacts, *fields: str, most: int = _MOST_OPENING) -> list[_Part]:
    """The words of people in these fields or in keywords, else subject and place, else a prompt.

    Its text has at most `most` characters.
    """
    for field in (*fields, Texts.keywords):
        if written := known.written.get(field):
            is_text = isinstance(written, str)
            text = first_clause(written.strip()) if is_text else ", ".join(written[:_MOST_KEYWORD])
            return [_Part(_own_words(text, known.language, most), (known.column_of(field),))]
    if said := _subject(known):
        behind = sum(min(len(text), most // 2) + len(", ") for text, _sources in said[1:])  # the place
        room = [most - behind, most // 2]
        text = ", ".join(
            _own_words(t, known.language, r) for (t, _sources), r in zip(said, room, strict=False)
        )
        return [_Part(text, tuple(source for _text, sources in said for source in sources))]
    if prompt := prompt_parts(known.prompt):
        generated = PHRASES[known.language].generated
        return [_Part(_quoted(", ".join(prompt), generated, most), _PROMPT)]
    return []


def _own_words(text: str, language: str, most: int) -> str:
    """People's words, in quotation marks where they are in another language than the text."""
    is_other = len(words(text)) >= _LEAST_SENTENCE and reads_as(text) != language
    return _quoted(text, PHRASES[language].quoted, most) if is_other else _shortened(text, most)


def _quoted(text: str, phrase: str, most: int) -> str:
    """A text within a phrase; the text is shortened, not the phrase."""
    return phrase.format(_shortened(text, most - len(phrase.format(""))))


def _subject(known: KnownFacts) -> list[tuple[str, tuple[str, ...]]]:
    """Subject and place of the folder; without the place if the subject already names it."""
    found = [(known.subject, f"{ImageSet.name}.{ImageSet.subject}")]
    if not set(words(known.location)) <= set(words(known.subject)):
        found.append((known.location, f"{ImageSet.name}.{ImageSet.location}"))
    return [(text.strip().rstrip("."), (source,)) for text, source in found if text.strip()]


def _seen(known: KnownFacts, most: int = _MOST_OPENING) -> list[_Part]:
    """What models saw: one label, people, and things that were counted; as many as fit."""
    phrases, opening = PHRASES[known.language], _opening(known, Texts.title, Texts.caption)
    said = {word for part in opening for word in words(part.text)}
    parts = list[_Part]()
    same = {known.thing.label, label_name(known.thing.label).kind} if known.thing else set[str]()
    counted = {label for label, count in known.objects.items() if label in same and count > 1}
    is_said = known.thing is not None and set(words(_noun(known.thing.label, phrases))) <= said
    if known.thing and not counted and not is_said:
        parts.append(_Part(_thing(known.thing, phrases), _LABELS))
    others = [(label, n) for label, n in known.objects.items() if label in counted or label not in same]
    for label, count in sorted(others, key=lambda o: (o[0] != _PERSON, o[0] not in counted))[:_MOST_OBJECTS]:
        name = label_name(label)
        parts.append(_Part(phrases.name(name) if count == 1 else phrases.plural(name, count), _OBJECTS))
    while len(parts) > 1 and len(phrases.joined([p.text for p in parts])) > most:
        parts.pop()
    return [_Part(phrases.joined([p.text for p in parts]), _sources(parts))] if parts else []


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
    date = phrases.day(when or datetime.fromisoformat(str(day)))
    source = (f"{ExifFact.name}.{ExifFact.taken_at if when else ExifFact.taken_on}",)
    if not with_time:
        return [_Part(date, source)]
    said = phrases.taken_at.format(date, f"{when:%H:%M}") if when else phrases.taken_on.format(date)
    return [_Part(said, source)]


def _look(known: KnownFacts) -> list[_Part]:
    """Colours by their places; light where no colour has a name."""
    phrases, places = PHRASES[known.language], dict[str, list[str]]()
    for color in known.measured[ImageQuality.colors]:
        places.setdefault(color["place"], []).append(phrases.color(color["color"]))
    said = [f"{phrases.joined(colors)} {phrases.places[place]}" for place, colors in places.items()]
    return [_Part(phrases.joined(said) or _light(known), _COLORS)]


def _light(known: KnownFacts) -> str:
    return PHRASES[known.language].light[_brightness(known.measured)]


def _brightness(facts: Row) -> str:
    value = facts[ImageQuality.brightness]
    if value < 0.25:
        return "dark"
    return "bright" if value > 0.65 else "even"


def evidence(facts: Row) -> frozenset[str]:
    """Words about the picture that measurements support, whoever wrote them.

    Args:
        facts: columns of `image_quality`.
    """
    named = [str(c["color"]) for c in facts[ImageQuality.colors]]
    return frozenset(" ".join([*named, _shape(facts), PHRASES["en"].light[_brightness(facts)]]).split())


def _shape(facts: Row) -> str:
    ratio = facts[ImageQuality.width_px] / facts[ImageQuality.height_px]
    if ratio >= 2:
        return "panoramic"
    if ratio > 1.05:
        return "landscape"
    return "square" if ratio >= 1 / 1.05 else "portrait"


def _sources(parts: Sequence[_Part]) -> tuple[str, ...]:
    return tuple(source for part in parts for source in part.sources)


def _shortened(text: str, most: int) -> str:
    """The text, or as many of its whole words as fit, of which the last is no small word."""
    if len(text) <= most:
        return text
    kept = text[:most].rsplit(" ", 1)[0].split(" ")
    while len(kept) > 1 and (
        kept[-1].strip(" ,;:-").casefold() in {"", *small_words()} or torn(" ".join(kept))
    ):
        kept.pop()
    return " ".join(kept)[: most - 1].rstrip(" ,;:-") + "…"


def _sentence(text: str) -> str:
    return _upper(text) if text.endswith((".", "!", "?", "…")) else f"{_upper(text)}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
