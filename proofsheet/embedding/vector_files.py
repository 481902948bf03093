"""Vectors as files: `{hash}.npy` and `processed_images.jsonl`, out and in.

Holds `write_vectors`, `read_index` and `read_vector`.
Add here: another form in which others keep vectors.
Keep out: the pictures of vectors, and whether they may be used (dagster_project/importing_vectors.py).
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic

INDEX = "processed_images.jsonl"
FOLDER, CACHE = "embeddings", "cache"
_HASH_KEYS = ("content_hash", "hash", "sha256", "image_hash", "file_hash")
_PATH_KEYS = ("image_path", "path", "file", "filename")
_FILE_KEYS = ("embedding_file", "embedding_path", "embedding")
_ENCODER_KEYS = ("encoder_id", "encoder", "model", "model_name")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 1 << 20
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class VectorEntry:
    """One line of an index.

    Attributes:
        line: of the index, from 1.
        path: of the picture, as the index has it; empty if it has none.
        content_hash: SHA-256 of the picture, where the index has it; else empty.
        encoder_id: who made the vector; empty if the index does not say.
        file: with the vector; inside the folder.
    """

    line: int
    path: str
    content_hash: str
    encoder_id: str
    file: Path


class Unreadable(Exception):
    """Why a line or a file gives no vector.

    Attributes:
        reason: class of the trouble, to count by.
        detail: what is wrong, with the value.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Outgoing:
    """One vector to be written.

    Attributes:
        path: of its picture inside the library.
        key: names the file: the picture's content hash, or the vector's id where that is unknown.
        content_hash: SHA-256 of the picture; None if unknown.
        encoder_id: who made it.
        vector: its numbers.
    """

    path: str
    key: str
    content_hash: str | None
    encoder_id: str
    vector: npt.ArrayLike


def write_vectors(vectors: Iterable[Outgoing], folder: Path) -> int:
    """Write one .npy for each key and an index of all pictures. Files of the same names are replaced.

    Args:
        vectors: in the order of the index.
        folder: is made.

    Returns:
        Number of .npy files.
    """
    lines, seen = [], set()
    for one in vectors:
        name, numbers = f"{FOLDER}/{one.key}.npy", np.asarray(one.vector, dtype=np.float32)
        if one.key not in seen:
            seen.add(one.key)
            buffer = io.BytesIO()
            np.save(buffer, numbers, allow_pickle=False)
            write_atomic(folder / name, buffer.getvalue(), durable=False)
        told: dict[str, Any] = {"image_path": one.path, "embedding_file": name, "hash": one.content_hash}
        lines.append(
            json.dumps({**told, "encoder_id": one.encoder_id, "dim": len(numbers)}, ensure_ascii=False)
        )
    write_atomic(folder / INDEX, ("\n".join(lines) + "\n").encode("utf-8") if lines else b"")
    return len(seen)


def read_index(folder: Path) -> tuple[list[VectorEntry], list[tuple[int, Unreadable]]]:
    """Every line of an index: its file with a vector, or the reason why it has none.

    No such file is opened yet.

    The index is in the folder or in its `cache/`. The files are beside it, in `embeddings/`, or where the
    line points to. A path that leads elsewhere is tried by its last part; nothing outside the folder is read.

    Raises:
        UsageError: if there is no index.
    """
    root = folder.resolve()
    if root.name == CACHE and not (root / FOLDER).is_dir() and (root.parent / FOLDER).is_dir():
        root = root.parent
    index = next((f for f in (root / INDEX, root / CACHE / INDEX) if f.is_file()), None)
    if index is None:
        raise UsageError(
            f"{folder} holds no {INDEX}, neither does its {CACHE}/.", "Name the folder that holds the index."
        )
    entries: list[VectorEntry] = []
    refused: list[tuple[int, Unreadable]] = []
    for number, line in enumerate(index.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(number, line, root))
        except Unreadable as trouble:
            refused.append((number, trouble))
    return entries, refused


