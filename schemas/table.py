"""The base of every table: one declaration gives names, types, DDL, documentation and the gate.

Holds `Table`, `Rows` and `column`.
Add here: a type that a new column needs, in `_DUCKDB_TYPES`.
Keep out: the tables themselves (they are in the modules by subject) and any storage code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, cast

import polars as pl

Origin = Literal["derived", "fact", "store", "shown"]

_DUCKDB_TYPES: dict[Any, str] = {
    pl.String: "VARCHAR",
    pl.Int64: "BIGINT",
    pl.Binary: "BLOB",
    pl.Int32: "INTEGER",
    pl.Int8: "TINYINT",
    pl.UInt64: "UBIGINT",
    pl.Float64: "DOUBLE",
    pl.Float32: "FLOAT",
    pl.Boolean: "BOOLEAN",
}


def duckdb_type(dtype: Any) -> str:  # noqa: ANN401 - polars types are classes or instances
    """The DuckDB type that stores a polars type without loss."""
    if isinstance(dtype, pl.Array):
        return f"{duckdb_type(dtype.inner)}[{dtype.shape[0]}]"
    if isinstance(dtype, pl.List):
        return f"{duckdb_type(dtype.inner)}[]"
    if isinstance(dtype, pl.Struct):
        inner = ", ".join(f'"{f.name}" {duckdb_type(f.dtype)}' for f in dtype.fields)
        return f"STRUCT({inner})"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMP"
    return _DUCKDB_TYPES[dtype if isinstance(dtype, type) else type(dtype)]


@dataclass(frozen=True)
class ColumnSpec:
    """Declaration of one column."""

    dtype: Any
    meaning: str
    unit: str = ""
    key: bool = False
    nullable: bool = False
    ge: float | None = None
    le: float | None = None
    isin: tuple[str, ...] = ()
    vector: bool = False
    name: str = ""

    def checks(self) -> list[Any]:
        """The pandera checks of this column's range and vocabulary."""
        import pandera.polars as pa

        found: list[Any] = []
        if self.ge is not None:
            found.append(pa.Check.ge(self.ge))
        if self.le is not None:
            found.append(pa.Check.le(self.le))
        if self.isin:
            found.append(pa.Check.isin(list(self.isin)))
        return found


@dataclass
class _Column:
    """Descriptor: as an attribute of its table, a column is its own name."""

    spec: ColumnSpec
    name: str = field(default="")

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.spec = replace(self.spec, name=name)

    def __get__(self, instance: object, owner: type) -> str:
        return self.name


def column(dtype: Any, meaning: str, **facts: Any) -> str:  # noqa: ANN401
    """Declare a column; `Photo.path` then reads as the name "path".

    Args:
        dtype: polars data type.
        meaning: one sentence for people.
        facts: unit, key, nullable, ge, le, isin, vector of `ColumnSpec`.
    """
    return cast(str, _Column(ColumnSpec(dtype, meaning, **facts)))


OfTable = TypeVar("OfTable", bound="Table")


class Rows(pl.DataFrame, Generic[OfTable]):
    """The rows of a table, by name: `Rows[Photo]` shows type checkers and assets the table of a frame.

    At run time it is a plain polars frame.
    """


