"""All values of an XMP packet: lists, texts in several languages, and structures.

Holds `XmpPacket`, `branches`, and the limit `MOST_BYTES`.
Add here: another form of a value.
Keep out: namespaces and encodings (xmp.py), and what a property means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from proofsheet.metadata.xmp import RDF, name_of, parsed

MOST_BYTES = 8 << 20
_DEEPEST = 12
_LISTS = (f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class XmpPacket:
    """The properties of a packet.

    Attributes:
        values: property to its texts; of several languages the default one alone.
        elements: property to its element, for structures.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    elements: dict[str, ElementTree.Element] = field(default_factory=dict)

    @classmethod
    def read(cls, packet: bytes) -> XmpPacket:
        """The properties of a packet; none of an empty one.

        Raises:
            ValueError: with the reason in words, if it is too large or cannot be read.
        """
        found = cls()
        if not packet.strip(b"\0 \r\n\t"):
            return found
        if len(packet) > MOST_BYTES:
            raise ValueError(too_large(len(packet)))
        for description in _descriptions(parsed(packet)):
            for tag, value in description.attrib.items():
                found._add(name_of(tag), [value])
            for child in description:
                found._add(name_of(child.tag), texts_of(child))
                found.elements.setdefault(name_of(child.tag), child)
        return found

    def _add(self, name: str, texts: list[str]) -> None:
        if name and any(texts):
            self.values.setdefault(name, texts)

    def parts(self, name: str, part: str) -> Iterator[str]:
        """A field of each structure in a property.

        Args:
            name: of the property.
            part: of the field.
        """
        element = self.elements.get(name)
        for one in () if element is None else items_of(element):
            for structure in (one, *one.findall(f"{RDF}Description")):
                yield from (v for tag, v in structure.attrib.items() if name_of(tag) == part and v)
                yield from (t for c in structure if name_of(c.tag) == part for t in texts_of(c) if t)


def too_large(size: int) -> str:
    """Why a packet of this many bytes is not read."""
    return f"it has {size:,} bytes, the limit is {MOST_BYTES:,}"


def _descriptions(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Those of the packet itself, not of structures in it."""
    for rdf in root.iter(f"{RDF}RDF"):
        yield from rdf.findall(f"{RDF}Description")


def items_of(element: ElementTree.Element) -> list[ElementTree.Element]:
    """The items of a list, else the element itself."""
    lists = [c for c in element if c.tag in _LISTS]
    return list(lists[0].findall(f"{RDF}li")) if lists else [element]


def texts_of(element: ElementTree.Element) -> list[str]:
    """The texts of a property: all of a list, the default language of an alternative."""
    items = items_of(element)
    if any(c.tag == f"{RDF}Alt" for c in element):
        default = [i for i in items if i.get(_LANGUAGE, "").lower() == "x-default"]
        items = (default or items)[:1]
    return [_text_of(item) for item in items]


def _text_of(item: ElementTree.Element) -> str:
    value = item.find(f"{RDF}value")
    if value is None and (inner := item.find(f"{RDF}Description")) is not None:
        value = inner.find(f"{RDF}value")
    return (item if value is None else value).text or item.get(f"{RDF}resource") or ""


def branches(
    element: ElementTree.Element, name: str, below: str, depth: int = 0
) -> Iterator[tuple[str, ...]]:
    """The paths of a tree of structures, from the root to each leaf.

    Args:
        element: a list of structures.
        name: the field with the name of a node.
        below: the field with the list of nodes below it.
        depth: of the list in the tree; deeper ones are not followed.
    """
    for item in items_of(element) if depth < _DEEPEST else ():
        node = item if item.find(f"{RDF}Description") is None else item.find(f"{RDF}Description")
        if node is None:
            continue
        told = [v for tag, v in node.attrib.items() if name_of(tag) == name]
        told += [t for c in node if name_of(c.tag) == name for t in texts_of(c)]
        deeper = [p for c in node if name_of(c.tag) == below for p in branches(c, name, below, depth + 1)]
        for own in told[:1]:
            yield from ((own, *path) for path in deeper or [()])
