"""Publishing: what is held back, what goes where, and that nothing private leaves.

Each target against a real server here.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import SecretStr
from starlette.testclient import TestClient

from dagster_project.definitions import build_defs
from dagster_project.guard import allowed_hosts
from dagster_project.review.server import build_app
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.proof.text_review import review
from proofsheet.publish.csv_export import export_rows
from proofsheet.publish.embedded_metadata import publishable_copy
from proofsheet.publish.export_presets import PRESETS, write_preset
from proofsheet.publish.service import copies_now, publish_now
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.targets.sql import TABLE
from proofsheet.publish.uploader import UploadCandidate, candidates, held_back, publish
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Choice
from schemas.library import Photo
from schemas.media_meta import LifecycleEvent
from schemas.proof import MetadataQuality
from schemas.publish import Export, Upload
from schemas.settings.publish import PublishSettings
from tests.support.kit import NOW, Shell, configuration, name_subject, rescan, run, save_picture, tree
from tests.support.privacy_kit import saved, scene
from tests.support.review_kit import sets_library

TEXTS = {
    "title": "Ä harbour",
    "caption": "=A grey -all= harbour\nat noon",
    "alt_text": "Ships",
    "keywords": ["ship", "-gps:all="],
}
needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made"
)


def exiftool(path: Path) -> dict[str, object]:
    done = subprocess.run(
        ["exiftool", "-json", "-G1", "-a", str(path)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout)[0])


def private_jpeg(path: Path) -> Path:
    save_picture(path, 3, (64, 48))
    tags = [
        "-GPSLatitude=47.1",
        "-GPSLatitudeRef=N",
        "-GPSLongitude=8.2",
        "-GPSLongitudeRef=E",
        "-SerialNumber=12345",
    ]
    tags += [
        "-OwnerName=Kim",
        "-Artist=Kim",
        "-UserComment=a secret prompt",
        "-XMP-xmpMM:DocumentID=xmp.did:1",
        "-XMP-photoshop:City=Bern",
    ]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(path)], check=True)
    return path


@needs_exiftool
def test_a_copy_has_the_texts_and_nothing_private_and_the_original_is_untouched(tmp_path: Path) -> None:
    picture = private_jpeg(tmp_path / "a.jpg")
    before, when = picture.read_bytes(), picture.stat().st_mtime_ns
    assert any("GPS" in n for n in exiftool(picture))
    with publishable_copy(picture, TEXTS, (), tmp_path / "out") as copy:
        found = exiftool(copy.path)
        text = copy.path.read_bytes()
        assert "texts and pixels read back equal" in copy.proof
    assert found["XMP-dc:Title"] == "Ä harbour"
    assert found["XMP-dc:Description"] == TEXTS["caption"]
    assert found["XMP-dc:Subject"] == ["ship", "-gps:all="]
    assert not [n for n in found if "GPS" in n or "Serial" in n or "Owner" in n or "City" in n]
    assert not any(secret in text for secret in (b"Kim", b"12345", b"secret prompt", b"Bern"))
    assert (picture.read_bytes(), picture.stat().st_mtime_ns) == (before, when)


@needs_exiftool
def test_prompts_in_a_generated_png_do_not_leave_unless_they_may(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a secret prompt\nSteps: 20, Seed: 7")
    Image.new("RGB", (32, 24), "grey").save(tmp_path / "a.png", pnginfo=info)
    with publishable_copy(tmp_path / "a.png", TEXTS, (), tmp_path / "out") as copy:
        assert b"secret prompt" not in copy.path.read_bytes()
        with Image.open(copy.path) as image:
            assert image.size == (32, 24)
    picture = private_jpeg(tmp_path / "b.jpg")
    with publishable_copy(picture, TEXTS, ("gps",), tmp_path / "out") as copy:
        assert any("GPSLatitude" in n for n in exiftool(copy.path))


@needs_exiftool
def test_what_is_no_picture_is_told_and_not_copied(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with (
        pytest.raises(UsageError, match="it is not one of JPEG, PNG"),
        publishable_copy(tmp_path / "a.jpg", TEXTS, (), tmp_path / "out"),
    ):
        pass


@needs_exiftool
def test_a_damaged_picture_is_a_failure_of_its_own_and_the_next_one_goes(tmp_path: Path) -> None:
    project = Project("p-1", "p", tmp_path / "p", tmp_path / "home")
    project.folder.mkdir()
    gif = bytearray(saved(scene("P"), "GIF"))
    gif[gif.index(b",\0\0\0\0", 13 + (3 << ((gif[10] & 7) + 1))) + 10] = 200
    (project.folder / "a.gif").write_bytes(gif)
    webp = bytearray(saved(scene(), "WEBP"))[:7]  # its length is cut off
    (project.folder / "b.webp").write_bytes(bytes(webp).ljust(12, b"W")[:8] + b"WEBP")
    scene().save(project.folder / "c.png")
    rescan(project)
    ids = dict(project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
    found = [UploadCandidate(ids[name], name, name, 1, TEXTS, 1, "") for name in ("a.gif", "b.webp", "c.png")]
    told = copies_now(project, PublishSettings(), found)
    assert [("problem" in one, one["path"]) for one in told] == [
        (True, "a.gif"),
        (True, "b.webp"),
        (False, "c.png"),
    ]
    report = publish(
        project, found, publisher_of(PublishSettings(target=f"folder:{tmp_path / 'out'}")), (), NOW
    )
    assert ([c.path for c in report.published], [f["path"] for f in report.failed]) == (
        ["c.png"],
        ["a.gif", "b.webp"],
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with texts."""
    place = tmp_path_factory.mktemp("publish")
    sets_library(place / "library", "harbour", 4, size=(96, 64))
    settings = configuration(
        place / "library", place / "home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    project = Workspace(settings.place).project("harbour")
    name_subject(project, "Boats in a harbour", "", "day two")
    assert run(settings, project).success
    return place


@pytest.fixture
def made(base: Path, tmp_path: Path) -> tuple[Configuration, Project]:
    shutil.copytree(base, tmp_path / "p")
    settings = configuration(
        tmp_path / "p/library", tmp_path / "p/home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    return settings, Workspace(settings.place).project("harbour")


@needs_exiftool
def test_only_gate_and_policy_and_person_let_a_picture_go_and_only_publishing_says_uploaded(
    made: tuple[Configuration, Project], tmp_path: Path
) -> None:
    settings, project = made
    target = publisher_of(PublishSettings(target=f"folder:{tmp_path / 'out'}"))
    before = tree(project.folder)
    found = candidates(project, target.name)
    assert held_back(found) == {"person: its texts are not approved": 4}
    accepted = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.status) == "accepted")
    one, two = accepted[MetadataQuality.photo_id].to_list()[:2]
    review(project.ledger, one, "approved", "", NOW)
    review(project.ledger, two, "rejected", "dull", NOW)
    found = candidates(project, target.name)
    assert held_back(found) == {"person: its texts are not approved": 2, "person: rejected": 1}
    report = publish(project, found, target, (), NOW)
    assert (len(report.published), report.failed) == (1, [])
    (copy,) = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    path = dict(project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())[one]
    assert copy.relative_to(tmp_path / "out").as_posix() == f"harbour/{path}"
    assert exiftool(copy)["XMP-dc:Description"]
    assert held_back(candidates(project, target.name))["published already"] == 1
    assert publish(project, candidates(project, target.name), target, (), NOW).published == []
    assert tree(project.folder) == before
    run(settings, project)
    states = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current))
    uploaded = states.filter(pl.col(MetadataQuality.status) == "uploaded")
    assert uploaded[MetadataQuality.photo_id].to_list() == [one]
    assert uploaded[MetadataQuality.upload_state].to_list() == ["uploaded"]
    assert one in project.store.read(Export)[Export.photo_id].to_list()
    assert project_status(project).accepted == 3  # one was rejected
    assert project.ledger.rows(Upload)[Upload.proof].str.contains("read back equal").all()


