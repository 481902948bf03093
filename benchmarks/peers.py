"""Peers, each in an environment of its own so that nothing of theirs enters the project.

Holds `Peers`.
Add here: a script for another peer.
Keep out: comparisons.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

_PACKAGES = ("imagehash", "cleanvision", "piexif", "faiss-cpu", "pillow", "numpy")
_COMMON = """
import json, resource, sys
def used():
    r = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(x.ru_utime + x.ru_stime for x in r)
def rate(work, inputs):
    work(inputs[0])
    best = 1e9
    for _ in range(3):
        before = used()
        for one in inputs: work(one)
        best = min(best, used() - before)
    return len(inputs) / best
files = json.loads(sys.argv[1])
"""
_SCRIPTS = {
    "imagehash": "import imagehash\nfrom PIL import Image\nfound = rate(lambda p: imagehash.phash(Image.open(p)), files)",
    "imagehash bits": "import imagehash\nfrom PIL import Image\nfound = [str(imagehash.phash(Image.open(p))) for p in files]",
    "piexif": """
import piexif
def load(name):
    try: return piexif.load(name)
    except Exception: return None  # it gives up on some real files
found = rate(load, files)
""",
    "cleanvision": """
import contextlib, io, os, tempfile
from cleanvision import Imagelab
def work(names):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for n in names: os.symlink(n, os.path.join(folder, os.path.basename(n)))
        lab = Imagelab(data_path=folder)
        issues = {k: {} for k in ("dark", "light", "blurry", "low_information", "odd_aspect_ratio", "grayscale", "odd_size")}
        lab.find_issues(issues, n_jobs=1, verbose=False)
work(files[:2])
before = used(); work(files); found = len(files) / (used() - before)
""",
    "faiss flat": """
import faiss, numpy as np
vectors = np.load(files[0]); faiss.omp_set_num_threads(2)
before = used(); index = faiss.IndexFlatIP(vectors.shape[1]); index.add(vectors); index.search(vectors, 11); found = used() - before
""",
    "faiss one": """
import faiss, numpy as np
vectors = np.load(files[0]); faiss.omp_set_num_threads(2)
index = faiss.IndexFlatIP(vectors.shape[1]); index.add(vectors)
found = 1000 / rate(lambda k: index.search(vectors[k : k + 1], 20), list(range(5)))
""",
    "faiss binary": """
import faiss, numpy as np
hashes = np.load(files[0]).view(np.uint8).reshape(-1, 8); faiss.omp_set_num_threads(2)
before = used(); index = faiss.IndexBinaryMultiHash(64, 4, 16); index.add(hashes); index.nflip = 0; index.range_search(hashes, 4)
found = used() - before
""",
}


class Peers:
    """Runs peers; one that is missing or fails gives None, and its row fails.

    Args:
        folder: of the environment; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._python = folder / "bin" / "python"
        self.missing: dict[str, str] = {}
        if not self._python.exists():
            venv.create(folder, with_pip=True)
            command = [str(self._python), "-m", "pip", "install", "--quiet", *_PACKAGES]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                sys.stderr.write(done.stderr[-2000:])

    def ask(self, name: str, files: Sequence[Path]) -> float | list[str] | None:
        """What the script of a peer found: images per CPU second, CPU seconds, or hashes."""
        script = _COMMON + _SCRIPTS[name] + "\nprint(json.dumps(found))"
        command = [str(self._python), "-c", script, json.dumps([str(f) for f in files])]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            self.missing[name] = " ".join(done.stderr.strip().splitlines()[-1:])[:200]
            return None
        found: float | list[str] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    def number(self, name: str, files: Sequence[Path]) -> float | None:
        """The same where a number is expected."""
        found = self.ask(name, files)
        return found if isinstance(found, float) else None


def exiftool_command(files: Sequence[Path]) -> list[str] | None:
    """Exiftool over all files in one process, or None where it is not installed."""
    program = shutil.which("exiftool")
    tags = [
        "-Make",
        "-Model",
        "-DateTimeOriginal",
        "-ExposureTime",
        "-FNumber",
        "-ISO",
        "-FocalLength",
        "-GPSLatitude",
        "-GPSLongitude",
    ]
    return [program, "-j", "-n", *tags, *map(str, files)] if program else None
