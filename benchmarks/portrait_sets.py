"""Made sets of portraits of which it is known which picture is the good one.

Holds `PortraitSet`, `portrait_sets` and `people`.
Add here: another way in which a portrait fails.
Keep out: figures (portraits.py).

Every picture is another shot of one photograph: moved and exposed a little differently, stored as a JPEG,
opened and measured as the project does it. Closed eyes are drawn: the eye is filled with the skin around it,
and the lashes of the closed lid are a dark arc.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.damage import KINDS, linear, spread_by_disc, spread_by_line, tones
from benchmarks.damaged_sets import another_shot, fitted
from benchmarks.originals import originals
from proofsheet.imaging.decode import DecodeLimits, prepare_decoders, read_picture
from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.face_finder import choose_faces
from proofsheet.labeling.face_networks import FoundFace, load
from proofsheet.labeling.faces import FOUND, look_for_faces
from schemas.faces import Face
from schemas.settings.faces import FaceSettings
from schemas.settings.photos import PhotoSettings

Row = Mapping[str, Any]
Points = npt.NDArray[np.float64]
Spoil = Callable[[Pixels, FoundFace, float, np.random.Generator], Pixels]
_SIDE_PX = 1200
_LEAST_EYE_DISTANCE_PX, _LEAST_SCORE = 24.0, 0.8
_FACING = 0.45  # a head that is turned farther shows no blink to draw
_NO_EYES = {  # judged by eye: closed, cast down, behind dark glasses or hair, in deep shadow
    *("FujiFilm DS-7 (3)", "FujiFilm FinePix2650", "Sony Cybershot (5)", "demo_sample1", "demo_sample2"),
    *("examples_knn_examples_test_obama_and_biden", "person-christina", "person-lauren", "person-vlado5"),
    *("stock-emotions-b-1", "stock-emotions-b-4", "stock-emotions-b-8", "stock-group-1", "stock-models-8"),
}
_RENDERED = ("ai-", "cgi-")  # names of samples that no camera took
ORDINARY = ("sensor noise", "overexposed", "underexposed", "soft lens", "compressed", "camera shake")
BURST, ALIKE = "burst of four, one good", "two good shots (near 50 % is right)"


@dataclass(frozen=True, eq=False)
class PortraitSet:
    """Pictures of one photograph; the first is the good one, or all are if nothing was done to them.

    Attributes:
        original: name of the photograph.
        person: photographs of one series have one, so that they stay together.
        kind: what was done to the others.
        strength: seen or looked.
        members: measurements, with rows of `faces` under that name.
    """

    original: str
    person: str
    kind: str
    strength: str
    members: Sequence[Row]


def closed_eyes(pixels: Pixels, face: FoundFace, strength: float, chance: np.random.Generator) -> Pixels:
    """Both eyes closed by so much of their height: 1 is a blink."""
    import cv2

    made, reach = pixels.copy(), face.eye_distance
    angle = float(np.degrees(np.arctan2(*(face.points[1] - face.points[0])[::-1])))
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for x, y in face.points[:2]:
        down = 0.02 * reach if strength >= 1 else -0.13 * reach * (1.0 - strength)
        half = (max(2, int(0.3 * reach)), max(2, int(0.15 * reach * strength)))
        cv2.ellipse(mask, (int(x), int(y + down)), half, angle, 0, 360, 255, -1)
    made = cv2.inpaint(made, mask, max(3.0, 0.08 * reach), cv2.INPAINT_TELEA)
    grain = chance.normal(0.0, 3.0, (*pixels.shape[:2], 1)) * (mask[..., None] > 0)
    made = np.clip(made + grain, 0, 255).astype(np.uint8)
    for x, y in face.points[:2]:
        lashes = np.asarray(made[int(y), int(x)], dtype=np.float64) * 0.45
        low = int(y + (0.06 if strength >= 1 else 0.0) * reach)
        half = (max(2, int(0.23 * reach)), max(1, int(0.07 * reach)))
        width = max(1, round(0.035 * reach))
        cv2.ellipse(made, (int(x), low), half, angle, 15, 165, lashes.tolist(), width, cv2.LINE_AA)
    return np.asarray(made, dtype=np.uint8)


def _heads(pixels: Pixels, faces: Sequence[FoundFace]) -> npt.NDArray[np.float32]:
    """A soft mask of heads: (height, width, 1)."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    away = np.full((height, width), np.inf)
    for face in faces:
        middle, size = (face.box[:2] + face.box[2:]) / 2, face.box[2:] - face.box[:2]
        away = np.minimum(
            away, np.hypot(*((v - m) / (0.8 * s) for v, m, s in zip((x, y), middle, size, strict=True)))
        )
    return np.asarray(np.clip((1.2 - away) * 4, 0.0, 1.0)[..., None], dtype=np.float32)


def _mixed(pixels: Pixels, blurred: npt.NDArray[np.float32], mask: npt.NDArray[np.float32]) -> Pixels:
    return tones(linear(pixels) * (1 - mask) + blurred * mask)


