"""Training of the ranker's network on whole sets.

Holds `train_listwise`.
Add here: another loss over the scores of a set.
Keep out: trees (models/tree_ensemble.py) and calibration (models/ranker.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.features import Floats, Ints
from proofsheet.models.missing_values import filled, moments
from proofsheet.models.mlp import Net
from proofsheet.training.torch_mlp import batches, build, choose_device, import_torch, to_net

_HIDDEN, _DROPOUT, _DECAY, _RATE, _BATCH = 32, 0.3, 0.3, 3e-3, 128
_NEGATIVE = -1e9


@dataclass(frozen=True)
class Training:
    """How it is trained.

    Attributes:
        loss: listwise or margin.
        epochs: passes.
        oversampling: how often a set with an anomaly is drawn; never together with a weight on the same sets.
        margin: of the margin loss.
        gamma: exponent of its focal term (Lin et al., 2017).
        seed: of all draws.
        device: auto, cpu, cuda or mps.
        hidden: units of the hidden layer; 0 leaves a linear model.
    """

    loss: str = "listwise"
    epochs: int = 30
    oversampling: int = 1
    margin: float = 1.0
    gamma: float = 2.0
    seed: int = 7
    device: str = "auto"
    hidden: int = _HIDDEN


def train_listwise(
    x: Floats, mask: npt.NDArray[np.bool_], winner: Ints, anomaly: npt.NDArray[np.bool_], how: Training
) -> Net:
    """Fit the network to choices.

    The listwise loss is the negative log likelihood of the first place under Plackett-Luce (Plackett, 1975):
    the softmax over the scores of a set. The margin loss is that of pairs, `(1 - p)^gamma * max(0, margin -
    (s_w - s_l))` with `p` the sigmoid of the difference, as source 001 has it.

    Args:
        x: (sets, most, d) features; nan where unknown.
        mask: (sets, most) True where there is a picture.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        how: loss, passes, draws.
    """
    torch = import_torch()
    torch.manual_seed(how.seed)
    device, draw = choose_device(how.device), np.random.default_rng(how.seed)
    mean, scale = moments(x[mask])
    x = filled(x, mean)
    module = build(mean, scale, max(how.hidden, 1), _DROPOUT, how.seed).to(device)
    if how.hidden == 0:
        module.out.data.zero_()
        module.out.requires_grad_(False)
    order = np.concatenate([np.arange(len(x)), *[np.flatnonzero(anomaly)] * (how.oversampling - 1)])
    data, there, first = (
        torch.from_numpy(np.ascontiguousarray(v)).to(device) for v in (x[order], mask[order], winner[order])
    )
    optimizer = torch.optim.AdamW(
        [p for p in module.parameters() if p.requires_grad], lr=_RATE, weight_decay=_DECAY
    )
    steps = how.epochs * -(-len(order) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=_RATE * 2, total_steps=max(steps, 2))
    module.train()
    for _epoch in range(how.epochs):
        for part in batches(len(order), _BATCH, draw):
            optimizer.zero_grad()
            scores = module(data[part]).masked_fill(~there[part], _NEGATIVE)
            loss = (
                _listwise(scores, first[part])
                if how.loss == "listwise"
                else _margin(scores, first[part], there[part], how)
            )
            loss.backward()
            optimizer.step()
            schedule.step()
    return to_net(module.eval())


def _listwise(scores: Any, first: Any) -> Any:  # noqa: ANN401 - tensors
    torch = import_torch()
    return torch.nn.functional.cross_entropy(scores, first)


def _margin(scores: Any, first: Any, there: Any, how: Training) -> Any:  # noqa: ANN401 - tensors
    torch = import_torch()
    ahead = scores.gather(1, first[:, None]) - scores
    losers = there.clone().scatter_(1, first[:, None], False)
    p = torch.sigmoid(ahead.detach())
    found = (1 - p) ** how.gamma * torch.relu(how.margin - ahead)
    return (found * losers).sum() / losers.sum().clamp(min=1)
