"""The definitions that `dg check defs` and `dg list defs` load, also in a checkout without a `proofsheet.toml`.

Holds `defs`; `[tool.dg]` of pyproject.toml names this module.
Add here: nothing.
Keep out: definitions (definitions.py), which `proofsheet up` and `dagster dev` load and which insist on a library.
"""

import dagster as dg

from dagster_project.definitions import build_defs
from proofsheet.core.config import load


@dg.definitions
def defs() -> dg.Definitions:
    """The settings of the current folder; where there are none, the defaults over a library that is not there."""
    return build_defs(load(place={"library": "library", "home": "proofsheet-home"}))
