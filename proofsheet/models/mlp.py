"""A small network as plain arrays: it serves without torch.

Holds `Net`.
Add here: another layer that both torch and numpy have.
Keep out: training (training/listwise.py, training/fit_crop_proposer.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Net:
    """Score of a row of features: a linear part plus one hidden layer of rectified units.

    Attributes:
        mean: (d,) subtracted from the features.
        scale: (d,) they are divided by.
        direct: (d,) weights of the linear part.
        hidden: (h, d) weights of the hidden layer.
        hidden_bias: (h,).
        out: (h,) weights of the hidden units.
        bias: (1,).
    """

    mean: Floats
    scale: Floats
    direct: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    bias: Floats

    def scores(self, x: Floats) -> Floats:
        """Scores of features (..., d): (...)."""
        z = (x - self.mean) / self.scale
        units = np.maximum(z @ self.hidden.T + self.hidden_bias, 0.0)
        return np.asarray(z @ self.direct + units @ self.out + self.bias[0], dtype=np.float32)

    def arrays(self, prefix: str) -> dict[str, Floats]:
        """The arrays by name, for a file."""
        return {
            f"{prefix}.{f.name}": np.ascontiguousarray(getattr(self, f.name), dtype=np.float32)
            for f in fields(self)
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Floats], prefix: str) -> Net:
        """The network of a file.

        Raises:
            KeyError: if an array is missing.
            ValueError: if the shapes do not fit each other.
        """
        net = cls(**{f.name: arrays[f"{prefix}.{f.name}"] for f in fields(cls)})
        d, h = net.mean.shape[0], net.hidden_bias.shape[0]
        shapes = {
            "mean": (d,),
            "scale": (d,),
            "direct": (d,),
            "hidden": (h, d),
            "hidden_bias": (h,),
            "out": (h,),
            "bias": (1,),
        }
        for name, shape in shapes.items():
            if getattr(net, name).shape != shape:
                raise ValueError(f"{prefix}.{name} has the shape {getattr(net, name).shape}, not {shape}")
        return net
