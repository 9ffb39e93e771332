"""Decisions about answers and times: tables and laws, no network and no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import FetchFailure, FetchState, ParsedFeed, ParseFailure, Redirect, Response, Source
from feeds.schedule import Outcome, ScheduleConfig, Tick, decide, freshness, is_due, judge, request_for

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = Source(url="https://n.example/feed", name="N")
STATE = FetchState(url=SOURCE.url)
CONFIG = ScheduleConfig()


def answer(
    status: int = 200, *, redirects: tuple[Redirect, ...] = (), url: str = SOURCE.url, **headers: str
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=url, status=status, headers=named, body=b"", redirects=redirects)


def feed(*, complete: bool = True, ttl_s: int | None = None) -> ParsedFeed:
    return ParsedFeed(version="rss20", encoding="utf-8", complete=complete, ttl_s=ttl_s)


def after(state: FetchState, outcome: Outcome, chance: float = 0.5) -> FetchState:
    return decide(state, SOURCE, outcome, Tick(now=NOW, config=CONFIG, chance=chance)).state


def test_validators_are_stored_after_a_good_parse_only() -> None:
    given_ = answer(etag='"1"', last_modified="yesterday")
    good = after(STATE, Outcome(answer=given_, parsed=feed(), body_sha256="a"))
    assert (good.etag, good.last_modified, good.validator_url, good.body_sha256) == (
        '"1"',
        "yesterday",
        SOURCE.url,
        "a",
    )
    cut = after(good, Outcome(answer=answer(etag='"2"'), parsed=feed(complete=False), body_sha256="b"))
    assert (cut.etag, cut.body_sha256) == ("", "")
    broken = after(
        good, Outcome(answer=answer(etag='"3"'), parsed=ParseFailure(kind="html_page", detail="x"))
    )
    assert (broken.etag, broken.body_sha256, broken.status) == ('"1"', "a", "failing")
    unchanged = after(good, Outcome(answer=answer(304)))
    assert (unchanged.etag, unchanged.status) == ('"1"', "ok")


def test_validators_are_left_out_now_and_then() -> None:
    known = after(STATE, Outcome(answer=answer(etag='"1"'), parsed=feed()))
    assert request_for(known, SOURCE, NOW + timedelta(days=1), CONFIG).etag == '"1"'
    assert request_for(known, SOURCE, NOW + timedelta(days=8), CONFIG).etag == ""


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((301,), "b"),
        ((308,), "b"),
        ((302,), "a"),
        ((307,), "a"),
        ((301, 301), "c"),
        ((301, 302), "b"),
        ((302, 301), "a"),
    ],
)
def test_only_permanent_redirects_move_a_source(statuses: tuple[int, ...], expected: str) -> None:
    chain = [SOURCE.url, "https://n.example/b", "https://n.example/c"]
    hops = tuple(Redirect(url=chain[n], status=status) for n, status in enumerate(statuses))
    moved = after(STATE, Outcome(answer=answer(redirects=hops, url=chain[len(hops)]), parsed=feed()))
    assert moved.url == {"a": chain[0], "b": chain[1], "c": chain[2]}[expected]


def test_a_move_that_loses_tls_is_not_remembered() -> None:
    hops = (Redirect(url=SOURCE.url, status=301),)
    assert (
        after(STATE, Outcome(answer=answer(redirects=hops, url="http://n.example/b"), parsed=feed())).url
        == SOURCE.url
    )


def test_a_moved_source_goes_home_when_the_new_place_keeps_failing() -> None:
    state = FetchState(url="https://elsewhere.example/feed")
    for _ in range(3):
        state = after(state, Outcome(answer=answer(404)))
    assert state.url == SOURCE.url


def test_failures_back_off_and_are_remembered_since_the_first() -> None:
    state, waits = STATE, []
    for _ in range(8):
        state = after(state, Outcome(answer=FetchFailure(url="", kind="timeout", detail="x")))
        assert state.next_due is not None
        waits.append((state.next_due - NOW).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] == CONFIG.max_backoff_s
    assert (state.failures, state.failing_since, state.error_kind) == (8, NOW, "timeout")
    healed = after(state, Outcome(answer=answer(), parsed=feed()))
    assert (healed.failures, healed.failing_since, healed.error) == (0, None, "")


def test_gone_retires() -> None:
    gone = after(STATE, Outcome(answer=answer(410)))
    assert (gone.status, gone.retired_at) == ("retired", NOW)
    assert not is_due(gone, NOW + timedelta(days=99), "now")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=300"}, 300),
        ({"cache-control": "max-age=300", "age": "100"}, 200),
        ({"cache-control": "no-store, max-age=300"}, 0),
        ({"expires": "Tue, 24 Nov 2026 12:10:00 GMT"}, 600),
        ({"expires": "Tue, 24 Nov 2026 12:10:00 GMT", "date": "Tue, 24 Nov 2026 12:05:00 GMT"}, 300),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({}, 0),
    ],
)
def test_freshness_is_read(headers: dict[str, str], seconds: int) -> None:
    assert freshness(headers, NOW) == seconds


def test_a_source_is_asked_as_often_as_it_publishes() -> None:
    hourly = tuple(NOW - timedelta(hours=n) for n in range(20))
    weekly = tuple(NOW - timedelta(weeks=n) for n in range(20))
    often = after(STATE, Outcome(answer=answer(), parsed=feed(), published=hourly)).interval_s
    seldom = after(STATE, Outcome(answer=answer(), parsed=feed(), published=weekly)).interval_s
    assert CONFIG.min_interval_s <= often <= 3600 < seldom <= CONFIG.max_interval_s


@given(
    status=st.sampled_from([200, 204, 301, 304, 400, 404, 410, 429, 500, 503, 999]),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "expires", "cache-control", "age", "date", "etag"]),
        st.text(max_size=30),
    ),
    ttl=st.none() | st.integers(0, 10**9),
    chance=st.floats(0, 0.999),
    ages=st.lists(st.integers(-10, 10**6), max_size=30),
)
def test_whatever_a_server_says_the_next_poll_is_ahead_and_within_bounds(  # noqa: PLR0917
    status: int, headers: dict[str, str], ttl: int | None, chance: float, ages: list[int]
) -> None:
    given_ = Response(url=SOURCE.url, status=status, headers=headers, body=b"")
    parsed = feed(ttl_s=ttl) if judge(given_).action == "parse" else None
    dates = tuple(NOW - timedelta(minutes=age) for age in ages)
    state = after(STATE, Outcome(answer=given_, parsed=parsed, published=dates), chance)
    if state.status != "retired":
        assert state.next_due is not None
        assert NOW < state.next_due <= NOW + timedelta(days=8)
        assert state.not_before is None or state.not_before <= state.next_due
