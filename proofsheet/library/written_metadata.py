"""What people wrote about photos, out of files and sidecars.

Holds `written_rows`, and `said_of`, the same for people.
Add here: another place in which people write.
Keep out: reading files (metadata/) and sidecars (sidecars.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from proofsheet.metadata.own_marks import mark_of
from schemas.written import (
    EMBEDDED,
    LISTS,
    SIDECAR,
    WRITTEN,
    EmbeddedMetadata,
    SidecarMetadata,
    WrittenFields,
    WrittenMetadata,
)

Row = Mapping[str, Any]


def written_rows(project: str, embedded: pl.DataFrame, sidecars: pl.DataFrame) -> pl.DataFrame:
    """The rows of `written_metadata`: the sidecar counts, then the file; our own values never do.

    Args:
        project: its key.
        embedded: rows of `embedded_metadata`.
        sidecars: rows of `sidecar_metadata`.
    """
    of_files = {r[WrittenFields.photo_id]: r for r in embedded.to_dicts()}
    of_sidecars = {r[WrittenFields.photo_id]: r for r in sidecars.to_dicts()}
    rows = (_row(of_files.get(p, {}), of_sidecars.get(p, {}), p) for p in {**of_files, **of_sidecars})
    found = [r for r in rows if r[WrittenMetadata.said] or r[WrittenMetadata.unread]]
    named = ({WrittenMetadata.project: project, **r} for r in found)
    return WrittenMetadata.frame(sorted(named, key=lambda r: str(r[WrittenFields.photo_id])))


def _row(file: Row, sidecar: Row, photo: str) -> dict[str, object]:
    row: dict[str, object] = {WrittenFields.photo_id: photo}
    said = []
    ours = frozenset(sidecar.get(SidecarMetadata.written_here, ()))
    for name in WRITTEN:
        of_sidecar, of_file = by_people(sidecar.get(name), name, ours), file.get(name)
        row[name] = of_sidecar if _is_there(of_sidecar) else of_file
        if not _is_there(row[name]):
            row[name] = [] if name in LISTS else None
            continue
        place, source = (SIDECAR, sidecar) if _is_there(of_sidecar) else (EMBEDDED, file)
        other = of_file if place == SIDECAR and _is_there(of_file) and of_file != of_sidecar else None
        tags = {t["field"]: t["tag"] for t in source[EmbeddedMetadata.tags]}
        said.append({"field": name, "place": place, "tag": tags.get(name, ""), "other": _in_words(other)})
    unread = [str(r[EmbeddedMetadata.unread]) for r in (file, sidecar) if r.get(EmbeddedMetadata.unread)]
    row[WrittenMetadata.names_of_people] = _names(file, sidecar)
    return {**row, WrittenMetadata.said: said, WrittenMetadata.unread: "; ".join(unread) or None}


def _names(*places: Row) -> list[str]:
    """Names of persons and of regions, of the file and of the sidecar."""
    names = [str(name) for row in places for name in row.get(WrittenFields.people) or ()]
    names += [str(r["name"]) for row in places for r in row.get(SidecarMetadata.regions) or () if r["name"]]
    return list(dict.fromkeys(names))


def _is_there(value: object) -> bool:
    return value not in (None, "", [])


def by_people(value: Any, name: str, ours: frozenset[str]) -> Any:  # noqa: ANN401 - text, number or list
    """A value without what Proofsheet wrote.

    Args:
        value: of a sidecar.
        name: of its column.
        ours: marks of what Proofsheet wrote there.
    """
    if isinstance(value, list):
        return [v for v in value if mark_of(name, v) not in ours]
    return None if value is not None and mark_of(name, value) in ours else value


def _in_words(value: object) -> str | None:
    if isinstance(value, list):
        return "; ".join(str(v) for v in value)
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def said_of(row: Row) -> list[dict[str, object]]:
    """What a row says for people: field, value in words, place, and what the other place says.

    Args:
        row: of `written_metadata`.
    """
    return [
        {
            "field": said["field"],
            "value": _in_words(row[said["field"]]),
            "place": said["place"],
            "other": said["other"],
        }
        for said in row[WrittenMetadata.said]
    ]
