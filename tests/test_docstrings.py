"""What docstrings name is there: what a module holds, attributes of a class, arguments of a function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.test_house import SOURCES, ids, parsed

Function = ast.FunctionDef | ast.AsyncFunctionDef


def listed(doc: str, section: str) -> list[str]:
    """Names in a section of a Google docstring."""
    found = re.search(rf"^{section}:\n((?:[ ]+.*\n?|\n)+)", doc, re.MULTILINE)
    return re.findall(r"^    \*{0,2}(\w+): ", found[1], re.MULTILINE) if found else []


def held(doc: str) -> list[str]:
    """Names in the sentence that begins with Holds."""
    found = re.search(r"^Holds (.*?)\.(?=\n|$| )", doc, re.MULTILINE | re.DOTALL)
    return re.findall(r"`(\w+)`", found[1]) if found else []


def arguments(function: Function) -> set[str]:
    given = function.args
    more = [one for one in (given.vararg, given.kwarg) if one]
    return {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs, *more)}


def defined(tree: ast.Module) -> set[str]:
    """Names that a module defines or brings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names}
    return found


def attributes(node: ast.ClassDef) -> set[str]:
    written = {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
    }
    return written | {
        *(n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)),
        *(n.name for n in node.body if isinstance(n, ast.FunctionDef)),
    }


def accepted(node: ast.ClassDef) -> set[str] | None:
    """Arguments of a class; None if another class says them."""
    made = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if made is None:
        return None if node.bases else attributes(node)
    return arguments(made)


def wrong(tree: ast.Module) -> Iterator[str]:
    names = defined(tree)
    yield from (f"holds no {n}" for n in held(ast.get_docstring(tree) or "") if n not in names)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            doc, given, own = ast.get_docstring(node) or "", accepted(node), attributes(node)
            yield from (f"{node.name}: no attribute {n}" for n in listed(doc, "Attributes") if n not in own)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc, given = ast.get_docstring(node) or "", arguments(node)
        else:
            continue
        if given is not None:
            yield from (f"{node.name}: no argument {n}" for n in listed(doc, "Args") if n not in given)


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_what_a_docstring_names_is_there(path: object) -> None:
    assert list(wrong(parsed(path))) == []  # type: ignore[arg-type]


WRONG = '''"""One.

Holds `Two` and `three`.
"""


class Two:
    """Four.

    Attributes:
        five: of it.
    """

    six: int

    def seven(self, eight: int) -> None:
        """Nine.

        Args:
            ten: of it.
        """
'''


def test_a_wrong_name_is_found() -> None:
    found = ["holds no three", "Two: no attribute five", "seven: no argument ten"]
    assert list(wrong(ast.parse(WRONG))) == found
