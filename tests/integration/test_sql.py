"""Questions in SQL before the first run, and between runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dagster_project.cli import main
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.edits import Waiver
from schemas.library import OtherFile
from tests.support.kit import NOW, configuration

WAIVER = {
    "photo_id": "x",
    "rule": "length",
    "field": "title",
    "text_hash": "t",
    "text": "t",
    "reason": "mine",
    "waived_at": NOW,
}


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Project]:
    """One project with a fact alone, one with a derived table alone, one of which nothing is known."""
    for name in ("facts", "rows", "untouched"):
        (tmp_path / "library" / name).mkdir(parents=True)
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    found = Workspace(configuration(tmp_path / "library", tmp_path / "home").place).projects()
    found[0].ledger.add(Waiver, [WAIVER])
    row = {"project": found[1].key, "path": "notes.txt", "role": "other", "extension": ".txt"}
    found[1].store.publish({OtherFile: OtherFile.frame([row])}, Stamp())
    return found


def ask(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["sql", *words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def answers(statement: str) -> Any:
    return json.loads(ask(statement, "--json").stdout)["projects"]


def test_facts_are_shown_before_the_first_generation(projects: list[Project]) -> None:
    assert answers("select reason from waivers") == {"facts": [{"reason": "mine"}], "rows": []}
    assert "mine" in ask("select reason from waivers", "--project", "facts").output
    assert answers("select count(*) as n from plan_operations")["facts"] == [{"n": 0}]


def test_a_table_that_no_run_has_written_has_no_rows(projects: list[Project]) -> None:
    assert answers("select path from other_files") == {"facts": [], "rows": [{"path": "notes.txt"}]}
    assert answers("select count(*) as n from photos join captions using (photo_id)") == {
        "facts": [{"n": 0}],
        "rows": [{"n": 0}],
    }
    shown = {row["name"] for row in answers("show tables")["facts"]}
    assert {"photos", "captions", "waivers", "plan_operations"} <= shown
    assert "nowhere" in ask("select * from nowhere", code=2).output


@pytest.mark.parametrize("statement", ["attach 'gone.db'", "select * from read_csv('gone.csv')"])
def test_another_file_that_is_not_there_is_no_damage_of_the_store(
    projects: list[Project], statement: str
) -> None:
    told = ask(statement, "--project", "rows", code=2).output
    assert "gone." in told
    assert "damaged" not in told


def test_a_project_of_which_nothing_is_known_is_not_asked(projects: list[Project]) -> None:
    assert "no tables yet" in ask("select 1", "--project", "untouched").output


def test_the_database_of_a_project_is_made_on_request(projects: list[Project]) -> None:
    def make(name: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["projects", "database", name, *(["--json"] if not code else [])])
        assert result.exit_code == code, (result.output, result.exception)
        return result

    file = str(projects[1].store.open_copy)
    assert json.loads(make("rows").stdout) == {"file": file, "made": True}
    assert json.loads(make("rows").stdout) == {"file": file, "made": False}
    assert Path(file).stat().st_size > 0
    assert "no tables yet" in make("untouched", code=2).output


OUTSIDE = (
    "copy (select 1) to '{file}' (format csv)",
    "copy (select 1) to '{file}' (format parquet, use_tmp_file false)",
    "with x as (copy (select 1) to '{file}' (format csv)) select * from x",
    "explain analyze copy (select 1) to '{file}' (format csv)",
    "copy other_files from '{file}'",
    "select * from read_csv('{file}')",
    "select * from read_text('{file}')",
    "select * from read_blob('{file}')",
    "select * from read_parquet('{file}')",
    "select * from glob('{file}')",
    "select * from '{file}'",
    "select * from read_csv('https://example.org/x.csv')",
    "attach '{file}'",
    "export database '{file}'",
    "import database '{file}'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset lock_configuration",
    "set allowed_directories = ['/']",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{file}'",
    "call enable_logging('QueryLog', storage = 'file', storage_path = '{file}')",
)


@pytest.mark.parametrize("statement", OUTSIDE)
def test_a_question_reaches_no_file_and_no_setting(projects: list[Project], statement: str) -> None:
    original = projects[1].folder / "P000.jpg"
    original.write_bytes(b"an original")
    part = next(projects[1].store.folder.rglob("*.parquet"))
    for file in (original, part):
        before = file.read_bytes()
        ask(statement.format(file=file), "--project", "rows", code=2)
        assert file.read_bytes() == before
        assert sorted(p.name for p in projects[1].folder.iterdir()) == ["P000.jpg"]


def test_a_refused_file_is_told_with_the_next_step(projects: list[Project]) -> None:
    told = ask("select * from read_csv('/etc/passwd')", "--project", "rows", code=2).output
    assert "/etc/passwd" in told
    assert "--json" in told


def test_a_pipe_gets_every_value_whole(projects: list[Project]) -> None:
    columns = ", ".join(f"repeat('{c}', 3000) || 'end{c}' as {c}" for c in "abcd")
    shown = ask(f"select {columns}", "--project", "rows").output
    assert all(c * 3000 + f"end{c}" in shown for c in "abcd")
    assert "…" not in shown


def test_several_statements_are_refused(projects: list[Project]) -> None:
    assert "one statement at a time" in ask("select 1; select 2", "--project", "rows", code=2).output
    assert "│ 1 │" in ask("select 1 as n;", "--project", "rows").output


def test_a_value_is_shown_as_it_is(projects: list[Project]) -> None:
    shown = ask(
        "select 'root:x:0:0 :smile: [red]x[/red] a\u202eb' || chr(27) as n", "--project", "rows"
    ).output
    assert "root:x:0:0 :smile: [red]x[/red] a␣b␣" in shown
