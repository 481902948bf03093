"""Searching a project by picture, label and words: what is found, why, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proofsheet.core.errors import NotFound, UsageError
from proofsheet.embedding import classic_encoder
from proofsheet.search.results import SearchResult
from proofsheet.search.search import Search
from proofsheet.search.vector_matrix import VectorMatrix
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import write_field
from schemas.labels import PhotoLabel
from schemas.library import GenerationFact, Photo
from schemas.proof import MetadataQuality
from schemas.sets import SetContext
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding
from schemas.written import EMBEDDED, SIDECAR, WrittenMetadata
from tests.support.kit import NOW, opened, save_picture

PATHS = ("a/harbour.jpg", "a/night.jpg", "b/night.jpg", "b/FreshFlower.jpg")


def photo_row(key: str, path: str) -> dict[str, object]:
    names = Photo.polars_schema().names()
    folder, _, name = path.rpartition("/")
    known = {
        Photo.project: key,
        Photo.photo_id: f"id-{path}",
        Photo.path: path,
        Photo.folder: folder,
        Photo.file_name: name,
        Photo.format: "JPEG",
        Photo.size_bytes: 1,
        Photo.modified_at: NOW,
        Photo.content_hash: path,
        Photo.state: "in place",
        Photo.companions: [],
    }
    return {**dict.fromkeys(names), **known}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four photos with vectors of the embedded encoder."""
    found = Project("key", "harbour", tmp_path / "library" / "harbour", tmp_path / "home")
    rows = []
    for seed, path in enumerate(PATHS):
        save_picture(found.folder / path, seed)
        rows.append(
            {"project": "key", "photo_id": f"id-{path}", **classic_encoder.embed(opened(found.folder / path))}
        )
    photos = Photo.frame(photo_row("key", p) for p in PATHS)
    found.store.publish({Photo: photos, Embedding: Embedding.frame(rows)}, Stamp())
    return found


def searching(project: Project, encoder: str = "embedded") -> Search:
    return Search(project, EncoderSettings(encoder=encoder), PhotoSettings())


def paths(answer: SearchResult) -> list[str]:
    return [hit.path for hit in answer.hits]


def label(project: Project, *labels: tuple[str, str, float]) -> None:
    rows = [
        {
            "project": "key",
            "photo_id": f"id-{p}",
            "rank": k + 1,
            "label": what,
            "score": score,
            "labelled_by": "net 1",
        }
        for k, (p, what, score) in enumerate(labels)
    ]
    project.store.publish({PhotoLabel: PhotoLabel.frame(rows)}, Stamp())


def test_the_nearest_are_exact_and_highest_first(project: Project) -> None:
    answer = searching(project).like(PATHS[0], 10)
    vectors = project.store.read(Embedding)
    of = dict(zip(vectors["photo_id"], np.array(vectors["vector"].to_list()), strict=True))
    cosines = {p: float(of[f"id-{p}"] @ of[f"id-{PATHS[0]}"]) for p in PATHS[1:]}
    assert paths(answer) == sorted(cosines, key=lambda p: -cosines[p])
    assert [h.score for h in answer.hits] == pytest.approx(sorted(cosines.values(), reverse=True), abs=1e-4)
    assert {h.by for h in answer.hits} == {classic_encoder.encoder_id()}
    assert paths(searching(project).like(PATHS[0], 2)) == paths(answer)[:2]


@pytest.mark.parametrize("wanted", ["a/harbour.jpg", "id-a/harbour.jpg", "harbour.jpg"])
def test_a_photo_is_named_by_path_id_or_unique_name(project: Project, wanted: str) -> None:
    assert "a/harbour.jpg" not in paths(searching(project).like(wanted, 10))


def test_a_file_of_the_project_is_its_photo_however_it_is_typed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder.parent)
    assert (
        searching(project).like("harbour/a/night.jpg", 10).hits
        == searching(project).like("a/night.jpg", 10).hits
    )


