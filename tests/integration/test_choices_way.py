"""What a person chose, the whole way.

Texts, CSV, exports, publishing, and what should be taken back where it was published.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.core.clock import utc_now
from proofsheet.proof.text_review import review
from proofsheet.publish.upload_history import take_back_rows
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.selection.choices import present_choices
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Choice
from schemas.library import Photo
from schemas.proof import MetadataQuality
from schemas.publish import Takedown
from schemas.words import Caption
from tests.support.kit import Shell, configuration, name_subject, run, save_picture, tree

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made"
)


class Way:
    """The project below, and what a person does with it; the folder `site` is the target."""

    def __init__(self, place: Path) -> None:
        self.settings = configuration(
            place / "library", place / "home", photos={"workers": 1}, encoder={"encoder": "embedded"}
        )
        self.project: Project = Workspace(self.settings.place).project("harbour")
        self.site, self.shell, self.count = place / "site", Shell(place), 0

    def run(self) -> None:
        assert run(self.settings, self.project).success

    def photo(self, number: int, stage: int) -> str:
        paths = dict(self.project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
        return str(paths[f"2025_{number}_stage{stage}_x.png"])

    def decide(self, number: int, action: str, stage: int | None = None) -> None:
        session = ReviewSession(self.project, 0.05)
        one = next(p for p in session.proposals().sets if self.photo(number, 1) in p.row["photo_ids"])
        seen = session.one(one.group_id)["verdict"]
        self.count += 1
        choice, before = self.photo(number, stage) if stage else None, seen["verdict_id"] if seen else None
        session.decide(
            DecisionRequest(f"v{self.count}", one.group_id, one.version, action, choice, known_id=before),
            utc_now(),
        )

    def submit(self) -> None:
        self.count += 1
        ReviewSession(self.project, 0.05).submit(f"batch-{self.count}", utc_now())

    def approve_texts(self, *photos: str) -> None:
        for photo in photos:
            review(self.project.ledger, photo, "approved", "", utc_now())

    def publish(self, *words: str) -> Any:
        return self.shell.json("publish", "harbour", *words)

    def described(self) -> set[str]:
        """Names with a caption and a current proof row."""
        names = dict(self.project.store.read(Photo).select(Photo.photo_id, Photo.file_name).iter_rows())
        current = self.project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current))[
            MetadataQuality.photo_id
        ]
        assert set(current) == set(self.project.store.read(Caption)[Caption.photo_id])
        return {names[i] for i in current}

    def in_csv(self) -> set[str]:
        return {
            row["path"] for row in csv.DictReader(self.project.export_file.read_text("utf-8").splitlines())
        }

    def in_stock(self, name: str) -> tuple[set[str], str]:
        told = self.shell("export", "harbour", "stock", str(self.site.parent / name)).stdout
        return {
            row["Filename"]
            for row in csv.DictReader((self.site.parent / name).read_text("utf-8").splitlines())
        }, told


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sets of two, harbour, that were run once with the embedded describer."""
    place = tmp_path_factory.mktemp("choices")
    for number in range(3):
        for stage in (1, 2):
            save_picture(
                place / "library" / "harbour" / f"2025_{number}_stage{stage}_x.png",
                10 * number + stage,
                (96, 64),
            )
    way = Way(place)
    name_subject(way.project, "Boats in a harbour")
    way.run()
    return place


