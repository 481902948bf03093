"""Names of models, whatever servers call them."""

from __future__ import annotations

import pytest

from proofsheet.texts.model_names import model_name, name_digest


@pytest.mark.parametrize(
    ("served_as", "name"),
    [
        *(
            (n, n)
            for n in ("llava:7b", "qwen/qwen2.5-vl-7b", "hf.co/someone/Model-GGUF:Q4_K_M", "gpt-4o", "")
        ),
        ("/home/me/models/SmolVLM-Instruct.Q4_1.gguf", "SmolVLM-Instruct.Q4_1"),
        ("models/SmolVLM.gguf", "SmolVLM"),
        ("./a.GGUF", "a"),
        ("~/a.safetensors", "a"),
        ("C:\\Users\\me\\a b.gguf", "a b"),
        ("D:/models/a.gguf", "a"),
        ("\\\\share\\models\\a.gguf", "a"),
        ("/Users/me/mlx/Qwen2-VL-4bit/", "Qwen2-VL-4bit"),
        ("/m/big-00001-of-00003.gguf", "big"),
        ("/home/kim/.cache/huggingface/hub/models--Qwen--Qwen2-VL/snapshots/0a1b2c", "Qwen/Qwen2-VL"),
        ("file:///srv/a.gguf", "a"),
    ],
)
def test_a_path_becomes_a_name_and_a_name_stays(served_as: str, name: str) -> None:
    assert model_name(served_as) == (name or "unnamed")


def test_a_digest_made_of_a_name_loses_its_path() -> None:
    assert name_digest("name:/home/me/a.gguf") == "name:a"
    assert name_digest("sha256:abc") == "sha256:abc"