def _entry(number: int, line: bytes, root: Path) -> VectorEntry:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable("broken line", f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable("broken line", "it is no JSON object")
    content, path, named, encoder = (
        _first(found, keys) for keys in (_HASH_KEYS, _PATH_KEYS, _FILE_KEYS, _ENCODER_KEYS)
    )
    if not path and not content:
        raise Unreadable("no picture named", f"none of {', '.join((*_PATH_KEYS, *_HASH_KEYS))} is there")
    places = (
        [named, f"{FOLDER}/{_last(named)}", _last(named)]
        if named
        else [f"{FOLDER}/{content}.npy", f"{content}.npy"]
    )
    file = next((f for place in places if (f := _inside(root, place))), None)
    if file is None:
        raise Unreadable("no file", f"there is no {places[0]!r} inside the folder")
    return VectorEntry(number, path, content if _is_content(content, path) else "", encoder, file)


def _first(found: Mapping[str, object], keys: Iterable[str]) -> str:
    """The first of these values that is a text."""
    return next((v for k in keys if isinstance(v := found.get(k), str) and v.strip()), "")


def _last(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _inside(root: Path, place: str) -> Path | None:
    """The file at a place inside the folder, links followed; None without a file."""
    try:
        folder, _slash, name = os.path.join(root, place.replace("\\", "/")).rpartition("/")  # noqa: PTH118
        file = Path(_real(folder), name)
        if not file.is_file():
            return None
        file = file.resolve() if file.is_symlink() else file
        return file if name != ".." and file.is_relative_to(root) else None
    except (OSError, ValueError, RuntimeError):
        return None


@functools.lru_cache(maxsize=64)
def _real(folder: str) -> str:
    return os.path.realpath(folder)


def _is_content(text: str, path: str) -> bool:
    """Whether a hash can be that of the picture's bytes, not another kind of hash or one of its path."""
    return (
        bool(_SHA256.fullmatch(text))
        and hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest() != text
    )


def read_vector(file: Path) -> Floats:
    """The vector in a .npy file, as (d,) float32 of length 1.

    Only the plain form is read: decimal numbers in one row. No pickle is opened, and no more is read than the
    file holds.

    Raises:
        Unreadable: if the file holds anything else.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable("no file", f"{file.name}: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise Unreadable("no vector", f"{file.name} is larger than {_MOST_BYTES} bytes")
    dtype, shape, begins = _header(content, file.name)
    body = content[begins:]
    if dtype.kind != "f" or max(shape, default=0) < 2 or max(shape) != np.prod(shape, dtype=np.float64):
        raise Unreadable(
            "no vector", f"{file.name} holds {dtype} of shape {shape}, not one row of decimal numbers"
        )
    if len(body) != max(shape) * dtype.itemsize:
        raise Unreadable(
            "damaged file", f"{file.name} has {len(body)} bytes of {max(shape) * dtype.itemsize}"
        )
    vector = np.frombuffer(body, dtype=dtype).astype(np.float64)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(vector).all() or not 1e-6 < length < np.inf:
        raise Unreadable("no vector", f"{file.name} holds no finite vector with a direction")
    return (vector / length).astype(np.float32)


def _header(content: bytes, name: str) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type, shape and place of the numbers."""
    if content[:6] != b"\x93NUMPY":
        raise Unreadable("no vector", f"{name} is no .npy file")
    wide = 2 if content[6:7] == b"\x01" else 4
    begins = 8 + wide + int.from_bytes(content[8 : 8 + wide], "little")
    try:
        return *_parsed(content[:begins]), begins
    except (
        ValueError,
        TypeError,
        KeyError,
        SyntaxError,
        EOFError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        raise Unreadable("damaged file", f"{name}: {' '.join(str(error).split())[:120]}") from None


@functools.lru_cache(maxsize=16)
def _parsed(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape in a header; the files of one tool all have the same."""
    buffer = io.BytesIO(header)
    shape, _columns_first, dtype = _HEADERS[np.lib.format.read_magic(buffer)](buffer)
    return dtype, shape
