"""Results about the source, such as code versions, saved for the next process.

Holds `KnownVersions`, and `KNOWN`, those of this process.
Add here: nothing; it may be deleted at any time.
Keep out: how versions are found (code_version.py).

The file is in the user's cache folder, one for each place of the source. It is valid until a source file has
another size or time.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from proofsheet.core.files import short_hash, write_atomic
from proofsheet.storage.sources import OURS, folder_of


class KnownVersions:
    """Name to result, for the present source.

    Args:
        folder: folder of the file; the user's cache folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder, self._new = folder, dict[str, str]()

    def find(self, name: str, make: Callable[[], str]) -> str:
        """What was found under a name; it is made if it is not known.

        Args:
            name: its name, unique in the same source.
            make: finds it.
        """
        if name not in self._known:
            if not self._new:
                atexit.register(self.write)
            self._known[name] = self._new[name] = make()
        return self._known[name]

    @functools.cached_property
    def _place(self) -> Path:
        folder = (
            self._folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proofsheet"
        )
        return folder / f"versions-{short_hash(*(str(folder_of(name)) for name in OURS), length=12)}.json"

    @functools.cached_property
    def _source(self) -> str:
        """A hash of names, sizes and times of all source files and data files."""
        files = sorted(line for name in OURS for line in _files(str(folder_of(name))))
        return short_hash(*files, length=32)

    @functools.cached_property
    def _known(self) -> dict[str, str]:
        try:
            found = json.loads(self._place.read_text("utf-8"))
            return dict(found["versions"]) if found["source"] == self._source else {}
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            return {}

    def write(self) -> None:
        """Keep what was found; a folder that is not known or cannot be written is no failure."""
        with contextlib.suppress(OSError, RuntimeError):
            content = json.dumps({"source": self._source, "versions": self._known}, indent=1)
            write_atomic(self._place, content.encode("utf-8"), durable=False)


def _files(folder: str) -> Iterator[str]:
    """Path, size and time of every file below a folder, but for compiled ones."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.is_file() and not entry.name.endswith(".pyc"):
                yield f"{entry.path} {(s := entry.stat()).st_size} {s.st_mtime_ns}"


KNOWN = KnownVersions()
