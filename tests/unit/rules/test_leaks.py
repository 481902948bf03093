"""Names of files, folders and hints in texts: refused from programs, a person's own words pass."""

from __future__ import annotations

import pytest

from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput
from schemas.settings.gate import GateSettings

LEAKS = {"file_name_leak", "folder_leak", "hint_copied"}
TEXTS = {
    "title": "A heron",
    "caption": "A heron stands in the reeds.",
    "alt_text": "Heron among reeds.",
    "keywords": ["heron"],
}


def leaks(by_hand: tuple[str, ...] = (), *, file: str = "x.jpg", hint: str = "", **texts: object) -> set[str]:
    """Rules and fields of the leaks of a picture in albums/nature of the project Meyer."""
    row = GateInput(
        "1",
        TEXTS | texts,
        file,
        ("Meyer", "albums", "nature"),
        frozenset(),
        hint,
        by_people=frozenset(TEXTS),
        by_hand=frozenset(by_hand),
    )
    return {f"{i.rule} {i.field}" for i in judge([row], GateSettings(), frozenset())["1"] if i.rule in LEAKS}


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("el_torcal_rocks.jpg", "Rocks of El Torcal"),
        ("IMG_1.jpg", "Nature by the lake"),
        ("IMG_1.jpg", "The Meyer wedding"),
        ("Route 66.jpg", "Route 66"),
    ],
)
def test_words_that_a_person_wrote_here_are_theirs(file: str, title: str) -> None:
    assert leaks(("title",), file=file, title=title) == set()
    assert {told.split()[1] for told in leaks(file=file, title=title)} == {"title"}


def test_what_a_person_said_may_be_said_again_and_nothing_more() -> None:
    caption = "Rocks of El Torcal near Meyer."
    found = leaks(("title",), file="el_torcal_rocks.jpg", title="Rocks of El Torcal", caption=caption)
    assert found == {"folder_leak caption"}


def test_a_persons_keywords_are_theirs() -> None:
    assert leaks(("keywords",), keywords=["nature", "heron"]) == set()
    assert leaks(keywords=["nature", "heron"]) == {"folder_leak keywords"}


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("DSC_0042.jpg", "A heron DSC_0042"),
        ("DSC_0042.jpg", "A heron dsc_0042.JPG"),
        ("DSC0042.jpg", "A heron, DSC0042"),
        ("heron.jpg", "heron.jpg"),
        ("el_torcal_rocks.jpg", "el_torcal_rocks"),
        ("x.jpg", "A heron of albums/nature"),
        ("x.jpg", "A heron of albums\\nature"),
    ],
)
def test_raw_names_and_paths_are_refused_from_people_too(file: str, title: str) -> None:
    assert leaks(("title",), file=file, title=title)


def test_a_person_may_write_their_hint() -> None:
    hint, title = "grey heron at the mill", "Grey heron at the mill"
    assert leaks(("title",), hint=hint, title=title) == set()
    assert leaks(hint=hint, title=title) == {"hint_copied title"}
