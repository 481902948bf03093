"""One index of many projects.

Each vector to its own project, kept where its picture is gone, one line a cause.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofsheet.embedding.imported_vectors import read_imported
from proofsheet.storage.workspace import Workspace
from schemas.history import ImportedVector
from schemas.settings.library import PlaceSettings
from tests.support.kit import Shell, save_picture


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects; of mojo1 a picture is left."""
    save_picture(tmp_path / "library" / "mojo1" / "kept_stage1.png")
    (tmp_path / "library" / "mojo2").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    return tmp_path


def ai_data(place: Path, *paths: str, **more: Any) -> Path:
    rng, lines = np.random.default_rng(3), []
    (place / "ai_data" / "embeddings").mkdir(parents=True)
    (place / "ai_data" / "cache").mkdir()
    for k, path in enumerate(paths):
        np.save(
            place / "ai_data" / "embeddings" / f"{k:x}.npy",
            rng.normal(size=more.get(f"dim_{k}", 16)).astype(np.float32),
        )
        lines.append(
            json.dumps(
                {"image_path": path, "embedding_file": f"data/ai_data/embeddings/{k:x}.npy", "hash": f"{k:x}"}
            )
        )
    (place / "ai_data" / "cache" / "processed_images.jsonl").write_text("\n".join(lines))
    return place / "ai_data"


def kept(place: Path) -> dict[str, list[str]]:
    projects = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home"))).projects()
    return {
        p.name: sorted(read_imported(p, "his").rows[ImportedVector.file_name].to_list()) for p in projects
    }


def test_every_vector_goes_to_its_project_and_the_others_are_told_by_cause(place: Path) -> None:
    call = Shell(place)
    paths = [f"training data/mojo{1 + k % 2}_raw/gone{k}_stage2.png" for k in range(6)]
    folder = ai_data(
        place, *paths, "x/kept_stage1.png", "nowhere/a.png", "nowhere/b.png", "mojo1/short.png", dim_9=8
    )
    told = call.json("vectors", "import", "--all", str(folder), "--encoder", "his")
    assert {n: told[n] for n in ("taken", "kept", "new", "without_pictures", "projects", "refused")} == {
        "taken": 0,
        "kept": 7,
        "new": 7,
        "without_pictures": 6,
        "projects": {"mojo1": 4, "mojo2": 3},
        "refused": {"unknown project": 2, "other length": 1},
    }
    (unknown,) = [c for c in told["causes"] if c["reason"] == "unknown project"]
    assert unknown["paste"] == '[history.aliases]\n"nowhere" = "NAME OF A PROJECT"  # 2 rows'
    assert kept(place) == {
        "mojo1": ["gone0_stage2.png", "gone2_stage2.png", "gone4_stage2.png", "kept_stage1.png"],
        "mojo2": ["gone1_stage2.png", "gone3_stage2.png", "gone5_stage2.png"],
    }
    again = call.json("vectors", "import", "--all", str(folder), "--encoder", "his")
    assert (again["kept"], again["new"]) == (7, 0)
    assert call.json("vectors", "export", "--all", "out") == {"files": 7, "pictures": 7}
    back = call.json("vectors", "import", "--all", "out")
    assert (back["kept"], back["new"], back["refused"]) == (7, 0, {})


def test_a_line_of_another_project_or_of_no_encoder_is_refused_in_one_line(place: Path) -> None:
    call = Shell(place)
    folder = ai_data(place, *(f"training data/mojo1/gone{k}.png" for k in range(3)), "mojo2/x.png")
    said = call("vectors", "import", "mojo1", str(folder)).stdout.splitlines()
    assert [line.split(":")[0].strip() for line in said[1:]] == ["3 refused", "1 refused"]
    assert "give --encoder NAME" in said[1]
    assert "belongs to mojo2" in said[2]
    for words in (("mojo1", str(folder), "--all"), (str(folder),), ("mojo1", str(folder), "--encoder", " ")):
        call("vectors", "import", *words, code=2)
    call("vectors", "import", "mojo1", str(place / "library"), code=2)


def test_a_name_that_another_project_has_too_goes_to_none_unless_the_path_says_which(place: Path) -> None:
    save_picture(place / "library" / "mojo2" / "kept_stage1.png")
    folder = ai_data(
        place, "crop/kept_stage1.png", "kept_stage1.png", "training data/mojo1_raw/kept_stage1.png"
    )
    told = Shell(place).json("vectors", "import", "mojo1", str(folder), "--encoder", "his")
    assert (told["kept"], told["refused"]) == (1, {"name in several projects": 2})
    assert kept(place) == {"mojo1": ["kept_stage1.png"], "mojo2": []}
