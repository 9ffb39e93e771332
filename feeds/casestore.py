"""Cases in the database: disputes with their dockets, captions and events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from feeds import tables
from feeds.records import Case, CaseEvent, from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from feeds.database import Database

__all__ = ["CaseStore", "all_cases", "put_case"]


class CaseStore:
    """Reads cases; :func:`put_case` writes within the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cases(
        self, *, ids: Iterable[str] | None = None, updated_since: datetime | None = None
    ) -> tuple[Case, ...]:
        """Cases with their events in order of date, most recently changed first."""
        wanted = None if ids is None else set(ids)
        with self._database.read() as connection:
            found = [case for case, _ in all_cases(connection) if wanted is None or case.id in wanted]
        if updated_since is not None:
            found = [case for case in found if case.updated_at >= updated_since]
        return tuple(sorted(found, key=lambda case: (-case.updated_at.timestamp(), case.id)))

    def case_of(self) -> dict[int, str]:
        """The case of each item that speaks of one."""
        with self._database.read() as connection:
            return {item: case.id for case, items in all_cases(connection) for item in items}


def all_cases(connection: sa.Connection) -> list[tuple[Case, tuple[int, ...]]]:
    """Every case with the ids of all items that speak of it, events or not."""
    rows = connection.execute(sa.select(tables.cases).order_by(tables.cases.c.id)).mappings().all()
    events: dict[str, list[CaseEvent]] = {}
    for row in connection.execute(sa.select(tables.case_events)).mappings():
        events.setdefault(row["case_id"], []).append(from_plain(CaseEvent, row["record"]))
    return [(_case(row, events.get(row["id"], [])), tuple(row["record"]["items"])) for row in rows]


def put_case(connection: sa.Connection, case: Case, items: Sequence[int], now: datetime) -> None:
    """Store a case, new or changed, with its dockets, captions and events; nothing of it is ever dropped."""
    table = tables.cases
    plain = to_plain(replace(case, events=())) | {"items": sorted(set(items))}
    values = {
        "name": case.name,
        "status": case.status,
        "court": case.court,
        "jurisdiction": case.jurisdiction,
        "updated_at": case.updated_at,
        "record": plain,
    }
    if connection.execute(sa.update(table).where(table.c.id == case.id).values(values)).rowcount == 0:
        connection.execute(sa.insert(table).values(values | {"id": case.id, "created_at": case.created_at}))
    _put_dockets(connection, case)
    _put_aliases(connection, case)
    for event in case.events:
        _put_event(connection, case.id, event, now)


def case_key(caption: str) -> str:
    """A caption as a key: folded, no punctuation, bounded."""
    return " ".join("".join(c if c.isalnum() else " " for c in caption.casefold()).split())[:250]


def _put_dockets(connection: sa.Connection, case: Case) -> None:
    table = tables.case_dockets
    held = set(connection.execute(sa.select(table.c.key)).scalars())
    for docket in case.dockets:
        if docket.key[:128] not in held:
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
    stored = {key: value for key, value in row["record"].items() if key != "items"}
    case = from_plain(Case, stored)
    ordered = sorted(events, key=lambda event: (event.when is None, str(event.when), event.id))
    return replace(case, events=tuple(ordered), created_at=row["created_at"], updated_at=row["updated_at"])
