"""Quality of the encoders: `python -m benchmarks.encoders` writes docs/encoders.md.

Holds the protocol and the page.
Add here: another encoder, in `_encoders`, or another edit, in `EDITS`.
Keep out: the pictures (originals.py), grouping's own protocol (grouping.py), and labels (label_accuracy.py).

The photographs are those of originals.py and the photographed stamps of Debian's tuxpaint-stamps-default.
Thresholds are chosen on
pictures that they are not judged on.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.grouping import judge
from benchmarks.label_accuracy import label_accuracy
from benchmarks.made_sets import make_sets
from benchmarks.originals import originals, stamps
from benchmarks.timing import cpu_seconds
from proofsheet.embedding import classic_encoder, lite0_encoder
from proofsheet.grouping.complete_linkage import Likeness
from proofsheet.imaging.perceptual_hash import phash
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.models.intervals import wilson
from schemas.settings.groups import DuplicateSettings

_PAGE = Path(__file__).parents[1] / "docs" / "encoders.md"
_RESULTS = Path(__file__).parent / "encoders.json"
_SEEDS = (1,)
_SIDE_PX = 512
_STRANGERS = 1e-4  # share of pairs of different photographs that may pass as the same
_LEAST_OF_A_KIND, _FOLDS = 8, 5
Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[Pixels]], Floats]


def _noisy(image: Image.Image) -> Image.Image:
    draw = np.random.default_rng(7)
    pixels = np.asarray(image, np.float32) + draw.normal(0, 14, (*image.size[::-1], 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _tinted(image: Image.Image, red: float, blue: float) -> Image.Image:
    pixels = np.asarray(image, np.float32) * np.array([red, 1.0, blue], np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=20)
    return Image.open(stream).convert("RGB")


def _middle(image: Image.Image, share: float) -> Image.Image:
    width, height = (round(side * share) for side in image.size)
    left, top = ((side - own) // 2 for side, own in zip(image.size, (width, height), strict=True))
    return image.crop((left, top, left + width, top + height))


def _captioned(image: Image.Image) -> Image.Image:
    framed = ImageOps.expand(image, border=max(image.size) // 20, fill="white")
    ImageDraw.Draw(framed).text((10, 2), "a caption in the margin", fill="black")
    return framed


EDITS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG at quality 20": _jpeg,
    "a quarter of its size": lambda i: i.resize(tuple(max(1, s // 4) for s in i.size)),
    "30 % brighter": lambda i: ImageEnhance.Brightness(i).enhance(1.3),
    "30 % darker": lambda i: ImageEnhance.Brightness(i).enhance(0.7),
    "40 % more contrast": lambda i: ImageEnhance.Contrast(i).enhance(1.4),
    "40 % less contrast": lambda i: ImageEnhance.Contrast(i).enhance(0.6),
    "black and white": lambda i: i.convert("L").convert("RGB"),
    "warmer": lambda i: _tinted(i, 1.15, 0.8),
    "cooler": lambda i: _tinted(i, 0.85, 1.2),
    "blurred": lambda i: i.filter(ImageFilter.GaussianBlur(2.0)),
    "noise": _noisy,
    "sharpened": lambda i: i.filter(ImageFilter.UnsharpMask(2, 200)),
    "cropped to 90 %": lambda i: _middle(i, 0.9),
    "cropped to 80 %": lambda i: _middle(i, 0.8),
    "turned by 3°": lambda i: _middle(i.rotate(3, Image.Resampling.BICUBIC), 0.92),
    "white frame with a caption": _captioned,
}


def _encoders(models: Path) -> dict[str, Encode]:
    import cv2

    run = lite0_encoder.find_lite0(models).runner()
    side = classic_encoder.SIDE_PX

    def classic(pictures: Sequence[Pixels]) -> Floats:
        small = (cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in pictures)
        return np.stack([classic_encoder.vector(np.asarray(p, np.uint8)) for p in small])

    def lite0(pictures: Sequence[Pixels]) -> Floats:
        features, _ = lite0_encoder.forward(np.stack([lite0_encoder.middle(p) for p in pictures]), run)
        return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True), np.float32)

    return {classic_encoder.NAME: classic, lite0_encoder.NAME: lite0}


def main() -> None:
    """Measure and write the page."""
    pictures = [("", fit(pixels, _SIDE_PX)) for _name, pixels in originals()]
    pictures += [(kind, fit(pixels, _SIDE_PX)) for kind, pixels in stamps()]
    kinds = [kind for kind, _pixels in pictures]
    plain = [pixels for _kind, pixels in pictures]
    with tempfile.TemporaryDirectory() as models:
        encoders = _encoders(Path(models))
        rows = {name: _measure(encode, plain, kinds) for name, encode in encoders.items()}
        for name, shares in _grouping(encoders).items():
            rows[name] |= shares
        labels = label_accuracy(lite0_encoder.find_lite0(Path(models)))
    found = {"photographs": len(plain), "edits": list(EDITS), "encoders": rows, "labels": labels}
    _RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _PAGE.write_text(page(found), "utf-8")


def _measure(encode: Encode, plain: Sequence[Pixels], kinds: Sequence[str]) -> dict[str, Any]:
    """Everything but grouping, as (right, total) or a number."""
    encode(plain[:1])
    own = np.concatenate([encode(plain[k : k + 32]) for k in range(0, len(plain), 32)])
    spent = cpu_seconds(lambda: [encode(plain[k : k + 32]) for k in range(0, 64, 32)])
    strangers = np.sort((own @ own.T)[np.triu_indices(len(own), 1)])
    least = float(strangers[int((1 - _STRANGERS) * (strangers.size - 1))])
    nearest, passed, shipped = 0, 0, 0
    for edit in EDITS.values():
        edited = encode([np.asarray(edit(Image.fromarray(p))) for p in plain])
        cosines = edited @ own.T
        same = np.diagonal(cosines)
        nearest += int((cosines.argmax(axis=1) == np.arange(len(own))).sum())
        passed += int((same > least).sum())
        shipped += int((same >= DuplicateSettings().similarity).sum())
    total = len(plain) * len(EDITS)
    alike, head, labelled = _kinds(own, kinds)
    return {
        "recall@1 under edits": (nearest, total),
        "above all but 1 in 10,000 strangers": (passed, total),
        "above the shipped threshold of duplicates": (shipped, total),
        "nearest shows the same kind": (alike, labelled),
        "kind by a linear head": (head, labelled),
        "cpu-ms": 1000 * spent / min(64, len(plain)),
        "numbers": own.shape[1],
    }


def _kinds(vectors: Floats, kinds: Sequence[str]) -> tuple[int, int, int]:
    """How many nearest neighbours are of the same kind, how many a linear head names, and of how many."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    counts = Counter(kinds)
    chosen = [k for k, kind in enumerate(kinds) if kind and counts[kind] >= _LEAST_OF_A_KIND]
    own, names = vectors[chosen], np.array([kinds[k] for k in chosen])
    cosines = own @ own.T
    np.fill_diagonal(cosines, -1)
    alike = int((names[cosines.argmax(axis=1)] == names).sum())
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    named = cross_val_predict(LogisticRegression(C=10, max_iter=2000), own, names, cv=folds)
    return alike, int((named == names).sum()), len(names)


