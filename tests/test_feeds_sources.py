"""Sources files, OPML, discovery and HTML lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from feeds_fixtures import server
from feeds_server import Answer, Server, item, rss
from hypothesis import given
from hypothesis import strategies as st

from feeds.discovery import check_sources, discover_feeds
from feeds.opml import export_opml, import_opml
from feeds.pages import parse_page
from feeds.records import PageSelectors, ParsedFeed, ParseFailure, Source
from feeds.sources import (
    courtlistener_search,
    dump_sources,
    google_news_search,
    load_sources,
    pacer_court,
    read_sources,
)
from nlp.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["server"]

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_packaged_sources_are_sound_and_say_that_they_are_unverified() -> None:
    sources = load_sources()
    assert len(sources) >= 40
    assert len({source.lang for source in sources}) >= 16
    assert not any(source.verified or source.private for source in sources)


def test_every_fault_is_reported_at_once_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        """
        version = 1
        [[source]]
        url = "ftp://x/feed"
        [[source]]
        url = "https://ok.example/feed"
        privat = true
        lang = 3
        [[source]]
        url = "https://p.example"
        kind = "page"
        [[source]]
        url = "https://q.example"
        kind = "page"
        select = { item = "li[", date_in_url = "(" }
        [[source]]
        name = "nothing"
        [[source]]
        url = "https://twice.example"
        [[source]]
        url = "https://twice.example"
        """
    )
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    places = [fault.partition(":")[0] for fault in caught.value.faults]
    assert places == [
        "version", "source[1].url", "source[2].privat", "source[2].lang", "source[3].select",
        "source[4].select.item", "source[4].select.date_in_url", "source[5].url", "source",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["source = 3", "[source]\nurl = 'x'", "not toml", "[[source]]\nurl = 'http://[bad'"]
)
def test_what_is_no_sources_file_is_a_fault(text: str) -> None:
    with pytest.raises(ConfigError):
        read_sources(text)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_sources(tmp_path / "none.toml")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(texts, texts, st.booleans()), max_size=4))
def test_sources_survive_their_file(rows: list[tuple[str, str, bool]]) -> None:
    sources = tuple(
        Source(
            url=f"https://n{n}.example/",
            name=name,
            note=note,
            private=flag,
            select=PageSelectors(item="li", title=None),
        )
        for n, (name, note, flag) in enumerate(rows)
    )
    assert read_sources(dump_sources(sources)) == sources


def test_search_and_court_feeds_have_their_addresses() -> None:
    assert google_news_search("hàng giả", lang="vi", country="VN").url.endswith(
        "q=h%C3%A0ng+gi%E1%BA%A3&hl=vi&gl=VN&ceid=VN:vi"
    )
    assert "type=o" in courtlistener_search("counterfeit", what="o").url
    assert pacer_court("nysd").url == "https://ecf.nysd.uscourts.gov/cgi-bin/rss_outside.pl"
    assert "RSSGenerator" in pacer_court("ca9").url
    (read,) = read_sources('[[source]]\nurl = "https://ecf.cand.uscourts.gov/cgi-bin/rss_outside.pl"')
    assert (read.style, read.name) == ("pacer", "ecf.cand.uscourts.gov")


def test_opml_goes_out_and_comes_back() -> None:
    feeds = tuple(replace(source, private=True) for source in load_sources() if source.kind == "feed")[:9]
    back = import_opml(export_opml(feeds).encode())
    assert [(one.url, one.name, one.lang, one.private) for one in back] == [
        (one.url, one.name, one.lang, True) for one in feeds
    ]


def test_foreign_opml_is_read_with_folders_once_and_without_harm() -> None:
    document = b"""<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml version="1.0"><body>
    <outline text="Customs"><outline text="A &x;" xmlURL="https://a.example/rss"/><outline text="A" xmlUrl="https://a.example/rss"/>
    <outline xmlUrl="javascript:alert(1)"/><outline title="B" xmlUrl=" https://b.example/ "/></outline></body>"""
    found = import_opml(document)
    assert [(one.url, one.note) for one in found] == [
        ("https://a.example/rss", "Customs"),
        ("https://b.example/", "Customs"),
    ]
    assert "root:" not in found[0].name


@pytest.mark.parametrize("document", [b"", b"<html>", b"\x00\x01", b"<opml><body/></opml>"])
def test_what_is_no_opml_is_a_fault(document: bytes) -> None:
    with pytest.raises(ConfigError):
        import_opml(document)


PAGE = """<html><head><link rel="alternate" type="application/rss+xml" title="News" href="/rss">
<link rel="alternate" hreflang="fr" href="/fr"></head><body><a href="/news/feed/">feed</a><a href="/about">about</a>
<a href="javascript:rss.xml">x</a><a href="http://[bad/rss.xml">x</a></body></html>"""


def test_feeds_on_a_page_are_found() -> None:
    found = discover_feeds(PAGE, url="https://n.example/news")
    assert [(one.url, one.declared) for one in found] == [
        ("https://n.example/rss", True),
        ("https://n.example/news/feed/", False),
    ]
    assert discover_feeds("", url="https://n.example") == ()


def test_a_check_says_what_can_be_read_and_what_is_offered_instead(server: Server) -> None:
    server.feed("/feed", rss(item(title="T", date="Mon, 02 Nov 2026 10:00:00 GMT")))
    server.routes |= {
        "/page": Answer(200, {"content-type": "text/html"}, PAGE.encode()),
        "/old": Answer(301, {"location": "/feed"}),
    }
    paths = ["/feed", "/page", "/none", "/old"]
    checks = check_sources([Source(url=server.url + path, name=path, private=True) for path in paths])
    assert [one.problem.partition(":")[0] for one in checks] == ["", "html_page", "http", ""]
    assert (checks[0].entries, checks[0].newest) == (1, datetime(2026, 11, 2, 10, tzinfo=UTC))
    assert checks[1].offered[0].url == f"{server.url}/rss"
    assert checks[3].moved_to == f"{server.url}/feed"


LISTS = [
    ("<ul><li><a href='a'>First</a><span>2026-11-02</span></li></ul>", PageSelectors(item="li", date="span"), "https://n.example/news/a"),
    ("<div class=n><h3>First</h3><a href='/a'>more</a><i>2. November 2026</i></div>", PageSelectors(item=".n", title="h3", date="i"), "https://n.example/a"),
    ("<a class=n href='/x/2026-11-02_en'>First</a>", PageSelectors(item="a.n", date_in_url=r"(\d{4}-\d\d-\d\d)_en$"), "https://n.example/x/2026-11-02_en"),
    ("<base href='https://m.example/'><p><a href='a'>First</a><time datetime='2026-11-02'>x</time>", PageSelectors(item="p", date="time"), "https://m.example/a"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "select", "link"), LISTS)
def test_html_lists_are_read_by_selectors(html: str, select: PageSelectors, link: str) -> None:
    listed = Source(url="https://n.example/news/", name="N", kind="page", lang="de", select=select)
    feed = parse_page(html.encode(), listed, url=listed.url, headers={}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    (entry,) = feed.entries
    assert entry.title is not None
    assert (entry.title.value, entry.link, entry.published) == (
        "First",
        link,
        datetime(2026, 11, 2, tzinfo=UTC),
    )


@given(st.binary(max_size=200))
def test_no_page_raises(body: bytes) -> None:
    listed = Source(
        url="https://n.example/", name="N", kind="page", select=PageSelectors(item="li", summary="p")
    )
    assert isinstance(
        parse_page(body, listed, url=listed.url, headers={}, now=NOW), ParsedFeed | ParseFailure
    )


def test_a_japanese_list_without_charset_is_readable() -> None:
    html = "<li><a href='/1'>偽ブランド品の押収について</a></li>".encode("shift_jis")
    listed = Source(
        url="https://c.example/", name="N", kind="page", lang="ja", select=PageSelectors(item="li")
    )
    feed = parse_page(html, listed, url=listed.url, headers={"content-type": "text/html"}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    assert feed.entries[0].title is not None
    assert feed.entries[0].title.value == "偽ブランド品の押収について"