class Table:
    """One table. Subclasses declare columns; everything else follows from them."""

    name: ClassVar[str] = ""
    origin: ClassVar[Origin] = "derived"
    shared: ClassVar[bool] = False
    former: ClassVar[str] = ""
    tables: ClassVar[dict[str, type[Table]]] = {}

    project = column(pl.String, "Partition key of the project that the row belongs to.", key=True)

    def __init_subclass__(
        cls, *, name: str, origin: Origin = "derived", shared: bool = False, former: str = ""
    ) -> None:
        for own, value in vars(cls).items():
            if isinstance(value, _Column) and hasattr(Table, own):
                raise TypeError(f"{cls.__name__}.{own}: a column may not be named like an attribute of Table")
        cls.name, cls.origin, cls.shared = (
            name,
            origin,
            shared,
        )  # a shared table belongs to no project: it is in `_all`
        cls.former = former  # what the table was called one version ago; SQL of users may still say so
        Table.tables[name] = cls

    @classmethod
    @cache
    def columns(cls) -> Mapping[str, ColumnSpec]:
        """Every column by name, in the order of declaration."""
        found: dict[str, ColumnSpec] = {}
        for base in reversed(cls.__mro__):
            found |= {n: c.spec for n, c in vars(base).items() if isinstance(c, _Column)}
        return MappingProxyType(found)

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """Names of the key columns; the project is always the first."""
        return tuple(n for n, c in cls.columns().items() if c.key)

    @classmethod
    def meaning(cls) -> str:
        """The table's docstring in one line."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    @cache
    def polars_schema(cls) -> pl.Schema:
        """Name and polars type of every column."""
        return pl.Schema({n: c.dtype for n, c in cls.columns().items()})

    @classmethod
    def frame(cls, rows: Iterable[Mapping[str, object]] = ()) -> Rows[Self]:
        """Rows as a frame of this table's types.

        A value that does not fit raises `TypeError` or a polars error.
        """
        known = list(rows)
        made = (
            pl.DataFrame(known, schema=cls.polars_schema(), orient="row") if known else cls._empty().clone()
        )
        return cast("Rows[Self]", made)

    @classmethod
    @cache
    def _empty(cls) -> pl.DataFrame:
        return pl.DataFrame(schema=cls.polars_schema())

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """Pandera checks over several columns; none by default."""
        return ()

    @classmethod
    def gate(cls, project: str | None = None) -> Any:  # noqa: ANN401 - pandera is untyped
        """The pandera model of this table; with a project, rows of any other project fail it."""
        import pandera.polars as pa

        columns = {
            n: pa.Column(c.dtype, checks=c.checks(), nullable=c.nullable, description=c.meaning)
            for n, c in cls.columns().items()
        }
        if project is not None:
            only = pa.Check.isin([project], error=f"rows of project {project!r} only")
            columns[Table.project] = pa.Column(
                pl.String, checks=[only], description=cls.columns()[Table.project].meaning
            )
        return pa.DataFrameSchema(
            columns,
            checks=list(cls.rules()),
            unique=list(cls.key()),
            strict=True,
            ordered=True,
            name=cls.name,
        )

    @classmethod
    def ddl(cls, lengths: Mapping[str, int] | None = None) -> list[str]:
        """DuckDB statements that create the table with its key and comments.

        Args:
            lengths: how many numbers the columns of vectors hold; those become `FLOAT[n]`, so that SQL can
                search them.
        """
        types = {n: duckdb_type(c.dtype) for n, c in cls.columns().items()}
        types |= {n: types[n].replace("[]", f"[{length}]") for n, length in (lengths or {}).items()}
        lines = [f'"{n}" {types[n]}' + ("" if c.nullable else " NOT NULL") for n, c in cls.columns().items()]
        keys = ", ".join(f'"{k}"' for k in cls.key())
        return [
            f'CREATE TABLE "{cls.name}" ({", ".join(lines)}, PRIMARY KEY ({keys}))',
            *cls.comments("TABLE", cls.columns()),
        ]

    @classmethod
    def comments(cls, kind: Literal["TABLE", "VIEW"], there: Collection[str]) -> list[str]:
        """DuckDB statements that note the meanings of the table and its columns.

        Args:
            kind: type of the object in the database.
            there: columns that it has there; rows of an earlier version may lack some.
        """
        statements = [f'COMMENT ON {kind} "{cls.name}" IS {quoted(cls.meaning())}']
        for n, c in ((n, c) for n, c in cls.columns().items() if n in there):
            text = c.meaning + (f" Unit: {c.unit}." if c.unit else "")
            statements.append(f'COMMENT ON COLUMN "{cls.name}"."{n}" IS {quoted(text)}')
        return statements


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
