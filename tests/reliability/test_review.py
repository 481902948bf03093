"""Promises 8 and 32: a verdict answered with 200 survives any kill of the server.

Many requests beside half-open connections.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Workspace
from schemas.review import ReviewDecision
from tests.browser.review_page import Review, serving
from tests.reliability.serving import free_port
from tests.support.kit import configuration
from tests.support.review_kit import chosen_project

VERDICTS, KILLS, SETS = 1000, 50, 20
REQUESTS, THREADS, HALF_OPEN = 160, 16, 150


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Review]:
    chosen_project(tmp_path, sets=SETS)
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n'
    )
    with serving(tmp_path, free_port()) as found:
        yield found


def call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"content-type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if "json" in (answer.getheader("content-type") or "") else raw
    finally:
        connection.close()


@pytest.mark.long
def test_kills_lose_and_double_no_verdict(
    served: Review, tmp_path: Path, figure: Callable[..., None]
) -> None:
    sets = call(served.port, "GET", "/api/automation/load_batch?project=harbour&size=100&start=0")[1]["sets"]
    seen: dict[str, str | None] = {s["group_id"]: None for s in sets}
    answered: list[str] = []
    killed_in_flight, draw = 0, random.Random(1)
    kills = sorted(draw.sample(range(10, VERDICTS - 10), KILLS))
    for number in range(VERDICTS):
        one = sets[number % len(sets)]
        group, own = one["group_id"], str(uuid.uuid4())
        body = {
            "project": "harbour",
            "verdict_id": own,
            "group_id": group,
            "version": one["version"],
            "action": "reject",
        }
        body |= {"seen": seen[group], "seconds": 1.0}
        killer = None
        if kills and number == kills[0]:
            kills.pop(0)
            killer = threading.Timer(draw.uniform(0.0, 0.012), served.kill)
            killer.start()
        while True:
            try:
                status, told = call(served.port, "POST", "/api/automation/submit_decision", body)
                break
            except (OSError, http.client.HTTPException):
                killed_in_flight += 1
                if killer is not None:
                    killer.join()
                    killer = None
                served.again()
        assert status == 200, told
        answered.append(own)
        seen[group] = own
        if killer is not None:
            killer.join()
            served.again()
    project = Workspace(configuration(tmp_path / "library", tmp_path / "home").place).project("harbour")
    kept = project.ledger.rows(ReviewDecision)[ReviewDecision.verdict_id].to_list()
    lost, doubled = set(answered) - set(kept), len(kept) - len(set(kept))
    figure(
        "verdicts survive kills",
        verdicts=VERDICTS,
        kills=KILLS,
        in_flight=killed_in_flight,
        lost=len(lost),
        doubled=doubled,
    )
    assert (len(lost), doubled, len(kept)) == (0, 0, VERDICTS)
    assert {v["verdict_id"] for v in timeline(project.ledger).standing()} == set(seen.values())
    assert killed_in_flight >= 5


@pytest.mark.slow  # measures time
def test_many_requests_beside_half_open_connections(served: Review, figure: Callable[..., None]) -> None:
    sets = call(served.port, "GET", "/api/automation/load_batch?project=harbour&size=100&start=0")[1]["sets"]
    image = sets[0]["images"][0]
    half_open = []
    for k in range(HALF_OPEN):
        found = socket.create_connection(("127.0.0.1", served.port))
        start = b"POST /api/automation/note HTTP/1.1\r\nHost: 127.0.0.1" if k % 2 else b"GET / HT"
        found.sendall(start)
        half_open.append(found)
    paths = (
        "/",
        "/p/harbour/review",
        "/api/automation/load_batch?project=harbour&size=20",
        "/api/automation/progress?project=harbour",
    )
    paths += (
        f"/p/harbour/image/{image['id']}/preview",
        f"/p/harbour/image/{image['id']}/thumb",
        "/static/review.js",
    )

    def one(number: int) -> tuple[int, float]:
        began = time.perf_counter()
        if number % 8 == 0:
            group = sets[number % SETS]
            body = {
                "project": "harbour",
                "verdict_id": str(uuid.uuid4()),
                "group_id": group["group_id"],
                "version": group["version"],
            }
            status = call(served.port, "POST", "/api/automation/submit_decision", {**body, "action": "skip"})[
                0
            ]
        else:
            status = call(served.port, "GET", paths[number % len(paths)])[0]
        return status, (time.perf_counter() - began) * 1000

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))  # tables are read once
        found = list(pool.map(one, range(REQUESTS)))
    times = sorted(ms for _, ms in found)
    p99 = times[int(0.99 * len(times))]
    errors = sum(status >= 500 for status, _ in found)
    for connection in half_open:
        connection.close()
    told = {"requests": REQUESTS, "threads": THREADS, "half_open": HALF_OPEN, "errors_5xx": errors}
    figure("review under load", **told, p50_ms=round(statistics.median(times), 1), p99_ms=round(p99, 1))
    assert errors == 0
    assert {status for status, _ in found} <= {200, 409}
    assert p99 <= 300
