"""Facts of generated pictures, as the programs write them, through real files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from assets.library import GENERATORS_READ
from proofsheet.metadata.generation_metadata import READERS, generation_facts, read_texts
from proofsheet.metadata.text_values import Facts
from schemas.library import GenerationFact
from tests.support.kit import opened, pixels, save_picture

A1111 = (
    "a lighthouse, (storm:1.2), <lora:sea:0.8>\nsecond line\nNegative prompt: blurry, text\n"
    "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 18446744073709551615, Size: "
    "512x768, Model hash: abc123, "
    'Model: seaModel_v2, Lora hashes: "sea: 0f0f, b: 1", Version: v1.7.0'
)
API: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 77,
            "steps": 20,
            "cfg": 7.5,
            "sampler_name": "euler",
            "model": ["10", 0],
            "positive": ["20", 0],
            "negative": ["20", 1],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sea.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["10", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "l", "model": ["4", 0], "clip": ["4", 1]}},
    "20": {
        "class_type": "ControlNetApplyAdvanced",
        "inputs": {"positive": ["6", 0], "negative": ["7", 0], "strength": 1.0},
    },
    "30": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "positive": ["7", 0], "negative": ["6", 0], "model": ["4", 0]},
    },
}
FLUX: dict[str, Any] = {
    "1": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}},
    "2": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
    "3": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {
            "noise": ["4", 0],
            "guider": ["5", 0],
            "sampler": ["6", 0],
            "sigmas": ["7", 0],
            "latent_image": ["8", 0],
        },
    },
    "4": {"class_type": "RandomNoise", "inputs": {"noise_seed": 123456}},
    "5": {"class_type": "BasicGuider", "inputs": {"model": ["9", 0], "conditioning": ["10", 0]}},
    "6": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "heun"}},
    "7": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 12, "model": ["9", 0]}},
    "8": {"class_type": "EmptyLatentImage", "inputs": {"width": 8, "height": 8}},
    "9": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
    "10": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["11", 0]}},
    "11": {"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["13", 0]}},
    "12": {"class_type": "PrimitiveString", "inputs": {"value": "a red boat"}},
    "13": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5"}},
}
EDITOR: dict[str, Any] = {
    "nodes": [
        {"id": 1, "type": "SaveImage", "inputs": [{"name": "images", "link": 1}]},
        {"id": 2, "type": "VAEDecode", "inputs": [{"name": "samples", "link": 2}]},
        {
            "id": 3,
            "type": "KSampler",
            "inputs": [
                {"name": "model", "link": 3},
                {"name": "positive", "link": 4},
                {"name": "negative", "link": 5},
            ],
            "widgets_values": [5, "randomize", 15, 8.0, "ddim", "normal", 1.0],
        },
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["old.ckpt"]},
        {"id": 5, "type": "CLIPTextEncode", "widgets_values": ["a hill"]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["people"]},
    ],
    "links": [
        [1, 2, 0, 1, 0, "IMAGE"],
        [2, 3, 0, 2, 0, "LATENT"],
        [3, 4, 0, 3, 0, "MODEL"],
        [4, 5, 0, 3, 1, "C"],
        [5, 6, 0, 3, 2, "C"],
    ],
}
INVOKE = {
    "positive_prompt": "a bridge",
    "negative_prompt": "fog",
    "seed": 9,
    "steps": 30,
    "cfg_scale": 7,
    "scheduler": "euler_a",
    "model": {"name": "sdxl-base", "key": "k"},
}
INVOKE_2 = {
    "model_weights": "sd-1.5",
    "image": {
        "prompt": [{"prompt": "a bridge [fog]", "weight": 1}],
        "seed": 4,
        "steps": 50,
        "cfg_scale": 7.5,
        "sampler": "k_lms",
    },
}
NOVEL = {"prompt": "a castle", "uc": "lowres", "seed": 11, "steps": 28, "scale": 5.5, "sampler": "k_euler"}


def png(path: Path, **texts: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_itxt(key.replace("__", "-"), value)
    Image.fromarray(pixels(1)).save(path, pnginfo=info)
    return path


def facts(path: Path) -> dict[str, Any]:
    found = dict(generation_facts(opened(path)))
    assert found.pop("generated") is (found["tool"] is not None)
    return {k: v for k, v in found.items() if v is not None and v is not False}


def test_a1111_in_png(tmp_path: Path) -> None:
    assert facts(png(tmp_path / "p.png", parameters=A1111)) == {
        "tool": "A1111",
        "prompt": "a lighthouse, (storm:1.2), <lora:sea:0.8>\nsecond line",
        "negative_prompt": "blurry, text",
        "seed": 2**64 - 1,
        "model": "seaModel_v2",
        "sampler": "DPM++ 2M Karras",
        "steps": 28,
        "cfg_scale": 6.5,
        "found_in": "parameters",
    }


def test_comfyui_is_walked_from_the_saved_picture(tmp_path: Path) -> None:
    found = facts(png(tmp_path / "p.png", prompt=json.dumps(API), workflow="{}"))
    assert found == {
        "tool": "ComfyUI",
        "prompt": "a lighthouse",
        "negative_prompt": "blurry",
        "seed": 77,
        "model": "sea.safetensors",
        "sampler": "euler",
        "steps": 20,
        "cfg_scale": 7.5,
        "found_in": "prompt",
    }


def test_comfyui_with_guider_and_noise_nodes(tmp_path: Path) -> None:
    found = facts(png(tmp_path / "p.png", prompt=json.dumps(FLUX)))
    assert found["prompt"] == "a red boat"
    assert (found["seed"], found["steps"], found["sampler"]) == (123456, 12, "heun")
    assert found["model"] == "flux1-dev.safetensors"
    assert "negative_prompt" not in found


def test_comfyui_with_the_editors_graph_alone(tmp_path: Path) -> None:
    found = facts(png(tmp_path / "p.png", workflow=json.dumps(EDITOR)))
    assert found["found_in"] == "workflow"
    assert (found["prompt"], found["negative_prompt"], found["model"]) == ("a hill", "people", "old.ckpt")
    assert (found["seed"], found["steps"], found["sampler"], found["cfg_scale"]) == (5, 15, "ddim", 8.0)


def test_comfyui_in_webp(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Prompt:" + json.dumps(API)
    Image.fromarray(pixels(1)).save(tmp_path / "p.webp", exif=exif)
    assert facts(tmp_path / "p.webp")["prompt"] == "a lighthouse"


def test_invokeai_of_three_ages(tmp_path: Path) -> None:
    new = facts(png(tmp_path / "a.png", invokeai_metadata=json.dumps(INVOKE)))
    assert (new["tool"], new["prompt"], new["negative_prompt"], new["model"]) == (
        "InvokeAI",
        "a bridge",
        "fog",
        "sdxl-base",
    )
    old = facts(png(tmp_path / "b.png", sd__metadata=json.dumps(INVOKE_2)))
    assert (old["prompt"], old["negative_prompt"], old["seed"], old["model"]) == (
        "a bridge",
        "fog",
        4,
        "sd-1.5",
    )
    oldest = facts(
        png(tmp_path / "c.png", Dream='"a bridge [fog]" -s 50 -S 42 -W 512 -H 512 -C 7.5 -A k_lms')
    )
    assert (oldest["prompt"], oldest["seed"], oldest["steps"], oldest["sampler"]) == (
        "a bridge",
        42,
        50,
        "k_lms",
    )


def test_novelai(tmp_path: Path) -> None:
    path = png(
        tmp_path / "p.png",
        Software="NovelAI",
        Source="Stable Diffusion XL 7BCCAA2C",
        Comment=json.dumps(NOVEL),
    )
    found = facts(path)
    assert (found["tool"], found["prompt"], found["negative_prompt"], found["seed"]) == (
        "NovelAI",
        "a castle",
        "lowres",
        11,
    )
    assert found["model"].startswith("Stable Diffusion XL")


@pytest.mark.parametrize(
    "texts",
    [
        {"prompt": "not json"},
        {"prompt": "[" * 100_000},
        {
            "prompt": json.dumps(
                {"1": {"class_type": "KSampler", "inputs": {"positive": ["1", 0], "negative": ["1", 0]}}}
            )
        },
        {"prompt": json.dumps({"1": {"class_type": 5, "inputs": []}, "nodes": 3})},
        {"workflow": json.dumps({"nodes": [1, {"type": "KSampler", "inputs": [3]}], "links": [7, [1]]})},
        {"parameters": "just some text"},
        {"parameters": "x\nSteps: 99999999999999999999, Seed: -5, CFG scale: nan"},
        {"invokeai_metadata": "[]"},
        {"sd-metadata": '{"image": 5}'},
        {"Dream": "no quotes"},
        {"Software": "NovelAI", "Comment": "{"},
    ],
)
def test_strange_texts_give_no_made_up_facts(texts: dict[str, str]) -> None:
    found = read_texts(texts) or {}
    assert found.get("seed") is None
    assert found.get("steps") is None
    assert "negative_prompt" not in found or found["negative_prompt"] is None


def test_a_fault_of_a_reader_costs_no_picture_and_no_other_fact(tmp_path: Path) -> None:
    def faulty(texts: Mapping[str, str]) -> Facts | None:
        raise LookupError(f"a fault at {texts['parameters'][0]}")

    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        b'e:DigitalSourceType="x/trainedAlgorithmicMedia"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    plain, marked = (
        opened(png(tmp_path / "p.png", parameters=A1111)),
        opened(save_picture(tmp_path / "p.jpg", xmp=xmp)),
    )
    read_on = generation_facts(plain, [faulty, *READERS])
    assert (read_on["prompt"], read_on["unread"], read_on["generated"]) == (
        "a lighthouse, (storm:1.2), <lora:sea:0.8>\nsecond line",
        "LookupError a fault at a",
        True,
    )
    alone = generation_facts(plain, [faulty])
    assert {n: v for n, v in alone.items() if v} == {
        "unread": "LookupError a fault at a",
        "found_in": "parameters",
    }
    origin = generation_facts(replace(marked, text={"parameters": "a1"}), [faulty])
    assert (origin["digital_source_type"], origin["generated"]) == ("trainedAlgorithmicMedia", True)
    assert origin["unread"] == "LookupError a fault at a"
    unread = GENERATORS_READ.failing(GenerationFact.frame([{"project": "a", "photo_id": "p", **alone}]))
    assert unread["photo_id"].to_list() == ["p"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("A walk with Anna\nSteps: 300, Seed: 5, Size: M", False),
        ('{"prompt": "Say cheese", "seed": 5, "steps": 8}', False),
        (A1111, True),
    ],
)
def test_a_file_that_a_camera_wrote_needs_the_strongest_evidence(
    tmp_path: Path, text: str, made: bool
) -> None:
    for exposure in (True, False):
        exif = Image.Exif()
        exif[0x010F], exif[0x0110], exif[0x010E] = "Canon", "EOS R5", text
        if exposure:
            exif.get_ifd(0x8769)[0x829A] = 0.01
        path = save_picture(tmp_path / "p.jpg", exif=exif)
        assert generation_facts(opened(path))["generated"] is (made or not exposure)


def test_camera_files_are_not_generated(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS"
    Image.fromarray(pixels(1)).save(tmp_path / "p.jpg", exif=exif)
    assert facts(tmp_path / "p.jpg") == {}
