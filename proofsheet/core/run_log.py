"""The log of one run: lines for people, events for programs, and a summary.

Holds `RunLog` and `unfinished`.
Add here: a field of the summary.
Keep out: contents of files, coordinates, secrets; one event is one line.

    logs/<project>/20260102_030405_<run>.log            lines
    logs/<project>/20260102_030405_<run>.json           one JSON object a line
    logs/<project>/20260102_030405_<run>_summary.json   counts, rates, errors by kind
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proofsheet.core.files import write_atomic


class RunLog:
    """Writes one run's log; every event is on disk when the call returns.

    Args:
        folder: of the project's logs.
        run_id: id of the run.
        began: start of the run (UTC).
    """

    def __init__(self, folder: Path, run_id: str, began: datetime | None = None) -> None:
        self.began = began or datetime.now(UTC)
        self._clock = time.monotonic()
        self._stem = folder / f"{self.began:%Y%m%d_%H%M%S}_{run_id[:8]}"
        self.run_id = run_id
        self._steps: dict[str, dict[str, Any]] = {}
        self._errors: Counter[str] = Counter()
        self._unfinished: dict[str, str] = {}
        self._refused: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)

    def step(self, table: str, **facts: Any) -> None:  # noqa: ANN401
        """A table was finished."""
        self._steps[table] = facts
        if why := unfinished(facts):
            self._unfinished[table] = why
        self._event("step", table=table, **facts)

    def refused(self, kind: str, message: str) -> None:
        """A file was refused; that does not end the run."""
        self._refused[kind] += 1
        self._event("refused", reason=kind, message=message)

    def error(self, kind: str, message: str) -> None:
        """The run failed."""
        self._errors[kind] += 1
        self._event("error", error=kind, message=message)

    def note(self, message: str) -> None:
        """News that the user may want to see."""
        self._event("note", message=message)

    @property
    def outcome(self) -> str:
        """`success`, `partial` if a step could not do its work, or `failed`."""
        if self._errors:
            return "failed"
        if self._unfinished:
            return "partial"
        return "success"

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._clock

    @property
    def opened(self) -> int:
        """Pictures opened so far."""
        return max((int(s.get("decoded", 0)) for s in self._steps.values()), default=0)

    def close(self) -> Path:
        """Write the summary and return its path."""
        seconds, decoded = self.seconds, self.opened
        total = int(self._steps.get("photos", {}).get("files", 0))
        summary = {
            "run_id": self.run_id,
            "began": self.began.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "success": self.outcome == "success",
            "outcome": self.outcome,
            "unfinished": self._unfinished,
            "pictures_opened": decoded,
            "pictures_per_second": round(decoded / seconds, 2) if seconds else 0.0,
            "seconds_per_picture": round(seconds / decoded, 4) if decoded else None,
            "refused_share": round(sum(self._refused.values()) / total, 4) if total else 0.0,
            "quality": self._steps.get("inventory", {}).get("quality"),
            "rows": {table: facts.get("rows") for table, facts in self._steps.items()},
            "written": sorted(table for table, facts in self._steps.items() if facts.get("changed")),
            "refused": dict(self._refused),
            "errors": dict(self._errors),
        }
        path = self._stem.with_name(f"{self._stem.name}_summary.json")
        write_atomic(path, json.dumps(summary, indent=2).encode("utf-8"))
        return path

    def _event(self, kind: str, **facts: Any) -> None:  # noqa: ANN401
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {"time": now, "run_id": self.run_id, "event": kind, **facts}
        told = " ".join(f"{k}={_one_line(v)}" for k, v in facts.items())
        _append(self._stem.with_suffix(".log"), f"{now} {kind} {told}")
        _append(self._stem.with_suffix(".json"), json.dumps(record, ensure_ascii=True, default=str))


def unfinished(facts: Mapping[str, Any]) -> str:
    """Why a step failed, from its own events; empty if it did not."""
    return str(facts.get("unanswered") or facts.get("stopped") or "")


def _one_line(value: object) -> str:
    return "".join(c if c.isprintable() else " " for c in str(value))


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(line + "\n")
