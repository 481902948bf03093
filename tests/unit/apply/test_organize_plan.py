"""Filing: events over midnight, zones and places, sets together, what stays, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from proofsheet.apply.moves import last_plan
from proofsheet.apply.name_template import parse_template
from proofsheet.apply.organize_plan import LAYOUT_FIELDS, make_organize_plan
from proofsheet.apply.plan import Plan
from proofsheet.core.errors import UsageError
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.sets import SetContext
from tests.support.kit import NOW, tree
from tests.support.rename_kit import Shot, dated_project, look_again, mover, photos_of

EVE = datetime(2025, 12, 31, 22, 0)
BERLIN, POTSDAM, LISBON = (52.52, 13.40), (52.40, 13.06), (38.72, -9.14)


def filing(project: Project, layout: str, **clocks: object) -> Plan:
    return make_organize_plan(
        project, photos_of(project, **clocks), parse_template(layout, LAYOUT_FIELDS, folders=True)
    )


def folders(project: Project, layout: str, **clocks: object) -> dict[str, str]:
    return {o.source: o.target.rpartition("/")[0] for o in filing(project, layout, **clocks).operations}


def publish_sets(project: Project, *groups: tuple[str, ...]) -> None:
    ids = dict(project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
    rows = [
        {PhotoGroup.photo_id: ids[path], PhotoGroup.group_id: f"g{k}", PhotoGroup.group_size: len(group)}
        | {PhotoGroup.project: project.key, PhotoGroup.position: n, PhotoGroup.cause: "similar"}
        | {
            PhotoGroup.evidence: "",
            PhotoGroup.keep_all: False,
            PhotoGroup.document: False,
            "grouped_by": "a test",
        }
        for k, group in enumerate(groups)
        for n, path in enumerate(group)
    ]
    project.store.publish({PhotoGroup: PhotoGroup.frame(rows)}, Stamp())


def test_an_event_over_midnight_and_the_turn_of_the_year_is_one_folder(tmp_path: Path) -> None:
    hours = [0, 1.5, 2.5, 7, 20]  # 22:00 to 05:00, and the next evening
    project = dated_project(tmp_path, [Shot(f"{h}.jpg", EVE + timedelta(hours=h)) for h in hours])
    assert folders(project, "{taken:%Y}/{event}") == {
        **{f"{h}.jpg": "2025/2025-12-31" for h in hours[:-1]},
        "20.jpg": "2026/2026-01-01",
    }


def test_a_day_starts_at_four(tmp_path: Path) -> None:
    shots = [Shot(f"{h}.jpg", datetime(2025, 7, 9, h)) for h in (0, 3, 4, 12)]
    found = folders(dated_project(tmp_path, shots), "{taken:%Y-%m-%d}")
    assert found == {
        "0.jpg": "2025-07-08",
        "3.jpg": "2025-07-08",
        "4.jpg": "2025-07-09",
        "12.jpg": "2025-07-09",
    }


def test_cameras_of_two_zones_share_an_event(tmp_path: Path) -> None:
    shots = [
        Shot("berlin 1.jpg", EVE, camera="A", offset_min=60),
        Shot("tokyo.jpg", EVE + timedelta(hours=8, minutes=5), camera="B", offset_min=540),
        Shot("berlin 2.jpg", EVE + timedelta(minutes=10), camera="A", offset_min=60),
        Shot("unknown.jpg", EVE + timedelta(minutes=20), camera="C"),
    ]
    assert set(folders(dated_project(tmp_path, shots), "{event}").values()) == {"2025-12-31"}


@pytest.mark.parametrize(
    ("second", "minutes", "events"), [(POTSDAM, 60, 1), (LISBON, 60, 2), (BERLIN, 359, 1), (BERLIN, 361, 2)]
)
def test_an_event_ends_after_six_hours_or_fifty_kilometres(
    tmp_path: Path, second: tuple[float, float], minutes: int, events: int
) -> None:
    noon = datetime(2025, 7, 8, 9)
    later = Shot("b.jpg", noon + timedelta(minutes=minutes), place=second, offset_min=120)
    project = dated_project(tmp_path, [Shot("a.jpg", noon, place=BERLIN, offset_min=120), later])
    assert set(folders(project, "{event}").values()) == {"2025-07-08", "2025-07-08 2"} or events == 1
    assert len(set(folders(project, "{event}").values())) == events


def test_sets_and_files_beside_pictures_stay_together(tmp_path: Path) -> None:
    shots = [
        Shot("card/a.jpg", EVE, beside=("card/a.xmp", "card/NKSC_PARAM/a.jpg.nksc", "card/a.CR2")),
        Shot("card/b.jpg", EVE + timedelta(days=3)),
        Shot("card/c.jpg", EVE + timedelta(days=3)),
    ]
    project = dated_project(tmp_path, shots)
    publish_sets(project, ("card/a.jpg", "card/b.jpg"), ("card/c.jpg",))
    assert folders(project, "{taken:%d}") == {
        **dict.fromkeys(("card/a.jpg", "card/a.xmp", "card/a.CR2", "card/b.jpg"), "31"),
        "card/NKSC_PARAM/a.jpg.nksc": "31/NKSC_PARAM",
        "card/c.jpg": "03",
    }


def test_filing_is_done_once_and_undone(tmp_path: Path) -> None:
    shots = [
        Shot(f"c{k % 2}/{k}.jpg", EVE + timedelta(hours=k), beside=(f"c{k % 2}/{k}.xmp",)) for k in range(40)
    ]
    project = dated_project(tmp_path, shots)
    before = tree(project.folder)
    pairs = dict(project.store.read(Photo).select(Photo.content_hash, Photo.photo_id).iter_rows())
    report = mover(project).execute(filing(project, "{taken:%Y}/{event}"), "sandbox")
    assert (report.sets, report.refused) == (40, {})
    assert sorted(tree(project.folder).values()) == sorted(before.values())
    assert filing(project, "{taken:%Y}/{event}").operations == []
    look_again(project)
    assert filing(project, "{taken:%Y}/{event}").operations == []
    assert dict(project.store.read(Photo).select(Photo.content_hash, Photo.photo_id).iter_rows()) == pairs
    mover(project).undo(str(last_plan(project.ledger)))
    assert tree(project.folder) == before


def test_two_files_of_one_name_for_one_folder_leave_the_second(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a/1.jpg", EVE), Shot("b/1.jpg", EVE + timedelta(minutes=1))])
    plan = filing(project, "{event}")
    assert [o.source for o in plan.operations] == ["a/1.jpg"]
    assert "would also come from a/1.jpg" in plan.refused["b/1.jpg"]


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("selected/{event}", "no folder"),
        ("../{event}", "no folder"),
        ("/{event}", "no folder"),
        (".hidden/{event}", "is hidden"),
        ("@eaDir/{event}", "would not be found again"),
        ("CON/{event}", "Windows does not take"),
        ("{subject}", "no folder"),
    ],
)
def test_folders_that_are_none_leave_everything_where_it_is(tmp_path: Path, layout: str, words: str) -> None:
    plan = filing(dated_project(tmp_path, [Shot("a.jpg", EVE)]), layout)
    assert plan.operations == []
    assert words in plan.refused["a.jpg"]


def test_fields_of_names_are_none_of_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no field {name}"):
        parse_template("{name}", LAYOUT_FIELDS, folders=True)


def test_a_picture_without_a_date_stays(tmp_path: Path) -> None:
    plan = filing(dated_project(tmp_path, [Shot("a.jpg")]), "{event}")
    assert "no date" in plan.refused["a.jpg"]


def test_notes_on_a_folder_that_parts_are_named(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("c/a.jpg", EVE), Shot("c/b.jpg", EVE + timedelta(2))])
    note = {SetContext.folder: "c", SetContext.subject: "a party", SetContext.noted_at: NOW}
    project.ledger.put(SetContext, [dict.fromkeys(SetContext.polars_schema().names()) | note])
    assert filing(project, "{event}").warnings == ["The notes on c stay: its pictures part."]
