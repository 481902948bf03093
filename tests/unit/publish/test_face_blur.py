"""Faces that are blurred in privacy copies, and what is said where they cannot be."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proofsheet.core.errors import NotAvailable
from proofsheet.core.files import Refused
from proofsheet.imaging.measurement_pass import limits_of
from proofsheet.labeling.face_finder import choose_faces
from proofsheet.publish import face_blur as blurring
from proofsheet.publish.face_blur import FaceBlur, face_blur, with_blurred_faces
from schemas.settings.faces import FaceSettings
from schemas.settings.photos import PhotoSettings
from tests.support.conversion_kit import exif_of, quarters
from tests.support.kit import SHARED, Shell

PORTRAIT = SHARED / "immich_public_domain" / "metadata" / "faces" / "portrait.jpg"
LIMITS = limits_of(PhotoSettings())
needs_faces = pytest.mark.skipif(
    choose_faces(FaceSettings()).faces is None or not PORTRAIT.exists(),
    reason="the network for faces or the picture of two people is not here",
)
ONE = (20, 10, 40, 30)


@pytest.fixture
def one_face(monkeypatch: pytest.MonkeyPatch) -> FaceBlur:
    """A network that finds one face in every picture."""
    monkeypatch.setattr(blurring, "_faces", lambda _image, _blur: [ONE])
    return FaceBlur(Path("none"), LIMITS)


def coded(name: str, **options: object) -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, name, **options)
    return out.getvalue()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_face_is_a_few_means_of_colours_and_the_rest_stays(one_face: FaceBlur, name: str) -> None:
    data, count = with_blurred_faces(coded(name, quality=100, exif=exif_of(t010F="Acme")), one_face)
    assert count == 1
    with Image.open(io.BytesIO(coded(name, quality=100))) as before, Image.open(io.BytesIO(data)) as after:
        one, two = (np.asarray(i.convert("RGB"), dtype=float) for i in (before, after))
        assert after.format == name
        assert after.getexif()[0x010F] == "Acme"
    left, top, right, bottom = ONE
    inside = (slice(top, bottom), slice(left, right))
    assert two[inside].std() < one[inside].std() / 2
    one[inside] = two[inside] = 0
    assert np.abs(one - two).mean() < 25


def test_what_cannot_be_coded_again_without_a_loss_is_refused(one_face: FaceBlur) -> None:
    moving = io.BytesIO()
    quarters().save(moving, "WEBP", save_all=True, append_images=[quarters().rotate(90)])
    with pytest.raises(Refused) as refused:
        with_blurred_faces(moving.getvalue(), one_face)
    assert "2 frames" in refused.value.reason
    with pytest.raises(Refused) as refused:
        with_blurred_faces(coded("TIFF"), one_face)
    assert "not blurred in TIFF" in refused.value.reason


def test_without_a_network_it_says_what_to_install() -> None:
    with pytest.raises(NotAvailable, match="model = "):
        face_blur(FaceSettings(model="none"), LIMITS)


@needs_faces
def test_the_network_finds_two_people_and_nobody_among_plain_colours() -> None:
    blur = face_blur(FaceSettings(), LIMITS)
    data, count = with_blurred_faces(PORTRAIT.read_bytes(), blur)
    assert count == 2
    assert with_blurred_faces(data, blur)[1] <= 1
    plain = io.BytesIO()
    quarters().save(plain, "PNG")
    assert with_blurred_faces(plain.getvalue(), blur) == (plain.getvalue(), 0)


@needs_faces
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made")
def test_the_proof_counts_blurred_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    shutil.copy(PORTRAIT, tmp_path / "in" / "a.jpg")
    told = Shell(tmp_path).json("scrub", "in", "--out", "out", "--blur-faces")
    assert [f["blurred_faces"] for f in told["files"]] == [2]
    assert "blurred faces: 2" in (tmp_path / "out" / "proofsheet-proof.txt").read_text("utf-8")
    assert Shell(tmp_path).json("scrub", "in", "--out", "plain")["files"][0]["blurred_faces"] is None
