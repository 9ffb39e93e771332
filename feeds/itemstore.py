"""Articles in the database: recognised, added, revised and read back."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds import tables
from feeds.identity import Known, Match, recognise
from feeds.records import CourtEntry, Draft, FetchState, Item, Revision, from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from feeds.database import Database

__all__ = ["Applied", "ItemStore", "WantedText", "Writing", "items_of"]

_CHUNK: Final = 200
_RECENT: Final = 100
_PROBE: Final = 2000
_SHORT: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What one fetch changed: ids of new and of revised items, and the state with what was learnt."""

    state: FetchState
    new: tuple[int, ...] = ()
    revised: tuple[int, ...] = ()
    seen: int = 0
    matches: tuple[Match, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One write to one source: the transaction that holds its lock, the clock, the body it comes from."""

    connection: sa.Connection
    source_id: int
    now: datetime
    body_id: int | None = None
    full_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedText:
    """An item whose full text is to be fetched."""

    item_id: int
    source_id: int
    url: str


class ItemStore:
    """The part of the store that is about articles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, write: Writing, state: FetchState, drafts: Sequence[Draft]) -> Applied:
        """Store ``drafts`` of one fetch, each article once, in the caller's transaction.

        The caller holds the lock on the source's state, so that two pollers recognise one after the other.
        """
        known = _known(write, drafts, shared_links=state.link_trust == "shared")
        result = recognise(
            drafts, list(known.values()), guid_trust=state.guid_trust, link_trust=state.link_trust
        )
        new = _insert(write, [match.draft for match in result.matches if match.known_id is None])
        revised = [
            match.known_id
            for match in result.matches
            if match.known_id is not None and _revise(write, match.draft, known[match.known_id])
        ]
        _touch(write, [one.known_id for one in result.matches if one.known_id is not None])
        learnt = replace(state, guid_trust=result.guid_trust, link_trust=result.link_trust)
        return Applied(
            state=learnt,
            new=tuple(new),
            revised=tuple(revised),
            seen=len(result.matches),
            matches=result.matches,
        )

    def find(
        self,
        *,
        ids: Iterable[int] | None = None,
        since: datetime | None = None,
        without_analysis: str | None = None,
        limit: int | None = None,
    ) -> tuple[Item, ...]:
        """Items in the order in which they were first seen.

        ``ids`` picks some, ``since`` those first seen then or later, ``without_analysis`` those whose newest
        revision this version of the analyser has not read.
        """
        query = _items().order_by(tables.items.c.first_seen, tables.items.c.id)
        if since is not None:
            query = query.where(tables.items.c.first_seen >= since)
        if without_analysis is not None:
            done = sa.select(tables.analyses.c.item_id).where(
                tables.analyses.c.item_id == tables.items.c.id,
                tables.analyses.c.revision == tables.items.c.revision,
                tables.analyses.c.analyser == without_analysis,
            )
            query = query.where(~done.exists())
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            if ids is None:
                return tuple(map(_item, connection.execute(query).mappings()))
            found: list[Item] = []
            for some in _chunks(list(ids)):
                rows = connection.execute(query.where(tables.items.c.id.in_(some))).mappings()
                found.extend(map(_item, rows))
        return tuple(sorted(found, key=lambda one: (one.first_seen, one.id)))

    def count(self) -> int:
        """How many items are stored."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(tables.items)).scalar_one())

    def revisions(self, item_id: int) -> tuple[Revision, ...]:
        """Every state of an item that was seen, oldest first."""
        query = (
            sa.select(tables.revisions)
            .where(tables.revisions.c.item_id == item_id)
            .order_by(tables.revisions.c.number)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Revision(
                item_id=row["item_id"],
                number=row["number"],
                seen_at=row["seen_at"],
                title=row["title"],
                text=row["text"],
                content_hash=row["content_hash"],
                raw=json.loads(zlib.decompress(row["raw"])),
            )
            for row in rows
        )

    def wanting_text(self, limit: int) -> tuple[WantedText, ...]:
        """Items whose full text is still to be fetched, newest first, at most three tries each."""
        items = tables.items
        query = (
            sa.select(items.c.id, items.c.source_id, items.c.url)
            .where(items.c.full_text_state == "wanted", items.c.full_text_attempts < 3)
            .order_by(items.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            WantedText(item_id=row["id"], source_id=row["source_id"], url=row["url"]) for row in rows
        )

    def put_text(self, item_id: int, text: str) -> None:
        """Store the full text of an item, or one more failed try when ``text`` is empty.

        A full text makes a new revision, since an analysis of the short one does not hold for it.
        """
        items = tables.items
        with self._database.write() as connection:
            row = (
                connection.execute(sa.select(items).where(items.c.id == item_id).with_for_update())
                .mappings()
                .one()
            )
            values: dict[str, Any] = {"full_text_attempts": row["full_text_attempts"] + 1}
            if text:
                values |= {"full_text": text, "full_text_state": "done", "revision": row["revision"] + 1}
                _raw(connection, item_id)
                hashed = hashlib.sha256(
                    f"{row['content_hash']}\n{text}".encode("utf-8", "replace")
                ).hexdigest()
                revision = {
                    "item_id": item_id,
                    "number": values["revision"],
                    "seen_at": row["last_seen"],
                    "title": row["title"],
                    "text": text,
                    "content_hash": hashed,
                    "raw": _raw(connection, item_id),
                }
                connection.execute(sa.insert(tables.revisions).values(revision))
            connection.execute(sa.update(items).where(items.c.id == item_id).values(values))


def _known(write: Writing, drafts: Sequence[Draft], *, shared_links: bool) -> dict[int, Known]:
    """The stored items of the source that one of ``drafts`` may be."""
    items = tables.items
    keys: list[tuple[sa.Column[str], list[str]]] = [
        (items.c.guid, sorted({one.guid for one in drafts if one.guid})),
        (items.c.title_key, sorted({one.title_key for one in drafts if one.title_key})),
        (items.c.content_hash, sorted({one.content_hash for one in drafts})),
    ]
    if not shared_links:
        keys.append((items.c.link_key, sorted({one.link_key for one in drafts if one.link_key})))
    base = sa.select(
        items.c.id, items.c.guid, items.c.link_key, items.c.title, items.c.title_key,
        sa.func.substr(items.c.text, 1, _PROBE).label("text"), items.c.content_hash, items.c.published,
    ).where(items.c.source_id == write.source_id)  # fmt: skip
    found: dict[int, Known] = {}
    for column, values in keys:
        for some in _chunks(values):
            query = base.where(column.in_(some)).order_by(items.c.id.desc()).limit(2000)
            found |= {row["id"]: Known(**row) for row in write.connection.execute(query).mappings()}
    if any(not one.guid or shared_links for one in drafts):
        recent = base.order_by(items.c.id.desc()).limit(_RECENT)
        found |= {row["id"]: Known(**row) for row in write.connection.execute(recent).mappings()}
    return found


def _insert(write: Writing, drafts: Sequence[Draft]) -> list[int]:
    """Store new items with their first revisions; gives their ids."""
    items = tables.items
    keyed = {_key(draft): draft for draft in drafts}
    for some in _chunks(list(keyed)):
        taken = sa.select(items.c.key).where(items.c.source_id == write.source_id, items.c.key.in_(some))
        for key in write.connection.execute(taken).scalars():
            del keyed[key]
    if not keyed:
        return []
    rows = [_new_row(write, key, draft) for key, draft in keyed.items()]
    insert = sa.insert(items).returning(items.c.id, sort_by_parameter_order=True)
    ids = list(write.connection.execute(insert, rows).scalars())
    first = [_revision(write, item_id, 1, draft) for item_id, draft in zip(ids, keyed.values(), strict=True)]
    write.connection.execute(sa.insert(tables.revisions), first)
    return ids


def _new_row(write: Writing, key: str, draft: Draft) -> dict[str, Any]:
    wanted = write.full_text and bool(draft.url) and len(draft.text) < _SHORT
    return _columns(draft) | {
        "source_id": write.source_id,
        "key": key,
        "first_seen": write.now,
        "last_seen": write.now,
        "full_text_state": "wanted" if wanted else "",
    }


def _revise(write: Writing, draft: Draft, known: Known) -> bool:
    """Store what changed; True when a reader would see another text than ever before."""
    items, revisions = tables.items, tables.revisions
    this = items.c.id == known.id
    if draft.content_hash == known.content_hash:
        if (draft.guid, draft.link_key) != (known.guid, known.link_key):
            moved = {"guid": draft.guid, "url": draft.url, "link_key": draft.link_key}
            write.connection.execute(sa.update(items).where(this).values(moved))
        return False
    seen = sa.select(revisions.c.number).where(
        revisions.c.item_id == known.id, revisions.c.content_hash == draft.content_hash
    )
    if write.connection.execute(seen).scalar() is not None:
        return False  # servers that disagree show old and new by turns
    row = write.connection.execute(sa.select(items).where(this)).mappings().one()
    number = row["revision"] + 1
    again = "wanted" if row["full_text_state"] else ""
    values = _columns(draft) | {
        "revision": number,
        "published": row["published"] or draft.published,
        "full_text": "",
        "full_text_state": again,
        "full_text_attempts": 0,
    }
    write.connection.execute(sa.update(items).where(this).values(values))
    write.connection.execute(sa.insert(revisions), [_revision(write, known.id, number, draft)])
    return True


def _revision(write: Writing, item_id: int, number: int, draft: Draft) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "number": number,
        "seen_at": write.now,
        "title": draft.title,
        "text": draft.text,
        "content_hash": draft.content_hash,
        "raw": _packed(draft),
        "body_id": write.body_id,
    }


def _touch(write: Writing, ids: list[int]) -> None:
    items = tables.items
    for some in _chunks(ids):
        write.connection.execute(sa.update(items).where(items.c.id.in_(some)).values(last_seen=write.now))


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "guid": draft.guid,
        "url": draft.url,
        "link_key": draft.link_key,
        "title": draft.title,
        "title_key": draft.title_key,
        "summary": draft.summary,
        "text": draft.text,
        "author": draft.author,
        "publisher": draft.publisher,
        "lang": draft.lang[:35],
        "published": draft.published,
        "published_raw": draft.published_raw,
        "date_doubt": draft.date_doubt,
        "content_hash": draft.content_hash,
        "court": to_plain(draft.court) if draft.court else None,
    }


def _key(draft: Draft) -> str:
    """What makes a new item unique in its source, whoever stores it."""
    stamp = draft.published.isoformat() if draft.published else ""
    said = f"{draft.guid}\n{draft.link_key}\n{draft.title_key}\n{draft.content_hash}\n{stamp}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _packed(draft: Draft) -> bytes:
    return zlib.compress(json.dumps(draft.raw, ensure_ascii=True).encode("ascii"), 6)


def _raw(connection: sa.Connection, item_id: int) -> bytes:
    query = (
        sa.select(tables.revisions.c.raw)
        .where(tables.revisions.c.item_id == item_id)
        .order_by(tables.revisions.c.number.desc())
        .limit(1)
    )
    return bytes(connection.execute(query).scalar_one())


def items_of(connection: sa.Connection, ids: Iterable[int]) -> list[Item]:
    """Items by id, within a transaction."""
    query = _items()
    rows = [
        row
        for some in _chunks(sorted(set(ids)))
        for row in connection.execute(query.where(tables.items.c.id.in_(some))).mappings()
    ]
    return list(map(_item, rows))


def _items() -> sa.Select[Any]:
    return sa.select(
        tables.items, tables.sources.c.url.label("feed"), tables.sources.c.config.label("config")
    ).join(tables.sources, tables.sources.c.id == tables.items.c.source_id)


def _item(row: Any) -> Item:
    config = row["config"]
    return Item(
        id=row["id"],
        source_id=row["source_id"],
        feed=row["feed"],
        source_name=config["name"],
        guid=row["guid"],
        url=row["url"],
        title=row["title"],
        text=row["full_text"] or row["text"],
        summary=row["summary"],
        lang=row["lang"],
        author=row["author"],
        publisher=row["publisher"],
        published=row["published"],
        published_raw=row["published_raw"],
        date_doubt=row["date_doubt"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        revision=row["revision"],
        jurisdiction=config.get("jurisdiction", ""),
        style=config.get("style", "plain"),
        court=from_plain(CourtEntry, row["court"]) if row["court"] else None,
    )


def _chunks(values: list[Any]) -> list[list[Any]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
