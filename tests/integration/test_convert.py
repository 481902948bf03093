"""`proofsheet convert` and the table of converted photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from proofsheet.core.config import load
from proofsheet.core.errors import UsageError
from proofsheet.publish.conversion import conversion_table
from proofsheet.publish.conversion.conversion_run import ConversionRow
from proofsheet.publish.conversion.conversion_table import conversion_news
from proofsheet.publish.copy_plan import CopyPlan
from proofsheet.publish.copy_run import CopyReport
from schemas.publish import Conversion
from schemas.settings.convert import ConvertSettings
from tests.support.conversion_kit import deep_png
from tests.support.kit import Shell, configuration, only_project, run, save_picture, tree


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "in" / "a.png", 1)
    save_picture(tmp_path / "in" / "day" / "b.jpg", 2)
    return Shell(tmp_path)


def test_a_folder_without_settings_is_converted_and_originals_stay(shell: Shell) -> None:
    before = tree(shell.folder / "in")
    told = shell.json("convert", "in", "--to", "avif", "--out", "out", "--side", "48", "--quality", "70")
    assert [(f["source"], f["target"], f["state"]) for f in told["files"]] == [
        ("a.png", "a.avif", "written"),
        ("day/b.jpg", "day/b.avif", "written"),
    ]
    files = tree(shell.folder / "out")
    assert files == {f["target"]: f["content_hash"] for f in told["files"]}
    with Image.open(shell.folder / "out" / "a.avif") as image:
        assert image.size == (48, 32)
    again = shell("convert", "in", "--to", "avif", "--out", "out", "--side", "48", "--quality", "70")
    assert "0 written to out, 2 there already, 0 refused" in again.stdout
    assert tree(shell.folder / "out") == files
    assert tree(shell.folder / "in") == before


def test_a_dry_run_shows_the_same_and_writes_nothing(shell: Shell) -> None:
    deep_png(shell.folder / "in" / "deep.png")
    done = shell("convert", "in", "--to", "webp", "--out", "out", "--dry-run", code=3)
    assert "a.png -> a.webp (96 x 64)" in done.stdout
    assert "deep.png: refused: 16 bits a channel become 8; allow it with --lossy" in done.stdout
    assert "2 would be written to out, 1 refused" in done.stdout
    assert not (shell.folder / "out").exists()


def test_one_bad_file_does_not_end_the_run_and_the_exit_code_says_how_many(shell: Shell) -> None:
    (shell.folder / "in" / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (shell.folder / "in" / "notes.txt").write_text("no picture")
    told = shell.json("convert", "in", "--to", "webp", "--out", "out", code=3)
    assert [r["path"] for r in told["refused"]] == ["bad.jpg"]
    assert len(told["files"]) == 2
    (shell.folder / "worse").mkdir()
    (shell.folder / "worse" / "bad.jpg").write_bytes(b"")
    shell("convert", "worse", "--to", "webp", "--out", "out", code=1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["in", "--to", "png", "--quality", "5", "--out", "out"], "has no quality"),
        (["in", "--to", "webp", "--out", "in/new"], "would become photos"),
        (["nowhere", "--to", "webp", "--out", "out"], "no folder"),
        (["in", "--to", "webp", "--out", "in/a.png"], "is a file"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    shell: Shell, words: list[str], why: str
) -> None:
    before = tree(shell.folder)
    assert why in shell("convert", *words, code=2).stderr
    assert tree(shell.folder) == before


def test_a_project_goes_before_a_folder_of_its_name(shell: Shell, tmp_path: Path) -> None:
    save_picture(tmp_path / "lib" / "in" / "photo.png", 3)
    shell("init", "lib")
    assert [f["source"] for f in shell.json("convert", "in", "--to", "webp", "--out", "out")["files"]] == [
        "photo.png"
    ]
    assert len(shell.json("convert", "./in", "--to", "webp", "--out", "out")["files"]) == 2
    assert "would become photos" in shell("convert", "in", "--to", "webp", "--out", "lib/x", code=2).stderr


def test_the_table_has_every_photo_and_a_lost_file_is_made_again(tmp_path: Path) -> None:
    library, out = tmp_path / "lib", tmp_path / "new"
    save_picture(library / "trip" / "a.png", 1)
    deep_png(library / "trip" / "deep.png")
    convert = ConvertSettings(to="webp", out=str(out))
    settings = configuration(library, tmp_path / "home", convert=convert)
    project = only_project(settings)
    assert run(settings, project, "conversions").success
    rows = {r[Conversion.path]: r for r in project.store.read(Conversion).to_dicts()}
    done, refused = rows["a.png"], rows["deep.png"]
    assert tree(out) == {"trip/a.webp": done[Conversion.target_hash]}
    assert (done[Conversion.target_path], done[Conversion.made_by][:12]) == ("a.webp", "conversion 1")
    assert "16 bits" in refused[Conversion.refused_because]
    assert refused[Conversion.target_hash] is None
    assert conversion_news(project, convert) is None
    (out / "trip" / "a.webp").unlink()
    assert conversion_news(project, convert) == "1 converted files are gone or changed"
    assert run(settings, project, "conversions").success
    assert tree(out) == {"trip/a.webp": done[Conversion.target_hash]}


def test_without_a_format_the_table_is_empty_and_nothing_is_written(tmp_path: Path) -> None:
    save_picture(tmp_path / "lib" / "trip" / "a.png", 1)
    settings = configuration(tmp_path / "lib", tmp_path / "home")
    project = only_project(settings)
    assert run(settings, project, "conversions").success
    assert project.store.read(Conversion).height == 0
    assert not project.conversions.exists()


def test_new_files_inside_the_library_are_refused_by_the_settings(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    environment = {"PROOFSHEET_LIBRARY": str(tmp_path / "lib"), "PROOFSHEET_HOME": str(tmp_path / "home")}
    environment["PROOFSHEET_CONVERT_OUT"] = str(tmp_path / "lib" / "new")
    with pytest.raises(UsageError, match=r"convert\.out"):
        load(tmp_path, environment)


def test_a_photo_of_the_table_that_is_unchanged_is_not_converted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(tmp_path / "lib" / "trip" / "a.png", 1)
    settings = configuration(tmp_path / "lib", tmp_path / "home", convert=ConvertSettings(to="png"))
    project = only_project(settings)
    assert run(settings, project, "conversions").success
    save_picture(tmp_path / "lib" / "trip" / "b.png", 2)
    counted, whole = list[list[str]](), conversion_table.convert_pictures

    def count(plan: CopyPlan, *given: Any, **named: Any) -> CopyReport[ConversionRow]:
        counted.append([c.source.path for c in plan.copies])
        return whole(plan, *given, **named)

    monkeypatch.setattr(conversion_table, "convert_pictures", count)
    assert run(settings, project, "conversions").success
    assert counted == [["b.png"]]
    rows = project.store.read(Conversion).sort(Conversion.path)
    assert rows[Conversion.path].to_list() == ["a.png", "b.png"]
    assert rows.filter(pl.col(Conversion.target_hash).is_null()).height == 0
    assert json.dumps(sorted(tree(project.conversions))) == '["a.png", "b.png"]'
