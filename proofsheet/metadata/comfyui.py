"""ComfyUI: a picture's facts are a graph of nodes; walk it back from the saved picture.

Holds `read_graphs`.
Add here: how a sampler is recognised, and the facts of its inputs.
Keep out: the nodes behind an input (comfyui_graph.py, comfyui_texts.py, comfyui_prompts.py), editor graphs
(comfyui_editor.py).

The source of the sampler's inputs is followed link by link. A value that cannot be followed, or differs
between equal samplers, is null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from proofsheet.metadata.comfyui_editor import from_editor
from proofsheet.metadata.comfyui_graph import Graph, Link, Unfollowed, constant, is_link
from proofsheet.metadata.comfyui_prompts import PIPE, Words
from proofsheet.metadata.comfyui_texts import text
from schemas.library import GenerationFact

Facts = dict[str, object]
Value = TypeVar("Value")
_MOST_SAMPLERS = 50  # of one picture
_POSITIVE = ("positive", "positive_prompt", "conditioning", "cond", "cond1", "text_embeds", "prompt")
_NEGATIVE = ("negative", "negative_prompt", "uncond", "text_embeds")
_AT_WORK = {"seed", "noise_seed", "steps", "cfg", "noise", "sigmas", "sampler", "sampler_name"}
_FED = re.compile(r".*(model|pipe|sampler|tuple)|positive|guider", re.IGNORECASE)
_WEIGHTS = re.compile(r".+\.(safetensors|sft|ckpt|gguf|pt|pth|bin)", re.IGNORECASE)
_MODELS = re.compile(
    r"(ckpt|unet|model|gguf|diffusion|base_ckpt|transformer)(_(name|path|model_name))?|model_file"
)
_LOADED = re.compile(r".*load.*(image|video|frames)", re.IGNORECASE)
# These paint over a picture that is there.
_PARTLY = re.compile(r"detailer|upscale|inpaint.?crop|refin", re.IGNORECASE)
_PICTURE_TYPES = {"IMAGE", "LATENT", "VIDEO", "*", "IMAGE,MASK"}
_NO_PICTURE = re.compile(
    ".*(model|clip|vae|positive|negative|cond|control|mask|text|prompt|string|seed|lora|width|height|"
    "detector|noise|guider|sigmas|"
    r"sampler|segs|steps|cfg|scheduler|filename|path|audio|vision|size|color|reference|style).*",
    re.IGNORECASE,
)


def read_graphs(prompt: Mapping[str, Any] | None, workflow: Mapping[str, Any] | None) -> Facts | None:
    """Facts of the sampler that the saved picture comes from, or None if no sampler is found.

    Args:
        prompt: the graph as it ran, nodes by id; None if the file has none.
        workflow: the graph of the editor (`nodes` and `links`); it names outputs, and is used alone if there
            is nothing else.
    """
    if prompt is not None and isinstance(prompt.get("nodes"), list):
        prompt, workflow = None, prompt
    if prompt is not None and isinstance(inner := prompt.get("prompt"), Mapping):
        prompt = inner
    edited = from_editor(workflow or {})
    graph = Graph.of(prompt, edited.outputs) if prompt else edited
    for ends in _ends(graph):
        if ends and _all_loaded(graph, ends):
            return None
        if samplers := list(dict.fromkeys(s for end in ends for s in _beginnings(graph, end))):
            words = Words(graph)
            if len(samplers) > _MOST_SAMPLERS:
                return dict.fromkeys(_facts(graph, samplers[0], words))  # whether they agree is not looked at
            told = [_facts(graph, key, words) for key in samplers]
            return {
                name: value if all(t[name] == value for t in told) else None
                for name, value in told[0].items()
            }
    return None


def _ends(graph: Graph) -> Iterator[list[str]]:
    """Nodes of output: those that save, else those that show.

    Without either, every node that samples and feeds no other node.
    """
    for word in ("save", "preview"):
        yield [k for k in graph.nodes if word in graph.kind(k).lower() and any(_picture_links(graph, k))]
    fed = {str(v[0]) for k in graph.nodes for v in graph.inputs(k).values() if is_link(v)}
    yield [k for k in graph.nodes if k not in fed]


def _picture_links(graph: Graph, key: str) -> Iterator[Link]:
    """Links of a node that bring it pictures, in pixels or not yet decoded."""
    for name, value in graph.inputs(key).items():
        if (link := graph.link(value)) is None:
            continue
        kind = graph.type_of(link)
        if kind in _PICTURE_TYPES or (not kind and not _NO_PICTURE.fullmatch(name)) or PIPE.fullmatch(name):
            yield link


def _beginnings(graph: Graph, end: str) -> list[str]:
    """The samplers in which the picture at a node began.

    A sampler that only paints over another's picture is skipped, unless nothing is behind it.
    """
    found, over = list[str](), list[str]()
    seen, waiting = {end}, [end]
    while waiting:
        key = waiting.pop(0)
        if _is_sampler(graph, key):
            if _begins(graph, key):
                found.append(key)
                continue
            over.append(key)
        for source, _ in [*_picture_links(graph, key), *_stage_before(graph, graph.inputs(key))]:
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return found or over[-1:]


def _all_loaded(graph: Graph, ends: Sequence[str]) -> bool:
    """Whether all that is saved comes from loaded files, and not from a sampler.

    Other results of the graph are then not in the file.
    """
    seen, waiting = set(ends), list(ends)
    while waiting:
        key = waiting.pop()
        sources = {source for source, _ in _picture_links(graph, key)}
        if _is_sampler(graph, key) or (not sources and not _LOADED.match(graph.kind(key))):
            return False
        waiting += sources - seen
        seen |= sources
    return True


def _is_sampler(graph: Graph, key: str) -> bool:
    names = set(graph.inputs(key))
    if "save" in graph.kind(key).lower():
        return False  # such nodes take a prompt and a seed only to write them down
    if {"guider", "sigmas"} <= names or ({"positive", "text_embeds"} & names and _AT_WORK & names):
        return True
    if "sampl" in graph.kind(key).lower() and any(
        is_link(v) and _FED.fullmatch(n) for n, v in graph.inputs(key).items()
    ):
        return True
    piped = any(PIPE.fullmatch(n) and is_link(v) for n, v in graph.inputs(key).items())
    return (piped and len(_AT_WORK & names) >= 2) or ("prompt" in names and "seed" in names)


def _begins(graph: Graph, key: str) -> bool:
    """Whether a sampler makes its picture from noise alone."""
    inputs = graph.inputs(key)
    if not {"seed", "noise_seed", "noise"} & set(inputs) or _stage_before(graph, inputs):
        return False
    if (
        _PARTLY.search(graph.kind(key))
        or not _adds_noise(graph, inputs)
        or inputs.get("start_at_step", 0) != 0
    ):
        return False
    try:
        if (
            denoise := _above(graph, inputs, ("denoise", "denoise_strength"), ("sigmas",))
        ) is not None and constant(graph, denoise) < 1:
            return False
    except Unfollowed:
        return False
    sigmas = graph.link(inputs.get("sigmas"))
    return not (sigmas and graph.kind(sigmas[0]).startswith("SplitSigmas") and sigmas[1] == 1)


def _stage_before(graph: Graph, inputs: Mapping[str, Any]) -> list[Link]:
    """The picture of an earlier stage (Stable Cascade) on which a sampler is conditioned."""
    conditioning = graph.link(inputs.get("positive"))
    stage = graph.link(graph.inputs(conditioning[0]).get("stage_c")) if conditioning else None
    return [stage] if stage else []


def _adds_noise(graph: Graph, inputs: Mapping[str, Any]) -> bool:
    noise = graph.link(inputs.get("noise"))
    return inputs.get("add_noise") not in ("disable", False) and not (
        noise and "Disable" in graph.kind(noise[0])
    )


def _above(graph: Graph, inputs: Mapping[str, Any], names: Sequence[str], parts: Sequence[str]) -> object:
    """The input of one of these names.

    It is one of a sampler, else of the nodes behind its parts (guider, noise, sigmas, a pipe).

    Raises:
        Unfollowed: if the way to such a part cannot be followed.
    """
    for _ in range(len(graph.nodes) + 1):
        if (name := next((n for n in names if n in inputs), None)) is not None:
            return inputs[name]
        behind = next(
            (v for n, v in inputs.items() if (n in parts or PIPE.fullmatch(n)) and is_link(v)), None
        )
        if behind is None or (link := graph.link(graph.through(behind))) is None:
            return None
        inputs = graph.inputs(link[0])
    return None


def _facts(graph: Graph, key: str, words: Words) -> Facts:
    inputs, above = graph.inputs(key), partial(_above, graph)

    def seed() -> int | None:
        return (
            _whole(graph, above(inputs, ("seed", "noise_seed"), ("noise",)))
            if _adds_noise(graph, inputs)
            else None
        )

    return {
        GenerationFact.prompt: _told(lambda: _words(graph, words, inputs, _POSITIVE, "positive")),
        GenerationFact.negative_prompt: _told(lambda: _words(graph, words, inputs, _NEGATIVE, "negative")),
        GenerationFact.seed: _told(seed),
        GenerationFact.model: _told(lambda: _model(graph, inputs)),
        GenerationFact.sampler: _told(lambda: _name(graph, above(inputs, ("sampler_name",), ("sampler",)))),
        GenerationFact.steps: _told(
            lambda: _whole(graph, above(inputs, ("steps", "steps_total"), ("sigmas",)))
        ),
        GenerationFact.cfg_scale: _told(
            lambda: _number(graph, above(inputs, ("cfg", "cfg_conds", "cfg_scale"), ("guider",)))
        ),
    }


def _told(find: Callable[[], Value | None]) -> Value | None:
    """What is found; None where the graph cannot be followed to it."""
    try:
        return find()
    except Unfollowed:
        return None


def _words(
    graph: Graph, words: Words, inputs: Mapping[str, Any], names: Sequence[str], role: str
) -> str | None:
    if (guider := graph.link(inputs.get("guider"))) is not None:
        inputs = graph.inputs(guider[0])
    pipe = [n for n, v in inputs.items() if PIPE.fullmatch(n) and is_link(v)]
    name = next((n for n in [*names, *pipe] if n in inputs), None)
    found = words.behind(name, inputs[name], role) if name else None
    if "cond2" in inputs:  # a guider of two conditionings: they are one prompt only if they say the same
        first, second = (words.behind(n, inputs.get(n), "positive") for n in ("cond1", "cond2"))
        if (role == "positive" and second not in {None, first}) or (role == "negative" and found == first):
            raise Unfollowed
    return found


def _model(graph: Graph, inputs: Mapping[str, Any]) -> str | None:
    """The file of weights at the end of the models' way; a merge of two has no name."""
    for _ in range(len(graph.nodes) + 1):
        if weights := [w for n, v in inputs.items() if _MODELS.fullmatch(n) and (w := _weights(graph, n, v))]:
            return weights[0] if len(weights) == 1 else None
        models = [
            v
            for n, v in inputs.items()
            if re.fullmatch(r"(unet_|base_)?(model|MODEL)(_?\w?|_opt|_in)", n) and is_link(v)
        ]
        models = models or [
            v
            for n, v in inputs.items()
            if (n in {"guider", "any", "anything"} or PIPE.fullmatch(n)) and is_link(v)
        ]
        if len(models) != 1 or (link := graph.link(graph.through(models[0]))) is None:
            return None
        inputs = graph.inputs(link[0])
    return None


def _weights(graph: Graph, name: str, value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("content")
    if is_link(value) and name.endswith(("_name", "_path")):
        try:
            value = text(graph, value)
        except Unfollowed:
            return None
    return value if isinstance(value, str) and _WEIGHTS.fullmatch(value) else None


def _name(graph: Graph, value: object) -> str | None:
    if (link := graph.link(value)) is not None:
        inputs = graph.inputs(link[0])
        value = next((inputs[n] for n in ("sampler_name", graph.slot(link)) if n in inputs), value)
    return (text(graph, value).strip() or None) if value is not None else None


def _whole(graph: Graph, value: object) -> int | None:
    found = constant(graph, value)
    return int(found) if math.isfinite(found) and found == int(found) and 0 <= found < 2**64 else None


def _number(graph: Graph, value: object) -> float | None:
    found = constant(graph, value)
    return float(found) if math.isfinite(found) and abs(found) < 1e9 else None
