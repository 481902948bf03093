"""Fixtures of all tests.

Holds `figure`, which notes the figures that docs/reliability.md is made of.
Add here: a fixture that several folders need.
Keep out: builders (kit.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

FIGURES = Path(__file__).parents[1] / "build" / "reliability"


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Note what a test measured: `figure("promise", name=value, …)`."""

    def note(promise: str, **values: float | str) -> None:
        FIGURES.mkdir(parents=True, exist_ok=True)
        record = {"promise": promise, "test": request.node.nodeid, "values": values}
        (FIGURES / f"{request.node.name}.json").write_text(json.dumps(record, indent=2))

    return note
