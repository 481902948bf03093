"""The graph of ComfyUI's editor in the form in which it runs.

Holds `from_editor`.
Add here: another node that exists in the editor alone.
Keep out: what the graph means (comfyui.py).

Reroutes, primitives, set and get nodes, bypassed nodes and subgraphs do not run: their links are joined.
Muted nodes are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proofsheet.metadata.comfyui_graph import UNNAMED, Graph, Output

_MOST_NODES = 50_000
_DEEPEST, _MOST_SHEETS = 10, 1_000
_MUTED, _BYPASSED = 2, 4
_VIRTUAL = ("Reroute", "PrimitiveNode", "SetNode", "GetNode", "Note", "MarkdownNote")
_HANDING = ("Reroute", "SetNode", "GetNode")
_INWARD, _OUTWARD = -10, -20  # the nodes of a subgraph for its own inputs and outputs
_AFTERWARDS = {
    "fixed",
    "increment",
    "decrement",
    "randomize",
}  # what the editor does with a seed after it was used
# Older graphs do not name the values of a node: the inputs behind them, in order; None is the editor's own.
_VALUES: Mapping[str, Sequence[str | None]] = {
    "KSampler": ("seed", None, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        *(
            "add_noise",
            "noise_seed",
            None,
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "start_at_step",
            "end_at_step",
        ),
        "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", None, "cfg"),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": (
        "width",
        "height",
        "crop_w",
        "crop_h",
        "target_width",
        "target_height",
        "text_g",
        "text_l",
    ),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSD3": ("clip_l", "clip_g", "t5xxl", "empty_padding"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
    "RandomNoise": ("noise_seed", None),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "GLIGENTextBoxApply": ("text",),
    "KSampler (Efficient)": ("seed", None, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "Efficient Loader": (
        *(
            "ckpt_name",
            "vae_name",
            "clip_skip",
            "lora_name",
            "lora_model_strength",
            "lora_clip_strength",
            "positive",
            "negative",
        ),
    ),
}
Raw = Mapping[str, Any]


def from_editor(graph: Raw) -> Graph:
    """The nodes that run, with the names and types of their outputs.

    It is empty if the object is not a graph of the editor.

    Values of nodes that the graph does not name are left out.
    """
    sheet = _Sheet(
        graph, {str(s.get("id")): s for s in _maps((_map(graph.get("definitions"))).get("subgraphs"))}
    )
    nodes, outputs = dict[str, dict[str, Any]](), dict[str, Sequence[Output]]()
    for key, node in sheet.running():
        if len(nodes) > _MOST_NODES:
            break
        nodes[key], outputs[key] = node
    return Graph(nodes, outputs, edited=True)


class _Sheet:
    """One level of the editor's graph: the whole, or a subgraph inside a node of the level above."""

    def __init__(
        self,
        graph: Raw,
        subgraphs: Mapping[str, Raw],
        prefix: str = "",
        above: tuple[_Sheet, Raw] | None = None,
    ) -> None:
        self._subgraphs, self._prefix, self._above, self._graph = subgraphs, prefix, above, graph
        self._nodes = {
            str(n.get("id")): n for n in _maps(graph.get("nodes")) if isinstance(n.get("type"), str)
        }
        self._links = dict(_links(graph.get("links")))
        self._depth: int = above[0]._depth + 1 if above else 0
        self._sheets: list[_Sheet] = above[0]._sheets if above else []
        self._sheets.append(self)
        self._known: dict[int, object] = {}
        self._named = {_first_value(n): n for n in self._nodes.values() if n["type"] == "SetNode"}
        self._inner: dict[str, _Sheet] = {}

    def running(self) -> Iterator[tuple[str, tuple[dict[str, Any], Sequence[Output]]]]:
        """Every node that runs, by the id that it has then."""
        for key, node in self._nodes.items():
            if node.get("mode") in (_MUTED, _BYPASSED) or node["type"] in _VIRTUAL:
                continue
            if inner := self._inside(key):
                yield from inner.running()
                continue
            inputs = dict(_named_values(node))
            for socket in _maps(node.get("inputs")):
                if socket.get("link") is not None and (source := self._source(socket["link"])) is not None:
                    inputs[str(socket.get("name"))] = source
                elif socket.get("link") is not None:
                    inputs[str(socket.get("name"))] = ["", 0]  # a link to what does not run
            outputs = [(str(o.get("name")), str(o.get("type"))) for o in _maps(node.get("outputs"))]
            yield self._prefix + key, ({"class_type": node["type"], "inputs": inputs}, outputs)

    def _inside(self, key: str) -> _Sheet | None:
        definition = self._subgraphs.get(str(self._nodes[key]["type"]))
        if definition is None or self._depth >= _DEEPEST:
            return None
        if key not in self._inner:
            if len(self._sheets) >= _MOST_SHEETS:
                return None
            self._inner[key] = _Sheet(
                definition, self._subgraphs, f"{self._prefix}{key}:", (self, self._nodes[key])
            )
        return self._inner[key]

    def _source(self, link: object) -> object:
        """The origin of a link among the nodes that run.

        It is an id and an output, or the value of a primitive; None without an origin.
        """
        passed, found = list[int](), None
        while isinstance(link, int) and link in self._links:
            if link in self._known:
                found = self._known[link]
                break
            self._known[link] = None  # so that a circle ends
            passed.append(link)
            key, slot = self._links[link]
            node = self._nodes.get(key)
            if node is not None and (further := _handed_on(node, slot, self._named)) is not None:
                link = further
                continue
            found = self._beginning(key, slot)
            break
        self._known.update(dict.fromkeys(passed, found))
        return found

    def _beginning(self, key: str, slot: int) -> object:
        """What an output gives that hands on no other link of its level."""
        if key == str(_INWARD):
            return self._from_above(slot)
        if (
            (node := self._nodes.get(key)) is None
            or node.get("mode") in (_MUTED, _BYPASSED)
            or node["type"] in _HANDING
        ):
            return None
        if node["type"] == "PrimitiveNode":
            return _first_value(node)
        inner = self._inside(key)
        return inner._leaving(slot) if inner else [self._prefix + key, slot]

    def _leaving(self, slot: int) -> object:
        """What leaves a subgraph by an output."""
        outputs = list(_maps(self._graph.get("outputs")))
        links = outputs[slot].get("linkIds") if 0 <= slot < len(outputs) else None
        return self._source(links[0]) if isinstance(links, list) and links else None

    def _from_above(self, slot: int) -> object:
        """What enters a subgraph by an input: a link of the level above, or a value of the node itself."""
        names = [str(i.get("name")) for i in _maps(self._graph.get("inputs"))]
        if self._above is None or not 0 <= slot < len(names):
            return None
        sheet, node = self._above
        socket = next((s for s in _maps(node.get("inputs")) if s.get("name") == names[slot]), {})
        if socket.get("link") is not None:
            return sheet._source(socket["link"])
        return dict(_named_values(node)).get(names[slot])


