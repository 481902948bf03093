"""How choices and cuts are learnt and proposed, as resources, so that the Launchpad shows and overrides them.

Holds `RankerResource`, `CropResource` and `ReviewingResource`.
Add here: the settings of a new model.
Keep out: defaults (schemas/settings_learning.py).
"""

import dagster as dg

from schemas.settings_learning import CropSettings, RankerSettings
from schemas.settings_review import ReviewSettings


class RankerResource(RankerSettings, dg.ConfigurableResource["RankerResource"]):
    """Whose picture is preferred."""


class CropResource(CropSettings, dg.ConfigurableResource["CropResource"]):
    """Whether and where a cut is proposed."""


class ReviewingResource(ReviewSettings, dg.ConfigurableResource["ReviewingResource"]):
    """How sets come before the eye, and what time is compared with."""
