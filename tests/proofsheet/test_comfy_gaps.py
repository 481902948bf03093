"""ComfyUI graphs with gaps, and graphs that would cost too much: facts that cannot be told are null, the others stay."""

from __future__ import annotations

from typing import Any

import pytest

from proofsheet.library.comfy import read_graphs
from tests.proofsheet.test_comfy import CUSTOM, GUIDERS, graph, node

FLUX = {**graph({}), **CUSTOM, "g": GUIDERS[1][0]}
WHOLE = {
    "prompt": "a red boat",
    "negative_prompt": "fog",
    "seed": 123,
    "model": "sea.safetensors",
    "sampler": "heun",
    "steps": 12,
    "cfg_scale": 4.0,
}
LOST = {
    "noise": {"seed"},
    "sampler": {"sampler"},
    "sigmas": {"steps"},
    "guider": {"prompt", "negative_prompt", "model", "cfg_scale"},
}
UNREADABLE_SWITCH = node("ComfySwitchNode", switch=["gone", 0], on_true=["m", 0], on_false=["m", 0])
GAPS: dict[str, Any] = {"missing": ["gone", 0], "muted": ["", 0], "behind a switch": ["w", 0], "in a circle": ["r", 0]}


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS.keys())
@pytest.mark.parametrize("part", LOST)
def test_a_part_that_cannot_be_followed_costs_its_own_facts_alone(part: str, gap: list[Any]) -> None:
    sampler = {**FLUX["s"], "inputs": {**FLUX["s"]["inputs"], part: gap}}
    found = read_graphs({**FLUX, "s": sampler, "w": UNREADABLE_SWITCH, "r": node("Reroute", **{"": ["r", 0]})}, None)
    assert found == {n: None if n in LOST[part] else v for n, v in WHOLE.items()}


@pytest.mark.parametrize("name", ["seed", "steps", "cfg"])
@pytest.mark.parametrize("gap", [g for k, g in GAPS.items() if k != "missing"])
def test_so_does_a_value_of_a_plain_sampler(name: str, gap: list[Any]) -> None:
    found = read_graphs(graph({"w": UNREADABLE_SWITCH, "r": node("Reroute", **{"": ["r", 0]})}, **{name: gap}), None)
    assert found is not None
    assert {n for n, v in found.items() if v is None} == {"cfg_scale" if name == "cfg" else name}