def _map(value: object) -> Raw:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> Iterator[Raw]:
    yield from (v for v in value if isinstance(v, Mapping)) if isinstance(value, list) else ()


def _links(links: object) -> Iterator[tuple[Any, tuple[str, int]]]:
    """The start of every link by its id; old graphs hold lists, new ones and subgraphs objects."""
    for link in links if isinstance(links, list) else ():
        one = [link.get(n) for n in ("id", "origin_id", "origin_slot")] if isinstance(link, Mapping) else link
        if isinstance(one, list) and len(one) >= 3 and isinstance(one[0], int) and isinstance(one[2], int):
            yield one[0], (str(one[1]), one[2])


def _values_of(node: Raw) -> list[Any]:
    values = node.get("widgets_values")
    return values if isinstance(values, list) else []


def _first_value(node: Raw) -> str | int | float | None:
    return next((v if isinstance(v, str | int | float) else None for v in _values_of(node)), None)


def _first_link(node: Raw) -> object:
    return next((s.get("link") for s in _maps(node.get("inputs"))), None)


def _handed_on(node: Raw, slot: int, named: Mapping[Any, Raw]) -> object:
    """The link that replaces an output of a node that only passes its input on; None for any other node."""
    if node.get("mode") == _MUTED:
        return None
    if node.get("mode") == _BYPASSED:
        return _bypass(node, slot)
    if node["type"] == "GetNode":
        return _first_link(named.get(_first_value(node), {}))
    return _first_link(node) if node["type"] in _HANDING else None


def _bypass(node: Raw, slot: int) -> object:
    """The link that replaces the output of a bypassed node.

    It is the input with the same number or else the first, if of the same type.
    """
    outputs, inputs = list(_maps(node.get("outputs"))), list(_maps(node.get("inputs")))
    wanted = outputs[slot].get("type") if 0 <= slot < len(outputs) else None
    ordered = [*inputs[slot : slot + 1], *inputs]
    return next(
        (s.get("link") for s in ordered if s.get("type") == wanted and s.get("link") is not None), None
    )


def _named_values(node: Raw) -> Iterator[tuple[str, Any]]:
    """Values of a node by the inputs that they belong to, as far as these are known."""
    if isinstance(values := node.get("widgets_values"), Mapping):
        yield from ((str(n), v) for n, v in values.items())
        return
    values = _values_of(node)
    if (known := _VALUES.get(str(node["type"]))) is not None:
        yield from ((n, v) for n, v in zip(known, values, strict=False) if n)
        return
    names = [str(s.get("name")) for s in _maps(node.get("inputs")) if isinstance(s.get("widget"), Mapping)]
    kept = (
        [
            v
            for k, v in enumerate(values)
            if not (isinstance(v, str) and v in _AFTERWARDS and k and isinstance(values[k - 1], int))
        ]
        if names
        else values
    )
    if len(names) == len(kept):
        yield from zip(names, kept, strict=True)
    elif len(values) == 1 and re.search(
        r"text|string|prompt|encode|positive|negative", str(node["type"]), re.IGNORECASE
    ):
        yield "text", values[0]
    elif any(isinstance(v, str) for v in values):
        yield UNNAMED, values
