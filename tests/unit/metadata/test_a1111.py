"""The text of A1111 in every layout and encoding that its forks, other programs and sites write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.metadata.a1111 import read_text
from proofsheet.metadata.generation_metadata import generation_facts
from proofsheet.metadata.user_comment import user_comment
from tests.support.kit import opened, pixels

LINE = (
    "Steps: 28, Sampler: Euler a, CFG scale: 6.5, Seed: 4242, Size: 512x768, Model: seaModel_v2, "
    "Version: v1.10.1"
)
PLAIN = f"a boat\nNegative prompt: fog\n{LINE}"
EXPECTED = ("a boat", "fog", 4242, "seaModel_v2", "Euler a", 28, 6.5)


def told(text: str) -> tuple[object, ...] | None:
    found = read_text(text)
    return found and tuple(
        found[n] for n in ("prompt", "negative_prompt", "seed", "model", "sampler", "steps", "cfg_scale")
    )


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        f"\n{PLAIN}\n\n",
        PLAIN.replace("\n", " "),
        PLAIN.replace(", ", " | "),
        f"{PLAIN}\nTemplate: a {{boat|ship}}\nsecond line of it",
        f"{PLAIN}\nTemplate: a {{boat|ship}}\nNegative Template: fog\nSteps: 5, Sampler: x, Seed: 1",
        f"{PLAIN}\nNegative Template: {{fog|mist}}",
        f'{PLAIN}, Hires prompt: "Seed: 1, Model: other, ""',
        f'{PLAIN}, Hires prompt: "two\nlines, Seed: 1", Hires steps: 3',
        f'{PLAIN}, Lora hashes: "sea: 0f0f, Seed: 1", TI hashes: "a: b"',
        (
            f'{PLAIN}, Civitai resources: [{{"type":"checkpoint","modelName":"A, Seed: 1"}}], Civitai '
            f"metadata: {{}}"
        ),
        f'{PLAIN}, ControlNet 0: "Module: canny, Model: other [1], Weight: 1"',
        f"a boat\nNegative prompt: fog\n{LINE}, Created Date: 2024-11-10T05:41:26.123Z, Clip skip: 2",
        (
            "a boat\nNegative prompt: fog\nSteps: 28, Seed: 4242, CFG scale: 6.5, Sampler: Euler a, "
            "Model: seaModel_v2, App: SD.Next"
        ),
        (
            "a boat\nNegative prompt: fog\nSampler: Euler a, Model: seaModel_v2, Seed: 4242, CFG "
            "scale: 6.5, Steps: 28"
        ),
    ],
)
def test_layouts(text: str) -> None:
    assert told(text) == EXPECTED


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (f"a boat\n{LINE}", "a boat", None),
        (LINE, None, None),
        (f"Negative prompt: fog\n{LINE}", None, "fog"),
        ((
            "a poster, Steps: 1, 2, 3\nSteps: 5 and "
            f"more\n{LINE}"
        ), "a poster, Steps: 1, 2, 3\nSteps: 5 and more", None),
        (f"two\nlines\nNegative prompt: three\nfour\n{LINE}", "two\nlines", "three\nfour"),
        (f"a\nSteps: 3, Sampler: x, Seed: 1\nand b\n{LINE}", "a\nSteps: 3, Sampler: x, Seed: 1\nand b", None),
        ('a boat, "quoted, Seed: 3"\n' + LINE, 'a boat, "quoted, Seed: 3"', None),
    ],
)  # fmt: skip
def test_prompts(text: str, prompt: str | None, negative: str | None) -> None:
    found = told(text)
    assert found is not None
    assert found[:3] == (prompt, negative, 4242)


@pytest.mark.parametrize(
    "text",
    [
        *("", "just some text", "Steps to the sea: 20", "Negative prompt: x", "Model: A, a fine camera"),
        "Summer shoot in the park\nModel: Anna, Size: M",
        "Studio shoot in Vienna\nModel: Anna Smith, Size: 38, Agency: Blue",
        "Old town\nModel: Canon EOS R5, Version: 2",
        "App: Halide, Version: 2.1",
        "Lathe\nModel: CX-20, Size: 30x40 cm, Version: B",
        "A walk up the tower\nSteps: 300",
        "Report of a hike.\nSteps: 12000, Size: XL, Version: 2",
        "A walk. Steps: 300, Size: 3 rooms",
        "Garden\nSeed: tomato, Steps: three, Model: old",
        "A concert\nSampler: Akai S900, Model: Anna, Size: M",
        "Film scan\nNegative prompt: none\nModel: Anna, Size: M",
    ],
)
def test_other_texts_are_none(text: str) -> None:
    assert read_text(text) is None


@pytest.mark.parametrize(
    "last", ["Steps: 28", "Seed: 4242, Size: 512x768", "Model hash: 0f0f0f0f, Model: sea"]
)
def test_behind_a_negative_prompt_one_name_of_programs_is_enough(last: str) -> None:
    assert read_text(f"a boat\nNegative prompt: fog\n{last}") is not None
    assert read_text(f"a boat\n{last}") is None


def test_a_text_of_white_space_or_of_open_quotes_is_read_in_no_time() -> None:
    started = time.perf_counter()
    for much in (
        " " * 200_000,
        "\n" * 200_000,
        ", " * 100_000,
        "Steps: 1, Seed: 1\n" * 10_000,
        "Model:" + " " * 200_000,
    ):
        for text in (
            f"p\nSteps: 20, Sampler: x{much}y, Seed: 4",
            f"p{much}x\n{LINE}",
            f"p Negative prompt: {much} {LINE}",
        ):
            read_text(text)
    read_text(f'a\n{LINE}, Hires prompt: "x\n' + "y\n" * 100_000 + "z")
    assert time.perf_counter() - started < 5


CHINESE = f"灯塔, 暴风雨\nNegative prompt: 模糊\n{LINE}"
BOM = "\ufeff"


@pytest.mark.parametrize("text", [PLAIN, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize(
    "raw",
    [
        (b"UNICODE\0", "utf-16-be"),
        (b"UNICODE\0", "utf-16-le"),
        (b"UNICODE\0", "utf-8"),
        (b"ASCII\0\0\0", "utf-8"),
        (b"ASCII\0\0\0", "utf-16-le"),
        (b"\0" * 8, "utf-8"),
        (b"\0" * 8, "utf-16-be"),
        (b"", "utf-8"),
        (b"JIS\0\0\0\0\0", "iso2022_jp"),
    ],
    ids=lambda r: f"{r[0][:5].decode() or 'raw'}-{r[1]}",
)
@pytest.mark.parametrize("mark", ["", BOM], ids=["plain", "marked"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_encodings(text: str, raw: tuple[bytes, str], mark: str, order: str) -> None:
    code, name = raw
    if name == "iso2022_jp":
        text, mark = text.replace("灯塔, 暴风雨", "灯台、嵐").replace("模糊", "霧"), ""
    assert user_comment(code + (mark + text).encode(name), order) == text


@pytest.mark.parametrize("text", ["灯塔, 暴风雨, 夜晚", "шторм", "ü"])
@pytest.mark.parametrize("name", ["utf-16-be", "utf-16-le"])
def test_short_texts_without_ascii(text: str, name: str) -> None:
    assert user_comment(b"UNICODE\0" + text.encode(name), ">" if name.endswith("be") else "<") == text


@pytest.mark.parametrize("value", [b"", b"\0" * 8, b"ASCII\0\0\0   ", b"UNICODE\0\0\0", 5, None])
def test_empty_comments(value: object) -> None:
    assert user_comment(value) is None


@pytest.mark.parametrize("extension", ["jpg", "webp", "avif", "png"])
@pytest.mark.parametrize("name", ["utf-16-be", "utf-16-le"])
def test_every_container(tmp_path: Path, extension: str, name: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "x"  # Pillow drops a block without a tag of its own
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + CHINESE.encode(name)
    path = tmp_path / f"p.{extension}"
    Image.fromarray(pixels(1)).save(path, exif=exif)
    found = generation_facts(opened(path))
    assert (found["tool"], found["prompt"], found["negative_prompt"], found["seed"]) == (
        "A1111",
        "灯塔, 暴风雨",
        "模糊",
        4242,
    )
    assert found["generated"] is True


def test_lost_characters_are_no_prompt() -> None:
    found = told(f"a \ufffd boat\n{LINE}")
    assert found is not None
    assert found[:3] == (None, None, 4242)
