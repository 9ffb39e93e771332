"""The parser on bytes of every kind: an answer or a named failure, never an exception."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime

import pytest
from feeds_server import item, rss
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.items import content_hash, drafts
from feeds.parse import FAILURE_KINDS, parse_feed
from feeds.plaintext import html_to_text, link_key, one_line, safe_link
from feeds.records import (
    Analysis,
    BrandMention,
    Case,
    CaseEvent,
    DateMention,
    Entry,
    Evidence,
    ParsedFeed,
    ParseFailure,
    Source,
    from_plain,
    to_plain,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SOURCE = Source(url="https://n.example/feed", name="N")
FEED = rss(item(title="T", link="https://n.example/a", text="x"), item(title="U", text="y")).encode()


def parsed(body: bytes, **more: object) -> ParsedFeed:
    result = parse_feed(body, **more)  # type: ignore[arg-type]
    assert isinstance(result, ParsedFeed), result
    return result


@given(
    st.binary(max_size=400) | st.text(alphabet="<>/!?&;[]rsfedchanlitm =\"'", max_size=300).map(str.encode)
)
@settings(deadline=None)
def test_no_bytes_raise(body: bytes) -> None:
    result = parse_feed(body, url="https://n.example/", headers={"content-type": "text/xml"})
    assert isinstance(result, ParsedFeed) or result.kind in FAILURE_KINDS


@given(st.data())
@settings(deadline=None)
def test_a_damaged_feed_gives_an_answer_and_its_items_can_be_drafted(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(FEED)))
    noise = data.draw(st.binary(max_size=12))
    result = parse_feed(FEED[:cut] + noise + FEED[cut + data.draw(st.integers(0, 20)) :])
    if isinstance(result, ParsedFeed):
        for draft in drafts(result, SOURCE, NOW):
            assert draft.content_hash == content_hash(draft.title if draft.title_key else "", draft.text)
    else:
        assert result.kind in FAILURE_KINDS


@given(st.integers(0, len(FEED) - 1))
@settings(deadline=None)
def test_a_cut_document_never_gives_half_an_item(cut: int) -> None:
    result = parse_feed(FEED[:cut])
    if isinstance(result, ParsedFeed):
        assert not result.good or b"</rss" in FEED[:cut]
        assert [entry.title.value for entry in result.entries if entry.title] in (["T"], ["T", "U"], [])


TEXTS = {
    "ja": ("shift_jis", "偽ブランド品を押収した税関の発表"),
    "ja-jis": ("iso2022_jp", "偽ブランド品を押収した税関の発表"),
    "zh": ("gb18030", "海关查获假冒名牌手袋一千二百件"),
    "ko": ("cp949", "세관이 위조 명품 가방을 압수했다"),
    "ru": ("cp1251", "Таможня изъяла партию поддельных сумок"),
    "th": ("cp874", "ศุลกากรยึดสินค้าปลอม"),
    "vi": ("utf-8", "Hải quan thu giữ hàng giả"),
}


@pytest.mark.parametrize("lang", TEXTS)
@pytest.mark.parametrize("label", ["right", "none"])
def test_legacy_encodings_are_read_with_and_without_label(lang: str, label: str) -> None:
    codec, title = TEXTS[lang]
    declaration = f'<?xml version="1.0" encoding="{codec}"?>' if label == "right" else ""
    body = (declaration + rss(item(title=title))[21:]).encode(codec)
    entry = parsed(body, lang=lang[:2]).entries[0]
    assert entry.title is not None
    assert entry.title.value == title


def test_utf8_under_a_wrong_label_and_with_a_broken_byte_stays_readable() -> None:
    body = rss(item(title="Contrefaçon à Paris – 500 pièces saisies, Zürich, Łódź")).encode()
    wrong = parsed(body, headers={"content-type": "text/xml; charset=iso-8859-1"})
    assert wrong.entries[0].title is not None
    assert wrong.entries[0].title.value.startswith("Contrefaçon à Paris –")
    broken = parsed(body.replace(b"500", b"5\xff0"))
    assert broken.entries[0].title is not None
    assert "Łódź" in broken.entries[0].title.value
    assert broken.warnings


@pytest.mark.parametrize(
    "body",
    [
        b"<rss><channel><item>" + b"<a>" * 20_000,
        b"<rss><channel><title>" + b"<![CDATA[" * 20_000,
        b"<rss><channel>" + b"<item><title>&#x41;</title></item>" * 5_000,
        b"<feed>" + b"<entry/>" * 5_000,
        b"<!DOCTYPE rss " + b"[" * 20_000 + b"><rss/>",
        b"<" * 50_000,
        b"{" * 20_000,
        b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 20_000,
        b"<!--" * 20_000,
        b"<rss " + b"a='b' " * 20_000 + b"/>",
    ],
)
def test_hostile_nesting_ends_soon(body: bytes) -> None:
    started = time.monotonic()
    parse_feed(body)
    assert time.monotonic() - started < 10


def test_a_json_feed_is_read() -> None:
    body = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": 7, "url": "/a", "title": "A",
    "content_html": "<p>x</p>", "date_published": "2026-11-01T10:00:00+02:00"}]}"""
    (entry,) = parsed(body, url="https://n.example/feed.json").entries
    assert (entry.guid, entry.link, entry.published) == (
        "7",
        "https://n.example/a",
        datetime(2026, 11, 1, 8, tzinfo=UTC),
    )


