"""Privacy copies as a confirmed Dagster job; the folder of the copies is the confirmation.

Holds `scrub_job`.
Add here: another line about copies.
Keep out: making copies (scrubbing.py).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from dagster_project.confirmed_job import Carried, Shown, confirmed_job
from dagster_project.copy_source import CopySource
from dagster_project.scrubbing import ScrubOptions, scrub_source
from proofsheet.core.config import Configuration
from proofsheet.core.progress import Quiet
from proofsheet.library.scan import scan
from proofsheet.publish.copy_plan import refuse_inside
from proofsheet.storage.workspace import Project

_SHOWN = 40
_DESCRIPTION = (
    "Writes copies of the pictures without private data, and a proof of what is in each. Without a folder it "
    "shows how many pictures there are, and writes nothing."
)


class ScrubConfig(dg.Config):
    """The confirmation, and what copies hold."""

    out: str = Field("", description="Folder for the copies, outside of the library. Empty: write nothing.")
    profile: Literal["people", "strict"] = Field(
        "people",
        description="people keeps copyright, creator, capture date, camera and lens; strict no metadata.",
    )
    blur_faces: bool = Field(False, description="Blur faces; such pictures are coded again.")


def scrub_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `scrub`.

    Args:
        settings: gives the present settings when it runs.
    """

    def plan(project: Project, config: ScrubConfig) -> Shown:
        if config.out:
            refuse_inside(Path(config.out), [project.folder, Path(settings().place.library).expanduser()])
        found = scan(project.folder, project.cache, Quiet())
        count = len(found.pictures)
        return Shown({"pictures": count, "profile": config.profile}, f"{count} pictures")

    def execute(project: Project, config: ScrubConfig) -> Carried:
        place = Path(config.out)
        originals = CopySource(project.name, project.folder, project.cache, settings())
        options = ScrubOptions(config.profile, config.blur_faces)
        scanned = scan(project.folder, project.cache, Quiet())
        report = scrub_source(originals, scanned, place, options, Quiet())
        states = [row.state for row in report.rows]
        written, there = states.count("written"), states.count("there")
        told = {"written": written, "there": there, "refused": len(report.refused), "out": str(place)}
        proofs = [f"* `{r.target}`: {', '.join(r.fields) or 'no metadata'}" for r in report.rows[:_SHOWN]]
        proof = {"first_copies": dg.MetadataValue.md("\n".join(proofs) or "none")}
        left = [f"{path} was refused: {why}" for path, why in sorted(report.refused.items())]
        failed = "No picture could be copied." if report.refused and not report.rows else ""
        return Carried({**told, **proof}, f"{written} copies written, {there} there already", left, failed)

    return confirmed_job("scrub", "scrub_pictures", ScrubConfig, _DESCRIPTION, plan, execute)
