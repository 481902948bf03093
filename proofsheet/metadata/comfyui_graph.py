"""A ComfyUI graph: nodes, links, and the numbers that a link leads to.

Holds `Graph`, `Unfollowed`, `constant`, `is_link` and `MADE`.
Add here: how another node hands on a number.
Keep out: samplers (comfyui.py), texts (comfyui_texts.py), prompts (comfyui_prompts.py), editor graphs
(comfyui_editor.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Inputs = Mapping[str, Any]
Link = tuple[str, int]
Output = tuple[str, str]  # name and type

# an input of a node of the editor with values, texts among them, of unknown inputs
UNNAMED = "\0values"
DEEPEST = 60  # nodes with several ways on one path; a plain chain may be as long as it likes
_LONGEST_KIND = 200  # characters of a class
_CONTEXT = ("context", "model", "clip", "vae", "positive", "negative", "latent", "images", "seed")
# Outputs of nodes that hand on several things; files without the graph of the editor do not name them.
_SLOTS: Mapping[str, Sequence[str]] = {
    "FromBasicPipe": ("model", "clip", "vae", "positive", "negative"),
    "FromBasicPipe_v2": ("basic_pipe", "model", "clip", "vae", "positive", "negative"),
    "FromDetailerPipe": ("model", "clip", "vae", "positive", "negative"),
    "FromDetailerPipe_v2": ("detailer_pipe", "model", "clip", "vae", "positive", "negative"),
    "Context (rgthree)": _CONTEXT,
    "Context Switch (rgthree)": _CONTEXT,
    "Context Big (rgthree)": (*_CONTEXT, "steps", "step_refiner", "cfg", "ckpt_name", "sampler", "scheduler"),
    "Efficient Loader": ("model", "positive", "negative", "latent", "vae", "clip"),
    "KSampler (Efficient)": ("model", "positive", "negative", "latent", "vae", "image"),
    "easy pipeOut": ("pipe", "model", "positive", "negative", "latent", "vae", "clip", "image", "seed"),
    "KSampler Config (rgthree)": ("steps_total", "refiner_step", "cfg", "sampler_name", "scheduler"),
    "Text String": ("text", "text_b", "text_c", "text_d"),
}
_SAME_NAMES = {"conditioning+": "positive", "conditioning-": "negative", "steps": "steps_total"}
# What such a node gives is made while it runs: by chance, by a model, from another file.
MADE = re.compile(
    "random|math|expression|wildcard|dynamic|enhanc|expan[ds]|translat|llm|gpt|ollama|gemini|claude|"
    r"qwen|florence|vlm?\b|caption|tagg|"
    "interrogat|describ|magic|upsampl|styl(e|ing)|generat|regex|parse|load.*(text|file|line|prompt)|"
    "(text|file|line|prompt).*load|"
    "from.*file|deepbooru|wd14|joy|lower|upper|revers|trim|slic|split|format|template|truncat|case|"
    "count|length|hash|convert|clean",
    re.IGNORECASE,
)
_HANDING = re.compile(
    r"rerout|show.?(text|any)|display.?(text|any)|preview.?(text|any)|to.console", re.IGNORECASE
)


class Unfollowed(Exception):
    """The source of an input cannot be found in the graph."""


@dataclass(frozen=True)
class Graph:
    """Nodes in the form of the program's interface.

    Attributes:
        nodes: `class_type` and `inputs` by id; an input that is a link is a list of an id and the number of
            an output.
        outputs: names and types of the outputs by id, where they are known.
        edited: the graph of the editor, with texts that may be templates.
        texts: what `text` found behind a link; None for nothing, or while it is looked for.
    """

    nodes: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Sequence[Output]] = field(default_factory=dict)
    edited: bool = False
    texts: dict[Link, str | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, graph: Mapping[str, Any], outputs: Mapping[str, Sequence[Output]]) -> Graph:
        """The nodes among the entries of a JSON object."""
        return cls(
            {
                str(k): n
                for k, n in graph.items()
                if isinstance(n, Mapping) and isinstance(n.get("class_type"), str)
            },
            outputs,
        )

    def kind(self, key: str) -> str:
        """Class of a node."""
        return str(self.nodes[key]["class_type"])[:_LONGEST_KIND]

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
        """The input that a switch passes on; None if the node is not a known switch."""
        kind, inputs = self.kind(key).lower(), self.inputs(key)
        if "switch" in kind and (
            found := [v for n, v in inputs.items() if re.fullmatch(r"(any|ctx)_\d+", n)]
        ):
            return found[0]  # the first that is connected
        for on, off in (("on_true", "on_false"), ("tt_value", "ff_value")):
            if on in inputs or off in inputs:
                wanted = self.truth(
                    next((inputs[n] for n in ("switch", "boolean", "cond", "condition") if n in inputs), None)
                )
                return inputs.get(on if wanted else off)
        if isinstance(number := inputs.get("select"), int) and f"input{number}" in inputs:
            return inputs[f"input{number}"]
        return None

    def truth(self, value: object) -> bool:
        """A yes or no, through links.

        Raises:
            Unfollowed: if it cannot be found.
        """
        link = self.link(value)
        inputs = list(self.inputs(link[0]).values()) if link else [value]
        if len(inputs) == 1 and isinstance(inputs[0], bool):
            return inputs[0]
        raise Unfollowed

    def through(self, value: object) -> object:
        """The value itself, or the link behind nodes that only pass on their input (reroutes and the like).

        Raises:
            Unfollowed: for a link to nowhere, a circle, or a switch with an unknown state.
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
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str | int)
        and type(value[1]) is int
    )


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
        if MADE.search(graph.kind(link[0])) and "seed" not in inputs:
            raise Unfollowed
        plain = [
            v
            for v in inputs.values()
            if is_link(v) or (isinstance(v, int | float) and not isinstance(v, bool))
        ]
        if len(plain) != 1:
            raise Unfollowed
        value = plain[0]
    raise Unfollowed
