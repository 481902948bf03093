"""The review app in a real Chromium.

Fifty sets by keyboard alone, reload, two tabs, undo to the start, accessibility.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.review.keys import KEYS
from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Workspace
from proofsheet.texts.edits import write_field
from schemas.choices import Proposal
from schemas.edits import Waiver
from schemas.sets import SetContext
from tests.browser.review_page import CHROMIUM, Review, sees, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import NOW, configuration, name_subject, run
from tests.support.review_kit import chosen_project

SETS = 50
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the review app is not looked at"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty sets of three, with texts."""
    folder = tmp_path_factory.mktemp("review")
    settings, project = chosen_project(folder, sets=SETS, stages=3, size=(240, 160))
    name_subject(project, "Boats in a harbour", "day two")
    photo = project.store.read(Proposal)[Proposal.chosen_photo_id][-1]
    refusal = "As an AI language model, I cannot see the picture."
    write_field(project.ledger, str(photo), "caption", refusal, None, "human", NOW)
    assert run(settings, project).success
    (folder / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
        "[review]\nbatch = 20\n"
    )
    return folder


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Review]:
    with serving(place, free_port()) as found:
        yield found


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    found = context.new_page()
    problems: list[str] = []
    found.on("pageerror", lambda e: problems.append(str(e)))
    found.on(
        "console",
        lambda m: (
            problems.append(m.text)
            if m.type == "error" and not any(w in m.text for w in ("409", "ERR_FAILED"))
            else None
        ),
    )
    yield found
    assert problems == []
    context.close()


def review(page: Any, served: Review, query: str = "") -> None:
    page.goto(f"{served.address}/p/harbour/review{query}")
    page.wait_for_selector("body[data-ready]")


def decided(page: Any) -> int:
    found = re.search(r"Reviewed (\d+)/", page.inner_text("#all-text"))
    assert found
    return int(found[1])


def until(page: Any, wanted: int) -> None:
    sees(page, "#all-text", f"Reviewed {wanted}/")


def press(page: Any, key: str) -> None:
    """A key for the set on the page; a blind one is decided by number."""
    blind = page.locator(".badge.blind").count() > 0
    page.keyboard.press("1" if blind and key == "a" else key)


def project_of(place: Path) -> Any:
    return Workspace(configuration(place / "library", place / "home").place).project("harbour")


