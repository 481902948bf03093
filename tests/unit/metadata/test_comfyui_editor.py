"""The graph of ComfyUI's editor, where a file holds no other."""

from __future__ import annotations

import time
from typing import Any

import pytest

from proofsheet.metadata.comfyui import read_graphs
from proofsheet.metadata.comfyui_editor import from_editor

Raw = dict[str, Any]


def node(
    key: int, kind: str, values: Any = None, ins: dict[str, int] | None = None, outs: str = "", **more: Any
) -> Raw:
    """A node; inputs by name with the number of their link, outputs by their types."""
    kinds = {
        "samples": "LATENT",
        "latent_image": "LATENT",
        "images": "IMAGE",
        "model": "MODEL",
        "text": "STRING",
    }
    sockets = [
        {"name": n, "link": link, "type": kinds.get(n, "CONDITIONING")} for n, link in (ins or {}).items()
    ]
    return {
        "id": key,
        "type": kind,
        "widgets_values": values,
        "inputs": sockets,
        "outputs": [{"name": o, "type": o} for o in outs.split()],
        **more,
    }


def sheet(*more: Raw, links: list[list[Any]] = [], positive: int = 4) -> Raw:  # noqa: B006
    """A plain sheet of a sampler whose positive input is a given link."""
    plain = [
        node(1, "SaveImage", ["x"], {"images": 1}),
        node(2, "VAEDecode", None, {"samples": 2}, "IMAGE"),
        node(
            3,
            "KSampler",
            [5, "fixed", 15, 8.0, "ddim", "normal", 1.0],
            {"model": 3, "positive": positive, "negative": 5},
            "LATENT",
        ),
        node(4, "CheckpointLoaderSimple", ["sea.ckpt"], None, "MODEL CLIP VAE"),
        node(5, "CLIPTextEncode", ["a hill"], None, "CONDITIONING"),
        node(6, "CLIPTextEncode", ["people"], None, "CONDITIONING"),
    ]
    own = [[1, 2, 0, 1, 0], [2, 3, 0, 2, 0], [3, 4, 0, 3, 0], [4, 5, 0, 3, 1], [5, 6, 0, 3, 2]]
    return {"nodes": [*plain, *more], "links": own + links}


def told(raw: Raw) -> tuple[Any, ...]:
    found = read_graphs(None, raw)
    assert found is not None
    return tuple(found[n] for n in ("prompt", "negative_prompt", "seed", "model", "steps"))


PLAIN = ("a hill", "people", 5, "sea.ckpt", 15)


def test_plain() -> None:
    assert told(sheet()) == PLAIN


def test_reroutes_and_bypassed_nodes_hand_on() -> None:
    more = [
        node(7, "Reroute", None, {"": 10}, "*"),
        node(8, "ControlNetApply", [1.0], {"conditioning": 11}, "CONDITIONING", mode=4),
    ]
    assert (
        told(sheet(*more, links=[[10, 5, 0, 7, 0], [11, 7, 0, 8, 0], [12, 8, 0, 3, 1]], positive=12)) == PLAIN
    )


def test_set_and_get_nodes_hand_on() -> None:
    more = [node(7, "SetNode", ["words"], {"c": 10}, "*"), node(8, "GetNode", ["words"], None, "*")]
    assert told(sheet(*more, links=[[10, 5, 0, 7, 0], [11, 8, 0, 3, 1]], positive=11)) == PLAIN


def test_primitives_give_their_value() -> None:
    more = [
        node(7, "PrimitiveNode", ["a lake", "fixed"], None, "STRING"),
        node(8, "CLIPTextEncode", ["old"], {"text": 10}, "CONDITIONING"),
    ]
    assert told(sheet(*more, links=[[10, 7, 0, 8, 0], [11, 8, 0, 3, 1]], positive=11)) == (
        "a lake",
        *PLAIN[1:],
    )


def test_a_muted_or_unknown_source_is_null() -> None:
    muted = node(7, "CLIPTextEncode", ["x"], None, "CONDITIONING", mode=2)
    assert told(sheet(muted, links=[[10, 7, 0, 3, 1]], positive=10)) == (None, *PLAIN[1:])
    unknown = node(7, "StrangeEncoder", ["some words here", "more words"], None, "CONDITIONING")
    assert told(sheet(unknown, links=[[10, 7, 0, 3, 1]], positive=10)) == (None, *PLAIN[1:])


