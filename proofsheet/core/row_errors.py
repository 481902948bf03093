"""Why a row of a history file is refused, or saved and not used.

Holds `RowRefused`.
Add here: nothing; reasons are written where they are found.
Keep out: counting (history/report.py).
"""

from __future__ import annotations


class RowRefused(Exception):
    """Why one row (or file) is not taken.

    Attributes:
        reason: class of the refusal, to count by.
        detail: what is wrong, with the value.
        next_step: what to do about it.
        setting: the setting under [history] that could help, with the value that it lacks; None if no setting
            can.
    """

    def __init__(
        self, reason: str, detail: str, next_step: str, setting: tuple[str, str] | None = None
    ) -> None:
        super().__init__(reason, detail, next_step)
        self.reason, self.detail, self.next_step, self.setting = reason, detail, next_step, setting
