"""Facts that stand under names, and texts of their own.

The programs and services that write neither a graph nor A1111's text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from proofsheet.metadata.generation_metadata import read_texts

BOAT = {"prompt": "a boat", "negative_prompt": "fog", "seed": 5, "steps": 8}
SWARM = {
    "sui_image_params": {
        "prompt": "a boat",
        "negativeprompt": "fog",
        "seed": 5,
        "steps": 8,
        "cfgscale": 7,
        "model": "m",
    }
}
FOOOCUS = {
    **BOAT,
    "seed": "5",
    "base_model": "m",
    "base_model_hash": "0f",
    "guidance_scale": 4,
    "metadata_scheme": "fooocus",
}
CIVITAI = {
    "resource-stack": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "urn:air:x"}},
    "extraMetadata": json.dumps(
        {"prompt": "a boat", "negativePrompt": "fog", "seed": 5, "steps": 8, "cfgScale": 7}
    ),
}
TENSOR = {
    "prompt": "a boat",
    "negativePrompt": "fog",
    "seed": "5",
    "steps": 8,
    "baseModel": {"modelFileName": "m", "label": "x"},
}
EASY = {
    "prompt": "a boat",
    "negative_prompt": "fog",
    "seed": "5",
    "num_inference_steps": "8",
    "use_stable_diffusion_model": "m",
}
NOVEL = {
    "Comment": json.dumps({"prompt": "a boat", "uc": "fog", "seed": 5, "steps": 8}),
    "Software": "NovelAI",
    "Source": "V4",
}
DRAW = (
    "Steps: 8, Sampler: Euler A, Guidance Scale: 7.5, Seed: 5, Size: 64x64, Model: m.ckpt, Strength: "
    "1.0, Seed Mode: Scale Alike"
)
MOCHI = (
    "Include in Image: a boat; Exclude from Image: fog; Model: m; Steps: 8; Guidance Scale: 11; Seed: "
    "5; Scheduler: DPM"
)
TOLD: list[tuple[dict[str, str], str | None]] = [
    ({"parameters": json.dumps(SWARM)}, "SwarmUI"),
    ({"UserComment": json.dumps(SWARM)}, "SwarmUI"),
    ({"parameters": json.dumps(FOOOCUS)}, "Fooocus"),
    ({"UserComment": json.dumps({**BOAT, "mflux_version": "0.6", "guidance": 3.5})}, "mflux"),
    ({"UserComment": json.dumps(CIVITAI)}, "Civitai"),
    ({"generation_data": json.dumps(TENSOR)}, "TensorArt"),
    (EASY, "Easy Diffusion"),
    ({"UserComment": json.dumps(EASY)}, "Easy Diffusion"),
    ({"UserComment": json.dumps(NOVEL)}, "NovelAI"),
    (
        {
            "prompt": "a boat",
            "negative-prompt": "fog",
            "seed": "5",
            "steps": "8",
            "scale": "7.5",
            "sampler": "ddim",
        },
        None,
    ),
    (
        {
            "invokeai_metadata": json.dumps(
                {"positive_prompt": "a boat", "negative_prompt": "fog", "seed": 5, "steps": 8}
            )
        },
        "InvokeAI",
    ),
    ({"XPComment": "a boat\nNegative prompt: fog\nSteps: 8, Seed: 5, Sampler: x"}, "A1111"),
    ({"Comment": json.dumps(BOAT)}, None),
    (
        {"xmp exif:UserComment": json.dumps({"c": "a boat", "uc": "fog", "seed": 5, "steps": 8, "scale": 4})},
        "Draw Things",
    ),
    ({"xmp dc:description": f"a boat\n-fog\n{DRAW}"}, "Draw Things"),
    (
        {
            "Prompt": "a boat",
            "Negative Prompt": "fog",
            "Seed": "5",
            "Steps": "8",
            "Stable Diffusion model": "m",
        },
        "Easy Diffusion",
    ),
    ({"ImageDescription": MOCHI}, "Mochi Diffusion"),
]


@pytest.mark.parametrize(("texts", "tool"), TOLD)
def test_programs(texts: dict[str, str], tool: str | None) -> None:
    found = read_texts(texts)
    assert found is not None
    assert (found["tool"], *(found[n] for n in BOAT)) == (tool, *BOAT.values())
    assert found["found_in"]


JOB = "Job ID: 0123abcd-0123-4567-89ab-0123456789ab"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            f"a boat, quiet --ar 16:9 --no fog, text --seed 5 --v 6.1 {JOB}",
            ("a boat, quiet", "fog, text", 5, "6.1"),
        ),
        (f"a boat - at sea --niji 6 {JOB}", ("a boat - at sea", None, None, "niji 6")),
        (f"a boat {JOB}", ("a boat", None, None, None)),
    ],
)
@pytest.mark.parametrize("place", ["Description", "ImageDescription"])
def test_midjourney(place: str, told: str, expected: tuple[Any, ...]) -> None:
    found = read_texts({place: told, "Author": "x"})
    assert found is not None
    assert found["tool"] == "Midjourney"
    assert (found["prompt"], found["negative_prompt"], found["seed"], found["model"]) == expected


def test_flux_names_itself_as_a_camera() -> None:
    texts = {
        "Make": "Black Forest Labs",
        "Model": "flux-dev",
        "Software": "AI generated;txt2img;flux",
        "ImageDescription": "a boat",
    }
    found = read_texts(texts)
    assert found is not None
    assert (found["tool"], found["prompt"], found["model"]) == ("FLUX", "a boat", "flux-dev")


@pytest.mark.parametrize(
    "texts",
    [
        {"UserComment": '{"app": "Camera", "seed": 5}'},
        {"UserComment": '{"prompt": "Say cheese"}'},
        {"Description": "my job at sea --v"},
        {"prompt": "what the waiter asked"},
        {"Comment": "Created with GIMP"},
        {"UserComment": '{"c": "red", "scale": 2}'},
        {"UserComment": '{"c": "red", "scale": 2, "sampler": "Akai"}'},
        {"UserComment": '{"prompt": "x", "scale": 2}'},
        {"Comment": '{"prompt": "what is it?", "temperature": 1, "seed": 3, "model": "gpt"}'},
        {"Dream": '"a dream of mine"'},
        {"UserComment": "{" * 50_000},
        {"UserComment": '{"meta":' * 900 + json.dumps(BOAT) + "}" * 900},
        {"parameters": '{"sui_image_params": 5}'},
        {"parameters": '{"extraMetadata": "{\\"extraMetadata\\": 5}"}'},
    ],
)
def test_other_texts_say_nothing(texts: dict[str, str]) -> None:
    assert read_texts(texts) is None


def test_a_graph_counts_before_the_text_beside_it() -> None:
    graph: dict[str, Any] = {
        "1": {
            "class_type": "KSampler",
            "inputs": {"seed": 5, "steps": 8, "positive": ["2", 0], "negative": ["3", 0]},
        },
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a boat", "clip": ["9", 0]}},
        "3": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["2", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    beside = "another\nNegative prompt: fog\nSteps: 9, Seed: 6, Sampler: x"
    found = read_texts({"prompt": json.dumps(graph), "parameters": beside})
    assert found is not None
    assert (found["tool"], found["prompt"], found["negative_prompt"], found["seed"]) == (
        "ComfyUI",
        "a boat",
        None,
        5,
    )
    graph["2"]["inputs"]["text"] = ["8", 0]
    found = read_texts({"prompt": json.dumps(graph), "parameters": beside})
    assert found is not None
    assert (found["tool"], found["prompt"], found["negative_prompt"], found["seed"]) == (
        "ComfyUI",
        "another",
        "fog",
        6,
    )


def test_not_a_number_is_read_and_means_nothing() -> None:
    inputs = '{"seed": NaN, "steps": 8, "cfg": Infinity, "positive": "a boat"}'
    text = f'{{"1": {{"class_type": "KSampler", "inputs": {inputs}, "is_changed": [NaN]}}}}'
    found = read_texts({"prompt": text})
    assert found is not None
    assert (found["prompt"], found["seed"], found["steps"], found["cfg_scale"]) == ("a boat", None, 8, None)
