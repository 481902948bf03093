"""The stale tables, found before Dagster is imported.

Holds `current_freshness`.
Add here: only questions that are asked before a run.
Keep out: Dagster, unless the source has changed since it was last read; runs (running.py).

The assets that the source declares are cached with the code versions. Settings, models, tables, facts and
files are read each time.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from assets.factory.freshness import AssetDeclaration, Freshness
from proofsheet.core.config import Configuration
from proofsheet.storage.known_versions import KNOWN
from resources.in_force import settings_by_section
from schemas.everything import every_table

_DECLARED = TypeAdapter(list[AssetDeclaration])


def current_freshness(settings: Configuration) -> Freshness:
    """The inputs of every table with these settings."""
    every_table()  # an asset is known by the name of its table
    declared = _DECLARED.validate_json(KNOWN.find("assets", _read_source))
    return Freshness.of(declared, settings_by_section(settings), forced=bool(settings.model.force))


def _read_source() -> str:
    from dagster_project.definitions import asset_declarations

    return _DECLARED.dump_json(asset_declarations()).decode("utf-8")
