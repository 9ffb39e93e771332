"""The connection to the news database: SQLite in WAL mode by default, PostgreSQL by URL; migrated on opening."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from nlp.errors import FauxwatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database", "StoreError", "default_url"]

_LOCK: Final = 0x6661757877  # PostgreSQL's advisory lock of those who write alone


class StoreError(FauxwatchError):
    """The news database at ``url`` cannot be used; ``reason`` says why and what to do."""

    def __init__(self, url: str, reason: str) -> None:
        self.url: Final = url
        self.reason: Final = reason
        super().__init__(f"news database {url}: {reason}")


def default_url() -> str:
    """SQLite in the user's data folder, or what FAUXWATCH_DB says."""
    named = os.environ.get("FAUXWATCH_DB")
    if named:
        return named
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return f"sqlite:///{home / 'fauxwatch' / 'news.db'}"


class Database:
    """An engine with two kinds of transactions: ``read`` and ``write`` (one writer at a time on SQLite)."""

    def __init__(self, engine: sa.Engine, url: str) -> None:
        self.engine = engine
        self.url = url

    @classmethod
    def open(cls, url: str | None = None) -> Database:
        """Connect to ``url`` (a path alone means SQLite) and bring the schema up to date.

        Raises:
            StoreError: no connection, a database that is newer than this program, or no driver.
        """
        asked = url or default_url()
        shown = asked.partition("://")[0]
        try:
            full = _full_url(asked)
            shown = sa.make_url(full).render_as_string(hide_password=True)
            database = cls(_engine(full), shown)
            database._migrate()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise StoreError(shown, f"{error}; check the address and the rights") from error
        except ModuleNotFoundError as error:
            raise StoreError(shown, f"no driver: {error}; pip install 'fauxwatch[postgresql]'") from error
        return database

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads; it never waits for a writer."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[sa.Connection]:
        """A transaction that commits at the end, or rolls back whole.

        ``alone`` makes others that write alone wait, as every writer does on SQLite.

        Raises:
            StoreError: the database is full, locked for long, or gone.
        """
        options = {"fauxwatch_write": True}
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                if alone and not self.is_sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreError(
                self.url, f"not written: {error.orig}; what was committed before is kept"
            ) from error

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
        )
        with self.write(alone=True) as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                reason = f"{error}; it may come from a newer fauxwatch: upgrade the program"
                raise StoreError(self.url, reason) from error


def _full_url(url: str) -> str:
    if "://" not in url:
        url = f"sqlite:///{Path(url).expanduser()}"
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    return url


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True)
    memory = sa.make_url(url).database in {None, "", ":memory:"}
    pool: dict[str, Any] = {"poolclass": sa.pool.StaticPool} if memory else {"poolclass": sa.pool.NullPool}
    engine = sa.create_engine(url, connect_args={"timeout": 60, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, see below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers take the lock at once: a read that turns into a write would fail instead of waiting."""
    write = connection.get_execution_options().get("fauxwatch_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
