"""The calls about pictures: facts and singles, and what is refused with its next step."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from dagster_project.guard import allowed_hosts
from dagster_project.review.server import build_app
from tests.support.kit import configuration
from tests.support.loupe_kit import loupe_project

HOST = "127.0.0.1:8765"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    place = tmp_path_factory.mktemp("pictures")
    loupe_project(place, sets=1, singles=2)
    settings = configuration(place / "library", place / "home")
    return TestClient(build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url=f"http://{HOST}")


def test_singles_come_with_what_the_loupe_needs_and_their_facts_by_id(client: TestClient) -> None:
    found = client.get("/api/singles", params={"project": "harbour", "size": "1", "start": "1"}).json()
    assert (found["start"], found["total"], found["counts"]) == (1, 2, {"open": 2})
    (one,) = found["sets"]
    (image,) = one["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("view 1.png", 300, 220)
    assert client.get(f"/p/harbour/image/{image['id']}/full?m={image['mark']}").status_code == 200
    query = {"project": "harbour", "ids": f"{image['id']},nobody"}
    (facts,) = client.get("/api/pictures", params=query).json()["pictures"]
    assert (facts["id"], facts["camera"], facts["taken"]) == (image["id"], None, None)
    assert facts["sharpness"] > 0


def test_the_page_and_the_projects_name_the_singles(client: TestClient) -> None:
    page = client.get("/p/harbour/singles")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "2 single pictures</a>" in client.get("/").text


@pytest.mark.parametrize(
    ("call", "query", "status"),
    [
        ("singles", {"action": "skipped"}, 400),
        ("singles", {"action": "x" * 900}, 400),
        ("singles", {"start": "many"}, 400),
        ("singles", {"project": "nowhere"}, 404),
        ("pictures", {}, 400),
        ("pictures", {"ids": ","}, 400),
        ("pictures", {"ids": ",".join("abc" for _ in range(101))}, 400),
        ("pictures", {"ids": "a", "project": "nowhere"}, 404),
    ],
)
def test_a_bad_call_is_refused_with_its_next_step(
    client: TestClient, call: str, query: dict[str, str], status: int
) -> None:
    answer = client.get(f"/api/{call}", params={"project": "harbour", **query})
    assert answer.status_code == status
    assert len(answer.text) < 300
    assert answer.json()["next_step"]


def test_a_decision_on_a_single_comes_back_without_a_place(client: TestClient) -> None:
    one = client.get("/api/singles", params={"project": "harbour"}).json()["sets"][0]
    body = {"project": "harbour", "verdict_id": "verdict-1", "group_id": one["group_id"]}
    sent = {**body, "version": one["version"], "action": "approve"}
    answer = client.post("/api/automation/submit_decision", json=sent).json()
    assert (answer["set"]["place"], answer["set"]["verdict"]["action"]) == (None, "approved")
    assert (answer["progress"]["decided"], answer["progress"]["waiting"]) == (0, 1)
    undone = client.post(
        "/api/automation/undo", json={"project": "harbour", "act": "undo", "step_id": "step-0001"}
    ).json()
    assert (undone["set"]["place"], undone["set"]["verdict"]) == (None, None)
