"""One exiftool process: strange names, crashes, hangs, and its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from proofsheet.core.errors import ServiceUnreachable
from proofsheet.metadata.exiftool import READING, fields_of_files, read_fields, run_exiftool, write_values
from proofsheet.metadata.exiftool_session import ExiftoolSession
from proofsheet.metadata.xmp import OWN_SPACE
from tests.support.kit import save_picture

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)
TEXT = 'A "quote" \'s\n-all=\n-execute\n{ready} $x @y \\n ü 鳥 🦊'
NAMES = (
    *("new\nline $a @b.jpg", "carriage\rreturn.jpg", " space .jpg", "-o.jpg", "#[CSTR].jpg", "%f.jpg"),
    *("quote'\".jpg", "🦊.jpg", "tab\t.jpg", "back\\slash.jpg"),
)


def session() -> ExiftoolSession:
    return ExiftoolSession(str(shutil.which("exiftool")), 20.0)


def program(place: Path, body: str) -> str:
    """A program in the place of exiftool."""
    path = place / "exiftool"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}", "utf-8")
    path.chmod(0o755)
    return str(path)


@needs_exiftool
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_and_written_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    picture = save_picture(tmp_path / "x.jpg", 1).rename(tmp_path / name)
    assert write_values(picture, {"XMP-dc:Title": TEXT}).returncode == 0
    (found,) = fields_of_files([picture])
    assert found["XMP-dc:Title"] == TEXT
    assert [p.name for p in tmp_path.iterdir()] == [name]


@needs_exiftool
def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"\xff\xfe.jpg")
    try:
        save_picture(tmp_path / "x.jpg", 1).rename(strange)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert fields_of_files([strange])[0]["File:FileType"] == "JPEG"


@needs_exiftool
def test_of_many_files_each_has_its_own_fields_also_where_some_cannot_be_read(tmp_path: Path) -> None:
    pictures = [save_picture(tmp_path / f"{n}.jpg", n, (20 + n, 20)) for n in range(5)]
    gone = tmp_path / "gone.jpg"
    found = fields_of_files([*pictures[:2], gone, *pictures[2:]])
    assert [f.get("File:ImageWidth") for f in found] == ["20", "21", None, "22", "23", "24"]
    assert "not found" in found[2]["ExifTool:Error"]


@needs_exiftool
def test_an_option_with_a_line_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no option"):
        run_exiftool(["-title=x\n-all="])


@needs_exiftool
def test_a_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    picture, own = save_picture(tmp_path / "x.jpg", 1), session()
    own.run([*READING, picture])
    assert own._process is not None
    first = own._process.pid
    os.kill(first, signal.SIGKILL)
    assert read_fields(own.run([*READING, picture]).stdout)["File:FileType"] == "JPEG"
    assert own._process.pid != first
    second = own._process.pid
    own.close()
    assert own._process is None
    assert not psutil.pid_exists(second)


def test_a_process_that_dies_over_a_file_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    own = ExiftoolSession(program(tmp_path, "sys.stdin.readline()\nsys.exit(3)"), 20.0)
    with pytest.raises(ServiceUnreachable, match=r"exiftool ended over .*broken\.jpg.*Open the file"):
        own.run(["-json", tmp_path / "broken.jpg"])


def test_a_process_that_hangs_is_killed_at_its_limit_and_the_error_names_the_file(tmp_path: Path) -> None:
    own = ExiftoolSession(program(tmp_path, "time.sleep(600)"), 0.5)
    start = time.monotonic()
    with pytest.raises(ServiceUnreachable, match=r"more than 0\.5 s over .*slow\.jpg and 1 more"):
        own.run(["-json", tmp_path / "slow.jpg", tmp_path / "other.jpg"])
    assert time.monotonic() - start < 10
    assert own._process is None


def test_without_exiftool_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServiceUnreachable, match="Install libimage-exiftool-perl"):
        run_exiftool(["-ver"])


@needs_exiftool
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_exiftool_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom proofsheet.metadata import exiftool\nexiftool.run_exiftool(['-ver'])\n"
        "(one,) = exiftool._SESSIONS.values()\nprint(one._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid, end = int(done.stdout), time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.1)


@needs_exiftool
@pytest.mark.skipif(os.name == "nt", reason="needs fork")
def test_a_forked_process_has_an_exiftool_of_its_own(tmp_path: Path) -> None:
    picture, own = save_picture(tmp_path / "x.jpg", 1), session()
    own.run(["-ver"])
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if own.run([*READING, picture]).returncode == 0 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert own.run(["-ver"]).returncode == 0
    own.close()


def test_the_namespace_of_our_marks_is_the_one_in_the_configuration_of_exiftool() -> None:
    import proofsheet.metadata

    config = Path(str(proofsheet.metadata.__file__)).with_name("exiftool.config").read_text("utf-8")
    assert f"'{OWN_SPACE}'" in config


def test_a_file_over_which_exiftool_dies_has_its_reason_and_others_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "sys.stdin.readline()\nsys.exit(3)")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = fields_of_files([tmp_path / "one.jpg", tmp_path / "two.jpg"])
    assert ["one.jpg" in f["ExifTool:Error"] for f in found] == [True, False]
    assert "exiftool ended over" in found[1]["ExifTool:Error"]
