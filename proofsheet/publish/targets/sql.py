"""A table of a database as target.

Holds `Sql`.
Add here: what databases do differently.
Keep out: other targets, and the project's own tables (schemas/).
"""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.publish.targets.base import UploadItem, refused

TABLE = "proofsheet_pictures"
_NEXT = "Check address, database, rights and password, and whether the table is one that Proofsheet made."
_LONGEST_NAME = 512
_LARGE = (1 << 32) - 1  # bytes; picks the widest type where a database has several

pictures = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("name", sa.String(_LONGEST_NAME), primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("caption", sa.Text),
    sa.Column("alt_text", sa.Text),
    sa.Column("keywords", sa.Text, nullable=False),  # a JSON list
    sa.Column("content_hash", sa.String(64), nullable=False),  # SHA-256 of picture
    sa.Column("picture", sa.LargeBinary(_LARGE), nullable=False),
    sa.Column("published_at", sa.DateTime, nullable=False),  # UTC
)


class Sql:
    """One row a picture: its name, its texts, its content.

    The table is made if it is not there. Rows are only ever added.

    Args:
        target: a URL of SQLAlchemy, such as sqlite:////path/site.db or
            postgresql+psycopg://USER@HOST/DATABASE.
        password: empty for none.

    Raises:
        UsageError: if it is no such URL, or if its driver is not installed.
    """

    def __init__(self, target: str, password: str) -> None:
        try:
            url = _durable(sa.engine.make_url(target))
            self.name = _shown(url)
            self._engine = sa.create_engine(
                url.set(password=password) if password else url, pool_pre_ping=True
            )
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise UsageError(
                f"Databases of the kind {target.partition(':')[0]!r} are not available: {error}.",
                "Install the driver by pip.",
            ) from error
        except (ArgumentError, ValueError) as error:
            raise UsageError(
                "The target is not an address of a database.", "Write it as DIALECT://USER@HOST/DATABASE."
            ) from error
        self._made = False

    def put(self, parcel: UploadItem) -> None:
        """Add its row in one transaction."""
        texts = parcel.texts
        row = {
            "name": parcel.name,
            **{n: texts.get(n) for n in ("title", "caption", "alt_text")},
            "keywords": json.dumps(list(texts.get("keywords") or ()), ensure_ascii=False),
            "content_hash": parcel.content_hash,
            "picture": parcel.path.read_bytes(),
            "published_at": utc_now(),
        }
        try:
            self._make()
            try:
                with self._engine.begin() as con:
                    con.execute(pictures.insert().values(row))
            except IntegrityError as error:
                if self._hash(parcel.name) != parcel.content_hash:
                    raise TargetTaken(f"{self.name} has another {parcel.name} already") from error
        except SQLAlchemyError as error:
            raise refused(self, parcel.name, getattr(error, "orig", None) or error, _NEXT) from error

    def close(self) -> None:
        """End the connections."""
        self._engine.dispose()

    def _make(self) -> None:
        if not self._made:
            pictures.metadata.create_all(self._engine)
            self._made = True

    def _hash(self, name: str) -> str | None:
        with self._engine.connect() as con:
            found: str | None = con.execute(
                sa.select(pictures.c.content_hash).where(pictures.c.name == name)
            ).scalar()
        return found


def _durable(url: sa.engine.URL) -> sa.engine.URL:
    """The same address from every folder. A database in memory is not valid."""
    if url.get_backend_name() != "sqlite":
        return url
    if url.database in (None, "", ":memory:"):
        raise UsageError("The target is a database in memory.", "Write it as sqlite:////PATH/FILE.")
    return url.set(database=str(Path(str(url.database)).absolute()))


def _shown(url: sa.engine.URL) -> str:
    """A database's address without password and options."""
    bare = sa.engine.URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
    return f"{bare.render_as_string(hide_password=True)} {TABLE}"
