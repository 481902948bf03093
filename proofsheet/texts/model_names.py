"""The name of a model in rows, whatever its server calls it.

Holds `model_name` and `name_digest`.
Add here: another way in which servers name files of this machine.
Keep out: which model is chosen (discovery.py).

llama.cpp names a model by the path of its file, other servers by that of a folder. A row has the name alone,
since rows are exported, and a path shows the folders of your disk.
"""

from __future__ import annotations

import re

NAME_DIGEST = "name:"  # of models about whose weights a server tells nothing
_FILE = re.compile(r"\.(gguf|ggml|bin|safetensors|pt|pth|onnx)\Z", re.IGNORECASE)
_PART = re.compile(r"-\d{5}-of-\d{5}\Z")
_PLACE = re.compile(r"\A(?:file:|/|~|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\)")
_CACHED = re.compile(
    r"\Amodels--(.+?)--(.+)\Z"
)  # a folder of Hugging Face's cache; the snapshot in it is a hash


def model_name(served_as: str) -> str:
    """A name from what a server calls a model: of a path the last part, without the ending of a file.

    Args:
        served_as: such as `llava:7b`, `qwen/qwen2.5-vl-7b` or `/home/me/models/SmolVLM.Q4.gguf`.
    """
    parts = [part for part in re.split(r"[/\\]", served_as.strip()) if part]
    if not parts:
        return served_as.strip() or "unnamed"
    is_path = (
        _PLACE.match(served_as.strip()) or "\\" in served_as or (len(parts) > 1 and _FILE.search(parts[-1]))
    )
    if not is_path:
        return served_as
    for part in parts:
        if found := _CACHED.match(part):
            return f"{found[1]}/{found[2]}"
    return _PART.sub("", _FILE.sub("", parts[-1])) or parts[-1]


def name_digest(digest: str) -> str:
    """The digest in rows: one made of a name is made of the name alone, even if an older row has a path."""
    if not digest.startswith(NAME_DIGEST):
        return digest
    return NAME_DIGEST + model_name(digest.removeprefix(NAME_DIGEST))
