"""The version of settings with what they come to on this machine, such as the model that is there.

Holds `resolved_settings_version`, and `ResolvedSettings` for many projects.
Add here: nothing but versions of settings.
Keep out: what settings come to (resources/resolved_settings.py), other reasons of staleness (freshness.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from proofsheet.core.files import short_hash
from proofsheet.storage.workspace import Project
from schemas.settings.base import settings_version


def resolved_settings_version(resources: Iterable[Any], project: Project, table: str) -> str:
    """Hash of these settings and of what they come to on this machine, such as the model that is there.

    Args:
        resources: with settings; `resolved_version(project, table)` of one is what its settings lead to, with
            the places that serve all projects.
        project: the project of the rows.
        table: that is made with them.
    """
    found = list(resources)
    return ResolvedSettings().version(found, settings_version(found), project, table)


class ResolvedSettings:
    """What settings come to on this machine, asked once for all projects of a home.

    One serves one pass over projects: the next pass asks again.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, Path, str], str] = {}

    def version(self, resources: Iterable[Any], alone: str, project: Project, table: str) -> str:
        """The same as `resolved_settings_version`; `alone` is the hash of the settings themselves."""
        present = [self._of(r, project, table) for r in resources if hasattr(r, "resolved_version")]
        return short_hash(alone, *present, length=12) if present else alone

    def _of(self, resource: Any, project: Project, table: str) -> str:  # noqa: ANN401 - any with that method
        key = (id(resource), project.home, table)
        if key not in self._known:
            self._known[key] = str(resource.resolved_version(project.shared, table))
        return self._known[key]
