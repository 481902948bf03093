"""A running `proofsheet up` for tests.

Holds `Up`.
Add here: another question to the running system.
Keep out: assertions.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROOFSHEET = Path(sys.executable).parent / "proofsheet"
LAUNCH = """
mutation launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId } }
}"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Up:
    """`proofsheet up` in a folder that holds a proofsheet.toml."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port, self.review_port = folder, free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "up.log"
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(PROOFSHEET), "up", "--port", str(self.port), "--review-port", str(self.review_port)],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def wait(self, seconds: float = 120) -> Up:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.get("/server_info") == 200:
                return self
            time.sleep(0.3)
        raise TimeoutError(self.log.read_text())

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            self.address + "/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["data"]

    def backfill(self, keys: list[str], assets: list[str]) -> str:
        params = {"assetSelection": [{"path": [a]} for a in assets], "partitionNames": keys}
        answer = self.ask(LAUNCH, params=params)["launchPartitionBackfill"]
        return str(answer["backfillId"])

    def runs(self) -> list[dict[str, Any]]:
        found = self.ask(RUNS)["runsOrError"]["results"]
        return [r | {"tags": {t["key"]: t["value"] for t in r["tags"]}} for r in found]

    def stop(self) -> int:
        """End it as Ctrl-C on a terminal's `kill` does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill_everything(self) -> int:
        """SIGKILL to it and all of its processes; their number."""
        from proofsheet.core.process_marks import with_environment

        home = next(p for p in self.folder.iterdir() if (p / "dagster").is_dir())
        self.process.kill()
        self.process.wait()
        pids = with_environment("PROOFSHEET_UP", str(home))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return 1 + len(pids)

    def again(self) -> Up:
        self.process = self._start()
        return self.wait()
