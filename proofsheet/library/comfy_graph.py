"""A ComfyUI graph: nodes, links, and the plain values that a link leads to.

Holds `Graph`, `Unfollowed`, `constant` and `text`.
Add here: how another node hands on a number or a text.
Keep out: which sampler counts (comfy.py), conditionings (comfy_words.py), the editor's form (comfy_editor.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Inputs = Mapping[str, Any]
Link = tuple[str, int]
Output = tuple[str, str]  # name and type

UNNAMED = "\0values"  # an input of a node of the editor whose values, texts among them, belong to inputs that are not known
DEEPEST = 60  # nodes with several ways on one path; a plain chain may be as long as it likes
_LONGEST = 1_000_000
# Outputs of nodes that hand on several things; files without the graph of the editor do not name them.
_SLOTS: Mapping[str, Sequence[str]] = {
    "FromBasicPipe": ("model", "clip", "vae", "positive", "negative"),
    "FromBasicPipe_v2": ("basic_pipe", "model", "clip", "vae", "positive", "negative"),
    "FromDetailerPipe": ("model", "clip", "vae", "positive", "negative"),
    "FromDetailerPipe_v2": ("detailer_pipe", "model", "clip", "vae", "positive", "negative"),
    "Context (rgthree)": ("context", "model", "clip", "vae", "positive", "negative", "latent", "images", "seed"),
    "Context Switch (rgthree)": ("context", "model", "clip", "vae", "positive", "negative", "latent", "images", "seed"),
    "Context Big (rgthree)": (
        *("context", "model", "clip", "vae", "positive", "negative", "latent", "images", "seed", "steps", "step_refiner", "cfg"),
        *("ckpt_name", "sampler", "scheduler"),
    ),
    "Efficient Loader": ("model", "positive", "negative", "latent", "vae", "clip"),
    "KSampler (Efficient)": ("model", "positive", "negative", "latent", "vae", "image"),
    "easy pipeOut": ("pipe", "model", "positive", "negative", "latent", "vae", "clip", "image", "seed"),
    "KSampler Config (rgthree)": ("steps_total", "refiner_step", "cfg", "sampler_name", "scheduler"),
    "Text String": ("text", "text_b", "text_c", "text_d"),
}
_SAME_NAMES = {"conditioning+": "positive", "conditioning-": "negative", "steps": "steps_total"}
# What such a node gives is made while it runs: by chance, by a model, from another file.
_MADE = re.compile(
    r"random|math|expression|wildcard|dynamic|enhanc|expan[ds]|translat|llm|gpt|ollama|gemini|claude|qwen|florence|vlm?\b|caption|tagg|"
    r"interrogat|describ|magic|upsampl|styl(e|ing)|generat|regex|parse|load.*(text|file|line|prompt)|(text|file|line|prompt).*load|"
    r"from.*file|deepbooru|wd14|joy|lower|upper|revers|trim|slic|split|format|template|truncat|case|count|length|hash|convert|clean",
    re.IGNORECASE,
)
_HANDING = re.compile(r"rerout|show.?(text|any)|display.?(text|any)|preview.?(text|any)|to.console", re.IGNORECASE)
_CHANCE = re.compile(r"\{[^{}]*\|[^{}]*\}|__[\w*/\\-]+__")
_TEXT = re.compile(r"(text|string|str|value|prompt|positive|negative|wildcard_text|any|anything|input|source)", re.IGNORECASE)
_PART = re.compile(r"(text|string|str|prompt|input|any|value)[ _]?(\d+|[a-z])", re.IGNORECASE)
_BETWEEN = ("delimiter", "separator", "sep", "delim")
_OLD_NEW = (("find", "replace"), ("old", "new"), ("old_text", "new_text"), ("find1", "replace1"))
_HARMLESS = re.compile(r"label|title|text_?\d+|passthrough|output_mode|split_lines|id|control_after_generate", re.IGNORECASE)
_JOINING = re.compile(r"concat|join|append|combine", re.IGNORECASE)


class Unfollowed(Exception):
    """What feeds an input cannot be told from the graph."""


@dataclass(frozen=True)
class Graph:
    """Nodes in the form of the program's interface.

    Attributes:
        nodes: `class_type` and `inputs` by id; an input that is a link is a list of an id and the number of an output.
        outputs: names and types of the outputs by id, where they are known.
    """

    nodes: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Sequence[Output]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Mapping[str, Any], outputs: Mapping[str, Sequence[Output]]) -> Graph:
        """The nodes among the entries of a JSON object."""
        return cls(
            {str(k): n for k, n in graph.items() if isinstance(n, Mapping) and isinstance(n.get("class_type"), str)}, outputs
        )

    def kind(self, key: str) -> str:
        """Class of a node."""
        return str(self.nodes[key]["class_type"])

    def inputs(self, key: str) -> Inputs:
        """Values and links by name."""
        found = self.nodes[key].get("inputs")
        return found if isinstance(found, Mapping) else {}

    def link(self, value: object) -> Link | None:
        """The node and its output that a value comes from, if it is a link to a node that is there."""
        if not is_link(value) or str(value[0]) not in self.nodes:  # type: ignore[index]
            return None
        return str(value[0]), int(value[1])  # type: ignore[index]

    def slot(self, link: Link) -> str:
        """Name of an output in small letters, such as "positive"; empty if it is not known."""
        key, number = link
        names = [name.lower() for name, _ in self.outputs.get(key, ())] or _SLOTS.get(self.kind(key), ())
        name = names[number] if 0 <= number < len(names) else ""
        return name if name in self.inputs(key) else _SAME_NAMES.get(name, name)

    def type_of(self, link: Link) -> str:
        """Type of an output, such as "IMAGE"; empty if it is not known."""
        outputs = self.outputs.get(link[0], ())
        return outputs[link[1]][1].upper() if 0 <= link[1] < len(outputs) else ""

    def chosen(self, key: str) -> object:
        """What a switch lets through; None if the node is none that we know."""
        kind, inputs = self.kind(key).lower(), self.inputs(key)
        if "switch" in kind and (found := [v for n, v in inputs.items() if re.fullmatch(r"(any|ctx)_\d+", n)]):
            return found[0]  # the first that is connected
        for on, off in (("on_true", "on_false"), ("tt_value", "ff_value")):
            if on in inputs or off in inputs:
                wanted = self.truth(next((inputs[n] for n in ("switch", "boolean", "cond", "condition") if n in inputs), None))
                return inputs.get(on if wanted else off)
        if isinstance(number := inputs.get("select"), int) and f"input{number}" in inputs:
            return inputs[f"input{number}"]
        return None

    def truth(self, value: object) -> bool:
        """A yes or no, through links.

        Raises:
            Unfollowed: if it cannot be told.
        """
        link = self.link(value)
        inputs = list(self.inputs(link[0]).values()) if link else [value]
        if len(inputs) == 1 and isinstance(inputs[0], bool):
            return inputs[0]
        raise Unfollowed

    def through(self, value: object) -> object:
        """The value itself, or the link behind nodes that only hand on their one input (reroutes and the like).

        Raises:
            Unfollowed: for a link to nowhere, a circle, or a switch whose state cannot be told.
        """
        seen = set[str]()
        while is_link(value):
            if (link := self.link(value)) is None or link[0] in seen:
                raise Unfollowed
            seen.add(link[0])
            if (chosen := self.chosen(link[0])) is not None:
                value = chosen
            elif (only := self._handed_on(link)) is not None:
                value = only
            else:
                return value
        return value

    def _handed_on(self, link: Link) -> object:
        """The one input of a node that is there to give it on as it is; None for any other node."""
        inputs = self.inputs(link[0])
        links = [v for v in inputs.values() if is_link(v)]
        return links[0] if len(links) == 1 and link[1] == 0 and _HANDING.search(self.kind(link[0])) else None


def is_link(value: object) -> bool:
    """Whether a value has the form of a link."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int) and type(value[1]) is int


