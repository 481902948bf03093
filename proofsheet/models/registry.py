"""Which model serves: champion and challenger, promotion by a rule, one step back.

Holds `champion`, `promote`, `rollback`, `serve_again`, `fit_rows` and `mend_shared`.
Add here: another condition of promotion, in training/promotion_rule.py.
Keep out: training and judging.

Every act is a fact in the ledger `_all`; the champion is what the last act says. There is no way around the
rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.core.errors import Locked, StoreError, StoreTooNew, UsageError
from proofsheet.core.locks import acquire
from proofsheet.models.artifacts import model_path
from proofsheet.models.card_files import card_path, headline
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.models import CropFit, Fit, FitColumns, Promotion, RankerFit, SceneFit
from schemas.table import Table

FIT_TABLES: Mapping[type[Table], str] = {RankerFit: "ranker", CropFit: "crop", SceneFit: "scene"}


def acts(ledger: Ledger, kind: str) -> list[dict[str, Any]]:
    """Every act on models of a kind, in order."""
    return ledger.rows(Promotion, kind=kind).sort(Promotion.number).to_dicts()


def history_of_champions(ledger: Ledger, kind: str) -> list[str]:
    """The champions one after the other; a step back takes the last one away. Empty: no model serves."""
    found: list[str] = []
    for act in acts(ledger, kind):
        if act[Promotion.act] == "promoted":
            found.append(str(act[Promotion.fit_id]))
        elif act[Promotion.act] == "rolled back" and found:
            found.pop()
    return found


def champion(ledger: Ledger, kind: str) -> dict[str, Any] | None:
    """The fit that serves, or None."""
    served = history_of_champions(ledger, kind)
    rows = ledger.rows(Fit, fit_id=served[-1]).to_dicts() if served else []
    return rows[0] if rows else None


def note(ledger: Ledger, kind: str, fit_id: str, act: str, reasons: Sequence[str], now: datetime) -> None:
    """Add an act."""
    number = int(ledger.rows(Promotion)[Promotion.number].max() or 0) + 1  # type: ignore[arg-type]
    row = {Promotion.number: number, Promotion.kind: kind, Promotion.fit_id: fit_id, Promotion.act: act}
    ledger.add(Promotion, [row | {Promotion.reasons: list(reasons), Promotion.decided_at: now}])


def promote(ledger: Ledger, fit_id: str, allowed: bool, reasons: Sequence[str], now: datetime) -> None:
    """Let a model serve, or note that the rule refused it.

    Raises:
        UsageError: if there is no such model, or it serves already.
    """
    fit = find_fit(ledger, fit_id)
    kind = str(fit[Fit.kind])
    if (present := champion(ledger, kind)) and present[Fit.fit_id] == fit[Fit.fit_id]:
        raise UsageError(f"The {kind} {fit_id} serves already.", "Nothing to do.")
    note(ledger, kind, str(fit[Fit.fit_id]), "promoted" if allowed else "refused", reasons, now)


def rollback(ledger: Ledger, kind: str, now: datetime) -> str:
    """One step back; gives the id of the model that serves now, empty if none does.

    Raises:
        UsageError: if no model of the kind serves.
    """
    served = history_of_champions(ledger, kind)
    if not served:
        raise UsageError(
            f"No {kind} serves, so there is no step back.", "`proofsheet models list` shows what there is."
        )
    before = served[-2] if len(served) > 1 else ""
    note(ledger, kind, before, "rolled back", [f"one step back from {served[-1]}"], now)
    return before


def serve_again(shared: Project, kind: str, encoder_id: str, now: datetime) -> None:
    """Let the last model of an encoder that served serve again, if the champion is of another encoder.

    Args:
        shared: what belongs to no project.
        kind: of model.
        encoder_id: encoder of the settings.
        now: when (UTC, no zone).
    """
    present = champion(shared.ledger, kind)
    if present is None or present[Fit.encoder_id] == encoder_id:
        return
    mine = set(shared.ledger.rows(Fit, kind=kind, encoder_id=encoder_id)[Fit.fit_id])
    served = [
        f
        for f in history_of_champions(shared.ledger, kind)
        if f in mine and model_path(shared.models, f).is_file()
    ]
    if served:
        told = (
            f"it served before, and its encoder is that of the settings again; {present[Fit.encoder_id]} "
            "is not"
        )
        note(shared.ledger, kind, served[-1], "promoted", [told], now)


def find_fit(ledger: Ledger, start: str) -> dict[str, Any]:
    """The fit with this beginning of an id.

    Raises:
        UsageError: if none does, or several do.
    """
    rows = [r for r in ledger.rows(Fit).to_dicts() if start and str(r[Fit.fit_id]).startswith(start)]
    if len(rows) != 1:
        told = f"{len(rows)} models begin with {start!r}" if rows else f"There is no model {start!r}"
        raise UsageError(f"{told}.", "`proofsheet models list` shows them.")
    return rows[0]


def refresh(shared: Project) -> None:
    """Bring the tables of fits in line with the acts, after an act outside of a training."""
    stamp = Stamp(code_version="", run_id="")
    frames = {table: fit_rows(table, kind, shared) for table, kind in FIT_TABLES.items()}
    shared.store.publish(frames, stamp)
    shared.store.show()


def mend_shared(shared: Project, on_news: Callable[[str], None]) -> None:
    """Set a damaged store of all projects aside and list the models again.

    It waits for a training that uses the store.
    """
    if not shared.store.folder.exists():
        return
    with (
        contextlib.suppress(Locked, StoreTooNew),
        acquire(shared.run_lock, "repairing the store of all projects", wait_s=0),
    ):
        news: list[str] = []
        shared.store.generations.repair(news.append)
        for one in news:
            on_news(f"{shared.name}: {one}")
        if news:
            with contextlib.suppress(
                StoreError
            ):  # the ledger of all projects is damaged too, and `status` shows it
                refresh(shared)


def fit_rows(table: type[Table], kind: str, shared: Project) -> pl.DataFrame:
    """The rows of `ranker_fits` or `crop_fits`: every model with its state."""
    ledger, rows = shared.ledger, []
    served, told = history_of_champions(ledger, kind), {a[Promotion.fit_id]: a for a in acts(ledger, kind)}
    for fit in ledger.rows(Fit, kind=kind).sort(Fit.trained_at).to_dicts():
        own = str(fit[Fit.fit_id])
        last = told.get(own)
        path = model_path(shared.models, own)
        if served[-1:] == [own]:
            state = "champion"
        elif own in served:
            state = "retired"
        else:
            state = "challenger"
        if last and last[Promotion.act] == "refused" and own not in served:
            state = "refused"
        why = "; ".join(last[Promotion.reasons]) if last else "not judged yet"
        if not path.is_file():
            state, why = "broken", f"its file {path.name} is gone"
        rows.append(
            {
                Table.project: shared.key,
                **{
                    n: fit[n]
                    for n in (
                        Fit.fit_id,
                        Fit.encoder_id,
                        Fit.sets,
                        Fit.projects,
                        Fit.data_hash,
                        Fit.test_hash,
                    )
                },
                **{n: fit[n] for n in (Fit.code_version, Fit.trained_at)},
                FitColumns.state: state,
                FitColumns.why: why,
                FitColumns.headline: headline(kind, str(fit[Fit.card])),
                FitColumns.card_path: card_path(shared.models, own).relative_to(shared.home).as_posix(),
                FitColumns.model_path: path.relative_to(shared.home).as_posix(),
            }
        )
    return table.frame(rows)
