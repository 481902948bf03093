"""What all assets of projects share.

Holds `PROJECTS` and `OWNERS`.
Add here: what every asset is declared with.
Keep out: any one asset.
"""

import dagster as dg

PROJECTS = dg.DynamicPartitionsDefinition(name="project")
OWNERS = ["team:proofsheet"]
