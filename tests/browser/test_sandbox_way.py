"""The way of a careful first rollout.

A sandbox of a hundred sets, reviewed by keyboard in Chromium, applied, measured, undone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proofsheet.core.config import load
from proofsheet.storage.workspace import Workspace
from schemas.review import ReviewMetric
from tests.browser.review_page import CHROMIUM, FLAGS, sees, serving
from tests.reliability.serving import free_port
from tests.support.kit import Shell, tree
from tests.support.review_kit import COMPANIONS, sets_library

SETS = 100
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the review app is not looked at"),
]


def review_by_keyboard(page: Any, address: str, key: str) -> None:
    page.goto(f"{address}/p/{key}/review")
    page.wait_for_selector("body[data-ready]")
    for number in range(SETS):
        sees(page, "#set-title", f"Set {number + 1} of {SETS} · ")
        blind = page.locator(".badge.blind").count() > 0
        page.keyboard.press("2" if blind else ["a", "a", "1", "a", "r"][number % 5])
    sees(page, "#all-text", f"Reviewed {SETS}/{SETS} groups (100 %)", 30)
    page.keyboard.press("Shift+Enter")
    sees(page, "#told", "Submitted")


def test_a_sandbox_of_a_hundred_sets_from_decisions_to_undo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import sync_playwright

    sets_library(tmp_path / "library", "harbour", SETS + 20)
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n'
    )
    monkeypatch.chdir(tmp_path)
    shell, originals = Shell(tmp_path), tree(tmp_path / "library")
    shell("run", "harbour")
    made = shell.json("sandbox", "harbour", "--groups", str(SETS))
    assert (made["sets"], made["companions"]) == (SETS, 2 * SETS * len(COMPANIONS))
    shell("run", "sandbox/harbour")
    box = Workspace(load(tmp_path, {}).place).project("sandbox/harbour")
    copies = tree(box.folder)
    with serving(tmp_path, free_port()) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        review_by_keyboard(browser.new_page(viewport={"width": 1400, "height": 900}), served.address, box.key)
        browser.close()
    assert tree(box.folder) == copies
    dry = shell.json("apply", "sandbox/harbour")
    assert tree(box.folder) == copies
    assert sum(dry["counts"].values()) == SETS
    planned = dry["counts"]["planned"]
    done = shell.json("apply", "sandbox/harbour", "--plan", dry["plan"])
    assert (done["done"]["sets"], done["done"]["refused"], done["done"]["failed"]) == (planned, {}, {})
    moved = tree(box.folder)
    assert sorted(moved.values()) == sorted(copies.values())
    shell("run", "sandbox/harbour")
    rows = box.store.read(ReviewMetric).to_dicts()
    figures = {r[ReviewMetric.metric]: r for r in rows if r[ReviewMetric.period] == "all"}
    assert figures["agreement"][ReviewMetric.n] == SETS
    assert 0.5 < figures["agreement"][ReviewMetric.value] < 0.9
    assert figures["blind agreement"][ReviewMetric.n] >= 1
    assert figures["seconds a decision"][ReviewMetric.value] < 10
    assert shell.json("undo", "sandbox/harbour", "--yes")["sets"] == planned
    assert tree(box.folder) == copies
    assert tree(tmp_path / "library") == originals
