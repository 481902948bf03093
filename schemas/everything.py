"""All tables at once.

Holds `every_table`.
Add here: another question about all tables.
Keep out: the tables themselves; each is in the module of its subject.
"""

from __future__ import annotations

import importlib
import pkgutil

import schemas
from schemas.table import Table


def every_table() -> list[type[Table]]:
    """Every table that is declared in this package, by name."""
    for module in pkgutil.iter_modules(schemas.__path__, "schemas."):
        importlib.import_module(module.name)  # a table is known once its module is loaded
    return [table for _name, table in sorted(Table.tables.items()) if table.__module__.startswith("schemas.")]
