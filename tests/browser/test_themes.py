"""The colours of every page, in a real Chromium: light, dark and grey, by the system or by the switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.review_page import CHROMIUM, Review, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import run
from tests.support.review_kit import chosen_project

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the review app is not looked at"
)
PAGES = (
    *("/", "/intake", "/runs"),
    *(f"/p/harbour/{name}" for name in ("review", "sets", "singles", "files", "metadata", "metrics")),
)
BACK = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK, GREY = "rgb(244, 244, 245)", "rgb(27, 27, 29)", "rgb(92, 92, 92)"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    folder = tmp_path_factory.mktemp("themes")
    settings, project = chosen_project(folder, sets=2, size=(120, 80))
    assert run(settings, project).success  # texts and figures have colours too
    (folder / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n'
    )
    with serving(folder, free_port()) as found:
        yield found


def opened(browser: Any, width: int = 1440, **options: Any) -> Any:
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    return context.new_page()


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        *(("light", 1440), ("grey", 390)),
        *(pytest.param(*more, marks=pytest.mark.long) for more in (("light", 390), ("grey", 1440))),
        *(pytest.param("dark", width, marks=pytest.mark.long) for width in (1440, 390)),
    ],
)
def test_no_page_has_a_serious_finding_of_axe(browser: Any, served: Review, theme: str, width: int) -> None:
    page = opened(browser, width)
    page.goto(served.address)
    page.select_option("#theme", theme)
    found = {}
    for path in PAGES:
        page.goto(served.address + path)
        page.wait_for_load_state("networkidle")
        shot(page, f"theme_{theme}_{width}_{path.rpartition('/')[2] or 'projects'}")
        found[path] = serious(page)
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press(" ")
    page.keyboard.press("i")
    page.wait_for_selector("#loupe-info:not([hidden]) .measured")
    shot(page, f"theme_{theme}_{width}_loupe")
    found["loupe"] = serious(page)
    assert found == {name: [] for name in (*PAGES, "loupe")}
    page.context.close()


@pytest.mark.parametrize(("scheme", "back"), [("light", LIGHT), ("dark", DARK)])
def test_the_colours_are_those_of_the_system_until_others_are_chosen(
    browser: Any, served: Review, scheme: str, back: str
) -> None:
    page = opened(browser, color_scheme=scheme)
    page.goto(served.address)
    assert page.evaluate(BACK) == back
    page.select_option("#theme", "grey")
    assert page.evaluate(BACK) == GREY
    page.goto(f"{served.address}/p/harbour/sets")
    assert (page.evaluate(BACK), page.input_value("#theme")) == (GREY, "grey")
    page.select_option("#theme", "")
    assert page.evaluate(BACK) == back
    page.reload()
    assert (page.evaluate(BACK), page.input_value("#theme")) == (back, "")
    page.context.close()


def test_keys_reach_the_page_after_the_switch(browser: Any, served: Review) -> None:
    page = opened(browser)
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    page.select_option("#theme", "light")
    page.keyboard.press("g")
    page.wait_for_selector(".images.sets img")
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_320_pixels_needs_no_scrolling_sideways(browser: Any, served: Review, path: str) -> None:
    page = opened(browser, 320)
    page.goto(served.address + path)
    page.wait_for_load_state("networkidle")
    widths = page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('main').scrollWidth]"
    )
    shot(page, f"narrow_{path.rpartition('/')[2] or 'projects'}")
    assert max(widths) <= 320
    page.context.close()
