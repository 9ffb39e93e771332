"""Digests in the database: what each group was told, and what still waits to be told.

A digest, its decisions about items and case events, and its mails are stored in a single transaction: after a kill
there is all of it or nothing, and no item can be told to a group twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds import tables
from feeds.records import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from feeds.database import Database

__all__ = ["Decided", "DigestStore", "Draft", "Waiting"]

_CHUNK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a digest decided about: items and events that it tells, and those that its filter leaves out."""

    told_items: tuple[int, ...] = ()
    passed_items: tuple[int, ...] = ()
    told_events: tuple[str, ...] = ()
    passed_events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail or chat message as it will be sent, byte for byte."""

    recipient: str
    sender: str
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a group was not told yet. ``seen`` counts new items of any kind, ``unread`` those that nobody analysed."""

    since: datetime
    items: tuple[int, ...]
    events: frozenset[str]
    seen: int
    unread: int


class DigestStore:
    """Reads and stores digests. Nothing is decided here but what two processes must not both do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, group: str, day: date) -> Digest | None:
        """The digest of a group and day, if it was made."""
        table = tables.digests
        query = sa.select(table).where(table.c.recipients_group == group, table.c.day == day)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _digest(row) if row else None

    def latest(self, group: str, *, limit: int = 30) -> tuple[Digest, ...]:
        """The digests of a group, newest day first."""
        table = tables.digests
        query = sa.select(table).where(table.c.recipients_group == group)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.day.desc()).limit(limit)).mappings().all()
        return tuple(map(_digest, rows))

    def days(self, group: str) -> tuple[date, ...]:
        """The days of which there is a digest, oldest first."""
        table = tables.digests
        query = sa.select(table.c.day).where(table.c.recipients_group == group).order_by(table.c.day)
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def waiting(self, group: str, now: datetime, *, lookback: timedelta) -> Waiting:
        """Relevant items and case events that ``group`` was not told.

        A group's first digest reaches ``lookback`` into the past; from then on nothing is left behind, however late.
        """
        with self._database.read() as connection:
            since, last = _bounds(connection, group, now, lookback)
            return Waiting(
                since=since,
                items=tuple(connection.execute(_undecided(group, since)).scalars()),
                events=frozenset(connection.execute(_new_events(group, since)).scalars()),
                seen=_counted(connection, tables.items.c.first_seen > (last or since)),
                unread=_counted(connection, tables.items.c.first_seen >= since, ~_analysed()),
            )

    def told(self, group: str, ids: Iterable[int]) -> frozenset[int]:
        """Those of the items ``ids`` that ``group`` was told."""
        table = tables.digest_items
        query = sa.select(table.c.item_id).where(table.c.recipients_group == group, table.c.told)
        found: set[int] = set()
        with self._database.read() as connection:
            for some in _chunks(ids):
                found.update(connection.execute(query.where(table.c.item_id.in_(some))).scalars())
        return frozenset(found)

    def put(self, digest: Digest, decided: Decided, mails: Sequence[Draft]) -> bool:
        """Store a digest with its decisions and its mails; False, and nothing stored, when another process was first.

        Whoever was first may have told something that this digest tells too: compose it again, or take theirs.
        """
        try:
            with self._database.write(alone=True) as connection:
                _insert_digest(connection, digest)
                _insert_items(connection, digest, decided)
                _insert_events(connection, digest, decided)
                for mail in mails:
                    connection.execute(sa.insert(tables.outbox).values(_queued(digest, mail)))
        except sa.exc.IntegrityError:
            return False
        return True

    # --- those who left ----------------------------------------------------------------------------

    def left(self, group: str) -> frozenset[str]:
        """Recipients (in small letters) who unsubscribed from a group."""
        table = tables.unsubscribed
        with self._database.read() as connection:
            query = sa.select(table.c.recipient).where(table.c.recipients_group == group)
            return frozenset(connection.execute(query).scalars())

    def leave(self, group: str, recipient: str, now: datetime) -> None:
        """Send ``recipient`` no further digest of ``group``; the mail that waits for him is dropped."""
        table, name = tables.unsubscribed, recipient.lower()
        self.come_back(group, recipient)
        with self._database.write(alone=True) as connection:
            connection.execute(sa.insert(table).values(recipients_group=group, recipient=name, since=now))
            connection.execute(_dropped(group, name))

    def come_back(self, group: str, recipient: str) -> None:
        """Undo :meth:`leave`."""
        table = tables.unsubscribed
        with self._database.write(alone=True) as connection:
            connection.execute(
                sa.delete(table).where(
                    table.c.recipients_group == group, table.c.recipient == recipient.lower()
                )
            )


def _dropped(group: str, recipient: str) -> sa.Update:
    table, digests = tables.outbox, tables.digests
    theirs = sa.select(digests.c.id).where(digests.c.recipients_group == group)
    return (
        sa.update(table)
        .where(table.c.digest_id.in_(theirs), sa.func.lower(table.c.recipient) == recipient)
        .where(table.c.state.in_(("queued", "deferred")))
        .values(state="refused", next_attempt=None, smtp_text="the recipient has unsubscribed")
    )


def _bounds(
    connection: sa.Connection, group: str, now: datetime, lookback: timedelta
) -> tuple[datetime, datetime | None]:
    """From when on a group wants to know, and when its last digest was made."""
    table = tables.digests
    query = sa.select(table.c.created_at, table.c.record).where(table.c.recipients_group == group)
    first = connection.execute(query.order_by(table.c.created_at).limit(1)).first()
    if first is None:
        return now - lookback, None
    last = connection.execute(query.order_by(table.c.created_at.desc()).limit(1)).first()
    return datetime.fromisoformat(first.record["since"]), last.created_at if last else None


def _undecided(group: str, since: datetime) -> sa.Select[Any]:
    """Items with a relevant analysis that no digest of the group decided about in their present revision."""
    items, analyses, decided = tables.items, tables.analyses, tables.digest_items
    relevant = sa.exists().where(analyses.c.item_id == items.c.id, analyses.c.relevant)
    done = sa.exists().where(
        decided.c.recipients_group == group,
        decided.c.item_id == items.c.id,
        decided.c.told | (decided.c.revision >= items.c.revision),
    )
    return sa.select(items.c.id).where(items.c.first_seen >= since, relevant, ~done).order_by(items.c.id)


def _new_events(group: str, since: datetime) -> sa.Select[Any]:
    links, items, told = tables.event_items, tables.items, tables.digest_events
    done = sa.exists().where(told.c.recipients_group == group, told.c.event_id == links.c.event_id)
    return (
        sa.select(links.c.event_id)
        .join(items, items.c.id == links.c.item_id)
        .where(items.c.first_seen >= since, ~done)
        .distinct()
    )


def _analysed() -> sa.ColumnElement[bool]:
    return sa.exists().where(tables.analyses.c.item_id == tables.items.c.id)


def _counted(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(tables.items).where(*conditions)
    return int(connection.execute(query).scalar_one())


def _insert_digest(connection: sa.Connection, digest: Digest) -> None:
    record = {
        "since": digest.payload["since"],
        "item_ids": list(digest.item_ids),
        "event_ids": list(digest.event_ids),
        "payload": digest.payload,
    }
    values = {
        "id": digest.id,
        "recipients_group": digest.group,
        "day": digest.day,
        "created_at": digest.created_at,
        "subject": digest.subject,
        "record": record,
    }
    connection.execute(sa.insert(tables.digests).values(values))


def _insert_items(connection: sa.Connection, digest: Digest, decided: Decided) -> None:
    """One row an item; what was passed over before and is told now changes its row."""
    table, items = tables.digest_items, tables.items
    for told, ids in ((True, decided.told_items), (False, decided.passed_items)):
        for some in _chunks(ids):
            connection.execute(
                sa.delete(table).where(
                    table.c.recipients_group == digest.group, table.c.item_id.in_(some), ~table.c.told
                )
            )
            picked = sa.select(
                sa.literal(digest.group),
                items.c.id,
                items.c.revision,
                sa.literal(digest.id),
                sa.literal(told),
            ).where(items.c.id.in_(some))
            columns = ["recipients_group", "item_id", "revision", "digest_id", "told"]
            connection.execute(sa.insert(table).from_select(columns, picked))


def _insert_events(connection: sa.Connection, digest: Digest, decided: Decided) -> None:
    rows = [
        {"recipients_group": digest.group, "event_id": event, "digest_id": digest.id}
        for event in (*decided.told_events, *decided.passed_events)
    ]
    if rows:
        connection.execute(sa.insert(tables.digest_events), rows)


def _queued(digest: Digest, mail: Draft) -> dict[str, Any]:
    return {
        "digest_id": digest.id,
        "recipient": mail.recipient,
        "sender": mail.sender,
        "message_id": mail.message_id,
        "content": mail.content,
        "state": "queued",
        "created_at": digest.created_at,
    }


def _digest(row: Any) -> Digest:
    return Digest(
        id=row["id"],
        group=row["recipients_group"],
        day=row["day"],
        created_at=row["created_at"],
        subject=row["subject"],
        item_ids=tuple(row["record"]["item_ids"]),
        event_ids=tuple(row["record"]["event_ids"]),
        payload=row["record"]["payload"],
    )


def _chunks(values: Iterable[int]) -> list[list[int]]:
    held = list(values)
    return [held[start : start + _CHUNK] for start in range(0, len(held), _CHUNK)]
