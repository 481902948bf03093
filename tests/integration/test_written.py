"""What people write with other programs, from the file to search, prompts, pages and sidecars."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kit import Shell, save_picture, tree
from tests.support.model_server import ModelServer
from tests.support.written_kit import bag, sidecar

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
    ),
]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as found:
        yield found


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Path:
    """A project of three pictures that was run once.

    A person gave one a title and stars in the file, and one a keyword in a sidecar.
    """
    place = tmp_path_factory.mktemp("written")
    folder = place / "library" / "one"
    for seed, name in enumerate(("in_file.jpg", "beside.jpg", "plain.jpg")):
        save_picture(folder / name, seed)
    exiftool(folder / "in_file.jpg", "-IPTC:ObjectName=Leuchtturm", "-XMP-xmp:Rating=5")
    (folder / "beside.jpg.xmp").write_text(sidecar("", f"<dc:subject>{bag('Fischreiher')}</dc:subject>"))
    model = f'[model]\nbackend = "ollama"\nollama_url = "{server.url}"\n[captions]\nall_images = true\n'
    (place / "proofsheet.toml").write_text(
        f'[place]\nlibrary = "library"\nhome = "proofsheet-home"\n{model}', "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Shell(place)("run", "one")
    asked = "".join(str(request) for request in server.received)
    assert "Keywords by people: Fischreiher" in asked
    assert "Title by people: Leuchtturm" in asked
    return place


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, once: Path, server: ModelServer) -> Shell:
    """A copy of that."""
    shutil.copytree(once, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    server.received.clear()
    return Shell(tmp_path / "copy")


def exiftool(path: Path, *fields: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *fields, str(path)], check=True)


def rows(shell: Shell, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shell.json("sql", "--project", "one", query)["projects"]["one"]
    return found


def hits(shell: Shell, words: str) -> list[tuple[str, str, str]]:
    found = shell.json("search", "one", "--text", words)["hits"]
    return [(hit["path"], hit["why"], hit["by"]) for hit in found]


def stale(shell: Shell) -> dict[str, str]:
    found: dict[str, str] = shell.json("status")["projects"]["one"]["stale"]
    return found


def test_a_changed_sidecar_is_noticed_read_and_used(shell: Shell, server: ModelServer) -> None:
    folder = shell.folder / "library" / "one"
    assert [h[0] for h in hits(shell, "leuchtturm")] == ["in_file.jpg"]
    assert hits(shell, "leuchtturm")[0][2] == "a person, in the file"
    assert [h[2] for h in hits(shell, "fischreiher")] == ["a person, in the sidecar"]
    assert stale(shell) == {}
    words = f"<dc:subject>{bag('Fischreiher', 'Eis')}</dc:subject>"
    (folder / "plain.jpg.xmp").write_text(sidecar("xmp:Rating='2'"))
    (folder / "beside.jpg.xmp").write_text(
        sidecar("xmp:Rating='4'", f"<dc:subject>{bag('Fischreiher')}</dc:subject>")
    )
    before = stale(shell)
    assert before["sidecar_metadata"] == "1 sidecars changed"
    assert "written_metadata" in before
    assert not {"image_quality", "embeddings", "exif_facts", "embedded_metadata"} & {
        name for name, why in before.items() if "sidecar" in why
    }
    shell("run", "one")
    assert server.received == []  # stars ask no question again
    assert stale(shell) == {}
    stars = rows(
        shell, "select path, rating from written_metadata join photos using (photo_id) order by path"
    )
    assert [tuple(r.values()) for r in stars] == [
        ("beside.jpg", 4.0),
        ("in_file.jpg", 5.0),
        ("plain.jpg", 2.0),
    ]
    (folder / "beside.jpg.xmp").write_text(sidecar("", words))
    shell("run", "one")
    found = hits(shell, "eis")[0]
    assert (found[0], found[2]) == ("beside.jpg", "a person, in the sidecar")


def test_stars_that_a_person_sets_in_files_ask_no_question(shell: Shell, server: ModelServer) -> None:
    folder = shell.folder / "library" / "one"
    for name in ("in_file.jpg", "beside.jpg", "plain.jpg"):
        exiftool(folder / name, "-XMP-xmp:Rating=3")
    shell("run", "one")
    assert server.received == []
    assert [r["rating"] for r in rows(shell, "select rating from written_metadata")] == [3.0] * 3


def test_people_who_are_marked_in_pictures_are_found_and_shown(shell: Shell, server: ModelServer) -> None:
    region = (
        "-RegionInfo={AppliedToDimensions={W=64,H=48,Unit=pixel},RegionList=["
        "{Area={X=0.25,Y=0.375,W=0.25,H=0.25,Unit=normalized},Name=Zoë Ångström,Type=Face}]}"
    )
    exiftool(shell.folder / "library" / "one" / "plain.jpg", region)
    shell("run", "one")
    assert server.received == []  # and no name goes into a question
    assert hits(shell, "Ångström") == [("plain.jpg", "person: Zoë Ångström", "a person")]
    shown = {p["path"]: p["written"] for p in shell.json("words", "show", "one")["photos"]}
    assert shown["plain.jpg"] == [
        {"field": "people", "value": "Zoë Ångström", "place": "embedded", "other": None}
    ]
    found = rows(shell, "select kind, region_name, place, round(right_edge - left_edge, 3) w from regions")
    assert found == [{"kind": "face", "region_name": "Zoë Ångström", "place": "embedded", "w": 0.25}]


def test_what_we_write_is_not_taken_for_a_persons_and_what_a_person_writes_stays(shell: Shell) -> None:
    folder, home = shell.folder / "library" / "one", shell.folder / "library"
    shown = {p["path"]: p for p in shell.json("words", "show", "one")["photos"]}
    said = {w["field"]: w["value"] for w in shown["in_file.jpg"]["written"]}
    assert said == {"title": "Leuchtturm", "rating": "5"}
    for name in ("in_file.jpg", "beside.jpg"):
        shell("words", "review", "one", name, "approved")
    assert shown["in_file.jpg"]["title"] == "Leuchtturm"  # it stands above the text of the model
    assert shown["in_file.jpg"]["sources"].startswith("title=human in file, caption=model")
    assert shown["beside.jpg"]["keywords"] == ["Fischreiher"]
    before = tree(home)
    told = shell.json("sidecars", "one")
    assert tree(home) == before
    assert told["conflicts"] == []
    assert shell.json("sidecars", "one", "--execute")["written"] == 2
    shell("run", "one")
    assert hits(shell, "fischreiher")[0][2] == "a person, in the sidecar"
    written = rows(shell, "select * from written_metadata join photos using (photo_id) order by path")
    assert [(r["title"], r["description"], r["keywords"]) for r in written] == [
        (None, None, ["Fischreiher"]),
        ("Leuchtturm", None, []),
    ]
    assert shell.json("sidecars", "one", "--execute")["written"] == 0
    gone = shown["in_file.jpg"]["keywords"][0]
    exiftool(folder / "beside.jpg.xmp", "-XMP-dc:Title=Reiher", "-XMP-dc:Subject=")
    exiftool(folder / "in_file.jpg.xmp", f"-XMP-dc:Subject-={gone}")
    told = shell.json("sidecars", "one", "--execute")
    kept = {one["path"]: one["fields"] for one in told["conflicts"]}
    assert kept["beside.jpg"] == ["title: people wrote another one"]
    assert kept["in_file.jpg"] == [f"keywords: people removed {gone}"]
    assert "Fischreiher" not in (folder / "beside.jpg.xmp").read_text("utf-8")
    shell("run", "one")
    found = hits(shell, "reiher")[0]
    assert (found[0], found[2]) == ("beside.jpg", "a person, in the sidecar")


def test_hostile_sidecars_end_no_run_and_are_told(shell: Shell) -> None:
    folder = shell.folder / "library" / "one"
    (folder / "in_file.jpg.xmp").mkdir()
    os.mkfifo(folder / "plain.jpg.xmp")
    (folder / "beside.jpg.xmp").write_bytes(b"<x:xmpmeta" + b"\0" * 100)
    shell("run", "one")
    told = " ".join(str(r["unread"]) for r in rows(shell, "select unread from written_metadata"))
    for name in ("in_file.jpg.xmp: it is not a regular file", "plain.jpg.xmp: it is not", "beside.jpg.xmp: "):
        assert name in told
