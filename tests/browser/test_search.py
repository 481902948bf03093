"""Search as a person uses it: by command, by call, and in the page where people cull."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dagster_project.guard import allowed_hosts
from dagster_project.review.server import build_app
from tests.browser.review_page import CHROMIUM, FLAGS, sees, serving, shot
from tests.reliability.serving import free_port
from tests.support.kit import Shell, configuration, save_picture
from tests.support.review_kit import chosen_project

HOST = "127.0.0.1:8765"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sets of two pictures of the project harbour, run until its proposals."""
    folder = tmp_path_factory.mktemp("search")
    chosen_project(folder, sets=3, size=(240, 160))
    (folder / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n', "utf-8"
    )
    return folder


@pytest.fixture
def shell(place: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(place)
    return Shell(place)


@pytest.fixture
def client(place: Path) -> TestClient:
    settings = configuration(place / "library", place / "home", encoder={"encoder": "embedded"})
    return TestClient(build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url=f"http://{HOST}")


def test_the_command_finds_the_other_picture_of_a_set_first(shell: Shell) -> None:
    found = shell.json("search", "harbour", "--like", "2025_0001_stage1_x.png", "--limit", "2")
    assert (found["project"], found["kind"], found["searched"]) == ("harbour", "like", 6)
    assert len(found["hits"]) == 2
    assert set(found["hits"][0]) == {"photo_id", "path", "score", "why", "by"}
    assert "2025_0001" in shell("search", "harbour", "--text", "2025_0001 stage2").stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere", "--text", "x"], "Projects there: harbour"),
        (["harbour"], "Give exactly one"),
        (["harbour", "--text", "x", "--label", "y"], "Give exactly one"),
        (["harbour", "--text", " "], "holds no word"),
        (["harbour", "--like", "gone.jpg"], "no such file"),
        (["harbour", "--label", "flower"], "has a label"),
        (["harbour", "--text", "x", "--limit", "0"], "limit"),
    ],
)
def test_what_cannot_be_searched_is_said_with_its_next_step(
    shell: Shell, words: list[str], told: str
) -> None:
    assert told in shell("search", *words, code=2).stderr


def test_an_answer_without_photos_is_no_failure(shell: Shell) -> None:
    result = shell("search", "harbour", "--text", "unicorn")
    assert result.stdout == ""
    assert "0 of 6 photos" in result.stderr


def test_the_call_gives_thumbnails_and_the_places_of_their_sets(client: TestClient) -> None:
    query = {"project": "harbour", "text": "0001"}
    hits = client.get("/api/search", params=query).json()["hits"]
    assert {h["place"] for h in hits} == {1}
    assert client.get(f"/p/harbour/image/{hits[0]['id']}/thumb?m={hits[0]['mark']}").status_code == 200
    like = client.get(
        "/api/search", params={"project": "harbour", "like": hits[0]["id"], "limit": "1"}
    ).json()
    assert len(like["hits"]) == 1
    assert like["hits"][0]["id"] != hits[0]["id"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "?"}, 422),
        ({"text": "x" * 201}, 400),
        ({}, 400),
        ({"text": "x", "label": "y"}, 400),
        ({"like": "nothing"}, 404),
        ({"text": "x", "project": "nowhere"}, 404),
        ({"text": "x", "limit": "many"}, 400),
    ],
)
def test_a_bad_call_is_refused(client: TestClient, query: dict[str, str], status: int) -> None:
    answer = client.get("/api/search", params={"project": "harbour", **query})
    assert answer.status_code == status
    assert answer.json()["next_step"]


def test_a_page_reaches_no_file_of_the_machine(client: TestClient, tmp_path: Path) -> None:
    secret = save_picture(tmp_path / "secret.jpg")
    assert client.get("/api/search", params={"project": "harbour", "like": str(secret)}).status_code == 404


@pytest.fixture(scope="module")
def page(place: Path) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: the page is not looked at")
    from playwright.sync_api import sync_playwright

    with serving(place, free_port()) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = browser.new_page(viewport={"width": 1440, "height": 900})
        found.goto(f"{served.address}/p/harbour/review")
        found.wait_for_selector("body[data-ready]")
        yield found
        browser.close()


def test_a_slash_leads_from_the_review_to_words_photos_and_their_set(page: Any) -> None:
    page.keyboard.press("/")
    page.wait_for_url("**/sets?search")
    sees(page, "#sets-count", "3 of 3 sets")
    page.keyboard.type("0002 /")  # a slash in the box is a letter
    assert page.input_value("#search-words") == "0002 /"
    page.keyboard.press("Enter")
    sees(page, "#search-told", "2 of 6 photos for 0002 /")
    assert not page.is_visible("#all-sets")
    shot(page, "search")
    page.locator("#found button").first.click()
    sees(page, "#search-told", "photos like")
    address = page.url
    page.reload()
    sees(page, "#search-told", "photos like")
    assert page.url == address
    page.locator("#found a.thumbs").first.click()
    page.wait_for_selector("body[data-ready]")
    assert "Set " in page.inner_text("#set-title")
