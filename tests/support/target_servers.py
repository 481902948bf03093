"""Real servers on this machine, for as long as a test: OpenSSH, pyftpdlib, Apache with WebDAV, PostgreSQL.

Holds one context manager a server; each gives a `Served`.
Add here: another server.
Keep out: assertions.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.serving import free_port

APACHE = shutil.which("apache2", path="/usr/sbin:/usr/bin")
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
USER, PASSWORD = "kim", "geh=im%"


@dataclass
class Served:
    """A server that is up.

    Attributes:
        target: how settings name it.
        folder: where it keeps what comes.
        password: of its user.
        lines: what else stands for a user of it (environment).
    """

    target: str
    folder: Path
    password: str = PASSWORD
    lines: dict[str, str] = field(default_factory=dict)


def _until_open(port: int, running: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            assert time.monotonic() < end, log.read_text() if log.exists() else "no log"
            assert running(), log.read_text() if log.exists() else "no log"
            time.sleep(0.05)


def _let_through(place: Path) -> None:
    """Servers that are not root come to their folder below the folder for temporary files."""
    for folder in (place, *place.parents):
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(folder.stat().st_mode | 0o011)


@contextmanager
def _process(command: list[str], port: int, log: Path, user: str | None = None) -> Iterator[None]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, user=user)
    try:
        _until_open(port, lambda: process.poll() is None, log)
        yield
    finally:
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGTERM)  # sshd leaves its connections open
        process.terminate()
        process.wait(30)


@contextmanager
def sftp_server(place: Path, port: int | None = None) -> Iterator[Served]:
    """OpenSSH's own, for the present user with a key; HOME has the key and knows the host."""
    port = port or free_port()
    home, kept = place / "home", place / "kept"
    if not home.exists():
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        kept.mkdir()
        for key in (place / "host_key", home / ".ssh" / "id_ed25519"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        shutil.copy(home / ".ssh" / "id_ed25519.pub", place / "authorized_keys")
        public = (place / "host_key.pub").read_text().rsplit(maxsplit=1)[0]
        (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    settings = place / "sshd_config"
    settings.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {place / 'host_key'}\nAuthorizedKeysFile "
        f"{place / 'authorized_keys'}\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile "
        "none\nSubsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    with _process([str(SSHD), "-D", "-e", "-f", str(settings)], port, place / "sshd.log"):
        yield Served(
            f"sftp://{user}@127.0.0.1:{port}{kept}", kept, "", {"HOME": str(home), "SSH_AUTH_SOCK": ""}
        )


@contextmanager
def ftp_server(place: Path, port: int | None = None, most: int | None = None) -> Iterator[Served]:
    """pyftpdlib, in a thread.

    Args:
        place: a folder of its own.
        port: a free one by default.
        most: bytes after which a file is cut off, as on a full disk.
    """
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    kept = place / "kept"
    (kept / "media").mkdir(parents=True, exist_ok=True)
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(kept), perm="elradfmwMT")

    class Handler(FTPHandler):  # type: ignore[misc]
        def on_file_received(self, file: str) -> None:
            if most is not None:
                os.truncate(file, most)

    Handler.authorizer = authorizer
    server = FTPServer(("127.0.0.1", port or 0), Handler)
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            server.serve_forever(timeout=0.05, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Served(f"ftp://{USER}@127.0.0.1:{server.address[1]}/media", kept / "media")
    finally:
        ending.set()
        thread.join(10)


@contextmanager
def dav_server(place: Path, port: int | None = None) -> Iterator[Served]:
    """Apache with WebDAV and Basic authentication."""
    port, kept = port or free_port(), place / "kept"
    (kept / "media").mkdir(parents=True, exist_ok=True)
    hashed = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (place / "users").write_text(f"{USER}:{{SHA}}{hashed}\n")
    modules = [
        "mpm_event",
        "authn_core",
        "authn_file",
        "authz_core",
        "authz_user",
        "auth_basic",
        "dav",
        "dav_fs",
    ]
    loaded = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in modules)
    run_as = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    settings = place / "apache.conf"
    settings.write_text(
        f"{loaded}{run_as}ServerRoot {place}\nServerName 127.0.0.1\nListen "
        f"127.0.0.1:{port}\nPidFile {place / 'pid'}\n"
        f"ErrorLog {place / 'error.log'}\nDocumentRoot {kept}\nDavLockDB {place / 'lock'}\n"
        f"<Directory {kept}>\nDav On\nAuthType Basic\nAuthName pictures\nAuthUserFile {place / 'users'}\n"
        "Require valid-user\n</Directory>\n"
    )
    if os.geteuid() == 0:
        _let_through(place)
        for folder in (place, kept, kept / "media"):
            shutil.chown(folder, "www-data")
    with _process([str(APACHE), "-D", "FOREGROUND", "-f", str(settings)], port, place / "apache.log"):
        yield Served(f"http://{USER}@127.0.0.1:{port}/media", kept / "media")


@contextmanager
def postgres_server(place: Path, port: int | None = None) -> Iterator[Served]:
    """PostgreSQL with a password; it does not run as root, then as the user of its package."""
    port, data = port or free_port(), place / "data"
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        _let_through(place)
        shutil.chown(place, user)
    if not data.exists():
        (place / "word").write_text(PASSWORD)
        (place / "word").chmod(0o644)
        command = [
            f"{POSTGRES}/initdb",
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            f"--pwfile={place / 'word'}",
            "--no-sync",
        ]
        subprocess.run(
            [*command, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, user=user, cwd="/"
        )
    command = [f"{POSTGRES}/postgres", "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(place)]
    with _process(command, port, place / "postgres.log", user):
        for _ in range(300):
            if (
                subprocess.run(
                    [f"{POSTGRES}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.1)
        yield Served(f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres", data)
