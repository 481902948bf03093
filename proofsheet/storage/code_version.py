"""Which code made a row.

Holds `code_version` and `module_version`.
Add here: another room that makes no rows.
Keep out: settings and models, which name themselves; what else of a source makes no row (sources.py).
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from proofsheet.storage.definitions import Symbol, module_of, names_in, names_of, text_of
from proofsheet.storage.known_versions import KNOWN
from proofsheet.storage.sources import OURS, bare, data_files, without_imports

NO_ROWS = (  # the base of everything, and the frame around every asset, make no rows
    *("proofsheet.core", "proofsheet.storage", "proofsheet.texts.client"),
    "assets.factory",
)


def code_version(
    function: Callable[..., Any],
    side_effects: Collection[str] = (),
    inputs: Collection[Callable[..., Any]] = (),
) -> str:
    """A hash of the code behind a function: itself and every definition of ours that it reaches by name.

    Comments, docstrings, meanings of columns, layout, decorators and imports do not count, nor the module
    of a definition.
    The rooms of `NO_ROWS` do not count either: errors, locks, files, the store, transport. Data files in a
    package (word lists) do.

    Args:
        function: the function.
        side_effects: parameters with resources that change no row.
        inputs: functions that are called before it; what they reach counts too.
    """
    if function.__module__.split(".")[0] not in OURS:
        return _code_version(function, side_effects, inputs)
    told = (
        function.__module__,
        function.__qualname__,
        function.__name__,
        str(function.__code__.co_firstlineno),
        *sorted(side_effects),
    )
    held = (str(s) for value in inspect.getclosurevars(function).nonlocals.values() for s in _symbols(value))
    name = " ".join([*told, *(f"{f.__module__}.{f.__qualname__}" for f in inputs), *held])
    return KNOWN.find(name, lambda: _code_version(function, side_effects, inputs))


def _code_version(
    function: Callable[..., Any], side_effects: Collection[str], inputs: Collection[Callable[..., Any]]
) -> str:
    own = " ".join(ast.dump(_definition(f)) for f in (function, *inputs))
    named = {s for f in (function, *inputs) for s in _start(f, side_effects)}
    return _version_of(_text_with(own, named), reached_definitions(function, side_effects, inputs))


def _version_of(own: str, reached: Iterable[Symbol]) -> str:
    digest = hashlib.sha256(own.encode())
    for told in sorted(_digest_of(symbol) for symbol in reached):
        digest.update(told)
    return digest.hexdigest()[:12]


@functools.cache
def _digest_of(symbol: Symbol) -> bytes:
    """A digest of a definition, of the text behind each name in it, and of the data files of its package."""
    told = _text_with(text_of(symbol), names_of(symbol))
    return hashlib.sha256(told.encode() + data_files(symbol.module)).digest()


def _text_with(text: str, named: Iterable[Symbol]) -> str:
    """A text with those of the definitions that it names: of two with one name, it shows which is meant."""
    return " ".join([text, *sorted({text_of(s) for s in named if _counts(s.module)})])


def reached_definitions(
    function: Callable[..., Any],
    side_effects: Collection[str] = (),
    inputs: Collection[Callable[..., Any]] = (),
) -> set[Symbol]:
    """The definitions that count in the version of a function, besides its own.

    Arguments are those of `code_version`.
    """
    return _reached(s for f in (function, *inputs) for s in _start(f, side_effects))


def _reached(start: Iterable[Symbol]) -> set[Symbol]:
    waiting, reached = list(start), set[Symbol]()
    while waiting:
        one = waiting.pop()
        if _counts(one.module) and one not in reached:
            reached.add(one)
            waiting += names_of(one)
    return reached


def module_version(name: str) -> str:
    """The same for every definition of a module by name, and all that they reach."""
    return KNOWN.find(f"module {name}", lambda: _module_version(name))


def _module_version(name: str) -> str:
    return _version_of("", _reached(Symbol(name, defined) for defined in module_of(name).definitions))


def _counts(module: str) -> bool:
    return module.split(".")[0] in OURS and not any(
        module == name or module.startswith(f"{name}.") for name in NO_ROWS
    )


def _definition(function: Callable[..., Any]) -> ast.AST:
    """The function's own source, without its decorators, which say nothing about rows."""
    (node,) = bare(ast.parse(textwrap.dedent(inspect.getsource(function))), function.__module__).body
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
    return without_imports(node)


def _start(function: Callable[..., Any], side_effects: Collection[str] = ()) -> Iterator[Symbol]:
    """What a function names, and what its closure holds."""
    node = _definition(function)
    if isinstance(node, ast.FunctionDef):
        node.args.args = [a for a in node.args.args if a.arg not in side_effects]
    yield from names_in(node, function.__module__)
    if (
        _counts(function.__module__)
        and not function.__module__.startswith("assets")
        and "<locals>" not in function.__qualname__
    ):
        yield Symbol(function.__module__, function.__qualname__.partition(".")[0])
    for value in inspect.getclosurevars(function).nonlocals.values():
        yield from _symbols(value)
        yield from (
            Symbol(function.__module__, n) for n, known in function.__globals__.items() if known is value
        )


def _symbols(value: object) -> Iterator[Symbol]:
    """The definition of a function, a class, or an object with the functions and classes that it holds."""
    kind = value if isinstance(value, type) or inspect.isfunction(value) else type(value)
    yield Symbol(kind.__module__, kind.__qualname__.partition(".")[0])
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            if isinstance(held, type) or inspect.isfunction(held):
                yield Symbol(held.__module__, held.__qualname__.partition(".")[0])
