"""Writing texts into picture files as a confirmed Dagster job; the hash of the plan is the confirmation.

Holds `embed_job`.
Add here: another line about a plan.
Keep out: plans and files (embedding.py).
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
from pydantic import Field

from dagster_project.confirmed_job import Carried, Shown, confirmed_job
from dagster_project.embedding import carry_out_embed, copies_folder, embed_obstacle, planned_embed
from proofsheet.core.config import Configuration
from proofsheet.publish.embed_plan import EmbedPlan
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED

_SHOWN = 40
_DESCRIPTION = (
    "Writes accepted and approved texts into copies of the chosen pictures, or into the originals. "
    "Without a plan it shows the files and the hash of the plan, and changes nothing."
)


class EmbedConfig(dg.Config):
    """The confirmation, and where texts go."""

    plan: str = Field(
        "", description="Hash of the plan, as the job shows it. Empty: show the plan and change nothing."
    )
    originals: bool = Field(False, description="Write into the originals, which needs a sign-off.")
    out: str = Field("", description="Folder of the copies. Empty: exports/PROJECT/embedded in the home.")


def embed_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `embed`.

    Args:
        settings: gives the present settings when it runs.
    """

    def plan(project: Project, config: EmbedConfig) -> Shown:
        place = _place(project, settings(), config)
        found = planned_embed(project, settings(), place)
        summary = f"plan {found.plan_id}: {len(found.operations)} files; {dict(found.counts)}"
        return Shown(_metadata(found), summary, embed_obstacle(project, settings(), place))

    def execute(project: Project, config: EmbedConfig) -> Carried:
        done = carry_out_embed(project, settings(), _place(project, settings(), config), config.plan)
        files = sum(r.files for r in done.reports if r.verb == EMBED)
        left = [f"{p} is left: {why}" for d in done.reports for p, why in {**d.refused, **d.failed}.items()]
        left += [f"plan {r.plan_id} ({r.verb}) was finished first" for r in done.resumed]
        return Carried({"files": files}, f"texts written into {files} files", left, done.problem)

    return confirmed_job("embed", "embed_texts", EmbedConfig, _DESCRIPTION, plan, execute)


def _place(project: Project, settings: Configuration, config: EmbedConfig) -> Path | None:
    return (
        None
        if config.originals
        else copies_folder(project, settings, Path(config.out) if config.out else None)
    )


def _metadata(plan: EmbedPlan) -> dict[str, dg.MetadataValue]:
    lines = [f"* `{o.source}`: {', '.join(plan.values[o.source])}" for o in plan.operations[:_SHOWN]]
    lines += [f"* `{path}` is left: {why}" for path, why in list(plan.refused.items())[:_SHOWN]]
    lines += [f"* `{path}` not changed: {'; '.join(c)}" for path, c in list(plan.conflicts.items())[:_SHOWN]]
    return {
        "plan": dg.MetadataValue.text(plan.plan_id),
        "files": dg.MetadataValue.int(len(plan.operations)),
        "counts": dg.MetadataValue.json(dict(plan.counts)),
        "held_back": dg.MetadataValue.json(dict(plan.held_back)),
        "first_files": dg.MetadataValue.md("\n".join(lines) or "nothing to do"),
    }
