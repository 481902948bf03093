"""Targets of publishing, each with a real server on this machine: once, whole, never over another picture."""

from __future__ import annotations

import http.server
import json
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.core.files import hash_file
from proofsheet.publish.targets.base import Publisher, UploadItem
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.targets.sql import TABLE
from schemas.settings.publish import PublishSettings
from tests.support.kit import save_picture
from tests.support.target_servers import (
    APACHE,
    PASSWORD,
    POSTGRES,
    SSHD,
    Served,
    dav_server,
    ftp_server,
    postgres_server,
    sftp_server,
)

NAME = "harbour/day two/ä b.jpg"
TEXTS = {
    "title": "Ä harbour",
    "caption": 'It\'s "grey"; -- at noon',
    "alt_text": None,
    "keywords": ["ship", "sea, grey"],
}


@contextmanager
def folder_target(place: Path) -> Iterator[Served]:
    yield Served(f"folder:{place / 'out'}", place / "out", "")


@contextmanager
def sqlite_target(place: Path) -> Iterator[Served]:
    yield Served(f"sqlite:///{place / 'site.db'}", place, "")


def needs(server: Callable[[Path], AbstractContextManager[Served]], present: object, name: str) -> Any:
    mark = pytest.mark.skipif(not present, reason=f"{name} is not installed: this target is not tried")
    return pytest.param(server, marks=mark, id=server.__name__)


SERVERS = [
    needs(sftp_server, SSHD, "sshd"),
    needs(ftp_server, True, "pyftpdlib"),
    needs(dav_server, APACHE, "apache2"),
    needs(postgres_server, POSTGRES, "PostgreSQL"),
]
PLACES = [folder_target, sqlite_target, *SERVERS]


def publisher(served: Served, monkeypatch: pytest.MonkeyPatch, password: str | None = None) -> Publisher:
    for name, value in served.lines.items():
        monkeypatch.setenv(name, value)
    word = served.password if password is None else password
    return publisher_of(PublishSettings(target=served.target, password=word))  # type: ignore[arg-type]


def parcel(path: Path, name: str = NAME) -> UploadItem:
    return UploadItem(path, name, hash_file(path)[0], TEXTS)


