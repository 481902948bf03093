"""Which code made a row.

Holds `code_version`.
Add here: other facts about the origin of rows.
Keep out: settings and models, which name themselves.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

OURS = ("proofsheet", "schemas", "resources")


def code_version(function: Callable[..., Any], uncounted: Collection[str] = (), along: Collection[Callable[..., Any]] = ()) -> str:
    """A hash of the code behind a function: itself and every module of ours that it reaches.

    Comments, docstrings and layout do not count. Data files in a package (word lists, prompts) do.

    Args:
        function: whose code is asked for.
        uncounted: parameters whose resources change no row.
        along: functions that are called before it; what they reach counts too.
    """
    digest = hashlib.sha256(_normal_form(inspect.getsource(function)).encode())
    reached = reached_modules(function, uncounted).union(*(reached_modules(f) for f in along))
    for name in sorted(reached):
        digest.update(_module_hash(name))
    return digest.hexdigest()[:12]


def reached_modules(function: Callable[..., Any], uncounted: Collection[str] = ()) -> set[str]:
    """Modules of ours that a function reaches: through the names it uses, and through the resources it is handed."""
    reached: set[str] = set()
    counted = [v for n, v in inspect.get_annotations(function).items() if n not in uncounted]
    handed = [v for v in counted if str(getattr(v, "__module__", "")).startswith("resources.")]
    for value in [*_names_used(function), *handed]:
        module = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        _collect(str(module), reached)
    if function.__module__.split(".")[0] in OURS:
        _collect(function.__module__, reached)
    return reached


def module_version(name: str) -> str:
    """The same for a whole module by name."""
    reached: set[str] = set()
    _collect(name, reached)
    return hashlib.sha256(b"".join(_module_hash(n) for n in sorted(reached))).hexdigest()[:12]


def _names_used(function: Callable[..., Any]) -> list[object]:
    names = set(function.__code__.co_names)
    return [v for n, v in function.__globals__.items() if n in names] + list(inspect.getclosurevars(function).nonlocals.values())


def _collect(module: str, reached: set[str]) -> None:
    if module in reached or module.split(".")[0] not in OURS:
        return
    reached.add(module)
    for inner in _imports(module):
        _collect(inner, reached)


@functools.cache
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the part before the last dot is no package
        return False


@functools.cache
def _source(module: str) -> Path | None:
    found = importlib.util.find_spec(module)
    return Path(found.origin) if found and found.origin else None


@functools.cache
def _imports(module: str) -> frozenset[str]:
    path = _source(module)
    if path is None:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if _is_module(f"{node.module}.{alias.name}"))
    return frozenset(found)


@functools.cache
def _module_hash(module: str) -> bytes:
    path = _source(module)
    if path is None:
        return b""
    digest = hashlib.sha256(_normal_form(path.read_text("utf-8")).encode())
    if path.name == "__init__.py":
        for data in sorted(p for p in path.parent.iterdir() if p.is_file() and p.suffix != ".py"):
            digest.update(data.name.encode() + data.read_bytes())
    return digest.digest()


def _normal_form(source: str) -> str:
    tree = ast.parse(inspect.cleandoc("\n" + source) if source[:1].isspace() else source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
