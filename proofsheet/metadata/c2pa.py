"""C2PA: what the manifest of a picture says of its origin. Signatures are not checked.

Holds `read_manifest`.
Add here: another assertion that names an origin.
Keep out: the place of the manifest in the file (proofsheet/imaging/metadata_blocks.py).

A manifest store is a tree of boxes (JUMBF, ISO 19566-5); claims and assertions are maps in CBOR (RFC 8949).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DEEPEST = 24
_MOST_ITEMS = 100_000


@dataclass(frozen=True)
class Origin:
    """What a manifest says.

    Attributes:
        source_type: last part of the IPTC digital source type, such as "trainedAlgorithmicMedia"; None if it
            names none.
        made_by: names of the programs: of the creating action, then of the claim.
    """

    source_type: str | None
    made_by: tuple[str, ...]


def read_manifest(store: bytes) -> Origin:
    """The origin by the active manifest, or by its only ingredient if it gives no origin itself."""
    try:
        manifests = [(label, body) for _, label, body in _boxes(store, 0) if label]
        told = [_origin(body) for _, body in manifests]
    except (ValueError, IndexError, struct.error, RecursionError, UnicodeDecodeError):
        return Origin(None, ())
    if not told:
        return Origin(None, ())
    active, others = told[-1], told[:-1]
    if active.source_type is None and len(others) == 1:
        return Origin(others[0].source_type, others[0].made_by + active.made_by)
    return active


def _boxes(data: bytes, depth: int) -> Iterator[tuple[bytes, str, bytes]]:
    """Type, label and content of the boxes; the store itself is entered."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, place + 8)[0], 16
        length = length or len(data) - place
        if length < head or place + length > len(data):
            raise ValueError(f"a box of {length} bytes at {place}")
        body = data[place + head : place + length]
        place += length
        if kind != b"jumb":
            yield kind, "", body
            continue
        described = struct.unpack_from(">I", body)[0]
        label = body[8 + 17 : described].split(b"\0")[0].decode()
        if label == "c2pa" and depth == 0:
            yield from _boxes(body[described:], 1)
        else:
            yield kind, label, body[described:]


def _origin(manifest: bytes) -> Origin:
    source_type, made_by = None, list[str]()
    claimed = list[str]()
    for _, label, body in _boxes(manifest, 1):
        if label.startswith("c2pa.assertions"):
            for _, name, assertion in _boxes(body, 1):
                if name.startswith("c2pa.actions"):
                    for action in _actions(_content(assertion)):
                        source_type = source_type or _last(action.get("digitalSourceType"))
                        made_by += _names(action.get("softwareAgent"))
        elif label.startswith("c2pa.claim"):
            claim = _content(body)
            claimed += _names(claim.get("claim_generator_info")) + _names(claim.get("claim_generator"))
    return Origin(source_type, tuple(made_by + claimed))


def _content(body: bytes) -> Mapping[str, Any]:
    for kind, _, data in _boxes(body, 1):
        if kind == b"cbor":
            found = _Cbor(data).item(0)
            return found if isinstance(found, Mapping) else {}
    return {}


def _actions(assertion: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    actions = assertion.get("actions")
    return [a for a in actions if isinstance(a, Mapping)] if isinstance(actions, list) else []


def _last(uri: object) -> str | None:
    name = uri.rstrip("/").rpartition("/")[2] if isinstance(uri, str) else ""
    return name if name.isalpha() else None


def _names(value: object) -> list[str]:
    parts: Sequence[object] = value if isinstance(value, list) else [value]
    found = [p.get("name") if isinstance(p, Mapping) else p for p in parts]
    return [f for f in found if isinstance(f, str) and f]


class _Cbor:
    """Reads one CBOR item after the other; tags are skipped."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place, self._items = data, 0, 0

    def item(self, depth: int) -> Any:  # noqa: ANN401 - any value
        self._items += 1
        if depth > _DEEPEST or self._items > _MOST_ITEMS:
            raise ValueError("CBOR is too deep or too long")
        first = self._take(1)[0]
        major, small = first >> 5, first & 31
        if major == 7:
            return self._simple(small)
        count = None if small == 31 else self._count(small)
        if major in {0, 1}:
            return (count or 0) if major == 0 else -1 - (count or 0)
        if major in {2, 3}:
            raw = (
                self._take(count)
                if count is not None
                else b"".join(self._bytes(p) for p in self._until_break(depth))
            )
            return raw.decode("utf-8", "replace") if major == 3 else raw
        if major == 4:
            return list(self._items_of(count, depth))
        if major == 5:
            flat = list(self._items_of(None if count is None else 2 * count, depth))
            return {k: v for k, v in zip(flat[::2], flat[1::2], strict=False) if isinstance(k, str | int)}
        return self.item(depth + 1)

    def _take(self, count: int) -> bytes:
        part = self._data[self._place : self._place + count]
        if len(part) != count:
            raise ValueError("CBOR ends early")
        self._place += count
        return part

    def _count(self, small: int) -> int:
        return small if small < 24 else int.from_bytes(self._take(1 << (small - 24)), "big")

    def _simple(self, small: int) -> Any:  # noqa: ANN401 - any value
        if small in {24, 25, 26, 27}:
            raw = self._take(1 << (small - 24))
            return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[small], raw)[0] if small > 24 else None
        return {20: False, 21: True}.get(small)

    def _items_of(self, count: int | None, depth: int) -> Iterator[Any]:
        if count is None:
            yield from self._until_break(depth)
        else:
            for _ in range(count):
                yield self.item(depth + 1)

    def _until_break(self, depth: int) -> Iterator[Any]:
        while self._data[self._place : self._place + 1] != b"\xff":
            yield self.item(depth + 1)
        self._place += 1

    @staticmethod
    def _bytes(part: object) -> bytes:
        if isinstance(part, str):
            return part.encode()
        if isinstance(part, bytes):
            return part
        return b""
