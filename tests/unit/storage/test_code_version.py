"""Which code counts in a version."""

from __future__ import annotations

import ast
from pathlib import Path

from proofsheet.imaging.measurement_pass import rows_of
from proofsheet.storage.code_version import code_version, module_version, reached_definitions
from proofsheet.storage.definitions import WHOLE, Symbol, bare, module_of, names_of
from proofsheet.storage.known_versions import KnownVersions
from resources.along import MeasurementsResource
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
