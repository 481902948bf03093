"""The words behind a conditioning of a ComfyUI graph.

Holds `Words`.
Add here: how another node hands on a conditioning.
Keep out: plain texts (comfyui_texts.py) and numbers (comfyui_graph.py), which sampler counts (comfyui.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proofsheet.metadata.comfyui_graph import DEEPEST, UNNAMED, Graph, Inputs, Link, Unfollowed, is_link
from proofsheet.metadata.comfyui_texts import bounded, drawn, text

PIPE = re.compile(r".*(pipe|ctx|context|tuple|bus)(_\d+)?", re.IGNORECASE)
# Inputs of nodes that turn words into a conditioning, in their order in the text.
_ENCODED = (
    *(
        "text",
        "text_g",
        "text_l",
        "clip_g",
        "clip_l",
        "t5xxl",
        "bert",
        "mt5xl",
        "llama",
        "prompt",
        "user_prompt",
        "prompt_g",
    ),
    *("prompt_l", "string", "tags", "text_prompt"),
)
_ROLES = {
    "positive": (
        "positive",
        "positive_prompt",
        "pos",
        "prompt_positive",
        "text_positive",
        "conditioning_positive",
    ),
    "negative": (
        "negative",
        "negative_prompt",
        "neg",
        "prompt_negative",
        "text_negative",
        "conditioning_negative",
    ),
}
_CONDITIONING = re.compile(r"(base_)?cond(itioning)?s?([ _]?\w+)?|\w*text_embeds|clip_regions", re.IGNORECASE)
_BOTH = re.compile(r"\w*embeds", re.IGNORECASE)  # one link for both the positive and the negative prompt
_UNUSED = re.compile(r"nag_text_embeds|conditioning_\w*negative", re.IGNORECASE)
_EMPTY = re.compile(r"zero.?out|empty.?conditioning", re.IGNORECASE)
_CHANGED = re.compile(r"styl(er|ing)|with.?style|random|enhanc|translat|expan", re.IGNORECASE)
_OTHER = re.compile(
    ".*(clip|model|vae|image|pixels|mask|control|latent|style|vision|strength|percent|audio|video|"
    "seed|width|height|guidance).*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Way:
    """A part of a conditioning: a text, or a link to another conditioning in a role."""

    value: object
    role: str = ""
    text: bool = False
    piped: bool = False  # the link carries both roles


class Words:
    """Follows the conditionings of one graph; each is followed only once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[tuple[Link, str], str | None] = {}

    def behind(self, name: str, value: object, role: str) -> str | None:
        """The words behind an input.

        None for an input without words (absent, or a conditioning set to zero).

        Args:
            name: of the input.
            value: a link to a conditioning, or a text.
            role: "positive" or "negative": which of the two is meant where one link carries both.

        Raises:
            Unfollowed: if it cannot be found.
        """
        return self._behind(_Way(value, role, piped=bool(PIPE.fullmatch(name) or _BOTH.fullmatch(name))), 0)

    def _behind(self, way: _Way, depth: int) -> str | None:
        if depth > DEEPEST:
            raise Unfollowed
        passed: dict[tuple[Link, str], None] = {}
        while True:
            if way.value is None:
                return None
            if way.text or isinstance(way.value, str):
                found = text(self._graph, way.value, depth).strip() or None
                break
            if (link := self._graph.link(self._graph.through(way.value))) is None or (
                link,
                way.role,
            ) in passed:
                raise Unfollowed
            passed[link, way.role] = None
            if (link, way.role) in self._known:
                found = self._known[link, way.role]
                break
            ways = self._ways(link, way)
            if len(ways) != 1:
                told = [self._behind(w, depth + 1) for w in ways]
                parts = dict.fromkeys(t for t in told if t)
                bounded(sum(map(len, parts)))
                found = "\n".join(parts) or None
                break
            way = ways[0]
        self._known.update(dict.fromkeys(passed, found))
        return found

    def _ways(self, link: Link, way: _Way) -> list[_Way]:
        graph, kind, inputs = self._graph, self._graph.kind(link[0]), self._graph.inputs(link[0])
        if _EMPTY.search(kind):
            return []
        if (populated := drawn(graph, link[0])) is not None:
            return [_Way(populated, text=True)]
        role = self._role(link, way)
        if role and (name := next((n for n in _ROLES[role] if n in inputs), None)):
            return [_Way(inputs[name], role)]
        if role and (pipes := [v for n, v in inputs.items() if PIPE.fullmatch(n) and is_link(v)]):
            return [_Way(pipes[0], role, piped=True)]
        conditionings = [
            n
            for n, v in inputs.items()
            if _CONDITIONING.fullmatch(n) and is_link(v) and not _UNUSED.fullmatch(n)
        ]
        encoded = [n for n in _ENCODED if n in inputs]
        if UNNAMED in inputs or (encoded and _CHANGED.search(kind)):
            raise Unfollowed
        if not conditionings and encoded and not self._encodes(link):
            return [_Way(list(link), text=True)]
        ways = [_Way(inputs[n], way.role, piped=bool(_BOTH.fullmatch(n))) for n in conditionings]
        ways += [_Way(inputs[n], text=True) for n in encoded]
        return ways or [_Way(self._only(inputs), way.role)]

    def _role(self, link: Link, way: _Way) -> str | None:
        """Which role an output of a node with two has; None for a node with one."""
        inputs = self._graph.inputs(link[0])
        held = {role for role, names in _ROLES.items() if set(names) & set(inputs)}
        if not held and not any(PIPE.fullmatch(n) and is_link(v) for n, v in inputs.items()):
            return None
        slot = self._graph.slot(link)
        if (named := next((role for role, names in _ROLES.items() if slot in names), None)) is not None:
            return named
        if way.piped:
            return way.role
        if len(held) == 1:
            return held.pop()
        if held and link[1] in {0, 1} and (not slot or slot == "conditioning"):
            return ("positive", "negative")[link[1]]
        raise Unfollowed

    def _encodes(self, link: Link) -> bool:
        """Whether an output is a conditioning, and not a plain text."""
        kind = self._graph.type_of(link)
        named = "ncod" in self._graph.kind(link[0]) or any(
            "clip" in n.lower() for n in self._graph.inputs(link[0])
        )
        return kind != "STRING" and (bool(kind) or named)

    def _only(self, inputs: Inputs) -> object:
        """The one link that may carry a conditioning, whatever its name."""
        found = [v for n, v in inputs.items() if is_link(v) and not _OTHER.fullmatch(n)]
        if len(found) != 1:
            raise Unfollowed
        return found[0]
