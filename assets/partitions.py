"""What all assets share: the partition of a project, the groups of the way, and who answers for each.

Holds `PROJECTS`, `GROUPS`, `owners` and the tag that names the store of an asset.
Add here: what every asset is declared with.
Keep out: any one asset.
"""

from collections.abc import Mapping

import dagster as dg

STORE_TAG = "proofsheet/store"  # derived: table of a project; shared: table over all projects; fact: ledger
PROJECTS = dg.DynamicPartitionsDefinition(name="project")
GROUPS: Mapping[str, str] = {  # group to the area that answers for it, in the order of the way
    "ingest": "pictures",
    "measure": "pictures",
    "group": "choices",
    "choose": "choices",
    "caption": "texts",
    "gate": "texts",
    "publish": "publishing",
    "learn": "models",
    "report": "operations",
    "facts": "operations",
}


def owners(group: str) -> list[str]:
    """The team of the group's area.

    Args:
        group: one of `GROUPS`; any other belongs to operations.
    """
    return [f"team:{GROUPS.get(group, 'operations')}"]
