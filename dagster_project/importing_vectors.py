"""Vectors of an index into projects: each to its own, checked by a sample, kept also where the picture is gone.

Holds `Importer` and `VectorImport`.
Add here: another condition under which vectors are taken.
Keep out: the files (proofsheet/embedding/vector_files.py) and how vectors are kept (proofsheet/embedding/imported_vectors.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.foreign_paths import file_name_of, normalised
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
from schemas.vision import Embedding

_SAMPLE = 8
_SAME = 0.98  # an own decode and another's differ by less
_STEPS = {
    "no file": "put the .npy file into embeddings/ beside the index",
    "no vector": "make it again, one row of float32 a picture",
    "damaged file": "copy the file again from where it was made",
    "broken line": "correct the line of the index",
    "no picture named": "add image_path to the line",
}


@dataclass
class VectorImport:
    """What became of the lines of an index.

    Attributes:
        taken: vectors of pictures in place that need not be encoded again.
        kept: vectors kept as facts.
        new: of them not there before.
        without_pictures: of those kept, how many have no picture in their project.
        projects: project to the number kept.
        refused: reason to lines.
        lines: state, reason, detail, next_step of every line that is refused or kept with a reservation.
    """

    taken: int = 0
    kept: int = 0
    new: int = 0
    without_pictures: int = 0
    projects: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lines: list[dict[str, object]] = field(default_factory=list)

    def refuse(self, line: int, why: RowRefused) -> None:
        """A line that gives nothing."""
        self.refused[why.reason] += 1
        self.note("refused", line, why)

    def note(self, state: str, line: int, why: RowRefused) -> None:
        """What is to be told of a line."""
        told = {
            "line": line,
            "reason": why.reason,
            "detail": why.detail,
            "next_step": why.next_step,
            "setting": why.setting,
        }
        self.lines.append({**told, "state": state})

    def as_dict(self) -> dict[str, object]:
        """Counts for JSON."""
        return {
            n: getattr(self, n) for n in ("taken", "kept", "new", "without_pictures", "projects", "refused")
        }


@dataclass(frozen=True)
class _Read:
    """A line with its vector and, where it is in place, its picture."""

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
    """How vectors are taken in.

    Attributes:
        settings: encoder, history, photos.
        declared: who made vectors of which the index does not say it; None refuses them. Empty means the encoder of the settings.
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
        """Take vectors into these projects, one project after the other; a project that fails stops no other.

        Args:
            entries: lines of an index.
            unreadable: the other lines.
            wanted: projects that take vectors.
            library: all projects, so that a line of another one is told as such.
        """
        outcome = VectorImport()
        for line, trouble in unreadable:
            outcome.refuse(line, _told(trouble))
        names = FileNames(library)
        registry = ProjectRegistry([p.name for p in library], self.settings.history, names.holders)
        owners = _Owners({p.name for p in wanted}, registry, names)
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
            pictures = _Pictures(
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
        pictures: _Pictures,
        outcome: VectorImport,
        progress: Progress,
    ) -> list[_Read]:
        """The vectors of lines; those of one encoder all have as many numbers."""
        found: list[_Read] = []
        for done, entry in enumerate(entries, start=1):
            made_by = entry.encoder_id or (encoder.encoder_id if self.declared == "" else self.declared)
            try:
                if made_by is None:
                    step = "give --encoder NAME, or --made-by-encoder-in-force if it was that of the settings"
                    raise RowRefused(
                        "names no encoder", f"line {entry.line} does not say who made its vector", step
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
            detail = f"{one.entry.file.name} has {len(one.vector)} numbers, others of its encoder {usual[one.encoder_id]}"
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
        """Without the vectors of the settings' encoder, if those of a few pictures are not what it makes of them."""
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
        detail = f"the vector of {name} is not that of the encoder in force: cosine {likeness[worst]:.3f}"
        step = "set `model` and `weights` under [encoder] to those that made the files, or name the encoder with --encoder"
        for one in (r for r in found if r.encoder_id == encoder.encoder_id):
            outcome.refuse(
                one.entry.line, RowRefused("not of that encoder", f"{project.name}: {detail}", step)
            )
        return [r for r in found if r.encoder_id != encoder.encoder_id]

    def _remember(
        self, found: Sequence[_Read], encoder: Encoder, project: Project, outcome: VectorImport
    ) -> None:
        """Vectors of pictures in place, for the next run; what the ranker alone learns from is told with its reason."""
        taken: dict[str, list[float]] = {}
        for one in found:
            if one.file is None:
                why = RowRefused(
                    "no picture",
                    f"{project.name} has no picture {one.entry.path!r}",
                    "nothing; it still teaches",
                )
                outcome.note("kept", one.entry.line, why)
            elif one.encoder_id != encoder.encoder_id:
                detail = f"{one.encoder_id}; that of the settings is {encoder.encoder_id}"
                outcome.note(
                    "kept",
                    one.entry.line,
                    RowRefused("made by another encoder", detail, "nothing; the two never mix"),
                )
            else:
                taken[one.file.content_hash] = one.vector.tolist()
        measurement = encoder.measurement()
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


class _Pictures:
    """The pictures of a project, by content and by name."""

    def __init__(self, files: Mapping[str, PictureFile]) -> None:
        self._by_hash = {f.content_hash: f for f in files.values()}
        self._by_name: dict[str, dict[str, PictureFile]] = defaultdict(dict)
        for path, file in files.items():
            self._by_name[file_name_of(path)][normalised(path)] = file

    def of(self, entry: VectorEntry) -> PictureFile | None:
        """The picture of a line: of that content where the line knows it; else of that name, if only one is, or of that path."""
        if entry.content_hash:
            return self._by_hash.get(entry.content_hash)
        found = self._by_name.get(file_name_of(entry.path), {})
        if len({f.content_hash for f in found.values()}) > 1:
            wanted = f"/{normalised(entry.path)}"
            found = {p: f for p, f in found.items() if wanted.endswith(f"/{p}")}
        contents = {f.content_hash: f for f in found.values()}
        return next(iter(contents.values())) if len(contents) == 1 else None


def _cosine(one: Floats, other: Floats) -> float:
    return float(np.dot(one, other)) if len(one) == len(other) else -1.0


def _told(trouble: Unreadable) -> RowRefused:
    return RowRefused(trouble.reason, trouble.detail, _STEPS[trouble.reason])


@dataclass(frozen=True)
class _Owners:
    """Whose vectors the lines of an index are.

    Attributes:
        wanted: names of the projects that are asked for.
        registry: how paths lead to projects.
        names: which projects hold a file of a name.
    """

    wanted: set[str]
    registry: ProjectRegistry
    names: FileNames

    def of(self, entry: VectorEntry) -> str:
        """Name of the project of a line, by its folders or else by its file name, which one project of the library alone has.

        Raises:
            RowRefused: if there is none, several, or one that is not asked for.
        """
        project = self.registry.find(entry.path)
        if project is None:
            holders = self.names.holders([file_name_of(entry.path)]) if entry.path else self.wanted
            project = next(iter(holders)) if len(holders) == 1 else self.registry.of_path(entry.path)
        if project not in self.wanted:
            raise RowRefused(
                "another project", f"{entry.path!r} is of {project}", "name that project too, or give --all"
            )
        return project
