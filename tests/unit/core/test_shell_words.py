"""Commands to copy: a name is one word of the shell."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from proofsheet.core.shell_words import as_word

_ROOT = Path(__file__).parents[3]
_BARE = re.compile(r"`?proofsheet [a-z][a-z -]*[ /]'?\{(?!as_word)[\w.]*project")


@pytest.mark.parametrize("name", ["Burst real", "it's", "$HOME", "a;b", "sandbox/Burst real"])
def test_a_name_stays_one_word(name: str) -> None:
    assert shlex.split(f"proofsheet run {as_word(name)}") == ["proofsheet", "run", name]


def test_no_shown_command_has_a_bare_project() -> None:
    files = [f for place in ("proofsheet", "dagster_project") for f in (_ROOT / place).rglob("*.py")]
    assert len(files) > 100
    bare = [f"{f.name}: {m[0]}" for f in files for m in _BARE.finditer(f.read_text("utf-8"))]
    assert not bare
