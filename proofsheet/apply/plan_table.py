"""A plan as a table, for those who ask in SQL.

Holds `plan_rows`.
Add here: another column of it.
Keep out: making plans (plan.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

from proofsheet.apply.plan import Plan
from schemas.apply import PlanOperation


def plan_rows(plan: Plan) -> pl.DataFrame:
    """The rows of `plan_operations`: what would be done, then the sets and files that stay."""
    leave = {PlanOperation.kind: "leave"}
    left = [
        {**leave, PlanOperation.group_id: g, PlanOperation.reason: why} for g, why in plan.refused.items()
    ]
    stays = [
        {**leave, PlanOperation.role: "folder", PlanOperation.source: p, PlanOperation.reason: w}
        for p, w in plan.staying.items()
    ]
    rows: list[Mapping[str, object]] = [*map(asdict, plan.operations), *left, *stays]
    names = PlanOperation.polars_schema().names()
    whole = {PlanOperation.project: plan.project, PlanOperation.plan_id: plan.plan_id}
    told = (
        {PlanOperation.reason: "", **row, **whole, PlanOperation.number: k}
        for k, row in enumerate(rows, start=1)
    )
    return PlanOperation.frame({n: row.get(n) for n in names} for row in told)
