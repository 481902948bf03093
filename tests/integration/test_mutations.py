"""Which tables another line of code makes stale: as a person would expect, and no others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "proofsheet", "resources", "assets", "dagster_project")
ASK = """
import json, sys
from dagster_project.definitions import build_defs
from dagster_project.planning import current_freshness
from assets.factory.resolved_settings import resolved_settings_version
from proofsheet.core.config import Configuration
from proofsheet.storage.workspace import Project
from schemas.settings.library import PlaceSettings
from pathlib import Path
place = Path(sys.argv[1])
settings = Configuration(place=PlaceSettings(library=str(place / "library"), home=str(place / "home")))
project = Project("one", "one", place / "library" / "one", place / "home")
def told(freshness):
    return {
        n: [v.code + resolved_settings_version(v.resources, project, n), v.upstream, v.reads]
        for n, v in freshness.versions.items()
    }
known = told(current_freshness(settings))
given = told(build_defs(settings).resources["freshness"])
assert known == given, "what was known of the source is not what Dagster is given"
sys.stdout.write(json.dumps({n: version for n, (version, _upstream, _reads) in known.items()}))
"""
FORM, LINKAGE = "proofsheet/rules/form.py", "proofsheet/grouping/complete_linkage.py"
QUALITY, ENCODER = "proofsheet/imaging/image_quality.py", "proofsheet/embedding/classic_encoder.py"
VECTORS = {"embeddings", "layout_vectors", "scenes", "ranker_fits", "crop_fits"}
MUTATIONS = {  # file, what stands there, what stands there then, tables that become stale by it
    "another exit code": ("proofsheet/core/errors.py", "exit_code = 2", "exit_code = 7", set()),
    "a line of the log": (
        "assets/factory/table_asset.py",
        '"unchanged, nothing written"',
        '"as before"',
        set(),
    ),
    "an input of an asset": (
        "assets/library.py",
        "placed=placed)",
        "placed=placed, **{})",
        {"photos", "quarantine", "other_files", "identity_questions", "gone_photos"},
    ),
    "a plot": (
        "proofsheet/training/plots.py",
        "_SIDE, _EDGE = 520",
        "_SIDE, _EDGE = 540",
        {"ranker_fits", "crop_fits"},
    ),
    "a formula of quality": (QUALITY, "_MIDDLE_GREY = 0.18", "_MIDDLE_GREY = 0.2", {"image_quality"}),
    "the text of a prompt": (
        "proofsheet/prompts/title.md",
        "# User",
        "# User\nBe brief.",
        {"titles", "metadata_quality"},
    ),
    "a threshold of sets": (LINKAGE, "_FREE_BITS = 4", "_FREE_BITS = 5", {"photo_groups", "duplicates"}),
    "the encoder": (ENCODER, "_BINS, _CELLS = 9, 4", "_BINS, _CELLS = 8, 4", VECTORS),
    "a rule of the gate": (FORM, "_LONGEST_PART = 5, 3", "_LONGEST_PART = 5, 4", {"metadata_quality"}),
    "the sidecar": (
        "proofsheet/publish/xmp_sidecar.py",
        "The sidecar was not touched.",
        "The sidecar is as it was.",
        set(),
    ),
    "a page of the review": ("dagster_project/review/pages.py", '"questions"', '"open_questions"', set()),
}


def versions(code: Path, place: Path) -> dict[str, str]:
    environment = {
        "PYTHONPATH": str(code),
        "XDG_CACHE_HOME": str(place / "cache"),
        "HOME": str(place),
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-P", "-c", ASK, str(place)]
    asked = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    return dict(json.loads(asked.stdout))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str]]:
    """A copy of the source, a place without pictures, and the versions of the tables there."""
    folder = tmp_path_factory.mktemp("copied")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / "code" / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "place" / "library" / "one").mkdir(parents=True)
    return folder / "code", folder / "place", versions(folder / "code", folder / "place")


@pytest.mark.long
@pytest.mark.parametrize("name", MUTATIONS)
def test_another_line_of_code_makes_stale_what_follows_from_it(
    name: str, copied: tuple[Path, Path, dict[str, str]]
) -> None:
    code, place, before = copied
    file, old, new, expected = MUTATIONS[name]
    path, text = code / file, (code / file).read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    after = versions(code, place)
    path.write_text(text, "utf-8")
    assert {n for n in before if before[n] != after[n]} == expected
