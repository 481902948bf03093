"""Where the arguments of a function over tables come from: its annotations say so.

Holds `Injected`, `name_of`, `hints_of` and `resource_key`.
Add here: another kind of annotation.
Keep out: when a function is called (assets/factory/), and what it does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import polars as pl

from schemas.table import Rows, Table

_BY_NAME = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
Inputs = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class _Source:
    """The source of an argument: a table, a resource, a class that the caller gives, or an input function."""

    kind: Literal["rows", "resource", "given", "input"]
    what: Any


class Injected:
    """A function with the functions that make its inputs, and the source of each of their parameters.

    A parameter annotated `Rows[Photo]` gets the rows of that table. One annotated with a settings class, or a
    class derived from it, gets the resource of that section. One annotated with a given class, such as
    `Project`, gets what the caller gives. A parameter named in `inputs` gets what that function returns.

    Args:
        function: the function that needs arguments.
        inputs: parameter to the function that makes it; its own parameters may be earlier inputs.
        resources: class to the key of its resource.
        given: classes of what the caller gives.

    Raises:
        TypeError: if an annotation is missing or names no source, if a parameter cannot be given by its name,
            or if an input is no function, is not used or returns another type.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Inputs,
        resources: Mapping[type[Any], str],
        given: Collection[type[Any]],
    ) -> None:
        self.function, self.inputs = function, inputs
        self._resources, self._given = resources, given
        self._sources: dict[Callable[..., Any], dict[str, _Source]] = {}
        known: dict[str, Any] = {}
        for name, step in inputs.items():
            if not inspect.isfunction(step):
                raise TypeError(
                    f"{name_of(function)}: the input {name} is {_text(step)}, which is no function. "
                    "Name a function that returns it."
                )
            self._sources[step] = self._read(step, known)
            known[name] = hints_of(step).get("return", Any)
        self._sources[function] = self._read(function, known)
        self._refuse_unused()

    @property
    def tables(self) -> list[type[Table]]:
        """Every table of which rows are wanted, once."""
        return self._all("rows")

    @property
    def resources(self) -> list[str]:
        """The key of every resource that is wanted, once."""
        return self._all("resource")

    def parameters_of(self, resources: Collection[str]) -> set[str]:
        """Names of the parameters that get one of these resources."""
        each = (item for sources in self._sources.values() for item in sources.items())
        return {name for name, source in each if source.kind == "resource" and source.what in resources}

    def call(
        self,
        rows: Callable[[type[Table]], pl.DataFrame],
        resource: Callable[[str], Any],
        given: Mapping[type[Any], Any],
    ) -> Any:  # noqa: ANN401 - what the function returns
        """Call the functions of the inputs, then the function.

        Args:
            rows: gives the rows of a table.
            resource: gives the resource of a key.
            given: class to what is given.
        """
        made: dict[str, Any] = {}
        known: dict[str, Mapping[Any, Any]] = {
            "rows": {t: rows(t) for t in self.tables},
            "given": given,
            "input": made,
        }

        def argument(source: _Source) -> Any:  # noqa: ANN401
            if source.kind == "resource":
                return resource(source.what)
            return known[source.kind][source.what]

        def called(step: Callable[..., Any]) -> Any:  # noqa: ANN401
            return step(**{name: argument(source) for name, source in self._sources[step].items()})

        for name, step in self.inputs.items():
            made[name] = called(step)
        return called(self.function)

    def _all(self, kind: str) -> list[Any]:
        every = (source for sources in self._sources.values() for source in sources.values())
        return list(dict.fromkeys(source.what for source in every if source.kind == kind))

    def _read(self, step: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, _Source]:
        hints = hints_of(step)
        for name, parameter in inspect.signature(step).parameters.items():
            if parameter.kind not in _BY_NAME:
                raise TypeError(
                    f"{name_of(step)}: the parameter {name} is {parameter.kind.description}. Arguments are "
                    "given by name: write a plain parameter for each."
                )
        return {n: self._source(step, n, hints.get(n), known) for n in inspect.signature(step).parameters}

    def _source(self, step: Callable[..., Any], name: str, hint: Any, known: Mapping[str, Any]) -> _Source:  # noqa: ANN401
        where = f"{name_of(step)}: the parameter {name}"
        if hint is None:
            raise TypeError(f"{where} has no annotation. {self._wanted()}")
        if name in known:
            if not _fits(known[name], hint):
                raise TypeError(
                    f"{where} is annotated {_text(hint)}, but its input returns {_text(known[name])}."
                )
            return _Source("input", name)
        if get_origin(hint) is Rows:
            return _Source("rows", _derived_table(where, get_args(hint)[0]))
        if hint in self._given:
            return _Source("given", hint)
        if (key := resource_key(hint, self._resources)) is not None:
            return _Source("resource", key)
        raise TypeError(f"{where} is annotated {_text(hint)}, which names no source. {self._wanted()}")

    def _wanted(self) -> str:
        names = ", ".join(kind.__name__ for kind in self._given)
        return (
            f"Annotate it with Rows[Table], a settings or resource class, or one of {names}; "
            "or name it in inputs=. Settings and resources are those of the sections "
            f"{', '.join(self._resources.values())}."
        )

    def _refuse_unused(self) -> None:
        used = set(self._all("input"))
        if unused := [name for name in self.inputs if name not in used]:
            raise TypeError(f"{name_of(self.function)}: no parameter is named like the input {unused[0]}.")


def name_of(function: Callable[..., Any]) -> str:
    """Module and name of a function, for messages of errors."""
    return f"{function.__module__}.{function.__qualname__}"


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function.

    Raises:
        TypeError: if one of them names what is not there.
    """
    try:
        return get_type_hints(function)
    except NameError as error:
        raise TypeError(f"{name_of(function)}: {error}. Import what its annotations name.") from error


def resource_key(kind: Any, resources: Mapping[type[Any], str]) -> str | None:  # noqa: ANN401 - an annotation
    """The key of the resource of a class, or of a class that it derives from; None for any other class."""
    return next((resources[base] for base in getattr(kind, "__mro__", ()) if base in resources), None)


def _derived_table(where: str, table: Any) -> type[Table]:  # noqa: ANN401 - whatever is in the brackets
    if not (isinstance(table, type) and issubclass(table, Table)):
        raise TypeError(f"{where} is annotated Rows[{_text(table)}], which is no table.")
    if table.origin != "derived":
        raise TypeError(
            f"{where} wants rows of {table.name}, which no asset makes. Name it in reads= and ask the ledger."
        )
    return table


def _fits(made: Any, wanted: Any) -> bool:  # noqa: ANN401 - annotations
    """Whether a value of one annotation fits another; what only a type checker can see is accepted."""
    if Any in (made, wanted) or made == wanted:
        return True
    kind, wider = get_origin(made) or made, get_origin(wanted) or wanted
    same = not get_args(made) or not get_args(wanted) or get_args(made) == get_args(wanted)
    return same and isinstance(kind, type) and isinstance(wider, type) and issubclass(kind, wider)


def _text(hint: Any) -> str:  # noqa: ANN401 - an annotation
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
