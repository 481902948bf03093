"""A project under review.

Holds the fixtures `project`, a copy of the folder `base` of a test's module, and `session`.
Add here: a fixture that several of these tests need.
Keep out: how such a project is made (tests/support/).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.review.session import ReviewSession
from proofsheet.storage.workspace import Project, Workspace
from tests.support.kit import configuration


@pytest.fixture
def project(base: Path, tmp_path: Path) -> Project:
    shutil.copytree(base, tmp_path / "p")
    return Workspace(configuration(tmp_path / "p/library", tmp_path / "p/home").place).project("harbour")


@pytest.fixture
def session(project: Project) -> ReviewSession:
    return ReviewSession(project, 0.05)
