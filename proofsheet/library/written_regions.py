"""Which of the regions that people marked count, upright and each once.

Holds `region_rows`, and `said_elsewhere`, all that people wrote with other programs, for people.
Add here: another place in which programs keep regions.
Keep out: reading XMP (metadata/written_regions.py), and what networks find (imaging/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from proofsheet.imaging.scaling import upright_box
from proofsheet.library.written_metadata import said_of
from proofsheet.storage.workspace import Project
from schemas.library import ExifFact
from schemas.vision import ImageQuality
from schemas.written import (
    EDGES,
    EMBEDDED,
    SIDECAR,
    EmbeddedMetadata,
    SidecarMetadata,
    WrittenMetadata,
    WrittenRegion,
)

Row = Mapping[str, Any]
_SAME = 0.5  # intersection over union from which two boxes are one region
_ALIKE = 0.02  # relative difference of two aspects that are the same but for rounding


def region_rows(
    project: str, embedded: pl.DataFrame, sidecars: pl.DataFrame, exif: pl.DataFrame, quality: pl.DataFrame
) -> pl.DataFrame:
    """The rows of `regions`.

    Args:
        project: its key.
        embedded: rows of `embedded_metadata`.
        sidecars: rows of `sidecar_metadata`; where one has regions, those of the file do not count.
        exif: rows of `exif_facts`, for the orientations.
        quality: rows of `image_quality`, for the sizes of upright pictures.
    """
    turned = dict(exif.select(ExifFact.photo_id, ExifFact.orientation).drop_nulls().iter_rows())
    sizes = quality.select(ImageQuality.photo_id, ImageQuality.width_px, ImageQuality.height_px)
    aspects = {photo: width / height for photo, width, height in sizes.iter_rows()}
    said = {
        photo: (place, regions)
        for place, table in ((EMBEDDED, embedded), (SIDECAR, sidecars))
        for photo, regions in table.select(EmbeddedMetadata.photo_id, SidecarMetadata.regions).iter_rows()
        if regions
    }
    named = [
        {
            WrittenRegion.project: project,
            WrittenRegion.photo_id: photo,
            WrittenRegion.number: number,
            WrittenRegion.place: place,
            **region,
        }
        for photo, (place, regions) in sorted(said.items())
        for number, region in enumerate(
            _each_once(_upright(r, turned.get(photo, 1), aspects.get(photo)) for r in regions), start=1
        )
    ]
    return WrittenRegion.frame(named)


def _upright(region: Row, orientation: int, aspect: float | None) -> dict[str, object]:
    """A region of the upright picture.

    Programs that turn the pixels and leave the orientation in its tag mark regions in the turned picture: the
    aspect of what they marked is that of the upright picture then.
    """
    box = tuple(float(region[edge]) for edge in EDGES)
    marked = region["aspect"]
    was_turned = orientation >= 5 and marked is not None and aspect is not None and _alike(marked, aspect)
    if not region["upright"] and not was_turned:
        box = upright_box(box, orientation)
    told = {name: region[name] for name in ("kind", "description", "tag")}
    told[WrittenRegion.region_name] = region["name"]
    return {**told, **dict(zip(EDGES, box, strict=True))}


def _alike(one: float, two: float) -> bool:
    return abs(one / two - 1) < _ALIKE


def _each_once(regions: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Without those that are there already; one with a name counts more than one without.

    Regions of unlike kinds, or with other names, are others.
    """
    found: list[dict[str, object]] = []
    for region in sorted(regions, key=lambda r: r[WrittenRegion.region_name] is None):
        if not any(_is_same(region, other) for other in found):
            found.append(region)
    return found


def _is_same(region: Row, other: Row) -> bool:
    name = region[WrittenRegion.region_name]
    if region[WrittenRegion.kind] != other[WrittenRegion.kind]:
        return False
    if name not in (None, other[WrittenRegion.region_name]):
        return False
    one, two = ([r[edge] for edge in EDGES] for r in (region, other))
    width, height = min(one[2], two[2]) - max(one[0], two[0]), min(one[3], two[3]) - max(one[1], two[1])
    shared = max(0.0, width) * max(0.0, height)
    whole = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, two)) - shared
    return bool(shared > _SAME * whole)


def people_said(regions: pl.DataFrame) -> dict[str, list[dict[str, object]]]:
    """Photo to the names on its regions, as one more entry of what `said_of` says.

    Args:
        regions: rows of `regions`.
    """
    named = regions.drop_nulls(WrittenRegion.region_name).sort(WrittenRegion.photo_id, WrittenRegion.number)
    grouped = named.group_by(WrittenRegion.photo_id, maintain_order=True).agg(
        pl.col(WrittenRegion.region_name).unique(maintain_order=True).str.join("; "),
        pl.col(WrittenRegion.place).first(),
    )
    return {
        photo: [{"field": "people", "value": names, "place": place, "other": None}]
        for photo, names, place in grouped.iter_rows()
    }


def said_elsewhere(project: Project) -> dict[str, list[dict[str, object]]]:
    """Photo to everything that people wrote about it with other programs, for people."""
    said = people_said(project.store.read(WrittenRegion))
    for row in project.store.read(WrittenMetadata).to_dicts():
        photo = row[WrittenMetadata.photo_id]
        said[photo] = said_of(row) + said.get(photo, [])
    return said
