"""Import of the vectors of an index: each into its project, checked by a sample, also without the picture.

Holds `Importer`.
Add here: another condition under which vectors are imported.
Keep out: the files (proofsheet/embedding/vector_files.py) and how vectors are stored
(proofsheet/embedding/imported_vectors.py); the project and the picture of a line (vector_lines.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from dagster_project.vector_lines import LineOwners, PictureLookup, VectorImport
from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.foreign_paths import file_name_of
from proofsheet.core.locks import acquire
from proofsheet.core.progress import Progress
from proofsheet.core.row_errors import RowRefused
from proofsheet.embedding.encoders import Encoder, choose_encoder
from proofsheet.embedding.imported_vectors import NewVector, keep_imported
from proofsheet.embedding.vector_files import Floats, Unreadable, VectorEntry, read_vector
from proofsheet.history.file_name_lookup import FileNames
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.imaging.decode import PictureFile
from proofsheet.imaging.measurement_pass import cache_name, measure_files
from proofsheet.library.scan import scan
from proofsheet.storage.chunk_cache import ChunkCache
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.vectors import Embedding

_SAMPLE = 8
_SAME = 0.98  # an own decode and another's differ by less
_STEPS = {
    "no file": "put the .npy file into embeddings/ beside the index",
    "no vector": "make it again with one float32 row per picture",
    "damaged file": "copy the file again from its source",
    "broken line": "correct the line of the index",
    "no image_path": "add image_path to the line",
}


@dataclass(frozen=True)
class _Read:
    """A line with its vector and its picture, if that is present."""

    entry: VectorEntry
    encoder_id: str
    vector: Floats
    file: PictureFile | None

    def kept(self) -> NewVector:
        content = self.file.content_hash if self.file else self.entry.content_hash or None
        return NewVector(
            self.entry.path or str(self.file and self.file.path), self.encoder_id, content, self.vector
        )


@dataclass(frozen=True)
class Importer:
    """The import of vectors.

    Attributes:
        settings: encoder, history, photos.
        declared: encoder of vectors without one in the index; None refuses them, empty means that of the
            settings.
        now: when (UTC, no zone).
        listener: makes the progress of a project.
    """

    settings: Configuration
    declared: str | None
    now: datetime
    listener: Callable[[str], Progress]

    def take(
        self,
        entries: Sequence[VectorEntry],
        unreadable: Iterable[tuple[int, Unreadable]],
        wanted: Sequence[Project],
        library: Sequence[Project],
    ) -> VectorImport:
        """Import vectors into these projects, one after the other.

        A failing project does not stop the others.

        Args:
            entries: lines of an index.
            unreadable: the other lines.
            wanted: projects that receive vectors.
            library: all projects, to report lines that belong to another one.
        """
        outcome = VectorImport()
        for line, trouble in unreadable:
            outcome.refuse(line, _told(trouble))
        names = FileNames(library)
        registry = ProjectRegistry([p.name for p in library], self.settings.history, names.holders)
        owners = LineOwners({p.name for p in wanted}, registry, names)
        of_project: dict[str, list[VectorEntry]] = defaultdict(list)
        for entry in entries:
            try:
                of_project[owners.of(entry)].append(entry)
            except RowRefused as refusal:
                outcome.refuse(entry.line, refusal)
        for project in wanted:
            own = of_project[project.name]
            try:
                self._of_project(project, own, outcome)
            except ProofsheetError as error:
                for entry in own:
                    outcome.refuse(
                        entry.line,
                        RowRefused("project failed", f"{project.name}: {error.what}", error.next_step),
                    )
        return outcome

    def _of_project(self, project: Project, entries: Sequence[VectorEntry], outcome: VectorImport) -> None:
        if not entries:
            return
        progress = self.listener(project.name)
        encoder = choose_encoder(self.settings.encoder, project.models)
        with acquire(project.run_lock, "vectors import"):
            pictures = PictureLookup(
                {p.path: p.file for p in scan(project.folder, project.cache, progress).pictures}
            )
            found = self._read(entries, encoder, pictures, outcome, progress)
            found = self._proven(found, encoder, project, outcome, progress)
            self._remember(found, encoder, project, outcome)
        kept = [r.kept() for r in found]
        outcome.new += keep_imported(project, kept, self.now)
        outcome.kept += len(kept)
        outcome.projects[project.name] += len(kept)
        outcome.without_pictures += sum(r.file is None for r in found)

    def _read(
        self,
        entries: Sequence[VectorEntry],
        encoder: Encoder,
        pictures: PictureLookup,
        outcome: VectorImport,
        progress: Progress,
    ) -> list[_Read]:
        """The vectors of lines; those of one encoder all have as many numbers."""
        found: list[_Read] = []
        for done, entry in enumerate(entries, start=1):
            made_by = entry.encoder_id or (encoder.encoder_id if self.declared == "" else self.declared)
            try:
                if made_by is None:
                    step = (
                        "give --encoder NAME, or --made-by-encoder-in-force for the encoder of the settings"
                    )
                    raise RowRefused(
                        "names no encoder", f"line {entry.line} names no encoder for its vector", step
                    )
                if (file := pictures.of(entry)) is None and not entry.path:
                    raise RowRefused(
                        "no picture",
                        f"no picture has the content {entry.content_hash!r}",
                        "add image_path to the line",
                    )
                found.append(_Read(entry, made_by, read_vector(entry.file), file))
            except Unreadable as trouble:
                outcome.refuse(entry.line, _told(trouble))
            except RowRefused as refusal:
                outcome.refuse(entry.line, refusal)
            progress.step("reading vectors", done, len(entries))
        lengths = Counter((r.encoder_id, len(r.vector)) for r in found)
        usual = {name: length for (name, length), _n in reversed(lengths.most_common())}
        for one in (r for r in found if len(r.vector) != usual[r.encoder_id]):
            detail = (
                f"{one.entry.file.name} has {len(one.vector)} numbers, others of its encoder "
                f"{usual[one.encoder_id]}"
            )
            outcome.refuse(
                one.entry.line, RowRefused("other length", detail, "name its encoder in the index")
            )
        return [r for r in found if len(r.vector) == usual[r.encoder_id]]

    def _proven(
        self,
        found: list[_Read],
        encoder: Encoder,
        project: Project,
        outcome: VectorImport,
        progress: Progress,
    ) -> list[_Read]:
        """The vectors without those of the configured encoder that differ from it in a sample."""
        mine = {r.file.content_hash: r for r in found if r.file and r.encoder_id == encoder.encoder_id}
        sample = [f for h in sorted(mine)[:: max(1, len(mine) // _SAMPLE)] if (f := mine[h].file)][:_SAMPLE]
        if not sample:
            return found
        seen = measure_files(
            sample, [encoder.measurement()], self.settings.photos, project.cache / "check", progress
        )
        own = dict(
            seen.rows[encoder.measurement().name].select(Photo.content_hash, Embedding.vector).iter_rows()
        )
        likeness = {h: _cosine(np.asarray(v, np.float32), mine[h].vector) for h, v in own.items()}
        worst = min(likeness, key=likeness.__getitem__, default="")
        if not worst or likeness[worst] >= _SAME:
            return found
        name = file_name_of(mine[worst].entry.path) or worst
        detail = f"the vector of {name} was not made by the current encoder: cosine {likeness[worst]:.3f}"
        step = (
            "set `model` and `weights` under [encoder] to those that made the files, or name the "
            "encoder with --encoder"
        )
        for one in (r for r in found if r.encoder_id == encoder.encoder_id):
            outcome.refuse(
                one.entry.line, RowRefused("not of that encoder", f"{project.name}: {detail}", step)
            )
        return [r for r in found if r.encoder_id != encoder.encoder_id]

    def _remember(
        self, found: Sequence[_Read], encoder: Encoder, project: Project, outcome: VectorImport
    ) -> None:
        """Vectors of present pictures, for the next run.

        Vectors for the ranker only are reported with the reason.
        """
        taken: dict[str, list[float]] = {}
        measurement = encoder.measurement()
        for one in found:
            if one.file is None:
                why = RowRefused(
                    "no picture",
                    f"{project.name} has no picture {one.entry.path!r}",
                    "nothing; the ranker still learns from it",
                )
                outcome.note("kept", one.entry.line, why)
            elif one.encoder_id != encoder.encoder_id:
                detail = f"{one.encoder_id}; that of the settings is {encoder.encoder_id}"
                outcome.note(
                    "kept",
                    one.entry.line,
                    RowRefused(
                        "made by another encoder",
                        detail,
                        "nothing; vectors of two encoders are never mixed",
                    ),
                )
            elif not {*measurement.columns} <= {Embedding.encoder_id, Embedding.vector}:
                detail = f"{encoder.encoder_id} makes the vector and the labels together"
                step = "nothing; the next run makes both, and the ranker still learns from it"
                outcome.note("kept", one.entry.line, RowRefused("brings no labels", detail, step))
            else:
                taken[one.file.content_hash] = one.vector.tolist()
        rows = [
            {Photo.content_hash: h, Embedding.encoder_id: encoder.encoder_id, Embedding.vector: v}
            for h, v in taken.items()
        ]
        cache = ChunkCache(
            project.cache / cache_name(measurement, self.settings.photos),
            measurement.schema(),
            Photo.content_hash,
        )
        cache.append(pl.DataFrame(rows, schema=measurement.schema(), orient="row"))
        outcome.taken += len(taken)


def _cosine(one: Floats, other: Floats) -> float:
    return float(np.dot(one, other)) if len(one) == len(other) else -1.0


def _told(trouble: Unreadable) -> RowRefused:
    return RowRefused(trouble.reason, trouble.detail, _STEPS[trouble.reason])
