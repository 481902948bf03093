"""Names of programs and services that generate pictures, as they write themselves into files.

Holds `generator_of` and `GENERATED`.
Add here: another name; it must be no name of a camera.
Keep out: what such a program writes besides its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# IPTC digital source types of pictures that a model made, wholly or in part.
GENERATED = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "algorithmicMedia",
        "compositeSynthetic",
    }
)

# "Gemini" and "Meta AI" alone are not such names: they are also phones and glasses with a camera.
_NAMES: Mapping[str, str] = {
    r"midjourney": "Midjourney",
    r"dall[-·•. ]?e\b": "DALL-E",
    r"openai|chatgpt|gpt-4o|gpt-image": "OpenAI",
    r"firefly": "Firefly",
    r"made with google ai|google (gemini|generative|imagen|ai)|google c2pa": "Google",
    r"ideogram": "Ideogram",
    r"leonardo\.? ?ai": "Leonardo",
    r"black forest labs|\bflux[. -]?(1|2|dev|schnell|pro|kontext)": "FLUX",
    r"novelai": "NovelAI",
    r"comfyui": "ComfyUI",
    r"invoke ?ai": "InvokeAI",
    r"fooocus": "Fooocus",
    r"swarm ?ui": "SwarmUI",
    r"draw things": "Draw Things",
    r"easy diffusion": "Easy Diffusion",
    r"automatic1111|sd[. -]?next|stable[- ]diffusion[- ]web": "A1111",
    r"mflux": "mflux",
    r"bing image creator|microsoft (designer|image creator)|image creator from": "Microsoft",
    r"tensor\.?art": "TensorArt",
    r"\bpixai": "PixAI",
    r"yodayo": "Yodayo",
    r"civitai": "Civitai",
    r"nightcafe": "NightCafe",
    r"recraft": "Recraft",
    r"\bkrea\b": "Krea",
    r"\bgrok\b|\bxai\b": "Grok",
    r"imagined with ai|imagine with meta": "Meta",
    r"stable ?diffusion|stability ?ai|dreamstudio|\bsdxl\b": "Stable Diffusion",
}
_UNNAMED = re.compile(
    r"ai[- ]generated|generated (by|with) ai|\s*(prompt|workflow)\s*:\s*[\[{]|\s*\{", re.IGNORECASE
)


def generator_of(text: object) -> str | None:
    """The generator that a text names, or None."""
    if not isinstance(text, str):
        return None
    return next(
        (name for pattern, name in _NAMES.items() if re.search(pattern, text[:2000], re.IGNORECASE)), None
    )


def is_generator(text: object) -> bool:
    """Whether a text that should name a camera names a generator, or holds what one wrote."""
    return isinstance(text, str) and (generator_of(text) is not None or _UNNAMED.match(text) is not None)
