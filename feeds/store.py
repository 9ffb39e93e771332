"""What the monitor remembers: sources and their state, raw bodies, robots, and (by parts) everything else.

>>> store = Store.open("sqlite:///news.db")  # doctest: +SKIP
>>> store.items.find(since=yesterday)  # doctest: +SKIP

Nothing is decided here. Times come from the caller.
"""

from __future__ import annotations

import os
import socket
import uuid
import zlib
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds import tables
from feeds.database import Database, StoreError, default_url
from feeds.itemstore import ItemStore
from feeds.records import FetchState, Redirect, Response, Source, SourceHealth, from_plain, to_plain
from feeds.robots import RobotsRules
from feeds.schedule import Which, is_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Claim", "PendingBody", "Store", "StoreError", "default_url", "lease_is_free", "lease_owner"]

_STATE_FIELDS: Final = tuple(field.name for field in fields(FetchState))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One source that this poller alone polls until its lease ends."""

    source_id: int
    source: Source
    state: FetchState


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBody:
    """A raw answer that was stored but not interpreted yet."""

    id: int
    source_id: int
    fetched_at: datetime
    response: Response
    sha256: str


def lease_owner() -> str:
    """A name for this poller by which another one can tell whether it still lives."""
    return f"{socket.gethostname()}|{os.getpid()}|{_started(os.getpid())}|{uuid.uuid4().hex[:8]}"


class Store:
    """The news database, by what the monitor asks of it. ``items`` is the part about articles."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.items = ItemStore(database)

    @classmethod
    def open(cls, url: str | None = None) -> Store:
        """The store at ``url`` (SQLite in the user's data folder by default), migrated.

        Raises:
            StoreError: it cannot be opened, or is newer than this program.
        """
        return cls(Database.open(url))

    def close(self) -> None:
        """Give every connection back."""
        self.database.close()

    # --- sources ---------------------------------------------------------------------------------

    def sync_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the enabled sources exactly ``sources``; others stay with their items and are not polled."""
        with self.database.write(alone=True) as connection:
            rows = connection.execute(sa.select(tables.sources)).mappings().all()
            held = {row["url"]: row for row in rows}
            wanted = {source.url: source for source in sources}
            for url in held.keys() - wanted.keys():
                if held[url]["enabled"]:
                    _update_source(connection, url, enabled=False)
            for url, source in wanted.items():
                plain = to_plain(source)
                if url not in held:
                    _add_source(connection, source, now)
                elif held[url]["config"] != plain or held[url]["enabled"] != source.enabled:
                    _update_source(connection, url, config=plain, enabled=source.enabled)

    def health(self) -> tuple[SourceHealth, ...]:
        """Every enabled source with its state and its number of items, in the order they were added."""
        counted = (
            sa.select(tables.items.c.source_id, sa.func.count().label("n"))
            .group_by(tables.items.c.source_id)
            .subquery()
        )
        query = (
            sa.select(tables.sources.c.id, tables.sources.c.config, tables.fetch_states, counted.c.n)
            .join(tables.fetch_states, tables.fetch_states.c.source_id == tables.sources.c.id)
            .outerjoin(counted, counted.c.source_id == tables.sources.c.id)
            .where(tables.sources.c.enabled)
            .order_by(tables.sources.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            SourceHealth(id=row["id"], source=_source(row), state=_state(row), items=row["n"] or 0)
            for row in rows
        )

    # --- leases ----------------------------------------------------------------------------------

    def claim(
        self,
        owner: str,
        now: datetime,
        *,
        which: Which = "due",
        untried_since: datetime | None = None,
        source_ids: Iterable[int] | None = None,
        limit: int = 500,
        lease_s: int = 900,
    ) -> tuple[Claim, ...]:
        """Sources that are due and that no living poller holds; held by ``owner`` for ``lease_s`` seconds."""
        states, sources = tables.fetch_states, tables.sources
        query = (
            sa.select(sources.c.id, sources.c.config, states)
            .join(states, states.c.source_id == sources.c.id)
            .where(sources.c.enabled)
            .order_by(states.c.next_due.is_not(None), states.c.next_due, sources.c.id)
        )
        if untried_since is not None:
            query = query.where(states.c.last_attempt.is_(None) | (states.c.last_attempt < untried_since))
        if source_ids is not None:
            query = query.where(sources.c.id.in_(list(source_ids)))
        if which == "due":
            query = query.where(states.c.next_due.is_(None) | (states.c.next_due <= now))
        if not self.database.is_sqlite:
            query = query.with_for_update(of=states, skip_locked=True)
        with self.database.write() as connection:
            rows = connection.execute(query).mappings()
            chosen = [row for row in rows if is_due(_state(row), now, which) and lease_is_free(row, now)][
                :limit
            ]
            ids = [row["id"] for row in chosen]
            for start in range(0, len(ids), 500):
                connection.execute(
                    sa.update(states)
                    .where(states.c.source_id.in_(ids[start : start + 500]))
                    .values(lease_owner=owner, lease_until=now + timedelta(seconds=lease_s))
                )
        return tuple(Claim(source_id=row["id"], source=_source(row), state=_state(row)) for row in chosen)

    def release(self, owner: str) -> None:
        """Give back every lease of ``owner``."""
        with self.database.write() as connection:
            connection.execute(
                sa.update(tables.fetch_states)
                .where(tables.fetch_states.c.lease_owner == owner)
                .values(lease_owner="", lease_until=None)
            )

    def locked_state(self, connection: sa.Connection, source_id: int) -> FetchState:
        """The state of a source, locked until the transaction ends."""
        query = (
            sa.select(tables.fetch_states)
            .where(tables.fetch_states.c.source_id == source_id)
            .with_for_update()
        )
        return _state(connection.execute(query).mappings().one())

    def put_state(self, connection: sa.Connection, source_id: int, state: FetchState) -> None:
        """Store ``state`` and end the lease."""
        values = {name: getattr(state, name) for name in _STATE_FIELDS}
        connection.execute(
            sa.update(tables.fetch_states)
            .where(tables.fetch_states.c.source_id == source_id)
            .values(**values, lease_owner="", lease_until=None)
        )

    # --- raw bodies ------------------------------------------------------------------------------

    def put_bodies(self, bodies: Sequence[tuple[int, Response, str]], now: datetime) -> list[int]:
        """Keep raw answers (source, response, sha256) before anything is made of them; gives their ids."""
        ids: list[int] = []
        with self.database.write() as connection:
            for source_id, response, sha256 in bodies:
                values = {
                    "source_id": source_id,
                    "fetched_at": now,
                    "url": response.url,
                    "status": response.status,
                    "headers": response.headers,
                    "redirects": to_plain(response.redirects),
                    "sha256": sha256,
                    "content": zlib.compress(response.body, 6),
                    "state": "pending",
                }
                key = connection.execute(sa.insert(tables.bodies).values(values)).inserted_primary_key
                ids.append(int(key[0]) if key else 0)
        return ids

    def finish_body(
        self, connection: sa.Connection, source_id: int, body_id: int, *, good: bool, note: str
    ) -> None:
        """Mark a body as interpreted; the last good one and the last bad one of a source are kept."""
        bodies = tables.bodies
        state = "good" if good else "bad"
        connection.execute(
            sa.update(bodies).where(bodies.c.id == body_id).values(state=state, note=note[:1000])
        )
        connection.execute(
            sa.delete(bodies).where(
                bodies.c.source_id == source_id, bodies.c.state == state, bodies.c.id < body_id
            )
        )

    def pending_bodies(self) -> tuple[PendingBody, ...]:
        """Bodies that a poller stored and did not live to interpret."""
        query = (
            sa.select(tables.bodies).where(tables.bodies.c.state == "pending").order_by(tables.bodies.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_pending(row) for row in rows)

    def last_good_body(self, source_id: int) -> PendingBody | None:
        """The last body of a source that was read well: what its validators stand for."""
        query = (
            sa.select(tables.bodies)
            .where(tables.bodies.c.source_id == source_id, tables.bodies.c.state == "good")
            .order_by(tables.bodies.c.id.desc())
            .limit(1)
        )
        with self.database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _pending(row) if row else None

    # --- robots ----------------------------------------------------------------------------------

    def robots(self, now: datetime) -> dict[str, RobotsRules]:
        """The rules that still stand, by origin."""
        query = sa.select(tables.robots).where(tables.robots.c.expires > now)
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["origin"]: RobotsRules(**dict(row)) for row in rows}

    def put_robots(self, rules: Iterable[RobotsRules]) -> None:
        """Keep rules for the next run."""
        with self.database.write(alone=True) as connection:
            for one in sorted(rules, key=lambda rule: rule.origin):
                connection.execute(sa.delete(tables.robots).where(tables.robots.c.origin == one.origin))
                connection.execute(
                    sa.insert(tables.robots).values(
                        origin=one.origin,
                        mode=one.mode,
                        text=one.text.replace("\x00", ""),
                        expires=one.expires,
                    )
                )


def _add_source(connection: sa.Connection, source: Source, now: datetime) -> None:
    values = {"url": source.url, "config": to_plain(source), "enabled": source.enabled, "added_at": now}
    key = connection.execute(sa.insert(tables.sources).values(values)).inserted_primary_key
    if key is None:
        raise StoreError(source.url, "the database gave no id for a new source")
    connection.execute(sa.insert(tables.fetch_states).values(source_id=key[0], url=source.url))


def _update_source(connection: sa.Connection, url: str, **values: Any) -> None:
    connection.execute(sa.update(tables.sources).where(tables.sources.c.url == url).values(**values))


def _source(row: Any) -> Source:
    return from_plain(Source, row["config"])


def _state(row: Any) -> FetchState:
    return FetchState(**{name: row[name] for name in _STATE_FIELDS})


def _pending(row: Any) -> PendingBody:
    response = Response(
        url=row["url"],
        status=row["status"],
        headers=row["headers"],
        body=zlib.decompress(row["content"]),
        redirects=tuple(from_plain(Redirect, hop) for hop in row["redirects"]),
    )
    return PendingBody(
        id=row["id"],
        source_id=row["source_id"],
        fetched_at=row["fetched_at"],
        response=response,
        sha256=row["sha256"],
    )


def lease_is_free(row: Any, now: datetime) -> bool:
    """Whether no living process holds the row; one that was killed on this machine holds nothing."""
    until: datetime | None = row["lease_until"]
    if not row["lease_owner"] or until is None or until <= now:
        return True
    host, pid, started, _unique = row["lease_owner"].split("|")
    return bool(host == socket.gethostname() and _started(int(pid)) != started)


def _started(pid: int) -> str:
    """When process ``pid`` started, in ticks since boot; empty when it does not live (or cannot be seen)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
