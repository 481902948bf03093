"""Carrying out confirmed plans of moves, as the command line and the Dagster jobs do it.

Holds `Planner`, `preview`, `planned`, `most_units`, `allowed`, `obstacle`, `sign_off`, `carry_out` and
`take_back`.
Add here: another condition under which files may be moved.
Keep out: plans and file operations (proofsheet/apply/).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.waiting import after_runs
from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import Report, last_plan, unfinished
from proofsheet.apply.plan import Plan, make_plan, with_keep_all
from proofsheet.core.clock import utc_now
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.selection.timeline import handed_over
from proofsheet.storage.workspace import Project
from schemas.apply import ApplyPlan, FileOperation, SignOff


@dataclass(frozen=True)
class Done:
    """Reports of the resumed plans and of the confirmed one.

    Attributes:
        resumed: of unfinished plans, which come first.
        report: of the confirmed plan; empty if it was not carried out.
        plan_now: hash of the present plan, if the resumed ones left another plan than the confirmed one.
    """

    resumed: list[Report]
    report: Report = field(default_factory=Report)
    plan_now: str = ""

    @property
    def reports(self) -> list[Report]:
        """All of them, in the order of the work."""
        return [*self.resumed, self.report]

    @property
    def problem(self) -> str:
        """Why not all that was confirmed is done, with the next step; empty if it is."""
        if any(r.failed for r in self.reports):
            return "Some files could not be moved. Check the disk, then do the same again."
        if self.plan_now:
            return (
                "An unfinished plan was finished first. The confirmed plan was not carried out: "
                f"the plan is {self.plan_now} now. Look at it, and confirm it if anything is left to do."
            )
        return ""


Planner = Callable[[Project, Configuration], Plan]


def preview(
    project: Project, settings: Configuration, planner: Planner, tell: Callable[[str], None]
) -> tuple[Plan, list[str]]:
    """The plan, and what is unfinished, once no run of the project works on its rows.

    Args:
        project: of the files.
        settings: see `planned`.
        planner: makes the plan.
        tell: called with the run that is waited for.
    """
    with after_runs(project, settings, "plan", tell):
        return planner(project, settings), unfinished(project.ledger)


def planned(project: Project, settings: Configuration) -> Plan:
    """The plan for what was handed over, within the mode of the settings."""
    rows = with_keep_all(handed_over(project.ledger).standing(), project)
    most = settings.apply.pilot_sets if settings.apply.mode == "pilot" and not project.sandbox else None
    return make_plan(project, rows, most)


def most_units(project: Project, settings: Configuration, verb: str) -> int | None:
    """How many units a plan of this verb may have within the mode of the settings; None for any number."""
    if settings.apply.mode != "pilot" or project.sandbox:
        return None
    plans = [
        r[ApplyPlan.plan_id] for r in project.ledger.rows(ApplyPlan).to_dicts() if r[ApplyPlan.verb] == verb
    ]
    rows = project.ledger.rows(FileOperation, state="done")
    rows = rows.filter(rows[FileOperation.plan_id].is_in(plans))
    return max(settings.apply.pilot_sets - rows[FileOperation.group_id].n_unique(), 0)


def allowed(project: Project, settings: Configuration) -> None:
    """Refuse what the rollout does not allow yet.

    Raises:
        UsageError: if files of this project may not be moved.
    """
    root = (project.home / "sandbox" if project.sandbox else Path(settings.place.library)).resolve()
    if project.folder.is_symlink() or not project.folder.resolve().is_relative_to(root):
        raise UsageError(
            f"{project.folder} leads outside of {root}.", "Only files inside the library are moved."
        )
    mode = settings.apply.mode
    if project.sandbox:
        return
    if mode == "sandbox":
        raise UsageError(
            f"{project.name} is no sandbox, and the mode is sandbox: its files are not moved.",
            f"Try it with `proofsheet sandbox {as_word(project.name)}`, or set mode = 'pilot' in [apply] "
            f"and sign off with `proofsheet apply {as_word(project.name)} --sign-off YOUR-NAME`.",
        )
    signed = project.ledger.rows(SignOff)[SignOff.mode].to_list()
    if mode not in signed:
        raise UsageError(
            f"Nobody signed off {mode} for {project.name}.",
            f"`proofsheet apply {as_word(project.name)} --sign-off YOUR-NAME` records that you do.",
        )


def obstacle(project: Project, settings: Configuration) -> str:
    """Why `--execute` would be refused now, with the next step; empty if it would not be."""
    try:
        allowed(project, settings)
    except UsageError as error:
        return f"{error.what} {error.next_step}"
    return ""


def sign_off(project: Project, mode: str, name: str, note: str) -> None:
    """Record who allows a mode for a project."""
    row = {SignOff.mode: mode, SignOff.signed_by: name, SignOff.note: note, SignOff.signed_at: utc_now()}
    project.ledger.add(SignOff, [{**row, SignOff.number: project.ledger.rows(SignOff).height + 1}])


def carry_out(
    project: Project,
    settings: Configuration,
    planner: Planner,
    plan_id: str,
    tell: Callable[[str], None] | None = None,
) -> Done:
    """Resume unfinished plans, then carry out the confirmed one, unless another plan is left.

    Args:
        project: of the files.
        settings: mode, and quality of crops.
        planner: makes the plan again.
        plan_id: hash of the plan as shown.
        tell: called with the run that is waited for; None if the caller owns the run lock of the project, as
            a Dagster run does.

    Raises:
        UsageError: if the plan has changed since; the unfinished ones are done.
    """
    allowed(project, settings)
    alone: AbstractContextManager[None] = (
        nullcontext() if tell is None else after_runs(project, settings, "apply", tell)
    )
    with alone:
        applier = Applier(project, settings.apply, utc_now(), max_pixels=settings.photos.max_full_pixels)
        resumed = [applier.resume(p) for p in unfinished(project.ledger)]
        if any(r.failed for r in resumed):
            return Done(resumed)
        plan = planner(project, settings)
        if resumed and plan.plan_id != plan_id:
            return Done(resumed, plan_now="" if _is_finished(resumed, plan) else plan.plan_id)
        if plan.plan_id != plan_id:
            raise UsageError(f"The plan is {plan.plan_id} now, not {plan_id}.", "Look at the dry run again.")
        return Done(resumed, applier.execute(plan, settings.apply.mode))


def _is_finished(resumed: Sequence[Report], plan: Plan) -> bool:
    """Whether the plans that were finished first leave nothing of what was confirmed.

    Args:
        resumed: what became of them.
        plan: what is left to do.
    """
    return not plan.operations and not plan.refused and all(r.verb == plan.verb for r in resumed)


def take_back(
    project: Project, settings: Configuration, tell: Callable[[str], None], plan_id: str | None = None
) -> Report:
    """Undo a plan: the given one, else an unfinished one, else the latest with anything done."""
    with after_runs(project, settings, "undo", tell):
        found = plan_id or next(iter(unfinished(project.ledger)), None) or last_plan(project.ledger)
        if found is None:
            raise UsageError(
                f"No files of {project.name} were moved or written.",
                f"`proofsheet apply {as_word(project.name)}` shows what could be.",
            )
        return Applier(project, settings.apply, utc_now()).undo(found)
