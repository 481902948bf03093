"""The text of an EXIF user comment, whatever its program made of the standard.

Holds `user_comment`.
Add here: another encoding that programs write.
Keep out: what the text means (a1111.py, keyed_metadata.py).

Eight bytes name the encoding: "ASCII", "UNICODE", "JIS" or none. What follows is often another one, and
UTF-16 comes in either order whatever the order of the file; so the bytes themselves decide.
"""

from __future__ import annotations

import codecs

_CODES = {b"ASCII", b"UNICODE", b"JIS", b""}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_JAPANESE = ("iso2022_jp", "euc_jp", "cp932")


def user_comment(value: object, order: str = "<") -> str | None:
    """The text, or None without a readable one.

    Args:
        value: bytes with the eight of the encoding in front, or what a reader took for a text.
        order: of the file, "<" or ">"; it decides where the bytes do not.
    """
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return _clean(str(value))
    if not isinstance(value, bytes):
        return None
    code = value[:8].rstrip(b"\0 ").upper()
    body = value[8:] if code in _CODES else value
    if not body.strip(b"\0 "):
        return None
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(name, "replace"))
    if code == b"JIS":
        return _first(body, _JAPANESE)
    if _is_wide(body, named=code == b"UNICODE"):
        return _clean(_wide(body, order))
    return _first(body, ("utf-8", "cp932" if b"\x82" in body else "cp1252"))


def _is_wide(body: bytes, *, named: bool) -> bool:
    """Whether two bytes make a character.

    Zeros between letters prove it; without them, valid UTF-8 disproves it.
    """
    text = body.rstrip(b"\0")
    if b"\0" in text:
        return True
    return named and not _is_utf8(text)


def _is_utf8(body: bytes) -> bool:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text)


def _wide(body: bytes, order: str) -> str:
    """UTF-16 in the order in which fewer different upper bytes occur; texts keep to few alphabets."""
    body = body[: len(body) & ~1]
    texts = {"<": body.decode("utf-16-le", "replace"), ">": body.decode("utf-16-be", "replace")}
    strange = {
        o: (sum(c == "\ufffd" or not (c.isprintable() or c.isspace() or c == "\0") for c in t))
        for o, t in texts.items()
    }
    spread = {"<": len(set(body[1::2])), ">": len(set(body[0::2]))}
    other = ">" if order == "<" else "<"
    best = min((order, other), key=lambda o: (strange[o], spread[o]))
    return texts[best]


def _first(body: bytes, names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            return _clean(body.decode(name))
        except UnicodeDecodeError:
            continue
    return _clean(body.decode("utf-8", "replace"))


def _clean(text: str) -> str | None:
    return text.strip("\0 \ufeff\n\r\t") or None
