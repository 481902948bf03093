"""The habits of a long-kept library.

Crop folders, raw and final folders, aliases, causes in place of lines, broken lines.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.core.row_errors import RowRefused
from proofsheet.embedding.imported_vectors import NewVector, keep_imported
from proofsheet.history.exporter import export_history
from proofsheet.history.formats import read_history
from proofsheet.history.importer import import_history
from proofsheet.history.matching import match_history
from proofsheet.history.photo_lookup import PhotoLookup, PictureUnknown
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.history.report import FileReport, causes_of
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Workspace
from schemas.history import HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import HistoryMatch, VectorSelection
from schemas.settings.history import HistorySettings
from schemas.settings.library import PlaceSettings
from schemas.vision import ImageQuality
from tests.support.kit import NOW
from tests.unit.history.test_importer import PHOTOS, QUALITY, row

CROPS = "session_id,directory,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp\n"
WINNER, LOSER = "20250708_060544_stage2_upscaled.png", "20250708_060416_stage1_generated.png"


def library(folder: Path, **files: tuple[str, ...]) -> Workspace:
    for project, names in files.items():
        (folder / "library" / project).mkdir(parents=True)
        for name in names:
            (folder / "library" / project / name).touch()
    return Workspace(PlaceSettings(library=str(folder / "library"), home=str(folder / "home")))


def imported(workspace: Workspace, text: str, project: str | None = None, **settings: Any) -> FileReport:
    file = workspace.home.parent / "log.csv"
    file.write_text(text, "utf-8")
    (report,) = import_history(
        [file], workspace, HistorySettings(**settings), NOW, dry_run=False, project=project
    )
    return report


def found_in(workspace: Workspace) -> dict[str, int]:
    return {p.name: n for p in workspace.projects() if (n := p.ledger.rows(HistoryRow).height)}


@pytest.mark.parametrize(
    ("folders", "settings", "chosen", "others", "expected"),
    [
        ({"Eleni"}, {}, "Eleni_raw/a.png", (), "Eleni"),
        ({"Eleni_raw"}, {}, "Eleni/a.png", (), "Eleni_raw"),
        ({"Eleni_raw"}, {}, "Eleni-final/a.png", (), "Eleni_raw"),
        ({"Eleni", "Eleni_raw"}, {}, "Eleni_raw/a.png", (), "Eleni_raw"),
        ({"Eleni", "Eleni_raw"}, {"aliases": {"Eleni_raw": "Eleni"}}, "x/ELENI_RAW/a.png", (), "Eleni"),
        ({"mojo1", "mojo1_final"}, {}, "mojo1_final/b.png", ("training data/mojo1/a.png",), "mojo1"),
        ({"mojo1_raw", "mojo1_final"}, {}, "mojo1_final/b.png", ("mojo1_raw/a.png",), "mojo1_raw"),
        ({"mojo1"}, {}, "D:\\Eros Mate\\mojo1_final\\b.png", ("PROJECT_ROOT/mojo1/a.png", "c.png"), "mojo1"),
        ({"mojo_raw", "mojo1"}, {}, "mojo1/b.png", ("mojo1_final/a.png",), "mojo1"),
        ({"Mojo", "mojo"}, {}, "mojo/b.png", (), "mojo"),
    ],
)
def test_aliases_win_over_names_and_endings_count_both_ways(
    folders: set[str], settings: dict[str, Any], chosen: str, others: tuple[str, ...], expected: str
) -> None:
    registry = ProjectRegistry(sorted(folders), HistorySettings(**settings))
    assert registry.of_row(chosen, others, "", "") == expected


@pytest.mark.parametrize(
    ("folders", "chosen", "others", "told", "given", "reason"),
    [
        ({"mojo", "mojo1"}, "mojo/a.png", ("mojo1/b.png",), "", None, "two projects"),
        ({"mojo", "mojo1"}, "mojo1_backup/a.png", (), "", None, "unknown project"),
        ({"mojo1_backup"}, "mojo1/a.png", (), "", None, "unknown project"),
        ({"mojo1"}, "nowhere/a.png", ("nowhere/b.png",), "", None, "unknown project"),
        ({"mojo1"}, "mojo1/a.png", ("nowhere/b.png",), "", None, "unknown project"),
        ({"mojo1"}, "crop/a.png", (), "nowhere", "mojo1", "unknown project"),
        ({"mojo1", "mojo2"}, "mojo2/crop/a.png", (), "", "mojo1", "two projects"),
        ({"Eleni_raw", "Eleni_final"}, "Eleni/a.png", (), "", None, "two projects"),
        ({"Mojo", "mojo"}, "MOJO/a.png", (), "", None, "two projects"),
        (
            {"Eleni_raw", "Eleni_final"},
            "x.png",
            ("Eleni_raw/a.png", "Eleni_final/b.png"),
            "",
            None,
            "two projects",
        ),
    ],
)
def test_names_that_are_alike_stay_apart(
    folders: set[str], chosen: str, others: tuple[str, ...], told: str, given: str | None, reason: str
) -> None:
    registry = ProjectRegistry(sorted(folders), HistorySettings())
    with pytest.raises(RowRefused) as refusal:
        registry.of_row(chosen, others, "", told, given)
    assert refusal.value.reason == reason


def test_a_folder_that_names_no_project_is_given_one_or_found_by_names_that_one_project_alone_has(
    tmp_path: Path,
) -> None:
    workspace = library(tmp_path, mojo1=(WINNER, LOSER, "twice.png"), mojo2=("twice.png",))
    (gone,) = [p for p in workspace.projects() if p.name == "mojo2"]
    keep_imported(
        gone, [NewVector("training data/mojo2/gone.png", "e", None, np.ones(4, np.float32) / 2)], NOW
    )
    log = CROPS + "".join(
        f"s,crop,crop/{n},0.1,0.1,0.9,0.9,t\n" for n in (WINNER, "twice.png", "gone.png", "nobody.png")
    )
    report = imported(workspace, log)
    assert dict(report.refused) == {"name in several projects": 1, "unknown project": 1}
    assert "is in 2 projects: mojo1, mojo2" in str(report.lines[0]["detail"])
    assert found_in(workspace) == {"mojo1": 1, "mojo2": 1}
    assert imported(workspace, log, project="mojo2").accepted == 4
    assert found_in(workspace) == {"mojo1": 1, "mojo2": 4}


def test_a_cause_is_one_line_with_its_count_and_the_settings_to_paste(tmp_path: Path) -> None:
    workspace = library(tmp_path, mojo1=())
    report = imported(
        workspace, CROPS + "".join(f"s,d,crop/{n}.png,0.1,0.1,0.9,0.9,t\n" for n in range(7193))
    )
    assert (report.rows, report.accepted) == (7193, 0)
    (cause,) = causes_of(report.lines)
    assert cause.summary().startswith(
        "7193 refused: unknown project (first on line 2): 'crop/0.png' names no project"
    )
    assert cause.paste() == ["[history.aliases]", '"crop" = "NAME OF A PROJECT"  # 7193 rows']
    again = imported(workspace, CROPS + "s,d,crop/1.png,0.1,0.1,0.9,0.9,t\n", aliases={"crop": "mojo1"})
    assert (again.accepted, dict(again.refused)) == (1, {})


def test_a_folder_above_that_is_named_like_a_project_is_offered_as_a_root(tmp_path: Path) -> None:
    workspace = library(tmp_path, mojo=(), mojo1=())
    log = CROPS + "s,d,/Users/mojo/Eros Mate/mojo1/a.png,0.1,0.1,0.9,0.9,t\n"
    (cause,) = causes_of(imported(workspace, log).lines)
    assert cause.paste() == ["[history]", 'roots = ["Users/mojo/Eros Mate"]']
    imported(workspace, log, roots=["Users/mojo/Eros Mate"])
    assert found_in(workspace) == {"mojo1": 1}


@pytest.mark.parametrize(
    ("content", "accepted", "refused"),
    [
        (b's,c,mojo1/a.png,"0.1,0.1,0.9,0.9,t\ns,c,mojo1/b.png,0.1,0.1,0.9,0.9,t\n', 1, "broken line"),
        (b's,c,mojo1/a.png"x,0.1,0.1,0.9,0.9,"t\ns,c,mojo1/b.png,0.1,0.1,0.9,0.9,"t"\n', 1, "broken line"),
        (b"s,c,mojo1/\xe9.png,0.1,0.1,0.9,0.9,t\ns,c,mojo1/b.png,0.1,0.1,0.9,0.9,t\n", 1, "not text"),
        (b"s,c,mojo1/a.png,0.1\ns,c,mojo1/b.png,0.1,0.1,0.9,0.9,t\n", 1, "cells"),
    ],
)
def test_a_broken_line_takes_no_other_with_it(content: bytes, accepted: int, refused: str) -> None:
    found = read_history(CROPS.encode() + content)
    assert (len(found.rows), [r.reason for _l, r in found.refused]) == (accepted, [refused])


@pytest.mark.parametrize("encoded", [CROPS.replace(",", ";").encode(), CROPS.upper().encode("utf-16")])
def test_other_spreadsheets_write_other_separators_and_encodings(encoded: bytes) -> None:
    line = "s,c,mojo1/b.png,0.1,0.1,0.9,0.9,t\n"
    text = line.replace(",", ";").encode() if b";" in encoded else line.encode("utf-16-le")
    assert read_history(encoded + text).rows[0].box == (0.1, 0.1, 0.9, 0.9)


def vector(name: str, seed: int, encoder: str = "e", content: str | None = None) -> dict[str, Any]:
    stage = 1.0 if "stage1" in name else 2.0 if "stage2" in name else None
    named = {
        "vector_id": f"{name}{seed}{encoder}",
        "path": f"training data/p/{name}",
        "file_name": name,
        "stage": stage,
    }
    return {
        **named,
        "project": "p",
        "encoder_id": encoder,
        "content_hash": content,
        "matrix": "m",
        "place": 0,
        "imported_at": NOW,
    }


def test_a_set_of_which_pictures_are_gone_teaches_by_its_vectors_alone() -> None:
    vectors = ImportedVector.frame(
        [
            *(vector(n, 1) for n in (WINNER, LOSER, "a_stage1.png")),
            *(vector("twice.png", seed) | {"path": f"p{seed}/twice.png"} for seed in (1, 2)),
            vector(LOSER, 1, "other"),
        ]
    )
    rows = HistoryRow.frame(
        [
            row(1, chosen=f"p_final/{LOSER}", others=(f"training data/p/{WINNER}",)),
            row(2, chosen=f"C:\\p\\{WINNER}", others=(LOSER,)),
            row(3, chosen=WINNER, others=("a_stage1.png",)),
            row(4, chosen=WINNER, others=("twice.png",)),
            row(5, chosen="a_stage2.png", others=("a_stage1.png",)),
        ]
    )
    found = match_history("p", rows, ReviewDecision.frame(), PHOTOS, QUALITY, vectors, {})
    fates = found.matches[HistoryMatch.status].to_list()
    assert fates == ["superseded", "vectors alone", "vectors alone", "quarantined", "used"]
    sets = {r[VectorSelection.set_id]: r for r in found.vector_sets.to_dicts()}
    assert sets.keys() == {"2", "3"}
    assert sets["2"][VectorSelection.vector_ids] == [f"{LOSER}1e", f"{WINNER}1e"]
    assert sets["2"][VectorSelection.anomaly] is False
    assert sets["3"][VectorSelection.photo_ids] == ["a_stage1.png", None]
    assert found.selections.height == 1


def test_an_imported_vector_is_kept_once_and_a_damaged_matrix_is_told(tmp_path: Path) -> None:
    from proofsheet.embedding.imported_vectors import imported_encoders, read_imported

    (project,) = library(tmp_path, mojo1=()).projects()
    first = NewVector(f"training data/mojo1/{WINNER}", "e", None, np.array([0.6, 0.8], np.float32))
    other = NewVector(f"C:\\mojo1\\{LOSER}", "f", "0" * 64, np.array([1.0, 0.0, 0.0], np.float32))
    assert keep_imported(project, [first, first, other], NOW) == 2
    assert keep_imported(project, [first, other], NOW) == 0
    assert imported_encoders(project) == {"e": 1, "f": 1}
    kept = read_imported(project, "f")
    assert kept.rows.select(
        ImportedVector.file_name, ImportedVector.stage, ImportedVector.content_hash
    ).rows() == [(LOSER, 1.0, "0" * 64)]
    assert kept.matrix.tolist() == [[1.0, 0.0, 0.0]]
    (matrix,) = project.ledger.rows(ImportedVector, encoder_id="e")[ImportedVector.matrix]
    (project.vectors / matrix).write_bytes(b"cut off")
    damaged = read_imported(project, "e")
    assert (damaged.rows.height, damaged.missing) == (0, 1)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("x/A_STAGE1.PNG", "a_stage1.png"),
        ("mojo1\\one\\twin.png", "one/twin.png"),
        ("C:/p/two/twin.png", "two/twin.png"),
        ("three/twin.png", "ambiguous name"),
        ("twin.png", "ambiguous name"),
        ("b_stage1.png", "not found"),
    ],
)
def test_a_picture_is_found_in_other_letters_and_by_the_projects_own_folders(path: str, found: str) -> None:
    def answer() -> str:
        try:
            return str(PhotoLookup(PHOTOS, QUALITY, {}).find(path)[Photo.path])
        except RowRefused as refusal:
            return refusal.reason

    assert answer() == found


def test_choices_of_which_the_pictures_are_gone_go_out_and_come_back(tmp_path: Path) -> None:
    workspace = library(tmp_path, mojo1=())
    (project,) = workspace.projects()
    new = [
        NewVector(f"training data/mojo1/{n}", e, None, np.eye(2, dtype=np.float32)[k])
        for k, n in enumerate((WINNER, LOSER))
        for e in "ef"
    ]
    keep_imported(project, new, NOW)
    head = "session_id,set_id,chosen_path,neg_paths,timestamp"
    log = f'{head}\ns,1,mojo1_final/{WINNER},"[""x/{LOSER}""]",2025-07-08T06:05:44\n'
    report = imported(workspace, log)
    assert (report.accepted, report.lines) == (1, [])
    rows, vectors = project.ledger.rows(HistoryRow), project.ledger.rows(ImportedVector)
    found = match_history(
        project.key,
        rows,
        ReviewDecision.frame(),
        Photo.frame(),
        ImageQuality.frame(),
        vectors,
        {},
    )
    assert found.vector_sets.height == 2
    project.store.publish({VectorSelection: found.vector_sets}, Stamp())
    export_history([project], tmp_path / "out")
    assert (tmp_path / "out" / "selection_only_log.csv").read_text().splitlines()[1:] == [
        f's,1,mojo1/{WINNER},"[""mojo1/{LOSER}""]",2025-07-08T06:05:44'
    ]


@pytest.mark.parametrize("chosen", ["Anna/a.png", "D:/Anna_raw/a.png", "crop/only.png", "crop/a.png"])
def test_a_row_of_a_damaged_project_goes_into_no_other(tmp_path: Path, chosen: str) -> None:
    workspace = library(tmp_path, Anna=("a.png", "only.png"), Boat=("a.png", "b.png"))
    anna = workspace.project("Anna")
    anna.ledger.path.parent.mkdir(parents=True)
    anna.ledger.path.write_bytes(b"no ledger" * 999)
    report = imported(workspace, f"{CROPS}s,d,{chosen},0.1,0.1,0.9,0.9,t\ns,d,Boat/b.png,0.1,0.1,0.9,0.9,t\n")
    assert workspace.project("Boat").ledger.rows(HistoryRow)[HistoryRow.chosen_path].to_list() == [
        "Boat/b.png"
    ]
    (cause,) = [c for c in causes_of(report.lines) if c.state == "refused"]
    if chosen == "crop/a.png":
        assert cause.reason == "name in several projects"
    else:
        assert (cause.reason, report.projects["Anna"]["refused"]) == ("damaged project", 1)
        assert str(anna.ledger.path) in cause.detail


def test_a_project_that_cannot_take_rows_is_told_before_any_is_read(tmp_path: Path) -> None:
    workspace = library(tmp_path, Anna=("a.png",))
    (workspace.home / "sandbox" / "try").mkdir(parents=True)
    with pytest.raises(UsageError, match="is a sandbox"):
        imported(workspace, CROPS, project="sandbox/try")
    anna = workspace.project("Anna")
    anna.ledger.path.parent.mkdir(parents=True)
    anna.ledger.path.write_bytes(b"no ledger" * 999)
    with pytest.raises(UsageError, match=r"Anna accepts no history: .* is damaged"):
        imported(workspace, CROPS, project="Anna")


def test_a_row_names_pictures_as_they_were_named_when_it_came_in() -> None:
    """Two pictures swapped their names on the fifth day, and one got another name on the ninth."""
    day = [NOW + timedelta(days=n) for n in range(12)]
    one, other = (str(p) for p in PHOTOS[Photo.photo_id][:2])
    paths = {
        one: [(datetime.min, "x/first.png"), (day[5], "x/second.png"), (day[9], "x/last.png")],
        other: [(datetime.min, "x/second.png"), (day[5], "x/first.png")],
    }
    lookup = PhotoLookup(PHOTOS, QUALITY, paths)

    def found(name: str, at: datetime | None) -> str:
        return str(lookup.find(f"/elsewhere/{name}", at)[Photo.photo_id])

    assert [found("first.png", day[n]) for n in (0, 4, 5, 11)] == [one, one, other, other]
    assert [found("second.png", day[n]) for n in (0, 4, 5)] == [other, other, one]
    assert found("LAST.png", None) == found("last.png", day[2]) == one
    with pytest.raises(PictureUnknown, match="is the name of different pictures"):
        found("second.png", day[10])


def test_a_name_that_was_used_again_is_that_of_the_picture_that_had_it_then() -> None:
    """A picture is gone, and another one got its name on the fifth day."""
    day = [NOW + timedelta(days=n) for n in range(12)]
    own = str(PHOTOS[Photo.photo_id][0])
    lookup = PhotoLookup(PHOTOS, QUALITY, {"gone": [(day[1], "x.png")], own: [(day[5], "x.png")]})
    for at in (day[0], day[1], day[4]):
        with pytest.raises(PictureUnknown, match=r"the picture named 'x\.png' is gone"):
            lookup.find("x.png", at)
    renamed = {"gone": [(day[1], "x.png"), (day[4], "y.png")], own: [(day[5], "x.png")]}
    assert PhotoLookup(PHOTOS, QUALITY, renamed).find("x.png", day[6])[Photo.photo_id] == own
