"""Speed of a search in one project of 77,304 photos: like a photo, and by words.

Holds `search_rows`.
Add here: a row for another way to ask.
Keep out: pairs of a whole project (vectors.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.peers import Peers
from benchmarks.rows import Row
from benchmarks.timing import cpu_seconds
from proofsheet.search.text_sources import TEXT_SOURCES, SearchText
from proofsheet.search.vector_matrix import VectorMatrix
from proofsheet.search.word_search import find_words
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.vectors import Embedding

COUNT, WIDTHS, MOST = 77_304, (512, 1280), 20
_TARGET_MS, _WORDS_TARGET_MS = 50.0, 1000.0
_CALLS, _ROUNDS = 5, 3
Floats = npt.NDArray[np.float32]


def search_rows(work: Path, peers: Peers) -> Iterator[Row]:
    """A row a length of vectors, and one for words."""
    for width in WIDTHS:
        yield _like(work / f"search-{width}", width, peers)
    yield _words()


def milliseconds(work: Callable[[], object]) -> float:
    """CPU milliseconds of a call: the best of some rounds."""
    work()
    rounds = (cpu_seconds(lambda: [work() for _call in range(_CALLS)]) for _round in range(_ROUNDS))
    return 1000 * min(rounds) / _CALLS


def _like(place: Path, width: int, peers: Peers) -> Row:
    project = Project("search", "search", place, place / "home")
    vectors = _made(width)
    if not project.store.generation():
        ids = pl.Series([f"{k:016x}" for k in range(COUNT)])
        made = pl.DataFrame({"project": "search", "photo_id": ids, "encoder_id": "made"}).with_columns(
            pl.Series(Embedding.vector, vectors).cast(pl.List(pl.Float32))
        )
        project.store.publish({Embedding: made.select(Embedding.polars_schema().names())}, Stamp())
    began = time.perf_counter()
    VectorMatrix.of(project)
    first = time.perf_counter() - began
    began = time.perf_counter()
    matrix = VectorMatrix.of(project)
    again = time.perf_counter() - began
    queries = iter(np.random.default_rng(1).integers(0, COUNT, 10_000))
    project_ms = milliseconds(lambda: list(matrix.nearest(vectors[next(queries)], MOST)))
    limit = milliseconds(lambda: vectors @ vectors[next(queries)])
    file = next((project.cache / "vectors").glob("*.npy"))
    peer = peers.number("faiss one", [file])
    found = [photo for photo, _cosine in matrix.nearest(vectors[7], MOST)]
    exact = np.argsort(-(vectors.astype(np.float64) @ vectors[7].astype(np.float64)))[:MOST]
    same = len({f"{k:016x}" for k in exact} & set(found))
    return Row(
        f"search like a photo, {COUNT:,} x {width}, 50 ms ÷ project",
        "cpu-ms",
        limit,
        peer,
        None,
        project_ms,
        _TARGET_MS / project_ms,
        1.0,
        COUNT,
        f"the {MOST} nearest; {same} of {MOST} are those of a product "
        "in float64; limit is the bare product in float32; peer is faiss's flat index; "
        f"opened in {1000 * again:.0f} ms, made from the table in {first:.1f} s",
    )


def _made(width: int) -> Floats:
    made = np.random.default_rng(0).standard_normal((COUNT, width), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def _words() -> Row:
    """Texts of every kind for each photo, of made words."""
    dice = np.random.default_rng(2)
    known = np.array(["flower", "harbour", "Zürich", "night", "red"] + [f"{k:x}th" for k in range(3000)])
    fields = [(s.field, s.weight) for s in TEXT_SOURCES]
    parts = [
        pl.DataFrame(
            {
                SearchText.photo_id: [str(k) for k in range(COUNT)],
                SearchText.field: name,
                SearchText.weight: weight,
                SearchText.text: [" ".join(row) for row in known[dice.integers(0, known.size, (COUNT, 8))]],
                SearchText.by: "made",
            },
            schema=SearchText.schema,
        )
        for name, weight in fields
    ]
    texts = pl.concat(parts)
    project = milliseconds(lambda: find_words(texts, "red flower"))
    return Row(
        f"search by two words in {COUNT:,} photos, 1 s ÷ project",
        "cpu-ms",
        None,
        None,
        None,
        project,
        _WORDS_TARGET_MS / project,
        1.0,
        COUNT,
        f"{texts.height:,} made texts of eight words; without reading the tables",
    )