@needs_exiftool
def test_a_dry_run_lists_what_each_copy_would_hold_and_sends_nothing(
    made: tuple[Configuration, Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, project = made
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(project.folder.parent))
    monkeypatch.setenv("PROOFSHEET_HOME", str(project.home))
    monkeypatch.setenv("PROOFSHEET_PUBLISH_TARGET", f"folder:{tmp_path / 'out'}")
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    told = Shell(project.home).json("publish", "harbour", "--proof")
    assert len(told["copies"]) == 4
    assert all("IHDR" in one["proof"] and "IDAT" in one["proof"] for one in told["copies"])
    settings = settings.changed("publish", target=f"folder:{tmp_path / 'out'}")
    page = TestClient(build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url="http://127.0.0.1:8765")
    assert page.post("/api/publish/copies", json={"project": "harbour"}).json()["copies"] == told["copies"]
    assert not (tmp_path / "out").exists()
    assert not list(project.outgoing.iterdir())


@needs_exiftool
def test_a_file_that_is_there_is_never_written_over(
    made: tuple[Configuration, Project], tmp_path: Path
) -> None:
    _, project = made
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    target = publisher_of(PublishSettings(target=f"folder:{tmp_path / 'out'}"))
    first = candidates(project, target.name)[0].path
    (tmp_path / "out" / "harbour" / first).parent.mkdir(parents=True)
    (tmp_path / "out" / "harbour" / first).write_bytes(b"somebody else's")
    report = publish(project, candidates(project, target.name), target, (), NOW)
    assert (len(report.published), [f["path"] for f in report.failed]) == (3, [first])
    assert (tmp_path / "out" / "harbour" / first).read_bytes() == b"somebody else's"


def test_every_form_holds_the_accepted_rows_and_no_formula(
    made: tuple[Configuration, Project], tmp_path: Path
) -> None:
    _, project = made
    rows = project.store.read(Export)
    hostile = rows.with_columns(pl.lit("=cmd()").alias(Export.title))
    for name in PRESETS:
        path = tmp_path / f"out.{name}"
        assert write_preset(name, hostile, path) == rows.height == 4
        with pytest.raises(UsageError, match="there already"):
            write_preset(name, rows, path)
    assert "\n'=cmd()" not in (tmp_path / "out.stock").read_text().split("Keywords")[0]
    assert ",'=cmd()," in (tmp_path / "out.stock").read_text()
    assert pl.read_parquet(tmp_path / "out.parquet").equals(hostile)
    lines = [json.loads(x) for x in (tmp_path / "out.huggingface").read_text().splitlines()]
    assert {x["file_name"] for x in lines} == set(rows[Export.path])
    twins = pl.concat([rows, rows.with_columns(("sub/" + pl.col(Export.path)).alias(Export.path))])
    with pytest.raises(UsageError, match="Two pictures are named"):
        write_preset("stock", twins, tmp_path / "twins.csv")


def test_accepted_texts_of_what_was_decided_against_are_not_exported(
    made: tuple[Configuration, Project],
) -> None:
    _, project = made
    choices = project.store.read(Choice)
    given = project.key, project.store.read(MetadataQuality), project.store.read(Photo)
    assert export_rows(*given, choices, "file").height == 4
    one = pl.col(Choice.group_id) == choices[Choice.group_id][0]
    other = pl.when(one).then(pl.lit("person")).otherwise(pl.col(Choice.decided_by)).alias(Choice.decided_by)
    none = (
        pl.when(one)
        .then(pl.lit([], pl.List(pl.String)))
        .otherwise(pl.col(Choice.chosen_photo_ids))
        .alias(Choice.chosen_photo_ids)
    )
    left = export_rows(*given, choices.with_columns(other, none), "file")
    assert set(choices[Choice.chosen_photo_id]) - set(left[Export.photo_id]) == {
        choices[Choice.chosen_photo_id][0]
    }


@needs_exiftool
@pytest.mark.parametrize("style", ["darktable", "adobe"])
def test_approved_texts_are_merged_into_sidecars_that_others_read(
    made: tuple[Configuration, Project], monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    _, project = made
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(project.folder.parent))
    monkeypatch.setenv("PROOFSHEET_HOME", str(project.home))
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    paths = [c.path for c in candidates(project, "sidecars")]
    for path in paths:
        (project.folder / f"{path}.xmp").unlink()  # the builder's are no XMP
        (project.folder / path).with_suffix(
            ".wav"
        ).unlink()  # with it, name.xmp would stand for two files and be refused
    before = tree(project.folder)
    shell = Shell(project.home)
    first = shell.json("sidecars", "harbour")
    assert (first["written"], [one["path"] for one in first["files"]]) == (0, paths)
    assert tree(project.folder) == before
    told = shell.json("sidecars", "harbour", "--sidecar-style", style, "--execute")
    assert (told["written"], told["refused"]) == (4, [])
    name = f"{paths[0]}.xmp" if style == "darktable" else f"{paths[0].rpartition('.')[0]}.xmp"
    found = exiftool(project.folder / name)
    assert found["XMP-dc:Title"]
    assert found["XMP-dc:Description"]
    assert found["XMP-photoshop:SidecarForExtension"] == "PNG"
    assert shell.json("sidecars", "harbour", "--sidecar-style", style, "--execute")["written"] == 0
    assert {p: h for p, h in tree(project.folder).items() if p in before} == before
    if shutil.which("darktable-cli") and style == "darktable":
        target = project.home / "developed.jpg"
        config = ["--core", "--configdir", str(project.home / "darktable"), "--library", ":memory:"]
        command = [
            "darktable-cli",
            str(project.folder / paths[0]),
            str(project.folder / name),
            str(target),
            *config,
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        assert exiftool(target)["XMP-dc:Title"] == found["XMP-dc:Title"]


@needs_exiftool
def test_the_name_at_a_target_is_that_before_apply(
    made: tuple[Configuration, Project], tmp_path: Path
) -> None:
    _, project = made
    (one,) = [c for c in candidates(project, "folder:x") if c.path.startswith("day two/")]
    assert one.name == f"harbour/{one.path}"
    photo = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.photo_id) == one.photo_id)[
        MetadataQuality.photo_id
    ][0]
    review(project.ledger, photo, "approved", "", NOW)
    settings = PublishSettings(target=f"sqlite:///{tmp_path / 'site.db'}")
    (left := project.outgoing / "tmp1").mkdir(parents=True)
    (left / "copy.png").write_bytes(b"of one who was killed")
    assert [c.photo_id for c in publish_now(project, settings).published] == [photo]
    with closing(sqlite3.connect(tmp_path / "site.db")) as con:
        (row,) = con.execute(f"SELECT name, content_hash, title FROM {TABLE}").fetchall()
    assert not left.exists()
    assert not list(project.outgoing.iterdir())
    (upload,) = project.ledger.rows(Upload).to_dicts()
    assert row == (one.name, upload[Upload.content_hash], one.texts["title"])
    assert (
        project.ledger.rows(LifecycleEvent)[LifecycleEvent.detail].str.contains("accepted → uploaded").any()
    )


