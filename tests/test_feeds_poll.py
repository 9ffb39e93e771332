"""Polling a real server into a real database: each article once, whatever the feed does."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from feeds_fixtures import database_url, postgresql_server, server, store
from feeds_server import Answer, Asked, Server, item, rss

from feeds.fetch import FetchConfig
from feeds.monitor import PollConfig, PollReport, poll, poll_async
from feeds.records import PageSelectors, Source
from feeds.store import Store

if TYPE_CHECKING:
    from feeds.schedule import Which

__all__ = ["database_url", "postgresql_server", "server", "store"]

CONFIG = PollConfig(
    fetch=FetchConfig(contact="test@example.org", total_s=2, connect_s=2, max_body=200_000, max_wire=100_000)
)
DATE = "Mon, 02 Nov 2026 10:00:00 GMT"
LATER = "Tue, 03 Nov 2026 10:00:00 GMT"


def source(server: Server, path: str = "/feed", **more: object) -> Source:
    return Source(url=server.url + path, name="Test", private=True, **more)  # type: ignore[arg-type]


def run(store: Store, *sources: Source, which: Which = "now") -> PollReport:
    return poll(store, sources, CONFIG, which=which)


def titles(store: Store) -> list[str]:
    return sorted(one.title for one in store.items.find())


def kinds(report: PollReport) -> list[str]:
    return [failure.kind for failure in report.failures]


A = {
    "title": "Customs seizes 500 fake bags",
    "link": "http://n.example/a-500-bags",
    "text": "Officers found them in Hamburg.",
}
B = {
    "title": "Court fines seller of watches",
    "link": "http://n.example/b-watches",
    "text": "The judge in Milan ordered 20,000 euros.",
}

# What two fetches of one feed hold, and the titles that must be stored in the end.
HYGIENE: dict[str, tuple[list[str], list[str], list[str], int]] = {
    "the same again": ([item(**A, guid="1")], [item(**A, guid="1")], [A["title"]], 0),
    "no guid": ([item(**A)], [item(**B), item(**A)], [A["title"], B["title"]], 0),
    "a guid reused for another article": ([item(**A, guid="1")], [item(**B, guid="1")], [A["title"], B["title"]], 0),
    "a random guid at each fetch": (
        [item(**A, guid="r1"), item(**B, guid="r2")], [item(**A, guid="r3"), item(**B, guid="r4")], [A["title"], B["title"]], 0,
    ),
    "a random guid, then an edit": (
        [item(**A, guid="r1", date=DATE)], [item(**A | {"title": "Customs seizes 600 fake bags"}, guid="r3", date=DATE)],
        ["Customs seizes 600 fake bags"], 1,
    ),
    "one link on all items": (
        [item(title=A["title"], link="http://n.example/", text="a"), item(title=B["title"], link="http://n.example/", text="b")],
        [item(title=B["title"], link="http://n.example/", text="b"), item(title=A["title"], link="http://n.example/", text="a")],
        [A["title"], B["title"]], 0,
    ),
    "one link, one item at a time": (
        [item(title=A["title"], link="http://n.example/news", text=A["text"], date=DATE)],
        [item(title=B["title"], link="http://n.example/news", text=B["text"], date=LATER)],
        [A["title"], B["title"]], 0,
    ),
    "one guid on all items": (
        [item(**A, guid="site"), item(**B, guid="site")], [item(**A, guid="site"), item(**B, guid="site")], [A["title"], B["title"]], 0,
    ),
    "an edited title": (
        [item(**A, guid="1")], [item(**A | {"title": "Customs seizes 700 fake bags"}, guid="1")], ["Customs seizes 700 fake bags"], 1,
    ),
    "an edited text": ([item(**A, guid="1")], [item(**A | {"text": "Officers found them in Kiel."}, guid="1")], [A["title"]], 1),
    "an edit without guid": ([item(**A)], [item(**A | {"title": "Customs seizes many bags"})], ["Customs seizes many bags"], 1),
    "a new address for the same article": (
        [item(**A, guid="1")], [item(**A | {"link": "http://n.example/a-700-bags-updated"}, guid="1")], [A["title"]], 0,
    ),
    "tracking in the link": (
        [item(**A)], [item(**A | {"link": "https://www.n.example/a-500-bags/?utm_source=rss&amp;utm_medium=feed"})], [A["title"]], 0,
    ),
    "white space only": ([item(**A, guid="1")], [item(**A | {"text": "Officers  found them\n in Hamburg."}, guid="1")], [A["title"]], 0),
    "the same item twice in one document": ([item(**A, guid="1"), item(**A, guid="1")], [], [A["title"]], 0),
    "no title at all": (
        [item(guid="1", text="First short note on fakes."), item(guid="2", text="Second one.")],
        [item(guid="1", text="First short note on fakes."), item(guid="2", text="Second one.")],
        ["First short note on fakes.", "Second one."], 0,
    ),
    "a guid reused, no links": (
        [item(title=A["title"], text=A["text"], guid="1")], [item(title=B["title"], text=B["text"], guid="1")],
        [A["title"], B["title"]], 0,
    ),
    "random guids, no links": (
        [item(title=A["title"], text=A["text"], guid="r1")], [item(title=A["title"], text=A["text"], guid="r2")], [A["title"]], 0,
    ),
    "random guids and random links": (
        [item(**A | {"link": "http://n.example/s/1"}, guid="r1", date=DATE)], [item(**A | {"link": "http://n.example/s/2"}, guid="r2", date=DATE)],
        [A["title"]], 0,
    ),
    "the date moves with each fetch": ([item(**A, guid="1", date=DATE)], [item(**A, guid="1", date=LATER)], [A["title"]], 0),
    "titles alone": ([item(title="One"), item(title="Two")], [item(title="Two"), item(title="Three")], ["One", "Three", "Two"], 0),
}  # fmt: skip


@pytest.mark.parametrize("case", HYGIENE)
def test_each_article_is_stored_once(case: str, store: Store, server: Server) -> None:
    first, second, expected, revised = HYGIENE[case]
    server.feed("/feed", rss(*first))
    run(store, source(server))
    server.feed("/feed", rss(*second, extra="<description>x</description>"))
    report = run(store, source(server))
    assert titles(store) == sorted(expected)
    assert report.revised_items == revised
    server.feed("/feed", rss(*second, extra="<description>y</description>"))
    again = run(store, source(server))
    assert (again.new_items, again.revised_items) == (0, 0)


def test_every_state_that_a_reader_saw_is_kept(store: Store, server: Server) -> None:
    for text in ("one", "two", "one", "three"):
        server.feed("/feed", rss(item(**A | {"text": text}, guid="1")))
        run(store, source(server))
    stored = store.items.find()
    assert [one.text for one in store.items.revisions(stored[0].id)] == ["one", "two", "three"]
    assert stored[0].text == "three"
    assert store.items.revisions(stored[0].id)[0].raw["summary"] == "one"


def test_an_unchanged_feed_is_asked_with_its_validators(store: Store, server: Server) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"v1"':
            return Answer(304)
        return Answer(200, {"etag": '"v1"', "last-modified": DATE}, rss(item(**A)).encode())

    server.routes["/feed"] = answer
    assert run(store, source(server)).new_items == 1
    assert run(store, source(server)).unchanged == 1
    asked = [one for one in server.asked if one.path == "/feed"][-1]
    assert asked.headers["if-modified-since"] == DATE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><head><title>Error</title></head><body><p>Down</p></body></html>", "html_page"),
        (b"<html><body>maintenance</body></html>", "html_page"),
        (b"", "empty_body"),
        (b"not a feed at all", "not_a_feed"),
        (b'{"error": 500}', "not_a_feed"),
        (rss(item(**A))[:70].encode(), "truncated"),
        (b"\x00\x01\x02\x03" * 100, "not_a_feed"),
    ],
)  # fmt: skip
def test_a_bad_body_is_a_failure_and_loses_nothing(
    body: bytes, kind: str, store: Store, server: Server
) -> None:
    server.feed("/feed", rss(item(**A)), etag='"good"')
    run(store, source(server))
    server.feed("/feed", body, etag='"bad"')
    report = run(store, source(server))
    assert kinds(report) == [kind]
    state = store.health()[0].state
    assert (state.status, state.etag, titles(store)) == ("failing", '"good"', [A["title"]])
    server.feed("/feed", rss(item(**A), item(**B)), etag='"new"')
    assert run(store, source(server)).new_items == 1
    assert store.health()[0].state.status == "ok"


def test_a_document_that_is_cut_off_gives_its_whole_items_and_no_validator(
    store: Store, server: Server
) -> None:
    whole = rss(item(**A, guid="1"), item(**B, guid="2"))
    server.feed("/feed", whole[: whole.index("Milan")], etag='"cut"')
    run(store, source(server))
    assert titles(store) == [A["title"]]
    assert store.health()[0].state.etag == ""
    server.feed("/feed", whole)
    run(store, source(server))
    assert titles(store) == sorted([A["title"], B["title"]])


def test_a_body_shorter_than_promised_is_a_failure(store: Store, server: Server) -> None:
    server.routes["/feed"] = Answer(200, {}, rss(item(**A)).encode(), cut=500)
    assert kinds(run(store, source(server))) == ["truncated"]
    assert titles(store) == []


def test_permanent_redirects_move_the_source_and_temporary_ones_do_not(store: Store, server: Server) -> None:
    server.feed("/new", rss(item(**A, guid="1")))
    server.routes["/feed"] = Answer(301, {"location": "/new"})
    server.routes["/other"] = Answer(302, {"location": "/new"})
    report = run(store, source(server), source(server, "/other"))
    assert [one.state.url for one in store.health()] == [f"{server.url}/new", f"{server.url}/other"]
    assert len(report.notes) == 1
    before = len(server.paths())
    run(store, source(server), source(server, "/other"))
    assert sorted(server.paths()[before:]) == ["/new", "/new", "/other"]
    assert store.health()[0].items == 1


def test_a_moved_source_that_turns_out_broken_stays_where_it_was(store: Store, server: Server) -> None:
    server.feed("/portal", "<html><body>Please log in</body></html>")
    server.routes["/feed"] = Answer(301, {"location": "/portal"})
    assert kinds(run(store, source(server))) == ["html_page"]
    assert store.health()[0].state.url == f"{server.url}/feed"


def test_gone_retires_the_source_and_says_so(store: Store, server: Server) -> None:
    server.feed("/feed", "", status=410)
    report = run(store, source(server))
    assert report.notes == ("Test: retired: HTTP 410 Gone: the publisher has retired this address",)
    asked = len(server.paths())
    assert run(store, source(server)).polled == 0
    assert len(server.paths()) == asked
    assert store.health()[0].failing


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(status: int, store: Store, server: Server) -> None:
    server.feed("/feed", "", status=status, Retry_After="3600")
    assert kinds(run(store, source(server))) == ["http"]
    state = store.health()[0].state
    assert state.not_before is not None
    assert timedelta(minutes=59) < state.not_before - datetime.now(UTC) <= timedelta(hours=1)
    server.feed("/feed", rss(item(**A)))
    assert run(store, source(server)).polled == 0
    assert run(store, source(server), which="force").new_items == 1


@pytest.mark.parametrize(
    ("headers", "extra", "held"),
    [({"Cache_Control": "max-age=600"}, "", True), ({}, "<ttl>30</ttl>", True), ({"Cache_Control": "no-cache, max-age=600"}, "", False)],
)  # fmt: skip
def test_freshness_is_respected(
    headers: dict[str, str], extra: str, *, held: bool, store: Store, server: Server
) -> None:
    server.feed("/feed", rss(item(**A), extra=extra), **headers)
    run(store, source(server))
    assert run(store, source(server)).polled == (0 if held else 1)


def test_our_own_plan_binds_timers_but_not_a_person(store: Store, server: Server) -> None:
    server.feed("/feed", rss(item(**A)))
    run(store, source(server), which="due")
    assert run(store, source(server), which="due").polled == 0
    assert run(store, source(server), which="now").polled == 1


def test_a_dead_server_is_a_row_of_the_report(store: Store, server: Server) -> None:
    server.feed("/feed", rss(item(**A)))
    dead = Source(url="http://127.0.0.1:9/feed", name="Dead", private=True)
    server.routes["/slow"] = Answer(hang_s=10)
    report = run(store, dead, source(server), source(server, "/slow"))
    assert (report.new_items, sorted(kinds(report))) == (1, ["connect", "timeout"])


def test_loopback_is_refused_to_a_source_that_is_not_private(store: Store, server: Server) -> None:
    server.feed("/feed", rss(item(**A)))
    report = run(store, replace(source(server), private=False, robots=False))
    assert kinds(report) == ["address_refused"]
    assert server.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "file:///etc/passwd",
        "gopher://x/",
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_refused(location: str, store: Store, server: Server) -> None:
    server.routes["/feed"] = Answer(302, {"location": location})
    assert kinds(run(store, replace(source(server), robots=False)))[0] in {"address_refused", "bad_redirect"}


def test_a_compressed_bomb_and_a_huge_body_are_refused(store: Store, server: Server) -> None:
    bomb = gzip.compress(b"<rss>" + b" " * 5_000_000)
    server.routes["/bomb"] = Answer(200, {"content-encoding": "gzip"}, bomb)
    server.feed("/big", rss(item(title="x", text="y" * 150_000)))
    report = run(store, source(server, "/bomb"), source(server, "/big"))
    assert sorted(kinds(report)) == ["bomb", "too_large"]


ENTITY_BOMB = (
    """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">"""
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + f"]>{rss(item(title='&j;', link='http://n.example/j', text='&j;'))[21:]}"
)


