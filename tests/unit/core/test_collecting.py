"""The garbage collector during imports: off, and on again whatever happens."""

from __future__ import annotations

import gc

import pytest

from proofsheet.core.collecting import made_to_stay


def test_nothing_is_collected_inside_and_everything_after() -> None:
    def broken() -> None:
        with made_to_stay():
            assert not gc.isenabled()
            raise ValueError("broken")

    try:
        with pytest.raises(ValueError, match="broken"):
            broken()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
