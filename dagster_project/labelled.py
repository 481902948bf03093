"""Pictures in folders of labels, as vectors of the current encoder.

Holds `labelled_pictures`.
Add here: another source of labels.
Keep out: training (proofsheet/training/).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from proofsheet.core.config import Configuration
from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.library.scan import scan
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.augmentation import VIEWS, of_view
from proofsheet.training.train_scenes import Labelled
from resources.measurements import EncodingResource
from schemas.library import Photo
from schemas.vectors import Embedding

_KEY = "_labelled"


def labelled_pictures(
    folder: Path, settings: Configuration, workspace: Workspace, progress: Progress
) -> Labelled:
    """Open every picture below the sub-folders of `folder`, and encode it and its augmented views.

    Vectors are cached.

    Args:
        folder: has one sub-folder per label.
        settings: those of photos and encoder.
        workspace: provides cache and models.
        progress: called after every picture.
    """
    project = Project(_KEY, folder.name, folder, workspace.home)
    encoder = EncodingResource(**settings.encoder.model_dump()).choose(project)
    own = encoder.measurement()
    views = [of_view(own, name) for name in VIEWS]
    scanned = scan(folder, project.cache, progress)
    named = [p for p in scanned.pictures if "/" in p.path]
    photos = settings.photos.model_copy(update={"preview_px": 0})
    looked = measure_files([p.file for p in named], [own, *views], photos, project.cache, progress)
    vectors = {
        m.name: dict(looked.rows[m.name].select(Photo.content_hash, Embedding.vector).iter_rows())
        for m in (own, *views)
    }
    kept = {
        p.file.content_hash: p.path.split("/")[0] for p in named if p.file.content_hash in vectors[own.name]
    }
    contents = sorted(kept)

    def matrix(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.array([vectors[name][c] for c in contents], dtype=np.float32)

    refused = len(scanned.refusals(looked.refused)[0])
    labels = [kept[c] for c in contents]
    return Labelled(
        matrix(own.name), labels, contents, [matrix(v.name) for v in views], encoder.encoder_id, refused
    )
