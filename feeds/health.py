"""Is the news monitor well? Sources read, items understood, digests made and accepted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from feeds import tables
from feeds.analyse import ANALYSER
from feeds.digeststore import DigestStore
from feeds.findingstore import FindingStore
from feeds.outbox import Outbox
from feeds.plaintext import one_line
from feeds.run import hour_of
from feeds.state import unsent_lines
from feeds.understand import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from feeds.settings import GroupSettings, NewsSettings
    from feeds.store import Store

__all__ = ["Finding", "examine"]

_LATE: Final = timedelta(hours=1)
_LONG_AGO: Final = timedelta(days=1)
_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and how it went."""

    sound: bool
    what: str


def examine(store: Store, settings: NewsSettings, now: datetime) -> list[Finding]:
    """Every check, from the sources to the recipients."""
    return [
        *_sources(store, now),
        _unread(store),
        *_set_aside(store),
        *(_digests(store, group, now) for group in settings.groups),
        *_secrets(settings),
        *_mails(store),
    ]


def _sources(store: Store, now: datetime) -> Iterator[Finding]:
    health = store.health()
    attempts = [one.state.last_attempt for one in health if one.state.last_attempt]
    last = max(attempts, default=None)
    if last is None:
        yield Finding(sound=False, what="nothing was ever polled; fauxwatch news poll")
    else:
        yield Finding(
            sound=now - last < _LONG_AGO, what=f"last poll {last:%Y-%m-%d %H:%M} UTC, {len(health)} sources"
        )
    for one in health:
        if one.failing:
            said = f"{one.state.error_kind}: {one.state.error}"
            yield Finding(
                sound=False, what=f"source not readable: {one.source.name} <{one.source.url}>: {said}"
            )


def _unread(store: Store) -> Finding:
    analysed = sa.exists().where(tables.analyses.c.item_id == tables.items.c.id)
    query = sa.select(sa.func.count()).select_from(tables.items).where(~analysed)
    with store.database.read() as connection:
        unread = int(connection.execute(query).scalar_one())
    return Finding(sound=unread == 0, what=f"{store.items.count()} items, {unread} of them not read yet")


def _set_aside(store: Store) -> Iterator[Finding]:
    """Items whose newest revision could not be read, newest first, the first few with the reason."""
    items, analyses = tables.items, tables.analyses
    query = (
        sa.select(items.c.id)
        .join(analyses, (analyses.c.item_id == items.c.id) & (analyses.c.revision == items.c.revision))
        .where(analyses.c.kind == FAILED, analyses.c.analyser == ANALYSER)
        .order_by(items.c.id.desc())
    )
    with store.database.read() as connection:
        ids = list(connection.execute(query).scalars())
    if ids:
        yield Finding(
            sound=False, what=f"{len(ids)} items could not be read and are set aside until they change"
        )
    reasons = FindingStore(store.database).analyses(ids[:_NAMED])
    for item in store.items.find(ids=ids[:_NAMED]):
        said = f"{item.title} <{item.url}>: {reasons[item.id].failure}"
        yield Finding(sound=False, what=one_line(f"not understood: {said}"))


def _digests(store: Store, group: GroupSettings, now: datetime) -> Finding:
    days = DigestStore(store.database).days(group.name)
    today = now.astimezone(group.zone).date()
    due = hour_of(today, group.hour, group.zone)
    last = days[-1].isoformat() if days else "never"
    late = now > due + _LATE and (not days or days[-1] < today)
    what = f"group {group.name}: last digest {last}, daily at {group.at} {group.time_zone}"
    return Finding(sound=not late, what=f"{what}: TODAY'S DIGEST WAS NOT MADE" if late else what)


def _secrets(settings: NewsSettings) -> Iterator[Finding]:
    names = [group.webhook_env for group in settings.groups if group.webhook_env]
    if settings.smtp is not None and settings.smtp.user:
        names.append(settings.smtp.password_env)
    for name in names:
        held = bool(os.environ.get(name))
        yield Finding(sound=held, what=f"environment variable {name} is {'set' if held else 'NOT SET'}")


def _mails(store: Store) -> Iterator[Finding]:
    unsent = Outbox(store.database).unsent()
    if not unsent:
        yield Finding(sound=True, what="every mail was accepted")
    for line in unsent_lines(unsent):
        yield Finding(sound=False, what=line)
