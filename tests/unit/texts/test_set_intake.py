"""Vocabulary, identification, intake sets and subjects: rules on plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.proof.assemble import assembled
from proofsheet.proof.vocabulary import mapped, read_vocabulary, tag_rows
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.workspace import Project
from proofsheet.texts.identification import consensus, route
from proofsheet.texts.set_intake import held_back, intake, read_intake, set_rows, validation_rows
from proofsheet.texts.set_subjects import refusal
from schemas.choices import Choice
from schemas.library import Photo
from schemas.proof import MetadataRepair
from schemas.replies import Candidate
from schemas.sets import ImageSet, SetContext, SetValidation
from schemas.settings.vocabulary import VocabularySettings
from schemas.tags import MediaTag, Tag, UnmappedTerm
from schemas.vectors import Embedding
from schemas.words import TagSet
from tests.support.kit import NOW

WORDS = (
    "nature\n\tbird\n\t\t{fowl}\n\t\t{Vogel}\n\t\theron\n\t\t\t{Reiher}\n"
    "\t[places]\n\t\tlake\n\t\t\t{See}\npeople\n"
)


@pytest.fixture
def vocabulary_file(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(WORDS, "utf-8")
    return path


def test_a_vocabulary_knows_synonyms_singulars_and_broader_terms(vocabulary_file: Path) -> None:
    known = read_vocabulary(vocabulary_file)
    assert [known.term(w) for w in ("Heron", "herons", "Reiher", "VOGEL", "lakes", "places", "stork")] == [
        *("heron", "heron", "heron", "bird", "lake", None, None)
    ]
    assert known.path("heron") == "nature|bird|heron"
    assert known.path("lake") == "nature|lake"


@pytest.mark.parametrize(
    ("text", "told"), [("\tbird\n", "line 1"), ("a\n\t{x}\nb\n\t{x}\n", "is already a name of 'a'")]
)
def test_a_broken_vocabulary_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "w.txt").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=told):
        read_vocabulary(tmp_path / "w.txt")


@pytest.mark.parametrize(
    ("more", "terms", "left"),
    [
        ({}, ["heron", "lake"], {"sunset": "not in the vocabulary"}),
        ({"excluded": ["lake"]}, ["heron"], {"sunset": "not in the vocabulary", "lake": "excluded"}),
        ({"most": 1}, ["heron"], {"sunset": "not in the vocabulary", "lake": "too many"}),
        ({"least": 3}, ["heron", "lake"], {"sunset": "not in the vocabulary", "(2 of 3)": "too few"}),
        (
            {"required": ["people"]},
            ["heron", "lake"],
            {"sunset": "not in the vocabulary", "(people)": "required is missing"},
        ),
        ({"add_broader": True}, ["heron", "lake", "bird", "nature"], {"sunset": "not in the vocabulary"}),
    ],
)
def test_keywords_become_terms_and_the_rest_is_listed(
    vocabulary_file: Path, more: dict[str, Any], terms: list[str], left: dict[str, str]
) -> None:
    found = mapped(
        ["Reiher", "sunset", "lake", "herons"],
        [],
        read_vocabulary(vocabulary_file),
        VocabularySettings(**more),
    )
    assert (found.terms, found.left) == (terms, left)


def test_a_persons_keyword_needs_no_vocabulary(vocabulary_file: Path) -> None:
    found = mapped(
        ["stork"], ["stork"], read_vocabulary(vocabulary_file), VocabularySettings(excluded=["stork"])
    )
    assert (found.terms, found.left) == (["stork"], {})


def test_without_a_vocabulary_every_keyword_is_a_tag(tmp_path: Path) -> None:
    answer = {"photo_id": "a", "model": "m", "wanted_model": "m", "model_digest": "d", "backend": "ollama"}
    texts = {"title": "T", "caption": "C", "alt_text": "A", "keywords": ["heron", "lake"]}
    repaired = MetadataRepair.frame([assembled("p", answer, texts, {}, "1", {}, {})])
    tags, left, known = tag_rows(
        Project("p", "P", tmp_path, tmp_path),
        repaired,
        TagSet.frame(),
        {"a": "grey heron"},
        None,
        VocabularySettings(),
    )
    assert tags.sort(MediaTag.tag).select(
        MediaTag.tag, MediaTag.weight, MediaTag.source, MediaTag.locked
    ).rows() == [
        ("grey heron", pytest.approx(1 / 3), "identifier", False),
        ("heron", 1.0, "model", False),
        ("lake", pytest.approx(2 / 3), "model", False),
    ]
    assert left.schema == UnmappedTerm.polars_schema()
    assert sorted(known[Tag.tag]) == ["grey heron", "heron", "lake"]


def said(name: str, broader: str, confidence: float) -> Candidate:
    return Candidate(name=name, broader=broader, confidence=confidence)


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (
            [("general", said("grey heron", "bird", 0.6)), ("biology", said("Grey Heron", "bird", 0.7))],
            ("grey heron", "two agree"),
        ),
        (
            [("general", said("crane", "bird", 0.6)), ("biology", said("grey heron", "bird", 0.7))],
            ("bird", "broader term"),
        ),
        (
            [("general", said("crane", "bird", 0.6)), ("biology", said("grey heron", "bird", 0.95))],
            ("grey heron", "one is sure"),
        ),
        (
            [("general", said("bird", "animal", 0.3)), ("biology", said("heron", "bird", 0.4))],
            ("bird", "broader term"),
        ),
        (
            [("general", said("crane", "machine", 0.6)), ("biology", said("crane fly", "insect", 0.7))],
            (None, "none"),
        ),
        ([("biology", said("heron", "bird", 0.6)), ("biology", said("heron", "bird", 0.6))], (None, "none")),
        ([], (None, "none")),
    ],
)
def test_only_agreement_or_sureness_names_anything(
    candidates: list[tuple[str, Candidate]], expected: tuple[str | None, str]
) -> None:
    assert consensus(candidates, 0.9) == expected


@pytest.mark.parametrize(
    ("labels", "way"),
    [
        (["bird"], "biology"),
        (["a red car", "dog"], "vehicle"),
        (["forest path"], "general"),
        ([], "general"),
        (["photo"], "general"),
    ],
)
def test_labels_route_to_identifiers(labels: list[str], way: str) -> None:
    assert route(labels) == way


@pytest.mark.parametrize(
    ("subject", "hints", "before", "told"),
    [
        ("Boats in a harbour", "", [], None),
        ("Boats in the harbour", "", ["Boats in a harbour"], "says the same"),
        ("The harbour's boats", "", ["Boats in a harbour"], "says the same"),
        ("Old harbour", "old harbour near Kiel", [], "copies the hints"),
        ("Harbour", "old harbour near Kiel", [], None),
        ("Fishing vessels at a quay", "old harbour near Kiel", ["Boats in a harbour"], None),
        ("...", "", [], "no word"),
    ],
)
def test_a_subject_is_new_and_no_hint(subject: str, hints: str, before: list[str], told: str | None) -> None:
    found = refusal(subject, hints, before)
    assert found is None if told is None else (found is not None and told in found)


def test_intake_notes_what_was_said_and_leaves_what_was_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite", "p")
    intake(ledger, ["a", "b"], read_intake("folder,subject,hints\na,,old boats\nb,Cranes,\n"), NOW)
    intake(ledger, ["a", "b"], read_intake("folder,location\na,Kiel\n"), NOW)
    rows = {r[SetContext.folder]: r for r in ledger.rows(SetContext).to_dicts()}
    assert (rows["a"]["subject"], rows["a"]["hints"], rows["a"]["location"]) == (None, "old boats", "Kiel")
    assert intake(ledger, ["e\u0301te\u0301"], [{"folder": "\u00e9t\u00e9", "subject": "Boats"}], NOW) == [
        "e\u0301te\u0301"
    ]
    with pytest.raises(UsageError, match="'c'"):
        intake(ledger, ["a"], read_intake("folder,subject\na,x\nc,y\n"), NOW)
    assert ledger.rows(SetContext, folder="a")["subject"].to_list() == [None]


@pytest.mark.parametrize(
    "text", ["name\na\n", "folder,unknown\na,b\n", "folder,subject\na,b,c\n", "", "folder\na\rb\n"]
)
def test_a_table_of_another_form_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        read_intake(text)


def photo(number: int, folder: str) -> dict[str, Any]:
    row = dict.fromkeys(Photo.polars_schema().names())
    path = f"{folder}/{number}.jpg"
    return row | {
        "project": "p",
        "photo_id": f"{folder}{number}",
        "path": path,
        "folder": folder,
        "file_name": f"{number}.jpg",
        "companions": [],
    }


def validated(
    tmp_path: Path, vectors: np.ndarray, keywords: list[str], *, said_something: bool = True
) -> pl.DataFrame:
    ledger = Ledger(tmp_path / "l.sqlite", "p")
    photos = Photo.frame([photo(n, "a") for n in range(len(vectors))])
    if said_something:
        intake(ledger, ["a"], [{"folder": "a", "subject": "Boats"}], NOW)
    sets = set_rows("p", photos, Choice.frame(), ledger)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    embeddings = Embedding.frame(
        {"project": "p", "photo_id": f"a{n}", "encoder_id": "e", "vector": v.tolist()}
        for n, v in enumerate(unit.astype(np.float32))
    )
    answer = {"model": "m", "wanted_model": "m", "model_digest": "d", "backend": "ollama"}
    texts = {"title": "Scene", "caption": "C", "alt_text": "A", "keywords": keywords}
    rows = [
        assembled("p", answer | {"photo_id": f"a{n}"}, texts, {}, "1", {}, {}) for n in range(len(vectors))
    ]
    return validation_rows("p", sets, MetadataRepair.frame(rows), photos, embeddings)


def alike(count: int) -> np.ndarray:
    return np.ones((count, 16)) + np.random.default_rng(1).normal(0, 0.05, (count, 16))


def test_a_picture_of_another_subject_stands_out(tmp_path: Path) -> None:
    vectors = alike(9)
    vectors[4] = np.r_[np.ones(8), -np.ones(8)]
    found = validated(tmp_path, vectors, ["boat", "sail"])
    assert found.select(SetValidation.photo_id, SetValidation.finding).rows() == [("a4", "outlier")]
    issues = held_back(found, Photo.frame([photo(n, "a") for n in range(9)]))
    assert list(issues) == ["a4"]
    assert issues["a4"][0].rule == "set_validation"


def test_words_that_fit_anything_hold_the_whole_set_back(tmp_path: Path) -> None:
    found = validated(tmp_path, alike(5), ["nature", "landscape", "outdoors"])
    assert found[SetValidation.finding].to_list() == ["too_broad"]
    assert len(held_back(found, Photo.frame([photo(n, "a") for n in range(5)]))) == 5


def test_a_sound_set_and_one_of_which_nothing_was_said(tmp_path: Path) -> None:
    assert validated(tmp_path, alike(6), ["boat"])[SetValidation.finding].to_list() == ["sound"]
    assert validated(tmp_path / "other", alike(6), ["nature"], said_something=False).is_empty()
    assert ImageSet.key() == ("project", "folder")