def test_values_that_the_editor_names() -> None:
    fields = [
        {"name": n, "type": t, "widget": {"name": n}, "link": None}
        for n, t in (("mode", "COMBO"), ("text", "STRING"))
    ]
    named = {**node(7, "SomeTextEncode", ["fast", "a river"], None, "CONDITIONING"), "inputs": fields}
    assert told(sheet(named, links=[[10, 7, 0, 3, 1]], positive=10)) == ("a river", *PLAIN[1:])


def test_subgraphs_are_entered() -> None:
    inner = {
        "id": "abc-def",
        "nodes": [node(1, "CLIPTextEncode", ["old"], {"text": 1}, "CONDITIONING")],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0},
            {"id": 2, "origin_id": 1, "origin_slot": 0, "target_id": -20},
        ],
        "inputs": [{"name": "words", "linkIds": [1]}],
        "outputs": [{"name": "c", "linkIds": [2]}],
    }
    field = [{"name": "words", "type": "STRING", "widget": {"name": "words"}, "link": None}]
    outer = {**node(7, "abc-def", ["a coast"], None, "CONDITIONING"), "inputs": field}
    raw = sheet(outer, links=[[10, 7, 0, 3, 1]], positive=10) | {"definitions": {"subgraphs": [inner]}}
    assert told(raw) == ("a coast", *PLAIN[1:])
    assert "7:1" in from_editor(raw).nodes


@pytest.mark.parametrize(
    "words",
    [
        "a {red|blue} boat",
        "a {red} boat",
        "a __color__ boat",
        "a boat // a draft",
        "a /* red */ boat",
        "a {{red|blue}|green} boat",
    ],
)
def test_a_template_of_the_editor_is_no_prompt(words: str) -> None:
    encoder = node(7, "CLIPTextEncode", [words], None, "CONDITIONING")
    raw = sheet(encoder, links=[[10, 7, 0, 3, 1]], positive=10)
    assert told(raw) == (None, *PLAIN[1:])
    ran = {
        "1": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
        "3": {
            "class_type": "KSampler",
            "inputs": {"seed": 5, "steps": 15, "positive": ["7", 0], "negative": ["7", 0]},
        },
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": words}},
    }
    found = read_graphs(ran, raw)
    assert found is not None
    assert found["prompt"] == words  # so it ran, whatever it looks like


def test_a_long_chain_of_reroutes_is_followed_once() -> None:
    length = 4_000
    chain = [node(100 + k, "Reroute", None, {"": 101 + k}, "*") for k in range(length)]
    links = [[100 + k, 100 + k, 0, 99 + k, 0] for k in range(1, length)] + [
        [100 + length, 5, 0, 99 + length, 0]
    ]
    users = [node(10_000 + k, "CLIPTextEncode", ["x"], {"text": 20_000 + k}) for k in range(length)]
    links += [[20_000 + k, 100, 0, 10_000 + k, 0] for k in range(length)]
    started = time.perf_counter()
    raw = sheet(*chain, *users, links=[*links, [10, 100, 0, 3, 1]], positive=10)
    assert told(raw) == PLAIN
    assert time.perf_counter() - started < 5


def test_subgraphs_that_lead_into_themselves_or_multiply_end() -> None:
    through = {"id": "t", "nodes": [], "links": [{"id": 1, "origin_id": -10, "origin_slot": 0}]}
    through |= {"inputs": [{"name": "c", "linkIds": [1]}], "outputs": [{"name": "c", "linkIds": [1]}]}
    raw = sheet(node(7, "t", None, {"c": 11}), links=[[11, 7, 0, 7, 0], [10, 7, 0, 3, 1]], positive=10)
    assert told(raw | {"definitions": {"subgraphs": [through]}}) == (None, *PLAIN[1:])
    levels = [
        {"id": f"l{k}", "nodes": [node(n, f"l{k + 1}") for n in range(10)], "links": []} for k in range(12)
    ]
    started = time.perf_counter()
    assert told(sheet(node(7, "l0")) | {"definitions": {"subgraphs": levels}}) == PLAIN
    assert time.perf_counter() - started < 5


def test_subgraphs_in_circles_and_broken_sheets_end() -> None:
    circle = {"id": "c", "nodes": [node(1, "c")], "links": [], "inputs": [], "outputs": [{"linkIds": [1]}]}
    raw = sheet(node(7, "c"), links=[[10, 7, 0, 3, 1]], positive=10) | {
        "definitions": {"subgraphs": [circle]}
    }
    assert told(raw) == (None, *PLAIN[1:])
    for broken in (
        {"nodes": 3},
        {"nodes": [{"type": "KSampler", "inputs": 5, "mode": []}], "links": [[{}], 4]},
        {"definitions": []},
    ):
        assert read_graphs(None, broken) is None or told(broken)[0] is None
