"""Stars that exiftool writes into 200 pictures: no question, in the review, and history for the ranker."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from proofsheet.core.clock import utc_now
from proofsheet.publish.xmp_sidecar import Fields, merge_sidecar
from proofsheet.review.marking import MarkRequest
from proofsheet.review.session import ReviewSession
from proofsheet.selection.timeline import counted, standing
from proofsheet.storage.workspace import Workspace
from schemas.history import RATING
from schemas.selections import Selection
from schemas.training import ProjectStatistic, TrainingPair
from schemas.written import WrittenMetadata
from tests.support.kit import Shell, configuration, save_picture
from tests.support.model_server import ModelServer

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
    ),
]
SETS = 100


def test_stars_in_200_pictures_ask_nothing_and_are_in_review_and_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, shell = tmp_path / "library" / "one", Shell(tmp_path)
    for number in range(SETS):
        for stage in (1, 2):
            save_picture(folder / f"2025_{number:04d}_stage{stage}_x.jpg", 10 * number + stage, (48, 32))
    with ModelServer() as server:
        (tmp_path / "proofsheet.toml").write_text(
            '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n'
            f'[model]\nbackend = "ollama"\nollama_url = "{server.url}"\n[captions]\nall_images = true\n'
        )
        shell("run", "one")
        assert len(server.received) >= 2 * SETS
        server.received.clear()
        for stage, stars in ((1, 4), (2, 2)):
            files = [str(p) for p in sorted(folder.glob(f"*_stage{stage}_x.jpg"))[1:]]
            command = ["exiftool", "-q", "-overwrite_original", f"-XMP-xmp:Rating={stars}", *files]
            subprocess.run(command, check=True)
        by_model = folder / "2025_0000_stage1_x.jpg"
        merge_sidecar(by_model.with_name(f"{by_model.name}.xmp"), Fields(rating=5), extension=".jpg")
        shell("run", "one")
        assert server.received == []
        project = Workspace(configuration(tmp_path / "library", tmp_path / "home").place).project("one")
        session = ReviewSession(project, 0.0)
        shown = [i["marks"] for s in session.load(SETS, 0)["sets"] for i in s["images"]]
        assert [m["stars"] for m in shown] == [0, 0, *[4, 2] * (SETS - 1)]  # the first has stars of ours
        assert {m["origins"]["stars"] for m in shown[2:]} == {"elsewhere"}
        assert project.store.read(WrittenMetadata).height == 2 * (SETS - 1)
        pairs = project.store.read(TrainingPair)
        assert (pairs.height, set(pairs[TrainingPair.source])) == (SETS - 1, {RATING})
        assert set(pairs[TrainingPair.winner_stage]) == {1.0}
        assert project.store.read(ProjectStatistic)[ProjectStatistic.rating_pairs].to_list() == [SETS - 1]
        assert project.store.read(Selection).is_empty()  # no decision, and none is counted
        assert counted(standing(project.ledger)).is_empty()
        assert session.progress()["decided"] == 0
        image = session.load(20, 1)["sets"][0]["images"][1]
        session.mark(MarkRequest("mark-0001", image["id"], stars=5), utc_now())
        shell("run", "one")
        assert server.received == []
        turned = project.store.read(TrainingPair).filter(winner_photo_id=image["id"])
        assert turned.height == 1  # what is said here stands above another program
