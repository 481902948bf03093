"""ComfyUI graphs: what feeds the sampler is followed; what cannot be followed is null, never a guess."""

from __future__ import annotations

import time
from typing import Any

import pytest

from proofsheet.metadata.comfyui import read_graphs

Nodes = dict[str, dict[str, Any]]


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def graph(nodes: Nodes, **sampler: Any) -> Nodes:
    """A plain graph whose sampler `s` has other inputs, and more nodes."""
    plain = {
        "m": node("CheckpointLoaderSimple", ckpt_name="sea.safetensors"),
        "p": node("CLIPTextEncode", text="a red boat", clip=["m", 1]),
        "n": node("CLIPTextEncode", text="fog", clip=["m", 1]),
        "e": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "s": node(
            "KSampler",
            seed=7,
            steps=20,
            cfg=6.5,
            sampler_name="euler",
            model=["m", 0],
            positive=["p", 0],
            negative=["n", 0],
        ),
        "d": node("VAEDecode", samples=["s", 0], vae=["m", 2]),
        "out": node("SaveImage", images=["d", 0], filename_prefix="x"),
    }
    plain["s"]["inputs"]["latent_image"] = ["e", 0]
    plain["s"]["inputs"] |= sampler
    return plain | nodes


def words(nodes: Nodes, **sampler: Any) -> tuple[Any, Any]:
    found = read_graphs(graph(nodes, **sampler), None)
    assert found is not None
    return found["prompt"], found["negative_prompt"]


BOAT = ("a red boat", "fog")
PASSES: list[tuple[str, Nodes, dict[str, Any], tuple[Any, Any]]] = [
    ("plain", {}, {}, BOAT),
    (
        "set to zero",
        {"z": node("ConditioningZeroOut", conditioning=["p", 0])},
        {"negative": ["z", 0]},
        ("a red boat", None),
    ),
    (
        "guidance",
        {"z": node("FluxGuidance", conditioning=["p", 0], guidance=3.5)},
        {"positive": ["z", 0]},
        BOAT,
    ),
    (
        "control net for both",
        {
            "z": node(
                "ControlNetApplyAdvanced", positive=["p", 0], negative=["n", 0], strength=1.0, image=["d", 0]
            )
        },
        {"positive": ["z", 0], "negative": ["z", 1]},
        BOAT,
    ),
    (
        "both from one zeroed",
        {
            "o": node("ConditioningZeroOut", conditioning=["p", 0]),
            "z": node("InpaintModelConditioning", positive=["p", 0], negative=["o", 0], vae=["m", 2]),
        },
        {"positive": ["z", 0], "negative": ["z", 1]},
        ("a red boat", None),
    ),
    (
        "combined",
        {
            "q": node("CLIPTextEncode", text="a pier", clip=["m", 1]),
            "z": node("ConditioningCombine", conditioning_1=["p", 0], conditioning_2=["q", 0]),
        },
        {"positive": ["z", 0]},
        ("a red boat\na pier", "fog"),
    ),
    (
        "two texts of one",
        {"p": node("CLIPTextEncodeSDXL", text_g="a boat", text_l="a boat", clip=["m", 1])},
        {},
        ("a boat", "fog"),
    ),
    (
        "three encoders",
        {"p": node("CLIPTextEncodeSD3", clip_l="a", clip_g="b", t5xxl="", clip=["m", 1])},
        {},
        ("b\na", "fog"),
    ),
    (
        "joined strings",
        {
            "a": node("PrimitiveString", value="a red"),
            "j": node("StringConcatenate", string_a=["a", 0], string_b="boat", delimiter=" "),
            "p": node("CLIPTextEncode", text=["j", 0], clip=["m", 1]),
        },
        {},
        BOAT,
    ),
    (
        "shown and rerouted",
        {
            "a": node("String Literal", string="a red boat"),
            "r": node("Reroute", **{"": ["a", 0]}),
            "h": node("ShowText|pysssss", text=["r", 0], text_0="of the run before"),
            "p": node("CLIPTextEncode", text=["h", 0], clip=["m", 1]),
        },
        {},
        BOAT,
    ),
    (
        "a pipe",
        {
            "b": node(
                "ToBasicPipe",
                model=["m", 0],
                clip=["m", 1],
                vae=["m", 2],
                positive=["p", 0],
                negative=["n", 0],
            ),
            "z": node("FromBasicPipe", basic_pipe=["b", 0]),
        },
        {"positive": ["z", 3], "negative": ["z", 4], "model": ["z", 0]},
        BOAT,
    ),
    (
        "a loader that holds both texts",
        {"z": node("Efficient Loader", ckpt_name="sea.safetensors", positive="a red boat", negative="fog")},
        {"positive": ["z", 1], "negative": ["z", 2]},
        BOAT,
    ),
    (
        "drawn wildcards",
        {
            "w": node(
                "ImpactWildcardProcessor",
                wildcard_text="a {red|blue} boat",
                populated_text="a red boat",
                seed=1,
            ),
            "p": node("CLIPTextEncode", text=["w", 0], clip=["m", 1]),
        },
        {},
        BOAT,
    ),
    (
        "wildcards before the draw",
        {
            "w": node("easy wildcards", text="a {red|blue} boat", seed=1),
            "p": node("CLIPTextEncode", text=["w", 0], clip=["m", 1]),
        },
        {},
        (None, "fog"),
    ),
    (
        "written by a model",
        {
            "w": node("OllamaGenerateV2", prompt="describe a boat", system="be short", seed=3),
            "p": node("CLIPTextEncode", text=["w", 0], clip=["m", 1]),
        },
        {},
        (None, "fog"),
    ),
    (
        "half of it written by a model",
        {
            "w": node("Florence2Run", image=["d", 0], seed=3),
            "j": node("StringConcatenate", string_a="a boat", string_b=["w", 2], delimiter=", "),
            "p": node("CLIPTextEncode", text=["j", 0], clip=["m", 1]),
        },
        {},
        (None, "fog"),
    ),
    ("a link to nowhere", {"p": node("CLIPTextEncode", text=["gone", 0], clip=["m", 1])}, {}, (None, "fog")),
    (
        "a circle",
        {"p": node("ConditioningCombine", conditioning_1=["p", 0], conditioning_2=["n", 0])},
        {},
        (None, "fog"),
    ),
    (
        "a switch",
        {
            "b": node("PrimitiveBoolean", value=False),
            "w": node("ComfySwitchNode", on_true="a blue boat", on_false="a red boat", switch=["b", 0]),
            "p": node("CLIPTextEncode", text=["w", 0], clip=["m", 1]),
        },
        {},
        BOAT,
    ),
]


