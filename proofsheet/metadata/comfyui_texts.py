"""Texts behind a link of a ComfyUI graph: constant, joined, replaced.

Holds `text`, `drawn` and `bounded`.
Add here: how another node hands on a text.
Keep out: numbers (comfyui_graph.py), conditionings (comfyui_prompts.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from proofsheet.metadata.comfyui_graph import DEEPEST, MADE, UNNAMED, Graph, Inputs, Link, Unfollowed, is_link

_LONGEST = 1_000_000  # characters of a text
_CHANCE = re.compile(r"\{[^{}|]*\|[^{}]*\}|__[\w*/\\-]+__")
# What the editor draws or leaves out when the graph is sent to run; the graph as it ran holds what came of
# it.
_TEMPLATE = re.compile(r"[{}]|//|/\*|__[\w*/\\-]+__")
_TEXT = re.compile(
    r"(text|string|str|value|prompt|positive|negative|wildcard_text|any|anything|input|source)", re.IGNORECASE
)
_PART = re.compile(r"(text|string|str|prompt|input|any|value)[ _]?(\d+|[a-z])", re.IGNORECASE)
_BETWEEN = ("delimiter", "separator", "sep", "delim")
_OLD_NEW = (("find", "replace"), ("old", "new"), ("old_text", "new_text"), ("find1", "replace1"))
_HARMLESS = re.compile(
    r"label|title|text_?\d+|passthrough|output_mode|split_lines|id|control_after_generate", re.IGNORECASE
)
_JOINING = re.compile(r"concat|join|append|combine", re.IGNORECASE)


def text(graph: Graph, value: object, depth: int = 0) -> str:
    """A text, through the nodes that hold, join and replace texts.

    Raises:
        Unfollowed: if it is made while the graph runs (by chance, by a model, from a file), too long, or no
            text.
    """
    if isinstance(value := graph.through(value), str):
        if graph.edited and _TEMPLATE.search(value):
            raise Unfollowed
        return value
    if (link := graph.link(value)) is None or depth > DEEPEST:
        raise Unfollowed
    if link not in graph.texts:
        graph.texts[link] = None  # so that a circle ends
        graph.texts[link] = _text_of(graph, link, depth)
    if (found := graph.texts[link]) is None:
        raise Unfollowed
    return found


def _text_of(graph: Graph, link: Link, depth: int) -> str:
    if (populated := drawn(graph, link[0])) is not None:
        return populated
    if MADE.search(graph.kind(link[0])):
        raise Unfollowed
    return _composed(graph, link, lambda part: text(graph, part, depth + 1))


def bounded(length: int) -> None:
    """Called before a text of this length is made of others.

    Raises:
        Unfollowed: if it is too long.
    """
    if length > _LONGEST:
        raise Unfollowed


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
    several = not any(is_link(inputs[n]) for n in others) and all(
        _TEXT.fullmatch(n) or _PART.fullmatch(n) for n in others
    )
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
    """Texts and the separator between them; None if the names of the inputs are others."""
    parts = [n for n in inputs if _PART.fullmatch(n)]
    if not parts:
        return None
    known = {
        "clean_whitespace",
        "linebreak_addition",
        "inputcount",
        "return_list",
        "Update inputs",
        *_BETWEEN,
    }
    if set(inputs) - set(parts) - known or inputs.get("return_list") is True:
        raise Unfollowed
    between = next(
        (told(inputs[n]) for n in _BETWEEN if n in inputs),
        "\n" if inputs.get("linebreak_addition") == "true" else "",
    )
    texts = [told(inputs[n]) for n in parts]
    if str(inputs.get("clean_whitespace", "")).lower() in {"true", "yes"}:
        texts = [t.strip() for t in texts]
    if "clean_whitespace" in inputs:
        texts = [t for t in texts if t]
    bounded(sum(len(t) + len(between) for t in texts))
    return between.replace("\\n", "\n").join(texts)


def _replaced(inputs: Inputs, told: Callable[[object], str]) -> str | None:
    for old, new in _OLD_NEW:
        if old in inputs and new in inputs:
            named = [n for n in inputs if _TEXT.fullmatch(n)]
            if len(named) != 1 or len(inputs) != 3:
                raise Unfollowed
            whole, before, after = (told(inputs[n]) for n in (named[0], old, new))
            bounded(len(whole) + whole.count(before) * len(after))
            return whole.replace(before, after)
    return None
