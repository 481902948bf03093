"""What is to be asked: requests a picture, and a prompt that cannot be read."""

from __future__ import annotations

from pathlib import Path

from proofsheet.prompts.prompt import prompt_digest
from proofsheet.texts.cost_estimate import Cost, CostEstimate, pending_questions
from tests.support.kit import configuration
from tests.support.model_server import ModelServer
from tests.support.words_kit import bare_project, describing


def test_requests_are_counted_by_picture() -> None:
    alone = CostEstimate([Cost(job, 6, None) for job in ("caption", "title", "tags_normalize", "quality")], 6)
    together = CostEstimate([Cost("combined", 6, 12.0)], 6)
    assert (alone.requests_per_picture, together.requests_per_picture) == (4.0, 1.0)
    assert CostEstimate([], 0).requests_per_picture is None


def test_a_prompt_that_is_no_text_is_told_and_hides_nothing(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    project.prompts.mkdir(parents=True)
    (project.prompts / "caption.md").write_bytes(b"\xff\xfe\x00 no text")
    settings = configuration(tmp_path / "library", tmp_path / "home")
    sections = {"captions": settings.captions, "rating": settings.rating}
    with ModelServer() as server:
        found = pending_questions(project, describing(project, server), sections)
    (cost,) = found.costs
    assert (cost.job, cost.questions) == ("caption", 0)
    assert "caption.md cannot be read" in str(cost.problem)
    assert prompt_digest("caption", project.prompts) == "unreadable"
    assert prompt_digest("title", project.prompts) != "unreadable"
