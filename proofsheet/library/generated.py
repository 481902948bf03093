"""Facts of generated pictures: prompt, seed and model, as the programs write them into the file.

Holds `generation_facts` and a reader for each program.
Add here: another program.
Keep out: camera facts (exif.py); graphs of nodes (comfy.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags

from proofsheet.library.comfy import read_graph
from proofsheet.pictures import DECODER_ERRORS, Picture
from schemas.library import GenerationFact

Facts = dict[str, object]
_MOST = 1_000_000  # characters of a text that are looked at
_PARAMETER = re.compile(r'\s*([\w /-]+):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_DREAM_OPTION = re.compile(r"\s-(?P<name>[a-zA-Z]+)\s*(?P<value>\S+)")


def generation_facts(picture: Picture) -> Mapping[str, object]:
    """Every column of `GenerationFact` but the ids; `tool` is null for pictures that no known program generated."""
    empty: Facts = dict.fromkeys(n for n in GenerationFact.columns() if n not in {GenerationFact.project, GenerationFact.photo_id})
    return empty | (read_texts(texts_of(picture)) or {})


def texts_of(picture: Picture) -> dict[str, str]:
    """Every text of the file in which programs leave their facts, by place."""
    found = {k: v[:_MOST] for k, v in picture.text.items()}
    try:
        comment = picture.exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
        description = picture.exif.get(ExifTags.Base.ImageDescription)
        make = picture.exif.get(ExifTags.Base.Make)
    except DECODER_ERRORS:
        return found
    if text := user_comment(comment):
        found.setdefault("UserComment", text[:_MOST])
    for value in (description, make):  # ComfyUI's WebP writers put "prompt:{…}" and "workflow:{…}" into plain tags
        if isinstance(value, str) and (match := re.match(r"(prompt|workflow):\s*(\{.*)", value, re.DOTALL | re.IGNORECASE)):
            found.setdefault(match[1].lower(), match[2][:_MOST])
    return found


def user_comment(value: object) -> str | None:
    """The text of an EXIF user comment: eight bytes name its encoding."""
    if isinstance(value, str):
        return value or None
    if not isinstance(value, bytes) or len(value) <= 8:
        return None
    code, body = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        order = "utf-16-be" if body[:1] == b"\0" else "utf-16-le"
        return body.decode(order, "replace").strip("\0 ") or None
    return body.decode("utf-8", "replace").strip("\0 ") or None


def read_texts(texts: Mapping[str, str]) -> Facts | None:
    """The facts in the texts of one file, or None if no known program wrote them."""
    if texts.get("Software", "").startswith("NovelAI") and (found := _object(texts.get("Comment"))):
        return novel_ai(found, texts) | {GenerationFact.tool: "NovelAI", GenerationFact.found_in: "Comment"}
    for key in ("invokeai_metadata", "sd-metadata", "Dream"):
        if key in texts and (facts := _invoke(key, texts[key])):
            return facts | {GenerationFact.tool: "InvokeAI", GenerationFact.found_in: key}
    for key in ("parameters", "UserComment", "comment"):
        if key in texts and (facts := a1111(texts[key])):
            return facts | {GenerationFact.tool: "A1111", GenerationFact.found_in: key}
    for key in ("prompt", "workflow"):
        if (graph := _object(texts.get(key))) and (facts := read_graph(graph)):
            return facts | {GenerationFact.tool: "ComfyUI", GenerationFact.found_in: key}
    return None


def a1111(text: str) -> Facts | None:
    """Prompt, an optional negative prompt, and a last line of parameters that begins with the steps."""
    lines = text.strip().split("\n")
    if not re.match(r"\s*Steps:\s*\d+", lines[-1]):
        return None
    values = {k.strip(): v.strip().strip('"') for k, v in _PARAMETER.findall(lines[-1])}
    prompt, _, negative = "\n".join(lines[:-1]).partition("Negative prompt:")
    return {
        GenerationFact.prompt: prompt.strip() or None,
        GenerationFact.negative_prompt: negative.strip() or None,
        GenerationFact.seed: whole(values.get("Seed"), 2**64),
        GenerationFact.model: values.get("Model") or values.get("Model hash"),
        GenerationFact.sampler: values.get("Sampler"),
        GenerationFact.steps: whole(values.get("Steps"), 2**31),
        GenerationFact.cfg_scale: number(values.get("CFG scale")),
    }


def novel_ai(found: Mapping[str, Any], texts: Mapping[str, str]) -> Facts:
    """The JSON of NovelAI's comment; the prompt stands in the description as well."""
    return {
        GenerationFact.prompt: _text(found.get("prompt")) or _text(texts.get("Description")),
        GenerationFact.negative_prompt: _text(found.get("uc")),
        GenerationFact.seed: whole(found.get("seed"), 2**64),
        GenerationFact.model: _text(texts.get("Source")),
        GenerationFact.sampler: _text(found.get("sampler")),
        GenerationFact.steps: whole(found.get("steps"), 2**31),
        GenerationFact.cfg_scale: number(found.get("scale")),
    }


