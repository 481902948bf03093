"""Stars, labels and flags in a real Chromium: of other programs, by keys, by lists, filtered and undone."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Project, Workspace
from tests.browser.review_page import CHROMIUM, Review, sees, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import configuration
from tests.support.loupe_kit import loupe_project
from tests.support.review_kit import run_choosing

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the page is not looked at"),
    pytest.mark.skipif(
        shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
    ),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sets and three singles; another program gave two pictures stars and labels."""
    folder = tmp_path_factory.mktemp("marks")
    settings, project = loupe_project(folder)
    for name, fields in (
        ("2025_0000_stage2_x.jpg", ("-XMP-xmp:Rating=4", "-XMP-xmp:Label=Green")),
        ("alone/view 1.png", ("-XMP-xmp:Rating=2", "-XMP-xmp:Label=Portfolio")),
    ):
        command = ["exiftool", "-q", "-overwrite_original", *fields, str(project.folder / name)]
        subprocess.run(command, check=True)
    run_choosing(settings, "harbour")
    return folder


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Review]:
    with serving(place, free_port()) as found:
        yield found


@pytest.fixture
def context(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    found = browser.new_context(**getattr(request, "param", DESK))
    yield found
    found.close()


@pytest.fixture
def page(context: Any, served: Review) -> Iterator[Any]:
    found = context.new_page()
    problems: list[str] = []
    found.on("pageerror", lambda e: problems.append(str(e)))
    found.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    yield found
    assert problems == []


def opened(page: Any, served: Review, name: str) -> None:
    page.goto(f"{served.address}/p/harbour/{name}")
    page.wait_for_selector("body[data-ready]")


def project_of(place: Path) -> Project:
    return Workspace(configuration(place / "library", place / "home").place).project("harbour")


def saved(place: Path, *expected: tuple[int | None, str | None, int | None]) -> None:
    """Wait until exactly these marks count, in the order in which they were set."""
    end = time.monotonic() + 15
    while True:
        line = timeline(project_of(place).ledger)
        rows = sorted((r for p in line.marked() for r in line.marks_of(p)), key=lambda r: int(r["number"]))
        found = [(r["stars"], r["label"], r["flag"]) for r in rows]
        if found == list(expected):
            return
        assert time.monotonic() < end, found
        time.sleep(0.02)


def badge(page: Any, nth: int) -> str | None:
    found = page.locator(f"figure >> nth={nth}").locator(".marks")
    return str(found.get_attribute("aria-label")) if found.count() else None


def test_marks_of_other_programs_are_on_every_picture_and_keys_set_others(
    page: Any, served: Review, place: Path
) -> None:
    opened(page, served, "review")
    assert badge(page, 0) is None
    assert badge(page, 1) == "4 stars (set in another program), label Green (set in another program)"
    shot(page, "marks_elsewhere")
    page.keyboard.press("m")
    sees(page, "#told", "Lightroom keys: 0–5 stars")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    page.keyboard.press("6")
    page.keyboard.press("p")
    saved(place, (5, None, None), (None, "Red", None), (None, None, 1))
    assert badge(page, 0) == "5 stars, label Red, picked"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    assert badge(page, 1) == "1 star, label Green (set in another program)"
    page.keyboard.press("i")
    sees(page, "#loupe-info", "Another program says: 4 stars.")
    sees(page, "#loupe-line", "1 star · label Green (set in another program)")
    assert page.input_value("#loupe-stars") == "1"
    shot(page, "marks_loupe")
    assert serious(page) == []
    page.select_option("#loupe-label", "Purple")
    sees(page, "#loupe-line", "label Purple")
    page.keyboard.press("6")
    sees(page, "#loupe-line", "label Red")
    page.keyboard.press("6")
    page.wait_for_function("() => !document.getElementById('loupe-line').textContent.includes('label')")
    page.keyboard.press("Escape")
    page.wait_for_selector("figure", state="visible")
    for _ in range(4):
        page.keyboard.press("Control+Z")
    sees(page, "#told", "Undone: a mark of 2025_0000_stage2_x.jpg")
    saved(place, (5, None, None), (None, "Red", None), (None, None, 1))
    page.keyboard.press("Shift+U")
    saved(place, (5, None, None), (None, "Red", None), (None, None, 1), (1, None, None))
    for _ in range(4):
        page.keyboard.press("Control+Z")
    saved(place)
    page.wait_for_selector("figure:first-child .marks", state="detached")
    page.keyboard.press("m")
    sees(page, "#told", "Proofsheet keys: digits choose a picture")
    page.keyboard.press("2")
    sees(page, "#set-title", "Set 2 of 3")
    page.keyboard.press("u")
    sees(page, "#set-title", "Set 1 of 3 · ")
    assert badge(page, 1) == "4 stars (set in another program), label Green (set in another program)"


def test_the_queue_is_filtered_by_stars_label_and_decision(page: Any, served: Review, place: Path) -> None:
    opened(page, served, "review")
    page.select_option("#filter-stars", "4")
    sees(page, "#set-title", "Set 1 of 3 · 1 of them shown")
    page.keyboard.press("ArrowDown")
    sees(page, "#set-title", "Set 1 of 3")
    page.select_option("#filter-stars", "")
    page.select_option("#filter-label", "Blue")
    sees(page, "#filter-none", "No set fits this filter.")
    page.select_option("#filter-label", "")
    page.keyboard.press("ArrowDown")
    sees(page, "#set-title", "Set 2 of 3")
    page.keyboard.press("s")
    sees(page, "#set-title", "Set 3 of 3")
    opened(page, served, "review?state=decided")
    sees(page, "#filter-none", "No set fits this filter.")
    opened(page, served, "review?label=green&state=open")
    page.keyboard.press("ArrowUp")
    sees(page, "#set-title", "Set ")
    page.keyboard.press("u")
    opened(page, served, "singles")
    sees(page, "#singles-count", "3 single pictures")
    page.select_option("#filter-label", "Portfolio")
    sees(page, "#singles-count", "1 are shown")
    sees(page, "#singles", "view 1.png")
    page.select_option("#filter-stars", "3")
    sees(page, "#singles-count", "0 are shown")


def test_of_two_tabs_on_one_picture_one_wins(context: Any, served: Review, place: Path) -> None:
    one, two = context.new_page(), context.new_page()
    for page in (one, two):
        opened(page, served, "singles")
        sees(page, "#singles-count", "3 single")
        page.keyboard.press("ArrowRight")
    one.keyboard.press("3")
    saved(place, (3, None, None))
    two.keyboard.press("5")
    sees(two, "#told", "marked elsewhere meanwhile")
    saved(place, (3, None, None))
    two.wait_for_selector("#singles li:first-child .marks[aria-label='3 stars']")
    two.keyboard.press("ArrowRight")
    two.keyboard.press("ArrowLeft")
    two.keyboard.press("4")
    saved(place, (3, None, None), (4, None, None))
    two.keyboard.press("u")
    two.keyboard.press("u")
    saved(place)


@pytest.mark.parametrize("context", [PHONE, DESK], indirect=True)
def test_axe_finds_nothing_serious_and_nothing_leaves_the_page(
    page: Any, served: Review, place: Path
) -> None:
    for name in ("review", "singles"):
        opened(page, served, name)
        width = page.viewport_size["width"]
        shot(page, f"marks_{name}_{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(page) == []
    page.locator("#singles button >> nth=1").click()
    sees(page, "#loupe-line", "2 stars (set in another program)")
    page.locator("#loupe [data-act=info]").click()
    sees(page, "#loupe-info", "label Portfolio (set in another program)")
    shot(page, f"marks_info_{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    page.select_option("#loupe-stars", "5")
    saved(place, (5, None, None))
    page.locator("#loupe [data-act=undo]").click()
    saved(place)
