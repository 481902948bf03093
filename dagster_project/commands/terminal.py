"""Output to a terminal: names and texts of others, shown as they are and never obeyed.

Holds `harmless`, `TerminalConsole` and `row_of`.
Add here: a sign that a terminal would obey.
Keep out: what commands say; JSON and CSV, which hold every sign.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from typing import Any

from rich.console import Console

_STANDS_FOR = "␣"
_UNBOUND = 1 << 24  # columns of a file or pipe: nothing is shortened there


def harmless(text: str, *, keep: str = "") -> str:
    """A text without signs that move the cursor, colour or turn round what follows.

    Args:
        text: of a file, a table or a server.
        keep: signs that stay, such as the line breaks of a message.
    """
    if text.isprintable():
        return text
    return "".join(c if c in keep or _is_seen(c) else _STANDS_FOR for c in text)


def row_of(values: Iterable[object]) -> list[str]:
    """Cells of a table; nothing is shown for None."""
    return ["" if value is None else harmless(str(value)) for value in values]


class TerminalConsole(Console):
    """A console that takes texts literally: no markup, no emoji codes, no control signs."""

    def __init__(self, *, stderr: bool = False) -> None:
        width = None if stderr or sys.stdout.isatty() else _UNBOUND
        super().__init__(
            stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width
        )

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 – as rich declares it
        """Print texts without signs that a terminal obeys."""
        super().print(*(harmless(o) if isinstance(o, str) else o for o in objects), **options)


def _is_seen(sign: str) -> bool:
    return sign.isprintable() or unicodedata.category(sign) == "Zs"
