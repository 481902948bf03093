"""`proofsheet rate`: rate the pictures of any folder by a local model; no library and no project is needed.

Holds the command.
Add here: an option of rating.
Keep out: asking, sidecars, tables (proofsheet/).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import err, json_option, out, print_json, text_of
from dagster_project.commands.review import PORT, serve_review
from proofsheet.core.config import Configuration, find, load
from proofsheet.core.errors import ProofsheetError, ServiceUnreachable, UsageError
from proofsheet.core.files import short_hash, write_atomic
from proofsheet.imaging.measurement_pass import Measurement
from proofsheet.imaging.perceptual_hash import picture_hash
from proofsheet.imaging.raw import converter as darktable
from proofsheet.library.file_hashes import ScannedFile
from proofsheet.library.scan import scan
from proofsheet.prompts.prompt import parse_prompt
from proofsheet.publish.ratings_csv import append_ratings, columns, csv_name, rated_among
from proofsheet.publish.xmp_sidecar import Fields, exiftool, existing_sidecar, merge_sidecar, sidecar_path
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.inference import answers
from proofsheet.texts.jobs import RATING, JobRequest
from proofsheet.texts.ratings import sorted_keywords
from resources.along import PreviewingResource
from resources.photos import PhotoFilesResource
from schemas.facts import ModelAnswer
from schemas.replies import RatingReply
from schemas.settings_words import RatingSettings
from schemas.vision import PictureHash, Preview

_FAILED, _SOME_FAILED = 1, 3
_SCALE = 2  # ratings of 10 become stars of 5


@dataclass(frozen=True)
class _Rated:
    found: ScannedFile
    reply: RatingReply
    answer: Mapping[str, Any]
    keywords: list[str]
    left_out: dict[str, str]


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--recursive", is_flag=True, help="Also the folders below.")
@click.option(
    "--skip-existing", is_flag=True, help="Leave out pictures that stand in the CSV, or have a sidecar."
)
@click.option("--csv", "as_csv", is_flag=True, help="Append to ai_rating_results_{model}.csv in FOLDER.")
@click.option(
    "--xmp", "as_xmp", is_flag=True, help="Merge rating and keywords into XMP sidecars beside the pictures."
)
@click.option("--replace", is_flag=True, help="With --xmp: also where a sidecar has a rating already.")
@click.option(
    "--api-url",
    default="",
    help="Address of the server; one that ends with /v1 is OpenAI-compatible, others are Ollama.",
)
@click.option("--model", "model", default="", help="Model; the settings or any that sees if not given.")
@click.option(
    "--criteria",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with one criterion a line.",
)
@click.option(
    "--prompt",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Prompt, in the form of prompts/rating.md.",
)
@click.option(
    "--converter", type=click.Choice(["auto", "darktable", "pillow"]), help="What opens the pictures."
)
@json_option
def rate(
    folder: Path | None,
    recursive: bool,
    as_csv: bool,
    as_xmp: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Rate every picture of FOLDER by criteria, with keywords and an overall rating; originals are never changed.

    Without FOLDER and options the page that starts and watches runs of projects is served, until Ctrl-C.

    Every answer is kept at once, so that an interrupted run goes on where it was. A refusal, or other criteria than those asked
    for, is a failure and never a number. The JSON has model, rated: [{path, overall, criteria, keywords, left_out: [{keyword,
    why}]}], skipped, failed: [{path, why}], refused (no pictures of a known format): [{path, why}], csv, csv_rows and sidecars.
    """
    if folder is None:
        if recursive or as_csv or as_xmp or any(options.values()):
            raise UsageError("No folder was named.", "Name it: proofsheet rate FOLDER --csv.")
        return serve_review("127.0.0.1", PORT, (), "/runs", as_json=as_json)
    if not (as_csv or as_xmp):
        raise UsageError("No output was chosen.", "Give --csv, --xmp or both.")
    folder = folder.resolve()
    settings = _settings(folder, options)
    columns(settings.rating.criteria)
    if as_xmp:
        exiftool()
    project = Project(
        "folder", folder.name, folder, Path(settings.place.home) / "rate" / short_hash(str(folder))
    )
    describing = _describing(settings, project, options["prompt"])
    tag = describing.choice.server.identity.name if describing.choice.server else ""
    table = folder / csv_name(tag)
    with progress_bars() as bars:
        listener = BarListener(bars, folder.name)
        scanned = scan(folder, project.cache, listener)
        found = [p for p in scanned.pictures if recursive or "/" not in p.path]
        _needs_darktable(found, settings)
        known = rated_among(table, [p.path for p in found]) if as_csv and options["skip_existing"] else set()
        wanted = [p for p in found if not (options["skip_existing"] and _is_there(folder, p, known, as_xmp))]
        rated, failed = _rated(wanted, settings, project, describing, listener)
    criteria = ", ".join(settings.rating.criteria)
    rows = [_row(r, describing, criteria) for r in rated]
    added = append_ratings(table, rows) if as_csv else 0
    written, more = _sidecars(folder, rated, settings, replace=options["replace"]) if as_xmp else (0, [])
    failed += more
    told = {
        "model": tag,
        "rated": [_short(r) for r in rated],
        "skipped": len(found) - len(wanted),
        "failed": failed,
    }
    refused = {path: why for path, why in sorted(scanned.refused.items()) if recursive or "/" not in path}
    told["refused"] = [
        {"path": path, "why": f"{why.reason}; {why.next_step}"} for path, why in refused.items()
    ]
    told |= {"csv": str(table) if as_csv else None, "csv_rows": added, "sidecars": written}
    return _tell(told, as_json=as_json)