def _invoke(key: str, text: str) -> Facts | None:
    if key == "Dream":
        return invoke_dream(text)
    found = _object(text)
    if not found:
        return None
    return invoke_3(found) if key == "invokeai_metadata" else invoke_2(found)


def invoke_3(found: Mapping[str, Any]) -> Facts:
    """InvokeAI from version 3 on."""
    model = found.get("model")
    name = next((model[k] for k in ("name", "model_name", "key") if k in model), None) if isinstance(model, Mapping) else model
    return {
        GenerationFact.prompt: _text(found.get("positive_prompt")),
        GenerationFact.negative_prompt: _text(found.get("negative_prompt")),
        GenerationFact.seed: whole(found.get("seed"), 2**64),
        GenerationFact.model: _text(name),
        GenerationFact.sampler: _text(found.get("scheduler")),
        GenerationFact.steps: whole(found.get("steps"), 2**31),
        GenerationFact.cfg_scale: number(found.get("cfg_scale")),
    }


def invoke_2(found: Mapping[str, Any]) -> Facts | None:
    """InvokeAI 2: the facts stand under `image`, the negative prompt in brackets inside the prompt."""
    image = found.get("image")
    if not isinstance(image, Mapping):
        return None
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        prompt = ", ".join(str(p.get("prompt", "")) for p in prompt if isinstance(p, Mapping))
    positive, negative = _without_brackets(str(prompt or ""))
    return {
        GenerationFact.prompt: positive,
        GenerationFact.negative_prompt: negative,
        GenerationFact.seed: whole(image.get("seed"), 2**64),
        GenerationFact.model: _text(found.get("model_weights")),
        GenerationFact.sampler: _text(image.get("sampler")),
        GenerationFact.steps: whole(image.get("steps"), 2**31),
        GenerationFact.cfg_scale: number(image.get("cfg_scale")),
    }


def invoke_dream(text: str) -> Facts | None:
    """The oldest form: a command line, the prompt in quotes and options of one letter."""
    match = re.match(r'\s*"((?:\\.|[^"\\])*)"(.*)', text, re.DOTALL)
    if match is None:
        return None
    options = {m["name"]: m["value"] for m in _DREAM_OPTION.finditer(match[2])}
    positive, negative = _without_brackets(match[1])
    return {
        GenerationFact.prompt: positive,
        GenerationFact.negative_prompt: negative,
        GenerationFact.seed: whole(options.get("S"), 2**64),
        GenerationFact.sampler: options.get("A"),
        GenerationFact.steps: whole(options.get("s"), 2**31),
        GenerationFact.cfg_scale: number(options.get("C")),
    }


def _without_brackets(prompt: str) -> tuple[str | None, str | None]:
    negative = ", ".join(re.findall(r"\[([^\[\]]*)\]", prompt))
    return re.sub(r"\s*\[[^\[\]]*\]", "", prompt).strip() or None, negative or None


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def whole(value: object, below: int) -> int | None:
    """A whole number from 0 up to a limit, or None."""
    try:
        found = int(value) if not isinstance(value, bool) else -1  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < below else None


def number(value: object) -> float | None:
    """A finite number, or None."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) < 1e9 else None
