"""The embedded describer: it writes only what was measured, and says so by its name.

Holds `reply`, `evidence`, `wrote` and the words of the templates.
Add here: another statement from measurements.
Keep out: models that see; they come through client/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proofsheet.storage.code_version import module_version
from schemas.library import ExifFact
from schemas.proof import MetadataRepair
from schemas.replies import CaptionReply, Reply, TagsReply, TitleReply
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
NAME = "embedded describer"
TEMPLATE = "measured-1"
TEMPLATE_WORDS = frozenset(
    [
        "mostly",
        "at",
        "the",
        "on",
        "in",
        "around",
        "and",
        "a",
        "an",
        "picture",
        "with",
        "contrast",
        "colours",
        "focus",
        "detail",
        "clear",
        "fine",
        "throughout",
        "taken",
        "mm",
        "s",
        "iso",
        "f",
    ]
)


def digest() -> str:
    """Hash of this code: another wording is another describer."""
    return module_version(__name__)


def reply(job: str, facts: Row) -> Reply | None:
    """What measurements can say; None where they cannot answer a job.

    Args:
        job: name of the job.
        facts: columns of `image_quality` and `exif_facts`.
    """
    if job not in _REPLIES or ImageQuality.colors not in facts:
        return None
    return _REPLIES[job](facts)


def _caption(facts: Row) -> CaptionReply:
    colors: Sequence[Row] = facts[ImageQuality.colors]
    where = [f"{c['color']} {_PLACES[c['place']]}" for c in colors]
    shares = [f"{c['color']} {_PLACES[c['place']]} ({_percent(c['share'])})" for c in colors]
    look = f"{_contrast(facts)} contrast, {_color_mood(facts)} and {_focus(facts)}"
    opening = f"A {_shape(facts)} picture, {_light(facts)}, with {look}."
    caption = opening + (f" Mostly {_joined(shares)}." if shares else "") + _camera(facts)
    shape = _shape(facts).capitalize()
    alt = f"{shape} picture: {_joined(where)}." if where else f"{shape} picture, {_light(facts)}."
    return CaptionReply(caption=caption, alt_text=alt)


def _title(facts: Row) -> TitleReply:
    where = [f"{c['color']} {_PLACES[c['place']]}" for c in facts[ImageQuality.colors]]
    return TitleReply(title=_upper(_joined(where[:2]) or f"{_light(facts)} {_shape(facts)} picture")[:80])


def _tags(facts: Row) -> TagsReply:
    colors = [str(c["color"]) for c in facts[ImageQuality.colors]]
    return TagsReply(
        tags_normalized=list(dict.fromkeys([*colors, _shape(facts), _light(facts), _color_mood(facts)]))
    )


_REPLIES = {"caption": _caption, "title": _title, "tags_normalize": _tags}
_PLACES = {
    "top": "at the top",
    "bottom": "at the bottom",
    "left": "on the left",
    "right": "on the right",
    "centre": "in the centre",
    "edges": "around the edges",
    "throughout": "throughout",
}


def evidence(facts: Row) -> frozenset[str]:
    """Words about the picture that measurements support, whoever wrote them."""
    named = " ".join(str(c["color"]) for c in facts[ImageQuality.colors])
    return frozenset(f"{named} {_shape(facts)} {_light(facts)} {_color_mood(facts)}".split())


def wrote(row: Row) -> frozenset[str]:
    """The fields of a row of `metadata_repaired` that this describer wrote and nobody changed."""
    by_model = {
        source.removesuffix("=model")
        for source in row[MetadataRepair.sources].split(", ")
        if source.endswith("=model")
    }
    return frozenset(by_model) if row[MetadataRepair.model] == NAME else frozenset()


def _shape(facts: Row) -> str:
    ratio = facts[ImageQuality.width_px] / facts[ImageQuality.height_px]
    if ratio >= 2:
        return "panoramic"
    if ratio > 1.05:
        return "landscape"
    return "square" if ratio >= 1 / 1.05 else "portrait"


def _light(facts: Row) -> str:
    value = facts[ImageQuality.brightness]
    if value < 0.25:
        return "dark"
    if value > 0.65:
        return "bright"
    return "evenly lit"


def _contrast(facts: Row) -> str:
    value = facts[ImageQuality.contrast]
    if value < 0.12:
        return "low"
    if value > 0.27:
        return "strong"
    return "medium"


def _color_mood(facts: Row) -> str:
    value = facts[ImageQuality.colorfulness]
    if value < 0.02:
        return "no colour"
    if value < 0.25:
        return "muted colours"
    return "strong colours"


def _focus(facts: Row) -> str:
    value = facts[ImageQuality.tile_sharpness]
    if value < 1.5:
        return "soft focus"
    if value > 3.2:
        return "fine detail"
    return "clear focus"


def _camera(facts: Row) -> str:
    parts = []
    if facts.get(ExifFact.focal_length_mm):
        parts.append(f"{facts[ExifFact.focal_length_mm]:g} mm")
    if facts.get(ExifFact.f_number):
        parts.append(f"f/{facts[ExifFact.f_number]:g}")
    if seconds := facts.get(ExifFact.exposure_s):
        parts.append(f"1/{round(1 / seconds)} s" if seconds < 0.4 else f"{seconds:g} s")
    if facts.get(ExifFact.iso):
        parts.append(f"ISO {facts[ExifFact.iso]}")
    return f" Taken at {', '.join(parts)}." if parts else ""


def _percent(share: float) -> str:
    return f"{round(share * 20) * 5} %"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
