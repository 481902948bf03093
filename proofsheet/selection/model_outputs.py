"""What models may say of sets and photos, as this area sees it.

Holds the Protocols `Pick` and `Cut`.
Add here: another thing that a proposal needs of a model.
Keep out: models (models/).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Pick(Protocol):
    """What a ranker says of one set; see proofsheet/selection/predict.py."""

    @property
    def photo_id(self) -> str: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def overruled(self) -> bool: ...  # noqa: D102
    @property
    def reasons(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def by(self) -> str: ...  # noqa: D102


class Cut(Protocol):
    """What a crop proposer says of one photo."""

    @property
    def needed(self) -> bool: ...  # noqa: D102
    @property
    def box(self) -> tuple[float, float, float, float] | None: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def reasons(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def by(self) -> str: ...  # noqa: D102
