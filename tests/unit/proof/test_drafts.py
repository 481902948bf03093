"""Drafts: texts without a subject wait for a person or a model, and are never accepted before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.proof.attempts import GateCandidate
from proofsheet.proof.proof_rows import proof_rows
from proofsheet.proof.text_review import review
from proofsheet.rules.base import Issue
from proofsheet.storage.ledger import Ledger
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.media_meta import LifecycleEvent
from schemas.proof import MetadataQuality
from tests.support.kit import NOW
from tests.unit.proof.test_attempts import candidate, proved


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "l.sqlite", "p")


def test_a_text_without_a_subject_is_a_draft_until_it_names_one(ledger: Ledger) -> None:
    assert proved(ledger, candidate(title="Dark blue throughout")) == [("a", 1, "draft")]
    (row,) = proof_rows("p", ledger, {"a"}, Photo.frame(), PhotoGroup.frame()).to_dicts()
    assert row[MetadataQuality.accepted_title] is None
    assert [i["rule"] for i in row[MetadataQuality.issues]] == ["no_subject"]
    with pytest.raises(UsageError, match="not accepted"):
        review(ledger, "a", "approved", "", NOW)
    assert proved(ledger, candidate()) == [("a", 1, "draft"), ("a", 2, "accepted")]
    steps = ledger.rows(LifecycleEvent)[LifecycleEvent.detail].to_list()
    assert {"attempt 1: generated → draft", "attempt 2: draft → generated"} <= set(steps)


def test_a_draft_with_another_fault_is_blocked(ledger: Ledger) -> None:
    assert proved(ledger, candidate(title="Dark blue throughout", alt_text="")) == [("a", 1, "blocked")]


def test_a_persons_words_are_accepted_without_a_subject(ledger: Ledger) -> None:
    own = candidate(title="Blue", caption="Dark blue throughout.", keywords=["blue"])
    written = replace(own.input, by_people=frozenset(["title", "caption", "keywords"]))
    assert proved(ledger, replace(own, input=written)) == [("a", 1, "accepted")]


def test_a_model_is_asked_for_the_subject_of_its_draft(ledger: Ledger) -> None:
    asked = list[str]()

    def again(refused: Mapping[str, Sequence[Issue]]) -> dict[str, GateCandidate]:
        asked.extend(issue.rule for issues in refused.values() for issue in issues)
        return {"a": candidate(title="Heron in blue light")}

    found = proved(ledger, candidate(title="Dark blue throughout"), again=again)
    assert asked == ["no_subject"]
    assert found == [("a", 1, "rejected"), ("a", 2, "accepted")]