def _settings(folder: Path, options: Mapping[str, Any]) -> Configuration:
    """The settings in force, with what the options say; a state folder of the user without a configuration."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "proofsheet"
    settings = load(place={"library": str(folder), "home": str(state)} if find(Path.cwd()) is None else None)
    url: str = options["api_url"]
    model: dict[str, Any] = {"off": [j for j in settings.model.off if j != RATING.name]}
    if url:
        model |= (
            {"backend": "openai", "openai_url": url}
            if url.rstrip("/").endswith("/v1")
            else {"backend": "ollama", "ollama_url": url}
        )
    if options["model"]:
        model["models"] = [options["model"]]
    photos = {"preview_px": settings.model.side_px} | (
        {"converter": options["converter"]} if options["converter"] else {}
    )
    rating = {"criteria": _criteria(options["criteria"])} if options["criteria"] else {}
    return settings.changed("model", **model).changed("photos", **photos).changed("rating", **rating)


def _criteria(path: Path) -> list[str]:
    found = [line.strip() for line in text_of(path).splitlines() if line.strip() and not line.startswith("#")]
    try:
        return RatingSettings(criteria=found).criteria
    except ValidationError as error:
        raise UsageError(
            f"{path} does not name criteria: {error.errors()[0]['msg']}.", "Write one a line."
        ) from error


def _describing(settings: Configuration, project: Project, prompt: Path | None) -> Describer:
    if prompt is not None:
        text = text_of(prompt)
        parse_prompt(RATING.name, text, prompt)
        write_atomic(project.prompts / f"{RATING.name}.md", text.encode())
    else:
        (project.prompts / f"{RATING.name}.md").unlink(missing_ok=True)
    describing = Describer.of(settings.model, project)
    if describing.choice.server is None:
        raise ServiceUnreachable(
            f"No model that sees: {describing.choice.why}.",
            "Start the server, or give --api-url and --model.",
        )
    return describing


def _needs_darktable(found: Sequence[ScannedFile], settings: Configuration) -> None:
    if settings.photos.converter == "darktable" and found and darktable() is None:
        raise ServiceUnreachable(
            "darktable-cli was not found.", "Install darktable, or give --converter pillow."
        )


def _is_there(folder: Path, picture: ScannedFile, known: set[str], as_xmp: bool) -> bool:
    return picture.path in known or (as_xmp and existing_sidecar(folder / picture.path) is not None)


def _rated(
    wanted: Sequence[ScannedFile],
    settings: Configuration,
    project: Project,
    describing: Describer,
    listener: BarListener,
) -> tuple[list[_Rated], list[dict[str, str]]]:
    """Convert and ask; a picture that fails is told, and the rest goes on."""
    photos = PhotoFilesResource(**settings.photos.model_dump())
    shown = PreviewingResource(quality=settings.model.jpeg_quality).measurement(
        project, settings.model.side_px
    )
    hashed = Measurement.of(PictureHash, picture_hash)
    _formats, refused, looked = photos.open(project, [p.file for p in wanted], [shown, hashed], listener)
    previews = {r["content_hash"]: r[Preview.preview_path] for r in looked.rows[Preview.name].to_dicts()}
    pictures = {
        r["content_hash"]: r[PictureHash.pixel_hash] for r in looked.rows[PictureHash.name].to_dicts()
    }
    values, facts = (
        {"criteria": ", ".join(settings.rating.criteria)},
        {"criteria": tuple(settings.rating.criteria)},
    )
    able = [p for p in wanted if p.file.content_hash in previews]
    hashes = [p.file.content_hash for p in able]
    asked = [
        JobRequest(p.path, pictures[h], (previews[h],), values, facts, file_hash=h)
        for p, h in zip(able, hashes, strict=True)
    ]
    now = datetime.now(UTC).replace(tzinfo=None)
    told, _facts = answers(RATING, asked, describing, project, now, listener)
    rated, failed = [], [_why(p, refused) for p in wanted if p.file.content_hash not in previews]
    for picture, one in zip(able, told, strict=True):
        if isinstance(one.reply, RatingReply) and one.answer is not None:
            rated.append(_Rated(picture, one.reply, one.answer, *sorted_keywords(one.reply.keywords)))
        else:
            failed.append({"path": picture.path, "why": str(one.columns["problem"])})
    return rated, failed


def _why(picture: ScannedFile, refused: Mapping[str, Any]) -> dict[str, str]:
    told = refused.get(picture.file.content_hash)
    return {
        "path": picture.path,
        "why": f"{told.reason}; {told.next_step}" if told else "it could not be opened",
    }


def _row(rated: _Rated, describing: Describer, criteria: str) -> dict[str, Any]:
    prompt, answer = describing.prompt(RATING.name), rated.answer
    return {
        "path": rated.found.path,
        "overall": rated.reply.overall,
        "criteria": rated.reply.ratings,
        "keywords": "; ".join(rated.keywords),
        "rated_at": answer[ModelAnswer.answered_at].isoformat(timespec="seconds"),
        **{
            n: answer[n]
            for n in (ModelAnswer.model, ModelAnswer.model_digest, ModelAnswer.backend, ModelAnswer.seconds)
        },
        **{
            n: answer[n]
            for n in (ModelAnswer.prompt_tokens, ModelAnswer.reply_tokens, ModelAnswer.prompt_version)
        },
        "system_prompt": prompt.system,
        "user_prompt": prompt.filled({"criteria": criteria}),
    }


def _short(rated: _Rated) -> dict[str, Any]:
    told = {"path": rated.found.path, "overall": rated.reply.overall, "criteria": rated.reply.ratings}
    return {
        **told,
        "keywords": rated.keywords,
        "left_out": [{"keyword": w, "why": y} for w, y in rated.left_out.items()],
    }


def _sidecars(
    folder: Path, rated: Sequence[_Rated], settings: Configuration, *, replace: bool
) -> tuple[int, list[dict[str, str]]]:
    written, failed = 0, []
    for one in rated:
        picture = folder / one.found.path
        stars = max(0, min(5, round(one.reply.overall / _SCALE)))
        try:
            path = existing_sidecar(picture) or sidecar_path(picture, settings.rating.sidecar_style)
            fields = Fields(rating=stars, keywords=tuple(one.keywords))
            written += merge_sidecar(path, fields, extension=picture.suffix, replace=replace)
        except (ProofsheetError, OSError) as error:
            failed.append({"path": one.found.path, "why": f"sidecar: {error}"})
    return written, failed


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        for one in told["rated"]:
            out().print(f"{one['path']}: {one['overall']:g}", markup=False)
            for word in one["left_out"]:
                err().print(
                    f"{one['path']}: a keyword was left out: {word['why']}", markup=False, soft_wrap=True
                )
        for one in [*told["failed"], *told["refused"]]:
            err().print(f"{one['path']}: {one['why']}", markup=False, soft_wrap=True)
        told_files = f"{told['csv_rows']} rows in {told['csv']}" if told["csv"] else "no CSV"
        counts = f"{len(told['rated'])} rated, {told['skipped']} skipped, {len(told['failed'])} failed, {len(told['refused'])} refused"
        out().print(f"{counts}; {told_files}; {told['sidecars']} sidecars", markup=False)
    if told["failed"]:
        sys.exit(_SOME_FAILED if told["rated"] else _FAILED)