def kept(served: Served) -> dict[str, bytes]:
    """Name to content of everything at a target."""
    if "://" in served.target and served.target.startswith(("sqlite", "postgresql")):
        url = sa.engine.make_url(served.target)
        engine = sa.create_engine(url.set(password=served.password) if served.password else url)
        with closing(engine.connect()) as con:
            rows = con.execute(sa.text(f"SELECT name, picture FROM {TABLE}")).all()
        engine.dispose()
        return {name: bytes(picture) for name, picture in rows}
    files = [p for p in served.folder.rglob("*") if p.is_file() and ".DAV" not in p.parts]
    return {p.relative_to(served.folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    """Two different files of one size."""
    one = save_picture(tmp_path / "a.jpg", 1)
    other = tmp_path / "b.jpg"
    other.write_bytes(bytes(reversed(one.read_bytes())))
    return one, other


@pytest.mark.parametrize("server", PLACES)
def test_a_picture_comes_once_and_another_never_takes_its_name(
    server: Callable[[Path], AbstractContextManager[Served]],
    pictures: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = pictures
    (place := tmp_path / "server").mkdir()
    with server(place) as served, closing(publisher(served, monkeypatch)) as target:
        target.put(parcel(one))
        assert kept(served) == {NAME: one.read_bytes()}
        target.put(parcel(one))
        with pytest.raises(TargetTaken, match="already"):
            target.put(parcel(other))
        assert kept(served) == {NAME: one.read_bytes()}
        target.put(parcel(other, "harbour/day two/c.jpg"))  # the same place goes on after a refusal
        assert kept(served) == {NAME: one.read_bytes(), "harbour/day two/c.jpg": other.read_bytes()}
        assert PASSWORD not in target.name
    assert publisher(served, monkeypatch).name == target.name


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_goes_away_is_told_and_taken_up_again(
    server: Callable[..., AbstractContextManager[Served]],
    pictures: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = pictures
    (place := tmp_path / "server").mkdir()
    with server(place) as served:
        target = publisher(served, monkeypatch)
        target.put(parcel(one))
    with pytest.raises(ServiceUnreachable, match="did not accept") as caught:
        target.put(parcel(other, "harbour/c.jpg"))
    assert PASSWORD not in str(caught.value)
    port = sa.engine.make_url(served.target).port
    with server(place, port) as again:
        target.put(parcel(other, "harbour/c.jpg"))
        assert kept(again) == {NAME: one.read_bytes(), "harbour/c.jpg": other.read_bytes()}
        target.close()


@pytest.mark.parametrize("server", SERVERS)
def test_who_may_not_enter_is_told_without_the_password(
    server: Callable[[Path], AbstractContextManager[Served]],
    pictures: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (place := tmp_path / "server").mkdir()
    with server(place) as served:
        if served.lines:
            (Path(served.lines["HOME"]) / ".ssh" / "id_ed25519").unlink()
        with (
            closing(publisher(served, monkeypatch, "wr0ng word")) as target,
            pytest.raises(ServiceUnreachable) as caught,
        ):
            target.put(parcel(pictures[0]))
        assert "wr0ng" not in str(caught.value)
        assert "Check" in str(caught.value)


@pytest.mark.skipif(not SSHD, reason="sshd is not installed: SFTP is not tried")
def test_a_host_that_nobody_knows_is_refused(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_server(tmp_path / "server") as served:
        known = Path(served.lines["HOME"]) / ".ssh" / "known_hosts"
        line, own = known.read_text(), (known.parent / "id_ed25519.pub").read_text()
        known.unlink()
        with closing(publisher(served, monkeypatch)) as target:
            with pytest.raises(ServiceUnreachable, match="Connect once with ssh"):
                target.put(parcel(pictures[0]))
            known.write_text(
                line.replace(line.split()[2], own.split()[1])
            )  # the host showed another key once
            with pytest.raises(ServiceUnreachable, match="does not match"):
                target.put(parcel(pictures[0]))
        assert kept(served) == {}


@pytest.mark.skipif(not SSHD, reason="sshd is not installed: SFTP is not tried")
def test_a_folder_that_is_not_there_is_told_and_one_in_the_home_is_found(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_server(tmp_path / "server") as served:
        missing = Served(f"{served.target}/elsewhere", served.folder, "", served.lines)
        with (
            closing(publisher(missing, monkeypatch)) as target,
            pytest.raises(ServiceUnreachable, match="No such file"),
        ):
            target.put(parcel(pictures[0]))
        work = served.folder / ".a.jpg.part"
        work.write_bytes(b"half of it, by one who was cut off")
        with closing(publisher(served, monkeypatch)) as target:
            target.put(parcel(pictures[0], "a.jpg"))
        assert kept(served) == {"a.jpg": pictures[0].read_bytes()}


class Careless(http.server.BaseHTTPRequestHandler):
    """Takes PUT over whatever is there, and knows no conditions."""

    kept: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:
        self.kept[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200 if self.path in self.kept else 404)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.kept.get(self.path, b""))

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_server_that_would_write_over_a_picture_is_not_let(pictures: tuple[Path, Path]) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Careless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        target = publisher_of(PublishSettings(target=f"http://127.0.0.1:{server.server_address[1]}/media"))
        target.put(parcel(pictures[0], "a b.jpg"))
        target.put(parcel(pictures[0], "a b.jpg"))
        with pytest.raises(TargetTaken):
            target.put(parcel(pictures[1], "a b.jpg"))
        server.shutdown()
    assert Careless.kept == {"/media/a%20b.jpg": pictures[0].read_bytes()}


def test_a_name_in_another_spelling_is_refused_where_the_server_cannot_be_asked(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ftp_server(tmp_path) as served, closing(publisher(served, monkeypatch)) as target:
        target.put(parcel(pictures[0], "Ä.jpg"))
        with pytest.raises(TargetTaken, match="another spelling"):
            target.put(parcel(pictures[1], "ä.JPG"))
        assert kept(served) == {"Ä.jpg": pictures[0].read_bytes()}


def test_a_file_that_came_short_is_told_and_has_no_name(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ftp_server(tmp_path, most=100) as served, closing(publisher(served, monkeypatch)) as target:
        with pytest.raises(ServiceUnreachable, match="fewer bytes"):
            target.put(parcel(pictures[0], "a.jpg"))
        assert list(kept(served)) == [".a.jpg.part"]
        with pytest.raises(ValueError, match="newline"):
            target.put(parcel(pictures[0], "a\nDELE b.jpg"))


def test_a_row_has_the_texts_too(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_target(tmp_path) as served, closing(publisher(served, monkeypatch)) as target:
        target.put(parcel(pictures[0]))
    with closing(sqlite3.connect(tmp_path / "site.db")) as con:
        con.row_factory = sqlite3.Row
        (row,) = con.execute(f"SELECT * FROM {TABLE}").fetchall()
    assert {n: row[n] for n in ("name", "title", "caption", "alt_text")} == {"name": NAME} | {
        n: TEXTS[n] for n in ("title", "caption", "alt_text")
    }
    assert json.loads(row["keywords"]) == TEXTS["keywords"]
    assert row["content_hash"] == hash_file(pictures[0])[0]


def test_a_table_of_somebody_else_is_left_alone(
    pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "site.db")) as con:
        con.execute(f"CREATE TABLE {TABLE} (id INTEGER)")
    with sqlite_target(tmp_path) as served:
        target = publisher(served, monkeypatch)
        with pytest.raises(ServiceUnreachable, match="no column named"):
            target.put(parcel(pictures[0]))
        target.close()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "No target is set"),
        ("folder:", "names no place"),
        ("ftp:///x", "names no place"),
        ("C:\\pictures", "names no place"),
        ("gopher://x/y", "not available"),
        ("ftp://x:99999/y", "is not an address"),
        ("ftp://kim:geh=im%@x/y", "holds a password"),
        ("postgresql+psycopg://kim:geh=im%@x/y", "holds a password"),
        ("https://x/y?z=1", "has a [?] or #"),
        ("postgresql+pg8000://x/y", "not available"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_targets_that_name_no_place_are_told(target: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        publisher_of(PublishSettings(target=target))
    assert "geh" not in str(caught.value)


def test_two_places_never_have_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [
        *(f"{s}://{w}" for s in ("ftp", "sftp") for w in ("x/y", "x/y/z", "x:2200/y", "kim@x/y", "tom@x/y")),
        *(f"{s}://{w}" for s in ("http", "https") for w in ("x/y", "x:81/y", "z/y")),
        *(f"postgresql+psycopg://{w}" for w in ("x/y", "x/z", "x:1/y", "kim@x/y")),
    ]
    relative = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        relative += [
            publisher_of(PublishSettings(target=t)).name for t in ("folder:out", "sqlite:///site.db")
        ]
    names = [publisher_of(PublishSettings(target=t)).name for t in targets] + relative
    assert len(set(names)) == len(names) == len(targets) + 4
