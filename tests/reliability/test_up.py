"""`proofsheet up` as a whole: guard, killed workers, everything killed, a second one, its end."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.instance import open_instance
from proofsheet.core.config import load
from proofsheet.core.locks import acquire
from proofsheet.storage.workspace import Project, Workspace
from resources.store import PROCESS_TAG
from tests.reliability.serving import PROOFSHEET, Up
from tests.support.kit import stage_library

pytestmark = pytest.mark.slow
QUIET = "\n[watch]\nquiet_s = 3600\n"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up")
    stage_library(folder / "library", "one", sets=2)
    subprocess.run([str(PROOFSHEET), "init", "library"], cwd=folder, check=True)
    with (folder / "proofsheet.toml").open("a") as stream:
        stream.write(QUIET)
    started = Up(folder).wait()
    yield started
    started.kill_everything()


def project_of(up: Up) -> Project:
    (found,) = Workspace(load(up.folder, {}).place).projects()
    return found


def request(up: Up, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> int:
    made = urllib.request.Request(up.address + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(made, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


MUTATION = (
    b'{"query": "mutation { wipeAssets('
    b'assetPartitionRanges: [{assetKey: {path: [\\"photos\\"]}}]) { __typename } }"}'
)
JSON = {"content-type": "application/json"}


def websocket(up: Up, **headers: str) -> int:
    """Status of a websocket handshake at /graphql."""
    key = base64.b64encode(os.urandom(16)).decode()
    fields = {
        "Host": f"127.0.0.1:{up.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "graphql-ws",
    } | headers
    text = "GET /graphql HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", up.port), timeout=10) as opened:
        opened.sendall(text.encode())
        return int(opened.recv(1000).split()[1])


def test_the_guard_stands_before_the_running_ui(up: Up, figure: Any) -> None:
    attacks = {
        "mutation by GET": request(up, "GET", "/graphql?query=mutation%7Bx%7D", {}),
        "foreign Host": request(up, "POST", "/graphql", {**JSON, "Host": "evil.example"}, MUTATION),
        "foreign Origin": request(
            up, "POST", "/graphql", {**JSON, "Origin": "http://evil.example"}, MUTATION
        ),
        "cross-site": request(up, "POST", "/graphql", {**JSON, "Sec-Fetch-Site": "cross-site"}, MUTATION),
        "form post": request(
            up, "POST", "/graphql", {"content-type": "application/x-www-form-urlencoded"}, b"query=x"
        ),
        "text/plain post": request(up, "POST", "/graphql", {"content-type": "text/plain"}, MUTATION),
        "foreign websocket": websocket(up, Origin="http://evil.example"),
        "websocket without Origin": websocket(up),
    }
    assert attacks == dict.fromkeys(attacks, 403)
    assert websocket(up, Origin=up.address) == 101
    assert (
        request(
            up,
            "POST",
            "/graphql",
            {**JSON, "Origin": up.address, "Sec-Fetch-Site": "same-origin"},
            b'{"query": "{version}"}',
        )
        == 200
    )
    figure(
        "guard before the Dagster UI",
        attacks=len(attacks),
        refused_with_403=list(attacks.values()).count(403),
    )


def test_a_second_up_is_refused_in_one_line(up: Up) -> None:
    second = subprocess.run(
        [str(PROOFSHEET), "up", "--port", "1"], cwd=up.folder, capture_output=True, text=True, check=False
    )
    assert second.returncode == 11
    assert second.stderr.startswith("proofsheet: The lock up.lock is held by proofsheet up (process ")
    assert len(second.stderr.strip().splitlines()) == 1


def wait_for(up: Up, status: str, run_id: str | None = None, seconds: float = 90) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for run in up.runs():
            if run["status"] == status and run_id in (None, run["runId"]):
                return run
        time.sleep(0.2)
    raise TimeoutError(f"no run became {status}: {up.runs()}\n{up.log.read_text()}")


def wait_for_partition(up: Up, key: str, seconds: float = 90) -> None:
    """Until the sensor has made the folder a partition."""
    question = '{ assetNodeOrError(assetKey: {path: ["photos"]}) { ... on AssetNode { partitionKeys } } }'
    end = time.monotonic() + seconds
    while key not in up.ask(question)["assetNodeOrError"].get("partitionKeys", []):
        assert time.monotonic() < end
        time.sleep(0.5)


def marked(up: Up, seconds: float = 90) -> dict[str, Any]:
    """A started run that has noted its process."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = wait_for(up, "STARTED")
        with open_instance(project_of(up).home) as instance:
            noted = instance.get_run_by_id(run["runId"])
        if noted and PROCESS_TAG in noted.tags:
            return run | {"process": int(noted.tags[PROCESS_TAG].split(":")[0])}
        time.sleep(0.2)
    raise TimeoutError("no run noted its process")


def test_a_killed_worker_is_a_failed_run_within_ten_seconds(up: Up, figure: Any) -> None:
    project = project_of(up)
    wait_for_partition(up, project.key)
    with acquire(
        project.run_lock, "the test", wait_s=0
    ):  # so that the run waits, and the kill lands inside of it
        up.backfill([project.key], ["photos"])
        run = marked(up)
        os.kill(run["process"], signal.SIGKILL)
        began = time.monotonic()
        wait_for(up, "FAILURE", run["runId"], 30)
        seconds = time.monotonic() - began
    assert seconds < 10
    figure("killed worker", seconds_until_failed=round(seconds, 1), limit=10)


def test_everything_killed_and_started_again_leaves_no_run_started(up: Up, figure: Any) -> None:
    project = project_of(up)
    with acquire(project.run_lock, "the test", wait_s=0):
        up.backfill([project.key], ["photos"])
        run = marked(up)
        killed = up.kill_everything()
    up.again()
    began = time.monotonic()
    while [r for r in up.runs() if r["status"] in {"STARTED", "STARTING", "CANCELING"}]:
        assert time.monotonic() - began < 60
        time.sleep(0.5)
    assert wait_for(up, "FAILURE", run["runId"], 5)
    figure("everything killed and started again", processes_killed=killed, runs_left_started=0, limit_s=60)


def test_a_dead_daemon_is_started_again(up: Up) -> None:
    from proofsheet.core.process_marks import with_environment

    home = str(project_of(up).home)
    (daemon,) = [
        p
        for p in with_environment("PROOFSHEET_UP", home)
        if b"dagster._daemon" in Path(f"/proc/{p}/cmdline").read_bytes()
    ]
    os.kill(daemon, signal.SIGKILL)
    end = time.monotonic() + 30
    while "the daemon process ended with -9 and is started again" not in up.log.read_text():
        assert time.monotonic() < end
        time.sleep(0.3)


def test_sigterm_ends_all_of_it(up: Up) -> None:
    from proofsheet.core.process_marks import with_environment

    assert up.stop() == 0
    assert with_environment("PROOFSHEET_UP", str(project_of(up).home)) == []
    assert up.get("/server_info") == 0
    assert json.loads(
        subprocess.run(
            [str(PROOFSHEET), "status", "--json"], cwd=up.folder, capture_output=True, check=True
        ).stdout
    )
