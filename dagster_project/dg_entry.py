"""The definitions for `dg check defs` and `dg list defs`, which also work without a `proofsheet.toml`.

Holds `defs`; `[tool.dg]` of pyproject.toml names this module.
Add here: nothing.
Keep out: definitions (definitions.py). `proofsheet up` and `dagster dev` load those, and they need a library.
"""

import dagster as dg

from dagster_project.definitions import build_defs
from proofsheet.core.config import load


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions with the settings of the current folder.

    Without any, the defaults over a missing library.
    """
    return build_defs(load(place={"library": "library", "home": "proofsheet-home"}))
