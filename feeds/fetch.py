"""Fetch one address politely and safely: a complete :class:`Response` or a named :class:`FetchFailure`.

>>> async with Fetcher(FetchConfig(contact="ops@example.org")) as fetcher:  # doctest: +SKIP
...     answer = await fetcher.get("https://example.org/feed.xml")

Nothing here decides what an answer means (see :mod:`feeds.schedule`) or keeps anything (see
:mod:`feeds.store`). HTTP/2, limits on size, time, redirects and decompression, per-host spacing, robots.txt
and the address guard apply to every hop.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Protocol, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from feeds.bodies import BodyError, read_body
from feeds.gates import HostGates
from feeds.guard import AddressRefusedError, GuardedTransport, Resolver, resolve
from feeds.records import FetchFailure, Redirect, Response
from feeds.robots import RobotsRules, rules_from

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAILURE_KINDS", "FetchConfig", "Fetcher", "Request", "RobotsMemory", "retry_after"]

FAILURE_KINDS: Final = (
    "address_refused",
    "bad_redirect",
    "bad_url",
    "bomb",
    "coding",
    "connect",
    "http",
    "protocol",
    "robots",
    "robots_unknown",
    "timeout",
    "tls",
    "too_large",
    "too_many_redirects",
    "truncated",
)
"""``http`` is an answer whose status is an error; it is named by :mod:`feeds.schedule`."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.5, */*;q=0.1"
)
_MAX_RETRY_AFTER_S: Final = 7 * 86400


def _own_contact() -> str:
    return os.environ.get("FAUXWATCH_CONTACT") or f"postmaster@{socket.gethostname()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchConfig:
    """How to fetch; times in seconds, sizes in bytes. ``contact`` is what a site's owner finds in his log."""

    contact: str = field(default_factory=_own_contact)
    agent: str = "fauxwatch"
    version: str = "0.1"
    connect_s: float = 10.0
    total_s: float = 30.0
    max_wire: int = 10_000_000
    max_body: int = 20_000_000
    max_redirects: int = 5
    concurrency: int = 64
    per_host: int = 2
    spacing_s: float = 1.0
    private_per_host: int = 32
    private_spacing_s: float = 0.0
    ca_file: str | None = None

    @property
    def user_agent(self) -> str:
        """The User-Agent header, with the contact."""
        return f"{self.agent}/{self.version} (+{self.contact})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for. Validators go out only to ``validator_url``, the address they came from."""

    url: str
    private: bool = False
    robots: bool = True
    etag: str = ""
    last_modified: str = ""
    validator_url: str = ""
    accept: str = _ACCEPT


class RobotsMemory(Protocol):
    """Where rules are kept between runs."""

    def get(self, origin: str) -> RobotsRules | None:
        """The rules that were put, or None."""

    def put(self, rules: RobotsRules) -> None:
        """Keep ``rules``."""


class _RunMemory:
    def __init__(self) -> None:
        self._rules: dict[str, RobotsRules] = {}

    def get(self, origin: str) -> RobotsRules | None:
        return self._rules.get(origin)

    def put(self, rules: RobotsRules) -> None:
        self._rules[rules.origin] = rules


