"""Arguments come by annotation; a wrong annotation is refused where it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from proofsheet.storage.injection import Injected
from proofsheet.storage.workspace import Project
from schemas.edits import WordEdit
from schemas.library import Photo, Quarantine
from schemas.settings.groups import GroupSettings
from schemas.settings.photos import PhotoSettings
from schemas.settings.publish import PublishSettings
from schemas.table import Rows, Table

RESOURCES: dict[type[Any], str] = {GroupSettings: "groups", PhotoSettings: "photos"}
GIVEN = (Project, datetime)


class PhotoFiles(PhotoSettings):
    """A resource with behaviour of its own."""


def injected(function: Callable[..., Any], **inputs: Callable[..., Any]) -> Injected:
    return Injected(function, inputs, RESOURCES, GIVEN)


def heights(shots: Rows[Photo]) -> list[int]:
    return [shots.height]


def test_every_argument_is_found_by_its_annotation_whatever_its_name_is() -> None:
    def function(
        counts: Sequence[int], bad: Rows[Quarantine], rule: GroupSettings, files: PhotoFiles, at: datetime
    ) -> tuple[Any, ...]:
        return counts, bad.height, rule, files, at

    one = injected(function, counts=heights)
    assert one.tables == [Photo, Quarantine]
    assert one.resources == ["groups", "photos"]
    assert one.parameters_of(["photos"]) == {"files"}
    rows: dict[type[Table], pl.DataFrame] = {
        Photo: pl.DataFrame({"a": [1, 2]}),
        Quarantine: pl.DataFrame({"a": [1]}),
    }
    now = datetime(2026, 1, 2)
    assert one.call(rows.__getitem__, str.upper, {datetime: now}) == ([2], 1, "GROUPS", "PHOTOS", now)


def test_an_input_may_be_made_of_the_inputs_before_it() -> None:
    def doubled(counts: list[int]) -> list[int]:
        return [2 * n for n in counts]

    def function(doubled: list[int]) -> int:
        return doubled[0]

    one = injected(function, counts=heights, doubled=doubled)
    assert one.call(lambda table: pl.DataFrame({"a": [1, 2]}), str, {}) == 4
    with pytest.raises(TypeError, match="the parameter counts is annotated"):
        injected(function, doubled=doubled, counts=heights)


def none(photos) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    pass


def frame(photos: pl.DataFrame) -> None:
    pass


def number(photos: int) -> None:
    pass


def fact(edits: Rows[WordEdit]) -> None:
    pass


def by_place(photos: Rows[Photo], /) -> None:
    pass


def many(*photos: Rows[Photo]) -> None:
    pass


def by_name(**photos: Rows[Photo]) -> None:
    pass


def publishing(photos: PublishSettings) -> None:
    pass


def no_table(photos: Rows[int]) -> None:  # type: ignore[type-var]
    pass


WRONG = {
    "no annotation": (none, "the parameter photos has no annotation"),
    "a frame of no table": (frame, "annotated DataFrame, which names no source"),
    "something else": (number, "annotated int, which names no source"),
    "a fact": (fact, "rows of word_edits, which no asset makes"),
    "given by its place alone": (by_place, "photos is positional-only. Arguments are given by name"),
    "any number": (many, "photos is variadic positional. Arguments are given by name"),
    "any number by name": (by_name, "photos is variadic keyword. Arguments are given by name"),
    "settings that are no resource": (
        publishing,
        "annotated PublishSettings, which names no source.* those of the sections groups, photos",
    ),
    "no table": (no_table, r"annotated Rows\[int\], which is no table"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_annotation_names_function_and_parameter(what: str) -> None:
    function, message = WRONG[what]
    with pytest.raises(TypeError, match=message) as caught:
        injected(function)
    assert f"test_injection.{function.__name__}: the parameter" in str(caught.value)


def test_an_input_of_another_type_is_refused() -> None:
    def function(counts: dict[str, int]) -> None:
        pass

    with pytest.raises(TypeError, match=r"annotated dict\[str, int\], but its input returns list\[int\]"):
        injected(function, counts=heights)


def test_an_input_that_is_no_function_is_refused() -> None:
    def function(files: PhotoFiles) -> None:
        pass

    with pytest.raises(
        TypeError, match=r"function: the input files is PhotoFiles, which is no function\. Name"
    ):
        injected(function, files=PhotoFiles)


def test_an_annotation_that_cannot_be_read_is_refused() -> None:
    def function(photos: Rows[Foto]) -> None:  # type: ignore[name-defined] # noqa: F821
        pass

    with pytest.raises(TypeError, match=r"function: name 'Foto' is not defined. Import what"):
        injected(function)


def test_an_input_that_no_parameter_wants_is_refused() -> None:
    def function(photos: Rows[Photo]) -> None:
        pass

    with pytest.raises(TypeError, match="no parameter is named like the input counts"):
        injected(function, counts=heights)
