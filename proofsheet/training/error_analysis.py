"""Where a model fails, in words and as contact sheets.

Holds `ranker_failures`, `ranker_sheets`, `crop_failures` and `crop_sheets`.
Add here: another pattern of errors.
Keep out: figures of the card.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from proofsheet.core.files import write_atomic
from proofsheet.models.boxes import Box, iou
from proofsheet.models.card_files import card_path
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.contact_sheets import SheetSet, crop_sheet, set_sheet
from proofsheet.training.datasets import SelectionData
from proofsheet.training.evaluate_crops import HeldOutCrops
from proofsheet.training.evaluate_ranker import HeldOut
from proofsheet.training.fit_crop_proposer import CropData
from schemas.vision import Preview

_SHOWN, _LEAST = 12, 20
Ints = npt.NDArray[np.int64]


def ranker_failures(data: SelectionData, found: HeldOut) -> list[str]:
    """Patterns among the errors: what kind they are, where they gather."""
    right, overruled = found.pick == data.winner, found.pick != data.features.top
    wrong = ~right
    told = [
        f"{int((wrong & overruled).sum())} of {int(wrong.sum())} errors overrule the highest stage wrongly; "
        f"{int((wrong & ~overruled).sum())} keep the highest stage where the person did not.",
    ]
    groups, sizes = np.array(data.groups), data.features.mask.sum(axis=1)
    rates = [
        (n, float(wrong[groups == n].mean()), int((groups == n).sum())) for n in sorted(set(data.groups))
    ]
    worst = sorted((r for r in rates if r[2] >= _LEAST), key=lambda r: -r[1])[:3]
    told.append(
        "Projects with most errors: "
        + ", ".join(f"{n} {rate:.1%} of {count}" for n, rate, count in worst)
        + "."
    )
    by_size = [(int(s), float(wrong[sizes == s].mean()), int((sizes == s).sum())) for s in np.unique(sizes)]
    told.append(
        "Errors by size of the set: "
        + ", ".join(f"{s} pictures {rate:.1%} of {count}" for s, rate, count in by_size)
        + "."
    )
    return told


def crop_failures(data: CropData, found: HeldOutCrops) -> list[str]:
    """Whether boxes are proposed too large, too small, or to one side."""
    rows = data.boxed
    if not len(rows):
        return ["No box is known."]
    drawn, own = data.boxes[rows], found.boxes[rows]
    area = ((own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])).mean() - (
        (drawn[:, 2] - drawn[:, 0]) * (drawn[:, 3] - drawn[:, 1])
    ).mean()
    x = ((own[:, 0] + own[:, 2]) - (drawn[:, 0] + drawn[:, 2])).mean() / 2
    y = ((own[:, 1] + own[:, 3]) - (drawn[:, 1] + drawn[:, 3])).mean() / 2
    groups, overlap = np.array(data.groups)[rows], iou(own, drawn)
    rates = sorted((float(overlap[groups == n].mean()), n) for n in sorted(set(groups.tolist())))
    return [
        (
            f"Proposed boxes hold {area:+.1%} of the picture against the drawn ones; their middle is "
            f"{x:+.1%} to the right and {y:+.1%} lower."
        ),
        "Projects with least overlap: " + ", ".join(f"{n} {value:.3f}" for value, n in rates[:3]) + ".",
    ]


def ranker_sheets(workspace: Workspace, fit_id: str, data: SelectionData, found: HeldOut) -> dict[str, str]:
    """The surest errors and the best overrules, as sheets beside the card."""
    right, overruled = found.pick == data.winner, found.pick != data.features.top
    order = np.argsort(-found.confidence, kind="stable")
    order = order[data.features.known[order]]  # of the others there are no pictures
    shown = {
        "worst sets": order[~right[order]][:_SHOWN],
        "best overrules": order[(right & overruled)[order]][:_SHOWN],
    }
    thumbs = _Thumbs(workspace)
    sheets = {}
    for name, which in shown.items():
        if not len(which):
            continue
        sets = [
            SheetSet(
                [thumbs.of(data.groups[k], i) for i in data.members[k]],
                int(data.winner[k]),
                int(found.pick[k]),
                f"{data.groups[k]} {data.keys[k]}: {found.confidence[k]:.2f}",
            )
            for k in which
        ]
        sheets[name] = _write(workspace.shared.models, fit_id, name, set_sheet(sets))
    return sheets


def crop_sheets(workspace: Workspace, fit_id: str, data: CropData, found: HeldOutCrops) -> dict[str, str]:
    """Twenty cropped pictures drawn by a fixed rule, and those with least overlap."""
    rows = data.boxed
    if not len(rows):
        return {}
    overlap = iou(found.boxes[rows], data.boxes[rows])
    drawn = rows[np.linspace(0, len(rows) - 1, min(20, len(rows))).astype(int)]
    worst = rows[np.argsort(overlap, kind="stable")[:20]]
    thumbs = _Thumbs(workspace)
    sheets = {}
    for name, which in {"crops by a fixed rule": drawn, "least overlap": worst}.items():
        crops = [
            (
                thumbs.of(data.groups[k], data.ids[k]),
                _box(data.boxes[k]),
                _box(found.boxes[k]),
                f"{iou(found.boxes[k], data.boxes[k]):.2f}",
            )
            for k in which
        ]
        sheets[name] = _write(workspace.shared.models, fit_id, name, crop_sheet(crops))
    return sheets


def _box(sides: npt.NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = (float(v) for v in sides)
    return x1, y1, x2, y2


def _write(models: Path, fit_id: str, name: str, content: bytes) -> str:
    file = name.replace(" ", "-") + ".jpg"
    write_atomic(card_path(models, fit_id).with_name(file), content)
    return file


class _Thumbs:
    """Thumbnails of photos by project name and id."""

    def __init__(self, workspace: Workspace) -> None:
        self._projects = {p.name: p for p in workspace.projects()}
        self._paths: dict[str, dict[str, str]] = {}

    def of(self, name: str, photo_id: str) -> Path:
        """Its thumbnail, which may be lost."""
        project: Project = self._projects[name]
        if name not in self._paths:
            self._paths[name] = dict(
                project.store.read(Preview).select(Preview.photo_id, Preview.thumb_path).iter_rows()
            )
        return project.cache / self._paths[name].get(photo_id, "lost")
