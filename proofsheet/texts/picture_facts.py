"""The known facts of a picture before a model is asked: words of people, subject, date, labels, colour.

Holds `KnownFacts`, `picture_facts`, `written_words` and `seen_thing`.
Add here: another table that knows something of what a picture shows.
Keep out: sentences (phrases.py, embedded_describer.py).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import edits_of
from proofsheet.texts.label_names import label_name
from schemas.edits import WordEdit
from schemas.labels import PhotoLabel, SeenObject
from schemas.library import GenerationFact, Photo
from schemas.proof import Texts
from schemas.sets import ImageSet
from schemas.written import WrittenMetadata

Row = Mapping[str, Any]
SEEN, SURE = 0.7, 0.9  # a label is said from the first score on, and without `probably` from the second
PEOPLE = ("human", "import")  # sources of words that people wrote


@dataclass(frozen=True)
class SeenThing:
    """What a model saw: a label, or the kind that several labels have in common."""

    label: str
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether a text names it without `probably`."""
        return self.score >= SURE


_ELSEWHERE = {
    Texts.title: f"{WrittenMetadata.name}.{WrittenMetadata.title}",
    Texts.caption: f"{WrittenMetadata.name}.{WrittenMetadata.description}",
    Texts.keywords: f"{WrittenMetadata.name}.{WrittenMetadata.keywords}",
}


@dataclass(frozen=True)
class KnownFacts:
    """What is known of one picture.

    Attributes:
        language: that texts are to be written in.
        measured: columns of `image_quality` and `exif_facts`.
        written: field to the words of people in it; keywords are a list.
        elsewhere: fields of `written` that come out of a file or sidecar, which a program may have filled.
        subject: of the folder; empty unless it is confirmed.
        location: of the folder, as entered; or empty.
        prompt: of a generated picture, or empty.
        thing: the label or kind that a network saw with a score of at least `SEEN`.
        broader: kind of the thing, where the network is sure of the kind.
        objects: label to how many a detector found with a score of at least `SEEN`.
    """

    language: str = "en"
    measured: Row = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    subject: str = ""
    location: str = ""
    prompt: str = ""
    thing: SeenThing | None = None
    broader: str = ""
    objects: Mapping[str, int] = field(default_factory=dict)

    def column_of(self, field: str) -> str:
        """The column, as table.column, that the words of people in a field are from."""
        return _ELSEWHERE[field] if field in self.elsewhere else f"{WordEdit.name}.{WordEdit.value}"

    def with_words(self, words: Mapping[str, Any]) -> KnownFacts:
        """The same with words that people wrote here, which count more than those of a file or sidecar.

        Args:
            words: by field.
        """
        return replace(self, written={**self.written, **words}, elsewhere=self.elsewhere - words.keys())


def picture_facts(
    rows: Sequence[Row],
    columns: Sequence[str],
    image_sets: pl.DataFrame,
    generation_facts: pl.DataFrame,
    photo_labels: pl.DataFrame,
    objects: pl.DataFrame,
    language: str,
) -> dict[str, KnownFacts]:
    """Photo to what tables know of it; `written_words` says what people wrote.

    Args:
        rows: photos with what was measured about them.
        columns: of the rows that are measurements.
        image_sets: rows of `image_sets`.
        generation_facts: rows of `generation_facts`.
        photo_labels: rows of `photo_labels`.
        objects: rows of `objects`.
        language: that texts are to be written in.
    """
    sets = {r[ImageSet.folder]: r for r in image_sets.to_dicts()}
    prompts = dict(generation_facts.select(GenerationFact.photo_id, GenerationFact.prompt).iter_rows())
    labels: dict[str, dict[str, float]] = {}
    for seen in photo_labels.to_dicts():
        labels.setdefault(seen[PhotoLabel.photo_id], {})[seen[PhotoLabel.label]] = seen[PhotoLabel.score]
    found = dict(objects.select(SeenObject.photo_id, SeenObject.objects).iter_rows())
    known = {}
    for row in rows:
        photo, context = row[Photo.photo_id], sets.get(row[Photo.folder], {})
        thing, broader = seen_thing(labels.get(photo, {}))
        known[photo] = KnownFacts(
            language=language,
            measured={name: row[name] for name in columns},
            subject=context.get(ImageSet.subject) or "",
            location=context.get(ImageSet.location) or "",
            prompt=prompts.get(photo) or "",
            thing=thing,
            broader=broader,
            objects=Counter(o["label"] for o in found.get(photo) or () if o["score"] >= SEEN),
        )
    return known


def written_words(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Photo to the words of people by field; keywords are a list."""
    return {photo: _written(edits) for photo, edits in edits_of(ledger).items()}


def _written(edits: Mapping[str, Row]) -> dict[str, Any]:
    """What people wrote of a photo; what they gave back to the describer is not theirs."""
    own = {f: e for f, e in edits.items() if e[WordEdit.source] in PEOPLE and e[WordEdit.value]}
    return {
        f: json.loads(e[WordEdit.value]) if f == Texts.keywords else e[WordEdit.value] for f, e in own.items()
    }


def seen_thing(labels: Mapping[str, float]) -> tuple[SeenThing | None, str]:
    """The label that a network is sure enough of, else the kind that its labels have in common.

    Probabilities of labels add up to that of their kind: 0.5 for each of two breeds is 1.0 for a dog.

    Args:
        labels: label to score of one photo.

    Returns:
        The thing, or None; and its kind where the network is sure of that, else an empty text.
    """
    kinds: defaultdict[str, float] = defaultdict(float)
    for label, score in labels.items():
        kinds[label_name(label).kind or label] += score
    best, score = max(labels.items(), key=lambda k: k[1], default=("", 0.0))
    kind, whole = max(kinds.items(), key=lambda k: k[1], default=("", 0.0))
    seen = ((name, found) for name, found in ((best, score), (kind, whole)) if found >= SEEN)
    thing = next((SeenThing(name, found) for name, found in seen), None)
    is_broader = thing is not None and kind == label_name(thing.label).kind
    return thing, kind if is_broader and whole >= SURE else ""
