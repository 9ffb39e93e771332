"""Articles put into a store as a feed would bring them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feeds.analyse import Analyser
from feeds.items import drafts
from feeds.itemstore import Writing
from feeds.records import Content, Entry, ParsedFeed, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.store import Store

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def bring(
    store: Store, rows: Sequence[dict[str, Any]], *, now: datetime | None = None, feed: str = "news"
) -> list[int]:
    """Store one article for each row (``title``, ``text``, ``date``, ``lang``); their ids in the same order."""
    source = Source(url=f"https://{feed}.example/feed", name=feed)
    at = now or EPOCH
    held = {one.source.url: one.id for one in store.health()}
    if source.url not in held:
        others = [one.source for one in store.health()]
        store.sync_sources([*others, source], at)
        held = {one.source.url: one.id for one in store.health()}
    ids: list[int] = []
    for start in range(0, len(rows), 200):
        ids += _write(store, source, held[source.url], rows=rows[start : start + 200], at=at)
    return ids


def _write(
    store: Store, source: Source, source_id: int, *, rows: Sequence[dict[str, Any]], at: datetime
) -> list[int]:
    entries = tuple(_entry(source, row) for row in rows)
    made = drafts(
        ParsedFeed(version="rss20", encoding="utf-8", entries=entries), source, at + timedelta(days=4000)
    )
    with store.database.write(alone=True) as connection:
        state = store.locked_state(connection, source_id)
        write = Writing(connection=connection, source_id=source_id, now=at)
        applied = store.items.apply(write, state, made)
    assert len(applied.new) == len(rows), (len(applied.new), len(rows))
    return list(applied.new)


_COUNT = 0


def _entry(source: Source, row: dict[str, Any]) -> Entry:
    global _COUNT  # noqa: PLW0603
    _COUNT += 1
    link = f"{source.url}/{_COUNT}"
    return Entry(
        guid=link,
        link=link,
        title=Content(value=row["title"], language=row.get("lang")),
        summary=Content(value=row.get("text", ""), language=row.get("lang")),
        published=datetime.fromisoformat(f"{row['date']}T10:00:00+00:00"),
    )


@lru_cache(maxsize=1)
def analyser() -> Analyser:
    """One analyser for all tests: its tables take a while to load."""
    return Analyser.load()
