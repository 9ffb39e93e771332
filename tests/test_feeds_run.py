"""The monitor that keeps running, under a clock of the tests: hours, time zones, clock changes, restarts, failures."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from feeds_fixtures import server
from feeds_news import settings_for
from feeds_server import Answer, Server, item, rss
from feeds_smtp import PASSWORD, Post, make_certificate, post_office

from feeds.console import read_lines
from feeds.digeststore import DigestStore
from feeds.fetch import FetchConfig
from feeds.monitor import PollConfig
from feeds.records import Source
from feeds.run import RunConfig, due_day, hour_of, next_hour, run_async
from feeds.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from feeds.settings import NewsSettings

__all__ = ["server"]

BERLIN, NEW_YORK, HANOI = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Ho_Chi_Minh"),
)
UTC_ZONE = ZoneInfo("UTC")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


# --- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "at", "zone", "instant"),
    [
        (date(2026, 11, 3), time(7), BERLIN, utc(2026, 11, 3, 6)),
        (date(2026, 7, 3), time(7), BERLIN, utc(2026, 7, 3, 5)),
        (date(2026, 11, 3), time(7), HANOI, utc(2026, 11, 3, 0)),
        (date(2026, 3, 29), time(2, 30), BERLIN, utc(2026, 3, 29, 1, 30)),  # skipped: an hour later, 3:30
        (date(2026, 10, 25), time(2, 30), BERLIN, utc(2026, 10, 25, 0, 30)),  # shown twice: the first
        (date(2026, 11, 1), time(1, 30), NEW_YORK, utc(2026, 11, 1, 5, 30)),
        (date(2026, 3, 8), time(2, 0), NEW_YORK, utc(2026, 3, 8, 7)),
        (date(2026, 11, 3), time(0, 0), ZoneInfo("Pacific/Kiritimati"), utc(2026, 11, 2, 10)),
        (date(2026, 11, 3), time(23, 59), ZoneInfo("Asia/Kathmandu"), utc(2026, 11, 3, 18, 14)),
    ],
)
def test_a_local_hour_is_one_instant(day: date, at: time, zone: ZoneInfo, instant: datetime) -> None:
    assert hour_of(day, at, zone) == instant


@pytest.mark.parametrize(
    "zone", [BERLIN, NEW_YORK, HANOI, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")]
)
@pytest.mark.parametrize("at", [time(0), time(2, 30), time(7), time(23, 59)])
def test_through_a_whole_year_each_day_is_due_exactly_once(zone: ZoneInfo, at: time) -> None:
    now, last, made = utc(2026, 1, 1), None, []
    while now < utc(2027, 1, 1):
        day = due_day(now, at, zone, last=last)
        if day is not None:
            made.append(day)
            last = day
            assert due_day(now, at, zone, last=last) is None
        assert next_hour(now, at, zone) > now
        now += timedelta(minutes=30)
    assert made == [made[0] + timedelta(days=n) for n in range(len(made))]
    assert len(made) in {365, 366}


def test_a_day_that_was_slept_through_is_made_up_for() -> None:
    assert due_day(utc(2026, 11, 3, 5, 59), time(7), BERLIN, last=date(2026, 11, 2)) is None
    assert due_day(utc(2026, 11, 3, 6, 0), time(7), BERLIN, last=date(2026, 11, 2)) == date(2026, 11, 3)
    assert due_day(utc(2026, 11, 4, 4, 0), time(7), BERLIN, last=date(2026, 11, 2)) == date(2026, 11, 3)
    assert due_day(utc(2026, 11, 4, 4, 0), time(7), BERLIN, last=None) is None
    assert due_day(utc(2026, 11, 3, 22, 0), time(7), BERLIN, last=date(2026, 10, 30)) == date(2026, 11, 3)
    assert (
        due_day(utc(2026, 11, 3, 23, 30), time(7), BERLIN, last=date(2026, 11, 3)) is None
    )  # the 4th there, before 7


# --- running -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def post(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", PASSWORD)
    with post_office(certificate) as office:
        yield office


class Clock:
    """Time as the test wants it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def running(
    store: Store,
    server: Server,
    settings: NewsSettings,
    *,
    begin: datetime,
    until: datetime,
    step: timedelta = timedelta(minutes=30),
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[datetime], None] = lambda _now: None,
) -> tuple[int, list[str]]:
    """The monitor from ``begin`` to ``until``; its sleeps move the clock by ``step`` and take no time."""
    clock, lines = Clock(begin), list[str]()
    stop = asyncio.Event()

    async def sleep(_stop: asyncio.Event, _seconds: float) -> None:
        clock.now += step
        before(clock.now)
        if clock.now >= until:
            stop.set()

    monkeypatch.setattr("feeds.run._sleep", sleep)
    poll = PollConfig(fetch=FetchConfig(contact="test@example.org", total_s=2, connect_s=2))
    config = RunConfig(poll=poll, read=read_lines, clock=clock, tell=lines.append)
    sources = [Source(url=f"{server.url}/feed", name="Test", private=True, robots=False)]
    return asyncio.run(run_async(store, sources, settings, config, stop=stop)), lines


