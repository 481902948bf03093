"""Generate on the metadata page.

Other texts for one photo, asked for by a run of its own process, of a real model server.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dagster_project.guard import allowed_hosts
from dagster_project.review.server import build_app
from proofsheet.texts.client import discovery
from schemas.edits import TextRequest
from schemas.proof import MetadataQuality
from tests.support.kit import run
from tests.support.model_answers import Received
from tests.support.model_server import ModelServer
from tests.support.words_kit import PATIENT, current, described_project

pytestmark = pytest.mark.long
TEXTS_ALONE = ["quality", "duplicate_assist", "prompt_recon", "score_multi", "policy_flags", "rating"]
HOST = "127.0.0.1:8765"


def test_generate_asks_for_one_photo_alone_and_once_a_click(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(_number: int, request: Received) -> str:
        return (
            "leak"
            if "caption" in request.schema.get("properties", {}) and "attempt 3" not in request.text
            else "good"
        )

    with ModelServer(behave=behave) as server:
        settings, project = described_project(tmp_path, server, 2, off=TEXTS_ALONE, **PATIENT)
        assert run(settings, project).success
        (tmp_path / "proofsheet.toml").write_text(
            '[place]\nlibrary = "library"\nhome = "home"\n[captions]\nall_images = '
            'true\n[model]\nbackend = "ollama"\n'
            f'ollama_url = "{server.url}"\noff = {TEXTS_ALONE}\nidle_s = 10.0\nhard_s = 20.0\n'
        )
        monkeypatch.chdir(tmp_path)
        client = TestClient(build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url=f"http://{HOST}")
        other, one = current(project)[MetadataQuality.photo_id].to_list()
        asked = len(server.asked)
        body = {"project": project.key}
        assert client.post(f"/api/metadata/{one}/generate", json=body).status_code == 202
        assert client.post(f"/api/metadata/{one}/generate", json=body).status_code == 409
        assert client.get("/api/metadata", params=body).json()["pending"] == [one]
        end = time.monotonic() + 120
        while (state := client.get("/status").json())["state"] == "Running":
            assert time.monotonic() < end
            time.sleep(0.2)
        assert (state["state"], state["photo"]) == ("Completed", one)
        status = dict(current(project).select(MetadataQuality.photo_id, MetadataQuality.status).iter_rows())
        assert status == {one: "accepted", other: "blocked"}
        assert len(server.asked) == asked + 1
        again = client.post(f"/api/metadata/{one}/generate", json=body)
        assert (again.status_code, "same question again" in again.text) == (409, True)
        assert project.ledger.rows(TextRequest).height == 1
    monkeypatch.setattr(discovery, "_known", {})  # as after some seconds
    gone = client.post(f"/api/metadata/{other}/generate", json=body)
    assert (gone.status_code, "No vision model is available" in gone.text) == (409, True)
    assert project.ledger.rows(TextRequest).height == 1
