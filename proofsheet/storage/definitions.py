"""Sources of modules, split into their definitions.

Holds `Symbol`, `module_of`, `names_in`, `text_of`, `bare` and `without_imports`.
Add here: another form in which a module names something of another one.
Keep out: which definitions count (code_version.py).
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

OURS = ("proofsheet", "schemas", "resources", "assets")  # packages in which names are followed
WHOLE, EFFECTS = "", "<statements>"  # names of a module itself, and of what it does when it is imported
_TELLING = frozenset({"log", "progress"})  # reports of the work
_FOR_PEOPLE = (
    "schemas.settings"  # where descriptions are for people alone; those of replies are sent to models
)


class Symbol(NamedTuple):
    """A definition by its module and its name.

    `WHOLE` is the module itself, `EFFECTS` its other statements.
    """

    module: str
    name: str

    def __str__(self) -> str:
        """Both with a dot."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Module:
    """The top level of a module.

    Attributes:
        definitions: name to the statements that define it or add to it.
        imports: name to its definition elsewhere.
    """

    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, Symbol]


@functools.cache
def module_of(name: str) -> Module:
    """A module by its name, without what says nothing about rows; an empty one if there is no source."""
    text = source_of(name)
    found = Module({}, {})
    for node in _statements(bare(ast.parse(text), name)) if text is not None else ():
        if isinstance(node, ast.ImportFrom):
            if _is_ours(node):
                found.imports.update({a.asname or a.name: _imported(node.module, a.name) for a in node.names})
        elif not isinstance(node, ast.Import):
            for defined in _defined(node):
                found.definitions.setdefault(defined, []).append(node)
    for node in (n for nodes in found.definitions.values() for n in nodes):
        without_imports(node)
    return found


def _defined(node: ast.stmt) -> set[str]:
    """The names that a statement at the top level defines.

    A statement that does more, such as a condition or a call, has an effect too.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    if isinstance(node, ast.Pass):
        return set()
    inside = list(ast.walk(node))
    names = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.name for n in inside if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    return names | {EFFECTS}


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Statements at the top and imports anywhere, but for what is imported for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.stmt) and (isinstance(tree, ast.Module) or isinstance(node, ast.ImportFrom)):
            yield node
        yield from (n for n in _statements(node) if isinstance(n, ast.ImportFrom))


def _is_ours(node: ast.ImportFrom) -> bool:
    return str(node.module).split(".")[0] in OURS


def _imported(module: str | None, name: str) -> Symbol:
    full = f"{module}.{name}"
    return Symbol(full, WHOLE) if _is_module(full) else Symbol(str(module), name)


def names_in(tree: ast.AST, module: str, taken: frozenset[str] = frozenset()) -> Iterator[Symbol]:
    """What a definition names of its own module and of those that it imports.

    Args:
        tree: the definition.
        module: its module.
        taken: names that are parameters around it.
    """
    here = module_of(module)
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        taken |= {a.arg for a in ast.walk(tree.args) if isinstance(a, ast.arg)}
    if isinstance(tree, ast.Name) and tree.id not in taken:
        if tree.id in here.definitions:
            yield Symbol(module, tree.id)
        elif tree.id in here.imports:
            yield here.imports[tree.id]
    elif isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name) and tree.value.id not in taken:
        found = here.imports.get(tree.value.id)
        if found is not None and found.name == WHOLE:
            yield _imported(found.module, tree.attr)
            return
    for node in ast.iter_child_nodes(tree):
        yield from names_in(node, module, taken)


@functools.cache
def names_of(symbol: Symbol) -> tuple[Symbol, ...]:
    """The symbols in the definition of a symbol.

    For an imported name, the original symbol; for an unknown name, nothing.
    """
    here = module_of(symbol.module)
    if symbol.name == WHOLE:
        return tuple(Symbol(symbol.module, name) for name in here.definitions)
    if symbol.name not in here.definitions:
        return (here.imports[symbol.name],) if symbol.name in here.imports else ()
    effects = [Symbol(symbol.module, EFFECTS)] if EFFECTS in here.definitions else []
    return (*effects, *(s for node in here.definitions[symbol.name] for s in names_in(node, symbol.module)))


@functools.cache
def text_of(symbol: Symbol) -> str:
    """Name and definition of a symbol in normal form; empty for an unknown symbol.

    The module is no part of it: a definition that moves is the same.
    """
    found = module_of(symbol.module).definitions.get(symbol.name)
    return "" if found is None else " ".join([symbol.name, *(ast.dump(node) for node in found)])


@functools.cache
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the part before the last dot is no package
        return False


@functools.cache
def _path(module: str) -> Path | None:
    found = importlib.util.find_spec(module)
    return Path(found.origin) if found and found.origin else None


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


class _WithoutImports(ast.NodeTransformer):
    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if _is_ours(node) else node


def without_imports(tree: ast.AST) -> ast.AST:
    """A definition without its imports of our packages; changed in place.

    The definitions that they bring count by themselves.
    """
    return _WithoutImports().visit(tree)  # type: ignore[no-any-return]


def bare(tree: ast.Module, module: str) -> ast.Module:
    """A source without parts that make no rows; changed in place.

    These are comments, layout, docstrings, meanings of columns and settings, and reports of progress.
    """
    _Bare(module).visit(tree)
    return tree
