"""The style of the code: short lines and simple statements; ruff limits the complexity of functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "proofsheet", "resources", "assets", "dagster_project")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
_LONGEST = 110
_PRAGMA = re.compile(r"  # (noqa|type): ?.*")
each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))


def long_lines(text: str) -> list[int]:
    """Numbers of the lines that are too long; a pragma at the end does not count, `noqa: E501` exempts."""
    lines = enumerate(text.splitlines(), start=1)
    return [n for n, line in lines if len(_PRAGMA.sub("", line)) > _LONGEST and "# noqa: E501" not in line]


def conditions_as_statements(tree: ast.AST) -> list[int]:
    """Lines with a conditional expression, or a chain of `and` and `or`, that is a statement of its own."""
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Expr))
    return [n.lineno for n in found if isinstance(n.value, ast.IfExp | ast.BoolOp)]


def nested_ternaries(tree: ast.AST) -> list[int]:
    """Lines with a conditional expression that is a branch or the test of another one."""
    outer = (n for n in ast.walk(tree) if isinstance(n, ast.IfExp))
    return [n.lineno for n in outer if any(isinstance(c, ast.IfExp) for c in (n.body, n.test, n.orelse))]


def crowded_assignments(tree: ast.AST) -> list[int]:
    """Lines that assign three values or more to as many names of different kinds.

    Constants, names and attributes belong together; two calls with something else do not.
    """
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Assign))
    return [n.lineno for n in found if any(_is_crowded(target, n.value) for target in n.targets)]


def _is_crowded(target: ast.expr, value: ast.expr) -> bool:
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple) or len(value.elts) < 3:
        return False
    return len({type(v) for v in value.elts} - {ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp}) > 1


@each_source
def test_lines_are_short(path: Path) -> None:
    assert not long_lines(path.read_text("utf-8"))


@each_source
def test_statements_are_simple(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not conditions_as_statements(tree)
    assert not nested_ternaries(tree)
    assert not crowded_assignments(tree)


def test_the_rules_find_what_they_forbid() -> None:
    assert long_lines("x = 1\n" + "y" * 111) == [2]
    assert long_lines("x" * 110 + "  # noqa: S608") == []
    assert long_lines("x" * 120 + "  # noqa: E501 - a reason") == []
    assert long_lines("x" * 120 + "  # noqa: S608") == [1]
    assert conditions_as_statements(ast.parse("f() if x else g()\nx and f()\ny = f() if x else g()")) == [
        1,
        2,
    ]
    assert nested_ternaries(ast.parse("y = 1 if a else 2\nz = 1 if a else 2 if b else 3")) == [2]
    assert crowded_assignments(ast.parse("a, b, c = 1, 2, 3\na, b, c = f(x), [1], y\na, b = f(x), [1]")) == [
        2
    ]
