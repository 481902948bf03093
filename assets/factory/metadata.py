"""What the Dagster UI shows of a table.

Holds schema, lineage, source, metadata and previews.
Add here: another fact worth showing.
Keep out: coordinates, file contents, secrets.
"""

import inspect
import linecache
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.freshness import SETTINGS_TAG
from assets.partitions import STORE_TAG, owners
from proofsheet.core.errors import ProofsheetError
from schemas.choices import Choice, Proposal
from schemas.labels import Scene
from schemas.library import ExifFact, GenerationFact, Photo, Quarantine
from schemas.proof import MetadataQuality
from schemas.review import ReviewMetric
from schemas.rollout import Readiness
from schemas.selections import HistoryMatch
from schemas.sets import SetValidation
from schemas.storage import StoredTable
from schemas.table import Table
from schemas.vectors import Embedding
from schemas.words import Answered

# References to code are beta in this Dagster; the UI shows them as a link of the asset.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
_INLINE = 990  # Markdown under 1,000 characters is shown in place
_PRIVATE = {ExifFact.latitude_deg, ExifFact.longitude_deg, ExifFact.altitude_m, Embedding.vector}
_LATE = {
    Answered.problem,
    Answered.backend,
    Answered.model,
    Answered.wanted_model,
    Answered.model_digest,
    Answered.prompt_version,
}
_WHERE = (Photo.path, Proposal.chosen_path, HistoryMatch.file, SetValidation.folder, Readiness.gate_name)
_WHY = (
    SetValidation.message,
    Answered.problem,
    Quarantine.reason,
    Scene.note,
    GenerationFact.unread,
    Proposal.flags,
    Readiness.found,
)
_CELL = 40
REVIEW_ADDRESS = "PROOFSHEET_REVIEW"  # set by `proofsheet up` for the runs that it starts
_PAGES = {
    Proposal.name: "review",
    Choice.name: "sets",
    MetadataQuality.name: "metadata",
    ReviewMetric.name: "metrics",
}
_SHEETS = 3


def table_spec(
    table: type[Table],
    function: Callable[..., Any],
    upstream: Sequence[type[Table]],
    group: str,
    resources: Sequence[str],
) -> dg.AssetSpec:
    """What the UI shows of an asset before any run, except dependencies, partitions and code version.

    Args:
        table: that the asset fills.
        function: that makes its rows.
        upstream: tables that it reads.
        group: one of `GROUPS`.
        resources: keys of the resources with settings that change rows.
    """
    return dg.AssetSpec(
        key=table.name,
        description=f"{table.meaning()}\n\n{inspect.getdoc(function) or ''}",
        group_name=group,
        owners=owners(group),
        kinds={"duckdb", "polars"},
        tags={STORE_TAG: "shared" if table.shared else "derived"},
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": column_lineage(table, upstream),
            SETTINGS_TAG: ",".join(resources),
            **source_reference(function),
        },
    )


def column_schema(table: type[Table]) -> dg.TableSchema:
    """Names, types, meanings and keys."""
    keys = table.key()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                str(spec.dtype),
                spec.meaning + (f" Unit: {spec.unit}." if spec.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=spec.nullable, unique=len(keys) == 2 and name == keys[1]
                ),
            )
            for name, spec in table.columns().items()
        ]
    )


def column_lineage(table: type[Table], upstream: Sequence[type[Table]]) -> dg.TableColumnLineage:
    """Columns that come from an upstream column of the same name."""
    found = {
        name: [dg.TableColumnDep(dg.AssetKey(u.name), name) for u in upstream if name in u.columns()]
        for name in table.columns()
    }
    return dg.TableColumnLineage({name: deps for name, deps in found.items() if deps})


