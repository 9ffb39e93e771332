"""What was understood, in the database: analyses, text vectors, stories and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds import tables
from feeds.records import Analysis, Story, StoryMember, from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from feeds.database import Database

__all__ = [
    "FindingStore",
    "analyses_of",
    "in_chunks",
    "leave_stories",
    "picked",
    "put_analyses",
    "put_story",
    "put_vectors",
    "stories_of",
    "story_ids",
    "unread",
    "vectors_of",
]

_CHUNK: Final = 200


class FindingStore:
    """Reads analyses and stories. What writes takes the caller's transaction, see the functions below."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def analyses(self, ids: Iterable[int] | None = None) -> dict[int, Analysis]:
        """The newest analysis of each item: of its newest revision where that was read, latest made first."""
        with self._database.read() as connection:
            return analyses_of(connection, ids)

    def stories(
        self, *, ids: Iterable[str] | None = None, updated_since: datetime | None = None
    ) -> tuple[Story, ...]:
        """Stories with their members, newest first; those that lost every member or have no relevant one are left out."""
        query = sa.select(tables.stories).order_by(tables.stories.c.updated_at.desc(), tables.stories.c.id)
        if updated_since is not None:
            query = query.where(tables.stories.c.updated_at >= updated_since)
        with self._database.read() as connection:
            rows = picked(connection, query, tables.stories.c.id, ids)
            members = _members(connection, [row["id"] for row in rows])
        return tuple(
            _story(row, members[row["id"]])
            for row in rows
            if row["id"] in members and row["record"].get("shown", True)
        )

    def story_of(self, ids: Iterable[int] | None = None) -> dict[int, str]:
        """The story of each item that is in one."""
        query = sa.select(tables.story_items.c.item_id, tables.story_items.c.story_id)
        with self._database.read() as connection:
            rows = picked(connection, query, tables.story_items.c.item_id, ids)
        return {row["item_id"]: row["story_id"] for row in rows}


def analyses_of(connection: sa.Connection, ids: Iterable[int] | None = None) -> dict[int, Analysis]:
    """As :meth:`FindingStore.analyses`, within a transaction."""
    table = tables.analyses
    query = sa.select(table.c.record).order_by(table.c.item_id, table.c.revision, table.c.made_at)
    rows = picked(connection, query, table.c.item_id, ids)
    return {one.item_id: one for one in (from_plain(Analysis, row["record"]) for row in rows)}


def unread(connection: sa.Connection, analyses: Sequence[Analysis]) -> list[Analysis]:
    """Those of ``analyses`` that no other process has stored meanwhile."""
    table = tables.analyses
    done: set[tuple[int, int, str]] = set()
    for some in in_chunks([one.item_id for one in analyses]):
        query = sa.select(table.c.item_id, table.c.revision, table.c.analyser).where(
            table.c.item_id.in_(some)
        )
        done.update((row.item_id, row.revision, row.analyser) for row in connection.execute(query))
    return [one for one in analyses if (one.item_id, one.revision, one.analyser) not in done]


def put_analyses(connection: sa.Connection, analyses: Sequence[Analysis], now: datetime) -> None:
    """Store analyses that are not stored yet (see :func:`unread`)."""
    rows = [
        {
            "item_id": one.item_id,
            "revision": one.revision,
            "analyser": one.analyser,
            "made_at": now,
            "relevant": one.relevant,
            "score": one.score,
            "kind": one.kind,
            "event_date": one.event_date,
            "record": to_plain(one),
        }
        for one in analyses
    ]
    if rows:
        connection.execute(sa.insert(tables.analyses), rows)


def put_vectors(
    connection: sa.Connection, encoder: str, vectors: Mapping[int, bytes], revisions: Mapping[int, int]
) -> None:
    """Store one packed vector an item, in place of an older one of the same encoder."""
    table = tables.embeddings
    for some in in_chunks(list(vectors)):
        connection.execute(sa.delete(table).where(table.c.encoder == encoder, table.c.item_id.in_(some)))
        rows = [
            {"item_id": one, "encoder": encoder, "revision": revisions[one], "vector": vectors[one]}
            for one in some
        ]
        connection.execute(sa.insert(table), rows)


def vectors_of(connection: sa.Connection, encoder: str, ids: Iterable[int]) -> dict[int, bytes]:
    """The packed vectors of items by this encoder."""
    table = tables.embeddings
    query = sa.select(table.c.item_id, table.c.vector).where(table.c.encoder == encoder)
    return {row["item_id"]: row["vector"] for row in picked(connection, query, table.c.item_id, ids)}


def put_story(
    connection: sa.Connection, story: Story, joined: Sequence[StoryMember], *, shown: bool = True
) -> None:
    """Store a story, new or changed, and the members that have just ``joined``.

    One that is not ``shown`` has no member that matters, and is kept for those to come.
    """
    table = tables.stories
    values = {
        "title": story.title,
        "kind": story.kind,
        "updated_at": story.updated_at,
        "record": {"id": story.id, "members": len(story.members), "shown": shown},
    }
    changed = connection.execute(sa.update(table).where(table.c.id == story.id).values(values))
    if changed.rowcount == 0:
        values |= {"id": story.id, "created_at": story.created_at}
        connection.execute(sa.insert(table).values(values))
    rows = [
        {
            "item_id": one.item_id,
            "story_id": story.id,
            "joined_at": one.joined_at,
            "reason": one.reason,
            "similarity": one.similarity,
        }
        for one in joined
    ]
    if rows:
        connection.execute(sa.insert(tables.story_items), rows)


def leave_stories(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Take items out of their stories: a newer reading says they are about something else."""
    for some in in_chunks(list(ids)):
        connection.execute(sa.delete(tables.story_items).where(tables.story_items.c.item_id.in_(some)))


def story_ids(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    """The story of each item that is in one, within a transaction."""
    table = tables.story_items
    query = sa.select(table.c.item_id, table.c.story_id)
    return {row["item_id"]: row["story_id"] for row in picked(connection, query, table.c.item_id, ids)}


def stories_of(connection: sa.Connection, ids: Iterable[str]) -> dict[str, Story]:
    """Stories by id, with their members, within a transaction."""
    rows = picked(connection, sa.select(tables.stories), tables.stories.c.id, ids)
    members = _members(connection, [row["id"] for row in rows])
    return {row["id"]: _story(row, members.get(row["id"], ())) for row in rows}


def _story(row: Any, members: Sequence[StoryMember]) -> Story:
    return Story(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        members=tuple(members),
    )


def _members(connection: sa.Connection, ids: Sequence[str]) -> dict[str, list[StoryMember]]:
    table = tables.story_items
    found: dict[str, list[StoryMember]] = {}
    query = sa.select(table).order_by(table.c.joined_at, table.c.item_id)
    for row in picked(connection, query, table.c.story_id, ids):
        member = StoryMember(
            item_id=row["item_id"],
            joined_at=row["joined_at"],
            reason=row["reason"],
            similarity=row["similarity"],
        )
        found.setdefault(row["story_id"], []).append(member)
    return found


def picked(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], ids: Iterable[Any] | None
) -> list[Any]:
    """Rows of ``query``; with ``ids`` only those whose ``column`` is one of them."""
    if ids is None:
        return list(connection.execute(query).mappings())
    rows: list[Any] = []
    for some in in_chunks(sorted(set(ids))):
        rows.extend(connection.execute(query.where(column.in_(some))).mappings())
    return rows


def in_chunks(values: list[Any]) -> list[list[Any]]:
    """``values`` in pieces that fit into one statement."""
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
