"""The pages of cards: read-only, inert, nothing outside of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from dagster_project.cards_page import Cards

MODEL = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """One card with a hostile name on it, and a secret beside the folder of cards."""
    folder = tmp_path / "cards" / MODEL
    folder.mkdir(parents=True)
    text = (
        "# Ranker\n\ntop-1 0.9 <script>alert(1)</script>\n\n![reliability](reliability.png)\n\n| a | b "
        "|\n|---|---|\n| 1 | 2 |\n"
    )
    (folder / "card.md").write_text(text)
    (folder / "reliability.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    return TestClient(Cards(PlainTextResponse("behind"), tmp_path), follow_redirects=False)


def test_a_card_is_shown_with_its_table_and_its_plot_and_scripts_stay_text(client: TestClient) -> None:
    page = client.get(f"/proofsheet/cards/{MODEL}/")
    assert page.status_code == 200
    assert "<td>1</td>" in page.text
    assert 'src="reliability.png"' in page.text
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get(f"/proofsheet/cards/{MODEL}/reliability.png").content == b"\x89PNG"
    assert client.get(f"/proofsheet/cards/{MODEL}").headers["location"].endswith(f"{MODEL}/")
    assert MODEL in client.get("/proofsheet/cards/").text
    assert client.get("/elsewhere").text == "behind"


@pytest.mark.parametrize(
    "path",
    [
        f"/proofsheet/cards/{MODEL}/../../secret.json",
        f"/proofsheet/cards/{MODEL}/%2e%2e/secret.json",
        f"/proofsheet/cards/{MODEL}/link.json",
        f"/proofsheet/cards/{MODEL}/gone.png",
        "/proofsheet/cards/../secret.json",
        "/proofsheet/cards/" + "f" * 32 + "/",
        "/proofsheet/cardsX",
    ],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).text != "{}"
    assert client.get(path).status_code in {200, 404}
    assert "{}" not in client.get(path).text


def test_cards_are_only_read(client: TestClient) -> None:
    assert client.post(f"/proofsheet/cards/{MODEL}/").status_code == 405
