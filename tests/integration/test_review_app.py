"""The review app over HTTP: its calls, its pages, and everything that it must refuse."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from PIL import Image
from starlette.testclient import TestClient

from assets.factory.metadata import review_links
from dagster_project.guard import allowed_hosts
from dagster_project.review.day_plot import BOTTOM, HEIGHT, TOP, Day, day_plot
from dagster_project.review.http import MOST_BYTES
from dagster_project.review.keys import KEYS, LIGHTROOM, OWN
from dagster_project.review.server import build_app
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.review import ReviewDecision, ReviewMetric
from tests.support.kit import NOW, configuration, run, tree
from tests.support.review_kit import chosen_project

HOST = "127.0.0.1:8765"
STATIC = Path(__file__).parents[2] / "dagster_project" / "review" / "static"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("app")
    chosen_project(place, sets=24)
    return place


class App:
    """A client, and the project behind."""

    def __init__(self, place: Path) -> None:
        settings = configuration(place / "library", place / "home")
        self.project: Project = Workspace(settings.place).project("harbour")
        self.client = TestClient(
            build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url=f"http://{HOST}"
        )

    def batch(self, **query: Any) -> Any:
        return self.client.get("/api/automation/load_batch", params={"project": "harbour", **query}).json()

    def post(self, call: str, **body: Any) -> Any:
        return self.client.post(f"/api/automation/{call}", json={"project": "harbour", **body})

    def decide(self, one: dict[str, Any], action: str = "reject", **more: Any) -> Any:
        body = {
            "verdict_id": str(uuid.uuid4()),
            "group_id": one["group_id"],
            "version": one["version"],
            "action": action,
        }
        return self.post("submit_decision", **body, **more)


@pytest.fixture
def app(base: Path, tmp_path: Path) -> App:
    shutil.copytree(base, tmp_path / "p")
    return App(tmp_path / "p")


def test_load_decide_undo_submit_and_progress(app: App) -> None:
    before = tree(app.project.folder)
    one, two = app.batch()["sets"][:2]
    told = app.decide(one).json()
    assert (told["set"]["verdict"]["action"], told["progress"]["text"]) == (
        "rejected",
        "Reviewed 1/24 groups (4 %)",
    )
    assert app.project.ledger.rows(ReviewDecision).height == 1
    assert app.decide(two, "skip").status_code == 200
    assert app.post("undo", act="undo", step_id=str(uuid.uuid4())).json()["group_id"] == two["group_id"]
    sent = app.post("submit_batch", batch_id=str(uuid.uuid4())).json()
    assert sent["files"]["approved_decisions.jsonl"] == 1
    progress = app.client.get("/api/automation/progress", params={"project": "harbour"}).json()
    assert (progress["decided"], progress["waiting"], progress["total"]) == (1, 0, 24)
    assert app.batch()["start"] == 1
    assert tree(app.project.folder) == before


def test_the_size_of_a_batch_stays_in_its_range(app: App) -> None:
    assert (app.batch(size=1)["size"], app.batch(size=5000)["size"]) == (20, 100)
    for size in ("many", "--5", "²", "1e3"):
        assert (
            app.client.get(
                "/api/automation/load_batch", params={"project": "harbour", "size": size}
            ).status_code
            == 400
        )


def test_conflicts_are_409_bad_verdicts_400_and_strangers_404(app: App) -> None:
    one = app.batch()["sets"][0]
    assert app.decide({**one, "version": "0" * 16}).status_code == 409
    assert app.decide({**one, "group_id": "nobody"}).status_code == 409
    assert app.decide(one).status_code == 200
    again = app.decide(one)
    assert (
        again.status_code,
        "decided elsewhere" in again.json()["problem"],
        bool(again.json()["next_step"]),
    ) == (409, True, True)
    seen = app.batch(start=0)["sets"][0]["verdict"]["verdict_id"]
    assert app.decide(one, "pick", choice="../../etc/passwd", seen=seen).status_code == 400
    assert app.decide(one, "fly", seen=seen).status_code == 400
    assert app.client.get("/api/automation/progress", params={"project": "nobody"}).status_code == 404
    assert app.project.ledger.rows(ReviewDecision).height == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"project": 1}',
        b'{"project": "harbour"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=["empty", "list", "null", "text", "cut off", "number", "no id", "no utf-8", "deep"],
)
@pytest.mark.parametrize("call", ["submit_decision", "submit_batch", "undo", "approve_above", "note"])
def test_bodies_that_are_no_call_are_400(app: App, call: str, body: bytes) -> None:
    answer = app.client.post(
        f"/api/automation/{call}", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["next_step"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"host": "evil.example"}, 403),
        ("GET", "/", {"host": "127.0.0.1:9999"}, 403),
        ("GET", "/api/automation/load_batch?project=harbour", {"origin": "http://evil.example"}, 403),
        ("GET", "/api/automation/load_batch?project=harbour", {"sec-fetch-site": "cross-site"}, 403),
        ("POST", "/api/automation/submit_batch", {"content-type": "application/x-www-form-urlencoded"}, 403),
        ("POST", "/api/automation/submit_batch", {"content-type": "text/plain"}, 403),
        ("POST", "/api/automation/submit_batch", {"content-type": "multipart/form-data; boundary=x"}, 403),
        ("POST", "/api/automation/submit_batch", {"content-type": "application/json", "origin": "null"}, 403),
        (
            "POST",
            "/api/automation/submit_batch",
            {"content-type": "application/json", "sec-fetch-site": "same-site"},
            403,
        ),
        ("GET", "/api/automation/submit_batch?project=harbour&batch_id=12345678", {}, 405),
        ("GET", "/api/automation/undo?project=harbour&act=undo", {}, 405),
        ("PUT", "/api/automation/submit_decision", {"content-type": "application/json"}, 405),
        ("GET", "/static/../server.py", {}, 404),
        ("GET", "/static/%2e%2e/server.py", {}, 404),
        ("GET", "/static/..%2f..%2f..%2fpyproject.toml", {}, 404),
        ("GET", "/p/harbour/image/..%2f..%2fetc%2fpasswd/full", {}, 404),
        ("GET", "/p/harbour/image/2025_0000_stage1_x.png/full", {}, 404),
        ("GET", "/p/..%2f..%2fetc/review", {}, 404),
        ("GET", "/p/nobody/review", {}, 404),
    ],
)
def test_hostile_requests_are_refused(
    app: App, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = app.client.request(method, path, headers=headers, content=b"{}" if method != "GET" else None)
    assert answer.status_code == status, answer.text
    assert app.project.ledger.rows(ReviewDecision).height == 0


def test_large_bodies_are_refused_by_their_length_and_as_they_come(app: App) -> None:
    kind = {"content-type": "application/json"}
    assert app.client.post("/api/automation/note", content=b"x" * 60_000_000, headers=kind).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(MOST_BYTES // 65536 + 2):
            yield b" " * 65536

    assert app.client.post("/api/automation/note", content=endless(), headers=kind).status_code == 413


def test_pictures_come_by_id_upright_and_cached_and_links_are_never_followed(
    app: App, tmp_path: Path
) -> None:
    image = app.batch()["sets"][0]["images"][0]
    for size, kind in (("thumb", "image/jpeg"), ("preview", "image/jpeg"), ("full", "image/png")):
        answer = app.client.get(f"/p/harbour/image/{image['id']}/{size}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    original = app.project.folder / image["path"]
    assert answer.content == original.read_bytes()
    (tmp_path / "secret").write_bytes(b"secret")
    original.unlink()
    original.symlink_to(tmp_path / "secret")
    gone = app.client.get(f"/p/harbour/image/{image['id']}/full")
    assert (gone.status_code, b"secret" in gone.content) == (404, False)
    original.unlink()
    assert app.client.get(f"/p/harbour/image/{image['id']}/full").status_code == 404


def test_a_contact_sheet_of_a_set_is_one_picture(app: App, tmp_path: Path) -> None:
    group = app.batch()["sets"][0]["group_id"]
    answer = app.client.get(f"/p/harbour/sheet/{group}.jpg")
    (tmp_path / "sheet.jpg").write_bytes(answer.content)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.size == (512, 256)
    assert app.client.get("/p/harbour/sheet/nobody.jpg").status_code == 404


def test_pages_are_strict_and_names_are_inert(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    chosen_project(tmp_path, name=name, sets=2)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    client = TestClient(build_app(settings, [HOST]), base_url=f"http://{HOST}")
    project = Workspace(settings.place).projects()[0]
    for path in ("/", f"/p/{project.key}/review", f"/p/{project.key}/sets"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"


def test_every_key_has_a_handler_and_no_two_keys_mean_two_things() -> None:
    script = (STATIC / "review.js").read_text("utf-8")
    table = script[script.index("const acts = {") :]
    for key in KEYS:
        assert f"\n  {key.act}" in table, key.act
    for profile in (OWN, LIGHTROOM):
        held = [key for key in KEYS if key.profile in (None, profile)]
        meant = [(k, key.shift, key.ctrl) for key in held for k in key.keys]
        assert len(meant) == len(set(meant)), profile


def test_an_original_that_left_the_project_still_has_its_preview(app: App) -> None:
    image = app.batch()["sets"][0]["images"][0]
    paths = dict(app.project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())
    (app.project.folder / paths[image["id"]]).unlink()
    assert app.client.get(f"/p/harbour/image/{image['id']}/preview").status_code == 200


def test_contact_sheets_alone_may_be_shown_by_pages_of_other_ports(app: App) -> None:
    one = app.batch()["sets"][0]
    other = {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}
    sheet = app.client.get(f"/p/harbour/sheet/{one['group_id']}.jpg", headers=other)
    assert (sheet.status_code, sheet.headers["cross-origin-resource-policy"]) == (200, "same-site")
    picture = f"/p/harbour/image/{one['images'][0]['id']}/full"
    assert app.client.get(picture, headers=other).status_code == 403
    assert app.client.get(picture).headers["cross-origin-resource-policy"] == "same-origin"
    strange = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert app.client.get(f"/p/harbour/sheet/{one['group_id']}.jpg", headers=strange).status_code == 403


def test_dagster_shows_links_into_the_review_and_contact_sheets(app: App) -> None:
    rows = app.project.store.read(Proposal)
    found = review_links(Proposal, rows, "http://127.0.0.1:8765")
    assert found["review"].value == f"http://127.0.0.1:8765/p/{app.project.key}/review"
    address = found["contact_sheets"].value.split("](")[1].split(")")[0]
    assert app.client.get(address).status_code == 200
    assert review_links(Proposal, rows, "") == {}
    assert review_links(Photo, app.project.store.read(Photo), "http://127.0.0.1:8765") == {}


def test_the_metrics_page_draws_its_days(app: App, tmp_path: Path) -> None:
    session = ReviewSession(app.project, 0.05)
    for k, one in enumerate(session.proposals().sets[:9]):
        choice = one.row[Proposal.chosen_photo_id] if k % 2 else one.row[Proposal.photo_ids][0]
        given = DecisionRequest(str(uuid.uuid4()), one.group_id, one.version, "pick", choice, seconds=2.0 + k)
        session.decide(given, NOW + timedelta(days=k % 3))
    settings = configuration(
        tmp_path / "p/library", tmp_path / "p/home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    assert run(settings, app.project, asset_selection=[dg.AssetKey(ReviewMetric.name)]).success
    text = app.client.get("/p/harbour/metrics").text
    plots = text.split('<div class="plot">')[1:]
    names = [p.split("<h3>")[1].split("<")[0] for p in plots]
    assert names == ["agreement", "overrides", "seconds a decision", "time saved"]
    assert [p.count("<circle") for p in plots] == [3] * 4
    rows = app.project.store.read(ReviewMetric).to_dicts()
    days = sorted({r[ReviewMetric.period] for r in rows} - {"all"})
    (first,) = [
        r for r in rows if r[ReviewMetric.metric] == "agreement" and r[ReviewMetric.period] == days[0]
    ]
    assert f"{days[0]}: {100 * first[ReviewMetric.value]:.1f} %" in plots[0]
    assert "n = 3</title>" in plots[0]
    if shots := os.environ.get("PROOFSHEET_SCREENSHOTS"):
        (Path(shots) / "metrics.html").write_text(text.replace("/static/app.css", f"{STATIC}/app.css"))


def test_points_of_a_plot_lie_where_their_values_are() -> None:
    days = [Day("2026-01-01", -0.5, None, None, 2, "-50 %"), Day("2026-01-02", 1.0, 0.5, 1.0, 3, "100 %")]
    plot = day_plot("time saved", "share", days)
    low, high = plot["points"]  # type: ignore[misc]
    assert (low["y"], high["y"], high["low"]) == (
        HEIGHT - BOTTOM,
        TOP,
        round(TOP + (HEIGHT - TOP - BOTTOM) / 3, 1),
    )
    assert {t["told"] for t in plot["ticks"]} == {"-50 %", "0 %", "100 %"}  # type: ignore[attr-defined]
    (alone,) = day_plot("x", "s", days[:1])["points"]  # type: ignore[misc]
    assert alone["y"] == HEIGHT - BOTTOM
