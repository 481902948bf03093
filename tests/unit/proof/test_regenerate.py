"""Better texts for what was refused, and what counts as evidence, through a run with the model server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.proof.regenerate import candidates
from proofsheet.proof.text_review import review, want_others
from proofsheet.storage.workspace import Project
from schemas.labels import PhotoLabel, Scene, SeenObject
from schemas.library import Photo
from schemas.proof import MetadataQuality, MetadataRepair, ProofAttempt
from schemas.sets import ImageSet
from schemas.tags import MediaTag
from schemas.vision import ImageQuality
from schemas.words import Identification
from tests.support.kit import NOW, run
from tests.support.model_answers import Received
from tests.support.model_server import ModelServer
from tests.support.words_kit import PATIENT, current, described_project

TEXTS_ALONE = ["quality", "duplicate_assist", "prompt_recon", "score_multi", "policy_flags", "rating"]


def texts_of(project: Project, photo: str) -> str:
    """The caption that is current, whatever became of it."""
    (row,) = current(project).filter(pl.col(MetadataQuality.photo_id) == photo).to_dicts()
    return str(row[MetadataQuality.current_caption] or "")


def asks_for(request: Received, field: str) -> bool:
    return field in request.schema.get("properties", {})


def test_what_became_better_in_one_round_stays_so_in_the_next(tmp_path: Path) -> None:
    def behave(_number: int, request: Received) -> str:
        late = asks_for(request, "title") and "attempt 2" not in request.text
        early = asks_for(request, "caption") and "attempt" not in request.text
        return "filler" if late or early else "good"

    with ModelServer(behave=behave) as server:
        settings, project = described_project(tmp_path, server, 1, off=TEXTS_ALONE, **PATIENT)
        assert run(settings, project, until="metadata_quality").success
        captions = [r for r in server.asked if asks_for(r, "caption")]
    assert len(captions) == 2  # the second was good: it is not asked for again with the title
    assert project.ledger.rows(ProofAttempt)[ProofAttempt.status].to_list() == [
        "rejected",
        "rejected",
        "accepted",
    ]
    (row,) = current(project).to_dicts()
    assert "breathtaking" not in row[MetadataQuality.accepted_caption]
    assert (
        row[MetadataQuality.accepted_keywords]
        == project.store.read(MediaTag).sort(MediaTag.position)[MediaTag.tag].to_list()
    )


@pytest.mark.long
def test_a_person_who_wants_other_texts_gets_them_once_a_wish(tmp_path: Path) -> None:
    good = ""

    def behave(_number: int, request: Received) -> str:
        if asks_for(request, "caption") and (not good or good not in request.text):
            return "leak"
        return "good"

    with ModelServer(behave=behave) as server:
        settings, project = described_project(tmp_path, server, 2, off=TEXTS_ALONE, **PATIENT)
        assert run(settings, project, until="metadata_quality").success
        assert current(project)[MetadataQuality.status].to_list() == ["blocked"] * 2
        asked = len(server.asked)
        assert run(settings, project, until="metadata_quality").success
        assert len(server.asked) == asked  # what was answered is not asked for again
        two, one = current(project)[MetadataQuality.photo_id].to_list()
        good = "attempt 3"
        want_others(project.ledger, one, NOW)
        assert run(settings, project, until="metadata_quality").success
        status = dict(current(project).select(MetadataQuality.photo_id, MetadataQuality.status).iter_rows())
        assert status == {one: "accepted", two: "blocked"}
        assert len(server.asked) == asked + 1
        with pytest.raises(UsageError, match="not asked the same question again"):
            want_others(project.ledger, one, NOW)
        review(project.ledger, one, "rejected", "dull", NOW)
        assert run(settings, project, until="metadata_quality").success
        assert len(server.asked) == asked + 1  # a refusal alone asks nothing
        good = "rejected in review"
        want_others(project.ledger, one, NOW)
        assert run(settings, project, until="metadata_quality").success
        (row,) = current(project).filter(pl.col(MetadataQuality.photo_id) == one).to_dicts()
        assert row[MetadataQuality.status] == "accepted"
        assert len(server.asked) > asked + 1
        before = texts_of(project, one)
        review(project.ledger, one, "rejected", "still dull", NOW + timedelta(minutes=1))
        asked = len(server.asked)
        assert run(settings, project, until="metadata_quality").success
        assert len(server.asked) == asked
        (row,) = current(project).filter(pl.col(MetadataQuality.photo_id) == one).to_dicts()
        assert row[MetadataQuality.status] == "rejected"  # and not the text that was refused first
        assert texts_of(project, one) in (before, "")
        asked = len(server.asked)
        assert run(settings, project, until="metadata_quality").success
        assert len(server.asked) == asked


@pytest.mark.long
@pytest.mark.parametrize(("captioner", "counts"), [("seer:7b", False), ("other:3b", True)])
def test_a_model_is_no_evidence_for_its_own_words(tmp_path: Path, captioner: str, counts: bool) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, 1, off=TEXTS_ALONE, **PATIENT)
        assert run(settings, project, until="metadata_quality").success
    tables = {
        t.name: project.store.read(t)
        for t in (MediaTag, Photo, ImageQuality, Scene, PhotoLabel, SeenObject, ImageSet)
    }
    agreed = [
        pl.lit("two agree").alias(Identification.how),
        pl.lit("grey heron").alias(Identification.consensus),
    ]
    named = project.store.read(Identification).with_columns(*agreed)
    repaired = project.store.read(MetadataRepair).with_columns(pl.lit(captioner).alias(MetadataRepair.model))
    (found,) = candidates(metadata_repaired=repaired, identifications=named, project=project, **tables)
    assert ("heron" in found.input.evidence) is counts
