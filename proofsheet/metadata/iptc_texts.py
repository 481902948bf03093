"""Texts of IPTC-IIM datasets, in the encoding that they have.

Holds `iptc_texts`.
Add here: another dataset that people fill in, or an encoding that its escape names.
Keep out: how files store datasets (imaging/iptc_block.py).

A block may name its encoding (1:90). Many programs write UTF-8 and do not say so: valid UTF-8 is read as
such, everything else as Windows-1252.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Datasets = Mapping[tuple[int, int], Sequence[bytes]]
NAMES: Mapping[int, str] = {
    5: "ObjectName",
    25: "Keywords",
    80: "By-line",
    90: "City",
    92: "Sub-location",
    95: "Province-State",
    101: "Country-PrimaryLocationName",
    105: "Headline",
    116: "CopyrightNotice",
    120: "Caption-Abstract",
}
_CODES = {b"\x1b%G": "utf-8", b"\x1b%/I": "utf-8"} | {
    b"\x1b" + mark + sign: f"iso8859_{part}"
    for mark in (b"-", b".", b"/")
    for sign, part in ((b"A", 1), (b"B", 2), (b"F", 7), (b"G", 6), (b"H", 8), (b"L", 5), (b"M", 9))
}


def iptc_texts(found: Datasets, names: Mapping[int, str] = NAMES) -> dict[str, list[str]]:
    """The texts of the datasets that people fill in, by their names.

    Args:
        found: values by record and number.
        names: number of a dataset to the name that it gets.
    """
    code = next((_CODES.get(raw.strip(b" \0")) for raw in found.get((1, 90), ())), None)
    texts = {name: [_decoded(raw, code) for raw in found.get((2, n), ())] for n, name in names.items()}
    return {name: values for name, values in texts.items() if values}


def _decoded(raw: bytes, code: str | None) -> str:
    for one in (code, "utf-8", "cp1252"):
        try:
            if one is not None:
                return raw.decode(one)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
