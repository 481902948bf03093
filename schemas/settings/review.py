"""Settings of the review.

Holds `ReviewSettings`.
Add here: a field about how sets are shown and measured.
Keep out: what follows from decisions (apply.py, publish.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Settings


class ReviewSettings(Settings):
    """How sets are shown in the review."""

    batch: int = Field(
        50, ge=20, le=100, description="Sets in a batch of the review.", json_schema_extra=KNOB
    )
    auto_advance: bool = Field(
        True, description="After a decision the next set is shown at once.", json_schema_extra=KNOB
    )
    audit_share: float = Field(
        0.08,
        ge=0.05,
        le=0.10,
        description=(
            "Share of the sets that are shown without the proposal, so that agreement is measured "
            "without its influence."
        ),
    )
    baseline_s: float = Field(
        20.0,
        gt=0,
        description=(
            "Seconds for one set by hand, before Proofsheet; saved time is measured against this value only."
        ),
    )
