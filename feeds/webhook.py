"""A chat's incoming webhook as a carrier: one POST a digest, with an idempotency key, no redirects followed."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import httpx

from feeds.fetch import retry_after
from feeds.guard import AddressRefusedError, GuardedTransport
from feeds.outbox import Result
from feeds.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.records import OutboxMail

__all__ = ["Webhook"]

_TIMEOUT_S: Final = 30.0
_TEMPORARY: Final = frozenset({408, 425, 429})


class Webhook:
    """Posts to ``address``, which is a secret: no message holds it. ``private`` allows an address in the own network."""

    def __init__(self, address: str, *, private: bool = False) -> None:
        self._address = address
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(private=private, tls=ssl.create_default_context()),
            timeout=_TIMEOUT_S,
            trust_env=False,
            follow_redirects=False,
        )

    async def carry(self, mail: OutboxMail, hand_over: Callable[[], None]) -> Result:
        """One attempt: 2xx is accepted, other 4xx final, the rest may change."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": mail.message_id.strip("<>")}
        hand_over()
        try:
            answer = await self._client.post(self._address, content=mail.content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, AddressRefusedError) as error:
            return Result(state="deferred", text=f"not connected: {type(error).__name__}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Result(state="unknown", text=f"sent, but no answer came: {type(error).__name__}")
        return _judged(answer)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def _judged(answer: httpx.Response) -> Result:
    code, text = answer.status_code, one_line(f"HTTP {answer.status_code} {answer.reason_phrase}")
    if 200 <= code < 300:
        return Result(state="accepted", code=code, text=text)
    if 400 <= code < 500 and code not in _TEMPORARY:
        return Result(state="refused", code=code, text=text)
    wait = retry_after({name.lower(): value for name, value in answer.headers.items()}, datetime.now(UTC))
    return Result(state="deferred", code=code, text=text, retry_after_s=wait)