@pytest.mark.parametrize(
    ("nodes", "sampler", "expected"), [p[1:] for p in PASSES], ids=[p[0] for p in PASSES]
)
def test_words(nodes: Nodes, sampler: dict[str, Any], expected: tuple[Any, Any]) -> None:
    assert words(nodes, **sampler) == expected


CUSTOM: Nodes = {
    "noise": node("RandomNoise", noise_seed=123),
    "sel": node("KSamplerSelect", sampler_name="heun"),
    "sig": node("BasicScheduler", scheduler="simple", steps=12, denoise=1.0, model=["m", 0]),
    "s": node(
        "SamplerCustomAdvanced",
        noise=["noise", 0],
        guider=["g", 0],
        sampler=["sel", 0],
        sigmas=["sig", 0],
        latent_image=["e", 0],
    ),
}
GUIDERS = [
    (node("BasicGuider", model=["m", 0], conditioning=["p", 0]), "a red boat", None, None),
    (
        node("CFGGuider", model=["m", 0], positive=["p", 0], negative=["n", 0], cfg=4.0),
        "a red boat",
        "fog",
        4.0,
    ),
    (
        node(
            "DualCFGGuider", model=["m", 0], cond1=["p", 0], cond2=["p", 0], negative=["n", 0], cfg_conds=5.0
        ),
        "a red boat",
        "fog",
        5.0,
    ),
    (
        node(
            "DualCFGGuider", model=["m", 0], cond1=["p", 0], cond2=["n", 0], negative=["p", 0], cfg_conds=5.0
        ),
        None,
        None,
        5.0,
    ),
]


@pytest.mark.parametrize(("guider", "prompt", "negative", "cfg"), GUIDERS)
def test_guiders(guider: dict[str, Any], prompt: Any, negative: Any, cfg: Any) -> None:
    plain = graph({})
    del plain["s"]
    found = read_graphs({**plain, **CUSTOM, "g": guider}, None)
    assert found is not None
    assert (found["prompt"], found["negative_prompt"], found["cfg_scale"]) == (prompt, negative, cfg)
    assert (found["seed"], found["steps"], found["sampler"], found["model"]) == (
        123,
        12,
        "heun",
        "sea.safetensors",
    )


SEEDS: list[tuple[Nodes, dict[str, Any], int | None]] = [
    ({"x": node("Seed (rgthree)", seed=99)}, {"seed": ["x", 0]}, 99),
    ({"x": node("PrimitiveInt", value=99, control_after_generate="fixed")}, {"seed": ["x", 0]}, 99),
    ({"x": node("Random Number", minimum=0, maximum=9, seed=4)}, {"seed": ["x", 0]}, None),
    (
        {
            "x": node("MathExpression|pysssss", expression="a+1", a=["y", 0]),
            "y": node("PrimitiveInt", value=3),
        },
        {"seed": ["x", 0]},
        None,
    ),
    ({}, {"seed": -1}, None),
    ({}, {"add_noise": "disable"}, None),
    ({}, {"seed": ["gone", 0]}, None),
]


@pytest.mark.parametrize(("nodes", "sampler", "expected"), SEEDS)
def test_seeds(nodes: Nodes, sampler: dict[str, Any], expected: int | None) -> None:
    found = read_graphs(graph(nodes, **sampler), None)
    assert found is not None
    assert found["seed"] == expected


MODELS: list[tuple[Nodes, str | None]] = [
    (
        {
            "x": node("LoraLoader", model=["y", 0], lora_name="l.safetensors"),
            "y": node("LoraLoader", model=["m", 0]),
        },
        "sea.safetensors",
    ),
    ({"x": node("UnetLoaderGGUF", unet_name="sea.gguf")}, "sea.gguf"),
    ({"x": node("CheckpointLoader|pysssss", ckpt_name={"content": "sea.ckpt", "image": None})}, "sea.ckpt"),
    (
        {
            "x": node("CheckpointLoaderSimple", ckpt_name=["y", 0]),
            "y": node("String Literal", string="sea.ckpt"),
        },
        "sea.ckpt",
    ),
    (
        {
            "x": node("ModelMergeSimple", model1=["m", 0], model2=["y", 0]),
            "y": node("UNETLoader", unet_name="b.sft"),
        },
        None,
    ),
]


@pytest.mark.parametrize(("nodes", "expected"), MODELS)
def test_models(nodes: Nodes, expected: str | None) -> None:
    found = read_graphs(graph(nodes, model=["x", 0]), None)
    assert found is not None
    assert found["model"] == expected


def later(**inputs: Any) -> dict[str, Any]:
    """A sampler that goes on with the picture of `s`."""
    plain = {
        "model": ["m", 0],
        "positive": ["q", 0],
        "negative": ["n", 0],
        "seed": 8,
        "steps": 9,
        "cfg": 2.0,
        "latent_image": ["s", 0],
    }
    return node("KSampler", **plain | inputs)


HALFWAY = node("VAEDecode", samples=["s", 0])
FACES = node("FaceDetailer", image=["h", 0], positive=["q", 0], seed=8, steps=9)
COMPOSED = node("LatentComposite", samples_to=["s", 0], samples_from=["t", 0])
SECOND = {
    "q": node("CLIPTextEncode", text="sharper", clip=["m", 1]),
    "d": node("VAEDecode", samples=["t", 0], vae=["m", 2]),
}


@pytest.mark.parametrize(
    ("nodes", "seed", "prompt"),
    [
        ({**SECOND, "t": later(denoise=0.5)}, 7, "a red boat"),
        ({**SECOND, "t": later(denoise=1.0)}, 8, "sharper"),
        ({**SECOND, "t": later(add_noise="disable", start_at_step=20)}, 7, "a red boat"),
        ({**SECOND, "t": FACES, "h": HALFWAY}, 7, "a red boat"),
        ({**SECOND, "t": later(), "out2": node("SaveImage", images=["h", 0]), "h": HALFWAY}, None, None),
        ({**SECOND, "t": later(), "d": node("VAEDecode", samples=["s", 0])}, 7, "a red boat"),
        ({**SECOND, "t": later(), "d": COMPOSED}, None, None),
    ],
    ids=["finishes", "begins again", "refiner", "detailer", "two pictures", "leads nowhere", "composed"],
)  # fmt: skip
def test_which_sampler_counts(nodes: Nodes, seed: int | None, prompt: str | None) -> None:
    found = read_graphs(graph(nodes), None)
    assert found is not None
    assert (found["seed"], found["prompt"]) == (seed, prompt)
    assert found["model"] == "sea.safetensors"


def test_a_picture_that_was_only_scaled_has_no_facts() -> None:
    nodes = {
        "a": node("LoadImage", image="x.png"),
        "b": node("ImageScale", image=["a", 0]),
        "c": node("SaveImage", images=["b", 0]),
    }
    assert read_graphs(nodes, None) is None


@pytest.mark.parametrize("length", [5_000])
def test_large_graphs_end_soon(length: int) -> None:
    chain = {f"c{k}": node("LoraLoader", model=[f"c{k + 1}", 0]) for k in range(length)}
    chain |= {f"g{k}": node("FluxGuidance", conditioning=[f"g{k + 1}", 0]) for k in range(length)}
    twice = {
        f"w{k}": node("ConditioningCombine", conditioning_1=[f"w{k + 1}", 0], conditioning_2=[f"w{k + 1}", 0])
        for k in range(50)
    }
    ends = {
        f"c{length}": node("UNETLoader", unet_name="far.sft"),
        f"g{length}": node("FluxGuidance", conditioning=["p", 0]),
    }
    started = time.process_time()
    found = read_graphs(
        graph(
            {**chain, **twice, **ends, "w50": graph({})["n"]},
            model=["c0", 0],
            positive=["g0", 0],
            negative=["w0", 0],
        ),
        None,
    )
    assert found is not None
    assert (found["prompt"], found["negative_prompt"], found["model"]) == ("a red boat", "fog", "far.sft")
    assert time.process_time() - started < 5
