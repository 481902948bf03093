"""Vectors as files: `{hash}.npy` and `processed_images.jsonl`, out and in.

Holds `write_vectors` and `read_vectors`.
Add here: another form in which others keep vectors.
Keep out: whether vectors may be used (the command that reads them asks the encoder).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.files import write_atomic
from schemas.library import Photo
from schemas.vision import Embedding

INDEX = "processed_images.jsonl"
FOLDER = "embeddings"
_HASH_KEYS = ("content_hash", "hash", "sha256", "image_hash")
_PATH_KEYS = ("path", "image_path", "file", "filename")


@dataclass(frozen=True)
class Entry:
    """One vector from a file.

    Attributes:
        line: of the index, from 1.
        path: of the picture, as the index has it; empty if it has none.
        content_hash: SHA-256 of the picture, where the index has it; else empty.
        encoder_id: who made it; empty if the index does not say.
        vector: (d,) float32, of length 1.
    """

    line: int
    path: str
    content_hash: str
    encoder_id: str
    vector: npt.NDArray[np.float32]


def write_vectors(rows: Iterable[Mapping[str, Any]], folder: Path) -> int:
    """Write one .npy a content and an index of all pictures; what is there under the same names is replaced.

    Args:
        rows: path, content_hash, encoder_id and vector of each picture.
        folder: is made.

    Returns:
        Number of .npy files.
    """
    lines, seen = [], set()
    for row in rows:
        content, vector = str(row[Photo.content_hash]), row[Embedding.vector]
        name = f"{FOLDER}/{content}.npy"
        if content not in seen:
            seen.add(content)
            buffer = io.BytesIO()
            np.save(buffer, np.asarray(vector, dtype=np.float32), allow_pickle=False)
            write_atomic(folder / name, buffer.getvalue(), durable=False)
        made_by = row[Embedding.encoder_id]
        told = {"path": row[Photo.path], "hash": content, "embedding": name, "encoder_id": made_by, "dim": len(vector)}
        lines.append(json.dumps(told, ensure_ascii=False))
    write_atomic(folder / INDEX, ("\n".join(lines) + "\n").encode("utf-8") if lines else b"")
    return len(seen)


def read_vectors(folder: Path) -> tuple[list[Entry], list[tuple[int, str]]]:
    """Every vector of an index, and every line that gives none with its reason.

    The files lie beside the index, in `embeddings/`, or where the line says; nothing outside the folder is opened, and no pickle.
    """
    entries: list[Entry] = []
    refused: list[tuple[int, str]] = []
    text = (folder / INDEX).read_text("utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(number, json.loads(line), folder))
        except (ValueError, TypeError, OSError, KeyError, RecursionError) as error:
            refused.append((number, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"))
    return entries, refused


def _entry(number: int, found: object, folder: Path) -> Entry:
    if not isinstance(found, dict):
        raise TypeError("the line is no JSON object")
    content = next((str(found[k]) for k in _HASH_KEYS if found.get(k)), "")
    path = next((str(found[k]) for k in _PATH_KEYS if found.get(k)), "")
    named = found.get("embedding") or found.get("embedding_path")
    places = [str(named)] if named else [f"{FOLDER}/{content}.npy", f"{content}.npy"]
    files = [folder / place for place in places if (folder / place).resolve().is_relative_to(folder.resolve())]
    file = next((f for f in files if f.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no file {' or '.join(places)} inside the folder")
    vector = np.load(file, allow_pickle=False).astype(np.float32).ravel()
    length = float(np.linalg.norm(vector))
    if not np.isfinite(vector).all() or length < 1e-6:
        raise ValueError(f"{file.name} is no finite vector")
    known = content if len(content) == 64 else ""
    return Entry(number, path, known, str(found.get("encoder_id") or ""), vector / length)
