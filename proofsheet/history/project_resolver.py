"""Which project a path in a history file belongs to: roots, aliases, patterns, and nothing guessed.

Holds `ProjectRegistry`.
Add here: another way in which paths name projects.
Keep out: which picture of the project it is (matching.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from proofsheet.core.errors import UsageError
from proofsheet.core.foreign_paths import file_name_of, normalised
from proofsheet.core.row_errors import RowRefused
from schemas.settings.history import HistorySettings

_SAY_WHICH = "give its folder an alias under [history], or name the project with `history import --project`"
_SIGNS = frozenset("_- ")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


class ProjectRegistry:
    """Names of projects, and how paths lead to them.

    Aliases win over names, names over names without their endings.

    Args:
        names: folder names of the library's projects.
        settings: roots, aliases, endings, patterns.
        by_file_name: says which projects hold files of these names; asked where a path names no project.

    Raises:
        UsageError: if an alias names no project, or a pattern is no expression with a group `project`.
    """

    def __init__(
        self,
        names: Sequence[str],
        settings: HistorySettings,
        by_file_name: Callable[[Sequence[str]], set[str]] | None = None,
    ) -> None:
        self._roots = sorted((normalised(r) for r in settings.roots), key=len, reverse=True)
        self._exact = set(names)
        self._endings = tuple(_folded(e) for e in settings.endings if e)
        self._names, self._bases = _grouped(names, _folded), _grouped(names, self._base)
        self._known: dict[str, set[str]] = {}
        self._by_file_name = by_file_name or _nowhere
        self._aliases = {_folded(a): self._alias(a, name) for a, name in settings.aliases.items()}
        self._patterns = [_compiled(p) for p in settings.patterns]

    def _alias(self, alias: str, name: str) -> str:
        found = {name} & self._exact or self._names.get(_folded(name), set())
        if len(found) != 1:
            raise UsageError(
                f"The alias {alias!r} under [history] names {name!r}, which is not a project.",
                f"Projects: {', '.join(sorted(self._exact)) or 'none'}.",
            )
        return next(iter(found))

    def _base(self, name: str) -> str:
        """The folded name without endings such as `_raw`; `-raw` and ` raw` are the same ending."""
        plain, before = _folded(name), ""
        while plain != before:
            before = plain
            ending = next((e for e in self._endings if _ends(plain, e)), "")
            plain = plain[: len(plain) - len(ending)]
        return plain

    def named(self, name: str) -> str | None:
        """The project that goes by this name, or None.

        Raises:
            RowRefused: if it could be several.
        """
        if name not in self._known:
            self._known[name] = self._candidates(name)
        found = self._known[name]
        if len(found) > 1:
            raise RowRefused(
                "two projects",
                f"{name!r} could be {' or '.join(sorted(found))}",
                "name it by an alias",
                ("aliases", name),
            )
        return next(iter(found), None)

    def _candidates(self, name: str) -> set[str]:
        folded, base = _folded(name), self._base(name)
        if folded in self._aliases:
            return {self._aliases[folded]}
        if name in self._exact:
            return {name}
        aliased = {self._aliases[base]} if base in self._aliases else set()
        return self._names.get(folded) or aliased or self._names.get(base) or self._bases.get(base, set())

    def find(self, path: str) -> str | None:
        """The project that the folders of a path name, or None.

        Raises:
            RowRefused: if they name several, or one below a root that the library does not have.
        """
        plain = normalised(path)
        for pattern in self._patterns:
            if (match := pattern.search(plain)) and (found := self.named(match["project"])):
                return found
        folders = plain.split("/")[:-1]
        for root in self._roots:
            if _folded(plain + "/").startswith(_folded(root) + "/") and (
                rest := folders[root.count("/") + 1 :]
            ):
                if (known := self.named(rest[0])) is None:
                    raise self._unknown(path, rest[0])
                return known
        every = [p for p in map(self.named, folders) if p is not None]
        if len(self._bases_of(every)) > 1:
            told = " and ".join(sorted(set(every)))
            before = "/".join(folders[: max(k for k, folder in enumerate(folders) if self.named(folder))])
            step = "set the part of the path before the project as a root under [history]"
            raise RowRefused("two projects", f"{path!r} names {told}", step, ("roots", before))
        return every[-1] if every else None

    def of_path(self, path: str) -> str:
        """The one project of a picture, by its folders or else by its file name.

        Raises:
            RowRefused: if no project fits, or several.
        """
        return self.of_row(path, (), "", "")

    def of_row(
        self,
        chosen: str,
        others: Sequence[str],
        directory: str,
        stated_project: str,
        given: str | None = None,
    ) -> str:
        """The one project of a row.

        A bare file name is in the folder of the chosen picture, or in the row's directory. Winner and losers
        may be in folders that differ only in an ending: the row then belongs to the losers' project.

        Args:
            chosen: path of the winner.
            others: paths of the losers.
            directory: folder as the row has it.
            stated_project: project as the row has it.
            given: project of rows that name none.

        Raises:
            RowRefused: if no project is found, or several.
        """
        where = chosen if "/" in normalised(chosen) or not directory else f"{directory}/{chosen}"
        winner = self._stated(where, stated_project) if stated_project else self.find(where)
        losers = {o: self.find(o) for o in others if "/" in normalised(o)}
        of_losers = {p for p in losers.values() if p}
        found = of_losers | ({winner} if winner else set())
        if not found:
            return given or self._by_name(where, [chosen, *others])
        if len(self._bases_of(found)) > 1 or len(of_losers) > 1:
            raise RowRefused(
                "two projects", f"the row mixes pictures of {', '.join(sorted(found))}", "correct the row"
            )
        project = next(iter(of_losers or found))
        if given and self._bases_of([project, given]) != {self._base(given)}:
            raise RowRefused(
                "two projects",
                f"{chosen!r} is of {project}, not of {given}",
                "import the row without --project",
            )
        for stray in [o for o, p in losers.items() if p is None]:
            if not given and project not in self._by_file_name([file_name_of(stray)]):
                raise self._unknown(stray, normalised(stray).split("/")[-2])
        return given or project

    def _stated(self, where: str, stated_project: str) -> str:
        """The project that the row itself names; its path may not name another."""
        stated = self.named(stated_project)
        if stated is None:
            raise self._unknown(stated_project, stated_project)
        project = self.find(where)
        if project and self._base(project) != self._base(stated):
            raise RowRefused(
                "two projects",
                f"the row says {stated_project!r}, its path {where!r} is of {project}",
                "correct the row",
            )
        return stated

    def _bases_of(self, names: Iterable[str]) -> set[str]:
        return {self._base(n) for n in names}

    def _by_name(self, where: str, paths: Sequence[str]) -> str:
        """The only project that holds files of these names."""
        names = [file_name_of(p) for p in paths]
        found = self._by_file_name(names)
        folder = normalised(where).rpartition("/")[0].rpartition("/")[2]
        if not found:
            raise self._unknown(where, folder)
        if len(found) > 1:
            told = f"{names[0]!r} is in {len(found)} projects: {', '.join(sorted(found)[:4])}"
            raise RowRefused("name in several projects", told, _SAY_WHICH, ("aliases", folder))
        return found.pop()

    def _unknown(self, path: str, folder: str) -> RowRefused:
        known = ", ".join(sorted(self._exact)) or "none"
        detail = f"{path!r} names no project of the library ({known})"
        return RowRefused("unknown project", detail, _SAY_WHICH, ("aliases", folder))


def _nowhere(_names: Sequence[str]) -> set[str]:
    return set()


def _ends(name: str, ending: str) -> bool:
    """Whether a name has an ending and something before it; `_`, `-` and a space are one sign."""
    tail = name[-len(ending) :]
    return (
        len(name) > len(ending)
        and tail[1:] == ending[1:]
        and (tail[0] == ending[0] or {tail[0], ending[0]} <= _SIGNS)
    )


def _grouped(names: Sequence[str], by: Callable[[str], str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(by(name), set()).add(name)
    return found


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"The pattern {pattern!r} under [history] is not a regular expression: {error}.",
            "Correct it there.",
        ) from error
    if "project" not in found.groupindex:
        raise UsageError(
            f"The pattern {pattern!r} under [history] has no group 'project'.",
            "Example: '/out/(?P<project>[^/]+)/'.",
        )
    return found
