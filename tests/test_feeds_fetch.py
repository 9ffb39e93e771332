"""The fetcher against a real server: where it may go, how much it reads, how politely it asks."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import time
import zlib
from datetime import UTC, datetime

import pytest
from feeds_fixtures import server
from feeds_server import Answer, Asked, Server
from hypothesis import given
from hypothesis import strategies as st

from feeds.bodies import BodyError, unpack
from feeds.fetch import FetchConfig, Fetcher, Request, retry_after
from feeds.guard import refusal
from feeds.records import FetchFailure, Response
from feeds.robots import rules_from

__all__ = ["server"]

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CONFIG = FetchConfig(contact="test@example.org", total_s=1.5, connect_s=1, max_body=50_000, max_wire=20_000)


def get(url: str, config: FetchConfig = CONFIG, **more: object) -> Response | FetchFailure:
    async def one() -> Response | FetchFailure:
        async with Fetcher(config) as fetcher:
            return await fetcher.get(Request(url=url, **{"private": True, "robots": False, **more}))

    return asyncio.run(one())


def kind(answer: Response | FetchFailure) -> str:
    return answer.kind if isinstance(answer, FetchFailure) else str(answer.status)


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", None, None),
        ("2606:2800:220:1::1", None, None),
        ("127.0.0.1", "loopback", None),
        ("::1", "loopback", None),
        ("::ffff:127.0.0.1", "loopback", None),
        ("10.1.2.3", "private", None),
        ("192.168.0.1", "private", None),
        ("100.64.0.1", "private", None),
        ("fd00::1", "private", None),
        ("169.254.169.254", "link-local", "link-local"),
        ("fe80::1%eth0", "link-local", "link-local"),
        ("::ffff:169.254.169.254", "link-local", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local", "link-local"),
        ("2002:7f00:0001::", "loopback", None),
        ("224.0.0.1", "multicast", "multicast"),
        ("0.0.0.0", "unspecified", "unspecified"),  # noqa: S104
        ("::", "unspecified", "unspecified"),
        ("255.255.255.255", "reserved", "reserved"),
    ],
)
def test_addresses_are_judged(address: str, public: str | None, private: str | None) -> None:
    assert (refusal(address, private=False), refusal(address, private=True)) == (public, private)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.0.0.1", "127.1", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_refused_however_it_is_written(host: str, server: Server) -> None:
    port = server.url.rsplit(":", 1)[1]
    assert kind(get(f"http://{host}:{port}/", private=False)) in {"address_refused", "connect"}
    assert server.asked == []


def test_a_public_source_cannot_be_redirected_to_loopback(server: Server) -> None:
    """The first hop is public by its (pretended) address; only the second one is judged private."""
    port = int(server.url.rsplit(":", 1)[1])
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def one() -> Response | FetchFailure:
        async with Fetcher(CONFIG, resolver=resolver) as fetcher:
            await fetcher.get(Request(url=f"http://own.example:{port}/", private=True, robots=False))
            return await fetcher.get(Request(url=f"http://own.example:{port}/", private=False, robots=False))

    server.routes["/"] = Answer(200, {}, b"hello")
    assert kind(asyncio.run(one())) == "address_refused"
    assert len(server.asked) == 1  # the open connection of the private source was not used again
    assert asked == ["own.example", "own.example"]


@pytest.mark.parametrize(
    "url", ["ftp://x/", "file:///etc/passwd", "http://", "http://[::1", "//x", "javascript:1", ""]
)
def test_an_address_that_is_none_is_a_named_failure(url: str) -> None:
    assert kind(get(url)) == "bad_url"


def test_redirects_are_followed_counted_and_remembered(server: Server) -> None:
    server.routes |= {
        "/1": Answer(301, {"location": "2"}),
        "/2": Answer(302, {"location": "/3"}),
        "/3": Answer(200, {}, b"end"),
    }
    answer = get(f"{server.url}/1")
    assert isinstance(answer, Response)
    assert ([hop.status for hop in answer.redirects], answer.url, answer.body) == (
        [301, 302],
        f"{server.url}/3",
        b"end",
    )
    server.routes["/loop"] = Answer(302, {"location": "/loop"})
    assert kind(get(f"{server.url}/loop")) == "too_many_redirects"


def test_validators_go_to_the_address_they_came_from_only(server: Server) -> None:
    server.routes |= {"/old": Answer(302, {"location": "/new"}), "/new": Answer(304)}
    get(f"{server.url}/old", etag='"x"', validator_url=f"{server.url}/new")
    assert ["if-none-match" in one.headers for one in server.asked] == [False, True]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("gzip", b"hello"),
        ("", gzip.compress(b"hello")),
        ("gzip", gzip.compress(gzip.compress(b"hello"))),
        ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo")),
    ],
)
def test_compressed_bodies_are_read(coding: str, body: bytes, server: Server) -> None:
    server.routes["/"] = Answer(200, {"content-encoding": coding} if coding else {}, body)
    answer = get(f"{server.url}/")
    assert isinstance(answer, Response)
    assert answer.body == b"hello"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, {"content-encoding": "gzip"}, gzip.compress(b"x" * 60_000)), "bomb"),
        (Answer(200, {"content-encoding": "gzip"}, gzip.compress(gzip.compress(b"x" * 60_000))), "bomb"),
        (Answer(200, {"content-encoding": "gzip"}, gzip.compress(bytes(range(256)) * 9)[:-20]), "truncated"),
        (Answer(200, {"content-encoding": "br"}, b"???"), "coding"),
        (Answer(200, {}, b"x" * 30_000), "too_large"),
        (Answer(200, {}, b"x", cut=10), "truncated"),
        (Answer(200, {}, b"x", hang_s=5), "timeout"),
    ],
)
def test_what_goes_over_a_limit_is_a_named_failure(answer: Answer, expected: str, server: Server) -> None:
    server.routes["/"] = answer
    started = time.monotonic()
    assert kind(get(f"{server.url}/")) == expected
    assert time.monotonic() - started < 4


@given(st.binary(max_size=300), st.sampled_from([15, -15, 47]))
def test_unpacking_ends_in_bytes_or_a_named_error(data: bytes, window: int) -> None:
    try:
        assert len(unpack(data, window, 1000)) <= 1000
    except BodyError as error:
        assert error.kind in {"coding", "truncated", "bomb"}  # noqa: PT017


def test_requests_to_one_host_are_spaced(server: Server) -> None:
    times: list[float] = []

    def answer(asked: Asked) -> Answer:
        times.append(time.monotonic())
        return Answer(200, {}, b"x")

    server.routes |= {f"/{n}": answer for n in range(4)}
    config = FetchConfig(contact="c", private_spacing_s=0.15, private_per_host=4)

    async def all_four() -> None:
        async with Fetcher(config) as fetcher:
            await asyncio.gather(
                *(fetcher.get(Request(url=f"{server.url}/{n}", private=True)) for n in range(4))
            )

    asyncio.run(all_four())
    assert all(after - before > 0.12 for before, after in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("robots", "path", "expected"),
    [
        (Answer(404), "/x", "200"),
        (Answer(200, {}, b"User-agent: *\nDisallow: /x"), "/x", "robots"),
        (Answer(200, {}, b"User-agent: *\nDisallow: /\n\nUser-agent: fauxwatch\nAllow: /"), "/x", "200"),
        (Answer(200, {}, b"\xff\xfe garbage \x00"), "/x", "200"),
        (Answer(503), "/x", "robots_unknown"),
        (Answer(302, {"location": "/robots-there"}), "/x", "robots"),
        (Answer(302, {"location": "/robots.txt"}), "/x", "200"),
    ],
)
def test_robots_are_read_as_the_standard_says(
    robots: Answer, path: str, expected: str, server: Server
) -> None:
    server.routes |= {
        "/robots.txt": robots,
        "/x": Answer(200, {}, b"x"),
        "/robots-there": Answer(200, {}, b"User-agent: *\nDisallow: /x"),
    }
    assert kind(get(server.url + path, robots=True)) == expected


def test_rules_stand_while_the_server_is_down() -> None:
    old = rules_from("http://x", 200, b"User-agent: *\nDisallow: /a", NOW)
    kept = rules_from("http://x", 503, b"", NOW, old=old)
    assert (kept.allows("http://x/a", "fauxwatch"), kept.allows("http://x/b", "fauxwatch")) == (False, True)
    assert rules_from("http://x", 200, b"User-agent: *\nCrawl-delay: 7", NOW).crawl_delay("fauxwatch") == 7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Tue, 24 Nov 2026 01:00:00 GMT", 3600),
        ("Mon, 23 Nov 2026 01:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("9" * 30, 604800),
    ],
)
def test_retry_after_is_read(value: str, seconds: int | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds
