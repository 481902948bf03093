"""What is known of a picture: words of people, labels and their kinds, objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import write_field
from proofsheet.texts.picture_facts import SeenThing, picture_facts, seen_thing, written_words
from schemas.labels import PhotoLabel, SeenObject
from schemas.library import GenerationFact
from schemas.sets import ImageSet
from tests.support.kit import NOW


@pytest.mark.parametrize(
    ("labels", "thing", "broader"),
    [
        ({}, None, ""),
        ({"cocker spaniel": 0.5, "teapot": 0.2}, None, ""),
        ({"cocker spaniel": 0.75, "teapot": 0.2}, SeenThing("cocker spaniel", 0.75), ""),
        ({"cocker spaniel": 0.75, "Sussex spaniel": 0.2}, SeenThing("cocker spaniel", 0.75), "dog"),
        ({"cocker spaniel": 0.5, "Sussex spaniel": 0.25}, SeenThing("dog", 0.75), ""),
        ({"snake": 0.6, "cobra": 0.2}, SeenThing("snake", 0.8), ""),
        ({"some label of another network": 0.8}, SeenThing("some label of another network", 0.8), ""),
    ],
)
def test_labels_add_up_to_their_kind(labels: dict[str, float], thing: SeenThing | None, broader: str) -> None:
    found, kind = seen_thing(labels)
    assert kind == broader
    assert (found and (found.label, round(found.score, 6))) == (thing and (thing.label, thing.score))


def test_what_is_known_comes_from_tables_and_from_what_people_wrote(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite", "p")
    write_field(ledger, "a", "title", "Anna and Ben", None, "human", NOW)
    write_field(ledger, "a", "keywords", ["cake"], None, "import", NOW)
    write_field(ledger, "a", "caption", "A name that an identifier gave.", None, "identifier", NOW)
    own = {"project": "p", "photo_id": "a"}
    box = dict.fromkeys(("left", "top", "right", "bottom"), 0.1)
    seen = [{"label": "person", "score": s, **box} for s in (0.9, 0.8, 0.6)]
    label = {
        PhotoLabel.rank: 1,
        PhotoLabel.label: "teapot",
        PhotoLabel.score: 0.95,
        PhotoLabel.labelled_by: "n",
    }
    generated = dict.fromkeys(GenerationFact.columns()) | own
    generated |= {"prompt": "a red fox", "generated": True, "c2pa": False, "found_in": "parameters"}
    folder = {
        "project": "p",
        "folder": "f",
        "photos": 1,
        "described": 1,
        "subject": "Harvest",
        "location": "Ulm",
    }
    found = picture_facts(
        [
            {"photo_id": "a", "folder": "f", "brightness": 0.5},
            {"photo_id": "b", "folder": "", "brightness": 0.1},
        ],
        ["brightness"],
        ImageSet.frame([folder | {"hints": None}]),
        GenerationFact.frame([generated]),
        PhotoLabel.frame([own | label]),
        SeenObject.frame([own | {"status": "detected", "objects": seen, "detected_by": "d", "note": ""}]),
        "de",
    )
    one = found["a"]
    assert written_words(ledger) == {"a": {"title": "Anna and Ben", "keywords": ["cake"]}}
    assert (one.subject, one.location, one.prompt) == ("Harvest", "Ulm", "a red fox")
    assert (one.thing, one.objects) == (SeenThing("teapot", 0.95), {"person": 2})
    assert (one.language, one.measured) == ("de", {"brightness": 0.5})
    other = found["b"]
    assert (other.written, other.subject, other.prompt, other.thing, other.objects) == ({}, "", "", None, {})
