"""How large the longest tests are.

Holds `size`.
Add here: nothing; a test names both of its sizes where it is.
Keep out: tests.

`make reliability` runs them whole and writes docs/reliability.md; `make test-slow` runs the same tests
smaller."""

from __future__ import annotations

import os

WHOLE = os.environ.get("PROOFSHEET_WHOLE_TESTS") == "1"


def size(whole: int, smaller: int) -> int:
    """The size that is wanted now."""
    return whole if WHOLE else smaller
