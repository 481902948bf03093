"""Which code counts in a version."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import proofsheet.storage.code_version
import schemas
from proofsheet.imaging.measurement_pass import rows_of
from proofsheet.storage.code_version import code_version, module_version, reached_definitions
from proofsheet.storage.definitions import WHOLE, Symbol, module_of, names_of
from proofsheet.storage.known_versions import KnownVersions
from proofsheet.storage.sources import bare
from resources.measurements import MeasurementsResource
from resources.photos import PhotoFilesResource


def test_code_versions_ignore_words_and_see_code() -> None:
    def one(x: int) -> int:
        """Docstring."""
        return x + 1

    before = code_version(one)

    def one(x: int) -> int:  # type: ignore[no-redef]
        # a remark
        return x + 1

    assert code_version(one) == before

    def one(x: int) -> int:  # type: ignore[no-redef]
        return x + 2

    assert code_version(one) != before
    assert module_version("proofsheet.proof.gate") != module_version("proofsheet.rules.tokens")


def parsed(text: str, module: str = "schemas.settings") -> str:
    return ast.dump(bare(ast.parse(text), module))


def modules(names: set[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in names}


def test_code_versions_reach_what_a_counted_resource_brings() -> None:
    def like_an_asset(photo_files: PhotoFilesResource, measurements: MeasurementsResource) -> object:
        return rows_of

    measuring = {
        "proofsheet.imaging.image_quality",
        "proofsheet.embedding.classic_encoder",
        "proofsheet.metadata.exif",
    }
    assert measuring <= modules({str(s) for s in reached_definitions(like_an_asset)})
    without = modules({str(s) for s in reached_definitions(like_an_asset, ["measurements"])})
    assert "proofsheet.imaging.decode" in without
    assert not measuring & without


def test_what_is_told_and_what_a_column_means_makes_no_row() -> None:
    plain = "def f():\n    return column(str)\n"
    told = 'def f():\n    """Words."""\n    log.info("news")\n    return column(str, "A meaning.")\n'
    assert parsed(told) == parsed(plain)
    assert parsed("x = Field(1)") == parsed('x = Field(1, description="One.")')
    assert parsed("x = Field(1)") != parsed("x = Field(2)")
    reply = "schemas.replies"  # its descriptions are sent to models
    assert parsed("x = Field(1)", reply) != parsed('x = Field(1, description="One.")', reply)


def test_every_statement_that_makes_a_name_counts() -> None:
    assert len(module_of("proofsheet.rules.speech").definitions["_OF_TALK"]) == 2  # it is made, and added to
    whole = set(names_of(Symbol("schemas.replies", WHOLE)))
    assert {Symbol("schemas.replies", "CaptionReply"), Symbol("schemas.replies", "RatingReply")} <= whole
    named = names_of(Symbol("proofsheet.rules.speech", "_prompted"))
    assert Symbol("schemas.replies", WHOLE) in named


SIZE = "def size():\n    return {number}\n"
ASKS = "from schemas.{module} import size\n\n\ndef asks():\n    return size()\n"
INSIDE = "def asks():\n    from schemas.{module} import size\n\n    return size()\n"
BOTH = "from schemas.{size} import size\nfrom schemas.asks_{asks} import asks\n\nBOTH = (size, asks)\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One definition in two modules, another one of its name in a third, and modules that import each."""
    monkeypatch.setattr(schemas, "__path__", [*schemas.__path__, str(tmp_path)])
    monkeypatch.setattr(proofsheet.storage.code_version, "KNOWN", KnownVersions(tmp_path / "known"))
    for module, number in (("first_place", 1), ("second_place", 1), ("other_size", 2)):
        (tmp_path / f"{module}.py").write_text(SIZE.format(number=number), "utf-8")
        (tmp_path / f"asks_{module}.py").write_text(ASKS.format(module=module), "utf-8")
        (tmp_path / f"asks_{module}_inside.py").write_text(INSIDE.format(module=module), "utf-8")
    for name, size, asks in (("one", "first_place", "other_size"), ("two", "other_size", "first_place")):
        (tmp_path / f"both_{name}.py").write_text(BOTH.format(size=size, asks=asks), "utf-8")


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("where", ["", "_inside"])
def test_a_definition_that_moves_keeps_its_version(where: str) -> None:
    moved = {module_version(f"schemas.asks_{name}{where}") for name in ("first_place", "second_place")}
    assert len(moved) == 1
    assert module_version(f"schemas.asks_other_size{where}") not in moved


@pytest.mark.usefixtures("places")
def test_of_two_definitions_with_one_name_it_counts_which_is_meant() -> None:
    assert module_version("schemas.both_one") != module_version("schemas.both_two")


def test_known_versions_count_for_the_source_as_it_is(tmp_path: Path) -> None:
    first = KnownVersions(tmp_path)
    assert first.find("a", lambda: "1") == "1"
    first.write()
    assert KnownVersions(tmp_path).find("a", lambda: "2") == "1"
    (kept,) = tmp_path.iterdir()
    kept.write_text(kept.read_text("utf-8").replace('"source": "', '"source": "0'), "utf-8")
    assert KnownVersions(tmp_path).find("a", lambda: "2") == "2"
    kept.write_text("{", "utf-8")
    assert KnownVersions(tmp_path).find("a", lambda: "3") == "3"
