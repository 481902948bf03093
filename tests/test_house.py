"""The rules of the house, as tests: directions, names, sizes, documentation."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from pydantic import BaseModel

from assets.factory.row_checks import GATE
from assets.facts import KINDS
from benchmarks.crops import page as crops_page
from benchmarks.encoders import page as encoders_page
from benchmarks.grouping import page as sets_page
from benchmarks.judging import check_judge
from benchmarks.judging import page as judging_page
from benchmarks.page import page as speed_page
from benchmarks.picks import whole_page as picks_page
from dagster_project.definitions import build_defs
from docs.generate import HERE, PAGES
from proofsheet.core.config import Configuration
from proofsheet.storage.ledger_tables import FACTS
from schemas.table import Table
from tests.support.kit import configuration

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "proofsheet", "resources", "assets", "dagster_project")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
OTHERS = sorted(
    [*(ROOT / "demo").rglob("*.py"), *(ROOT / "docs").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
)
ids = [str(p.relative_to(ROOT)) for p in SOURCES]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def module_imports(path: Path) -> Iterator[str]:
    """Modules imported at module level."""
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (n for n in ast.walk(parsed(path)) if isinstance(n, ast.FunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_every_module_says_what_it_holds_what_to_add_and_what_to_keep_out(path: Path) -> None:
    text = ast.get_docstring(parsed(path)) or ""
    for word in ("Holds ", "Add here: ", "Keep out: "):
        assert word in text, f"{path.name} does not say {word!r}"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300
    for function in functions(path):
        assert (function.end_lineno or 0) - function.lineno < 50, function.name


def test_half_of_the_files_have_at_most_120_lines() -> None:
    sizes = sorted(len(p.read_text("utf-8").splitlines()) for p in SOURCES)
    assert sizes[len(sizes) // 2] <= 120


ASSETS = sorted((ROOT / "assets").glob("*.py"))


def asset_functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Functions with the decorator of an asset, such as `table_asset`, `job_asset` or `measured_asset`."""
    for function in functions(path):
        used = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
        if any(isinstance(d, ast.Name) and d.id.endswith("_asset") for d in used):
            yield function


@pytest.mark.parametrize("path", ASSETS, ids=lambda p: p.name)
def test_asset_bodies_are_thin(path: Path) -> None:
    assert "from __future__" not in path.read_text("utf-8")
    for function in asset_functions(path):
        body = [
            n for n in function.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        ]
        assert (body[-1].end_lineno or 0) - body[0].lineno < 12, function.name


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_heavy_modules_are_imported_where_they_are_used(path: Path) -> None:
    heavy = {"torch", "torchvision", "open_clip", "cv2"}
    assert not {m.split(".")[0] for m in module_imports(path)} & heavy


