"""Speed of the review in a real Chromium, with sources of 24 megapixels.

From key to paint, the first set, decisions a minute.

Holds `review_rows`.
Add here: another thing that a reviewer waits for.
Keep out: whether it is right (tests/browser/).
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from benchmarks.photos import photographs
from benchmarks.rows import Row
from dagster_project.definitions import build_defs
from dagster_project.supervisor import free_port, port_in_use
from proofsheet.core.config import load
from proofsheet.storage.workspace import Workspace

_SETS, _MEMBERS, _MEGAPIXELS, _COLD, _DECISIONS = 30, 3, 24, 8, 300
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_ASSETS = (
    *(
        "photos",
        "quarantine",
        "other_files",
        "exif_facts",
        "image_quality",
        "picture_hashes",
        "embeddings",
        "layout_vectors",
        "previews",
    ),
    *("objects", "scenes", "photo_groups", "proposals"),
)
_PAINTED = """async (act) => {
  const began = performance.now();
  if (act === 'key') document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}));
  else document.querySelectorAll('#images button')[act].click();
  await new Promise((done) => setTimeout(done, 0));
  await Promise.all([...document.querySelectorAll('#images figure img')].map((i) => i.decode()));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - began;
}"""
_ORIGINALS = """async () => {
  const shown = [...document.querySelectorAll('#images figure img')].map((i) => i.src.replace('/preview', '/full'));
  const began = performance.now();
  await Promise.all(shown.map(async (url) => { const i = new Image(); i.src = url + '&o=' + Math.random(); await i.decode(); }));
  return performance.now() - began;
}"""


def review_rows(work: Path) -> Iterator[Row]:
    """Medians and 95th percentiles against the targets; nothing where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    folder = _project(work / "review")
    port = free_port()
    command = [sys.executable, "-m", "dagster_project.cli", "review", "--port", str(port)]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield from _measured(f"http://127.0.0.1:{port}", chromium)
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int) -> None:
    for _ in range(200):
        if port_in_use("127.0.0.1", port):
            return
        time.sleep(0.1)


def _measured(address: str, chromium: str) -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        first, warm, cold, originals = [], list[float](), list[float](), list[float]()
        for _ in range(3):
            page = _opened(browser, address)
            first.append(
                float(page.evaluate("performance.getEntriesByName('drawn')[0].startTime")) + _decoded(page)
            )
            page.context.close()
        page = _opened(browser, address)
        for _ in range(_SETS - 4):
            time.sleep(0.5)
            warm.append(float(page.evaluate(_PAINTED, "key")))
        originals += [float(page.evaluate(_ORIGINALS)) for _ in range(3)]
        page.context.close()
        for k in range(_COLD):
            page = _opened(browser, address)
            page.keyboard.press("g")
            time.sleep(0.5)
            cold.append(float(page.evaluate(_PAINTED, 8 + 2 * k)))
            page.context.close()
        yield _row("key to paint, prefetched, p50", 50.0, statistics.median(warm), len(warm), originals)
        yield _row("key to paint, prefetched, p95", 100.0, _p95(warm), len(warm), originals)
        yield _row("key to paint, cold, p95", 300.0, _p95(cold), len(cold), originals)
        yield _row("first set painted", 1000.0, statistics.median(first), len(first), originals)
        rate = _decisions_a_minute(browser, address)
        note = "POST of a verdict and its answer, one after another, each with full fsync"
        yield Row(
            "decisions a minute, machine side",
            "1/min",
            None,
            None,
            None,
            rate,
            rate / 600,
            1.0,
            _DECISIONS,
            note,
        )
        browser.close()


def _row(stage: str, target_ms: float, measured: float, n: int, originals: list[float]) -> Row:
    told = (
        f"{_MEMBERS} pictures of {_MEGAPIXELS} MP a set; naive: the originals in the browser; limit "
        "and ratio: the target"
    )
    return Row(
        stage,
        "ms",
        target_ms,
        None,
        statistics.median(originals),
        measured,
        target_ms / measured,
        1.0,
        n,
        told,
    )


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def _opened(browser: Any, address: str) -> Any:  # noqa: ANN401 - a page of Playwright
    page = browser.new_context(viewport={"width": 1600, "height": 1000}).new_page()
    page.goto(f"{address}/p/shoot/review")
    page.wait_for_selector("body[data-ready]")
    time.sleep(1.0)
    return page


def _decoded(page: Any) -> float:  # noqa: ANN401
    """Milliseconds from drawing the first set to its last picture, as the browser noted them."""
    script = """() => {
      const drawn = performance.getEntriesByName('drawn')[0].startTime;
      const urls = [...document.querySelectorAll('#images figure img')].map((i) => i.src);
      const ends = performance.getEntriesByType('resource').filter((e) => urls.includes(e.name)).map((e) => e.responseEnd);
      return Math.max(0, ...ends.map((e) => e - drawn));
    }"""
    return float(page.evaluate(script))


def _decisions_a_minute(browser: Any, address: str) -> float:  # noqa: ANN401
    context = browser.new_context()
    call = context.request
    sets = call.get(f"{address}/api/automation/load_batch?project=shoot&size=100&start=0").json()["sets"]
    seen: dict[str, str | None] = {s["group_id"]: (s["verdict"] or {}).get("verdict_id") for s in sets}
    began = time.perf_counter()
    for k in range(_DECISIONS):
        one, own = sets[k % len(sets)], str(uuid.uuid4())
        body = {
            "project": "shoot",
            "verdict_id": own,
            "group_id": one["group_id"],
            "version": one["version"],
            "action": "skip",
        }
        answer = call.post(
            f"{address}/api/automation/submit_decision", data={**body, "seen": seen[one["group_id"]]}
        )
        if not answer.ok:
            raise RuntimeError(f"the server answered {answer.status} to a verdict: {answer.text()[:200]}")
        seen[one["group_id"]] = own
    rate = _DECISIONS / (time.perf_counter() - began) * 60
    context.close()
    return rate


def _project(folder: Path) -> Path:
    """A run project of stage series of large photographs, made once."""
    library = folder / "library" / "shoot"
    if not library.exists():
        paths, _told = photographs(_MEGAPIXELS, 12, folder / "photographs")
        library.mkdir(parents=True)
        for number in range(_SETS):
            for stage in range(1, _MEMBERS + 1):
                source = paths[(number * _MEMBERS + stage) % len(paths)]
                os.link(source, library / f"2025_{number:04d}_stage{stage}_x.jpg")
    (folder / "proofsheet.toml").write_text('[place]\nlibrary = "library"\nhome = "home"\n', "utf-8")
    settings = load(folder, {})
    project = Workspace(settings.place).project("shoot")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [project.key])
        job = build_defs(settings).resolve_job_def("project")
        selection = [dg.AssetKey(n) for n in _ASSETS]
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        job.execute_in_process(
            instance=instance, partition_key=project.key, asset_selection=selection, run_config=quiet
        )
    return folder
