"""Fingerprints in the database, found by the keys they share: a bounded look-up however many articles are stored."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from feeds import tables
from feeds.findingstore import in_chunks, picked
from feeds.fingerprint import Fingerprint
from feeds.records import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["WINDOW_DAYS", "drop_prints", "prints_of", "put_prints", "sharing"]

WINDOW_DAYS: Final = 24
"""Articles that are further apart than this tell of two happenings."""
_PER_KEY: Final = 40
_MOST: Final = 40


def put_prints(
    connection: sa.Connection, prints: Sequence[Fingerprint], keys: Mapping[int, Sequence[int]]
) -> None:
    """Store fingerprints with their keys, in place of older ones of the same articles."""
    drop_prints(connection, [one.item_id for one in prints])
    if prints:
        rows = [{"item_id": one.item_id, "record": to_plain(one)} for one in prints]
        connection.execute(sa.insert(tables.fingerprints), rows)
    found = [
        {"key": key, "day": one.day, "item_id": one.item_id} for one in prints for key in keys[one.item_id]
    ]
    if found:
        connection.execute(sa.insert(tables.story_keys), found)


def drop_prints(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Forget the fingerprints of these articles."""
    for some in in_chunks(list(ids)):
        for table in (tables.story_keys, tables.fingerprints):
            connection.execute(sa.delete(table).where(table.c.item_id.in_(some)))


def prints_of(connection: sa.Connection, ids: Iterable[int]) -> dict[int, Fingerprint]:
    """Fingerprints by item."""
    rows = picked(connection, sa.select(tables.fingerprints), tables.fingerprints.c.item_id, ids)
    return {row["item_id"]: from_plain(Fingerprint, row["record"]) for row in rows}


def sharing(connection: sa.Connection, keys: Sequence[int], day: int) -> dict[int, int]:
    """Articles of the days around ``day`` that share keys, by how many; those that share most, at most forty.

    A key that very many share gives its nearest ones only, so that the cost does not grow with what is stored.
    """
    if not keys:
        return {}
    bound = {"day": day, "first": day - WINDOW_DAYS, "last": day + WINDOW_DAYS, "most": _PER_KEY}
    bound |= {f"key{number}": key for number, key in enumerate(keys)}
    counted: dict[int, int] = {}
    for (item_id,) in connection.execute(_nearest(len(keys)), bound):
        counted[item_id] = counted.get(item_id, 0) + 1
    best = sorted(counted, key=lambda one: (-counted[one], -one))[:_MOST]
    return {one: counted[one] for one in best}


@lru_cache(maxsize=64)
def _nearest(count: int) -> sa.TextClause:
    """The articles with each of ``count`` keys that are closest before a day and closest after.

    Written out: SQLAlchemy would take longer to build these selects than a database to run them.
    """
    held = "SELECT item_id FROM story_keys WHERE key = :key{} AND day BETWEEN"
    before = f"SELECT * FROM ({held} :first AND :day ORDER BY day DESC, item_id DESC LIMIT :most) AS b{{}}"  # noqa: S608 - no text of others
    after = f"SELECT * FROM ({held} :day + 1 AND :last ORDER BY day, item_id LIMIT :most) AS a{{}}"  # noqa: S608 - the same
    parts = [part.format(number, number) for number in range(count) for part in (before, after)]
    return sa.text(" UNION ALL ".join(parts))
