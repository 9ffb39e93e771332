"""Mails between their making and the server's final answer, one row for each digest and recipient.

::

    queued ──► sending ──► unknown ──► accepted        final: never sent again
      ▲           │           ├──────► refused         the server's permanent no, or given up
      └─ deferred ◄───────────┘        (unknown again: handed over, and no answer came)

``sending`` says that the server cannot have the mail yet; ``unknown`` that it was handed over and nobody knows. A
process that dies leaves one of these behind; the next one sends the same bytes under the same Message-ID again, so
that a receiver can tell. Every step is stored before it is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import sqlalchemy as sa

from feeds import tables
from feeds.records import OutboxMail
from feeds.store import lease_is_free

if TYPE_CHECKING:
    from datetime import date

    from feeds.database import Database

__all__ = ["Outbox", "Result", "Unsent", "backoff"]

_OPEN: Final = ("queued", "sending", "unknown", "deferred")
_LEASE_S: Final = 900
_FIRST_WAIT_S: Final = 60
_LONGEST_WAIT_S: Final = 4 * 3600
_GIVE_UP_AFTER: Final = timedelta(days=5)
_ENOUGH: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an attempt ended: ``accepted``, ``deferred`` (try again), ``refused`` (never) or ``unknown`` (no answer)."""

    state: Literal["accepted", "deferred", "refused", "unknown"]
    code: int | None = None
    text: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A mail that was not accepted, with the group and day of its digest."""

    group: str
    day: date
    mail: OutboxMail


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, two, four … four hours."""
    return timedelta(seconds=min(_FIRST_WAIT_S * 2 ** min(max(attempts - 1, 0), 12), _LONGEST_WAIT_S))


class Outbox:
    """The mails of the news database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, owner: str, now: datetime, *, tried_before: datetime | None = None, force: bool = False
    ) -> OutboxMail | None:
        """The next mail that is due and that no living process is sending, now being sent by ``owner``.

        ``tried_before`` leaves out mails tried then or later; ``force`` takes those as well that are to wait.
        """
        table = tables.outbox
        query = sa.select(table).where(table.c.state.in_(_OPEN)).order_by(table.c.id)
        if not force:
            query = query.where(table.c.next_attempt.is_(None) | (table.c.next_attempt <= now))
        if tried_before is not None:
            query = query.where(table.c.last_attempt.is_(None) | (table.c.last_attempt < tried_before))
        if not self._database.is_sqlite:
            query = query.with_for_update(skip_locked=True)
        with self._database.write() as connection:
            rows = connection.execute(query).mappings()
            row = next((one for one in rows if lease_is_free(one, now)), None)
            if row is None:
                return None
            values = {
                "state": "sending",
                "attempts": row["attempts"] + 1,
                "last_attempt": now,
                "lease_owner": owner,
                "lease_until": now + timedelta(seconds=_LEASE_S),
            }
            connection.execute(sa.update(table).where(table.c.id == row["id"]).values(values))
        return _mail({**row, **values})

    def hand_over(self, mail: OutboxMail, owner: str, now: datetime) -> bool:
        """Note that the mail is about to reach the server; False when somebody else has taken it meanwhile."""
        return self._change(mail, owner, state="unknown", lease_until=now + timedelta(seconds=_LEASE_S))

    def settle(self, mail: OutboxMail, owner: str, result: Result, now: datetime) -> bool:
        """Store how an attempt ended and when to try again; what never gets through is given up after five days."""
        wait = backoff(mail.attempts)
        if result.retry_after_s is not None:
            wait = max(wait, timedelta(seconds=result.retry_after_s))
        final = result.state in {"accepted", "refused"}
        state, text = result.state, result.text
        if not final and mail.attempts >= _ENOUGH and now - mail.created_at > _GIVE_UP_AFTER:
            state, text, final = "refused", f"given up after {mail.attempts} attempts: {text}", True
        return self._change(
            mail,
            owner,
            state=state,
            next_attempt=None if final else now + wait,
            accepted_at=now if state == "accepted" else None,
            smtp_code=result.code,
            smtp_text=text[:1000],
            lease_owner="",
            lease_until=None,
        )

    def mails(self, digest_id: str) -> tuple[OutboxMail, ...]:
        """The mails of a digest, in the order of its recipients."""
        table = tables.outbox
        query = sa.select(table).where(table.c.digest_id == digest_id).order_by(table.c.id)
        with self._database.read() as connection:
            return tuple(map(_mail, connection.execute(query).mappings()))

    def unsent(self, group: str | None = None, *, since: datetime | None = None) -> tuple[Unsent, ...]:
        """Every mail that the server has not accepted, oldest first; ``since`` bounds those that never will be."""
        table, digests = tables.outbox, tables.digests
        query = (
            sa.select(table, digests.c.recipients_group, digests.c.day)
            .join(digests, digests.c.id == table.c.digest_id)
            .where(table.c.state != "accepted")
            .order_by(table.c.id)
        )
        if group is not None:
            query = query.where(digests.c.recipients_group == group)
        if since is not None:
            query = query.where(table.c.state.in_(_OPEN) | (table.c.last_attempt >= since))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Unsent(group=row["recipients_group"], day=row["day"], mail=_mail(row)) for row in rows)

    def next_attempt(self) -> datetime | None:
        """When the next mail is due; None when none waits."""
        table = tables.outbox
        when = sa.func.coalesce(table.c.next_attempt, table.c.created_at)
        query = sa.select(sa.type_coerce(sa.func.min(when), tables.UtcTime)).where(table.c.state.in_(_OPEN))
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def requeue(self) -> int:
        """Give mails that were refused another try (after the reason is gone); how many there are."""
        table = tables.outbox
        values = {"state": "queued", "next_attempt": None}
        with self._database.write() as connection:
            return connection.execute(
                sa.update(table).where(table.c.state == "refused").values(values)
            ).rowcount

    def _change(self, mail: OutboxMail, owner: str, **values: Any) -> bool:
        table = tables.outbox
        mine = sa.update(table).where(table.c.id == mail.id, table.c.lease_owner == owner)
        with self._database.write() as connection:
            return connection.execute(mine.values(values)).rowcount == 1


def _mail(row: Any) -> OutboxMail:
    return OutboxMail(
        id=row["id"],
        digest_id=row["digest_id"],
        recipient=row["recipient"],
        sender=row["sender"],
        message_id=row["message_id"],
        content=bytes(row["content"]),
        state=row["state"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        next_attempt=row["next_attempt"],
        last_attempt=row["last_attempt"],
        accepted_at=row["accepted_at"],
        smtp_code=row["smtp_code"],
        smtp_text=row["smtp_text"],
    )
