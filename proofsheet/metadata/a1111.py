"""The text of A1111, as its forks, other programs and sites write it too.

Holds `read_text`.
Add here: another layout of the same text.
Keep out: the place of the text in a file (generation_metadata.py).

Prompt, "Negative prompt: …", and a line of parameters "Steps: 20, Sampler: …". Some extensions write
templates behind that line. Draw Things writes a dash in place of "Negative prompt:", and parameters of its
own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from proofsheet.metadata.text_values import Facts, number, spoken, whole
from schemas.library import GenerationFact

# Names that programs alone write, with the form of their values. Other names (Model, Size, Version, App)
# may be in captions as well.
_EVIDENCE: Mapping[str, re.Pattern[str]] = {
    "steps": re.compile(r"\d{1,5}"),
    "seed": re.compile(r"-?\d{1,20}"),
    "sampler": re.compile(r"\S.{0,60}"),
    "schedule type": re.compile(r"\S.{0,60}"),
    "cfg scale": (_NUMBER := re.compile(r"\d{1,4}(\.\d{1,20})?")),
    "guidance scale": _NUMBER,
    "distilled cfg scale": _NUMBER,
    "clip skip": re.compile(r"-?\d{1,2}"),
    "model hash": re.compile(r"[0-9a-fA-F]{6,64}"),
}
_LEAST = 2  # such names that a line of parameters holds; behind a negative prompt one is enough
_NAMES = "|".join([*_EVIDENCE, "size", "model", "version", "app"])
# No pattern begins with a run of white space that it may find again from each place inside of it.
_FIRST = re.compile(rf"[ \t]*(?:{_NAMES}):", re.IGNORECASE)
_ON_ONE_LINE = re.compile(rf"(?:^|[\s.,;])(?=Steps:\s*\d+\s*[,|]\s*(?:{_NAMES}):)", re.IGNORECASE)
_NEGATIVE = re.compile(r"^[ \t]*Negative prompt:", re.MULTILINE | re.IGNORECASE)
_NEGATIVE_INSIDE = re.compile(r"(Negative prompt:)", re.IGNORECASE)
_BEHIND = re.compile(r"\s*(Negative )?Template:", re.IGNORECASE)
_KEY = re.compile(r"\s*(\w[\w /().+-]{0,80}?):\s*")
_END = re.compile(r"[,|]\s*(?=[A-Za-z][\w /().+-]{0,80}:)")
_AFTER_QUOTED = re.compile(rf"\s*(?:{_END.pattern}|$)")
_DRAW_THINGS = {"seed mode", "strength"}
_DASH = re.compile(r"^-", re.MULTILINE)
_QUOTE = re.compile(r'(?<!\\)"')


def read_text(text: str) -> Facts | None:
    """The facts, or None if the text has no line of parameters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n\0 ").split("\n")
    if (at := _parameters(lines)) is not None:
        before, told = "\n".join(lines[:at]), _with_open_quotes(lines, at)
    elif found := list(_ON_ONE_LINE.finditer(" ".join(lines))):
        whole_text = " ".join(lines)
        before, told = whole_text[: found[-1].end()], whole_text[found[-1].end() :]
        before = _NEGATIVE_INSIDE.sub(r"\n\1", before)
    else:
        return None
    values = parameters(told)
    if values.keys() >= _DRAW_THINGS:
        before = _DASH.sub("Negative prompt:", before, count=1)
    negative = _NEGATIVE.search(before)
    if _evidence(values) < (1 if negative else _LEAST):
        return None
    return {
        GenerationFact.prompt: spoken(before[: negative.start()] if negative else before),
        GenerationFact.negative_prompt: spoken(before[negative.end() :]) if negative else None,
        GenerationFact.seed: whole(values.get("seed"), 2**64),
        GenerationFact.model: spoken(values.get("model")) or spoken(values.get("model hash")),
        GenerationFact.sampler: spoken(values.get("sampler")),
        GenerationFact.steps: whole(values.get("steps"), 2**31),
        GenerationFact.cfg_scale: number(values.get("cfg scale", values.get("guidance scale"))),
        GenerationFact.tool: _tool(values),
    }


def _evidence(values: Mapping[str, str]) -> int:
    """How many names that programs alone write have a value of their form."""
    return sum(form.fullmatch(values.get(name, "")) is not None for name, form in _EVIDENCE.items())


def _parameters(lines: list[str]) -> int | None:
    """The index of the line with the parameters.

    It is the first that ends the text, or comes before a template; else the last of its form.

    A prompt may hold such a line too, and a template repeats the prompt.
    """
    likely = [
        k for k, line in enumerate(lines) if _FIRST.match(line) and _evidence(parameters(line)) >= _LEAST
    ]
    for k in likely:
        if k + 1 == len(lines) or _BEHIND.match(lines[k + 1]):
            return k
    if likely:
        return likely[-1]
    last = len(lines) - 1
    return last if _FIRST.match(lines[last]) else None


def _with_open_quotes(lines: list[str], at: int) -> str:
    """The line, and the lines after it while a quote is open."""
    end, quotes = at + 1, len(_QUOTE.findall(lines[at]))
    while end < len(lines) and quotes % 2 and not _BEHIND.match(lines[end]):
        quotes += len(_QUOTE.findall(lines[end]))
        end += 1
    return "\n".join(lines[at:end])


def parameters(line: str) -> dict[str, str]:
    """Values by their names in lower case; the first of a name counts.

    Values in quotes, lists and objects are read as a whole.
    """
    found: dict[str, str] = {}
    place = 0
    while (key := _KEY.match(line, place)) is not None:
        value, place = _value(line, key.end())
        found.setdefault(key[1].lower(), value)
    return found


def _value(line: str, start: int) -> tuple[str, int]:
    """A value and where the next name begins."""
    if line[start : start + 1] in {'"', "[", "{"}:
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(line, start)
        except (ValueError, RecursionError):
            pass
        else:
            behind = _AFTER_QUOTED.match(line, end)
            if behind is not None:
                return value if isinstance(value, str) else json.dumps(value), behind.end()
    end_match = _END.search(line, start)
    if end_match is None:
        return line[start:].strip(), len(line)
    return line[start : end_match.start()].strip().strip('"'), end_match.end()


def _tool(values: dict[str, str]) -> str:
    """Who wrote it, where the line says so; the forks count as A1111."""
    if "civitai resources" in values or "civitai metadata" in values:
        return "Civitai"
    if values.keys() >= _DRAW_THINGS:
        return "Draw Things"
    version = f"{values.get('version', '')} {values.get('app', '')}".lower()
    if "comfy" in version:
        return "ComfyUI"
    if "fooocus" in version:
        return "Fooocus"
    return "A1111"
