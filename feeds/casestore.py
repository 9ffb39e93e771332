"""Cases in the database: disputes with their dockets, captions, parties and events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds import tables
from feeds.findingstore import picked
from feeds.records import Case, CaseEvent, from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from feeds.database import Database

__all__ = [
    "CaseStore",
    "absorb",
    "case_key",
    "cases_by",
    "cases_of_items",
    "find_cases",
    "put_case",
    "stop_waiting",
    "taken_event_ids",
    "wait_for_case",
    "waiting_for",
]

_MOST: Final = 60


class CaseStore:
    """Reads cases; :func:`put_case` writes within the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cases(
        self, *, ids: Iterable[str] | None = None, updated_since: datetime | None = None
    ) -> tuple[Case, ...]:
        """Cases with their events in order of date, most recently changed first."""
        with self._database.read() as connection:
            found = cases_by(connection, ids, updated_since=updated_since).values()
        return tuple(sorted(found, key=lambda case: (-case.updated_at.timestamp(), case.id)))

    def case_of(self) -> dict[int, str]:
        """The case of each item that speaks of one."""
        with self._database.read() as connection:
            return cases_of_items(connection, None)


def cases_by(
    connection: sa.Connection, ids: Iterable[str] | None, *, updated_since: datetime | None = None
) -> dict[str, Case]:
    """Cases by id, all when ``ids`` is None, within a transaction."""
    query = sa.select(tables.cases)
    if updated_since is not None:
        query = query.where(tables.cases.c.updated_at >= updated_since)
    rows = picked(connection, query, tables.cases.c.id, ids)
    events: dict[str, list[CaseEvent]] = {}
    table = tables.case_events
    for row in picked(connection, sa.select(table), table.c.case_id, [row["id"] for row in rows]):
        events.setdefault(row["case_id"], []).append(from_plain(CaseEvent, row["record"]))
    return {row["id"]: _case(row, events.get(row["id"], [])) for row in rows}


def cases_of_items(connection: sa.Connection, ids: Iterable[int] | None) -> dict[int, str]:
    """The case of each item that speaks of one, within a transaction; the older case where there are two."""
    table = tables.case_items
    query = sa.select(table).order_by(table.c.case_id.desc())
    return {row["item_id"]: row["case_id"] for row in picked(connection, query, table.c.item_id, ids)}


