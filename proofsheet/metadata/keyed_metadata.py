"""Facts of generated pictures under names: objects in JSON, and texts of a PNG.

Holds `read_keys`, `read_old_invoke`, `read_dream`, `read_mochi` and `HOW`.
Add here: another program's names, and how the program is recognised.
Keep out: graphs (comfyui.py), the text of A1111 (a1111.py), the place of a text in a file
(generation_metadata.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proofsheet.metadata.text_values import Facts, json_object, number, spoken, whole
from schemas.library import GenerationFact

# Names that programs use, in small letters without spaces, dashes and underscores; the first that is there
# counts.
_SPELLINGS: Mapping[str, Sequence[str]] = {
    GenerationFact.prompt: ("positiveprompt", "prompt", "c"),
    GenerationFact.negative_prompt: ("negativeprompt", "uc", "negative"),
    GenerationFact.seed: ("seed", "noiseseed"),
    GenerationFact.model: (
        *(
            "model",
            "modelname",
            "basemodel",
            "basemodelname",
            "usestablediffusionmodel",
            "stablediffusionmodel",
            "modelweights",
            "sdmodelname",
        ),
        *("checkpoint", "modelfilename"),
    ),
    GenerationFact.sampler: ("sampler", "samplername", "scheduler"),
    GenerationFact.steps: ("steps", "numinferencesteps", "numsteps"),
    GenerationFact.cfg_scale: ("cfgscale", "guidancescale", "scale", "cfg", "guidance"),
}
HOW = (GenerationFact.seed, GenerationFact.steps, GenerationFact.cfg_scale, GenerationFact.sampler)
_MODEL_NAMES = ("modelFileName", "model_name", "name", "label", "key")
_TELLING = {  # a name that one program alone uses
    "suiimageparams": "SwarmUI",
    "mfluxversion": "mflux",
    "usestablediffusionmodel": "Easy Diffusion",
    "stablediffusionmodel": "Easy Diffusion",
    "basemodelhash": "Fooocus",
    "metadatascheme": "Fooocus",
    "generationmode": "InvokeAI",
    "workflowid": "Civitai",
    "extrametadata": "Civitai",
}
_DREAM_OPTION = re.compile(r"\s-(?P<name>[a-zA-Z]+)\s*(?P<value>\S+)")
_MOCHI = re.compile(  # its names alone: a prompt may hold semicolons and other names
    r"(?:^|;\s*)((?:In|Ex)clude (?:in|from) Image|Model|Steps|Guidance Scale|Seed|Size|Upscaler|"
    "Scheduler|ML Compute Unit|"
    r"Generator):\s*"
)
_MOCHI_NAMES = {"Include in Image": "prompt", "Exclude from Image": "negative prompt"}
_DEEPEST = 4
_INNER = ("sui_image_params", "extraMetadata", "meta", "generation_data", "metadata")


def read_keys(found: Mapping[str, Any], least: int = 2, depth: int = 0) -> Facts | None:
    """The facts of an object, or None without a prompt and facts of generation.

    Args:
        found: values by the program's own names; the facts may be in an object inside.
        least: number of facts besides the prompt that prove that a program wrote it; a name that only one
            program uses is proof as well.
        depth: of the object in another one.
    """
    tool = tool_by_names(found)
    for name in _INNER if depth < _DEEPEST else ():
        inner = found.get(name)
        inner = json_object(inner) or inner
        if isinstance(inner, Mapping) and (facts := read_keys(inner, least, depth + 1)):
            return facts | {GenerationFact.tool: facts[GenerationFact.tool] or tool}
    named = {re.sub(r"[ _-]", "", str(k)).lower(): v for k, v in found.items()}
    if "uc" not in named:
        named.pop("c", None)  # one letter alone may mean anything

    def value(column: str) -> object:
        return next((named[n] for n in _SPELLINGS[column] if n in named), None)

    facts = {
        GenerationFact.prompt: spoken(value(GenerationFact.prompt)),
        GenerationFact.negative_prompt: spoken(value(GenerationFact.negative_prompt)),
        GenerationFact.seed: whole(value(GenerationFact.seed), 2**64),
        GenerationFact.model: _model(value(GenerationFact.model)),
        GenerationFact.sampler: spoken(value(GenerationFact.sampler)),
        GenerationFact.steps: whole(value(GenerationFact.steps), 2**31),
        GenerationFact.cfg_scale: number(value(GenerationFact.cfg_scale)),
    }
    told = sum(facts[n] is not None for n in HOW) + (facts[GenerationFact.negative_prompt] is not None)
    told += {"width", "height"} <= named.keys()
    if facts[GenerationFact.prompt] is None or not told or (told < least and tool is None):
        return None
    return {**facts, GenerationFact.tool: tool}


def tool_by_names(found: Mapping[str, Any]) -> str | None:
    """The program that alone uses one of these names, or None."""
    named = {re.sub(r"[ _-]", "", str(k)).lower() for k in found}
    if {"c", "uc"} <= named:
        return "Draw Things"
    return next((tool for name, tool in _TELLING.items() if name in named), None)


def _model(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = next((value[n] for n in _MODEL_NAMES if n in value), None)
    return spoken(value)


def read_old_invoke(found: Mapping[str, Any]) -> Facts | None:
    """InvokeAI 2: the facts are under `image`, the negative prompt in brackets inside the prompt."""
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
        GenerationFact.model: spoken(found.get("model_weights")),
        GenerationFact.sampler: spoken(image.get("sampler")),
        GenerationFact.steps: whole(image.get("steps"), 2**31),
        GenerationFact.cfg_scale: number(image.get("cfg_scale")),
    }


def read_dream(text: str) -> Facts | None:
    """The oldest form of InvokeAI: a command line, the prompt in quotes and options of one letter."""
    match = re.match(r'\s*"((?:\\.|[^"\\])*)"(.*)', text, re.DOTALL)
    if match is None:
        return None
    options = {m["name"]: m["value"] for m in _DREAM_OPTION.finditer(match[2])}
    if not {"S", "A", "s", "C"} & options.keys():
        return None
    positive, negative = _without_brackets(match[1])
    return {
        GenerationFact.prompt: positive,
        GenerationFact.negative_prompt: negative,
        GenerationFact.seed: whole(options.get("S"), 2**64),
        GenerationFact.sampler: options.get("A"),
        GenerationFact.steps: whole(options.get("s"), 2**31),
        GenerationFact.cfg_scale: number(options.get("C")),
    }


def read_mochi(text: str) -> Facts | None:
    """Mochi Diffusion: names and values in one line, the prompt under "Include in Image"."""
    first, *parts = _MOCHI.split(text.strip())
    named = dict(zip(parts[::2], parts[1::2], strict=True))
    if first or not text.lstrip().startswith("Include in Image:"):
        return None
    return read_keys({_MOCHI_NAMES.get(name, name): value for name, value in named.items()})


def _without_brackets(prompt: str) -> tuple[str | None, str | None]:
    negative = ", ".join(re.findall(r"\[([^\[\]]*)\]", prompt))
    return re.sub(r"\s?\[[^\[\]]*\]", "", prompt).strip() or None, negative or None
