"""Texts of people in files and sidecars: which fields, without names, and which questions they spare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import write_field
from proofsheet.texts.job_requests import questions_with_words, tag_questions, title_questions
from proofsheet.texts.jobs import JobRequest
from proofsheet.texts.known_facts import written_lines
from proofsheet.texts.picture_facts import KnownFacts
from proofsheet.texts.written_texts import plain_keywords, texts_of_people
from schemas.library import GenerationFact
from schemas.settings.captions import CaptionSettings
from schemas.words import Caption
from tests.support.kit import NOW

ROW: dict[str, Any] = {
    "title": "Reiher",
    "description": None,
    "keywords": ["Vogel", "Ada"],
    "hierarchical_keywords": ["People|Ada"],
    "said": [{"field": "title", "place": "sidecar"}, {"field": "keywords", "place": "embedded"}],
}


def asked(photo: str, written: dict[str, Any]) -> JobRequest:
    return JobRequest(photo, f"hash {photo}", (), {}, known=KnownFacts(written=written))


def test_fields_of_people_come_with_their_place_and_without_names() -> None:
    found = texts_of_people(ROW)
    assert {f: (t.value, t.place) for f, t in found.items()} == {
        "title": ("Reiher", "sidecar"),
        "keywords": (["Vogel"], "file"),
    }
    assert texts_of_people({}) == {}


def test_names_of_regions_and_persons_are_no_keywords_for_others() -> None:
    row = {"keywords": ["Beach", "anna smith", "Ada"], "names_of_people": ["Anna Smith"], "people": ["ada"]}
    assert plain_keywords(row) == ["Beach"]
    assert written_lines(row) == ["Keywords by people: Beach"]


def test_no_title_and_no_keywords_are_asked_where_people_wrote_them(tmp_path: Path) -> None:
    project = Project("p", "p", tmp_path / "library", tmp_path / "home")
    requests = [asked("a", {"title": "Reiher", "keywords": ["Vogel"]}), asked("b", {})]
    titles = {q.photo_id: q.skip for q in title_questions(requests, project)}
    assert titles == {"a": "people wrote it with another program", "b": None}
    frames = Caption.frame(), GenerationFact.frame(), project, CaptionSettings()
    tags = {q.photo_id: q.skip for q in tag_questions(requests, *frames)}
    assert tags == {"a": "people wrote it with another program", "b": None}
    write_field(project.ledger, "a", "title", "Grey heron", None, "human", NOW)
    first = questions_with_words(requests, project)[0]
    assert first.known is not None
    assert first.known.written == {"title": "Grey heron", "keywords": ["Vogel"]}
