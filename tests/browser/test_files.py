"""The page Files: from decided to moved in the browser, with a signature, refusals and undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proofsheet.storage.workspace import Project
from schemas.apply import SignOff
from tests.browser.review_page import CHROMIUM, Review, sees, serious, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import tree
from tests.support.review_kit import chosen_project, decide_all

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the review app is not looked at"
)
SETTINGS = (
    '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n'
    '[apply]\nmode = "{mode}"\nwait_s = 0\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Six sets, decided and submitted."""
    _settings, found = chosen_project(tmp_path, sets=6, size=(240, 160))
    decide_all(found, crop_every=3)
    return found


@pytest.fixture(params=["pilot"])
def served(request: pytest.FixtureRequest, tmp_path: Path, project: Project) -> Iterator[Review]:
    (tmp_path / "proofsheet.toml").write_text(SETTINGS.format(mode=request.param))
    with serving(tmp_path, free_port()) as found:
        yield found


def opened(browser: Any, served: Review, width: int = 1440) -> Any:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{served.address}/p/harbour/files")
    return page


def test_submitted_sets_are_moved_and_moved_back(browser: Any, served: Review, project: Project) -> None:
    before = tree(project.folder)
    page = opened(browser, served)
    sees(page, "#plan-told", "6 sets, 74 files")
    assert page.locator("#moves-sets tr").count() == 6
    assert page.locator("#moves-sets img").count() == 14  # two pictures a set, and two crops
    page.wait_for_load_state("networkidle")
    shot(page, "files_plan")
    assert serious(page) == []
    page.click("#go")
    assert tree(project.folder) == before  # nobody has signed
    page.fill("#signed", "Zoë")
    page.click("#go")
    sees(page, "#work-told", "74 files moved")
    shot(page, "files_moved")
    assert serious(page) == []
    moved = tree(project.folder)
    assert sorted({path.partition("/")[0] for path in moved}) == ["review", "selected"]
    assert {*before.values()} <= {*moved.values()}
    (signed,) = project.ledger.rows(SignOff).to_dicts()
    assert (signed[SignOff.signed_by], signed[SignOff.mode]) == ("Zoë", "pilot")
    sees(page, "#plan-told", "Nothing is to be moved. Sets: 6 applied already.")
    sees(page, "#plans", "apply, ")
    page.click("#plans button")
    sees(page, "#work-told", "74 files undone")
    assert tree(project.folder) == before
    sees(page, "#plan-told", "6 sets, 74 files")
    assert not page.is_visible("#signing")  # it is noted already
    page.context.close()


def test_a_phone_shows_the_plan_without_scrolling_sideways(browser: Any, served: Review) -> None:
    page = opened(browser, served, width=390)
    sees(page, "#plan-told", "6 sets")
    page.wait_for_load_state("networkidle")
    shot(page, "files_phone")
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 390
    assert serious(page) == []
    page.context.close()


def test_a_set_that_changed_stays_and_the_page_says_why(
    browser: Any, served: Review, project: Project
) -> None:
    changed = sorted(project.folder.glob("*_stage1_x.png"))[0]
    changed.write_bytes(changed.read_bytes() + b"more")
    page = opened(browser, served)
    sees(page, "#plan-problems", f"{changed.name} has changed since the last run.")
    sees(page, "#plan-told", "5 sets")
    page.fill("#signed", "Zoë")
    page.click("#go")
    sees(page, "#work-told", "files moved")
    assert changed.is_file()
    page.context.close()


@pytest.mark.parametrize("served", ["sandbox"], indirect=True)
def test_in_the_mode_sandbox_the_page_says_how_to_allow_it(
    browser: Any, served: Review, project: Project
) -> None:
    page = opened(browser, served)
    sees(page, "#plan-problems", "set mode = 'pilot' in [apply]")
    assert not page.is_visible("#confirm")
    answered = page.request.post(
        f"{served.address}/api/files/apply",
        data={"project": "harbour", "plan": "0", "operations": 1, "signed_by": "Zoë"},
        headers={"origin": served.address},
    )
    assert answered.status == 202
    page.reload()
    sees(page, "#work-told", "is no sandbox, and the mode is sandbox")
    assert not (project.folder / "selected").exists()
    page.context.close()


def test_a_plan_that_is_another_by_then_is_refused_and_nothing_moves(
    browser: Any, served: Review, project: Project
) -> None:
    page = opened(browser, served)
    sees(page, "#plan-told", "6 sets")
    changed = sorted(project.folder.glob("*_stage1_x.png"))[0]
    changed.write_bytes(changed.read_bytes() + b"more")
    before = tree(project.folder)
    page.fill("#signed", "Zoë")
    page.click("#go")
    sees(page, "#work-told", "Look at the dry run again.")
    assert tree(project.folder) == before
    page.context.close()
