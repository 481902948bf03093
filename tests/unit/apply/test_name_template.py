"""Templates: fields, formats, missing values, counters, and what is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from proofsheet.apply.name_fields import FIELDS
from proofsheet.apply.name_template import parse_template, refuse_bad_name
from proofsheet.core.errors import UsageError

AT = datetime(2025, 7, 8, 6, 4, 16)
ALL = {
    "taken": AT,
    "subsec": "120",
    "camera": "X/100: V",
    "name": "IMG_1",
    "seq": 7,
    "stage": 1.5,
    "rating": 4,
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{taken:%Y%m%d_%H%M%S}{subsec}_{camera}_{name}{n?}", "20250708_060416120_X-100- V_IMG_1"),
        ("{taken}", "20250708_060416"),
        ("{taken:%Y-%m-%d at %H.%M}", "2025-07-08 at 06.04"),
        ("{seq:04}_{rating}", "0007_4"),
        ("{name}_stage{stage}", "IMG_1_stage1.5"),
        ("{taken:%H:%M}", "06-04"),
    ],
)
def test_fields_are_filled_in(template: str, name: str) -> None:
    assert parse_template(template, FIELDS).fill(ALL) == name


def test_a_field_without_a_value_takes_its_separator_away() -> None:
    template = parse_template("{taken:%Y}_{camera}_{lens} - {name}", FIELDS)
    assert template.fill({"taken": AT, "name": "a"}) == "2025 - a"
    assert template.fill({"taken": AT, "name": "a", "lens": "50mm"}) == "2025_50mm - a"


@pytest.mark.parametrize(("counter", "name"), [(1, "a"), (2, "a_2"), (11, "a_11")])
def test_the_counter_shows_from_the_second_on(counter: int, name: str) -> None:
    assert parse_template("{name}{n?}", FIELDS).fill({"name": "a"}, counter) == name
    assert parse_template("{name}-{n?}", FIELDS).fill({"name": "a"}, counter) == name.replace("_", "-")


def test_no_date_is_an_error_only_where_the_template_has_one() -> None:
    with pytest.raises(UsageError, match=r"no date.*--file-time"):
        parse_template("{taken}", FIELDS).fill({"name": "a"})
    assert parse_template("{name}", FIELDS).fill({"name": "a"}) == "a"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{tkaen}", r"no field {tkaen}.*{taken}"),
        ("{place.cty}", r"{place.city}"),
        ("{}", "no field {}"),
        ("{taken", "brace"),
        ("taken}", "brace"),
        ("{taken:abc}", "is no field with a format"),
        ("{seq:x}", "is no field with a format"),
        ("{name:04}", "is no field with a format"),
        ("a/{name}", "proofsheet organize"),
        ("a\\{name}", "file name"),
        ("", "is empty"),
    ],
)
def test_what_is_no_template_is_refused_with_the_next_step(template: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_template(template, FIELDS)


@pytest.mark.parametrize("name", ["CON.jpg", "aux", "a?.jpg", "a:b.jpg", "a. ", "x" * 300, "nul.tar.gz"])
def test_names_that_windows_refuses_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="Windows does not take"):
        refuse_bad_name(name)


def test_common_names_are_not_refused() -> None:
    for name in ("IMG_1.jpg", "été 1.jpg", "20250708_060416_X100 (2).CR2.xmp", "conference.jpg", ".a.xmp"):
        refuse_bad_name(name)