def test_an_entity_bomb_and_an_external_entity_do_nothing(store: Store, server: Server) -> None:
    server.feed("/bomb", ENTITY_BOMB)
    external = f"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>{rss(item(title="t &x;"))[21:]}"""
    server.feed("/file", external)
    started = time.monotonic()
    run(store, source(server, "/bomb"), source(server, "/file"))
    assert time.monotonic() - started < 5
    assert all(len(one.title) < 1000 and "root:" not in one.title + one.text for one in store.items.find())


HOSTILE = item(
    title="Seized&#10;Bcc: all@example.org &lt;script&gt;alert(1)&lt;/script&gt; \u202egnp.exe",
    link="javascript:alert(1)",
    guid="h1",
    text="&lt;p onclick='x()'&gt;Text&lt;img src='http://t.example/pixel.gif'&gt;&lt;script&gt;steal()&lt;/script&gt;&lt;/p&gt;",
)


def test_hostile_markup_and_links_arrive_harmless(store: Store, server: Server) -> None:
    server.feed("/feed", rss(HOSTILE))
    run(store, source(server))
    stored = store.items.find()[0]
    assert stored.url.startswith("http://127.0.0.1")  # its guid, as a permalink; never the script
    assert "\n" not in stored.title
    assert not re.search(r"[\x00-\x1f\u202a-\u202e\u2066-\u2069]", stored.title)
    assert stored.text == "Text"