@needs_exiftool
def test_the_job_shows_what_would_go_and_sends_to_the_named_target_alone(
    made: tuple[Configuration, Project], tmp_path: Path
) -> None:
    settings, project = made
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    settings = settings.changed("publish", target=f"folder:{tmp_path / 'out'}", password=SecretStr("geheim"))
    job = build_defs(settings).resolve_job_def("publish")

    def launch(target: str, proof: bool = False) -> tuple[bool, dict[str, Any], str]:
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        config = {"ops": {"publish_approved": {"config": {"target": target, "proof": proof}}}, **quiet}
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("project", [project.key])
            done = job.execute_in_process(
                instance=instance, partition_key=project.key, run_config=config, raise_on_error=False
            )
        outputs = [
            e.step_output_data.metadata for e in done.all_events if e.event_type_value == "STEP_OUTPUT"
        ]
        failures = [
            e.event_specific_data.user_failure_data
            for e in done.all_events
            if e.event_type_value == "STEP_FAILURE"
        ]
        assert "geheim" not in repr(done.all_events)
        told = {n: v.value for m in outputs for n, v in (m or {}).items()}
        return done.success, told, " ".join(str(f.description) for f in failures)

    success, told, _ = launch("")
    assert (success, told["ready"], told["target"]) == (True, 4, f"folder:{tmp_path / 'out'}")
    assert "copies" not in told
    success, told, _ = launch("", proof=True)
    assert (success, ["IDAT" in one["proof"] for one in told["copies"]]) == (True, [True] * 4)
    assert not (tmp_path / "out").exists()
    success, _, why = launch("folder:/elsewhere")
    assert (success, "The target is folder:" in why) == (False, True)
    success, told, _ = launch(told["target"])
    assert (success, told["published"], project.ledger.rows(Upload).height) == (True, 4, 4)
    success, told, _ = launch("")
    assert (told["ready"], told["held_back"]) == (0, {"published already": 4})


