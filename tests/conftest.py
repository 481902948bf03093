"""Fixtures of all tests.

Holds `figure`, which notes the figures that docs/reliability.md is made of, and the order of tests.
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first: where two run at once, none of them is left for the end."""
    items.sort(key=lambda item: item.path.parent.name != "reliability")