def source_reference(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The link to the `def` of an asset in the UI: an absolute path, labelled by the path in the checkout."""
    path, first = Path(inspect.getfile(function)).absolute(), function.__code__.co_firstlineno
    after = enumerate(linecache.getlines(str(path))[first - 1 :], first)  # decorators come before the `def`
    line = next((number for number, text in after if text.lstrip().startswith("def ")), first)
    label = f"{function.__module__.replace('.', '/')}.py:{line}"
    place = dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=label)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[place])}


def materialization_metadata(
    table: type[Table], rows: pl.DataFrame, book: Mapping[str, Any], numbers: Mapping[str, Any]
) -> dict[str, Any]:
    """Counts, checksum, versions, and the first rows."""
    return {
        "dagster/row_count": rows.height,
        "checksum": book[StoredTable.checksum],
        "code": book[StoredTable.code_version],
        "settings": book[StoredTable.settings_version],
        "first_rows": dg.MetadataValue.md(preview(rows)),
        **review_links(table, rows, os.environ.get(REVIEW_ADDRESS, "")),
        **{k: dg.MetadataValue.md(v) if isinstance(v, str) else v for k, v in numbers.items()},
    }


def review_links(table: type[Table], rows: pl.DataFrame, address: str) -> dict[str, Any]:
    """A link to the page of the review app that shows the table, and contact sheets of the first sets.

    Args:
        table: the table.
        rows: its rows.
        address: of the review app; empty if none is served.
    """
    if not address or table.name not in _PAGES or rows.is_empty():
        return {}
    place = f"{address}/p/{rows[Table.project][0]}"
    found: dict[str, Any] = {"review": dg.MetadataValue.url(f"{place}/{_PAGES[table.name]}")}
    if table is Proposal:
        several = rows.filter(pl.col(Proposal.photo_ids).list.len() > 1)[Proposal.group_id].head(_SHEETS)
        sheets = "\n\n".join(f"![set {g}]({place}/sheet/{g}.jpg)" for g in several)
        found |= {"contact_sheets": dg.MetadataValue.md(sheets)} if sheets else {}
    return found


def photo_paths(photos: pl.DataFrame) -> dict[str, str]:
    """Photo id to path inside the project folder."""
    return dict(photos.select(Photo.photo_id, Photo.path).iter_rows())


def finding(row: Mapping[str, Any], places: Mapping[str, str]) -> tuple[str, str]:
    """The file (or folder, or set) of a failing row, and the whole message; empty if the row has none.

    Args:
        row: of the table of a check.
        places: photo id to path inside the project folder.
    """
    photo = row.get(Photo.photo_id)
    where = places.get(photo, photo) if photo else next((row[n] for n in _WHERE if row.get(n)), "")
    why = next((row[n] for n in _WHY if row.get(n)), "")
    return str(where), "; ".join(map(str, why)) if isinstance(why, list) else str(why)


def check_metadata(failing: pl.DataFrame, places: Mapping[str, str]) -> dict[str, Any]:
    """The first file with its message, the number of rows, and some of them; the UI sorts entries by name."""
    where, why = finding(failing.row(0, named=True), places) if failing.height else ("", "")
    first = {name: dg.MetadataValue.text(text) for name, text in (("at", where), ("because", why)) if text}
    return {**first, "count": failing.height, "first_rows": dg.MetadataValue.md(preview(failing))}


def preview(rows: pl.DataFrame) -> str:
    """The first rows as a Markdown table that is short enough to be shown in place."""
    names = [n for n in rows.columns if n not in _PRIVATE and n != Table.project]
    shown = rows.select(sorted(names, key=lambda n: n in _LATE))
    lines = ["| " + " | ".join(shown.columns) + " |", "|" + "---|" * shown.width]
    for row in shown.head(10).iter_rows():
        line = "| " + " | ".join(_cell(v) for v in row) + " |"
        if sum(map(len, lines)) + len(lines) + len(line) > _INLINE and len(lines) > 2:
            break
        lines.append(line)
    return "\n".join(lines)[:_INLINE]


def _cell(value: object) -> str:
    values = value if isinstance(value, list) else [value]
    text = "" if value is None else "; ".join(map(str, values))
    safe = "".join(c if c.isprintable() else " " for c in text).replace("|", "\\|").replace("<", "&lt;")
    return safe if len(safe) <= _CELL else safe[: _CELL - 1] + "…"


def failure_text(error: Exception) -> str:
    """What went wrong and what to do, for the run's page and the terminal."""
    if isinstance(error, ProofsheetError):
        return f"{error.what} {error.next_step}"
    return (
        f"{error}. Nothing that was published is touched; "
        "check the free space and the rights of the home, then run again."
    )