def test_a_password_is_shown_nowhere_and_a_wrong_word_in_keep_is_refused() -> None:
    settings = PublishSettings(password="geheim")  # type: ignore[arg-type]
    assert "geheim" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    with pytest.raises(ValueError, match="keep"):
        PublishSettings(keep=["gsp"])  # type: ignore[list-item]


@needs_exiftool
def test_no_words_go_into_the_sidecar_of_a_raw(
    made: tuple[Configuration, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, project = made
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(project.folder.parent))
    monkeypatch.setenv("PROOFSHEET_HOME", str(project.home))
    path = candidates(project, "sidecars")[0].path
    picture = project.folder / path
    (project.folder / f"{path}.xmp").unlink()  # the builder's is no XMP
    picture.with_suffix(".CR3").write_bytes(b"raw")
    of_the_raw = picture.with_suffix(".xmp")
    of_the_raw.write_text("<x/>", "utf-8")
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    shell = Shell(project.home)
    assert f"{path}.xmp would be written" in shell("sidecars", "harbour", code=1).output
    shell("sidecars", "harbour", "--execute", code=1)  # the sidecars of the other pictures are no XMP
    assert of_the_raw.read_text("utf-8") == "<x/>"
    assert exiftool(project.folder / f"{path}.xmp")["XMP-dc:Title"]