def test_fifty_sets_by_keyboard_alone_with_a_reload_in_the_middle_and_undo_to_the_start(
    page: Any, served: Review, place: Path
) -> None:
    review(page, served)
    shown = page.inner_text("main")
    assert "Reviewed 0/50 groups (0 %)" in shown
    assert "AI Pick" in shown
    assert "highest stage of the set: 3" in shown
    shot(page, "first_set")
    keys = ["a", "2", "r", "1", "a", "1", "3"]
    for number in range(SETS // 2):
        press(page, keys[number % len(keys)])
    until(page, SETS // 2)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.inner_text("#set-title").startswith("Set 26 of 50")
    for number in range(SETS // 2, SETS):
        press(page, keys[number % len(keys)])
    until(page, SETS)
    line = timeline(project_of(place).ledger)
    assert len(line.standing()) == SETS
    page.keyboard.press("Shift+Enter")
    sees(page, "#told", "Submitted")
    for k in range(SETS):
        page.keyboard.press("u" if k % 2 else "Control+z")
        until(page, SETS - k - 1)
    sees(page, "#set-title", "Set 1 of 50")
    page.keyboard.press("u")
    sees(page, "#told", "nothing to undo")
    for k in range(SETS):
        page.keyboard.press("Shift+U")
        until(page, k + 1)
    again = timeline(project_of(place).ledger)
    assert [v["verdict_id"] for v in again.standing()] == [v["verdict_id"] for v in line.standing()]
    for k in range(SETS):
        page.keyboard.press("u")
        until(page, SETS - k - 1)


def test_a_skipped_set_stays_open_on_every_page(page: Any, served: Review) -> None:
    review(page, served, "?set=4")
    page.keyboard.press("s")
    sees(page, "#set-title", "Set 6 of 50")
    assert decided(page) == 0
    page.keyboard.press("ArrowUp")
    sees(page, "#set-title", "skipped")
    page.goto(f"{served.address}/p/harbour/sets")
    for name, shown in (("skipped", "1 of 50"), ("open", "50 of 50")):
        page.click(f"[data-filter={name}]")
        sees(page, "#sets-count", shown)
    review(page, served)
    page.keyboard.press("u")
    sees(page, "#set-title", "Set 5 of 50 · ")
    assert "skipped" not in page.inner_text("#set-title")


def test_keys_that_are_faster_than_the_server_wait_for_their_sets(
    page: Any, served: Review, place: Path
) -> None:
    held: list[Any] = []
    slow = True
    review(page, served)
    page.route("**/load_batch*", lambda route: held.append(route) if slow else route.continue_())
    hand = 40
    for _ in range(hand):
        page.keyboard.press("1")
    sees(page, "#set-title", "is not loaded yet")
    assert 0 < len(timeline(project_of(place).ledger).standing()) < hand
    slow = False
    for route in held:
        route.continue_()
    until(page, hand)
    sees(page, "#set-title", f"Set {hand + 1} of {SETS} · ")
    assert len(timeline(project_of(place).ledger).standing()) == hand
    for k in range(hand):
        page.keyboard.press("u")
        until(page, hand - k - 1)


def test_every_key_does_what_help_says_in_every_view(page: Any, served: Review) -> None:
    review(page, served, "?set=10")
    page.keyboard.press("?")
    told = page.inner_text("#help")
    assert all(key.does in told for key in KEYS)
    shot(page, "help")
    page.keyboard.press("a")
    assert decided(page) == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")  # the browser closes it a moment after the key
    title = page.inner_text("#set-title")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.inner_text("#set-title") == title
    page.keyboard.press("z")
    assert page.locator("#images.zoom").count() == 1
    page.mouse.move(300, 400)
    places = page.evaluate("[...document.querySelectorAll('#images img')].map(i => i.style.objectPosition)")
    assert len(set(places)) == 1
    assert places[0] != ""
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.inner_text("#set-title") == title
    page.keyboard.press("z")
    page.keyboard.press("p")
    assert page.locator("figure.pinned").count() == 1
    page.keyboard.press("p")
    page.keyboard.press("b")
    assert page.locator(".badge.blind").count() == 1
    assert "AI Pick" not in page.inner_text("main")
    page.keyboard.press("b")
    page.keyboard.press("g")
    assert page.locator("#images.sets img").count() >= SETS
    shot(page, "grid")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.keyboard.press("c")
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+r")
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', repeat: true}))")
    assert decided(page) == 0


def test_a_cut_is_edited_by_numbers_shown_and_saved(page: Any, served: Review, place: Path) -> None:
    number = next(k for k, p in enumerate(page_sets(page, served)) if not p["hidden"])
    review(page, served, f"?set={number}")
    page.keyboard.press("e")
    page.wait_for_selector("cropper-selection")
    time.sleep(0.3)
    for side, value in (("x1", "0.25"), ("y1", "0.2"), ("x2", "0.75"), ("y2", "0.9")):
        page.fill(f"#crop-{side}", value)
    box = page.evaluate(
        "(() => { const s = document.querySelector('cropper-selection'); return [s.width, s.height]; })()"
    )
    assert box[0] / box[1] == pytest.approx(0.5 * 240 / (0.7 * 160), rel=0.05)
    shot(page, "crop")
    page.fill("#crop-x2", "0.1")
    page.click("#crop-keep")
    assert "Left must be less than right" in page.inner_text("#crop-problem")
    page.fill("#crop-x2", "0.75")
    page.click("#crop-keep")
    page.wait_for_selector("figure svg rect", state="attached")
    assert "left 0.250" in page.text_content("figure svg title")
    page.keyboard.press("a")
    until(page, 1)
    (verdict,) = timeline(project_of(place).ledger).standing()
    assert verdict["crop"] == [0.25, 0.2, 0.75, 0.9]
    page.keyboard.press("u")
    until(page, 0)


def test_a_cut_of_a_skipped_set_waits_for_its_decision(page: Any, served: Review, place: Path) -> None:
    number = next(k for k, p in enumerate(page_sets(page, served)) if not p["hidden"])
    review(page, served, f"?set={number}")
    page.keyboard.press("s")
    sees(page, "#set-title", f"Set {number + 2} of 50")
    page.keyboard.press("ArrowUp")
    sees(page, "#set-title", "skipped")
    page.keyboard.press("e")
    page.wait_for_selector("cropper-selection")
    time.sleep(0.3)
    for side, value in (("x1", "0.25"), ("y1", "0.2"), ("x2", "0.75"), ("y2", "0.9")):
        page.fill(f"#crop-{side}", value)
    page.click("#crop-keep")
    sees(page, "#told", "saved with your decision")
    page.keyboard.press("a")
    until(page, 1)
    (verdict,) = [v for v in timeline(project_of(place).ledger).standing() if v["action"] != "skipped"]
    assert verdict["crop"] == [0.25, 0.2, 0.75, 0.9]
    for _ in range(2):
        page.keyboard.press("u")
    until(page, 0)


def page_sets(page: Any, served: Review) -> list[dict[str, Any]]:
    found = page.request.get(f"{served.address}/api/automation/load_batch?project=harbour&size=100&start=0")
    return list(json.loads(found.text())["sets"])


def test_two_tabs_on_one_set_one_wins_and_the_other_is_told(browser: Any, served: Review) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    one, two = context.new_page(), context.new_page()
    review(one, served, "?set=0")
    review(two, served, "?set=0")
    one.keyboard.press("r")
    until(one, 1)
    two.keyboard.press("s")
    sees(two, "#told", "decided elsewhere")
    sees(two, "#set-title", "rejected")
    one.keyboard.press("u")
    until(one, 0)
    context.close()


def test_what_was_decided_while_the_server_was_away_is_saved_when_it_is_back(page: Any, place: Path) -> None:
    with serving(place, free_port()) as own:
        review(page, own, "?set=3")
        page.route("**/submit_decision", lambda route: route.abort())
        page.keyboard.press("r")
        page.keyboard.press("r")
        sees(page, "#told", "not saved yet")
        page.unroute("**/submit_decision")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        until(page, 2)
        for k in (1, 0):
            page.keyboard.press("u")
            until(page, k)


def test_without_auto_advance_a_decided_set_stays(
    page: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOFSHEET_REVIEW_AUTO_ADVANCE", "false")
    with serving(place, free_port()) as own:
        review(page, own, "?set=4")
        page.keyboard.press("r")
        sees(page, "#set-title", "Set 5 of 50 · stage series · rejected")
        until(page, 1)
        page.keyboard.press("Enter")
        sees(page, "#set-title", "Set 6 of 50 · stage series · open")
        page.keyboard.press("u")
        until(page, 0)


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("/", ("harbour", "0/50", "no review yet")),
        ("/p/harbour/review", ("Reviewed 0/50 groups", "Step 1: selection", "stage 3")),
        ("/p/harbour/sets", ("50 of 50 sets", "Set 1", " % technical")),
        ("/p/harbour/metadata", ("50 of 50 photos", "_stage3_x.png", "embedded")),
        ("/p/harbour/metrics", ("Gates of the rollout", "agreement", "Nothing was applied yet")),
        ("/intake", ("harbour / . (", "day two", "Save all")),
        ("/runs", ("Idle", "Vision model", "version")),
    ],
)
def test_every_page_shows_its_facts_and_has_no_serious_finding_of_axe(
    page: Any, served: Review, path: str, facts: tuple[str, ...]
) -> None:
    page.goto(f"{served.address}{path}", wait_until="networkidle")
    end = time.monotonic() + 15
    while missing := [f for f in facts if f not in page.inner_text("body")]:
        assert time.monotonic() < end, f"{path} does not show {missing}:\n{page.inner_text('body')[:1500]}"
        time.sleep(0.1)
    shot(page, path.strip("/").replace("/", "_") or "projects")
    assert serious(page) == []


@pytest.mark.long
def test_a_run_is_started_watched_and_prompts_are_saved_with_another_version(
    page: Any, served: Review, place: Path
) -> None:
    page.goto(f"{served.address}/runs", wait_until="networkidle")
    page.click("#start")
    sees(page, "#state", "Running")
    sees(page, "#log", "###end_of_process###", 120)
    sees(page, "#state", "Completed")
    shot(page, "runs_completed")
    text = page.input_value("#prompt-text")
    page.fill("#prompt-text", text.replace("# User", "# User\nBe brief."))
    page.click("#prompt-save")
    sees(page, "#told", "another version")
    page.fill("#prompt-text", re.sub(r"version: \S+", "version: 77", text))
    page.click("#prompt-save")
    sees(page, "#prompt-told", "version 77, ")
    (own,) = (place / "home" / "prompts").glob("*.md")
    assert "version: 77" in own.read_text()
    own.unlink()


def test_texts_are_edited_locked_undone_and_approved_on_the_page(
    page: Any, served: Review, place: Path
) -> None:
    page.goto(f"{served.address}/p/harbour/metadata", wait_until="networkidle")
    row = page.locator(".row").first
    path = row.get_attribute("aria-label")
    row.get_by_label(f"caption of {path}").fill("Typed, and kept by nobody yet")
    row.get_by_label(f"title of {path}").fill("A harbour at noon")
    field(row, "title").get_by_role("button", name="Save").click()
    sees(page, "#told", "Saved and locked")
    sees(page, ".row >> nth=0", "not judged yet")
    assert row.get_by_label(f"caption of {path}").input_value() == "Typed, and kept by nobody yet"
    shot(page, "metadata_edited")
    row.locator("summary").click()
    assert "human: A harbour at noon" in row.locator("details").inner_text()
    field(row, "title").get_by_role("button", name="Undo").click()
    sees(page, "#told", "undone")
    field(row, "subject").get_by_role("button", name="Save").click()
    sees(page, "#told", "empty subject changes nothing")
    row.get_by_label(f"subject of {path}").fill("The old harbour")
    field(row, "subject").get_by_role("button", name="Save").click()
    sees(page, "#told", "subject is confirmed")
    (said,) = project_of(place).ledger.rows(SetContext, subject="The old harbour").to_dicts()
    assert (said[SetContext.subject], said[SetContext.folder]) == ("The old harbour", path.rpartition("/")[0])
    page.get_by_role("button", name="Blocked").click()
    page.get_by_role("button", name="Waive").first.click()
    page.fill("#waive-reason", "This is what the picture shows")
    shot(page, "metadata_waive")
    page.click("#waive-keep")
    sees(page, "#told", "Waived for this text")
    assert project_of(place).ledger.rows(Waiver)[Waiver.reason].to_list() == [
        "This is what the picture shows"
    ]
    page.get_by_role("button", name="Accepted").click()
    page.locator(".row").first.get_by_role("button", name="Approve").click()
    sees(page, "#told", "approved")


def field(row: Any, name: str) -> Any:
    """The line of a field: the one whose label begins with its name."""
    return row.locator(".field", has=row.page.locator("span", has_text=re.compile(f"^{name}")))
