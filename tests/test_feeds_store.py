"""The database by itself: schema, leases, raw bodies, what survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from feeds_fixtures import database_url, postgresql_server, store

from feeds import tables
from feeds.database import Database, StoreError
from feeds.records import Redirect, Response, Source
from feeds.robots import rules_from
from feeds.store import Store, lease_owner

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["database_url", "postgresql_server", "store"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCES = [Source(url=f"https://n.example/{n}", name=f"N{n}") for n in range(3)]


def test_the_migrations_make_the_tables_that_the_program_uses(store: Store) -> None:
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_opening_again_changes_nothing_and_a_newer_schema_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'news.db'}"
    Store.open(url).close()
    Store.open(str(tmp_path / "deep" / "news.db")).close()
    database = Database.open(url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match="newer fauxwatch"):
        Store.open(url)


@pytest.mark.parametrize(
    "url", ["nonsense://x", "sqlite:////proc/none/news.db", "postgresql://127.0.0.1:9/x"]
)
def test_a_database_that_cannot_be_opened_says_so(url: str) -> None:
    with pytest.raises(StoreError):
        Store.open(url)


def test_times_are_aware_and_in_utc(store: Store) -> None:
    store.sync_sources(SOURCES[:1], datetime.fromisoformat("2026-11-24T14:00:00+02:00"))
    with store.database.read() as connection:
        assert connection.execute(sa.select(tables.sources.c.added_at)).scalar_one() == NOW
    with pytest.raises(sa.exc.StatementError, match="no time zone"):
        store.sync_sources(SOURCES[1:], NOW.replace(tzinfo=None))


def test_a_source_that_left_the_file_keeps_its_row_and_is_not_polled(store: Store) -> None:
    store.sync_sources(SOURCES, NOW)
    store.sync_sources(SOURCES[:1], NOW)
    assert [one.source.url for one in store.health()] == [SOURCES[0].url]
    assert len(store.claim("me|0||x", NOW)) == 1
    store.sync_sources(SOURCES, NOW)
    assert [one.id for one in store.health()] == [1, 2, 3]


def test_a_lease_keeps_others_out_until_it_ends_or_its_holder_dies(store: Store) -> None:
    store.sync_sources(SOURCES, NOW)
    living = lease_owner()
    assert len(store.claim(living, NOW, limit=2)) == 2
    assert len(store.claim("elsewhere|1|1|x", NOW)) == 1
    assert store.claim(lease_owner(), NOW) == ()
    assert len(store.claim("elsewhere|2|2|x", NOW + timedelta(hours=1))) == 3
    host = living.split("|", maxsplit=1)[0]
    dead = f"{host}|999999999|1|x"
    store.release("elsewhere|2|2|x")
    assert len(store.claim(dead, NOW)) == 3
    assert len(store.claim(living, NOW)) == 3


def test_raw_bodies_come_back_whole_and_only_the_last_good_one_stays(store: Store) -> None:
    store.sync_sources(SOURCES, NOW)
    response = Response(
        url="https://n.example/x",
        status=200,
        headers={"etag": '"ü"'},
        body=bytes(range(256)) * 100,
        redirects=(Redirect(url="https://n.example/0", status=301),),
    )
    first, second = store.put_bodies([(1, response, "a" * 64), (1, response, "b" * 64)], NOW)
    assert [one.response for one in store.pending_bodies()] == [response, response]
    with store.database.write() as connection:
        store.finish_body(connection, 1, first, good=True, note="")
        store.finish_body(connection, 1, second, good=True, note="")
    last = store.last_good_body(1)
    assert last is not None
    assert (last.id, last.sha256, store.pending_bodies()) == (second, "b" * 64, ())
    with store.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.bodies)).scalar_one() == 1


def test_robots_are_kept_until_they_expire(store: Store) -> None:
    rules = rules_from("https://n.example", 200, b"User-agent: *\nDisallow: /\x00", NOW)
    store.put_robots([rules])
    store.put_robots([rules])
    assert store.robots(NOW)["https://n.example"].mode == "rules"
    assert store.robots(NOW + timedelta(days=2)) == {}


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    row = {"name": "a", "value": {"x": 1}}
    with pytest.raises(sa.exc.IntegrityError), store.database.write() as connection:
        connection.execute(sa.insert(tables.settings), [row, row])
    with store.database.read() as connection:
        assert connection.execute(sa.select(tables.settings)).all() == []
