"""Words of commands that people copy into a shell.

Holds `as_word`.
Add here: what a shell needs so that a shown command works as it is.
Keep out: the commands, which are written where they are the next step.
"""

from __future__ import annotations

import shlex


def as_word(name: str) -> str:
    """A name as one word of a shell: in quotes if it has spaces or other signs."""
    return shlex.quote(name)
