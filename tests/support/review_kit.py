"""A project with proposals and verdicts, for tests of review and apply.

Holds builders.
Add here: another kind of set.
Keep out: assertions.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from proofsheet.core.config import Configuration
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.workspace import Project, Workspace
from tests.support.kit import NOW, configuration, run, save_picture

COMPANIONS = (".txt", ".yaml", ".json", ".wav", ".png.xmp")
CHOOSING = (
    *(
        "photos",
        "quarantine",
        "other_files",
        "exif_facts",
        "image_quality",
        "picture_hashes",
        "layout_vectors",
        "embeddings",
        "photo_labels",
        "faces",
        "previews",
    ),
    *("objects", "scenes", "photo_groups", "duplicates", "proposals"),
    *("embedded_metadata", "sidecar_metadata", "written_metadata"),
)


def sets_library(
    library: Path, name: str, sets: int, stages: int = 2, size: tuple[int, int] = (48, 32)
) -> Path:
    """A project of stage series; every picture has five kinds of companions."""
    folder = library / name
    for number in range(sets):
        for stage in range(1, stages + 1):
            stem = f"2025_{number:04d}_stage{stage}_x"
            place = folder / ("day two" if number % 7 == 3 else "")
            save_picture(place / f"{stem}.png", number * 10 + stage, size)
            for kind in COMPANIONS:
                (place / f"{stem}{kind}").write_text(f"{stem}{kind}", "utf-8")
    return folder


def chosen_project(
    place: Path, name: str = "harbour", sets: int = 6, **options: int
) -> tuple[Configuration, Project]:
    """Such a project, run until its decisions."""
    sets_library(place / "library", name, sets, **options)
    settings = configuration(
        place / "library", place / "home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    return settings, run_choosing(settings, name)


def run_choosing(settings: Configuration, name: str) -> Project:
    """Run a project until its decisions."""
    project = Workspace(settings.place).project(name)
    result = run(settings, project, asset_selection=[dg.AssetKey(n) for n in CHOOSING])
    assert result.success
    Workspace(settings.place).remember()  # as a run by command does
    return project


def decide_all(
    project: Project, crop_every: int = 3, pick_every: int = 4, reject_every: int = 0
) -> ReviewSession:
    """Verdicts on every set, handed over: some picked, some cut, some rejected."""
    session = ReviewSession(project, 0.05)
    for k, one in enumerate(session.proposals().sets):
        row = one.row
        other = next(i for i in row["photo_ids"] if i != row["chosen_photo_id"])
        choice = other if k % pick_every == 1 else row["chosen_photo_id"]
        crop = [0.1, 0.1, 0.8, 0.9] if k % crop_every == 0 else None
        action = "reject" if reject_every and k % reject_every == 2 else "pick"
        session.decide(DecisionRequest(f"v{k}", one.group_id, one.version, action, choice, crop), NOW)
    session.submit("batch-1", NOW)
    return session
