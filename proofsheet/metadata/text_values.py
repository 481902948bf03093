"""Values out of other programs' texts.

Holds `spoken`, `whole`, `number`, `ratio` and `json_object`.
Add here: another kind of value.
Keep out: what a value means.
"""

from __future__ import annotations

import json
import math
from typing import Any

Facts = dict[str, object]


def spoken(value: object) -> str | None:
    """A text without spaces around it, or None. A text with lost characters is not valid."""
    text = value.strip("\0 \n\r\t") if isinstance(value, str) else ""
    return text if text and "\ufffd" not in text else None


def whole(value: object, below: int) -> int | None:
    """A whole number from 0 up to a limit, or None."""
    try:
        found = int(value) if not isinstance(value, bool) else -1  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < below and (not isinstance(value, float) or value == found) else None


def number(value: object) -> float | None:
    """A finite number, or None."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e9 and not isinstance(value, bool) else None


def ratio(text: str | None) -> float | None:
    """The number of a text such as "28/10" or "2.8", or None."""
    top, _, bottom = (text or "").partition("/")
    try:
        return number(float(top) / float(bottom or 1))
    except (ValueError, ZeroDivisionError):
        return None


def json_object(text: object) -> dict[str, Any] | None:
    """The object that a text holds, or None."""
    if not isinstance(text, str) or not text.lstrip("\ufeff \n\r\t").startswith("{"):
        return None
    try:
        found = json.loads(text.strip("\ufeff\0 \n\r\t"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
