"""Speed of the search for neighbours, and of grouping, over made vectors.

Holds `vector_rows` and `curve`.
Add here: a row for another search.
Keep out: pictures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.peers import Peers
from benchmarks.rows import Row, over
from benchmarks.timing import PeakMemory, cpu_seconds
from proofsheet.embedding import torch_runtime
from proofsheet.grouping.nearest_neighbors import cosine_pairs, hamming_pairs

COUNT, WIDTH = 77_304, 512
_LEAST, _MOST = 0.9, 64


def made_vectors(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Vectors in sets of about four.

    A centre each and a little noise, so that there are neighbours to be found.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count // 4 + 1, WIDTH)).astype(np.float32)
    found = np.repeat(centres, 4, axis=0)[:count] + rng.normal(size=(count, WIDTH)).astype(np.float32) * 0.25
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def gemm_seconds(vectors: npt.NDArray[np.float32]) -> float:
    """CPU seconds of the whole product in bfloat16, tile by tile, with nothing done to it."""
    torch = torch_runtime.import_torch()
    narrow = torch.from_numpy(vectors).bfloat16()

    def multiply() -> None:
        with torch.inference_mode():
            for start in range(0, len(narrow), 2048):
                for column in range(0, len(narrow), 8192):
                    _tile = narrow[start : start + 2048] @ narrow[column : column + 8192].T

    return cpu_seconds(multiply)


def vector_rows(folder: Path, peers: Peers) -> Iterator[Row]:
    """Rows of exact neighbours and of Hamming distances."""
    vectors = made_vectors(COUNT)
    limit = gemm_seconds(vectors)
    found: list[Any] = []
    project = min(
        cpu_seconds(lambda: found.append(cosine_pairs(vectors, _LEAST, _MOST))) for _round in range(2)
    )
    naive = cpu_seconds(lambda: [vectors[k : k + 1024] @ vectors.T >= _LEAST for k in range(0, COUNT, 1024)])
    place = folder / "vectors.npy"
    np.save(place, vectors)
    peer = peers.number("faiss flat", [place])
    note = (
        f"made vectors in sets of four; every pair at a cosine of {_LEAST} or more, "
        f"{found[-1].i.size:,} found"
    )
    yield Row(
        f"exact neighbours {COUNT:,} x {WIDTH}, limit ÷ project",
        "cpu-s",
        limit,
        peer,
        naive,
        project,
        over(limit, project),
        0.5,
        COUNT,
        note,
    )
    yield _hamming(folder, peers)


def _hamming(folder: Path, peers: Peers) -> Row:
    rng = np.random.default_rng(1)
    base = rng.integers(0, 2**64, COUNT // 2, dtype=np.uint64)
    near = base ^ (np.uint64(1) << rng.integers(0, 64, base.size, dtype=np.uint64))
    hashes = np.unique(np.concatenate([base, near]))
    place = folder / "hashes.npy"
    np.save(place, hashes)
    project = min(cpu_seconds(lambda: hamming_pairs(hashes)) for _round in range(5))
    naive = (
        cpu_seconds(
            lambda: [
                np.flatnonzero(np.bitwise_count(hashes ^ hashes[k]) <= 3) for k in range(0, hashes.size, 100)
            ]
        )
        * 100
    )
    peer = peers.number("faiss binary", [place])
    note = "made hashes, half of them one bit from another; naive is every pair, timed on each hundredth"
    return Row(
        "Hamming ≤ 3, 0.1 cpu-s ÷ project",
        "cpu-s",
        0.1,
        peer,
        naive,
        project,
        0.1 / project,
        1.0,
        int(hashes.size),
        note,
    )


def curve() -> list[dict[str, float]]:
    """Grouping without order at growing sizes, each in a process of its own.

    CPU seconds, the limit, peak memory.
    """
    found = []
    for count in (20_000, 40_000, COUNT, 150_000):
        command = [sys.executable, "-m", "benchmarks.vectors", str(count)]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
        )
        found.append(json.loads(done.stdout))
    return found


def _point(count: int) -> dict[str, float]:
    vectors = made_vectors(count)
    with PeakMemory() as memory:
        spent = cpu_seconds(lambda: _grouped(vectors))
    limit = gemm_seconds(vectors)
    size = vectors.nbytes / 1e6
    return {
        "vectors": count,
        "cpu_s": spent,
        "limit_cpu_s": limit,
        "ratio": limit / spent,
        "peak_mb": memory.peak / 1e6,
        "own_mb": size,
    }


def _grouped(vectors: npt.NDArray[np.float32]) -> int:
    """Exact neighbours, then complete-link with a cap of four, as grouping without order does it."""
    from proofsheet.grouping.complete_linkage import Likeness, complete_link

    likeness = Likeness(vectors, np.zeros(len(vectors), np.uint64))
    pairs = cosine_pairs(vectors, _LEAST, _MOST)

    def allowed(one: set[int], two: set[int]) -> bool:
        return bool((likeness.of(*likeness.across(one, two)) >= _LEAST).all())

    return len(complete_link(len(vectors), pairs.i, pairs.j, pairs.value, allowed, 4))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_point(int(sys.argv[1]))))