def constant(graph: Graph, value: object) -> int | float:
    """A number, through any nodes that hold nothing but one.

    Raises:
        Unfollowed: if it is computed, or no number.
    """
    for _ in range(DEEPEST):
        if isinstance(value := graph.through(value), int | float) and not isinstance(value, bool):
            return value
        if (link := graph.link(value)) is None:
            raise Unfollowed
        inputs = graph.inputs(link[0])
        if (name := graph.slot(link)) in inputs:
            value = inputs[name]
            continue
        if _MADE.search(graph.kind(link[0])) and "seed" not in inputs:
            raise Unfollowed
        plain = [v for v in inputs.values() if is_link(v) or (isinstance(v, int | float) and not isinstance(v, bool))]
        if len(plain) != 1:
            raise Unfollowed
        value = plain[0]
    raise Unfollowed


def text(graph: Graph, value: object, depth: int = 0) -> str:
    """A text, through the nodes that hold, join and replace texts.

    Raises:
        Unfollowed: if it is made while the graph runs (by chance, by a model, from a file), or no text.
    """
    if isinstance(value := graph.through(value), str):
        return value
    if (link := graph.link(value)) is None or depth > DEEPEST:
        raise Unfollowed
    if (populated := drawn(graph, link[0])) is not None:
        return populated
    if _MADE.search(graph.kind(link[0])):
        raise Unfollowed
    found = _composed(graph, link, lambda part: text(graph, part, depth + 1))
    if len(found) > _LONGEST:
        raise Unfollowed
    return found


