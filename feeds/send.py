"""The outbox emptied: each mail to the server, its answer stored, and nothing sent that is known to have arrived.

>>> report = deliver(Outbox(store.database), settings)  # doctest: +SKIP
>>> report.accepted, [(one.recipient, one.state, one.text) for one in report.failed]  # doctest: +SKIP

A permanent answer (5xx) to one mail is final for this mail alone; a temporary one (4xx), a lost connection, a wrong
password, a certificate that does not hold is tried again later, after a wait that grows.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import aiosmtplib

from feeds.issue import WEBHOOK
from feeds.outbox import Outbox, Result
from feeds.plaintext import one_line
from feeds.settings import secret
from feeds.store import lease_owner
from feeds.webhook import Webhook
from nlp.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.records import OutboxMail
    from feeds.settings import NewsSettings, SmtpSettings

__all__ = ["Delivery", "DeliveryReport", "deliver", "deliver_async"]

_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How one mail fared this time."""

    recipient: str
    state: str
    text: str


@dataclass(slots=True, kw_only=True)
class DeliveryReport:
    """What one round of delivery did; ``failed`` holds every mail that was not accepted."""

    accepted: int = 0
    failed: list[Delivery] = field(default_factory=list)


class Carrier(Protocol):
    """What takes a mail away: an SMTP server or a webhook."""

    async def carry(self, mail: OutboxMail, hand_over: Callable[[], None]) -> Result:
        """One attempt; ``hand_over`` is called before the first byte of the message goes out."""

    async def close(self) -> None:
        """End the connection."""


class _TakenError(Exception):
    """Another process has taken the mail while this one was waiting."""


def deliver(outbox: Outbox, settings: NewsSettings, *, force: bool = False) -> DeliveryReport:
    """One attempt for every mail that is due (with ``force`` also for those that are to wait).

    Raises:
        UsageError: there are mails and no server, or a secret is not in the environment.
    """
    return asyncio.run(deliver_async(outbox, settings, force=force))


async def deliver_async(
    outbox: Outbox,
    settings: NewsSettings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    force: bool = False,
) -> DeliveryReport:
    """:func:`deliver` for a program that runs an event loop."""
    started, round_ = clock(), _Round(outbox, clock)
    report, carriers = DeliveryReport(), dict[str, Carrier]()
    try:
        while mail := outbox.claim(round_.owner, clock(), tried_before=started, force=force):
            result = await round_.attempt(mail, _carrier(carriers, mail, settings))
            if result is not None:
                _count(report, mail, result)
    finally:
        for carrier in carriers.values():
            await carrier.close()
    return report


class _Round:
    """One process's turn at the outbox."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self.owner = lease_owner()
        self._outbox = outbox
        self._clock = clock

    async def attempt(self, mail: OutboxMail, carrier: Carrier | UsageError) -> Result | None:
        """One attempt for one mail, stored; None when another process has taken it."""
        if isinstance(carrier, UsageError):
            result = Result(state="deferred", text=one_line(str(carrier)))
        else:
            try:
                result = await carrier.carry(mail, lambda: self._hand_over(mail))
            except _TakenError:
                return None
        self._outbox.settle(mail, self.owner, result, self._clock())
        return result

    def _hand_over(self, mail: OutboxMail) -> None:
        if not self._outbox.hand_over(mail, self.owner, self._clock()):
            raise _TakenError


def _carrier(carriers: dict[str, Carrier], mail: OutboxMail, settings: NewsSettings) -> Carrier | UsageError:
    """The carrier for a mail, opened once; what is wrong with the configuration holds up this mail only."""
    name = mail.recipient if mail.recipient.startswith(WEBHOOK) else "smtp"
    if name not in carriers:
        try:
            carriers[name] = _opened(name, settings)
        except UsageError as error:
            return error
    return carriers[name]


def _opened(name: str, settings: NewsSettings) -> Carrier:
    if name != "smtp":
        group = settings.group(name.removeprefix(WEBHOOK))
        address = secret(group.webhook_env, f"the webhook of group {group.name}")
        return Webhook(address, private=group.webhook_private)
    if settings.smtp is None:
        raise UsageError("no [smtp] in the configuration: there is no server to send through")
    return _Smtp(settings.smtp)


def _count(report: DeliveryReport, mail: OutboxMail, result: Result) -> None:
    if result.state == "accepted":
        report.accepted += 1
    else:
        report.failed.append(Delivery(recipient=mail.recipient, state=result.state, text=result.text))


# --- SMTP ----------------------------------------------------------------------------------------


class _Smtp:
    """A connection to the server, opened for the first mail and again after it was lost.

    When it cannot be opened, the reason holds for the other mails of this round as well.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._password = (
            secret(settings.password_env, "the mail server's password") if settings.user else None
        )
        self._tls = _context(settings)
        self._client: aiosmtplib.SMTP | None = None
        self._broken: Result | None = None

    async def carry(self, mail: OutboxMail, hand_over: Callable[[], None]) -> Result:
        """One attempt: envelope, then (after ``hand_over``) the message."""
        if self._broken is not None:
            return self._broken
        try:
            client = await self._connected()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
            self._broken = Result(state="deferred", code=_code(error), text=f"not connected: {_said(error)}")
            return self._broken
        envelope = await self._envelope(client, mail)
        if envelope is not None:
            return envelope
        hand_over()
        return await self._message(client, mail)

    async def close(self) -> None:
        """Say goodbye; an answer is not waited for when there is none."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=5)
            client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.real_port,
            username=settings.user or None,
            password=self._password,
            local_hostname=socket.gethostname(),
            timeout=settings.timeout_s,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls,
        )
        await client.connect()
        self._client = client
        return client

    async def _envelope(self, client: aiosmtplib.SMTP, mail: OutboxMail) -> Result | None:
        """Sender and recipient; a result when the server refuses one of them."""
        try:
            await client.mail(
                mail.sender, options=[f"SIZE={len(mail.content)}"] * client.supports_extension("size")
            )
            await client.rcpt(mail.recipient)
        except aiosmtplib.SMTPResponseException as error:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.rset()
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._drop()
            return Result(state="deferred", text=f"before the message was sent: {_said(error)}")
        return None

    async def _message(self, client: aiosmtplib.SMTP, mail: OutboxMail) -> Result:
        try:
            answer = await client.data(mail.content)
        except aiosmtplib.SMTPDataError as error:
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._drop()
            return Result(state="unknown", text=f"sent, but no answer came: {_said(error)}")
        return Result(state="accepted", code=answer.code, text=one_line(answer.message))

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
            await asyncio.sleep(0)  # the transport closes in the next turn of the loop


def _context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Certificates and host names are verified, always."""
    if settings.tls == "none":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("smtp.ca_file", [f"{settings.ca_file}: {error}"]) from error


def _answered(error: aiosmtplib.SMTPResponseException) -> Result:
    """The server's word about one mail: 5xx is final, all else may change."""
    state: Final = "refused" if error.code >= _PERMANENT else "deferred"
    return Result(state=state, code=error.code, text=_said(error))


def _code(error: BaseException) -> int | None:
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None


def _said(error: BaseException) -> str:
    message = getattr(error, "message", "") or str(error) or type(error).__name__
    return one_line(f"{_code(error) or ''} {message}")[:500]
