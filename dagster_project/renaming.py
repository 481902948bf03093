"""Renaming and filing by templates, as the command line and the Dagster jobs ask for them.

Holds `ClockRequest`, `RenameRequest`, `rename_planner`, `OrganizeRequest` and `organize_planner`.
Add here: another option of these.
Keep out: plans (proofsheet/apply/), and what all moves share (applying.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dagster_project.applying import Planner, most_units
from proofsheet.apply.name_fields import FIELDS, KnownPhotos, known_photos_of
from proofsheet.apply.name_template import parse_template
from proofsheet.apply.organize_plan import LAYOUT_FIELDS, make_organize_plan
from proofsheet.apply.plan import Plan
from proofsheet.apply.rename_plan import make_rename_plan
from proofsheet.apply.shot_times import ClockCorrections, parse_shift
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Project
from schemas.apply import ORGANIZE, RENAME

TEMPLATE = "{taken:%Y%m%d_%H%M%S}{subsec}_{camera}_{name}{n?}"
LAYOUT = "{taken:%Y}/{event}"


@dataclass(frozen=True)
class ClockRequest:
    """What the user says of the clocks of cameras.

    Attributes:
        shifts: as `CAMERA=+1h`.
        syncs: as `PHOTO=PHOTO`.
        file_time: whether the time of a file counts where there is no other.
    """

    shifts: Sequence[str] = ()
    syncs: Sequence[str] = ()
    file_time: bool = False

    def photos(self, project: Project) -> KnownPhotos:
        """The photos of a project with corrected clocks.

        Raises:
            UsageError: for what is no shift, camera or photo, and for two corrections of one camera.
        """
        shifts = _shifts(self.shifts)
        if self.syncs:
            known = known_photos_of(project, ClockCorrections({}, self.file_time))
            for sync in self.syncs:
                _add(shifts, known.synced(sync).shifts, sync)
        return known_photos_of(project, ClockCorrections(shifts, self.file_time))


@dataclass(frozen=True)
class RenameRequest:
    """A template and the clocks."""

    template: str = TEMPLATE
    clocks: ClockRequest = ClockRequest()


def rename_planner(request: RenameRequest) -> Planner:
    """What plans such a renaming.

    Raises:
        UsageError: for an invalid template.
    """
    template = parse_template(request.template, FIELDS)

    def plan(project: Project, settings: Configuration) -> Plan:
        known = request.clocks.photos(project)
        return make_rename_plan(project, known, template, most_units(project, settings, RENAME))

    return plan


@dataclass(frozen=True)
class OrganizeRequest:
    """A layout of folders and the clocks."""

    layout: str = LAYOUT
    clocks: ClockRequest = ClockRequest()


def organize_planner(request: OrganizeRequest) -> Planner:
    """What plans such a filing.

    Raises:
        UsageError: for an invalid layout.
    """
    layout = parse_template(request.layout, LAYOUT_FIELDS, folders=True)

    def plan(project: Project, settings: Configuration) -> Plan:
        known = request.clocks.photos(project)
        return make_organize_plan(project, known, layout, most_units(project, settings, ORGANIZE))

    return plan


def _shifts(texts: Sequence[str]) -> dict[str, timedelta]:
    found = dict[str, timedelta]()
    for text in texts:
        camera, sign, shift = text.rpartition("=")
        if not sign:
            raise UsageError(f"{text!r} names no camera and shift.", "Write --shift 'CAMERA=+1h'.")
        _add(found, {camera: parse_shift(shift)}, text)
    return found


def _add(found: dict[str, timedelta], more: Mapping[str, timedelta], text: str) -> None:
    """Add a correction, unless there is another one for its camera."""
    known = {camera.casefold() for camera in found}
    if any(camera.casefold() in known for camera in more):
        raise UsageError(f"{text!r} is a second correction of one camera.", "Give one for each camera.")
    found |= more
