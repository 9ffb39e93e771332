"""What a digest is made from, read out of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from feeds.casestore import CaseStore
from feeds.digest import DigestState, GroupNews
from feeds.digeststore import DigestStore
from feeds.findingstore import FindingStore
from feeds.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from feeds.outbox import Unsent
    from feeds.store import Store

__all__ = ["digest_state", "group_state", "unsent_lines"]

_REFUSED_FOR: Final = timedelta(days=7)


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


def group_state(
    store: Store,
    group: str,
    now: datetime,
    *,
    day: date | None = None,
    lookback: timedelta = timedelta(days=1),
    urls: Collection[str] | None = None,
) -> DigestState:
    """What ``group`` was not told yet, the stories and cases it belongs to, and what its digest must warn of."""
    digests = DigestStore(store.database)
    waiting = digests.waiting(group, now, lookback=lookback)
    items = tuple(item for item in store.items.find(ids=waiting.items) if urls is None or item.feed in urls)
    found = FindingStore(store.database)
    ids = [item.id for item in items]
    stories = found.stories(ids=set(found.story_of(ids).values()))
    news = GroupNews(
        since=waiting.since,
        fresh=frozenset(ids),
        events=waiting.events,
        told=digests.told(group, {one.item_id for story in stories for one in story.members}),
        seen=waiting.seen,
        unread=waiting.unread,
    )
    return DigestState(
        items=items,
        analyses=found.analyses(ids),
        stories=stories,
        cases=CaseStore(store.database).cases() if waiting.events else (),
        health=tuple(one for one in store.health() if urls is None or one.source.url in urls),
        news=news,
        warnings=(*_missing_days(digests.days(group), day or now.date()), *_unsent(store, group, now)),
    )


def unsent_lines(unsent: Iterable[Unsent]) -> tuple[str, ...]:
    """A sentence for each mail that did not get through."""
    return tuple(
        f"NOT SENT: the digest of {one.day.isoformat()} to {one.mail.recipient} ({one.mail.state} after "
        f"{one.mail.attempts} attempts{f': {one.mail.smtp_text}' if one.mail.smtp_text else ''})"
        for one in unsent
    )


def _unsent(store: Store, group: str, now: datetime) -> tuple[str, ...]:
    return unsent_lines(Outbox(store.database).unsent(group, since=now - _REFUSED_FOR))


def _missing_days(days: tuple[date, ...], day: date) -> tuple[str, ...]:
    """Days after the last digest and before ``day`` of which none was made."""
    if not days:
        return ()
    missing = (day - days[-1]).days - 1
    if missing < 1:
        return ()
    first, last = days[-1] + timedelta(days=1), days[-1] + timedelta(days=missing)
    span = first.isoformat() if missing == 1 else f"{first.isoformat()} to {last.isoformat()}"
    return (f"NO DIGEST was made for {span}; what was found then stands in this one",)