def find_cases(
    connection: sa.Connection, *, dockets: Sequence[str], parties: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Ids of cases with one of the docket keys, and of those in which one of the parties stands on any side.

    Of a party with very many cases only those that changed last.
    """
    table = tables.case_dockets
    cut = [key[:128] for key in dockets]
    by_docket = {row["case_id"] for row in picked(connection, sa.select(table), table.c.key, cut)}
    by_party: set[str] = set()
    stands = tables.case_parties
    for key in sorted(set(parties)):
        query = (
            sa.select(stands.c.case_id)
            .join(tables.cases, tables.cases.c.id == stands.c.case_id)
            .where(stands.c.party_key == key[:128])
            .order_by(tables.cases.c.updated_at.desc(), stands.c.case_id)
            .limit(_MOST)
        )
        by_party.update(connection.execute(query).scalars())
    return by_docket, by_party


def put_case(
    connection: sa.Connection,
    case: Case,
    items: Iterable[int],
    now: datetime,
    *,
    parties: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Store a case, new or changed, with its dockets, captions and events; nothing of it is ever dropped.

    ``items`` are those that speak of it; ``parties`` are the keys of who stands on which side.
    """
    table = tables.cases
    values = {
        "name": case.name,
        "status": case.status,
        "court": case.court,
        "jurisdiction": case.jurisdiction,
        "updated_at": case.updated_at,
        "record": to_plain(replace(case, events=())),
    }
    if connection.execute(sa.update(table).where(table.c.id == case.id).values(values)).rowcount == 0:
        connection.execute(sa.insert(table).values(values | {"id": case.id, "created_at": case.created_at}))
    _put_dockets(connection, case)
    _put_aliases(connection, case)
    _put_parties(connection, case.id, parties or {})
    _put_items(connection, case.id, items)
    for event in case.events:
        _put_event(connection, case.id, event, now)


def absorb(connection: sa.Connection, case: str, other: str) -> None:
    """Give everything of case ``other`` to ``case`` and forget it: both turned out to be one dispute."""
    for table in (tables.case_events, tables.case_dockets):
        connection.execute(sa.update(table).where(table.c.case_id == other).values(case_id=case))
    held = set(connection.execute(_items_of(case)).scalars())
    moved: list[int] = [item for item in connection.execute(_items_of(other)).scalars() if item not in held]
    connection.execute(sa.delete(tables.cases).where(tables.cases.c.id == other))
    _put_items(connection, case, moved)


def drop_event(connection: sa.Connection, event_id: str) -> None:
    """Forget an event that turned out to be another one."""
    connection.execute(sa.delete(tables.case_events).where(tables.case_events.c.id == event_id))


def taken_event_ids(connection: sa.Connection, case_id: str) -> set[str]:
    """Ids of events that were made under this case, wherever they stand now."""
    table = tables.case_events
    query = sa.select(table.c.id).where(table.c.id.startswith(f"{case_id}-", autoescape=True))
    return set(connection.execute(query).scalars())


def wait_for_case(connection: sa.Connection, item_id: int, parties: Iterable[str]) -> None:
    """Remember an article that tells of a lawsuit which has no case yet, by the parties it names."""
    stop_waiting(connection, item_id)
    rows = [{"party_key": key[:128], "item_id": item_id} for key in sorted(set(parties))[:8]]
    if rows:
        connection.execute(sa.insert(tables.case_waiting), rows)


def stop_waiting(connection: sa.Connection, item_id: int) -> None:
    """Forget that an article waits."""
    table = tables.case_waiting
    connection.execute(sa.delete(table).where(table.c.item_id == item_id))


def waiting_for(connection: sa.Connection, parties: Iterable[str]) -> list[int]:
    """Articles that wait and name one of the parties; of very many only the newest."""
    table = tables.case_waiting
    query = sa.select(table.c.item_id).where(table.c.party_key.in_([key[:128] for key in parties]))
    return sorted(set(connection.execute(query.order_by(table.c.item_id.desc()).limit(200)).scalars()))


def case_key(caption: str) -> str:
    """A caption as a key: folded, no punctuation, bounded."""
    return " ".join("".join(c if c.isalnum() else " " for c in caption.casefold()).split())[:250]


def _items_of(case_id: str) -> sa.Select[Any]:
    table = tables.case_items
    return sa.select(table.c.item_id).where(table.c.case_id == case_id)


def _put_dockets(connection: sa.Connection, case: Case) -> None:
    table = tables.case_dockets
    cut = [docket.key[:128] for docket in case.dockets]
    held = {row["key"] for row in picked(connection, sa.select(table.c.key), table.c.key, cut)}
    for docket in case.dockets:
        if docket.key[:128] not in held:
            held.add(docket.key[:128])
            connection.execute(
                sa.insert(table).values(
                    key=docket.key[:128], case_id=case.id, number=docket.number, court=docket.court
                )
            )


def _put_aliases(connection: sa.Connection, case: Case) -> None:
    table = tables.case_aliases
    held = set(connection.execute(sa.select(table.c.alias_key).where(table.c.case_id == case.id)).scalars())
    for alias in (case.name, *case.aliases):
        key = case_key(alias)
        if key and key not in held:
            held.add(key)
            connection.execute(sa.insert(table).values(case_id=case.id, alias_key=key, alias=alias))


def _put_parties(connection: sa.Connection, case_id: str, parties: Mapping[str, Iterable[str]]) -> None:
    table = tables.case_parties
    query = sa.select(table.c.side, table.c.party_key).where(table.c.case_id == case_id)
    held = {(row.side, row.party_key) for row in connection.execute(query)}
    for side, keys in parties.items():
        for key in sorted({one[:128] for one in keys}):
            if (side, key) not in held:
                connection.execute(sa.insert(table).values(case_id=case_id, side=side, party_key=key))


def _put_items(connection: sa.Connection, case_id: str, items: Iterable[int]) -> None:
    held = set(connection.execute(_items_of(case_id)).scalars())
    rows = [{"case_id": case_id, "item_id": item} for item in sorted(set(items) - held)]
    if rows:
        connection.execute(sa.insert(tables.case_items), rows)


def _put_event(connection: sa.Connection, case_id: str, event: CaseEvent, now: datetime) -> None:
    table, links = tables.case_events, tables.event_items
    values: dict[str, Any] = {
        "kind": event.kind,
        "happened_on": event.when,
        "docket_key": event.docket_key[:128],
        "record": to_plain(event),
    }
    if connection.execute(sa.update(table).where(table.c.id == event.id).values(values)).rowcount == 0:
        connection.execute(
            sa.insert(table).values(values | {"id": event.id, "case_id": case_id, "added_at": now})
        )
    held = set(connection.execute(sa.select(links.c.item_id).where(links.c.event_id == event.id)).scalars())
    for item in event.items:
        if item not in held:
            connection.execute(sa.insert(links).values(event_id=event.id, item_id=item))


def _case(row: Any, events: list[CaseEvent]) -> Case:
    case = from_plain(Case, row["record"])
    ordered = sorted(events, key=lambda event: (event.when is None, str(event.when), event.id))
    return replace(case, events=tuple(ordered), created_at=row["created_at"], updated_at=row["updated_at"])