def _grouping(encoders: Mapping[str, Encode]) -> dict[str, dict[str, tuple[int, int]]]:
    """Exactly right sets by complete-link, its threshold chosen on other originals."""
    found: dict[str, Counter[str]] = {name: Counter() for name in encoders}
    total: dict[str, Counter[str]] = {name: Counter() for name in encoders}
    for seed in _SEEDS:
        shots = make_sets(seed)
        hashes = np.array([phash(s.pixels) for s in shots], dtype=np.uint64)
        for name, encode in encoders.items():
            likeness = Likeness(encode([s.pixels for s in shots]), hashes)
            for rule, (right, of) in judge(shots, likeness).items():
                if rule.startswith("complete-link") and "chosen" in rule:
                    order = "with order" if "with order" in rule else "without order"
                    found[name][f"sets {order}"] += right
                    total[name][f"sets {order}"] += of
    return {
        name: {rule: (n, total[name][rule]) for rule, n in rules.items()} for name, rules in found.items()
    }


def page(found: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    names = list(found["encoders"])
    lines = [
        "# Encoders: what their vectors are good for\n",
        f"Written by `make encoders` from {found['photographs']} pictures: those of "
        "`benchmarks/originals.py`, of the folders in PROOFSHEET_ORIGINALS (wallpapers, some of them drawn), "
        "and the",
        "photographed stamps of Debian's tuxpaint-stamps-default. Each picture is edited in "
        f"{len(found['edits'])} ways: {', '.join(found['edits'])}.",
        "Kinds are the folders of the stamps, such as animals/birds; the linear head has five folds.",
        "Sets are made as in [grouping](grouping.md), but drawn once, the threshold chosen on other "
        "originals. Intervals are Wilson's, 95 %.\n",
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for measure in found["encoders"][names[0]]:
        cells = (_cell(found["encoders"][name][measure]) for name in names)
        lines.append(f"| {measure} | " + " | ".join(cells) + " |")
    labels = found["labels"]
    lines += [
        "\n## Labels of lite0\n",
        "The photographs with a label of 0.7 or more were checked by eye (`benchmarks/labels_by_eye.tsv`). "
        f"Right: {_cell((labels['right'], labels['listed']))}.",
        "Some names were made more general after this check, such as “spoon” for the class ladle. "
        f"{labels['at hand']} of the photographs were available for this run; {labels['same label']} of them "
        "got the listed label again.",
    ]
    return "\n".join(lines) + "\n"


def _cell(value: float | Sequence[int]) -> str:
    if isinstance(value, int | float):
        return f"{value:.3g}" if isinstance(value, float) else str(value)
    right, total = value
    low, high = wilson(right, total)
    return f"{100 * right / total:.1f} % ({100 * low:.1f}–{100 * high:.1f}; {right} of {total})"


if __name__ == "__main__":
    main()