def test_definitions_load_without_heavy_modules() -> None:
    code = (
        "import sys, dagster_project.definitions\n"
        "assert not {'torch', 'open_clip', 'cv2', 'sklearn', 'skimage'} & set(sys.modules), "
        "sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_columns_are_named_by_their_tables(path: Path) -> None:
    """No `pl.col("name")` and no `row["name"]` with the name of a declared column."""
    names = {n for t in Table.tables.values() for n in t.columns() if t.__module__.startswith("schemas.")}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "col":
            assert not any(isinstance(a, ast.Constant) for a in node.args), ast.unparse(node)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            is_row = isinstance(node.value, ast.Name) and node.value.id in {
                "row",
                "rows",
                "frame",
                "facts",
                "member",
                "best",
            }
            assert not (is_row and node.slice.value in names), ast.unparse(node)


@pytest.mark.parametrize(
    "path", [*SOURCES, *OTHERS], ids=[str(p.relative_to(ROOT)) for p in [*SOURCES, *OTHERS]]
)
def test_no_print_no_assert_no_utils(path: Path) -> None:
    assert path.name != "utils.py"
    calls = [
        n for n in ast.walk(parsed(path)) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"
    ]
    assert not calls
    if path in SOURCES:
        assert not [n for n in ast.walk(parsed(path)) if isinstance(n, ast.Assert)]


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    place = tmp_path_factory.mktemp("house")
    return build_defs(configuration(place, place.parent / "home"))


def test_the_functions_of_all_assets_are_looked_at(defs: dg.Definitions) -> None:
    made = {a.node_def.name for a in defs.assets or () if isinstance(a, dg.AssetsDefinition)}
    assert {f.name for path in ASSETS for f in asset_functions(path)} == made


def derived() -> list[type[Table]]:
    return [t for t in Table.tables.values() if t.origin == "derived" and t.__module__.startswith("schemas.")]


def test_every_table_has_one_asset_with_its_gate(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    tableless = {"project_report"}
    made = {k.to_user_string() for k in graph.get_all_asset_keys() if k not in graph.external_asset_keys}
    assert made == {t.name for t in derived()} | tableless
    gated = {k.asset_key.to_user_string() for k in graph.asset_check_keys if k.name == GATE}
    assert gated == {t.name for t in derived()}
    for spec in (s for s in defs.resolve_all_asset_specs() if s.group_name != "facts"):
        assert spec.description
        assert spec.owners
        assert spec.group_name
        assert spec.code_version
        assert spec.kinds
        shared = spec.key.to_user_string() not in tableless and Table.tables[spec.key.to_user_string()].shared
        assert (spec.partitions_def is None) is shared
        assert spec.key.to_user_string() in tableless or spec.metadata["dagster/column_schema"].columns


def test_facts_are_assets_that_no_run_makes(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    outside = {k.to_user_string() for k in graph.external_asset_keys}
    assert outside == set(KINDS)
    assert len(outside) <= 12
    assert {t for kind in KINDS.values() for t in kind.tables} <= set(FACTS)
    for name in outside:
        assert graph.get(dg.AssetKey(name)).child_keys, f"no asset reads {name}"
        assert graph.get(dg.AssetKey(name)).group_name == "facts"


@pytest.mark.parametrize("table", derived(), ids=lambda t: t.name)
def test_every_column_has_a_meaning_and_the_project_leads_the_key(table: type[Table]) -> None:
    assert table.meaning()
    assert table.key()[0] == Table.project
    for name, spec in table.columns().items():
        assert spec.meaning.endswith("."), name


def test_every_setting_has_a_meaning() -> None:
    for section in Configuration.model_fields.values():
        kind = section.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items():
            assert field.description, name


@pytest.mark.parametrize("page", list(PAGES))
def test_generated_pages_are_current(page: str) -> None:
    made = PAGES[page]()
    assert "Undefined" not in made
    assert (HERE / page).read_text("utf-8") == made, "run `make docs`"


def test_the_pages_of_figures_are_those_of_the_measured_results() -> None:
    speed, sets = ROOT / "benchmarks" / "results.json", ROOT / "benchmarks" / "grouping.json"
    assert (HERE / "performance.md").read_text("utf-8") == speed_page(json.loads(speed.read_text("utf-8"))), (
        "run `make bench`"
    )
    assert (HERE / "grouping.md").read_text("utf-8") == sets_page(json.loads(sets.read_text("utf-8"))), (
        "run `make grouping`"
    )
    encoders = json.loads((ROOT / "benchmarks" / "encoders.json").read_text("utf-8"))
    assert (HERE / "encoders.md").read_text("utf-8") == encoders_page(encoders), "run `make encoders`"
    crops = json.loads((ROOT / "benchmarks" / "crops.json").read_text("utf-8"))
    assert (HERE / "crops.md").read_text("utf-8") == crops_page(crops), "run `make crops`"
    assert (HERE / "picks.md").read_text("utf-8") == picks_page(), "run `make picks`"
    judging = json.loads((ROOT / "benchmarks" / "judging.json").read_text("utf-8"))
    assert (HERE / "judging.md").read_text("utf-8") == judging_page(judging), "run `make judging`"


def test_the_hidden_judge_is_the_one_that_was_fixed_before_training() -> None:
    check_judge()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_that_load_are_ours(package: str) -> None:
    assert Path(str(importlib.import_module(package).__file__)).is_relative_to(ROOT)


def test_the_repository_speaks_of_the_project_alone() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    texts = [
        ROOT / n
        for n in names
        if n.endswith((".py", ".md", ".toml", ".yaml", "Makefile")) and (ROOT / n).exists()
    ]
    assert len(texts) > 50
    for path in texts:
        text = path.read_text("utf-8")
        assert "/work" + "/main" not in text, path
        assert "/root" + "/" not in text, path


TOY_TABLE = '''"""Toy table.

Holds `Loud`. Add here: nothing. Keep out: everything.
"""

import polars as pl

from schemas.table import Table, column


class Loud(Table, name="loud_names"):
    """File names in capitals."""

    photo_id = column(pl.String, "The photo.", key=True)
    loud = column(pl.String, "The name.")
'''
TOY_VERB = """import polars as pl

from schemas.library import Photo
from schemas.toy import Loud


def shout(photos: pl.DataFrame) -> pl.DataFrame:
    loud = pl.col(Photo.file_name).str.to_uppercase().alias(Loud.loud)
    return photos.select(Photo.project, Photo.photo_id, loud)
"""
TOY_ASSET = '''import polars as pl

from assets.factory.table_asset import table_asset
from proofsheet.library.toy import shout
from schemas.library import Photo
from schemas.table import Rows
from schemas.toy import Loud


@table_asset(Loud, group="measure")
def loud_names(photos: Rows[Photo]) -> pl.DataFrame:
    """Names in capitals."""
    return shout(photos)
'''
TOY_CHECK = """import sys
from pathlib import Path
from tests.support.kit import configuration, only_project, run, stage_library
from schemas.toy import Loud
if __name__ == "__main__":
    place = Path(sys.argv[1])
    stage_library(place / "library", "one", 1)
    settings = configuration(place / "library", place / "home")
    project = only_project(settings)
    assert run(settings, project).success
    names = project.store.read(Loud)[Loud.loud].to_list()
    assert sorted(names)[0] == "2025_0000_STAGE1_GENERATED.PNG", names
"""


@pytest.mark.long
def test_a_new_asset_is_one_table_one_function_and_five_lines(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for package in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "schemas" / "toy.py").write_text(TOY_TABLE)
    (copy / "proofsheet" / "library" / "toy.py").write_text(TOY_VERB)
    (copy / "assets" / "toy.py").write_text(TOY_ASSET)
    (copy / "check.py").write_text(TOY_CHECK)
    done = subprocess.run(
        [sys.executable, "check.py", str(tmp_path)],
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
