"""ComfyUI: a picture's facts are a graph of nodes; walk it back from the saved picture.

Holds `read_graph`.
Add here: how another node hands on prompt, model or seed.
Keep out: other programs (generated.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.library import GenerationFact

Node = Mapping[str, Any]
_DEEPEST = 200
_TEXTS = ("text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "string", "value", "positive_prompt")
_MODELS = ("ckpt_name", "unet_name", "model_name", "gguf_name", "diffusion_model_name")
_NOT_WORDS = {"clip", "model", "vae", "image", "control_net"}
_SEEDS = ("seed", "noise_seed", "value")
# For graphs of the editor: the inputs behind the values of the usual nodes, in order; None is the editor's own.
_WIDGETS: Mapping[str, Sequence[str | None]] = {
    "KSampler": ("seed", None, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("add_noise", "noise_seed", None, "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "RandomNoise": ("noise_seed",),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps"),
    "PrimitiveNode": ("value",),
}


def read_graph(graph: Mapping[str, Any]) -> dict[str, object] | None:
    """Facts of the sampler that the saved picture comes from, or None if there is none.

    Args:
        graph: of the program's interface (nodes by id with `class_type` and `inputs`) or of its editor (`nodes` and `links`).
    """
    nodes = _from_editor(graph) if isinstance(graph.get("nodes"), list) else _plain(graph)
    sampler = _sampler(nodes)
    if sampler is None:
        return None
    inputs = _inputs(nodes[sampler])
    positive = inputs.get("positive", _linked_input(nodes, inputs.get("guider"), ("positive", "conditioning")))
    negative = inputs.get("negative", _linked_input(nodes, inputs.get("guider"), ("negative",)))
    return {
        GenerationFact.prompt: _joined(nodes, positive),
        GenerationFact.negative_prompt: _joined(nodes, negative),
        GenerationFact.seed: _whole(_first(nodes, [inputs.get("seed"), inputs.get("noise_seed"), inputs.get("noise")], _SEEDS)),
        GenerationFact.model: _text(_first(nodes, [inputs.get("model"), inputs.get("guider")], _MODELS)),
        GenerationFact.sampler: _text(_first(nodes, [inputs.get("sampler_name"), inputs.get("sampler")], ("sampler_name",))),
        GenerationFact.steps: _whole(_first(nodes, [inputs.get("steps"), inputs.get("sigmas")], ("steps", "value"))),
        GenerationFact.cfg_scale: _number(_first(nodes, [inputs.get("cfg"), inputs.get("guider")], ("cfg", "value"))),
    }


def _plain(graph: Mapping[str, Any]) -> dict[str, Node]:
    return {str(k): n for k, n in graph.items() if isinstance(n, Mapping) and isinstance(n.get("class_type"), str)}


def _from_editor(graph: Mapping[str, Any]) -> dict[str, Node]:
    """The editor's graph in the form of the interface."""
    sources = {link[0]: [str(link[1]), link[2]] for link in graph.get("links") or () if isinstance(link, list) and len(link) >= 3}
    found: dict[str, Node] = {}
    for node in graph["nodes"]:
        if not isinstance(node, Mapping) or not isinstance(kind := node.get("type"), str):
            continue
        values = node.get("widgets_values")
        named = zip(_WIDGETS.get(kind, ()), values if isinstance(values, list) else (), strict=False)
        inputs: dict[str, Any] = {name: value for name, value in named if name}
        for socket in node.get("inputs") or ():
            if isinstance(socket, Mapping) and socket.get("link") in sources:
                inputs[str(socket.get("name"))] = sources[socket["link"]]
        found[str(node.get("id"))] = {"class_type": kind, "inputs": inputs}
    return found


def _inputs(node: Node) -> Mapping[str, Any]:
    found = node.get("inputs")
    return found if isinstance(found, Mapping) else {}


def _is_sampler(node: Node) -> bool:
    names = set(_inputs(node))
    return "positive" in names or {"guider", "noise"} <= names


def _sampler(nodes: Mapping[str, Node]) -> str | None:
    """The sampler nearest to a node that saves or shows the picture; else any."""
    ends = [k for k, n in nodes.items() if any(word in n["class_type"] for word in ("SaveImage", "PreviewImage", "Image Save"))]
    for end in ends:
        for key in _upstream(nodes, end):
            if _is_sampler(nodes[key]) and "Sampler" in nodes[key]["class_type"]:
                return key
    samplers = [k for k, n in nodes.items() if "Sampler" in n["class_type"] and _is_sampler(n)]
    return samplers[0] if samplers else None


def _link(nodes: Mapping[str, Node], value: object) -> str | None:
    """The node that a value comes from, if it is a link."""
    if isinstance(value, list) and len(value) == 2 and str(value[0]) in nodes:
        return str(value[0])
    return None


def _upstream(nodes: Mapping[str, Node], start: str) -> Iterator[str]:
    """The node and everything before it, nearest first; a circle ends."""
    waiting, seen = [start], {start}
    while waiting and len(seen) <= _DEEPEST * 50:
        key = waiting.pop(0)
        yield key
        for value in _inputs(nodes[key]).values():
            if (source := _link(nodes, value)) and source not in seen:
                seen.add(source)
                waiting.append(source)


def _linked_input(nodes: Mapping[str, Node], value: object, names: Sequence[str]) -> object:
    if (key := _link(nodes, value)) is None:
        return None
    return next((_inputs(nodes[key])[n] for n in names if n in _inputs(nodes[key])), None)


def _first(nodes: Mapping[str, Node], values: Sequence[object], names: Sequence[str]) -> object:
    """The first of the values that is one, or what stands under one of the names in a node before it."""
    for value in values:
        if value is None:
            continue
        if (key := _link(nodes, value)) is None:
            return value
        for near in _upstream(nodes, key):
            inputs = _inputs(nodes[near])
            for name in names:
                if name in inputs and _link(nodes, inputs[name]) is None and not isinstance(inputs[name], list | dict):
                    return inputs[name]
    return None


def _joined(nodes: Mapping[str, Node], value: object) -> str | None:
    """Every text on the way of a conditioning, each once; where two conditionings pass through one node, only its own."""
    if isinstance(value, str):
        return value.strip() or None
    found: list[str] = []
    waiting, seen = [value], set[str]()
    while waiting and len(seen) < _DEEPEST:
        link = waiting.pop(0)
        if (key := _link(nodes, link)) is None or key in seen:
            continue
        seen.add(key)
        inputs = dict(_inputs(nodes[key]))
        if {"positive", "negative"} <= set(inputs):
            inputs.pop("negative" if isinstance(link, list) and link[1] == 0 else "positive")
        for name in _TEXTS:
            text = inputs.get(name)
            if isinstance(text, str) and text.strip() and text.strip() not in found:
                found.append(text.strip())
        waiting += [v for name, v in inputs.items() if name not in _NOT_WORDS]
    return "\n".join(found) or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 else None
