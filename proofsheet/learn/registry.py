"""Which project a path in a history file belongs to: roots, aliases, patterns, and nothing guessed.

Holds `ProjectRegistry`.
Add here: another way in which paths name projects.
Keep out: which picture of the project it is (matching.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from proofsheet.errors import UsageError
from proofsheet.learn.refusing import RowRefused
from schemas.settings_learning import HistorySettings

_DRIVE = re.compile(r"^(//\?/)?[A-Za-z]:(?=/|$)")


def normalised(path: str) -> str:
    """A path with forward slashes, in NFC, without drive, empty parts and `.`; the case is kept."""
    text = unicodedata.normalize("NFC", path.strip().strip('"').replace("\\", "/"))
    parts = [p.strip() for p in _DRIVE.sub("", text).split("/")]
    return "/".join(p for p in parts if p not in {"", "."})


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


class ProjectRegistry:
    """Names of projects and how paths lead to them. Exact names win over aliases, aliases over added endings.

    Args:
        names: folder names of the library's projects.
        settings: roots, aliases, endings, patterns.

    Raises:
        UsageError: if an alias names no project, or a pattern is no expression with a group `project`.
    """

    def __init__(self, names: Sequence[str], settings: HistorySettings) -> None:
        self._roots = sorted((normalised(r) for r in settings.roots), key=len, reverse=True)
        self._names: dict[str, str] = {_folded(n): n for n in names}
        self._exact = set(names)
        for alias, name in settings.aliases.items():
            if _folded(name) not in self._names:
                raise UsageError(
                    f"The alias {alias!r} under [history] names {name!r}, which is no project.", f"Projects: {', '.join(names)}."
                )
        self._aliases: Mapping[str, str] = {_folded(a): self._names[_folded(n)] for a, n in settings.aliases.items()}
        self._endings = tuple(_folded(e) for e in settings.endings)
        self._patterns = [_compiled(p) for p in settings.patterns]

    def named(self, name: str) -> str | None:
        """The project that goes by this name, or None."""
        if name in self._exact:
            return name
        folded = _folded(name)
        if folded in self._names:
            return self._names[folded]
        if folded in self._aliases:
            return self._aliases[folded]
        for ending in self._endings:
            base = folded.removesuffix(ending)
            if base != folded and (found := self._names.get(base) or self._aliases.get(base)):
                return found
        return None

    def of_path(self, path: str) -> str:
        """The project of a path.

        Raises:
            RowRefused: if it names none, or more than one.
        """
        plain = normalised(path)
        for pattern in self._patterns:
            if (match := pattern.search(plain)) and (found := self.named(match["project"])):
                return found
        folders = plain.split("/")[:-1]
        for root in self._roots:
            if _folded(plain + "/").startswith(_folded(root) + "/") and (rest := folders[root.count("/") + 1 :]):
                if (known := self.named(rest[0])) is None:
                    raise self._unknown(path)
                return known
        found_all = {p for p in map(self.named, folders) if p is not None}
        if not found_all:
            raise self._unknown(path)
        if len(found_all) > 1:
            told = " and ".join(sorted(found_all))
            raise RowRefused(
                "two projects", f"{path!r} names {told}", "set what stands before the project as a root under [history]"
            )
        return found_all.pop()

    def of_row(self, chosen: str, others: Sequence[str], directory: str, told: str) -> str:
        """The one project of a row; a bare file name lies where the chosen picture lies, or in the row's directory.

        Raises:
            RowRefused: if a path names no project, or not all name the same.
        """
        where = chosen if "/" in normalised(chosen) or not directory else f"{directory}/{chosen}"
        if told:
            stated = self.named(told)
            if stated is None:
                raise self._unknown(told)
            project = stated if "/" not in normalised(where) else self.of_path(where)
            if project != stated:
                raise RowRefused("two projects", f"the row says {told!r}, its path {chosen!r} is of {project}", "mend the row")
        else:
            project = self.of_path(where)
        strangers = {p for o in others if "/" in normalised(o) and (p := self.of_path(o)) != project}
        if strangers:
            found = ", ".join(sorted({project, *strangers}))
            raise RowRefused("two projects", f"the row mixes pictures of {found}", "mend the row: a set is of one project")
        return project

    def _unknown(self, path: str) -> RowRefused:
        known = ", ".join(sorted(self._exact)) or "none"
        return RowRefused(
            "unknown project", f"{path!r} names no project of the library ({known})", "add an alias or a pattern under [history]"
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"The pattern {pattern!r} under [history] is no regular expression: {error}.", "Mend it there.") from error
    if "project" not in found.groupindex:
        raise UsageError(f"The pattern {pattern!r} under [history] has no group 'project'.", "Example: '/out/(?P<project>[^/]+)/'.")
    return found
