"""Reading history files: the project of a row, the content of each format, and rows refused by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.core.foreign_paths import normalised
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.cells import time_of
from proofsheet.history.formats import read_history
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.models.boxes import box_of
from schemas.settings.history import HistorySettings

PROJECTS = ("mojo", "mojo1", "mojo1_backup", "Elené")


def registry(**settings: Any) -> ProjectRegistry:
    return ProjectRegistry(list(PROJECTS), HistorySettings(**settings))


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("/Users/kim/Eros Mate/mojo1/a.png", "mojo1"),
        ("training data/mojo1/a.png", "mojo1"),
        ("mojo1_final/a.png", "mojo1"),
        ("PROJECT_ROOT/mojo1_raw/x/a.png", "mojo1"),
        ("mojo1_backup/a.png", "mojo1_backup"),
        ("mojo1_backup_final/a.png", "mojo1_backup"),
        ("C:\\Users\\kim\\MOJO\\a.png", "mojo"),
        ("Elene\u0301/a.png", "Elené"),
        ('"mojo/a.png"', "mojo"),
    ],
)
def test_a_path_names_its_project_whatever_its_prefix(path: str, project: str) -> None:
    assert registry().of_path(path) == project


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/Users/kim/a.png", "unknown project"),
        ("mojo11/a.png", "unknown project"),
        ("mojo1.png", "unknown project"),
        ("/Users/mojo/mojo1/a.png", "two projects"),
    ],
)
def test_what_names_no_project_or_two_is_refused(path: str, reason: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        registry().of_path(path)
    assert refusal.value.reason == reason


def test_roots_aliases_and_patterns_decide() -> None:
    assert registry(roots=["/Users/mojo"]).of_path("/Users/mojo/mojo1/a.png") == "mojo1"
    assert registry(aliases={"Mojo One": "mojo1"}).of_path("/x/mojo one/a.png") == "mojo1"
    assert (
        registry(patterns=[r"/job-(?P<project>\w+)-\d+/"]).of_path("/x/job-mojo1_backup-7/a.png")
        == "mojo1_backup"
    )
    with pytest.raises(RowRefused):
        registry(roots=["/Users/mojo"]).of_path("/Users/mojo/elsewhere/mojo1/a.png")


@pytest.mark.parametrize(
    "settings", [{"aliases": {"x": "nobody"}}, {"patterns": ["("]}, {"patterns": ["no group"]}]
)
def test_wrong_settings_are_told(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        registry(**settings)


def test_two_unknown_projects_are_not_equal() -> None:
    with pytest.raises(RowRefused) as refusal:
        registry().of_row("nowhere/a.png", ["nowhere/b.png"], "", "")
    assert refusal.value.reason == "unknown project"


def test_a_set_of_two_projects_is_refused_and_bare_names_lie_beside_the_winner() -> None:
    with pytest.raises(RowRefused) as refusal:
        registry().of_row("mojo1/a.png", ["mojo1_backup/b.png"], "", "")
    assert refusal.value.reason == "two projects"
    assert registry().of_row("mojo1/a.png", ["b.png"], "", "") == "mojo1"
    assert registry().of_row("a.png", [], "D:/work/mojo1/crops", "") == "mojo1"
    with pytest.raises(RowRefused):
        registry().of_row("mojo1/a.png", [], "", "mojo")


def test_paths_are_normalised() -> None:
    assert normalised(" C:\\a\\.\\b//c.png ") == "a/b/c.png"
    assert normalised("//?/C:/a/b") == "a/b"


SELECTIONS = """session_id,set_id,chosen_path,neg_paths,timestamp
s1,1,mojo1/a_stage2_up.png,"[""mojo1/a_stage1_gen.png""]",20250708_060416
s1,2,mojo1/a_stage2_up.png,[],2025-07-08
s1,3,mojo1/a_stage2_up.png,['mojo1/b.png'],2025-07-08
s1,4,,"[""mojo1/b.png""]",2025-07-08
s1,5,mojo1/a.png,"[""mojo1/a.png""]",2025-07-08
s1,6,mojo1/a.png,"__import__('os')",2025-07-08
s1,7,mojo1/a.png,"[1, 2]",2025-07-08
s1,8,"mojo1/with
newline.png","[""mojo1/b.png""]",2025-07-08
s1,9,mojo1/a.png
"""


def test_a_selection_log_is_read_and_its_bad_rows_are_refused_by_line() -> None:
    found = read_history(SELECTIONS.encode("utf-8-sig"))
    assert found.format == "selection_only_log"
    assert [(r.line, r.set_id, r.others) for r in found.rows] == [
        (2, "1", ("mojo1/a_stage1_gen.png",)),
        (4, "3", ("mojo1/b.png",)),
        (9, "8", ("mojo1/b.png",)),
    ]
    assert [(line, r.reason) for line, r in found.refused] == [
        (3, "set of one"),
        (5, "no choice"),
        (6, "contradiction"),
        (7, "no list"),
        (8, "no list"),
        (11, "cells"),
    ]
    assert all(r.next_step for _line, r in found.refused)


PLAIN = """session_id,directory,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp
s,x,mojo1/a.png,10,20,110,120,t
s,x,mojo1/a.png,0.1,0.2,0.9,0.8,t
s,x,mojo1/a.png,,,,,t
s,x,mojo1/a.png,1,2,3,,t
s,x,mojo1/a.png,5,5,5,9,t
s,x,mojo1/a.png,-1,0,5,9,t
s,x,mojo1/a.png,nan,0,5,9,t
s,x,mojo1/a.png,110,120,10,20,t
"""
WIDE = (
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp,"
    "image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,width_1,height_1\n"
    "s,1,x,2,1,mojo1/b.png,0,0,50,40,t,mojo1/a.png,stage1,100,80,mojo1/b.png,stage2,200,160\n"
    "s,2,x,1,0,mojo1/a.png,0,0,50,40,t,mojo1/a.png,stage1,100,80\n"
    "s,3,x,2,0,mojo1/b.png,0,0,50,40,t,mojo1/a.png,stage1,100,80,mojo1/b.png,stage2,200,160\n"
    "s,4,x,3,1,mojo1/b.png,0,0,50,40,t,mojo1/a.png,stage1,100,80,mojo1/b.png,stage2,200,160\n"
    "s,5,x,2,one,mojo1/b.png,0,0,50,40,t,mojo1/a.png,stage1,100,80,mojo1/b.png,stage2,200,160\n"
)


def test_crop_logs_of_both_forms_are_read() -> None:
    plain = read_history(PLAIN.encode())
    assert [(r.line, r.box) for r in plain.rows] == [
        (2, (10, 20, 110, 120)),
        (3, (0.1, 0.2, 0.9, 0.8)),
        (4, None),
        (9, (10, 20, 110, 120)),
    ]
    assert [line for line, _r in plain.refused] == [5, 6, 7, 8]
    wide = read_history(WIDE.encode())
    assert wide.format == "select_crop_log, wide"
    assert [(r.set_id, r.others, r.size) for r in wide.rows] == [
        ("1", ("mojo1/a.png",), (200, 160)),
        ("2", (), (100, 80)),
    ]
    assert [(line, r.reason) for line, r in wide.refused] == [
        (4, "contradiction"),
        (5, "contradiction"),
        (6, "no number"),
    ]


def test_other_formats_and_strangers() -> None:
    header = (
        "session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,timestamp\n"
    )
    odd = read_history((header + "s,1,mojo1,1,3,mojo1/a.png,\"['mojo1/b.png', 'mojo1/c.png']\",t\n").encode())
    assert (odd.rows[0].kind, odd.rows[0].project, odd.rows[0].others) == (
        "anomaly",
        "mojo1",
        ("mojo1/b.png", "mojo1/c.png"),
    )
    boxless = read_history(b"session_id,set_id,chosen_path,timestamp\ns,1,mojo1/a.png,t\n")
    assert (boxless.format, boxless.rows[0].kind) == ("historical_crop_log", "cropped, box unknown")
    for content in (
        b"a,b,c\n1,2,3\n",
        b"",
        b"\xff\xfe\x00",
        b"PK\x03\x04\xa9\x9c",
        b"session_id,session_id,chosen_path\n",
    ):
        with pytest.raises(RowRefused) as refusal:
            read_history(content)
        assert refusal.value.next_step
        str(refusal.value.detail).encode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20250708_060416", datetime(2025, 7, 8, 6, 4, 16)),
        ("2025-07-08T06:04:16+02:00", datetime(2025, 7, 8, 4, 4, 16)),
        ("1751954656", datetime(2025, 7, 8, 6, 4, 16)),
        ("yesterday", None),
        ("", None),
        ("nan", None),
    ],
)
def test_times_are_read_or_unknown(text: str, found: datetime | None) -> None:
    assert time_of(text) == found


def test_units_of_a_box_are_decided_by_the_size_or_not_at_all() -> None:
    assert box_of((10, 20, 110, 120), (200, 240)) == ((0.05, 20 / 240, 0.55, 0.5), "box in pixels")
    assert box_of((0.1, 0.2, 1.0004, 0.8), (200, 240)) == ((0.1, 0.2, 1.0, 0.8), "box in shares")
    assert box_of((0, 0, 201, 240), (200, 240))[0] == (0, 0, 1, 1)
    for box in ((0.1, 20, 110, 120), (0, 0, 300, 100), (0, 0, 100, 300)):
        with pytest.raises(RowRefused) as refusal:
            box_of(box, (200, 240))
        assert refusal.value.reason == "units"