def _composed(graph: Graph, link: Link, told: Callable[[object], str]) -> str:
    """A text out of the texts of a node: joined, replaced, or the one that it holds."""
    inputs, found = graph.inputs(link[0]), None
    if _JOINING.search(graph.kind(link[0])):
        found = _joined(inputs, told)
    elif (name := _held(graph, link)) is not None:
        found = told(inputs[name])
    else:
        found = _replaced(inputs, told)
    return told(_only_text(inputs)) if found is None else found


def _held(graph: Graph, link: Link) -> str | None:
    """The input of the output's name, in a node that holds several texts and nothing else."""
    name, inputs = graph.slot(link), graph.inputs(link[0])
    others = [n for n in inputs if n != name]
    several = not any(is_link(inputs[n]) for n in others) and all(_TEXT.fullmatch(n) or _PART.fullmatch(n) for n in others)
    return name if name in inputs and several else None


def drawn(graph: Graph, key: str) -> str | None:
    """The text that a node of wildcards really used; None if it is no such node.

    Raises:
        Unfollowed: if only the text before the draw is known.
    """
    if not re.search(r"wildcard|dynamic|DPRandom|DPCombin", graph.kind(key), re.IGNORECASE):
        return None
    inputs = graph.inputs(key)
    for name in ("populated_text", "wildcard_text", "text", "prompt"):
        value = inputs.get(name)
        if isinstance(value, str) and value.strip():
            if _CHANCE.search(value):
                raise Unfollowed
            return value
    raise Unfollowed


def _only_text(inputs: Inputs) -> object:
    if UNNAMED in inputs:
        raise Unfollowed
    named = [n for n in inputs if _TEXT.fullmatch(n)]
    others = [v for n, v in inputs.items() if n not in named and (is_link(v) or not _HARMLESS.fullmatch(n))]
    if len(named) == 1 and all(v == "" or isinstance(v, bool) for v in others):
        return inputs[named[0]]
    only = next(iter(inputs.values()), None)
    if len(inputs) == 1 and (isinstance(only, str) or is_link(only)):
        return only
    raise Unfollowed


def _joined(inputs: Inputs, told: Callable[[object], str]) -> str | None:
    """Texts with what stands between them; None if the names of the inputs are others."""
    parts = [n for n in inputs if _PART.fullmatch(n)]
    if not parts:
        return None
    known = {"clean_whitespace", "linebreak_addition", "inputcount", "return_list", "Update inputs", *_BETWEEN}
    if set(inputs) - set(parts) - known or inputs.get("return_list") is True:
        raise Unfollowed
    between = next((told(inputs[n]) for n in _BETWEEN if n in inputs), "\n" if inputs.get("linebreak_addition") == "true" else "")
    texts = [told(inputs[n]) for n in parts]
    if str(inputs.get("clean_whitespace", "")).lower() in {"true", "yes"}:
        texts = [t.strip() for t in texts]
    if "clean_whitespace" in inputs:
        texts = [t for t in texts if t]
    return between.replace("\\n", "\n").join(texts)


def _replaced(inputs: Inputs, told: Callable[[object], str]) -> str | None:
    for old, new in _OLD_NEW:
        if old in inputs and new in inputs:
            named = [n for n in inputs if _TEXT.fullmatch(n)]
            if len(named) != 1 or len(inputs) != 3:
                raise Unfollowed
            return told(inputs[named[0]]).replace(told(inputs[old]), told(inputs[new]))
    return None
