"""ComfyUI graphs with gaps, and graphs that would cost too much.

Facts that cannot be told are null, the others stay.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from proofsheet.metadata.comfyui import read_graphs
from tests.unit.metadata.test_comfyui import CUSTOM, GUIDERS, Nodes, graph, node

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
GAPS: dict[str, Any] = {
    "missing": ["gone", 0],
    "muted": ["", 0],
    "behind a switch": ["w", 0],
    "in a circle": ["r", 0],
}


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS.keys())
@pytest.mark.parametrize("part", LOST)
def test_a_part_that_cannot_be_followed_costs_its_own_facts_alone(part: str, gap: list[Any]) -> None:
    sampler = {**FLUX["s"], "inputs": {**FLUX["s"]["inputs"], part: gap}}
    found = read_graphs(
        {**FLUX, "s": sampler, "w": UNREADABLE_SWITCH, "r": node("Reroute", **{"": ["r", 0]})}, None
    )
    assert found == {n: None if n in LOST[part] else v for n, v in WHOLE.items()}


@pytest.mark.parametrize("name", ["seed", "steps", "cfg"])
@pytest.mark.parametrize("gap", [g for k, g in GAPS.items() if k != "missing"])
def test_so_does_a_value_of_a_plain_sampler(name: str, gap: list[Any]) -> None:
    found = read_graphs(
        graph({"w": UNREADABLE_SWITCH, "r": node("Reroute", **{"": ["r", 0]})}, **{name: gap}), None
    )
    assert found is not None
    assert {n for n, v in found.items() if v is None} == {"cfg_scale" if name == "cfg" else name}


def bomb(kind: str, ends: list[str], inputs: dict[str, str], rounds: int) -> Nodes:
    """A chain of nodes, each of which takes the two before it, or the one before it twice."""
    ids = [f"a{k}" for k in range(len(ends))]
    nodes = {key: node("PrimitiveString", value=end) for key, end in zip(ids, ends, strict=True)}
    for k in range(rounds):
        nodes[f"b{k}"] = node(
            kind, **{n: [ids[-1] if way == "last" else ids[-2], 0] for n, way in inputs.items()}
        )
        ids.append(f"b{k}")
    return nodes


BOMBS = {
    "joined with itself": bomb("StringConcatenate", ["x"], {"string_a": "last", "string_b": "last"}, 45),
    "joined with the one before": bomb(
        "StringConcatenate", ["x", "y"], {"string_a": "last", "string_b": "before"}, 45
    ),
    "replaced by itself": {
        "b0": node("PrimitiveString", value="xx"),
        **{
            f"b{k + 1}": node("StringReplace", string=[f"b{k}", 0], find="x", replace=[f"b{k}", 0])
            for k in range(44)
        },
    },
    "nothing replaced": {
        "b0": node("PrimitiveString", value="x" * 1_000),
        **{
            f"b{k + 1}": node("StringReplace", string=[f"b{k}", 0], find="", replace=[f"b{k}", 0])
            for k in range(44)
        },
    },
    "in a circle": {"b44": node("StringConcatenate", string_a=["b44", 0], string_b=["b44", 0])},
}


@pytest.mark.parametrize("nodes", BOMBS.values(), ids=BOMBS.keys())
def test_texts_that_would_grow_without_end_are_null_and_cost_nothing(nodes: Nodes) -> None:
    started = time.perf_counter()
    found = read_graphs(graph({**nodes, "p": node("CLIPTextEncode", text=["b44", 0], clip=["m", 1])}), None)
    assert found is not None
    assert (found["prompt"], found["negative_prompt"], found["seed"]) == (None, "fog", 7)
    assert time.perf_counter() - started < 3


def test_a_short_text_that_many_nodes_share_is_read_once() -> None:
    nodes = bomb("StringConcatenate", [""], {"string_a": "last", "string_b": "last"}, 50)
    nodes["j"] = node("StringConcatenate", string_a=["b49", 0], string_b="a red boat")
    found = read_graphs(graph({**nodes, "p": node("CLIPTextEncode", text=["j", 0], clip=["m", 1])}), None)
    assert found == dict.fromkeys(WHOLE) | {
        **WHOLE,
        "seed": 7,
        "sampler": "euler",
        "steps": 20,
        "cfg_scale": 6.5,
    }


def test_conditionings_that_would_grow_without_end_are_null() -> None:
    words = {f"w{k}": node("CLIPTextEncode", text=str(k), clip=["m", 1]) for k in range(2)}
    for k in range(2, 50):
        words[f"w{k}"] = node(
            "ConditioningCombine", conditioning_1=[f"w{k - 1}", 0], conditioning_2=[f"w{k - 2}", 0]
        )
    found = read_graphs(graph(words, positive=["w49", 0]), None)
    assert found is not None
    assert (found["prompt"], found["negative_prompt"]) == (None, "fog")


def test_more_samplers_of_one_picture_than_anybody_has_are_not_compared() -> None:
    many = {f"t{k}": {**graph({})["s"]} for k in range(3_000)}
    chain = {f"c{k}": node("LoraLoader", model=[f"c{k + 1}", 0]) for k in range(3_000)} | {
        "c3000": graph({})["m"]
    }
    for one in many.values():
        one["inputs"] = {**one["inputs"], "model": ["c0", 0]}
    joined = node("ImageBatchMulti", **{f"image_{k}": [f"t{k}", 0] for k in range(3_000)})
    started = time.perf_counter()
    found = read_graphs(graph({**many, **chain, "d": joined}), None)
    assert found == dict.fromkeys(WHOLE)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "between", [{}, {"u": node("ImageUpscaleWithModel", image=["l", 0], upscale_model=["gone", 0])}]
)
def test_a_picture_that_was_loaded_is_not_of_the_sampler_beside_it(between: Nodes) -> None:
    saved = node("SaveImage", images=["u" if between else "l", 0])
    assert (
        read_graphs({**graph({}), "l": node("LoadImage", image="x.png"), **between, "out": saved}, None)
        is None
    )
