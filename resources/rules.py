"""Thresholds that a person may set, as resources, so that the Launchpad shows and overrides them.

Holds one class for each class of settings that a rule takes.
Add here: the settings of a new asset.
Keep out: defaults (schemas/settings.py).
"""

import dagster as dg

from schemas.settings import DuplicateSettings, GroupSettings, InventorySettings


class GroupingResource(GroupSettings, dg.ConfigurableResource["GroupingResource"]):
    """When pictures form a set."""


class DuplicatesResource(DuplicateSettings, dg.ConfigurableResource["DuplicatesResource"]):
    """When two pictures are the same picture."""


class WantedMixResource(InventorySettings, dg.ConfigurableResource["WantedMixResource"]):
    """The wanted mix of photos."""
