"""Weights that come inside installed packages, each pinned by its hash.

Holds `PackageFile`.
Add here: another question about such a file.
Keep out: what the weights are for, and loading them.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core.errors import NotAvailable


@dataclass(frozen=True)
class PackageFile:
    """A file of weights inside a package; nothing of the package is imported to find it.

    Attributes:
        package: name of the package for pip.
        module: the module that holds the file.
        path: of the file, in the folder of the module.
        sha256: of its content.
    """

    package: str
    module: str
    path: str
    sha256: str

    def locate(self, name: str, install: str) -> Path:
        """The path of the file, if its content is the expected one.

        Args:
            name: of the model, for messages.
            install: how to install the package, for messages.

        Raises:
            NotAvailable: if the package is not installed, or the file is missing or another one.
        """
        spec = importlib.util.find_spec(self.module)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if not folders:
            raise NotAvailable(f"{name} is not available: {self.package} is not installed.", install)
        path = Path(folders[0]) / self.path
        try:
            stat = path.stat()
            digest = _digest(path, stat.st_size, stat.st_mtime_ns)
        except OSError as error:
            raise NotAvailable(f"{name} is not available: {path}: {error.strerror}.", install) from None
        if digest != self.sha256:
            wrong = f"{path} has the SHA-256 {digest}, expected is {self.sha256}"
            raise NotAvailable(f"{name} is not available: {wrong}.", f"Uninstall {self.package}. {install}")
        return path


@functools.lru_cache(maxsize=16)
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
