"""Writing accepted texts into picture files, as the command line and the Dagster job do it.

Holds `preview_embed`, `planned_embed`, `embed_obstacle` and `carry_out_embed`.
Add here: another condition under which texts may be written.
Keep out: plans (proofsheet/publish/embed_plan.py) and file operations (proofsheet/apply/).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from dagster_project.applying import Done, carry_out, obstacle
from dagster_project.waiting import after_runs
from proofsheet.apply.moves import unfinished
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.publish.embed_copies import write_copies
from proofsheet.publish.embed_plan import EmbedPlan, make_embed_plan
from proofsheet.storage.workspace import Project


def copies_folder(project: Project, settings: Configuration, wanted: Path | None) -> Path:
    """Folder of the copies: the wanted one, else one in the home.

    Raises:
        UsageError: if it is inside the library, where copies would become photos of a project.
    """
    if wanted is None:
        return project.export_file.parent / "embedded"
    found, library = wanted.absolute(), Path(settings.place.library).resolve()
    if found.resolve().is_relative_to(library):
        raise UsageError(
            f"{found} is inside the library {library}.", "Name a folder outside; copies would become photos."
        )
    return found


def planned_embed(project: Project, settings: Configuration, out: Path | None) -> EmbedPlan:
    """The plan, within the mode of the settings.

    Args:
        project: of the pictures.
        settings: the mode, and its limit.
        out: folder of the copies; None for originals.
    """
    limited = out is None and settings.apply.mode == "pilot" and not project.sandbox
    return make_embed_plan(project, out, settings.apply.pilot_sets if limited else None)


def preview_embed(
    project: Project, settings: Configuration, out: Path | None, tell: Callable[[str], None]
) -> tuple[EmbedPlan, list[str]]:
    """The plan, and what is unfinished, once no run of the project works on its rows.

    Args:
        project: of the pictures.
        settings: see `planned_embed`.
        out: folder of the copies; None for originals.
        tell: called with the run that is waited for.
    """
    with after_runs(project, settings, "embed", tell):
        return planned_embed(project, settings, out), unfinished(project.ledger)


def embed_obstacle(project: Project, settings: Configuration, out: Path | None) -> str:
    """Why originals would be refused now, with the next step; empty for copies, and if they would not."""
    return obstacle(project, settings) if out is None else ""


def carry_out_embed(
    project: Project,
    settings: Configuration,
    out: Path | None,
    plan_id: str,
    tell: Callable[[str], None] | None = None,
) -> Done:
    """Carry out the confirmed plan; for originals, unfinished plans come first.

    Args:
        project: of the pictures.
        settings: the mode of the rollout.
        out: folder of the copies; None for originals.
        plan_id: hash of the plan as shown.
        tell: called with the run that is waited for; None if the caller owns the run lock of the project.

    Raises:
        UsageError: if the plan has changed since, or originals may not be written.
    """
    if out is None:
        return carry_out(project, settings, lambda p, known: planned_embed(p, known, None), plan_id, tell)
    alone: AbstractContextManager[None] = (
        nullcontext() if tell is None else after_runs(project, settings, "embed", tell)
    )
    with alone:
        plan = planned_embed(project, settings, out)
        if plan.plan_id != plan_id:
            raise UsageError(f"The plan is {plan.plan_id} now, not {plan_id}.", "Look at the plan again.")
        return Done([], write_copies(project, plan))