@pytest.fixture
def way(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    place = Path(shutil.copytree(base, tmp_path / "p"))
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(place / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(place / "home"))
    monkeypatch.setenv("PROOFSHEET_PUBLISH_TARGET", f"folder:{place / 'site'}")
    monkeypatch.chdir(place)
    return Way(place)


def names(*pairs: tuple[int, int]) -> set[str]:
    return {f"2025_{number}_stage{stage}_x.png" for number, stage in pairs}


@pytest.mark.long
@needs_exiftool
def test_the_chosen_picture_is_described_exported_and_published_until_undo_and_the_rejected_one_is_not(
    way: Way,
) -> None:
    before = tree(way.project.folder)
    assert way.described() == way.in_csv() == names((0, 2), (1, 2), (2, 2))
    way.approve_texts(way.photo(0, 2))
    assert way.publish("--yes")["published"] == 1

    way.decide(0, "pick", 1)
    way.decide(1, "reject")
    way.decide(2, "skip")
    assert way.publish()["held_back"] == {
        "choice: another picture of its set was chosen": 1,
        "choice: its set was rejected": 1,
        "person: its texts are not approved": 1,
    }
    assert way.publish()["take_back"] == []  # not submitted yet: it can still be taken back here
    way.submit()
    assert way.in_stock("early.csv") == (
        names((2, 2)),
        way.in_stock("again.csv")[1].replace("again", "early"),
    )
    state = way.shell.json("status")["projects"]["harbour"]
    assert (state["reviewed"], state["open"], state["redecided"], state["take_back"]) == (2, 1, 2, 1)

    way.run()
    assert way.described() == way.in_csv() == names((0, 1), (2, 2))
    assert way.in_stock("late.csv")[0] == names((0, 1), (2, 2))
    way.approve_texts(way.photo(0, 1))
    told = way.publish("--yes")
    assert (told["published"], {p.name for p in way.site.rglob("*.png")}) == (1, names((0, 1), (0, 2)))
    (gone,) = told["take_back"]
    assert (gone["name"], gone["reason"]) == (
        "harbour/2025_0_stage2_x.png",
        "2025_0_stage1_x.png was chosen instead in the review",
    )
    assert "take back harbour/2025_0_stage2_x.png" in way.shell("status").stdout
    assert way.project.store.read(Takedown)[Takedown.name_there].to_list() == [gone["name"]]

    session = ReviewSession(way.project, 0.05)
    for k in range(3):
        session.step("undo", f"undo-{k}", utc_now())
    way.submit()
    way.run()
    assert way.described() == way.in_csv() == names((0, 2), (1, 2), (2, 2))
    assert [r["reason"] for r in take_back_rows(way.project)] == ["2025_0_stage2_x.png is proposed instead"]
    assert way.publish()["held_back"]["published already"] == 1
    assert tree(way.project.folder) == before


@pytest.mark.long
def test_imported_history_decides_is_described_and_is_no_review(way: Way) -> None:
    rows = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for k in range(2):
        losers = f'"[""harbour/2025_{k}_stage2_x.png""]"'
        rows.append(f"s,{k},harbour/2025_{k}_stage1_x.png,{losers},2025-01-01T00:00:00")
    log = way.site.parent / "selection_only_log.csv"
    log.write_text("\n".join(rows) + "\n", "utf-8")
    assert way.shell.json("history", "import", str(log))["files"][0]["accepted"] == 2
    way.run()
    assert way.described() == way.in_csv() == names((0, 1), (1, 1), (2, 2))
    by = present_choices(way.project)[Choice.decided_by].to_list()
    assert sorted(by) == ["history", "history", "suggestion"]
    state = way.shell.json("status")["projects"]["harbour"]
    assert (state["reviewed"], state["by_history"], state["open"]) == (0, 2, 1)
    session = ReviewSession(way.project, 0.05)
    first = session.load(20)
    assert first["progress"]["text"] == "Decided 2/3 groups (67 %): 0 reviewed, 2 by history"
    assert [s["history"] is None for s in first["sets"]] == [True, False, False]  # what is open comes first
    assert not any(p.audit for p in ReviewSession(way.project, 1.0).proposals().sets[1:])
    second = session.proposals().sets[1]
    told = session.decide(
        DecisionRequest(
            "v-blind", second.group_id, second.version, "pick", second.row["photo_ids"][0], blind=True
        ),
        utc_now(),
    )
    assert told["verdict"]["blind"] is False
    assert session.progress()["text"] == "Decided 2/3 groups (67 %): 1 reviewed, 1 by history"


@needs_exiftool
def test_a_corrected_caption_is_published_again_as_a_new_version_and_the_old_one_is_listed(way: Way) -> None:
    path, base = "2025_0_stage2_x.png", "harbour/2025_0_stage2_x"
    way.approve_texts(way.photo(0, 2))
    way.publish("--yes")
    first = tree(way.site)
    way.shell(
        "words", "edit", "harbour", path, "--caption", "A plain test card with soft blobs of many colours."
    )
    way.run()
    assert way.publish()["ready"] == 0
    way.approve_texts(way.photo(0, 2))
    assert (
        f"{path}: to be published again as version 2, {base}-v2.png" in way.shell("publish", "harbour").stdout
    )
    told = way.shell("publish", "harbour", "--yes").stdout
    assert f"{path}: published again as version 2, {base}-v2.png" in told
    assert f"take back {base}.png" in told
    assert "version 2 is there as" in told
    assert set(tree(way.site)) == {f"{base}.png", f"{base}-v2.png"}
    assert tree(way.site).items() >= first.items()  # nothing was written over
    assert (way.publish()["held_back"]["published already"], way.publish()["ready"]) == (1, 0)
    assert way.publish("--taken-back", f"{base}.png")["take_back"] == []
    assert "is not at" in way.shell("publish", "harbour", "--taken-back", f"{base}.png", code=2).stderr