def test_dirt_before_the_document_is_forgiven() -> None:
    assert len(parsed(b"\n\n<br />\n<b>Warning</b>: in x.php on line 1\n" + FEED).entries) == 2


@pytest.mark.parametrize(
    ("stated", "lang", "expected"),
    [
        ("Mon, 02 Nov 2026 10:00:00 +0100", "", (datetime(2026, 11, 2, 9, tzinfo=UTC), False)),
        ("2026-11-02", "", (datetime(2026, 11, 2, tzinfo=UTC), False)),
        ("2026年11月2日", "zh", (datetime(2026, 11, 2, tzinfo=UTC), False)),
        ("02/11/2026", "fr", (datetime(2026, 11, 2, tzinfo=UTC), False)),
        ("11/02/2026", "en", (datetime(2026, 11, 2, tzinfo=UTC), False)),
        ("Mon, 02 Nov 2099 10:00:00 GMT", "", (None, True)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "", (None, True)),
        ("sometime", "en", (None, True)),
        ("", "", (None, False)),
    ],
)
def test_dates_are_believed_when_they_can_be(
    stated: str, lang: str, expected: tuple[datetime | None, bool]
) -> None:
    feed = parsed(rss(item(title="T", date=stated)).encode())
    (draft,) = drafts(feed, Source(url="https://n.example", name="N", lang=lang), NOW)
    assert (draft.published, draft.date_doubt) == expected


def test_a_search_feed_keeps_the_publisher_apart() -> None:
    body = rss(
        "<title>Fake bags seized - The Daily</title><source url='https://d.example'>The Daily</source>"
    )
    (draft,) = drafts(parsed(body.encode()), SOURCE, NOW)
    assert (draft.title, draft.publisher) == ("Fake bags seized", "The Daily")


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://user:pw@n.example/a", "https://n.example/a"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://n.example/\r\nBcc: x", "https://n.example/Bcc:x"),
        ("//n.example/a", ""),
        ("http://[bad", ""),
    ],
)
def test_links_are_made_safe(link: str, safe: str) -> None:
    assert safe_link(link) == safe


@given(st.text(max_size=200))
@settings(deadline=None)
def test_plain_texts_hold_no_controls_and_cleaning_twice_changes_nothing(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert "\n" not in line
    assert not any(
        ord(char) < 32 or 0x202A <= ord(char) <= 0x202E or 0x2066 <= ord(char) <= 0x2069 for char in line
    )
    assert not any(ord(char) < 32 and char != "\n" for char in html_to_text(text))
    link_key(text)


def test_findings_survive_json() -> None:
    words = Evidence(field="title", start=0, end=5, text="Gucci")
    analysis = Analysis(
        item_id=1, revision=2, analyser="a1", relevant=True, score=0.9, kind="raid", event_date=date(2026, 11, 1),
        brands=(BrandMention(brand="Gucci", how="name", evidence=words),), doubts=("machine translation",),
        dates=(DateMention(value=date(2026, 11, 1), precision="day", how="stated", evidence=words),),
    )  # fmt: skip
    event = CaseEvent(id="e1", kind="verdict", when=None, precision="", items=(1, 2))
    case = Case(id="c1", name="A v. B", status="open", created_at=NOW, updated_at=NOW, events=(event,))
    for record in (analysis, case):
        assert from_plain(type(record), json.loads(json.dumps(to_plain(record)))) == record


def test_records_survive_json() -> None:
    entry = parsed(FEED).entries[0]
    assert from_plain(Entry, to_plain(entry)) == entry
    failure = ParseFailure(kind="html_page", detail="x")
    assert from_plain(ParseFailure, to_plain(failure)) == failure
