"""The loupe of the review in a real Chromium: by keys, by mouse, by finger, and its info panel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Workspace
from tests.browser.review_page import CHROMIUM, Review, sees, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import configuration
from tests.support.loupe_kit import SIZES, TURNED, loupe_project

NAMES = (TURNED, "view 0.png")
BOX = """(() => { const b = document.querySelector('#loupe-box').getBoundingClientRect();
    const s = document.querySelector('#loupe-stage').getBoundingClientRect();
    return {left: b.left - s.left, top: b.top - s.top, width: b.width, height: b.height,
    x: (s.width / 2 - b.left + s.left) / b.width, y: (s.height / 2 - b.top + s.top) / b.height,
    wide: s.width, high: s.height, at: [s.left, s.top]}; })()"""
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the loupe is not looked at"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loupe")
    loupe_project(folder, turned=True)
    return folder


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Review]:
    with serving(place, free_port()) as found:
        yield found


@pytest.fixture
def opened(browser: Any, served: Review) -> Iterator[Any]:
    """Gives a function that opens the review at a set; what the page reports as an error fails the test."""
    problems: list[str] = []
    contexts = []

    def open_at(number: int = 0, width: int = 1440, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on(
            "console",
            lambda m: problems.append(m.text) if m.type == "error" and "404" not in m.text else None,
        )
        page.goto(f"{served.address}/p/harbour/review?set={number}")
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert problems == []


def standing(place: Path) -> list[dict[str, Any]]:
    project = Workspace(configuration(place / "library", place / "home").place).project("harbour")
    return timeline(project.ledger).standing()


def saved(place: Path, *actions: str) -> None:
    """Wait until these decisions are on disk."""
    end = time.monotonic() + 15
    while (found := [r["action"] for r in standing(place)]) != list(actions):
        assert time.monotonic() < end, found
        time.sleep(0.02)


def box(page: Any) -> dict[str, Any]:
    return dict(page.evaluate(BOX))


def sharp(page: Any) -> None:
    """Wait until the original lies over the preview."""
    page.wait_for_selector("#loupe-exact:not([hidden])")


def test_space_shows_one_picture_large_and_arrows_walk_through_its_set(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press("ArrowRight")
    assert page.locator("figure.marked").get_attribute("data-id")
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "Set 1 of 3")
    sees(page, "#loupe-line", "1 of 3 · 2025_0000_stage1_x.jpg")
    assert not page.is_visible("main")
    shot(page, "loupe")
    found = box(page)
    assert found["width"] == pytest.approx(found["wide"], abs=1) or found["height"] == pytest.approx(
        found["high"], abs=1
    )
    assert page.is_disabled("#loupe [data-act=left]")
    page.keyboard.press("ArrowRight")
    sees(page, "#loupe-line", "2 of 3")
    assert page.locator("#loupe-strip [aria-current]").inner_text() == "2"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    sees(page, "#told", "last picture of the set")
    page.locator("#loupe-strip button").nth(0).click()
    sees(page, "#loupe-line", "1 of 3")
    page.keyboard.press("ArrowDown")
    sees(page, "#loupe-line", "Set 2 of 3")
    page.keyboard.press("Escape")
    page.wait_for_selector("main", state="visible")
    assert not page.is_visible("#loupe")
    assert page.inner_text("#set-title").startswith("Set 2 of 3")


def test_a_hundred_percent_is_a_device_pixel_and_all_of_a_set_show_the_same_detail(opened: Any) -> None:
    for ratio in (1, 2):
        page = opened(0, device_scale_factor=ratio)
        page.keyboard.press(" ")
        page.wait_for_selector("#loupe-box img")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("z")
        sharp(page)
        large = box(page)
        assert large["width"] == pytest.approx(SIZES[2][0] / ratio, abs=0.5)
        sees(page, "#loupe-scale", "100 %")
        page.keyboard.press("Shift+ArrowLeft")
        moved = box(page)
        assert moved["x"] < large["x"] or large["width"] <= large["wide"]
        page.keyboard.press("ArrowLeft")
        sees(page, "#loupe-scale", "300 %, as large as the largest picture")
        small = box(page)
        assert (small["width"], small["x"], small["y"]) == pytest.approx(
            (moved["width"], moved["x"], moved["y"]), abs=0.6
        )
        page.keyboard.press("z")
        sees(page, "#loupe-scale", "Fit")


def test_a_click_enlarges_at_the_pointer_and_wheel_and_drag_move_the_picture(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    page.wait_for_selector("#loupe-box img")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    fit = box(page)
    x, y = fit["at"][0] + fit["wide"] / 2 + 60, fit["at"][1] + fit["high"] / 2 + 40
    under = (x - fit["at"][0] - fit["left"]) / fit["width"], (y - fit["at"][1] - fit["top"]) / fit["height"]
    page.mouse.click(x, y)
    sharp(page)
    found = box(page)
    after = (
        (x - found["at"][0] - found["left"]) / found["width"],
        (y - found["at"][1] - found["top"]) / found["height"],
    )
    assert after == pytest.approx(under, abs=0.002)
    page.mouse.wheel(0, 60)
    assert_moves(page, found, down=60)
    found = box(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y - 30, steps=4)
    page.mouse.up()
    assert_moves(page, found, across=20, down=30)
    page.mouse.click(x, y)
    sees(page, "#loupe-scale", "Fit")


def assert_moves(page: Any, before: dict[str, Any], across: float = 0, down: float = 0) -> None:
    for _ in range(50):
        now = box(page)
        if now["left"] == pytest.approx(before["left"] - across, abs=1.1) and now["top"] == pytest.approx(
            before["top"] - down, abs=1.1
        ):
            return
        page.wait_for_timeout(20)
    raise AssertionError((before, now))


def test_z_shows_the_eyes_if_the_pointer_is_elsewhere(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    page.wait_for_selector("#loupe-box img")
    told = page.evaluate(
        """Promise.all([import('/static/loupe.js'), import('/static/review_state.js')]).then(([l, s]) => {
        const images = s.now().images.map((i) => ({...i, zoom_to: [0.3, 0.55]}));
        l.show({key: 'x', title: '', images, total: 3, marks: () => ({words: [], mark: ''}),
          crop: () => null, about: () => [], back: () => null}, images[2].id);
        l.point(null); l.zoom(); })"""
    )
    assert told is None
    found = box(page)
    held = max(0.3, found["wide"] / 2 / found["width"]), min(0.55, 1 - found["high"] / 2 / found["height"])
    assert (found["x"], found["y"]) == pytest.approx((max(held[0], 0.3), held[1]), abs=0.01)


def test_a_set_that_is_not_loaded_yet_is_awaited_in_the_loupe(opened: Any, place: Path) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "Set 1 of 3")
    told = page.evaluate(
        """import('/static/review_state.js').then((m) => { m.state.sets.delete(1); return 'deleted'; })"""
    )
    assert told == "deleted"
    held: list[Any] = []
    page.route("**/load_batch*", lambda route: None if held else held.append(route))
    page.keyboard.press("ArrowDown")
    sees(page, "#loupe-line", "Set 2 of 3 is not loaded yet.")
    assert page.locator("#loupe-box img").count() == 0
    held[0].continue_()
    sees(page, "#loupe-line", "Set 2 of 3 · stage series · open")
    assert page.locator("#loupe-box img").count() == 1
    assert standing(place) == []


def test_a_turned_file_and_one_that_is_gone_are_shown_as_they_are(
    opened: Any, place: Path, served: Review
) -> None:
    page = opened(0)
    query = "project=harbour&size=50"
    found = page.request.get(f"{served.address}/api/singles?{query}").json()["sets"]
    turned, gone = (next(s["images"][0] for s in found if s["images"][0]["file_name"] == n) for n in NAMES)
    (place / "library" / "harbour" / "alone" / NAMES[1]).rename(place / "away.png")
    size = """(image) => import('/static/loupe_pictures.js').then((m) => m.exact(image).ready)
        .then((b) => b && [b.width, b.height])"""
    assert (turned["width"], turned["height"]) == (200, 300)
    assert page.evaluate(size, turned) == [200, 300]

    assert page.evaluate(size, gone) == [gone["width"], gone["height"]]  # of its preview
    (place / "away.png").rename(place / "library" / "harbour" / "alone" / NAMES[1])


def test_deciding_keys_work_in_the_loupe_and_its_state_is_seen(opened: Any, place: Path) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "Set 1 of 3")
    page.keyboard.press("2")
    sees(page, "#loupe-line", "Set 2 of 3")
    page.keyboard.press("r")
    sees(page, "#loupe-line", "Set 3 of 3")
    page.keyboard.press("s")
    sees(page, "#loupe-line", "set skipped")
    page.keyboard.press("ArrowUp")
    sees(page, "#loupe-line", "set rejected: all stay")
    page.keyboard.press("ArrowUp")
    sees(page, "#loupe-line", "2 of 3 · 2025_0000_stage2_x.jpg · chosen")
    assert page.locator("#loupe-strip button").nth(1).get_attribute("class") == "chosen"
    assert "not chosen" in (page.locator("#loupe-strip button").nth(0).get_attribute("aria-label") or "")
    shot(page, "loupe_decided")
    saved(place, "overridden", "rejected", "skipped")
    for _ in range(3):
        page.keyboard.press("u")
    sees(page, "#loupe-line", "Set 1 of 3 · stage series · open")
    page.locator("#loupe [data-act=choose]").click()
    sees(page, "#loupe-line", "Set 2 of 3")
    page.keyboard.press("u")
    sees(page, "#loupe-line", "Set 1 of 3 · stage series · open")
    saved(place)


def test_a_click_chooses_two_open_the_loupe_and_a_tap_only_looks(opened: Any, place: Path) -> None:
    page = opened(0)
    page.locator("figure img").nth(1).dblclick()
    sees(page, "#loupe-line", "2 of 3")
    page.wait_for_timeout(400)
    assert standing(place) == []
    page.keyboard.press(" ")
    page.wait_for_selector("main", state="visible")
    page.locator("figure").nth(0).hover()
    page.locator("figure .look").nth(0).click()
    sees(page, "#loupe-line", "1 of 3")
    page.keyboard.press("Escape")
    page.locator("figure img").nth(1).click()
    sees(page, "#set-title", "Set 2 of 3")
    saved(place, "overridden")
    page.keyboard.press("u")
    sees(page, "#set-title", "Set 1 of 3")
    saved(place)
    phone = opened(0, 390, has_touch=True)
    phone.locator("figure img").nth(1).tap()
    sees(phone, "#loupe-line", "2 of 3")
    phone.wait_for_timeout(400)
    assert standing(place) == []


def test_a_finger_swipes_to_the_next_picture_taps_to_a_hundred_percent_and_goes_back(opened: Any) -> None:
    page = opened(0, 390, has_touch=True, is_mobile=True)
    page.locator("[data-act=loupe]").first.tap()
    sees(page, "#loupe-line", "Set 1 of 3")
    page.locator("#loupe-strip button").nth(0).tap()
    sees(page, "#loupe-line", "1 of 3")
    swipe(page, -120)
    sees(page, "#loupe-line", "2 of 3")
    swipe(page, 120)
    sees(page, "#loupe-line", "1 of 3")
    shot(page, "loupe_phone")
    stage = page.locator("#loupe-stage").bounding_box()
    page.touchscreen.tap(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    sees(page, "#loupe-scale", "300 %")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    small = page.locator("#loupe button:visible").evaluate_all(
        """(all) => all.map((b) => b.getBoundingClientRect())
        .filter((r) => r.width < 44 || r.height < 44).length"""
    )
    assert small == 0
    assert serious(page) == []
    page.locator("#loupe [data-act=close]").tap()
    page.wait_for_selector("main", state="visible")


def test_the_way_back_of_the_browser_closes_the_loupe_and_stays_on_the_page(opened: Any) -> None:
    page = opened(1, 390, has_touch=True, is_mobile=True)
    address = page.url
    for _ in range(2):
        page.keyboard.press(" ")
        sees(page, "#loupe-line", "Set 2 of 3")
        page.go_back()
        page.wait_for_selector("main", state="visible")
        assert page.url == address
    for _ in range(5):
        page.keyboard.press(" ")  # faster than the history of the browser
    sees(page, "#loupe-line", "Set 2 of 3")
    page.wait_for_timeout(300)
    assert page.is_visible("#loupe")
    page.go_back()
    page.wait_for_selector("main", state="visible")
    assert page.url == address


def swipe(page: Any, across: int) -> None:
    stage = page.locator("#loupe-stage").bounding_box()
    client = page.context.new_cdp_session(page)
    x, y = stage["x"] + stage["width"] / 2 - across / 2, stage["y"] + stage["height"] / 2
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in (0.25, 0.5, 0.75, 1):
        points = [{"x": x + across * part, "y": y + 3 * part}]
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    client.detach()


def test_info_says_what_is_known_and_what_is_unknown(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press("i")
    page.locator("#loupe-strip button").nth(0).click()
    sees(page, "#loupe-info", "Canon EOS R5 · RF50mm F1.8 · 1/200 s f/2.8 · ISO 400 · date unknown")
    sees(page, "#loupe-info", "600 × 400 px")
    sees(page, "#loupe-info", "Clipped in the preview: highlights")
    assert page.locator("#loupe-info meter").count() == 9
    assert page.locator("#loupe-info tr[aria-current]").inner_text().startswith("1")
    sees(page, "#loupe-info", "Step 1: selection")
    shot(page, "loupe_info")
    page.keyboard.press("ArrowRight")
    sees(page, "#loupe-info", "Camera, lens, exposure, ISO and date: unknown")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press(" ")
    page.wait_for_selector("#loupe-info h2")
    page.keyboard.press("i")
    assert not page.is_visible("#loupe-info")


def test_the_histogram_counts_every_level_and_what_is_clipped(opened: Any) -> None:
    page = opened(0)
    told = page.evaluate(
        """import('/static/histogram.js').then((m) => {
        const rows = [[255, 255, 250, 255], [0, 5, 3, 255], [255, 0, 0, 255], [128, 128, 128, 255]];
        const {bright, dark, counts} = m.counted(new Uint8ClampedArray(rows.flat()));
        return [bright, dark, counts[0][255], counts[2][0], counts[1][128]]; })"""
    )
    assert told == [1, 1, 2, 1, 1]


def test_the_loupe_is_read_by_assistive_technology(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "Set 1 of 3")
    assert serious(page) == []
    assert page.locator("#loupe-line").get_attribute("role") == "status"
    name = page.locator("#loupe-box img").get_attribute("alt") or ""
    assert "picture" in name
    assert "of 3" in name
    first = page.locator("#loupe-strip button").nth(0)
    first.focus()
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "1 of 3")  # Space presses a focused button, it does not close the loupe
    page.locator("#loupe [data-act=zoom]").focus()
    page.keyboard.press("Enter")
    assert page.locator("#loupe [data-act=zoom]").get_attribute("aria-pressed") == "true"


def test_f_is_full_screen_and_closing_the_loupe_leaves_it(opened: Any) -> None:
    page = opened(0)
    full = "document.fullscreenElement !== null"
    page.keyboard.press(" ")
    for key, wanted in (("f", True), ("f", False), ("f", True), (" ", False)):
        page.keyboard.press(key)
        end = time.monotonic() + 10
        while page.evaluate(full) is not wanted:
            assert time.monotonic() < end, (key, wanted)
            time.sleep(0.02)


def test_a_crop_is_drawn_over_the_whole_picture_and_edited_in_the_loupe(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    page.keyboard.press("?")
    page.wait_for_selector("#help", state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.is_visible("#loupe")
    page.keyboard.press("e")
    page.wait_for_selector("cropper-selection")
    time.sleep(0.3)
    for side, value in (("x1", "0.25"), ("y1", "0.2"), ("x2", "0.75"), ("y2", "0.9")):
        page.fill(f"#crop-{side}", value)
    page.click("#crop-keep")
    page.wait_for_selector("#loupe-box svg rect", state="attached")
    assert "left 0.250" in page.text_content("#loupe-box svg title")
    page.keyboard.press("c")
    assert page.locator("#loupe-box svg").count() == 0
    page.keyboard.press("c")
    page.keyboard.press("z")
    assert page.locator("#loupe-box svg").count() == 0


def test_a_hidden_proposal_is_not_told_in_the_loupe(opened: Any) -> None:
    page = opened(0)
    page.keyboard.press(" ")
    sees(page, "#loupe-line", "suggested")
    page.keyboard.press("b")
    for _ in range(3):
        assert "suggested" not in page.inner_text("#loupe")
        page.keyboard.press("ArrowLeft")
    assert page.locator("#loupe-strip .pick").count() == 0