def days_of(store: Store) -> list[str]:
    return [one.isoformat() for one in DigestStore(store.database).days("legal")]


def test_one_digest_a_day_at_the_local_hour_with_what_came_since(
    server: Server, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'news.db'}")
    server.feed(
        "/feed", rss(item(title="Customs seizes fake Gucci bags", link="http://n.example/one", guid="1"))
    )
    settings = settings_for(post.port, post.cert, recipients=("a@example.org",))

    def later(now: datetime) -> None:
        if now == utc(2026, 11, 3, 17):
            server.feed(
                "/feed", rss(item(title="Police raid fake Nike shop", link="http://n.example/two", guid="2"))
            )

    begin, until = utc(2026, 11, 3, 5), utc(2026, 11, 5, 12)
    code, lines = running(
        store,
        server,
        settings,
        begin=begin,
        until=until,
        step=timedelta(hours=6),
        monkeypatch=monkeypatch,
        before=later,
    )
    assert code == 0
    assert days_of(store) == ["2026-11-03", "2026-11-04", "2026-11-05"]
    assert len(post.to("a@example.org")) == 3
    first, second, third = (content.decode() for content in post.to("a@example.org"))
    assert "Gucci" in first
    assert "Nike" not in first
    assert "raid fake Nike shop" in second
    assert "seizes fake Gucci" not in second
    assert "quiet day" in third
    assert any("digest of legal for 2026-11-04" in line for line in lines)
    store.close()


def test_a_dead_feed_and_a_dead_server_stop_nothing_and_the_mail_goes_out_later(
    server: Server, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'news.db'}")
    server.routes["/feed"] = Answer(500)
    settings = settings_for(post.port, post.cert, recipients=("a@example.org",))
    post.rcpt["a@example.org"] = "451 not now"

    def better(now: datetime) -> None:
        if now > utc(2026, 11, 3, 8):
            post.rcpt.clear()

    begin, until = utc(2026, 11, 3, 6, 50), utc(2026, 11, 3, 9)
    code, lines = running(
        store,
        server,
        settings,
        begin=begin,
        until=until,
        step=timedelta(minutes=10),
        monkeypatch=monkeypatch,
        before=better,
    )
    assert code == 0
    assert any(line.startswith("NOT SENT to a@example.org") for line in lines)
    (content,) = post.to("a@example.org")
    assert b"Source not readable: Test" in content
    store.close()


def test_a_database_that_stays_away_ends_the_run_with_a_code(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'news.db'}")

    def gone(*_: object) -> None:
        raise StoreError("sqlite", "gone")

    monkeypatch.setattr(store, "sync_sources", gone)
    settings = settings_for(25, "", recipients=("a@example.org",))
    code, lines = running(
        store, server, settings, begin=utc(2026, 11, 3), until=utc(2026, 12, 3), monkeypatch=monkeypatch
    )
    assert (code, len(lines)) == (3, 20)
    store.close()


def test_the_command_stops_when_it_is_told_to(server: Server, tmp_path: Path) -> None:
    server.feed("/feed", rss(item(title="Customs seizes fake bags", link="http://n.example/one")))
    sources = tmp_path / "sources.toml"
    sources.write_text(f'[[source]]\nurl = "{server.url}/feed"\nprivate = true\nrobots = false\n')
    (tmp_path / "news.toml").write_text("")
    command = [
        sys.executable, "-c", "from nlp.cli import main; main()", "news", "run", "--sources", str(sources),
        "--config", str(tmp_path / "news.toml"), "--db", f"sqlite:///{tmp_path / 'news.db'}",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "COLUMNS": "200"})
    assert process.stderr is not None
    seen = b""
    while b"items read" not in seen:
        seen = process.stderr.readline()
        assert seen, "ended early"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()
