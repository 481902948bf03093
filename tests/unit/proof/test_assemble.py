"""Who wrote which field of a photo's texts, and which rules that spares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proofsheet.proof.assemble import (
    described_by,
    describer,
    facts_wrote,
    hand_wrote,
    people_wrote,
    repaired_rows,
    written_elsewhere,
)
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import write_field
from proofsheet.texts.written_texts import texts_of_people
from schemas.proof import MetadataRepair
from schemas.words import Caption, TagSet, Title
from schemas.written import WrittenMetadata
from tests.support.kit import NOW

SHARED: dict[str, Any] = {
    "project": "p",
    "photo_id": "a",
    "status": "answered",
    "problem": None,
    "wanted_model": "seer:7b",
    "model_digest": "sha256:seer",
    "prompt_version": "caption 1",
}
SEER = SHARED | {"backend": "ollama", "model": "seer:7b", "made_from": None}
FACTS = SHARED | {"backend": "embedded", "model": "embedded describer", "made_from": "photo_labels.label"}
OTHERS = FACTS | {"made_from": "written_metadata.title, image_quality.colors"}
PROMPT = FACTS | {"made_from": "photo_labels.label, generation_facts.prompt"}


@pytest.mark.parametrize(
    ("row", "by"),
    [(SEER, "model"), (FACTS, "known facts"), (PROMPT, "prompt"), (OTHERS, "words of the file")],
)
def test_a_prompt_is_the_word_of_others_and_no_known_fact(row: dict[str, Any], by: str) -> None:
    assert describer(row) == by
    assert facts_wrote(f"title={by}") == ({"title"} if by == "known facts" else set())


def test_each_field_names_its_own_describer(tmp_path: Any) -> None:
    project = Project("p", "Display", tmp_path / "library", tmp_path / "home")
    captions = Caption.frame([FACTS | {"caption": "A heron.", "alt_text": "A heron."}])
    titles = Title.frame([SEER | {"title": "A heron"}])
    tags = TagSet.frame([PROMPT | {"tags_raw": [], "tags_normalized": ["heron"]}])
    (row,) = repaired_rows("p", captions, titles, tags, project.ledger, {}).to_dicts()
    sources = row[MetadataRepair.sources]
    assert sources == "title=model, caption=known facts, alt_text=known facts, keywords=prompt"
    assert facts_wrote(sources) == {"caption", "alt_text"}
    assert described_by(sources) == {
        "title": "model",
        "caption": "known facts",
        "alt_text": "known facts",
        "keywords": "prompt",
    }


def test_a_person_in_the_app_stands_above_one_in_the_file_who_stands_above_a_model(tmp_path: Path) -> None:
    project = Project("p", "Display", tmp_path / "library", tmp_path / "home")
    captions = Caption.frame([SEER | {"caption": "A heron.", "alt_text": "A heron at a lake."}])
    titles = Title.frame([SEER | {"title": "A heron"}])
    tags = TagSet.frame([SEER | {"tags_raw": [], "tags_normalized": ["heron"]}])
    row = dict.fromkeys(WrittenMetadata.polars_schema().names()) | {
        "photo_id": "a",
        "title": "Reiher",
        "description": "Am See",
        "keywords": ["Vogel", "Marie Curie"],
        "hierarchical_keywords": ["People|Marie Curie"],
        "said": [{"field": f, "place": "sidecar"} for f in ("title", "keywords")]
        + [{"field": "description", "place": "embedded"}],
    }
    written = {"a": texts_of_people(row)}

    def assembled() -> dict[str, Any]:
        return repaired_rows("p", captions, titles, tags, project.ledger, written).to_dicts()[0]

    first = assembled()
    sources = "title=human in sidecar, caption=human in file, alt_text=model, keywords=human in sidecar"
    assert first["sources"] == sources
    assert (first["title"], first["caption"], first["keywords"]) == ("Reiher", "Am See", ["Vogel"])
    assert (first["alt_text"], first["generated_title"]) == ("A heron at a lake.", "A heron")
    assert people_wrote(sources) == written_elsewhere(sources) == {"title", "caption", "keywords"}
    assert (hand_wrote(sources), described_by(sources)) == (frozenset(), {"alt_text": "model"})
    write_field(project.ledger, "a", "title", "Grey heron", "Reiher", "human", NOW)
    write_field(project.ledger, "a", "keywords", ["Ardea"], [], "identifier", NOW)
    assert assembled()["sources"].startswith("title=human (locked), caption=human in file")
    assert (assembled()["title"], assembled()["keywords"]) == ("Grey heron", ["Vogel"])
    write_field(project.ledger, "a", "title", None, None, "human", NOW)
    assert assembled()["title"] == "Reiher"


def test_fields_that_people_wrote_are_no_describers() -> None:
    sources = "title=human (locked), caption=known facts, alt_text=model, keywords=import"
    assert people_wrote(sources) == {"title", "keywords"}
    assert facts_wrote(sources) == {"caption"}
    assert described_by(sources) == {"caption": "known facts", "alt_text": "model"}


def test_only_what_a_person_wrote_here_word_by_word_is_by_hand() -> None:
    sources = "title=human (locked), caption=human, alt_text=import, keywords=human"
    assert hand_wrote(sources) == {"title", "caption"}
    assert hand_wrote("title=model, keywords=human (locked)") == {"keywords"}
