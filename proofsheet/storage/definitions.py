"""Sources of modules, split into their definitions.

Holds `Symbol`, `module_of`, `names_in`, `names_of` and `text_of`.
Add here: another form in which a module names something of another one.
Keep out: which definitions count (code_version.py), and sources as text (sources.py).
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from proofsheet.storage.sources import bare, is_module, is_ours, source_of, without_imports

WHOLE, EFFECTS = "", "<statements>"  # names of a module itself, and of what it does when it is imported


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
            if is_ours(node):
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


def _imported(module: str | None, name: str) -> Symbol:
    full = f"{module}.{name}"
    return Symbol(full, WHOLE) if is_module(full) else Symbol(str(module), name)


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
