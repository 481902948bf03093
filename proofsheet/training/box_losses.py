"""Losses between proposed and drawn boxes.

Holds `box_loss`, `giou`, `overlap_of` and `sorted_corners`.
Add here: another loss between boxes.
Keep out: the training that uses them (fit_crop_proposer.py).
"""

from __future__ import annotations

from typing import Any

from proofsheet.training.torch_mlp import import_torch


def box_loss(name: str, said: Any, drawn: Any, usual: Any) -> Any:  # noqa: ANN401 - tensors
    """Distance of proposed boxes from drawn ones.

    It is about 1 for boxes that ignore the picture.

    Args:
        name: giou or iou, one less the (generalised) intersection over union (Rezatofighi et al., 2019); mse
            or smooth_l1, the distance of the four sides (Girshick, 2015).
        said: (n, 4) proposed boxes.
        drawn: (n, 4) drawn boxes.
        usual: (4,) standard deviations of the drawn sides; distances are counted in these.
    """
    torch = import_torch()
    if name in {"giou", "iou"}:
        return (1 - (giou if name == "giou" else overlap_of)(said, drawn)).mean()
    distance = torch.nn.functional.mse_loss if name == "mse" else torch.nn.functional.smooth_l1_loss
    return distance(said / usual, drawn / usual)


def overlap_of(one: Any, other: Any) -> Any:  # noqa: ANN401 - tensors
    """Intersection over union of boxes row by row: (n,) from two (n, 4)."""
    both, union = _areas(one, other)
    return both / union.clamp(min=1e-9)


def giou(one: Any, other: Any) -> Any:  # noqa: ANN401 - tensors
    """Generalised intersection over union of boxes row by row: (n,) from two (n, 4)."""
    torch = import_torch()
    both, union = _areas(one, other)
    hull = (torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])).prod(dim=1)
    return both / union.clamp(min=1e-9) - (hull - union) / hull.clamp(min=1e-9)


def _areas(one: Any, other: Any) -> tuple[Any, Any]:  # noqa: ANN401 - tensors
    """Areas of intersection and union."""
    torch = import_torch()
    low, high = torch.maximum(one[:, :2], other[:, :2]), torch.minimum(one[:, 2:], other[:, 2:])
    both = (high - low).clamp(min=0).prod(dim=1)
    areas = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(dim=1) for b in (one, other)]
    return both, areas[0] + areas[1] - both


def sorted_corners(said: Any) -> Any:  # noqa: ANN401 - tensors
    """The answer of the source's network with left before right and top before bottom."""
    torch = import_torch()
    first, second = said[:, :2], said[:, 2:]
    return torch.cat([torch.minimum(first, second), torch.maximum(first, second)], dim=1)
