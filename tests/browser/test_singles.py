"""The page of single pictures in a real Chromium: looked at, kept and rejected by keys and by finger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.review.keys import SINGLES, keys_of_singles
from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Workspace
from tests.browser.review_page import CHROMIUM, FLAGS, Review, sees, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import configuration
from tests.support.loupe_kit import loupe_project

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the page is not looked at"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("singles")
    loupe_project(folder, sets=1)
    return folder


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Review]:
    with serving(place, free_port()) as found:
        yield found


@pytest.fixture
def context(served: Review, request: pytest.FixtureRequest) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        options = getattr(request, "param", {"viewport": {"width": 1440, "height": 900}})
        yield browser.new_context(**options)
        browser.close()


@pytest.fixture
def page(context: Any, served: Review) -> Iterator[Any]:
    found = context.new_page()
    problems: list[str] = []
    found.on("pageerror", lambda e: problems.append(str(e)))
    found.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    found.goto(f"{served.address}/p/harbour/singles")
    found.wait_for_selector("body[data-ready]")
    yield found
    assert problems == []


def saved(place: Path, *actions: str) -> None:
    """Wait until these decisions are on disk."""
    project = Workspace(configuration(place / "library", place / "home").place).project("harbour")
    end = time.monotonic() + 15
    while (found := [r["action"] for r in timeline(project.ledger).standing()]) != list(actions):
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_singles_are_kept_and_rejected_by_keys_in_the_loupe_and_in_the_grid(page: Any, place: Path) -> None:
    sees(page, "#singles-count", "3 single pictures: 3 undecided, 0 keepers, 0 rejected")
    assert page.locator("#singles img").count() == 3
    page.keyboard.press("a")
    sees(page, "#told", "Mark a picture with the arrow keys first")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "Singles · 2 of 3 · view 1.png")
    page.keyboard.press("a")
    sees(page, "#loupe-line", "3 of 3 · view 2.png")
    page.keyboard.press("ArrowLeft")
    sees(page, "#loupe-line", "view 1.png · keeper")
    shot(page, "singles_loupe")
    page.keyboard.press("Escape")
    page.wait_for_selector("main", state="visible")
    told = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert told == "Look at view 1.png large, keeper"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    sees(page, "#singles li >> nth=2", "rejected")
    saved(place, "approved", "rejected")
    page.click("[data-filter=rejected]")
    sees(page, "#singles-count", "1 undecided, 1 keeper, 1 rejected; 1 are shown")
    assert page.locator("#singles img").count() == 1
    page.click("[data-filter='']")
    sees(page, "#singles li >> nth=1", "keeper")
    shot(page, "singles")
    page.keyboard.press("u")
    page.keyboard.press("u")
    sees(page, "#singles-count", "3 undecided")
    page.keyboard.press("Shift+U")
    sees(page, "#singles-count", "2 undecided, 1 keeper")
    page.keyboard.press("u")
    sees(page, "#singles-count", "3 undecided")
    saved(place)
    page.keyboard.press("u")
    sees(page, "#told", "nothing to undo")


def test_the_page_is_reached_by_its_key_and_from_the_projects(page: Any, served: Review, place: Path) -> None:
    page.keyboard.press("?")
    told = page.inner_text("#help")
    assert all(words in told for words in SINGLES.values())
    assert len(keys_of_singles()) > len(SINGLES) - 1
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.keyboard.press("Shift+S")
    page.wait_for_url("**/review")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("Shift+S")
    page.wait_for_url("**/singles")
    page.wait_for_selector("body[data-ready]")
    page.goto(f"{served.address}/")
    page.get_by_role("link", name="3 single pictures").click()
    page.wait_for_url("**/singles")


def test_the_undo_of_a_single_on_the_page_of_sets_is_told(page: Any, served: Review, place: Path) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    saved(place, "rejected")
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("u")
    sees(page, "#told", "the decision on the single picture view 0.png")
    saved(place)
    page.keyboard.press("r")
    saved(place, "rejected")
    page.goto(f"{served.address}/p/harbour/singles")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("u")
    sees(page, "#told", "a decision on a set, set 1")
    saved(place)


@pytest.mark.parametrize(
    "context",
    [
        {"viewport": {"width": 390, "height": 844}, "has_touch": True},
        {"viewport": {"width": 1440, "height": 900}},
    ],
    indirect=True,
)
def test_axe_finds_nothing_serious_and_nothing_leaves_the_page(page: Any, place: Path) -> None:
    sees(page, "#singles-count", "3 single pictures")
    width = page.viewport_size["width"]
    shot(page, f"singles_{width}")
    assert page.evaluate("document.querySelector('main').scrollWidth") <= width
    assert serious(page) == []
    page.locator("#singles button").first.click()
    sees(page, "#loupe-line", "Singles · 1 of 3")
    page.keyboard.press("i")
    sees(page, "#loupe-info", "Measured")
    shot(page, f"singles_info_{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    page.locator("#loupe [data-act=reject]").click()
    sees(page, "#loupe-line", "2 of 3")
    saved(place, "rejected")
    page.locator("#loupe [data-act=undo]").click()
    sees(page, "#loupe-line", "1 of 3 · view 0.png")
    saved(place)


def test_many_singles_are_loaded_as_the_walk_comes_near_their_end(page: Any) -> None:
    first: list[dict[str, Any]] = []

    def answer(route: Any) -> None:
        """Each picture twice: the second time as another one, on the second page."""
        found = route.fetch().json()
        if found["start"]:
            found["sets"] = [one | {"group_id": f"again {k}"} for k, one in enumerate(first)]
        else:
            first[:] = found["sets"]
        route.fulfill(json=found | {"total": 6})

    page.route("**/api/singles*", answer)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.is_visible("#more")
    page.locator("#singles button").first.click()
    sees(page, "#loupe-line", "1 of 6")
    page.keyboard.press("Escape")
    for _ in range(100):
        if page.locator("#singles img").count() == 6:
            break
        page.wait_for_timeout(50)
    assert page.locator("#singles img").count() == 6
    assert not page.is_visible("#more")
