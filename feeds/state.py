"""What a digest is made from, read out of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from feeds.casestore import CaseStore
from feeds.digest import DigestState
from feeds.findingstore import FindingStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeds.store import Store

__all__ = ["digest_state"]


def digest_state(store: Store, day: date, *, urls: Collection[str] | None = None) -> DigestState:
    """Items first seen on ``day`` (UTC) or later, what is known of them, and the health of sources.

    With ``urls`` only of these sources.
    """
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    items = tuple(item for item in store.items.find(since=begin) if urls is None or item.feed in urls)
    found = FindingStore(store.database)
    return DigestState(
        items=items,
        analyses=found.analyses(item.id for item in items),
        stories=found.stories(updated_since=begin),
        cases=CaseStore(store.database).cases(),
        health=tuple(one for one in store.health() if urls is None or one.source.url in urls),
    )
