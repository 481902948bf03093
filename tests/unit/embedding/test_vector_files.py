"""Index lines and .npy files as others write them: what is read, what is refused, and that nothing is run."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.embedding.vector_files import Outgoing, Unreadable, read_index, read_vector, write_vectors


def npy(array: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


class Planted:
    """A pickle that would write a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("planted"),)


GOOD = npy(np.array([3.0, 4.0], np.float32))


@pytest.mark.parametrize(
    "content",
    [GOOD, npy(np.array([3, 4], ">f8")), npy(np.array([[3, 4]], np.float16)), npy(np.array([[3.0], [4.0]]))],
)
def test_one_row_of_decimal_numbers_of_any_width_is_a_vector(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(content)
    vector = read_vector(tmp_path / "v.npy")
    assert vector.dtype == np.float32
    assert vector.tolist() == pytest.approx([0.6, 0.8], abs=1e-3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no vector"),
        (GOOD[:-1], "damaged file"),
        (GOOD[:40], "damaged file"),
        (GOOD + b"more", "damaged file"),
        (GOOD.replace(b"(2,)", b"(9**9,)"), "damaged file"),
        (GOOD.replace(b"(2,), }", b"(2000000000000,), }"), "damaged file"),
        (npy(np.array([0.0, np.nan])), "no vector"),
        (npy(np.array([np.inf, 1.0])), "no vector"),
        (npy(np.zeros(4)), "no vector"),
        (npy(np.arange(4)), "no vector"),
        (npy(np.ones((2, 2))), "no vector"),
        (npy(np.float32(1.0)), "no vector"),
        (npy(np.array(["a", "b"])), "no vector"),
        (npy(np.ones(2, np.complex64)), "no vector"),
        (npy(np.array([Planted(), 1], object), allow_pickle=True), "no vector"),
        (pickle.dumps(Planted()), "no vector"),
        (b"PK\x03\x04 an npz", "no vector"),
        (bytes(2 << 20), "no vector"),
        (b"\x93NUMPY\x09\x00" + GOOD[8:], "damaged file"),
    ],
)
def test_what_is_no_vector_is_refused_with_its_reason_and_nothing_runs(
    content: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.npy").write_bytes(content)
    with pytest.raises(Unreadable) as refusal:
        read_vector(tmp_path / "v.npy")
    assert refusal.value.reason == reason
    assert not (tmp_path / "planted").exists()


def index(folder: Path, *lines: Any, where: str = "cache") -> Path:
    for name in ("embeddings/aa.npy", "bb.npy"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(GOOD)
    (folder / where).mkdir(exist_ok=True)
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / where / "processed_images.jsonl").write_bytes(b"\n".join(texts))
    return folder


@pytest.mark.parametrize(
    ("line", "file"),
    [
        (
            {"image_path": "training data/mojo1/a.png", "embedding_file": "embeddings/aa.npy"},
            "embeddings/aa.npy",
        ),
        (
            {"image_path": "a.png", "embedding_file": "/Users/kim/data/ai_data/embeddings/aa.npy"},
            "embeddings/aa.npy",
        ),
        ({"image_path": "a.png", "embedding_file": "data\\ai_data\\embeddings\\aa.npy"}, "embeddings/aa.npy"),
        ({"path": "a.png", "embedding": "bb.npy"}, "bb.npy"),
        ({"path": "a.png", "hash": "aa"}, "embeddings/aa.npy"),
        ({"filename": "a.png", "image_hash": "bb"}, "bb.npy"),
    ],
)
def test_a_line_finds_its_file_in_the_keys_and_places_of_others(
    line: dict[str, str], file: str, tmp_path: Path
) -> None:
    folder = index(tmp_path / "ai_data", line)
    for given in (folder, folder / "cache"):
        (entry,), refused = read_index(given)
        assert (entry.file, refused) == (folder / file, [])


def test_lines_that_name_no_vector_are_refused_by_their_reason(tmp_path: Path) -> None:
    (tmp_path / "outside.npy").write_bytes(GOOD)
    own = {"path": "a.png"}
    lines = [
        b"not json",
        b"\xff\xfe",
        b"[1]",
        {"embedding": "bb.npy"},
        own | {"embedding": "../outside.npy"},
        own | {"embedding": str(tmp_path / "outside.npy")},
        own | {"embedding": "a\0b"},
        own | {"hash": 7},
        own | {"embedding": "embeddings"},
    ]
    folder = index(tmp_path / "in", *lines, where=".")
    (folder / "embeddings" / "outside.npy").symlink_to(tmp_path / "outside.npy")
    entries, refused = read_index(folder)
    assert entries == []
    assert [t.reason for _line, t in refused] == [*["broken line"] * 3, "no picture named", *["no file"] * 5]
    with pytest.raises(UsageError):
        read_index(tmp_path)


def test_a_hash_counts_as_the_pictures_only_where_it_can_be(tmp_path: Path) -> None:
    of_path = hashlib.sha256(b"a.png").hexdigest()
    lines = [{"path": "a.png", "hash": h, "embedding": "bb.npy"} for h in ("aa", of_path, "0" * 64)]
    entries, _refused = read_index(index(tmp_path, *lines))
    assert [e.content_hash for e in entries] == ["", "", "0" * 64]


def test_what_goes_out_comes_back(tmp_path: Path) -> None:
    out = [
        Outgoing("mojo1/a.png", "k", None, "e", [0.6, 0.8]),
        Outgoing("mojo1/b.png", "0" * 64, "0" * 64, "e", [1.0, 0.0]),
    ]
    assert write_vectors(out, tmp_path) == 2
    entries, refused = read_index(tmp_path)
    assert refused == []
    assert [(e.path, e.content_hash, e.encoder_id) for e in entries] == [
        (o.path, o.content_hash or "", "e") for o in out
    ]
    assert read_vector(entries[0].file).tolist() == pytest.approx([0.6, 0.8])