def test_robots_are_obeyed_and_remembered(store: Store, server: Server) -> None:
    server.routes["/robots.txt"] = Answer(200, {}, b"User-agent: fauxwatch\nDisallow: /closed")
    server.feed("/closed/feed", rss(item(**A)))
    server.feed("/open/feed", rss(item(**B)))
    sources = [source(server, "/closed/feed"), source(server, "/open/feed")]
    assert kinds(run(store, *sources)) == ["robots"]
    run(store, *sources)
    assert [one.path for one in server.asked].count("/robots.txt") == 1
    assert "/closed/feed" not in server.paths()
    assert all("test@example.org" in one.headers["user-agent"] for one in server.asked)


def test_two_pollers_at_once_do_no_harm(database_url: str, server: Server) -> None:
    for number in range(8):
        server.feed(f"/{number}", rss(*(item(title=f"{number} {n}", guid=f"{n}") for n in range(10))))
    sources = [source(server, f"/{number}") for number in range(8)]
    stores = [Store.open(database_url) for _ in range(3)]
    for _ in range(2):
        threads = [threading.Thread(target=run, args=(one, *sources)) for one in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert stores[0].items.count() == 80
    assert all(one.state.status == "ok" for one in stores[0].health())
    for one in stores:
        one.close()


KILLED = """
import os, signal, sys
from feeds.monitor import _Run, poll
from feeds.records import Source
from feeds.store import Store
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
setattr(_Run, sys.argv[1], die)
poll(Store.open(sys.argv[2]), [Source(url=sys.argv[3], name="Test", private=True)])
"""


@pytest.mark.parametrize("step", ["keep", "_store_all", "_store_one", "_count"])
def test_a_killed_poller_loses_nothing_and_holds_nothing(
    step: str, database_url: str, server: Server
) -> None:
    server.feed("/feed", rss(item(**A), item(**B)), etag='"v"')
    command = [sys.executable, "-c", KILLED, step, database_url, f"{server.url}/feed"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    store = Store.open(database_url)
    assert store.items.count() == 0
    if step != "keep":  # the raw answer is there already: it is interpreted even if the server is gone
        server.routes["/feed"] = Answer(500)
    run(store, source(server))
    assert titles(store) == sorted([A["title"], B["title"]])
    assert store.pending_bodies() == ()
    store.close()


def test_a_page_without_feed_is_read_by_selectors(store: Store, server: Server) -> None:
    page = "<html><body><ul><li><a href='/n/1'>Raid in Surat</a> <time>12/08/2026</time></li><li>ad</li></ul></body></html>"
    server.routes["/news"] = Answer(200, {"content-type": "text/html"}, page.encode())
    listed = source(server, "/news", kind="page", lang="fr", select=PageSelectors(item="li", date="time"))
    run(store, listed)
    run(store, listed)
    (stored,) = store.items.find()
    assert (stored.title, stored.url, stored.published) == (
        "Raid in Surat",
        f"{server.url}/n/1",
        datetime(2026, 8, 12, tzinfo=UTC),
    )
    server.routes["/news"] = Answer(
        200, {"content-type": "text/html"}, b"<html><body>new design</body></html>"
    )
    assert kinds(run(store, listed)) == ["malformed"]


def test_full_text_is_fetched_when_the_source_asks_for_it(store: Store, server: Server) -> None:
    body = "".join(
        f"<p>Paragraph {n} tells at length what customs officers found in the container.</p>"
        for n in range(8)
    )
    page = f"<html><body><nav>Home</nav><article><h1>Seized</h1>{body}</article><form>Leave a Reply</form></body></html>"
    server.routes["/a-1"] = Answer(200, {"content-type": "text/html"}, page.encode())
    server.feed("/feed", rss(item(title="Seized", link=f"{server.url}/a-1", text="Short.")))
    assert run(store, source(server)).full_texts == 0
    server.feed("/full", rss(item(title="Seized", link=f"{server.url}/a-1", text="Short.")))
    assert run(store, source(server, "/full", fulltext=True)).full_texts == 1
    stored = store.items.find()[-1]
    assert "Paragraph 7" in stored.text
    assert "Leave a Reply" not in stored.text
    assert (stored.summary, stored.revision) == ("Short.", 2)
    assert run(store, source(server, "/full", fulltext=True)).revised_items == 0


def test_dns_that_changes_its_mind_reaches_nothing_private(store: Store, server: Server) -> None:
    port = server.url.rsplit(":", 1)[1]
    answers = iter([["203.0.113.9"], ["127.0.0.1"], ["127.0.0.1"]])

    async def resolver(host: str, port: int) -> list[str]:
        return next(answers, ["127.0.0.1"])

    rebinding = Source(url=f"http://rebind.example:{port}/feed", name="R", robots=False)
    server.feed("/feed", rss(item(**A)))
    quick = replace(CONFIG, fetch=replace(CONFIG.fetch, connect_s=0.3, total_s=1))
    for _ in range(2):
        asyncio.run(poll_async(store, [rebinding], quick, resolver=resolver))
    assert server.asked == []
    assert store.items.count() == 0
