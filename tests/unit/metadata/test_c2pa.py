"""What C2PA and IPTC say of a picture's origin, in every container."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from proofsheet.metadata.c2pa import Origin, read_manifest
from proofsheet.metadata.generation_metadata import generation_facts
from tests.support.kit import opened, save_picture

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def cbor(value: Any) -> bytes:
    if isinstance(value, dict):
        return bytes([0xA0 + len(value)]) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(cbor, value)) + b"\xff"
    raw = value.encode()
    return b"\x79" + struct.pack(">H", len(raw)) + raw


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def jumb(label: str, *inner: bytes) -> bytes:
    return box(b"jumb", box(b"jumd", bytes(16) + b"\3" + label.encode() + b"\0") + b"".join(inner))


def manifest(name: str, actions: list[dict[str, Any]], generator: str) -> bytes:
    return jumb(
        name,
        jumb("c2pa.assertions", jumb("c2pa.actions.v2", box(b"cbor", cbor({"actions": actions})))),
        jumb("c2pa.claim.v2", box(b"cbor", cbor({"claim_generator_info": [{"name": generator}]}))),
    )


CREATED = {"action": "c2pa.created", "digitalSourceType": AI, "softwareAgent": {"name": "GPT-4o"}}
OPENAI = jumb("c2pa", manifest("urn:1", [CREATED], "ChatGPT"))
LEICA = jumb("c2pa", manifest("urn:2", [{"action": "c2pa.created", "digitalSourceType": CAMERA}], "Leica"))


def test_the_active_manifest_counts() -> None:
    assert read_manifest(OPENAI) == Origin("trainedAlgorithmicMedia", ("GPT-4o", "ChatGPT"))
    both = jumb(
        "c2pa",
        manifest("urn:1", [CREATED], "ChatGPT"),
        manifest("urn:2", [{"action": "c2pa.opened"}], "Editor"),
    )
    assert read_manifest(both).source_type == "trainedAlgorithmicMedia"
    edited = jumb(
        "c2pa",
        manifest("urn:1", [CREATED], "x"),
        manifest("urn:2", [{"action": "y", "digitalSourceType": CAMERA}], "z"),
    )
    assert read_manifest(edited).source_type == "digitalCapture"


@pytest.mark.parametrize(
    "store",
    [b"", b"\0" * 40, OPENAI[:60], OPENAI[:-9], b"\xff" * 100, jumb("c2pa", box(b"cbor", b"\x9f" * 99))],
)
def test_damaged_manifests_say_nothing(store: bytes) -> None:
    assert read_manifest(store) == Origin(None, ())


def with_manifest(path: Path, store: bytes) -> Path:
    save_picture(path)
    raw = path.read_bytes()
    if path.suffix == ".jpg":
        half = len(store) // 2
        parts = [store[:half], store[:8] + store[half:]]
        heads = [b"JP" + struct.pack(">HI", 1, k + 1) + p for k, p in enumerate(parts)]
        raw = raw[:2] + b"".join(b"\xff\xeb" + struct.pack(">H", len(h) + 2) + h for h in heads) + raw[2:]
    elif path.suffix == ".png":
        body = b"caBX" + store
        raw = raw[:33] + struct.pack(">I", len(store)) + body + struct.pack(">I", zlib.crc32(body)) + raw[33:]
    elif path.suffix == ".webp":
        chunk = b"C2PA" + struct.pack("<I", len(store)) + store + b"\0" * (len(store) % 2)
        raw = raw[:4] + struct.pack("<I", len(raw) - 8 + len(chunk)) + raw[8:] + chunk
    else:
        body = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest\0" + bytes(8) + store
        raw += box(b"uuid", body)
    path.write_bytes(raw)
    return path


def facts(path: Path) -> dict[str, Any]:
    return {k: v for k, v in generation_facts(opened(path)).items() if v is not None}


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif"])
def test_every_container(tmp_path: Path, extension: str) -> None:
    assert facts(with_manifest(tmp_path / f"p.{extension}", OPENAI)) == {
        "tool": "OpenAI",
        "generated": True,
        "digital_source_type": "trainedAlgorithmicMedia",
        "c2pa": True,
        "found_in": "C2PA",
    }


def test_a_cameras_manifest_generates_nothing(tmp_path: Path) -> None:
    found = facts(with_manifest(tmp_path / "p.jpg", LEICA))
    assert found == {
        "generated": False,
        "digital_source_type": "digitalCapture",
        "c2pa": True,
        "found_in": "C2PA",
    }


def xmp(inner: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {inner}'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize(
    ("inner", "source_type", "generated", "tool"),
    [
        (f'i:DigitalSourceType="{AI}"/>', "trainedAlgorithmicMedia", True, None),
        (
            f'><i:DigitalSourceType rdf:resource="{AI}"/></rdf:Description>',
            "trainedAlgorithmicMedia",
            True,
            None,
        ),
        (
            f'i:DigitalSourceType="{AI}" photoshop:Credit="Made with Google AI"/>',
            "trainedAlgorithmicMedia",
            True,
            "Google",
        ),
        (
            'i:DigitalSourceType="compositeWithTrainedAlgorithmicMedia"/>',
            "compositeWithTrainedAlgorithmicMedia",
            True,
            None,
        ),
        (
            f'i:DigitalSourceType="{CAMERA}" photoshop:Credit="Recraft Studio"/>',
            "digitalCapture",
            False,
            None,
        ),
        ('xmp:CreatorTool="Adobe Firefly"/>', None, True, "Firefly"),
    ],
)
def test_iptc_source_types(
    tmp_path: Path, inner: str, source_type: str | None, generated: bool, tool: str | None
) -> None:
    found = generation_facts(opened(save_picture(tmp_path / "p.jpg", xmp=xmp(inner))))
    assert (found["digital_source_type"], found["generated"], found["tool"], found["c2pa"]) == (
        source_type,
        generated,
        tool,
        False,
    )


def test_draw_things_in_xmp(tmp_path: Path) -> None:
    told = '{"c": "a boat", "uc": "fog", "seed": 5, "steps": 8, "model": "m"}'.replace('"', "&quot;")
    inner = f'xmp:CreatorTool="Draw Things" exif:UserComment="{told}"/>'
    found = facts(save_picture(tmp_path / "p.jpg", xmp=xmp(inner)))
    assert (found["tool"], found["prompt"], found["negative_prompt"], found["seed"]) == (
        "Draw Things",
        "a boat",
        "fog",
        5,
    )
