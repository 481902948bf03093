"""Sources of modules, without what makes no rows.

Holds `source_of`, `data_files`, `bare` and `without_imports`.
Add here: another part of a source that makes no row.
Keep out: what is defined in a source (definitions.py).
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from pathlib import Path

OURS = ("proofsheet", "schemas", "resources", "assets")  # packages in which names are followed
_TELLING = frozenset({"log", "progress"})  # reports of the work
_FOR_PEOPLE = (
    "schemas.settings"  # where descriptions are for people alone; those of replies are sent to models
)


def folder_of(package: str) -> Path:
    """The folder of a package.

    Raises:
        ModuleNotFoundError: if it does not exist.
    """
    if (path := _path(package)) is None:
        raise ModuleNotFoundError(package)
    return path.parent


@functools.cache
def source_of(module: str) -> str | None:
    """The text of a module, or None."""
    path = _path(module)
    return None if path is None or path.suffix != ".py" else path.read_text("utf-8")


@functools.cache
def data_files(module: str) -> bytes:
    """A digest of the data files in a package; empty for other modules."""
    path = _path(module)
    if path is None or path.name != "__init__.py":
        return b""
    data = sorted(p for p in path.parent.iterdir() if p.is_file() and p.suffix != ".py")
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in data)).digest() if data else b""


@functools.cache
def is_module(name: str) -> bool:
    """Whether a name is that of a module."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the part before the last dot is no package
        return False


@functools.cache
def _path(module: str) -> Path | None:
    found = importlib.util.find_spec(module)
    return Path(found.origin) if found and found.origin else None


def is_ours(node: ast.ImportFrom) -> bool:
    """Whether an import is of our packages."""
    return str(node.module).split(".")[0] in OURS


def bare(tree: ast.Module, module: str) -> ast.Module:
    """A source without parts that make no rows; changed in place.

    These are comments, layout, docstrings, meanings of columns and settings, and reports of progress.
    """
    _Bare(module).visit(tree)
    return tree


class _Bare(ast.NodeTransformer):
    def __init__(self, module: str) -> None:
        self._for_people = module.startswith(_FOR_PEOPLE)

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _makes_no_row(s)] or [ast.Pass()]  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "column":
                node.args = node.args[:1] + node.args[2:]
            if self._for_people:
                node.keywords = [k for k in node.keywords if k.arg != "description"]
        return node


def _makes_no_row(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, a report of progress, or gives the version itself."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name == "resolved_version"
    if not isinstance(statement, ast.Expr):
        return False
    if isinstance(statement.value, ast.Constant):
        return True
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in _TELLING
    )


def without_imports(tree: ast.AST) -> ast.AST:
    """A definition without its imports of our packages; changed in place.

    The definitions that they bring count by themselves.
    """
    return _WithoutImports().visit(tree)  # type: ignore[no-any-return]


class _WithoutImports(ast.NodeTransformer):
    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if is_ours(node) else node
