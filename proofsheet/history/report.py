"""The result for the rows of a file: counts, and one cause for all rows that share it, with helpful settings.

Holds `FileReport`, `Cause` and `causes_of`.
Add here: another number of the report.
Keep out: reading and keeping rows (importer.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from proofsheet.core.row_errors import RowRefused
from proofsheet.core.shell_words import as_word

Line = dict[str, object]
_NAMED = 5
_PLACEHOLDER = "NAME OF A PROJECT"


@dataclass
class Cause:
    """Rows that share a fate and its reason.

    Attributes:
        state: refused, quarantined or waiting.
        reason: class of the refusal.
        rows: how many.
        line: of the first of them.
        detail: what is wrong with the first.
        next_step: what to do about it.
        settings: setting under [history] and the value that it lacks, to rows.
    """

    state: str
    reason: str
    line: int
    detail: str
    next_step: str
    rows: int = 0
    settings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def summary(self) -> str:
        """One line for people."""
        where = f" (first on line {self.line})" if self.line else ""
        return f"{self.rows} {self.state}: {self.reason}{where}: {self.detail}; {self.next_step}"

    def paste(self) -> list[str]:
        """Lines for proofsheet.toml that would fix the commonest of these rows.

        It is empty if no setting can.
        """
        common = self.settings.most_common(_NAMED)
        aliases = [
            f"{_text(value)} = {_text(_PLACEHOLDER)}  # {rows} rows"
            for (name, value), rows in common
            if name == "aliases" and value
        ]
        roots = [_text(value) for (name, value), _rows in common if name == "roots" and value]
        return [
            *(["[history]", f"roots = [{', '.join(roots)}]"] if roots else []),
            *(["[history.aliases]", *aliases] if aliases else []),
        ]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        plain = {k: v for k, v in self.__dict__.items() if k != "settings"}
        return {**plain, "paste": "\n".join(self.paste())}


def _text(value: str) -> str:
    """A TOML string; JSON escapes the same signs."""
    return json.dumps(value, ensure_ascii=False)


def causes_of(lines: Iterable[Mapping[str, object]]) -> list[Cause]:
    """The causes of lines, the commonest first.

    Args:
        lines: state, reason, line, detail and next_step, with setting where one could help.
    """
    found: dict[tuple[str, str], Cause] = {}
    for one in lines:
        state, reason = str(one["state"]), str(one["reason"])
        known = (state, reason) in found
        first = Cause(state, reason, int(str(one["line"])), str(one["detail"]), str(one["next_step"]))
        cause = found[state, reason] if known else found.setdefault((state, reason), first)
        cause.rows += int(str(one.get("rows", 1)))
        setting = one.get("setting")
        if isinstance(setting, tuple):
            cause.settings[setting] += 1
    return sorted(found.values(), key=_rows, reverse=True)


def _rows(cause: Cause) -> int:
    return cause.rows


@dataclass
class FileReport:
    """What became of the rows of one file.

    Attributes:
        file: its path as given.
        format: which known format it has; empty if none.
        rows: rows in it.
        new: rows that were not there before.
        refused: reason to rows.
        quarantined: reason to rows that were taken and cannot be used now.
        projects: project to accepted, refused and quarantined rows; rows of no known project have an empty
            name.
        lines: one entry a row that is refused or in quarantine, and one a project that waits for its first
            run.
    """

    file: str
    format: str = ""
    rows: int = 0
    new: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    projects: dict[str, Counter[str]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Rows that were taken and can be used, or wait for the project's first run."""
        return self.rows - sum(self.refused.values()) - sum(self.quarantined.values())

    def count(self, project: str, what: str) -> None:
        """One row more."""
        self.projects.setdefault(project, Counter(accepted=0, refused=0, quarantined=0))[what] += 1

    def refuse(self, line: int, refusal: RowRefused, project: str) -> None:
        """A row that is not taken."""
        self.refused[refusal.reason] += 1
        self.count(project, "refused")
        self._note("refused", line, refusal, project)

    def quarantine(self, line: int, refusal: RowRefused, project: str) -> None:
        """A row that is saved and cannot be used now."""
        self.quarantined[refusal.reason] += 1
        self.count(project, "quarantined")
        self._note("quarantined", line, refusal, project)

    def wait(self, project: str, rows: int) -> None:
        """Rows that cannot be checked before the project's first run."""
        told = RowRefused(
            "not run",
            "the project was never run: its pictures are not known yet",
            f"`proofsheet run {as_word(project)}`",
        )
        self._note("waiting", 0, told, project)
        self.lines[-1]["rows"] = rows

    def _note(self, state: str, line: int, why: RowRefused, project: str) -> None:
        told = {
            "line": line,
            "reason": why.reason,
            "detail": why.detail,
            "next_step": why.next_step,
            "setting": why.setting,
        }
        self.lines.append({**told, "state": state, "project": project})

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "file": self.file,
            "format": self.format,
            "rows": self.rows,
            "new": self.new,
            "accepted": self.accepted,
            "refused": dict(self.refused),
            "quarantined": dict(self.quarantined),
            "projects": {n or "no known project": dict(c) for n, c in self.projects.items()},
            "causes": [c.as_dict() for c in causes_of(self.lines)],
            "lines": self.lines,
        }
