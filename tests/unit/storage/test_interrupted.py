"""A publication that is killed, or refused by the disk, at each of its operations.

The old rows or the new ones, never half.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.library import OtherFile
from schemas.publish import Takedown

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[3]
FORMER, LATER = ["a", "b"], ["a", "c", "d"]

# For each point, a copy of the store is published to by a forked child that is stopped there. Points are the
# child's mutating file
# operations, or the number of bytes that a file may have: then the system stops it inside of a write.
CHILD = """
import errno, json, os, resource, shutil, signal, sys
from pathlib import Path
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import Store
from schemas.library import OtherFile
from tests.unit.storage.test_interrupted import LATER, rows_of
import proofsheet.storage.database

EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.utime"}

def publish(place):
    store = Store(place, "p")
    store.publish(rows_of(LATER), Stamp("new"))
    store.show()
    store.tidy(-1)

def child(place, how, point):
    seen = [0]
    def watch(event, args):
        opened = event == "open" and isinstance(args[1], str)
        mutates = event in EVENTS or (opened and set(args[1]) & set("wa+x"))
        if not mutates or str(place) not in str(args[0]):
            return
        seen[0] += 1
        if seen[0] == point and how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if seen[0] == point and how == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))
    if how in ("kill", "full", "count"):
        sys.addaudithook(watch)
    else:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if how == "killed while writing" else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (point, resource.RLIM_INFINITY))
    try:
        publish(place)
    except Exception as error:
        os._exit(100 if how == "count" else 1)
    os._exit(seen[0] if how == "count" else 0)

def fork(place, how, point):
    pid = os.fork()
    if pid == 0:
        child(place, how, point)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

if __name__ == "__main__":
    base, how = Path(sys.argv[1]), sys.argv[2]
    def copy(name):
        return Path(shutil.copytree(base / "store", base / str(name)))
    if how in ("kill", "full"):
        points = range(1, fork(copy("count"), "count", 0) + 1)
    else:
        points = json.loads(sys.argv[3])
    print(json.dumps({str(point): fork(copy(point), how, point) for point in points}))
"""


def rows_of(paths: list[str]) -> dict[type, object]:
    """The same paths in two tables, so that half of a publication shows."""
    others = OtherFile.frame({"project": "p", "path": p, "role": "other", "extension": ""} for p in paths)
    row = dict.fromkeys(Takedown.columns(), "x") | {
        "project": "p",
        Takedown.uploaded_at: datetime(2026, 1, 2),
    }
    takedowns = Takedown.frame(row | {Takedown.photo_id: p} for p in paths)
    return {OtherFile: others, Takedown: takedowns}


def paths_in(store: Store) -> list[str]:
    RECENT.clear()
    found = store.read(OtherFile)["path"].to_list()
    assert sorted(store.read(Takedown)[Takedown.photo_id].to_list()) == found
    return found


@pytest.mark.parametrize("how", ["kill", "full", "killed while writing", "full while writing"])
def test_old_or_new_rows_and_the_next_publication_is_whole(tmp_path: Path, how: str) -> None:
    store = Store(tmp_path / "store", "p")
    for paths in (["before"], FORMER):
        store.publish(rows_of(paths), Stamp(str(paths)))
    store.show()
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    sizes = [0, 1, 100, 500, 1000, 1500, 2000, 4000, 8000, 12_288, 13_000, 40_000, 90_000, 200_000]
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), how, json.dumps(sizes)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    codes = {int(point): code for point, code in json.loads(done.stdout).items()}
    stopped = [point for point, code in codes.items() if code]
    wanted = {"kill": -signal.SIGKILL, "killed while writing": -signal.SIGXFSZ}.get(how, 1)
    assert {codes[point] for point in stopped} == {wanted}
    assert len(stopped) >= (20 if how in {"kill", "full"} else 8)
    found = [_look(Store(tmp_path / str(point), "p")) for point in codes]
    assert {tuple(paths) for paths in found} == {tuple(FORMER), tuple(LATER)}


def _look(store: Store) -> list[str]:
    """What is to be read after the stop; then the same publication again, which leaves nothing behind."""
    store.check()
    found = paths_in(store)
    assert found in (FORMER, LATER)
    assert store.generation() == (2 if found == FORMER else 3)
    if store.open_copy.exists():
        with duckdb.connect(store.open_copy, read_only=True) as con:
            assert con.sql("SELECT count(*) FROM other_files").fetchall()[0][0] in {len(FORMER), len(LATER)}
    news: list[str] = []
    store.generations.repair(news.append)
    assert news == []
    store.publish(rows_of(LATER), Stamp("new"))
    store.show()
    store.tidy(-1)
    assert paths_in(store) == LATER
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert con.sql("SELECT count(*) FROM other_files").fetchall() == [(len(LATER),)]
    files = [p for p in store.folder.glob("tables/*/*") if p.is_file()]
    assert sorted(p.relative_to(store.folder).as_posix() for p in files) == sorted(store.generations.named())
    assert not list(store.folder.parent.rglob("*.tmp*"))
    return found
