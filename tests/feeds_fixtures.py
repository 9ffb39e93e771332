"""Fixtures that the tests of the news monitor share; a test module imports the ones it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import feeds_database
import feeds_server
import pytest

from feeds.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[feeds_server.Server]:
    with feeds_server.running() as running:
        yield running


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if feeds_database.binaries() is None:
        pytest.skip(feeds_database.REASON)
    pytest.importorskip("psycopg")
    with feeds_database.postgresql() as url:
        Store.open(url).close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'news.db'}"
    return feeds_database.emptied(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store.open(database_url)
    yield opened
    opened.close()
