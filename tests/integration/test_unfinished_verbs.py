"""A plan of one verb was interrupted, and a plan of another one is confirmed: told, and nothing silent."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.applying import Planner, planned
from dagster_project.embedding import planned_embed
from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import unfinished
from proofsheet.core.config import load
from proofsheet.storage.workspace import Project, Workspace
from schemas.apply import APPLY, EMBED, RENAME, VERBS
from tests.support.kit import NOW, Shell, tree
from tests.support.review_kit import CHOOSING, decide_all, sets_library

TEMPLATE = "p-{name}{n?}"


class Failing(Disk):
    """A disk that fails at the first change."""

    def before(self, what: str, path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Four sets, decided, with the sign-off."""
    sets_library(tmp_path / "library", "harbour", 4)
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n[apply]\nmode = "production"\nwait_s = 0\n'
    )
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    shell("run", "harbour", "--select", ",".join(CHOOSING))
    decide_all(project_of(shell))
    shell("apply", "harbour", "--sign-off", "Kim")
    return shell


def project_of(shell: Shell) -> Project:
    return Workspace(load(shell.folder, {}).place).project("harbour")


def interrupted(shell: Shell, planner: Planner) -> str:
    """Leave a plan of this planner unfinished; gives its id."""
    project, settings = project_of(shell), load(shell.folder, {})
    report = Applier(project, settings.apply, NOW, Failing()).execute(
        planner(project, settings), "production"
    )
    assert report.failed
    assert unfinished(project.ledger) == [report.plan_id]
    return report.plan_id


@pytest.mark.parametrize("way", ["--plan", "--yes"])
def test_a_confirmed_renaming_after_an_interrupted_apply_is_told_and_not_half_done(
    shell: Shell, way: str
) -> None:
    dry = shell.json("rename", "harbour", "--template", TEMPLATE)
    left = interrupted(shell, planned)
    words = ["--plan", dry["plan"]] if way == "--plan" else ["--yes"]
    told = shell("rename", "harbour", "--template", TEMPLATE, *words, code=1)
    assert f"plan {left}: 4 sets" in told.stdout
    assert "An unfinished plan was finished first. The confirmed plan was not carried out" in told.stderr
    assert unfinished(project_of(shell).ledger) == []
    names = {path.rpartition("/")[2] for path in tree(shell.folder / "library")}
    assert not any(name.startswith("p-") for name in names)
    again = shell.json("rename", "harbour", "--template", TEMPLATE)
    done = shell.json("rename", "harbour", "--template", TEMPLATE, "--plan", again["plan"])["done"]
    assert done["sets"] == 8


def test_an_interrupted_apply_that_is_confirmed_again_is_finished_and_well(shell: Shell) -> None:
    left = interrupted(shell, planned)
    told = shell("apply", "harbour", "--yes")
    assert f"plan {left}: 4 sets" in told.stdout
    assert shell.json("apply", "harbour")["counts"] == {"applied already": 4}


def test_texts_that_are_confirmed_after_an_interrupted_apply_are_told_to_be_none(shell: Shell) -> None:
    left = interrupted(shell, planned)
    told = shell("embed", "harbour", "--originals", "--plan", "0" * 16, code=1)
    assert f"plan {left}: 4 sets" in told.stdout
    assert "The confirmed plan was not carried out" in told.stderr


def test_every_verb_has_words_for_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    from dagster_project.commands.moves import print_report
    from proofsheet.apply.moves import Report

    for verb in VERBS:
        print_report(Report("plan-1", verb, sets=1, files=2, refused={"a.jpg": "it is gone"}))
    told = capsys.readouterr().out
    assert told.count("plan plan-1: 1 ") == len(VERBS) == 4
    assert {APPLY, RENAME, EMBED} <= {*VERBS}
    assert told.count("a.jpg is ") == len(VERBS)


def test_an_embed_with_another_limit_of_pixels_crops_as_apply_does(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(shell, planned)
    monkeypatch.setenv("PROOFSHEET_PHOTOS_MAX_FULL_PIXELS", "1000000")
    seen: dict[str, Any] = {}
    former: Callable[..., None] = Applier.__init__

    def noting(self: Applier, *given: Any, **options: Any) -> None:
        seen.update(options)
        former(self, *given, **options)

    monkeypatch.setattr(Applier, "__init__", noting)
    shell("embed", "harbour", "--originals", "--plan", "0" * 16, code=1)
    assert seen["max_pixels"] == 1_000_000
    assert planned_embed(project_of(shell), load(shell.folder, {}), None).operations == []
