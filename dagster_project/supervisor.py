"""`proofsheet up`: code server, daemon, guarded UI and review app as children of one process.

Holds `Supervisor`.
Add here: another child.
Keep out: what the children do.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assets.factory.metadata import REVIEW_ADDRESS
from dagster_project.fact_watch import FactWatch
from dagster_project.instance import instance_folder, open_instance
from dagster_project.zombies import fail_dead_runs
from proofsheet.core.errors import ProofsheetError, UsageError
from proofsheet.core.files import write_atomic
from proofsheet.core.process_marks import with_environment
from proofsheet.storage.workspace import Workspace

MARK = "PROOFSHEET_UP"
_READY_S = 120
_LOOK_S, _LOOKS = 3.0, 3  # at children and dead runs; in between, at facts
_END_S = 20.0


@dataclass(frozen=True)
class UpOptions:
    """How `up` serves."""

    host: str
    port: int
    read_only: bool
    allow_hosts: tuple[str, ...]
    definitions: str
    review_port: int = 8765


class Supervisor:
    """Starts the children, restarts one that dies, ends all of them.

    Args:
        workspace: library and home.
        options: how to serve.
        tell: prints a line on the terminal.
        ready: called once with the address of the UI and the folder of the logs.
    """

    def __init__(
        self,
        workspace: Workspace,
        options: UpOptions,
        tell: Callable[[str], None],
        ready: Callable[[str, Path], None],
    ) -> None:
        self.workspace, self.options, self._tell, self._ready = workspace, options, tell, ready
        self.logs = workspace.home / "logs" / "up"
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = False
        self._code_port = free_port()

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM.

        Raises:
            ProofsheetError: if a child does not come up.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        self._end_leftovers()
        for port, option in ((self.options.port, "--port"), (self.options.review_port, "--review-port")):
            for _ in range(20):  # a process that was just killed frees its port a moment later
                if not port_in_use(self.options.host, port):
                    break
                time.sleep(0.1)
            else:
                raise UsageError(f"Port {port} is in use.", f"Choose another port with {option}.")
        self._sweep(also_unmarked=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            self._start("code")
            self._wait_until(
                self._code_answers, "code server"
            )  # a daemon that sees no code fails the backfills it finds
            self._start("daemon")
            self._start("ui")
            if not self.options.read_only:
                self._start("review")
            self._wait_until(self._ui_answers, "UI")
            if not self._stop:
                self._ready(self.address(), self.logs)
            facts = FactWatch(self.workspace)
            while not self._stop:
                self._restart_dead()
                self._sweep(also_unmarked=False)
                for _ in range(_LOOKS):
                    facts.look()
                    self._pause(_LOOK_S / _LOOKS)
        finally:
            self._end_all()
            self._end_leftovers()
            self._sweep(also_unmarked=True)

    def address(self, port: int | None = None) -> str:
        """Where the UI is, or what listens on another port."""
        host = "127.0.0.1" if self.options.host in {"0.0.0.0", "::"} else self.options.host  # noqa: S104
        return f"http://{host}:{port or self.options.port}"

    def _commands(self) -> dict[str, list[str]]:
        file = self.workspace.home / "dagster" / "workspace.up.yaml"
        text = (
            f"load_from:\n  - grpc_server:\n      host: 127.0.0.1\n      port: {self._code_port}\n     "
            " location_name: proofsheet\n"
        )
        write_atomic(file, text.encode("ascii"))
        python, options = sys.executable, self.options
        serving = ["--host", options.host, "--port", str(options.port), "--workspace", str(file)]
        serving += ["--read-only"] if options.read_only else []
        serving += [word for host in options.allow_hosts for word in ("--allow-host", host)]
        reviewing = ["--host", options.host, "--port", str(options.review_port), "--dagster", self.address()]
        reviewing += [word for host in options.allow_hosts for word in ("--allow-host", host)]
        code = [
            "-m",
            "dagster",
            "code-server",
            "start",
            "-m",
            options.definitions,
            "-h",
            "127.0.0.1",
            "-p",
            str(self._code_port),
        ]
        return {
            "code": [python, *code],
            "daemon": [python, "-m", "dagster._daemon", "run", "-w", str(file)],
            "ui": [python, "-m", "dagster_project.serve_ui", *serving],
            "review": [python, "-m", "dagster_project.review.server", *reviewing],
        }

    def _start(self, name: str) -> None:
        environment = os.environ | {
            "DAGSTER_HOME": str(instance_folder(self.workspace.home)),
            "PROOFSHEET_LIBRARY": str(self.workspace.library),
            "PROOFSHEET_HOME": str(self.workspace.home),
            MARK: str(self.workspace.home),
            REVIEW_ADDRESS: "" if self.options.read_only else self.address(self.options.review_port),
        }
        with (self.logs / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                self._commands()[name],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _restart_dead(self) -> None:
        for name, child in list(self._children.items()):
            if (code := child.poll()) is not None and not self._stop:
                self._tell(
                    f"the {name} process ended with {code} and is started again; see {self.logs / name}.log"
                )
                self._sweep(also_unmarked=False)
                self._start(name)

    def _wait_until(self, answers: Callable[[], bool], what: str) -> None:
        for _ in range(_READY_S * 4):
            if self._stop or answers():
                return
            dead = [name for name, child in self._children.items() if child.poll() is not None]
            if dead:
                raise ProofsheetError(
                    f"The {dead[0]} process ended while starting.", f"Its log: {self.logs / dead[0]}.log"
                )
            self._pause(0.25)
        raise ProofsheetError(f"The {what} did not answer within {_READY_S} s.", f"The logs: {self.logs}")

    def _code_answers(self) -> bool:
        with socket.socket() as tried:
            tried.settimeout(1)
            return tried.connect_ex(("127.0.0.1", self._code_port)) == 0

    def _ui_answers(self) -> bool:
        try:
            address = f"{self.address()}/server_info"
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _sweep(self, *, also_unmarked: bool) -> None:
        with open_instance(self.workspace.home) as instance:
            fail_dead_runs(instance, also_unmarked=also_unmarked, on_news=self._tell)

    def _end_leftovers(self) -> None:
        """Processes left over from an earlier start of this home; they are ended."""
        for pid in with_environment(MARK, str(self.workspace.home)):
            self._tell(f"process {pid} is left over from an earlier start and is ended")
            _signal(pid, signal.SIGKILL)
        end = time.monotonic() + _END_S
        while with_environment(MARK, str(self.workspace.home)) and time.monotonic() < end:
            time.sleep(0.1)

    def _end_all(self) -> None:
        for child in self._children.values():
            _signal(child.pid, signal.SIGTERM)
        end = time.monotonic() + _END_S
        for child in self._children.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop = True

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stop and time.monotonic() < end:
            time.sleep(0.1)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def port_in_use(host: str, port: int) -> bool:
    """True if the address cannot be bound."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return True
    return False


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