def test_any_picture_file_is_encoded_by_the_encoder_of_the_project(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "copy.jpg"
    copy.parent.mkdir()
    copy.write_bytes((project.folder / "b/FreshFlower.jpg").read_bytes())
    before, written_at = copy.read_bytes(), copy.stat().st_mtime_ns
    first = searching(project).like(str(copy), 3).hits[0]
    assert (first.path, first.score) == ("b/FreshFlower.jpg", pytest.approx(1.0, abs=1e-3))
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == (before, written_at)
    (tmp_path / "link.jpg").symlink_to(copy)
    assert searching(project).like(str(tmp_path / "link.jpg"), 1).hits[0].path == "b/FreshFlower.jpg"


def test_a_page_asks_by_id_and_reaches_no_file(project: Project, tmp_path: Path) -> None:
    save_picture(tmp_path / "secret.jpg", 5)
    assert paths(searching(project).like_id(f"id-{PATHS[0]}", 9)) == paths(
        searching(project).like(PATHS[0], 9)
    )
    with pytest.raises(NotFound):
        searching(project).like_id(str(tmp_path / "secret.jpg"), 9)


def test_an_ambiguous_name_lists_the_paths(project: Project) -> None:
    with pytest.raises(
        UsageError, match=r"2 photos of harbour are named 'night.jpg'.*a/night.jpg, b/night.jpg"
    ):
        searching(project).like("night.jpg", 5)


@pytest.mark.parametrize("wanted", ["gone.jpg", "", "a", "/", "a\0b", "x" * 5000, "~nobody-here/a.jpg"])
def test_what_is_neither_photo_nor_file_is_refused(project: Project, wanted: str) -> None:
    with pytest.raises(NotFound, match="no such file"):
        searching(project).like(wanted, 5)


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\xff\xd8\xff\xe0 half"])
def test_a_file_that_is_no_picture_is_refused_with_its_reason(
    project: Project, tmp_path: Path, content: bytes
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be searched for") as refused:
        searching(project).like(str(broken), 5)
    assert refused.value.next_step


def test_vectors_of_two_encoders_never_meet(project: Project, tmp_path: Path) -> None:
    rows = project.store.read(Embedding).with_columns(pl.lit("another encoder").alias("encoder_id"))
    project.store.publish({Embedding: rows}, Stamp("2"))
    save_picture(tmp_path / "other.jpg", 9)
    with pytest.raises(UsageError, match="by another encoder, the encoder is embedded"):
        searching(project).like(str(tmp_path / "other.jpg"), 5)
    assert len(searching(project).like(PATHS[0], 5).hits) == 3  # a photo brings its own vector


def test_a_project_without_vectors_or_photos_says_what_to_run(tmp_path: Path, project: Project) -> None:
    empty = Project("other", "empty", tmp_path / "library" / "empty", tmp_path / "home")
    for ask in (searching(empty).like, searching(empty).label, searching(empty).text):
        with pytest.raises(UsageError, match="proofsheet run empty"):
            ask("x", 5)
    project.store.publish({Embedding: Embedding.frame()}, Stamp("3"))
    with pytest.raises(UsageError, match="harbour has no vectors"):
        searching(project).like(PATHS[0], 5)


def test_a_photo_without_a_vector_says_so(project: Project) -> None:
    rows = project.store.read(Embedding)
    project.store.publish({Embedding: rows.filter(pl.col("photo_id") != f"id-{PATHS[0]}")}, Stamp("4"))
    with pytest.raises(UsageError, match="has no vector yet"):
        searching(project).like(PATHS[0], 5)


def test_the_matrix_is_opened_again_and_made_again_when_the_table_changed(project: Project) -> None:
    first = VectorMatrix.of(project)
    again = VectorMatrix.of(project)
    assert isinstance(again.vectors, np.memmap)
    assert np.array_equal(first.vectors, again.vectors)
    project.store.publish({Embedding: project.store.read(Embedding).head(2)}, Stamp("5"))
    assert len(VectorMatrix.of(project).vectors) == 2
    assert len(list((project.cache / "vectors").glob("*.npy"))) == 1


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY\x01\x00v\x00", b"rubbish"])
def test_a_damaged_matrix_is_made_again(project: Project, damage: bytes, suffix: str) -> None:
    whole = np.array(VectorMatrix.of(project).vectors)
    (file,) = (project.cache / "vectors").glob(f"*{suffix}")
    file.write_bytes(damage)
    assert np.array_equal(VectorMatrix.of(project).vectors, whole)
    assert isinstance(VectorMatrix.of(project).vectors, np.memmap)


def test_a_matrix_of_lost_blocks_is_made_again(project: Project) -> None:
    whole = np.array(VectorMatrix.of(project).vectors)
    (file,) = (project.cache / "vectors").glob("*.npy")
    file.write_bytes(file.read_bytes()[:128] + bytes(file.stat().st_size - 128))
    assert np.array_equal(VectorMatrix.of(project).vectors, whole)


def test_a_label_is_found_with_the_score_of_the_model(project: Project) -> None:
    label(project, (PATHS[3], "daisy flower", 0.9), (PATHS[1], "flower", 0.3), (PATHS[0], "liner", 0.8))
    answer = searching(project).label("Flower", 5)
    told = [(h.path, h.score, h.why, h.by) for h in answer.hits]
    assert told == [
        (PATHS[3], 0.9, "label: daisy flower", "net 1"),
        (PATHS[1], 0.3, "label: flower", "net 1"),
    ]


def test_a_label_is_found_by_its_kind(project: Project) -> None:
    label(project, (PATHS[3], "cocker spaniel", 0.8), (PATHS[1], "tabby cat", 0.9))
    (hit,) = searching(project).label("dogs", 5).hits
    assert (hit.path, hit.score, hit.why) == (PATHS[3], 0.64, "label: cocker spaniel (dog)")


def test_a_label_that_is_not_there_lists_labels_that_are(project: Project) -> None:
    label(project, (PATHS[3], "daisy", 0.9))
    answer = searching(project).label("zebra", 5)
    assert (answer.hits, answer.notes) == (
        [],
        ["No label holds 'zebra'. The most frequent labels here: daisy (flower) × 1."],
    )


def test_without_labels_it_says_that_nothing_is_labelled(project: Project) -> None:
    with pytest.raises(UsageError, match="No photo of harbour has a label"):
        searching(project).label("flower", 5)


def test_words_are_found_in_prompts_paths_and_what_people_said(project: Project) -> None:
    prompt = dict.fromkeys(GenerationFact.polars_schema().names()) | {
        "project": "key",
        "photo_id": f"id-{PATHS[0]}",
        "prompt": "a lighthouse in a storm",
        "tool": "ComfyUI",
        "generated": True,
        "c2pa": False,
        "found_in": "png",
    }
    project.store.publish({GenerationFact: GenerationFact.frame([prompt])}, Stamp("6"))
    project.ledger.put(
        SetContext, [{"folder": "b", "location": "Lisbon", "noted_at": NOW, "subject": None, "hints": None}]
    )
    write_field(project.ledger, f"id-{PATHS[1]}", "title", "Our lighthouse", None, "human", NOW)
    found = searching(project)
    assert [(h.path, h.score, h.by) for h in found.text("lighthouse", 5).hits] == [
        (PATHS[1], 1.0, "a person"),
        (PATHS[0], 0.7, "ComfyUI"),
    ]
    assert paths(found.text("lisbon", 5)) == [PATHS[3], PATHS[2]]
    assert paths(found.text("flower", 5)) == [PATHS[3]]
    assert paths(found.text("night", 1)) == [PATHS[1]]


def test_a_judged_text_names_who_wrote_that_field(project: Project) -> None:
    plain = dict.fromkeys(MetadataQuality.polars_schema().names())
    rows = pl.DataFrame(
        [
            plain
            | dict.fromkeys(("title_passed", "caption_passed", "alt_text_passed", "keywords_passed"), True)
            | {
                "project": "key",
                "attempt": 1,
                "status": "blocked",
                "score": 1.0,
                "issues": [],
                "waived": [],
                "repair_attempts": 0,
                "fallback_used": False,
                "prompt_version": "1",
                "rules_version": "1",
                "proved_at": NOW,
                "photo_id": f"id-{PATHS[0]}",
                "is_current": True,
                "model": "seer:7b",
                "sources": "title=human (locked), caption=model, alt_text=known facts, keywords=import",
                "current_title": "Larch",
                "current_caption": "Spruce",
                "current_alt_text": "Alder",
                "current_keywords": ["willow"],
            }
        ],
        schema=MetadataQuality.polars_schema(),
    )
    project.store.publish({MetadataQuality: rows}, Stamp("7"))
    found = searching(project)
    assert [found.text(word, 1).hits[0].by for word in ("larch", "spruce", "alder", "willow")] == [
        "a person",
        "seer:7b",
        "known facts",
        "an import",
    ]


def test_words_by_look_say_what_to_install(project: Project) -> None:
    (note,) = searching(project).text("harbour", 5).notes
    assert "not available" in note
    assert "proofsheet models pull" in note


def test_nothing_of_another_project_is_found(project: Project, tmp_path: Path) -> None:
    other = Project("other", "other", tmp_path / "library" / "other", tmp_path / "home")
    other.store.publish({Photo: Photo.frame([photo_row("other", "harbour.jpg")])}, Stamp())
    assert searching(other).text("night", 5).hits == []
    assert paths(searching(other).text("harbour", 5)) == ["harbour.jpg"]


def test_what_people_wrote_elsewhere_is_found_and_where_it_is(project: Project) -> None:
    said = [("title", EMBEDDED), ("keywords", SIDECAR), ("city", SIDECAR), ("description", SIDECAR)]
    row = dict.fromkeys(WrittenMetadata.polars_schema().names()) | {
        WrittenMetadata.project: "key",
        WrittenMetadata.photo_id: f"id-{PATHS[1]}",
        WrittenMetadata.title: "Leuchtturm",
        WrittenMetadata.description: "Sturm über dem Deich",
        WrittenMetadata.keywords: ["Möwe", "Nordsee"],
        WrittenMetadata.hierarchical_keywords: [],
        WrittenMetadata.creators: [],
        WrittenMetadata.people: [],
        WrittenMetadata.names_of_people: [],
        WrittenMetadata.city: "Husum",
        WrittenMetadata.said: [{"field": f, "place": p, "tag": "", "other": None} for f, p in said],
    }
    project.store.publish({WrittenMetadata: WrittenMetadata.frame([row])}, Stamp("7"))
    for words, why, place in (
        ("leuchtturm", "written title", "in the file"),
        ("moewe", None, None),
        ("möwe", "written keywords", "in the sidecar"),
        ("husum", "written city", "in the sidecar"),
        ("deich", "written description", "in the sidecar"),
    ):
        hits = searching(project).text(words, 5).hits
        assert [hit.path for hit in hits] == ([PATHS[1]] if why else [])
        if why and place:
            assert why in hits[0].why
            assert hits[0].by == f"a person, {place}"
