from __future__ import annotations

import os
import subprocess
import sys
import time

from proofsheet.core.process_marks import files_being_written, is_alive, process_mark, with_environment


def test_a_mark_without_a_start_time_is_alive_as_long_as_its_number_is() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    mark = f"{child.pid}::"
    assert is_alive(mark)
    child.kill()
    child.wait()
    assert not is_alive(mark)
    assert not is_alive("no number::")


def test_a_process_that_ended_and_was_not_waited_for_has_no_environment() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], env=os.environ | {"SOME_MARK": "43"})
    end = time.monotonic() + 20
    while is_alive(process_mark(child.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    assert with_environment("SOME_MARK", "43") == []
    child.wait()


def test_this_process_is_not_among_those_with_an_environment() -> None:
    name, value = next(iter(os.environ.items()))
    assert os.getpid() not in with_environment(name, value)


def test_making_a_mark_imports_no_psutil() -> None:
    code = "import sys, proofsheet.core.locks as l; l.process_mark(); assert 'psutil' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_processes_write_is_asked_without_an_error() -> None:
    assert all(path.startswith(os.sep) for path in files_being_written())