def focus_behind(pixels: Pixels, face: FoundFace, strength: float, chance: np.random.Generator) -> Pixels:
    """All heads out of focus by a disc of so many distances of the eyes, the background as it was."""
    blurred = spread_by_disc(linear(pixels), strength * face.eye_distance)
    return _mixed(pixels, blurred, _heads(pixels, all_faces(pixels)))


def soft_background(pixels: Pixels, face: FoundFace, strength: float, chance: np.random.Generator) -> Pixels:
    """The background out of focus, all heads as they were: how portraits are wanted."""
    blurred = spread_by_disc(linear(pixels), strength * face.eye_distance)
    return _mixed(pixels, blurred, 1 - _heads(pixels, all_faces(pixels)))


def head_moved(pixels: Pixels, face: FoundFace, strength: float, chance: np.random.Generator) -> Pixels:
    """The head moved by so many distances of the eyes while the shutter was open."""
    angle = float(chance.uniform(0, np.pi))
    blurred = spread_by_line(linear(pixels), strength * face.eye_distance, angle)
    return _mixed(pixels, blurred, _heads(pixels, [face]))


FAILURES: Mapping[str, tuple[Spoil, float, float]] = {  # how, at which strengths
    "eyes closed": (closed_eyes, 1.0, 0.75),
    "focus behind the face": (focus_behind, 0.08, 0.03),
    "head moved": (head_moved, 0.2, 0.08),
}
BACKGROUND = "background in focus instead of the face"
STRENGTHS = ("seen", "looked")


def people() -> Iterator[tuple[str, Pixels]]:
    """Every photograph at hand with a face that is large enough."""
    import skimage

    for name, pixels in originals():
        if name not in _NO_EYES and not name.startswith(_RENDERED):
            yield name, fitted(pixels, _SIDE_PX)
    yield "astronaut", np.asarray(Image.open(Path(str(skimage.__file__)).parent / "data" / "astronaut.png"))


def all_faces(pixels: Pixels) -> list[FoundFace]:
    """Every face of a photograph."""
    finder = choose_faces(FaceSettings())
    if finder.faces is None:
        raise RuntimeError(finder.why)
    return load(finder.faces, finder.eyes).find(pixels, FaceSettings().least)


def faces_of(pixels: Pixels) -> list[FoundFace]:
    """Faces of a photograph, of which the eyes can be closed."""
    sure = [f for f in all_faces(pixels) if f.score >= _LEAST_SCORE]
    return [f for f in sure if f.eye_distance >= _LEAST_EYE_DISTANCE_PX and _facing(f)]


def _facing(face: FoundFace) -> bool:
    nose = face.points[2] - face.points[:2].mean(axis=0)
    across = face.points[1] - face.points[0]
    return bool(abs(nose @ across) <= _FACING * (across @ across))


def measured(pixels: Pixels) -> Row:
    """Columns of `image_quality`, and the rows of `faces`, of pixels stored as JPEG and opened again."""
    settings, file = PhotoSettings(), io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    limits = DecodeLimits(10**9, 10**9, settings.analysis_side_px, settings.preview_px)
    picture = read_picture(file, limits)
    faces = look_for_faces(picture, choose_faces(FaceSettings()), FaceSettings())[FOUND]
    return {**image_quality(picture), Face.name: faces}


def portrait_sets(workers: int = 2) -> list[PortraitSet]:
    """The sets of every portrait; each has a chance of its own, so that they are the same in every run."""
    prepare_decoders()
    with ProcessPoolExecutor(workers) as pool:
        return [s for found in pool.map(sets_of, *zip(*people(), strict=True)) for s in found]


def sets_of(name: str, pixels: Pixels) -> list[PortraitSet]:
    """Every set of one photograph; none if it shows no face that is large enough."""
    import cv2

    cv2.setNumThreads(1)
    faces = faces_of(pixels)
    if not faces:
        return []
    chance = np.random.default_rng(list(name.encode()))
    face, person = faces[int(chance.integers(len(faces)))], re.sub(r"[-_ (]*\d+\)?$", "", name)

    def shot(how: Spoil | None = None, strength: float = 0.0) -> Row:
        made = pixels if how is None else how(pixels, face, strength, chance)
        return measured(another_shot(made, chance))

    def one(kind: str, strength: str, *members: Row) -> PortraitSet:
        return PortraitSet(name, person, kind, strength, members)

    good, spoilt = shot(), list[Row]()
    found = [one(ALIKE, "", good, shot())]
    for k, strength in enumerate(STRENGTHS):
        for kind, (how, *values) in FAILURES.items():
            bad = shot(how, values[k])
            found.append(one(kind, strength, good, bad))
            spoilt += [bad] if k == 0 else []
        behind = FAILURES["focus behind the face"][k + 1]
        found.append(one(BACKGROUND, strength, shot(soft_background, behind), shot(focus_behind, behind)))
    found.append(one(BURST, "seen", good, *spoilt))
    for kind in ORDINARY:
        bad = measured(another_shot(KINDS[kind].make(pixels, KINDS[kind].seen, chance), chance))
        found.append(one(kind, "seen", good, bad))
    return found
