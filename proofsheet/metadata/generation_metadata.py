"""Facts of generated pictures: prompt, seed and model as written by programs, and the standards of origin.

Holds `generation_facts`.
Add here: another place in which programs leave their facts.
Keep out: camera facts (exif.py); the forms themselves: comfyui.py, a1111.py, keyed_metadata.py, c2pa.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PIL import ExifTags

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.formats import DECODER_ERRORS
from proofsheet.metadata import a1111
from proofsheet.metadata.comfyui import read_graphs
from proofsheet.metadata.comfyui_graph import Unfollowed
from proofsheet.metadata.generators import GENERATED, generator_of, is_generator
from proofsheet.metadata.keyed_metadata import HOW, read_dream, read_keys, read_mochi, read_old_invoke
from proofsheet.metadata.origin import origin_facts
from proofsheet.metadata.text_values import Facts, json_object, spoken, whole
from proofsheet.metadata.user_comment import user_comment
from proofsheet.metadata.xmp import properties
from schemas.library import GenerationFact

Reader = Callable[[Mapping[str, str]], Facts | None]
# What a fault of a reader may raise; MemoryError and the like are no fault of it.
_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, Unfollowed)
_MOST = 1_000_000  # characters of a text that are looked at
_BASE = ExifTags.Base
_GRAPH = re.compile(r"\s*(prompt|workflow)\s*:\s*(\{.*)", re.DOTALL | re.IGNORECASE)
_MIDJOURNEY = re.compile(r"\bJob ID:\s*[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)
_OF_PROGRAMS = {"parameters", "Parameters", "generation_data"}  # no camera and no person writes there
_TOLD = (
    *(
        "parameters",
        "UserComment",
        "XPComment",
        "comment",
        "Comment",
        "generation_data",
        "xmp exif:UserComment",
        "ImageDescription",
    ),
    *("xmp dc:description", "Description", "Parameters"),
)


def generation_facts(picture: Picture, readers: Sequence[Reader] | None = None) -> Mapping[str, object]:
    """Every column of `GenerationFact` but the ids.

    `found_in` is null for pictures without such metadata.

    Args:
        picture: the opened picture.
        readers: of its texts; None for those of all programs that are known.
    """
    facts: Facts = dict.fromkeys(
        n for n in GenerationFact.columns() if n not in {GenerationFact.project, GenerationFact.photo_id}
    )
    xmp = properties(picture.blocks.xmp)
    texts = texts_of(picture, xmp)
    told = {
        n: v
        for n, v in (read_texts(texts, readers, by_camera=_by_camera(picture, xmp)) or {}).items()
        if v is not None
    }
    facts |= (
        {GenerationFact.c2pa: bool(picture.blocks.manifest)}
        | _tried(partial(origin_facts, picture, xmp, texts))
        | told
    )
    if facts[GenerationFact.unread] and not facts[GenerationFact.found_in]:
        facts[GenerationFact.found_in] = next(
            (p for p in ("prompt", "workflow", *_TOLD) if p in texts), "file"
        )
    made = told.keys() - {GenerationFact.unread} or facts[GenerationFact.tool]
    return facts | {GenerationFact.generated: bool(made) or _is_generated(facts)}


def _tried(read: Callable[[], Facts | None]) -> Facts:
    """What a reader finds; where it fails, only why: a fault of ours costs these facts, never the picture."""
    try:
        return read() or {}
    except _FAULTS as error:
        return {GenerationFact.unread: f"{type(error).__name__} {error}".strip()}


def _is_generated(facts: Facts) -> bool:
    return facts[GenerationFact.digital_source_type] in GENERATED


def texts_of(picture: Picture, xmp: Mapping[str, str]) -> dict[str, str]:
    """Every text of the file in which programs leave their facts, by place."""
    found = {k: v[:_MOST] for k, v in picture.text.items() if k not in {"xmp", "XML:com.adobe.xmp"}}
    tags, order = _exif_texts(picture)
    for tag, name in ((_BASE.UserComment, "UserComment"), (_BASE.XPComment, "XPComment")):
        value = tags.get(tag)
        if text := user_comment(
            bytes(value) if isinstance(value, tuple) and tag == _BASE.XPComment else value, order
        ):
            found.setdefault(name, text[:_MOST])
    for tag in (_BASE.ImageDescription, _BASE.Software, _BASE.Make, _BASE.Model):
        if isinstance(value := tags.get(tag), str):
            found.setdefault(tag.name, value[:_MOST])
    for value in tags.values():  # ComfyUI's WebP writers put "prompt:{…}" and "workflow:{…}" into plain tags
        if isinstance(value, str) and (match := _GRAPH.match(value)):
            found.setdefault(match[1].lower(), match[2][:_MOST])
    return found | {f"xmp {n}": xmp[n][:_MOST] for n in ("exif:UserComment", "dc:description") if n in xmp}


def _by_camera(picture: Picture, xmp: Mapping[str, str]) -> bool:
    """Whether a camera wrote the file: it names itself, and how it exposed."""
    tags, _order = _exif_texts(picture)
    names = [tags.get(_BASE.Make), tags.get(_BASE.Model), xmp.get("tiff:Make"), xmp.get("tiff:Model")]
    exposed = (
        any(t in tags for t in (_BASE.ExposureTime, _BASE.FNumber))
        or {"exif:ExposureTime", "exif:FNumber"} & xmp.keys()
    )
    return any(names) and bool(exposed) and not any(is_generator(n) for n in names)


def _exif_texts(picture: Picture) -> tuple[dict[int, object], str]:
    try:
        return {**dict(picture.exif), **picture.exif.get_ifd(ExifTags.IFD.Exif)}, picture.exif.endian or "<"
    except DECODER_ERRORS:
        return {}, "<"


def read_texts(
    texts: Mapping[str, str], readers: Sequence[Reader] | None = None, *, by_camera: bool = False
) -> Facts | None:
    """The facts in the texts of one file, or None if no known program wrote them.

    A reader that fails is noted in `unread`, and the next one reads on.

    Args:
        texts: by place.
        readers: see `generation_facts`.
        by_camera: a camera wrote the file: a text that may be hand-written must have three of seed, steps,
            scale, sampler.
    """
    unread: Facts = {}
    for reader in READERS if readers is None else readers:
        facts = _tried(partial(reader, texts))
        if by_camera and reader in _BY_NAMES and sum(facts.get(n) is not None for n in HOW) < len(HOW) - 1:
            facts = {n: v for n, v in facts.items() if n == GenerationFact.unread}
        if facts.keys() - {GenerationFact.unread}:
            return unread | facts
        unread |= facts
    return unread or None


def _novel_ai(texts: Mapping[str, str]) -> Facts | None:
    """A JSON in the comment; the prompt is in the description as well.

    In WebP all of it is an object in the user comment.
    """
    outer = json_object(texts.get("UserComment"))
    if outer and isinstance(outer.get("Comment"), str):
        texts = {k: v for k, v in outer.items() if isinstance(v, str)}
    found = json_object(texts.get("Comment"))
    if not texts.get("Software", "").startswith("NovelAI") or found is None:
        return None
    facts = read_keys({"prompt": texts.get("Description", ""), **found}, least=1)
    if facts is None:
        return None
    return facts | {
        GenerationFact.model: spoken(texts.get("Source")),
        GenerationFact.tool: "NovelAI",
        GenerationFact.found_in: "Comment",
    }


def _invoke(texts: Mapping[str, str]) -> Facts | None:
    for place, read in (
        ("invokeai_metadata", lambda t: read_keys(json_object(t) or {}, least=1)),
        ("sd-metadata", lambda t: read_old_invoke(json_object(t) or {})),
        ("Dream", read_dream),
    ):
        if place in texts and (facts := read(texts[place])):
            return facts | {GenerationFact.tool: "InvokeAI", GenerationFact.found_in: place}
    return None


def _objects(texts: Mapping[str, str]) -> Facts | None:
    """An object in JSON where other programs write a text."""
    for place in _TOLD:
        if (found := json_object(texts.get(place))) is not None and (
            facts := read_keys(found, 1 if place in _OF_PROGRAMS else 2)
        ):
            tool = facts[GenerationFact.tool] or (
                "TensorArt" if place == "generation_data" else generator_of(texts.get("Software"))
            )
            return facts | {GenerationFact.tool: tool, GenerationFact.found_in: place}
    return None


def _comfy(texts: Mapping[str, str]) -> Facts | None:
    """A graph; where its prompt cannot be followed, the text that a saving node wrote beside it."""
    prompt, workflow = json_object(texts.get("prompt")), json_object(texts.get("workflow"))
    place = "prompt" if prompt else "workflow"
    if not prompt and not workflow:
        place, prompt = next(((p, o) for p in _TOLD if (o := json_object(texts.get(p)))), ("", None))
    facts = read_graphs(prompt, workflow)
    if facts is None:
        return None
    beside = _a1111(texts) if facts[GenerationFact.prompt] is None else None
    return {GenerationFact.found_in: place, **facts, **(beside or {}), GenerationFact.tool: "ComfyUI"}


def _a1111(texts: Mapping[str, str]) -> Facts | None:
    for place in _TOLD:
        if place in texts and (facts := a1111.read_text(texts[place])):
            return facts | {GenerationFact.found_in: place}
    return None


def _plain_names(texts: Mapping[str, str]) -> Facts | None:
    """Each fact in a text of its own."""
    facts = read_keys(texts)
    return facts | {GenerationFact.found_in: "prompt" if "prompt" in texts else "Prompt"} if facts else None


def _mochi(texts: Mapping[str, str]) -> Facts | None:
    for place in _TOLD:
        if place in texts and (facts := read_mochi(texts[place])):
            return facts | {GenerationFact.tool: "Mochi Diffusion", GenerationFact.found_in: place}
    return None


def _midjourney(texts: Mapping[str, str]) -> Facts | None:
    """The prompt with its options behind dashes, and the number of the job."""
    for place in ("Description", "ImageDescription", "xmp dc:description", "comment"):
        told = texts.get(place, "")
        if not (job := _MIDJOURNEY.search(told)):
            continue
        prompt, *options = re.split(r"(?:^|\s)--(?=[a-zA-Z])", told[: job.start()])
        values = {name: value.strip() for name, _, value in (o.partition(" ") for o in options)}
        version = f"niji {values['niji']}" if "niji" in values else values.get("v", values.get("version"))
        return {
            GenerationFact.tool: "Midjourney",
            GenerationFact.prompt: spoken(prompt),
            GenerationFact.negative_prompt: spoken(values.get("no")),
            GenerationFact.seed: whole(values.get("seed"), 2**64),
            GenerationFact.model: spoken(version),
            GenerationFact.found_in: place,
        }
    return None


def _flux(texts: Mapping[str, str]) -> Facts | None:
    """FLUX of Black Forest Labs names itself as maker and its weights as model of the camera."""
    if generator_of(texts.get("Make")) != "FLUX":
        return None
    prompt = texts.get("ImageDescription") if "generated" in texts.get("Software", "").lower() else None
    return {
        GenerationFact.tool: "FLUX",
        GenerationFact.prompt: spoken(prompt),
        GenerationFact.model: spoken(texts.get("Model")),
        GenerationFact.found_in: "Make",
    }


_BY_NAMES = {_objects, _a1111, _plain_names}  # their names may be in a caption
READERS: Sequence[Reader] = (
    _novel_ai,
    _invoke,
    _objects,
    _comfy,
    _a1111,
    _plain_names,
    _mochi,
    _midjourney,
    _flux,
)
