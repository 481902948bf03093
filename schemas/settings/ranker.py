"""Settings of choosing the picture of a set, and of training on choices.

Holds `RankerSettings`.
Add here: a field about the ranker or its training.
Keep out: crops (crops.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class RankerSettings(Settings):
    """How the picture of a set is chosen, and how the models are trained."""

    use: str = Field(
        "auto",
        pattern="^(auto|stage)$",
        description=(
            "auto takes the active model, or the starter ranker without one; stage takes the highest "
            "stage, and of several pictures of it the technically best."
        ),
    )
    overrule_at: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "Least probability at which the model overrules the highest stage; 0 takes the value "
            "found in training."
        ),
    )
    overrule_at_of: dict[str, float] = Field(
        default_factory=dict,
        description="The same for single projects, by folder name, as `{ mojo1 = 0.8 }`.",
    )
    least_sets: int = Field(30, ge=10, description="Least number of sets with a choice for training.")
    epochs: int = Field(30, ge=1, le=1000, description="Passes over the sets.")
    loss: str = Field(
        "listwise",
        pattern="^(listwise|margin)$",
        description="listwise is Plackett-Luce; margin is the margin loss with a focal term.",
    )
    oversampling: int = Field(
        1,
        ge=1,
        le=50,
        description=(
            "How often a set with an anomaly is drawn; it moves the operating point, not the frontier."
        ),
    )
    seed: int = Field(7, ge=0, description="Seed of all draws in training.")
    retrain_after: int = Field(
        25,
        ge=1,
        description="Number of new overrides that starts a training.",
        json_schema_extra={"knob": True},
    )
