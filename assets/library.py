"""The library: files, refusals and everything measured in one pass over each file.

Holds the stages of the group "library".
Add here: a stage over files.
Keep out: how files are read.
"""

from datetime import datetime

import polars as pl

from assets.checks import Verdict
from assets.stage import Rows, stage
from proofsheet.library.quarantine import known_bad, record_refusals
from proofsheet.library.scan import files_of, other_rows, photo_rows, scan
from proofsheet.onepass import rows_of
from proofsheet.progress import Progress
from proofsheet.workspace import Project
from resources.photos import PhotoFilesResource
from schemas.library import ExifFact, OtherFile, Photo, Quarantine
from schemas.vision import Embedding, ImageQuality

NOTHING_REFUSED = Verdict("nothing_refused", "No file of the project is in quarantine.", lambda rows: rows)


@stage(Photo, Quarantine, OtherFile, group="library", looks_outside=True, verdicts={Quarantine: [NOTHING_REFUSED]})
def photos(project: Project, photo_files: PhotoFilesResource, progress: Progress, now: datetime) -> Rows:
    """Looks through the folder and opens every new content once; what cannot be opened goes to quarantine."""
    scanned = scan(project.folder, project.cache, progress)
    bad = known_bad(project.ledger, photo_files.reader())
    looked = photo_files.look(project, [p.file for p in scanned.pictures if p.file.content_hash not in bad], progress)
    rows = photo_rows(project.key, scanned, looked.formats())
    refused, hashes = scanned.refusals(bad | looked.refused)
    quarantine = record_refusals(project.ledger, refused, hashes, photo_files.reader(), now)
    return Rows([rows, quarantine, other_rows(project.key, scanned)], scanned.counts() | {"decoded": looked.decoded})


@stage(ExifFact, ImageQuality, Embedding, group="library")
def measured(photos: pl.DataFrame, project: Project, photo_files: PhotoFilesResource, progress: Progress) -> Rows:
    """Facts, quality and vectors of each photo, from the one pass over its file."""
    looked = photo_files.look(project, files_of(photos, project.folder, project.cache, progress), progress)
    frames = [rows_of(t, photos, looked) for t in (ExifFact, ImageQuality, Embedding)]
    return Rows(frames, {"decoded": looked.decoded, "changed_since_the_scan": photos.height - frames[0].height})
