"""Connections that only go where they may: addresses are judged after resolution and pinned.

The name is resolved once, each address is judged, and the connection is made to the address that was judged;
a DNS answer that changes afterwards changes nothing. Since the guard sits under the connection pool, every
redirect passes it as well.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

if TYPE_CHECKING:
    import ssl

__all__ = ["AddressRefusedError", "GuardedTransport", "Resolver", "refusal", "resolve"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[list[str]]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefusedError(httpcore.ConnectError):
    """The host resolves to an address that this source may not reach."""


def refusal(address: str, *, private: bool) -> str | None:
    """Why ``address`` may not be connected to, or None when it may.

    ``private`` allows loopback and private networks; link-local addresses (cloud metadata lives there),
    multicast and reserved ones are refused to everybody.
    """
    inner = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    if inner.is_link_local:
        return "link-local"
    if inner.is_multicast:
        return "multicast"
    if inner.is_unspecified:
        return "unspecified"
    if inner.is_loopback:
        return None if private else "loopback"
    if inner.is_reserved:
        return "reserved"
    if inner.is_global or private:
        return None
    return "private"


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries (mapped, 6to4, Teredo, NAT64), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    return address.teredo[1] if address.teredo else address


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host`` as the system's resolver gives them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to judged addresses only."""

    def __init__(self, *, private: bool, resolver: Resolver) -> None:
        self._private = private
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(  # noqa: PLR0917 - the signature is httpcore's
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolver(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}: no answer from the resolver") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: name not resolved ({error})") from error
        problem: Exception = httpcore.ConnectError(f"{host}: no address")
        for address in self._allowed(host, addresses):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def _allowed(self, host: str, addresses: list[str]) -> list[str]:
        reasons = {address: refusal(address, private=self._private) for address in addresses}
        allowed = [address for address, reason in reasons.items() if reason is None]
        if addresses and not allowed:
            said = ", ".join(f"{address} ({reason})" for address, reason in reasons.items())
            raise AddressRefusedError(
                f"{host} resolves to {said}; set private = true at the source if it is yours"
            )
        return allowed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with_errors = _translated()
        async with with_errors:
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport with HTTP/2 whose connections pass the guard."""

    def __init__(
        self,
        *,
        private: bool,
        tls: ssl.SSLContext,
        connections: int = 100,
        resolver: Resolver = resolve,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections // 2,
            keepalive_expiry=10.0,
            http1=True,
            http2=True,
            network_backend=_GuardedBackend(private=private, resolver=resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request over the guarded pool; httpcore's errors arrive as httpx's."""
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        async with _translated():
            answer = await self._pool.handle_async_request(inner)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer.stream),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except AddressRefusedError:
        raise
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error) or "no answer in time") from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(str(error)) from error
    except httpcore.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except (httpcore.ProtocolError, httpcore.NetworkError, httpcore.UnsupportedProtocol) as error:
        raise httpx.NetworkError(f"{type(error).__name__}: {error}") from error
