"""Settings of learning: history, ranker, crops, review.

Holds one frozen class a section.
Add here: a field with a description.
Keep out: the settings of other areas (settings.py, settings_words.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings import Settings


class HistorySettings(Settings):
    """How paths in history files lead to projects."""

    roots: list[str] = Field(
        default_factory=list,
        description=(
            "The part of a path before the project, such as '/Users/kim/Eros Mate' or 'training data'; "
            "needed if a folder above has the name of another project."
        ),
    )
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description=(
            'Other names of projects, as `{ "Mojo 1" = "mojo1" }`; they win over folders of that name.'
        ),
    )
    endings: list[str] = Field(
        default=["_final", "_raw"],
        description=(
            "Endings that are ignored in a project's folder name and in its name in paths; an exact "
            "match wins."
        ),
    )
    patterns: list[str] = Field(
        default_factory=list,
        description="Regular expressions with a group `project`, tried on whole paths before anything else.",
    )


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


class CropSettings(Settings):
    """Whether and where a crop is proposed."""

    use: str = Field(
        "auto", pattern="^(auto|none)$", description="auto takes the active model; none proposes no crops."
    )
    aspect: str = Field(
        "keep",
        pattern="^(keep|free)$",
        description="keep proposes boxes of the picture's own aspect; free also 1:1, 4:5, 3:2 and 16:9.",
    )
    crop_at: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Least probability at which a crop is proposed; 0 takes the value found in training.",
    )
    least_examples: int = Field(50, ge=10, description="Least number of cropped pictures for training.")
    epochs: int = Field(
        20,
        ge=1,
        le=1000,
        description="Epochs over the cropped pictures and their mirror images; source 001 takes 50 to 100.",
    )
    loss: str = Field(
        "giou",
        pattern="^(giou|iou|mse|smooth_l1)$",
        description=(
            "Loss between proposed and drawn boxes: overlap (giou, iou) or distance of sides (mse, "
            "smooth_l1)."
        ),
    )
    split: float = Field(
        0.85,
        ge=0.5,
        le=0.95,
        description=(
            "Share of the pictures for training; models are compared on the rest, which is never trained on."
        ),
    )
