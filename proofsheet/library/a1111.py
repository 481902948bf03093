"""The text of A1111, as its forks, other programs and sites write it too.

Holds `read_text`.
Add here: another layout of the same text.
Keep out: where the text stands in a file (generated.py).

Prompt, "Negative prompt: …", and a line of parameters "Steps: 20, Sampler: …". Some extensions write templates behind that line.
"""

from __future__ import annotations

import json
import re

from proofsheet.library.values import Facts, number, spoken, whole
from schemas.library import GenerationFact

_NAMES = (
    r"Steps|Sampler|Schedule type|CFG scale|Guidance Scale|Distilled CFG Scale|Seed|Size|Model hash|Model|Version|Clip skip|App"
)
_FIRST = re.compile(rf"\s*(Steps:\s*\d+|(?:{_NAMES}):\s*[^,|]+[,|])", re.IGNORECASE)
_KNOWN = re.compile(rf"(?:^|[,|]\s*)({_NAMES}):", re.IGNORECASE)
_ON_ONE_LINE = re.compile(rf"(?:^|[\s.,;])(?=Steps:\s*\d+\s*[,|]\s*(?:{_NAMES}):)", re.IGNORECASE)
_NEGATIVE = re.compile(r"^\s*Negative prompt:", re.MULTILINE | re.IGNORECASE)
_BEHIND = re.compile(r"\s*(Negative )?Template:", re.IGNORECASE)
_KEY = re.compile(r"\s*([\w][\w /().+-]*?):\s*")
_END = re.compile(r"\s*[,|]\s*(?=[A-Za-z][\w /().+-]*:)|\s*$")


def read_text(text: str) -> Facts | None:
    """The facts, or None if the text has no line of parameters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n\0 ").split("\n")
    if (at := _parameters(lines)) is not None:
        before, told = "\n".join(lines[:at]), _with_open_quotes(lines, at)
    elif found := list(_ON_ONE_LINE.finditer(" ".join(lines))):
        whole_text = " ".join(lines)
        before, told = whole_text[: found[-1].end()], whole_text[found[-1].end() :]
        before = re.sub(r"\s*(Negative prompt:)", r"\n\1", before, flags=re.IGNORECASE)
    else:
        return None
    values = parameters(told)
    negative = _NEGATIVE.search(before)
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


def _parameters(lines: list[str]) -> int | None:
    """Which line holds the parameters: the first that ends the text, or stands before a template; else the last of its form.

    A prompt may hold such a line too, and a template repeats the prompt.
    """
    likely = [k for k, line in enumerate(lines) if _FIRST.match(line) and len(_KNOWN.findall(line)) >= 2]
    for k in likely:
        if k + 1 == len(lines) or _BEHIND.match(lines[k + 1]):
            return k
    if likely:
        return likely[-1]
    last = len(lines) - 1
    return last if re.fullmatch(r"\s*Steps:\s*\d+\s*,?\s*", lines[last]) else None


def _with_open_quotes(lines: list[str], at: int) -> str:
    """The line, and the lines after it while a quote is open."""
    told = lines[at]
    for line in lines[at + 1 :]:
        if _quotes(told) % 2 == 0 or _BEHIND.match(line):
            break
        told += "\n" + line
    return told


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))


def parameters(line: str) -> dict[str, str]:
    """Values by their names in small letters; the first of a name counts. Values in quotes, lists and objects are taken whole."""
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
            behind = _END.match(line, end)
            if behind is not None:
                return value if isinstance(value, str) else json.dumps(value), behind.end()
    end_match = _END.search(line, start)
    if end_match is None:
        return line[start:].strip(), len(line)
    return line[start : end_match.start()].strip().strip('"'), max(end_match.end(), start + 1)


def _tool(values: dict[str, str]) -> str:
    """Who wrote it, where the line says so; the forks count as A1111."""
    if "civitai resources" in values or "civitai metadata" in values:
        return "Civitai"
    version = f"{values.get('version', '')} {values.get('app', '')}".lower()
    return "ComfyUI" if "comfy" in version else "Fooocus" if "fooocus" in version else "A1111"