class Fetcher:
    """An asynchronous context manager that fetches; one for a whole run."""

    def __init__(
        self,
        config: FetchConfig | None = None,
        *,
        robots: RobotsMemory | None = None,
        resolver: Resolver = resolve,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.config = config or FetchConfig()
        self._robots = robots or _RunMemory()
        self._clock = clock
        self._gates = HostGates()
        self._robots_turns: dict[tuple[str, bool], asyncio.Lock] = {}
        tls = ssl.create_default_context(cafile=self.config.ca_file) if self.config.ca_file else None
        tls = tls or httpx.create_ssl_context(trust_env=False)
        # Two pools: an open connection of a private source must not serve a public one.
        self._clients = {private: self._client(private, tls, resolver) for private in (False, True)}

    def _client(self, private: bool, tls: ssl.SSLContext, resolver: Resolver) -> httpx.AsyncClient:
        connections = max(100, self.config.concurrency)
        return httpx.AsyncClient(
            transport=GuardedTransport(private=private, tls=tls, connections=connections, resolver=resolver),
            timeout=httpx.Timeout(self.config.total_s, connect=self.config.connect_s),
            headers={"User-Agent": self.config.user_agent, "Accept-Encoding": "gzip, deflate"},
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def get(self, request: Request) -> Response | FetchFailure:
        """The final answer after redirects, of any status; never raises for what the network does."""
        hops: list[Redirect] = []
        url = request.url
        started = asyncio.get_running_loop().time()
        while True:
            answer = await self._hop(request, url, hops)
            if isinstance(answer, FetchFailure):
                return answer
            target = _target(answer)
            if answer.status not in _REDIRECTS or target is None:
                elapsed = asyncio.get_running_loop().time() - started
                return _with_history(answer, hops, elapsed)
            hops.append(Redirect(url=url, status=answer.status))
            if len(hops) > self.config.max_redirects:
                return _failure(request.url, "too_many_redirects", f"more than {len(hops) - 1}", hops)
            url = target

    async def _hop(self, request: Request, url: str, hops: list[Redirect]) -> Response | FetchFailure:
        problem = _url_problem(url)
        if problem:
            return _failure(url, "bad_redirect" if hops else "bad_url", problem, hops)
        delay = 0.0
        if request.robots:
            rules = await self._rules(url, private=request.private)
            if isinstance(rules, FetchFailure):
                return _failure(url, rules.kind, rules.detail, hops)
            if not rules.allows(url, self.config.agent):
                kind = "robots_unknown" if rules.mode == "unknown" else "robots"
                return _failure(url, kind, f"robots.txt of {rules.origin} does not allow it", hops)
            delay = rules.crawl_delay(self.config.agent)
        return await self._spaced(request, url, hops, delay)

    async def _spaced(
        self, request: Request, url: str, hops: list[Redirect], delay: float
    ) -> Response | FetchFailure:
        config = self.config
        limit = config.private_per_host if request.private else config.per_host
        spacing = max(delay, config.private_spacing_s if request.private else config.spacing_s)
        async with self._gates.pass_through(urlsplit(url).netloc.lower(), limit=limit, spacing_s=spacing):
            try:
                async with asyncio.timeout(config.total_s):
                    return await self._exchange(request, url)
            except (httpx.HTTPError, BodyError, AddressRefusedError, TimeoutError, httpx.InvalidURL) as error:
                return _failure(url, *_named(error), hops)

    async def _exchange(self, request: Request, url: str) -> Response:
        client = self._clients[request.private]
        async with client.stream("GET", url, headers=_headers(request, url)) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            body = b""
            if answer.status_code not in _REDIRECTS and answer.status_code != 304:
                body = await read_body(
                    answer.aiter_raw(),
                    headers.get("content-encoding", ""),
                    max_wire=self.config.max_wire,
                    max_body=self.config.max_body,
                )
            return Response(
                url=url,
                status=answer.status_code,
                headers=headers,
                body=body,
                http_version=answer.http_version,
            )

    async def _rules(self, url: str, *, private: bool) -> RobotsRules | FetchFailure:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        async with self._robots_turns.setdefault((origin, private), asyncio.Lock()):
            old = self._robots.get(origin)
            if old is not None and old.expires > self._clock():
                return old
            request = Request(url=f"{origin}/robots.txt", private=private, robots=False, accept="text/plain")
            answer = await self.get(request)
            if isinstance(answer, FetchFailure):
                if answer.kind not in {"bad_redirect", "too_many_redirects", "too_large"}:
                    return answer  # the site itself does not answer: say that, not "robots"
                rules = rules_from(origin, 404, b"", self._clock(), old=old)
            else:
                rules = rules_from(origin, answer.status, answer.body, self._clock(), old=old)
            self._robots.put(rules)
            return rules


def retry_after(headers: dict[str, str], now: datetime) -> int | None:
    """Seconds of a Retry-After header (a number or a date), at most a week; None when there is none."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return min(int(value[:9]), _MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return max(0, min(int(seconds.total_seconds()), _MAX_RETRY_AFTER_S))


def _headers(request: Request, url: str) -> dict[str, str]:
    headers = {"Accept": request.accept}
    if request.validator_url and request.validator_url == url:
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
    return headers


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"not an address: {error}"
    if parts.scheme not in {"http", "https"}:
        return f"scheme {parts.scheme!r} is not fetched"
    return None if host else "no host in it"


def _target(answer: Response) -> str | None:
    """Where a redirect points, without fragment and credentials; None when it does not say."""
    location = answer.headers.get("location", "").strip()
    if not location:
        return None
    try:
        parts = urlsplit(urljoin(answer.url, location))
    except ValueError:
        return location  # judged, and refused with a name, at the next hop
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", parts.query, ""))


def _with_history(answer: Response, hops: list[Redirect], elapsed: float) -> Response:
    return Response(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        redirects=tuple(hops),
        elapsed_s=elapsed,
        http_version=answer.http_version,
    )


def _failure(url: str, kind: str, detail: str, hops: list[Redirect]) -> FetchFailure:
    return FetchFailure(url=url, kind=kind, detail=detail, redirects=tuple(hops))


def _named(error: Exception) -> tuple[str, str]:
    """The failure kind and the words for what the network did."""
    if isinstance(error, BodyError):
        return error.kind, str(error)
    if isinstance(error, AddressRefusedError):
        return "address_refused", str(error)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout", str(error) or "no complete answer in time"
    if isinstance(error, httpx.ConnectError):
        tls = isinstance(error.__cause__ and error.__cause__.__cause__, ssl.SSLError) or "SSL" in str(error)
        return ("tls" if tls else "connect"), str(error)
    if isinstance(error, httpx.InvalidURL):
        return "bad_url", str(error)
    if "incomplete" in str(error) or "without sending complete" in str(error):
        return "truncated", str(error)
    return "protocol", f"{type(error).__name__}: {error}"
