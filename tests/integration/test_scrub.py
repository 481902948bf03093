"""`proofsheet scrub`: copies without a planted secret, with what people want to keep, and their proof."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from PIL import Image

from dagster_project.definitions import build_defs
from proofsheet.publish.embedded_metadata import publishable_copy
from schemas.settings.publish import PublishSettings
from tests.support.kit import Shell, configuration, only_project, save_picture, tree
from tests.support.privacy_kept_kit import KEPT_PARTS
from tests.support.privacy_kit import KEPT, KEPT_XMP, TABLE, hidden_in, hidden_in_bytes, saved, scene, tagged

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made"
)
FORMATS = {".jpg": "JPEG", ".tif": "TIFF", ".heic": "HEIF"}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return Shell(tmp_path)


def read(path: Path) -> dict[str, object]:
    done = subprocess.run(["exiftool", "-json", "-G1", "-a", str(path)], capture_output=True, check=True)
    return dict(json.loads(done.stdout)[0])


def plant(folder: Path) -> list[Path]:
    """A picture of every container with every private tag that exiftool writes, and the fields that stay."""
    made = []
    for suffix in TABLE:
        plain = saved(scene(size=(64, 64)), FORMATS.get(suffix, suffix[1:].upper()))
        path = folder / "in" / f"a{suffix[1:]}{suffix}"
        path.write_bytes(tagged(plain, suffix, folder))
        assert hidden_in(path)
        made.append(path)
    return made


def test_no_planted_value_is_in_any_copy_and_people_keep_their_names(shell: Shell) -> None:
    sources = plant(shell.folder)
    before = tree(shell.folder / "in")
    told = shell.json("scrub", "in", "--out", "out")
    assert told["refused"] == []
    for source in sources:
        copy = shell.folder / "out" / source.name
        assert hidden_in(copy) == []
        found = read(copy)
        wanted = KEPT_XMP if source.suffix == ".gif" else {**KEPT, **KEPT_XMP}
        assert {n: found.get(n) for n in wanted} == wanted
    for name in ("proofsheet-proof.json", "proofsheet-proof.txt"):
        assert hidden_in_bytes((shell.folder / "out" / name).read_bytes()) == []
    assert tree(shell.folder / "in") == before


def test_strict_copies_have_no_metadata(shell: Shell) -> None:
    sources = plant(shell.folder)
    shell("scrub", "in", "--out", "out", "--profile", "strict")
    for source in sources:
        copy = shell.folder / "out" / source.name
        assert hidden_in(copy) == []
        assert b"Ann Example" not in copy.read_bytes()
        assert not {n for n in (*KEPT, *KEPT_XMP) if n in read(copy)}
        assert not [n for n in read(copy) if n.startswith(("XMP-", "IPTC", "GPS"))]


@pytest.mark.long
def test_a_secret_in_any_place_of_any_container_is_in_no_copy(shell: Shell) -> None:
    count = 0
    for suffix, some in TABLE.items():
        for name, make in (*some.items(), *KEPT_PARTS[suffix].items()):
            (shell.folder / "in" / f"{suffix[1:]}-{name}{suffix}").write_bytes(make())
            count += 1
    told = shell.json("scrub", "in", "--out", "out")
    copies = [shell.folder / "out" / f["target"] for f in told["files"]]
    assert {c.name: hidden_in(c) for c in copies if hidden_in(c)} == {}
    assert len(copies) >= 40
    assert len(copies) + len(told["refused"]) == count
    assert [r for r in told["refused"] if not r["why"]] == []


def test_the_proof_lists_what_is_left_and_a_second_run_changes_nothing(shell: Shell) -> None:
    plant(shell.folder)
    shell("scrub", "in", "--out", "out")
    out = shell.folder / "out"
    proof = json.loads((out / "proofsheet-proof.json").read_text("utf-8"))
    one = next(c for c in proof["copies"] if c["target"] == "ajpg.jpg")
    assert one["content_hash"] == tree(out)["ajpg.jpg"]
    assert one["fields"]["IFD0:Make"] == "Acme"
    assert {"SOI", "DQT", "EOI"} <= {name for name, _size in one["parts"]}
    assert sum(1 for name in read(out / "ajpg.jpg") if name.startswith("GPS")) == 0
    text = (out / "proofsheet-proof.txt").read_text("utf-8")
    assert "ajpg.jpg" in text
    assert "IFD0:Model: Acme 7" in text
    files, times = tree(out), {p: p.stat().st_mtime_ns for p in out.iterdir()}
    assert "0 written to out, 7 there already, 0 refused" in shell("scrub", "in", "--out", "out").stdout
    assert (tree(out), {p: p.stat().st_mtime_ns for p in out.iterdir()}) == (files, times)


def test_a_later_run_into_a_folder_keeps_the_proof_of_the_copies_in_it(shell: Shell) -> None:
    save_picture(shell.folder / "s1" / "a.jpg", 1)
    save_picture(shell.folder / "s1" / "gone.jpg", 2)
    save_picture(shell.folder / "s2" / "b.jpg", 3)
    shell("scrub", "./s1", "--out", "share")
    (shell.folder / "share" / "gone.jpg").unlink()
    shell("scrub", "./s2", "--out", "share", "--profile", "strict")
    proof = json.loads((shell.folder / "share" / "proofsheet-proof.json").read_text("utf-8"))
    assert [(c["target"], c["profile"]) for c in proof["copies"]] == [
        ("a.jpg", "people"),
        ("b.jpg", "strict"),
    ]
    text = (shell.folder / "share" / "proofsheet-proof.txt").read_text("utf-8")
    blocks = text.split("\n\n")[1:]
    assert ["a.jpg" in blocks[0], "profile: people" in blocks[0]] == [True, True]
    assert ["b.jpg" in blocks[1], "profile: strict" in blocks[1]] == [True, True]


def test_a_picture_without_a_copyright_gets_that_of_the_settings(shell: Shell) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 1)
    save_picture(shell.folder / "in" / "b.png", 2)
    tags = ["-EXIF:DateTimeOriginal=2019:05:06 07:08:09"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, "in/a.jpg"], check=True)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Rights=Theirs", "in/b.png"], check=True)
    (shell.folder / "lib").mkdir()
    shell("init", "lib")
    settings = shell.folder / "proofsheet.toml"
    settings.write_text(settings.read_text() + '\n[publish]\ncopyright = "© {year} Ann Example"\n', "utf-8")
    shell("scrub", "./in", "--out", "out")
    assert read(shell.folder / "out" / "a.jpg")["XMP-dc:Rights"] == "© 2019 Ann Example"
    assert read(shell.folder / "out" / "b.png")["XMP-dc:Rights"] == "Theirs"
    shell("scrub", "./in", "--out", "strict", "--profile", "strict")
    assert b"Ann Example" not in (shell.folder / "strict" / "a.jpg").read_bytes()
    with pytest.raises(ValueError, match="is filled in"):
        PublishSettings(copyright="© {name}")


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        ("IFD0:Copyright", "Agency Foo, all rights reserved. " * 40, "which is invalid"),
        ("XMP-dc:Rights", "Agency Foo, all rights reserved. " * 40, "which is invalid"),
        ("XMP-tiff:Copyright", "Agency Foo", "which is about rights"),
        ("XMP-xmpRights:Owner", "Agency Foo", "which is about rights"),
        ("XMP-xmpRights:UsageTerms", "For editors", "which is about rights"),
        ("XMP-plus:CopyrightOwnerName", "Agency Foo", "which is about rights"),
    ],
)
def test_a_picture_of_others_gets_no_copyright_of_the_settings(
    tmp_path: Path, tag: str, value: str, why: str
) -> None:
    picture = save_picture(tmp_path / "a.jpg", 1)
    subprocess.run(["exiftool", "-q", "-overwrite_original", f"-{tag}={value}", str(picture)], check=True)
    texts = {"title": "", "caption": "", "alt_text": "", "keywords": ()}
    with publishable_copy(picture, texts, ("copyright",), tmp_path / "place", "© {year} Me") as copy:
        assert b"Me" not in copy.path.read_bytes()
        assert copy.fields == {}
        assert len(copy.left_out) == 1
        assert copy.left_out[0].startswith(tag.removesuffix("Name"))
        assert copy.left_out[0].endswith(why)


def test_what_is_not_known_is_refused_and_others_go_on(shell: Shell) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 1)
    save_picture(shell.folder / "in" / "b.bmp", 1)
    whole = save_picture(shell.folder / "in" / "c.jpg", 3).read_bytes()
    (shell.folder / "in" / "c.jpg").write_bytes(whole[: len(whole) // 2])
    told = shell.json("scrub", "in", "--out", "out", code=3)
    why = {r["path"]: r["why"] for r in told["refused"]}
    assert "not one of JPEG" in why["b.bmp"]
    assert "its end is missing" in why["c.jpg"]
    assert sorted(p.name for p in (shell.folder / "out").glob("*.*g")) == ["a.jpg"]


def test_a_dry_run_makes_and_proves_and_writes_nothing(shell: Shell) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 1)
    done = shell("scrub", "in", "--out", "out", "--dry-run")
    assert "1 would be written to out, 0 refused" in done.stdout
    assert not (shell.folder / "out").exists()


def test_a_file_of_the_user_in_the_place_of_the_proof_stays(shell: Shell) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 1)
    (shell.folder / "out").mkdir()
    (shell.folder / "out" / "proofsheet-proof.json").write_text("[]")
    assert "was not written by scrub" in shell("scrub", "in", "--out", "out", code=2).stderr
    assert (shell.folder / "out" / "proofsheet-proof.json").read_text() == "[]"


def test_without_exiftool_the_command_says_what_to_install(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 1)
    monkeypatch.setenv("PATH", str(shell.folder))
    assert "libimage-exiftool-perl" in shell("scrub", "in", "--out", "out", code=5).stderr


def test_pixels_of_a_copy_are_those_of_the_original(shell: Shell) -> None:
    save_picture(shell.folder / "in" / "a.jpg", 4, (200, 150), quality=90)
    shell("scrub", "in", "--out", "out")
    with Image.open("in/a.jpg") as one, Image.open("out/a.jpg") as two:
        assert one.tobytes() == two.tobytes()


def test_the_job_writes_copies_when_their_folder_is_named(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "library" / "one" / "a.jpg", 1)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-OwnerName=Zoë", str(picture)], check=True)
    before = tree(tmp_path / "library")
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    job = build_defs(settings).resolve_job_def("scrub")

    def launch(**config: object) -> tuple[bool, dict[str, Any]]:
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("project", [project.key])
            done = job.execute_in_process(
                instance=instance,
                partition_key=project.key,
                run_config={"ops": {"scrub_pictures": {"config": config}}, **quiet},
                raise_on_error=False,
            )
        outputs = (
            e.step_output_data.metadata for e in done.all_events if e.event_type_value == "STEP_OUTPUT"
        )
        return done.success, {n: v.value for m in outputs for n, v in (m or {}).items()}

    assert launch()[1]["pictures"] == 1
    assert launch(out=str(tmp_path / "library" / "copies"))[0] is False
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "library"]
    well, told = launch(out=str(tmp_path / "copies"), profile="strict")
    assert (well, told["written"], told["refused"]) == (True, 1, 0)
    assert "Zoë".encode() not in (tmp_path / "copies" / "a.jpg").read_bytes()
    assert (tmp_path / "copies" / "proofsheet-proof.json").is_file()
    assert launch(out=str(tmp_path / "copies"), profile="strict")[1]["there"] == 1
    assert tree(tmp_path / "library") == before
