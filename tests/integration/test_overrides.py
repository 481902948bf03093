"""Forty overrides of one small project change what is proposed next, through the command line."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from proofsheet.storage.workspace import Project
from schemas.choices import Proposal
from schemas.models import RankerModel
from schemas.rollout import Override, Readiness, Threshold
from tests.integration.test_judge import DECIDE, SELECT, make_project, projects
from tests.support.kit import Shell, tree

SETS, OVERRIDES = 52, 40
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One project without history, reviewed.

    In forty sets the lower stage was picked, whatever it looks like.
    """
    place = tmp_path_factory.mktemp("overrides")
    make_project(place / "library" / "harbour", 1, SETS)
    (place / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
        "[ranker]\nepochs = 8\n"
    )
    patch = pytest.MonkeyPatch()
    patch.chdir(place)
    shell = Shell(place)
    shell("run", "harbour", "--select", f"{SELECT},vector_selections,{DECIDE}")
    shell.before = project(shell).store.read(Proposal)
    lines = []
    for one in [json.loads(line) for line in shell("decisions", "export", "harbour").stdout.splitlines()][
        :OVERRIDES
    ]:
        lower = next(i for i in one["images"] if i != one["step1_selection"]["chosen"])
        lines.append(json.dumps({"group_id": one["group_id"], "action": "overridden", "final_choice": lower}))
    (place / "decided.jsonl").write_text("\n".join(lines))
    shell.tree = tree(place / "library")
    shell.taken = shell.json("decisions", "import", "harbour", "decided.jsonl", "--blind")["taken"]
    shell("run", "harbour", "--select", f"{SELECT},{DECIDE}")
    shell.reviewed = project(shell).store.read(Threshold)
    shell.said = shell("models", "train").stdout
    shell("run", "harbour", "--select", DECIDE)
    yield shell
    patch.undo()


def project(shell: Any) -> Project:
    (found,) = projects(shell.folder)
    assert isinstance(found, Project)
    return found


def test_the_next_proposals_are_others_and_the_rule_tells_its_interval(shell: Any) -> None:
    assert shell.taken == OVERRIDES
    assert "is active now" in shell.said, shell.said
    assert not shell.before[Proposal.anomaly].any()
    decided = set(project(shell).store.read(Override)[Override.group_id])
    after = project(shell).store.read(Proposal)
    fresh = after.filter(~pl.col(Proposal.group_id).is_in(list(decided)))
    assert fresh.height == SETS - OVERRIDES
    assert fresh[Proposal.anomaly].mean() > 0.7
    (model,) = project(shell).store.read(RankerModel).to_dicts()
    assert (model[RankerModel.status], model[RankerModel.calibration]) == ("active", "this project")
    card = shell("models", "card", "ranker").stdout
    assert "judged in cross-validation on 40 sets, each by a fit without it (at least 30)" in card
    assert "gain over the highest stage in these projects: +" in card
    assert "training_pairs: 40 rows, hash" in card
    assert tree(shell.folder / "library") == shell.tree


def test_blind_reviews_count_until_the_model_has_learnt_from_them(shell: Any) -> None:
    before, after = shell.reviewed[Threshold.why][0], project(shell).store.read(Threshold)[Threshold.why][0]
    assert before.startswith("40 blind reviews, 40 errors")
    assert "used to train a model" in after
    count = int(after.split()[0])
    assert count < 15  # those that were kept out of the training
    gates = {r[Readiness.gate_name]: r for r in project(shell).store.read(Readiness).to_dicts()}
    assert gates["sandbox"][Readiness.found].startswith("not enough data (40 of 100); 0.0% approved")
    assert gates["sandbox"][Readiness.baseline] == "the highest stage alone: 0.0% of 40"
    assert gates["auto-approval"][Readiness.n] == count


def test_the_same_reviews_train_nothing_again(shell: Any) -> None:
    assert "nothing new since" in shell("models", "train").stdout
    assert "cut pictures, at least 50 are needed" in shell("models", "train").stdout
