"""Sets that are moved together, because they share files, and how many of them a limit allows.

Holds `units_of` and `units_within`.
Add here: another reason to move sets together.
Keep out: which files are shared (plan.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def units_of(
    ready: Mapping[str, object], shared: Mapping[str, set[str]], refused: dict[str, str]
) -> list[list[str]]:
    """Sets that share files, together.

    If one of them is left, the others are left too, with the same reason.

    Args:
        ready: sets that can be moved.
        shared: set to the sets that share files with it.
        refused: set to the reason for which it is left; gets those that are left with it.
    """
    units, seen = list[list[str]](), set[str]()
    for first in ready:
        if first in seen:
            continue
        unit, more = list[str](), [first]
        while more:
            group = more.pop()
            if group not in seen:
                seen.add(group)
                unit.append(group)
                more += shared.get(group, ())
        if (left := next((g for g in unit if g in refused), None)) is not None:
            why = f"It shares files with set {left}, which is left: {refused[left]}"
            refused.update({g: why for g in unit if g in ready})
        else:
            units.append([g for g in unit if g in ready])
    return units


def units_within(units: Sequence[list[str]], most: int | None) -> list[list[str]]:
    """The units of which all sets are within a number of sets.

    Args:
        units: in their order.
        most: number of sets; None for all.
    """
    found, room = list[list[str]](), most
    for unit in units:
        if room is None or len(unit) <= room:
            found.append(unit)
            room = None if room is None else room - len(unit)
    return found
