"""Names and texts of others in a terminal."""

from __future__ import annotations

import pytest

from dagster_project.commands.common import err, out
from dagster_project.commands.terminal import harmless

NAME = "a:smile:[red]\x1b[31m\nb\u202egpj.x y"
SHOWN = "a:smile:[red]␣[31m␣b␣gpj.x y"


def test_names_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    out().print(NAME)
    err().print(NAME)
    assert list(capsys.readouterr()) == [SHOWN + "\n"] * 2


def test_spaces_and_letters_of_every_script_stay() -> None:
    text = "Zürich\u00a0東京\u3000café"
    assert harmless(text) == text
    assert harmless("a\nb\x1b", keep="\n") == "a\nb␣"
