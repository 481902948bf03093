"""`proofsheet rate`: rating of the pictures of any folder by a local model, without a library or a project.

Holds the command.
Add here: an option of rating.
Keep out: asking, sidecars, rows (rating.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import err, json_option, out, print_json, text_of
from dagster_project.commands.review import PORT, serve_review
from dagster_project.rating import csv_row, rate_pictures, summary, write_sidecars
from proofsheet.core.config import Configuration, find, load
from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.core.files import short_hash, write_atomic
from proofsheet.imaging.raw import converter as darktable
from proofsheet.library.file_hashes import Scan, ScannedFile
from proofsheet.library.scan import scan
from proofsheet.metadata.exiftool import find_exiftool
from proofsheet.prompts.prompt import parse_prompt
from proofsheet.publish.ratings_csv import append_ratings, columns, csv_name, rated_among
from proofsheet.publish.sidecar_names import existing_sidecar
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import RATING
from schemas.settings.rating import RatingSettings

_FAILED, _SOME_FAILED = 1, 3


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--recursive", is_flag=True, help="Include sub-folders.")
@click.option("--skip-existing", is_flag=True, help="Skip pictures that are in the CSV or have a sidecar.")
@click.option("--csv", "as_csv", is_flag=True, help="Append to ai_rating_results_{model}.csv in FOLDER.")
@click.option(
    "--xmp", "as_xmp", is_flag=True, help="Merge rating and keywords into XMP sidecars beside the pictures."
)
@click.option(
    "--replace",
    is_flag=True,
    help="With --xmp: replace the stars of an earlier rating; those of people stay.",
)
@click.option(
    "--api-url",
    default="",
    help="Address of the server: OpenAI-compatible if it ends with /v1, else Ollama.",
)
@click.option(
    "--model", "model", default="", help="Model (default: that of the settings, or any vision model)."
)
@click.option(
    "--criteria",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with one criterion per line.",
)
@click.option(
    "--prompt",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Prompt, in the form of prompts/rating.md.",
)
@click.option(
    "--converter", type=click.Choice(["auto", "darktable", "pillow"]), help="Program that opens the pictures."
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
    """Rate every picture in FOLDER by criteria, with keywords and an overall rating. Originals never change.

    Without FOLDER and options, the command serves the page that starts and shows runs, until Ctrl-C. Each
    answer is saved immediately; an interrupted run continues where it stopped. A refusal or an answer
    with wrong criteria is a failure, never a number. The JSON has model, rated: [{path, overall, criteria,
    keywords, left_out: [{keyword, why}]}], skipped, failed: [{path, why}], refused (unknown formats): [{path,
    why}], csv, csv_rows, sidecars and conflicts: [{path, fields}], where people wrote something else.
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
        find_exiftool()
    home = Path(settings.place.home) / "rate" / short_hash(str(folder))
    project = Project("folder", folder.name, folder, home)
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
        rated, failed = rate_pictures(wanted, settings, project, describing, listener)
    rows = [csv_row(r, describing, ", ".join(settings.rating.criteria)) for r in rated]
    added = append_ratings(table, rows) if as_csv else 0
    files = write_sidecars(folder, rated if as_xmp else [], settings, replace=options["replace"])
    failed += files.failed
    told: dict[str, Any] = {"model": tag, "rated": [summary(r) for r in rated], "failed": failed}
    told["skipped"] = len(found) - len(wanted)
    told["refused"] = _refused(scanned, recursive=recursive)
    told |= {"csv": str(table) if as_csv else None, "csv_rows": added, **files.as_dict()}
    return _tell(told, as_json=as_json)


def _refused(scanned: Scan, *, recursive: bool) -> list[dict[str, str]]:
    refused = {path: why for path, why in sorted(scanned.refused.items()) if recursive or "/" not in path}
    return [{"path": path, "why": f"{why.reason}; {why.next_step}"} for path, why in refused.items()]


def _settings(folder: Path, options: Mapping[str, Any]) -> Configuration:
    """The settings with the options; without proofsheet.toml, the home is a state folder of the user."""
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
            f"{path} has no valid criteria: {error.errors()[0]['msg']}.", "Write one per line."
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
            f"No vision model: {describing.choice.why}.",
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


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        for one in told["rated"]:
            out().print(f"{one['path']}: {one['overall']:g}")
            for word in one["left_out"]:
                err().print(f"{one['path']}: a keyword was left out: {word['why']}")
        for one in [*told["failed"], *told["refused"]]:
            err().print(f"{one['path']}: {one['why']}")
        for one in told["conflicts"]:
            err().print(f"{one['path']}: not changed: {'; '.join(one['fields'])}")
        told_files = f"{told['csv_rows']} rows in {told['csv']}" if told["csv"] else "no CSV"
        counts = (
            f"{len(told['rated'])} rated, {told['skipped']} skipped, {len(told['failed'])} failed, "
            f"{len(told['refused'])} refused"
        )
        out().print(f"{counts}; {told_files}; {told['sidecars']} sidecars")
    if told["failed"]:
        sys.exit(_SOME_FAILED if told["rated"] else _FAILED)
