"""What settings come to: asked once in one pass over projects, and again in the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from assets.factory.resolved_settings import ResolvedSettings, resolved_settings_version
from proofsheet.storage.workspace import Project
from schemas.settings.base import Settings


@dataclass
class Model:
    """A setting whose model may be replaced at any time."""

    present: str = "first"
    asked: list[str] = field(default_factory=list)

    def resolved_version(self, project: Project, table: str) -> str:
        self.asked.append(f"{project.name} {table}")
        return self.present


def project(home: Path, name: str) -> Project:
    return Project(name, name, home / name, home)


def test_a_pass_over_projects_asks_once_for_a_home_and_a_table(tmp_path: Path) -> None:
    model, known = Model(), ResolvedSettings()
    first, second = project(tmp_path, "a"), project(tmp_path, "b")
    found = [known.version([model], "x", p, t) for p in (first, second) for t in ("titles", "tags")]
    assert model.asked == ["all projects titles", "all projects tags"]
    assert found[:2] == found[2:]
    known.version([model], "x", project(tmp_path / "other home", "a"), "titles")
    assert len(model.asked) == 3


def test_the_next_pass_sees_another_model(tmp_path: Path) -> None:
    model, one = Model(), project(tmp_path, "a")
    before = ResolvedSettings().version([model], "x", one, "titles")
    model.present = "second"
    assert ResolvedSettings().version([model], "x", one, "titles") != before


def test_it_is_what_a_run_notes(tmp_path: Path) -> None:
    class Plain(Settings):
        """Settings that lead to nothing outside."""

    one, plain = project(tmp_path, "a"), Plain()
    noted = resolved_settings_version([plain], one, "titles")
    assert ResolvedSettings().version([plain], noted, one, "titles") == noted
