"""Weights of open_clip models on this machine: places and names.

Holds `find_weights` and `pull_weights`.
Add here: another place to look in.
Keep out: loading them (open_clip_encoder.py).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core import extras
from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.core.files import Fingerprint, hash_file, write_atomic
from proofsheet.embedding import torch_runtime
from schemas.settings.encoder import EncoderSettings

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_DIGESTS = "digests.json"


@dataclass(frozen=True)
class Weights:
    """A file of weights, and the model it belongs to."""

    model: str
    tag: str
    path: Path
    digest: str

    @property
    def label(self) -> str:
        """Its name, for every row."""
        return f"open_clip {Path(self.model).stem} {Path(self.tag).name} sha256:{self.digest[:12]}"


def find_weights(settings: EncoderSettings, models: Path) -> Weights | None:
    """The weights that the settings name, if they are on this machine; nothing is downloaded.

    Args:
        settings: model and tag or path.
        models: folder of models in the home.

    Raises:
        UsageError: if the settings name a path that is no file of weights.
    """
    if settings.weights.endswith(SUFFIXES):
        path = Path(settings.weights).expanduser()
        if not path.is_file():
            raise UsageError(
                f"The weights {path} are not there.", "Set `weights` under [encoder] to a file or a tag."
            )
    else:
        found = _in_cache(settings, models)
        if found is None:
            return None
        path = found
    return Weights(settings.model, settings.weights, path, _digest(path, models))


def _in_cache(settings: EncoderSettings, models: Path) -> Path | None:
    """The file of a tag in our folder or in the cache of the hub."""
    for path in sorted((models / settings.model / settings.weights).glob("*")):
        if path.suffix in SUFFIXES:
            return path
    hub = Path(
        os.environ.get("HF_HUB_CACHE")
        or Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
    )
    repository = f"models--laion--CLIP-{settings.model}-{settings.weights.replace('_', '-')}"
    for snapshot in sorted(hub.expanduser().glob("models--*/snapshots/*")):
        if snapshot.parts[-3].lower() == repository.lower():
            for path in sorted(snapshot.iterdir(), key=lambda p: p.suffix != ".safetensors"):
                if path.suffix in SUFFIXES and path.stem.startswith("open_clip"):
                    return path
    return None


def _digest(path: Path, models: Path) -> str:
    """SHA-256 of the file, remembered by its identity."""
    mark = Fingerprint.of(path.stat())
    key = f"{path} {mark.size} {mark.mtime_ns} {mark.ctime_ns}"
    book = models / _DIGESTS
    try:
        known: dict[str, str] = json.loads(book.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
    if key not in known:
        known[key], _mark = hash_file(path.resolve())
        write_atomic(book, json.dumps(known, indent=1).encode())
    return known[key]


def pull_weights(settings: EncoderSettings, models: Path) -> Weights:
    """Download the weights of a tag into the home; the only place where anything is downloaded.

    Raises:
        UsageError: for an unknown model or tag, a path, or where open_clip is not installed.
        ServiceUnreachable: if the download fails.
    """
    if settings.weights.endswith(SUFFIXES):
        raise UsageError(
            f"{settings.weights} is a file, there is nothing to pull.",
            "Set `weights` under [encoder] to a tag.",
        )
    if not torch_runtime.installed():
        raise UsageError("open_clip is not installed.", f"Run {extras.CLIP}.")
    os.environ["HF_HUB_OFFLINE"] = "0"
    torch_runtime.import_torch()
    import open_clip

    config = open_clip.get_pretrained_cfg(settings.model, settings.weights)
    if not config:
        tags = (
            ", ".join(open_clip.list_pretrained_tags_by_model(settings.model)) or "none: the model is unknown"
        )
        raise UsageError(f"{settings.model} has no weights {settings.weights!r}.", f"Its tags: {tags}.")
    place = models / settings.model / settings.weights
    place.mkdir(parents=True, exist_ok=True)
    try:
        source = Path(open_clip.download_pretrained(config, cache_dir=str(place / ".download")))
    except Exception as error:  # the hub raises its own, requests' and urllib's errors
        told = " ".join(str(error).split())[:200]
        raise ServiceUnreachable(
            f"The weights {settings.model} {settings.weights} could not be downloaded: {told}.",
            "Check the connection; or copy the file here and set its path as `weights` under [encoder].",
        ) from error
    target = place / source.name
    if not target.exists():
        os.link(source.resolve(), target)
    found = find_weights(settings, models)
    if found is None:
        raise UsageError(f"{target} is no file of weights.", f"Known endings: {', '.join(SUFFIXES)}.")
    return found
