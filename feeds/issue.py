"""A group's digest of a day, made once: composed, rendered, and stored with its mails before anything is sent.

>>> made = make_digest(store, settings, settings.group("legal"), day=day, now=now)  # doctest: +SKIP
>>> made.fresh, made.digest.subject  # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from feeds.digest import DigestBody, compose
from feeds.digeststore import Decided, DigestStore, Draft
from feeds.formats import as_chat
from feeds.records import Digest, from_plain, to_plain
from feeds.render import RenderedDigest, mail, message_id, render
from feeds.state import group_state
from nlp.errors import FauxwatchError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from feeds.digest import DigestState
    from feeds.settings import GroupSettings, NewsSettings
    from feeds.store import Store

__all__ = ["WEBHOOK", "Made", "as_digest", "body_of", "make_digest", "preview_digest"]

WEBHOOK: Final = "webhook:"
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A digest; ``fresh`` when it was made just now, ``mails`` is how many messages were put into the outbox."""

    digest: Digest
    fresh: bool
    mails: int = 0


def make_digest(
    store: Store, settings: NewsSettings, group: GroupSettings, *, day: date, now: datetime
) -> Made:
    """The digest of ``group`` and ``day``: the stored one, or a new one with whatever the group was not told yet.

    Raises:
        FauxwatchError: other processes keep changing what it would tell.
    """
    digests = DigestStore(store.database)
    for _ in range(_TRIES):
        held = digests.get(group.name, day)
        if held is not None:
            return Made(digest=held, fresh=False)
        state, body, digest = _composed(store, settings, group, day=day, now=now)
        mails = _mails(digest, body, settings, group, left=digests.left(group.name))
        if digests.put(digest, _decided(state, body), mails):
            return Made(digest=digest, fresh=True, mails=len(mails))
    raise FauxwatchError(f"digest of {group.name} for {day}: others keep making digests; try again")


def preview_digest(
    store: Store,
    settings: NewsSettings,
    group: GroupSettings,
    *,
    day: date,
    now: datetime,
    urls: Collection[str] | None = None,
) -> Digest:
    """What :func:`make_digest` would make, or has made; stores nothing."""
    held = DigestStore(store.database).get(group.name, day)
    return held or _composed(store, settings, group, day=day, now=now, urls=urls)[2]


def body_of(digest: Digest) -> DigestBody:
    """The contents of a stored digest."""
    return from_plain(DigestBody, digest.payload["body"])


def _composed(
    store: Store,
    settings: NewsSettings,
    group: GroupSettings,
    *,
    day: date,
    now: datetime,
    urls: Collection[str] | None = None,
) -> tuple[DigestState, DigestBody, Digest]:
    lookback = timedelta(hours=settings.digest.lookback_hours)
    state = group_state(store, group.name, now, day=day, lookback=lookback, urls=urls)
    body = compose(state, day, brands=group.brands)
    return (
        state,
        body,
        as_digest(body, group=group.name, now=now, since=state.news.since if state.news else now),
    )


def as_digest(body: DigestBody, *, group: str, now: datetime, since: datetime) -> Digest:
    """``body`` rendered and ready to be stored."""
    rendered = render(body, group=group)
    payload: dict[str, Any] = {
        "since": since.isoformat(),
        "text": rendered.text,
        "html": rendered.html,
        "body": to_plain(body),
    }
    return Digest(
        id=rendered.id,
        group=group,
        day=body.day,
        created_at=now,
        subject=rendered.subject,
        item_ids=body.items,
        event_ids=body.events,
        payload=payload,
    )


def _decided(state: DigestState, body: DigestBody) -> Decided:
    """Everything relevant that was there: told, or left out by the group's filter. What nobody read stays open."""
    news, told = state.news, set(body.items)
    relevant = {number for number, read in state.analyses.items() if read.relevant}
    events = set(body.events)
    return Decided(
        told_items=body.items,
        passed_items=tuple(sorted(relevant - told)),
        told_events=body.events,
        passed_events=tuple(sorted((news.events if news else frozenset()) - events)),
    )


def _mails(
    digest: Digest, body: DigestBody, settings: NewsSettings, group: GroupSettings, *, left: frozenset[str]
) -> list[Draft]:
    if body.quiet and not _worth_sending(body, group.quiet):
        return []
    mails = []
    if settings.smtp is not None:
        mails = [
            _mail(digest, settings, recipient)
            for recipient in group.recipients
            if recipient.lower() not in left
        ]
    if group.webhook_env:
        name = f"{WEBHOOK}{group.name}"
        content = as_chat(body, subject=digest.subject)
        named = message_id(digest.id, name, "webhook")
        mails.append(Draft(recipient=name, sender="", message_id=named, content=content))
    return mails


def _worth_sending(body: DigestBody, rule: str) -> bool:
    return rule == "send" or (rule == "problems" and bool(body.warnings or body.failing))


def _mail(digest: Digest, settings: NewsSettings, recipient: str) -> Draft:
    smtp = settings.smtp
    if smtp is None:
        raise FauxwatchError("no [smtp] in the configuration")
    rendered = RenderedDigest(
        id=digest.id,
        group=digest.group,
        subject=digest.subject,
        text=digest.payload["text"],
        html=digest.payload["html"],
    )
    content = mail(
        rendered,
        recipient=recipient,
        sender=smtp.sender,
        made_at=digest.created_at,
        sender_name=smtp.sender_name,
        unsubscribe_url=settings.digest.unsubscribe_url,
        unsubscribe_mail=settings.digest.unsubscribe_mail,
    )
    named = message_id(digest.id, recipient, smtp.sender.rpartition("@")[2])
    return Draft(recipient=recipient, sender=smtp.sender, message_id=named, content=content)
