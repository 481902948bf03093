"""One exiftool process for many commands, by its own protocol.

Holds `ExiftoolSession`, `ExiftoolReply` and `is_plain`.
Add here: what holds for every command.
Keep out: what is read and written (exiftool.py).

Exiftool takes arguments from a stream, one a line, until `-execute`. A text of a picture is never an
argument: a line end in it could add options. A path that cannot be a line of UTF-8 is reached through a link
with a plain name.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core.errors import ServiceUnreachable

_CONFIG = Path(__file__).with_name("exiftool.config")
_CHUNK, _END_S = 1 << 16, 5.0
_FILES_A_LIMIT = 20  # a command over more files may take longer
_ALWAYS = ("-charset", "utf8", "-charset", "filename=utf8")


@dataclass(frozen=True)
class ExiftoolReply:
    """What exiftool replied to one command.

    Attributes:
        stdout: its output.
        stderr: its warnings and errors.
        returncode: 0 if all went well.
    """

    stdout: str
    stderr: str
    returncode: int


class _Died(Exception):
    """The process ended before it answered."""


class ExiftoolSession:
    """An exiftool process, started by the first command and again after it died.

    Commands of several threads wait for each other. A process that is forked from this one starts its own.

    Args:
        program: path of exiftool.
        limit_s: seconds that a command over a few files may take.
    """

    def __init__(self, program: str, limit_s: float = 60.0) -> None:
        self.program, self._limit_s = program, limit_s
        self._lock, self._owner = threading.Lock(), os.getpid()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, arguments: Sequence[str | Path]) -> ExiftoolReply:
        """Carry out one command.

        Args:
            arguments: options as texts, and files as paths.

        Raises:
            ServiceUnreachable: if it takes too long, or dies twice over this command.
            ValueError: if an option has a line end.
        """
        count = sum(isinstance(one, Path) for one in arguments)
        limit_s = self._limit_s * max(1.0, count / _FILES_A_LIMIT)
        if os.name == "nt":
            return self._alone(arguments, limit_s)
        with self._lock, tempfile.TemporaryDirectory(prefix="proofsheet-exiftool-") as links:
            lines = [_line(one, number, Path(links)) for number, one in enumerate(arguments)]
            for last in (False, True):
                try:
                    return self._answer(lines, _files(arguments), limit_s)
                except _Died:
                    self._kill()
                    if last:
                        raise ServiceUnreachable(
                            f"exiftool ended over {_files(arguments)}.",
                            "Open the file in another program; if it is damaged, put back your copy of it.",
                        ) from None
        raise AssertionError

    def close(self) -> None:
        """End the process; a later command starts another one."""
        with self._lock:
            found, self._process = self._process, None
            if found is None or self._owner != os.getpid():
                return
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                found.communicate(b"-stay_open\nFalse\n", timeout=_END_S)
            if found.poll() is None:
                found.kill()
                found.wait()

    def _alone(self, arguments: Sequence[str | Path], limit_s: float) -> ExiftoolReply:
        """One command in a process of its own, where pipes cannot be waited for."""
        command = [self.program, "-config", str(_CONFIG), *_ALWAYS, *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=limit_s, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise _too_slow(limit_s, _files(arguments)) from None
        return ExiftoolReply(_text(done.stdout), _text(done.stderr), done.returncode)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # a fork: the pipes belong to the other process
            self._process, self._owner = None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            command = [self.program, "-config", str(_CONFIG), "-stay_open", "True", "-@", "-"]
            self._process = subprocess.Popen(  # noqa: S603 - no argument of a text
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": tempfile.gettempdir()},
            )
        return self._process

    def _answer(self, lines: Sequence[bytes], files: str, limit_s: float) -> ExiftoolReply:
        try:
            process = self._started()
        except OSError as error:
            raise ServiceUnreachable(
                f"{self.program} cannot be started: {error.strerror}.",
                "Install libimage-exiftool-perl again.",
            ) from error
        number = secrets.randbelow(9 * 10**8) + 10**8
        ends = [f"-echo4\n{{done{number}}}${{status}}", f"-execute{number}"]
        sent = b"".join(line + b"\n" for line in (*map(str.encode, _ALWAYS), *lines, *map(str.encode, ends)))
        talk = _Talk(process, sent, time.monotonic() + limit_s)
        try:
            out, errors = talk.until(b"{ready%d}\n" % number, b"{done%d}" % number)
        except TimeoutError:
            self._kill()
            raise _too_slow(limit_s, files) from None
        said, _, status = errors.rpartition(b"{done%d}" % number)
        return ExiftoolReply(_text(out), _text(said), int(status.strip() or b"1"))

    def _kill(self) -> None:
        found, self._process = self._process, None
        if found is not None:
            found.kill()
            found.wait()
            for stream in (found.stdin, found.stdout, found.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


class _Talk:
    """Sends a command and collects what comes back, whichever pipe is ready.

    Args:
        process: with three pipes.
        sent: the lines of the command.
        deadline: by the monotonic clock.
    """

    def __init__(self, process: subprocess.Popen[bytes], sent: bytes, deadline: float) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise _Died
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._left, self._deadline = memoryview(sent), deadline

    def until(self, ready: bytes, done: bytes) -> tuple[bytes, bytes]:
        """The output and the messages of the command, without `ready`.

        Raises:
            TimeoutError: at the deadline.
        """
        out, errors = bytearray(), bytearray()
        with selectors.DefaultSelector() as pipes:
            os.set_blocking(self._stdin.fileno(), False)
            pipes.register(self._stdin, selectors.EVENT_WRITE)
            pipes.register(self._stdout, selectors.EVENT_READ, out)
            pipes.register(self._stderr, selectors.EVENT_READ, errors)
            while not (out.endswith(ready) and errors.rfind(done) >= 0 and errors.endswith(b"\n")):
                found = pipes.select(max(0.0, self._deadline - time.monotonic()))
                if not found:
                    raise TimeoutError
                for key, _events in found:
                    if key.fileobj is self._stdin:
                        self._send(pipes)
                    else:
                        _receive(key.fd, key.data)
        return bytes(out[: -len(ready)]), bytes(errors)

    def _send(self, pipes: selectors.BaseSelector) -> None:
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:
            raise _Died from None
        if not self._left:
            pipes.unregister(self._stdin)


def _receive(descriptor: int, into: bytearray) -> None:
    data = os.read(descriptor, _CHUNK)
    if not data:
        raise _Died
    into += data


def _line(one: str | Path, number: int, links: Path) -> bytes:
    """An argument as a line.

    Args:
        one: an option, or a file.
        number: of the argument.
        links: folder for a link to a file that cannot be a line.
    """
    text = str(one)
    if isinstance(one, str):
        if text != text.strip() or not text.isprintable():
            raise ValueError(f"no option of exiftool: {text!r}")
        return text.encode()
    whole = os.path.abspath(text)  # noqa: PTH100 - a link itself is meant, not what it leads to
    if is_plain(one):
        return whole.encode()
    link = links / f"{number}{one.suffix if one.suffix.isprintable() else ''}"
    link.symlink_to(whole)
    return str(link).encode()


def _too_slow(limit_s: float, files: str) -> ServiceUnreachable:
    return ServiceUnreachable(
        f"exiftool took more than {limit_s:g} s over {files}.",
        "Open the file in another program; if it is well, do the same again.",
    )


def is_plain(file: Path) -> bool:
    """Whether the path of a file can be a line of UTF-8; another one is reached through a link."""
    whole = os.path.abspath(file)  # noqa: PTH100 - as above
    return whole.isprintable() and whole == whole.strip()


def _files(arguments: Sequence[str | Path]) -> str:
    """The files of a command, for messages."""
    files = [repr(str(one)).strip("'\"") for one in arguments if isinstance(one, Path)]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more}" if files else "its options"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
