"""The digest: what is chosen for a day, and how it reads as text, HTML and mail, whatever strangers write."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from typing import TYPE_CHECKING, Any

import lxml.html
import pytest
from feeds_fixtures import server
from feeds_server import Server, rss
from feeds_server import item as xml_item
from typer.testing import CliRunner

from feeds.cli import app
from feeds.digest import DigestBody, DigestState, compose, extract
from feeds.findingstore import put_analyses
from feeds.monitor import poll
from feeds.records import (
    Analysis,
    BrandMention,
    Case,
    CaseEvent,
    Docket,
    Evidence,
    FetchState,
    Item,
    Source,
    SourceHealth,
    Story,
    StoryMember,
)
from feeds.render import mail, render
from feeds.store import Store
from nlp.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["server"]

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = NOW.date()
YESTERDAY = NOW - timedelta(days=1)


def article(number: int, **more: Any) -> Item:
    values: dict[str, Any] = {
        "id": number, "source_id": 1, "feed": "http://f.example/", "source_name": f"Paper {number}", "guid": "",
        "url": f"http://n.example/{number}", "title": f"Fake bags seized {number}",
        "text": "Officers found them. They were in a van. Nobody was hurt.", "summary": "", "lang": "en",
        "first_seen": NOW, "last_seen": NOW,
    }  # fmt: skip
    return Item(**values | more)


def read(number: int, *, kind: str = "seizure", relevant: bool = True, brand: str = "Gucci") -> Analysis:
    seen = BrandMention(
        brand=brand, how="name", evidence=Evidence(field="title", start=0, end=4, text="Fake")
    )
    return Analysis(
        item_id=number, revision=1, analyser="t", relevant=relevant, score=0.9, kind=kind, brands=(seen,)
    )


def story(name: str, *numbers: int, joined: datetime = NOW, kind: str = "seizure") -> Story:
    members = tuple(StoryMember(item_id=one, joined_at=joined, reason="same") for one in numbers)
    return Story(
        id=name, title=f"Story {name}", kind=kind, created_at=joined, updated_at=NOW, members=members
    )


def state(items: list[Item], analyses: list[Analysis], **more: Any) -> DigestState:
    return DigestState(items=tuple(items), analyses={one.item_id: one for one in analyses}, **more)


def body_of(item: Item, **more: Any) -> DigestBody:
    return compose(state([item], [read(item.id)], **more), DAY)


def titles(body: DigestBody) -> list[str]:
    return [one.title for section in body.sections for one in section.stories]


# --- what is chosen ------------------------------------------------------------------------------


def test_only_relevant_items_first_seen_on_the_day_are_told() -> None:
    items = [article(1), article(2), article(3, first_seen=YESTERDAY), article(4, published=YESTERDAY)]
    body = compose(state(items, [read(1), read(2, relevant=False), read(3), read(4)]), DAY)
    assert titles(body) == ["Fake bags seized 1", "Fake bags seized 4"]
    assert body.seen == 3


def test_every_relevant_item_is_in_the_digest_of_exactly_one_day() -> None:
    stamps = [NOW + timedelta(hours=13 * step) for step in range(-5, 6)]
    items = [article(number, first_seen=stamp) for number, stamp in enumerate(stamps)]
    held = state(items, [read(item.id) for item in items], stories=(story("a", 0, 1, 2), story("b", 3, 4)))
    told = [
        link.url
        for offset in range(-5, 6)
        for section in compose(held, DAY + timedelta(days=offset)).sections
        for one in section.stories
        for link in one.links
    ]
    assert sorted(told) == sorted(item.url for item in items)


def test_items_that_nobody_read_are_counted_not_hidden() -> None:
    body = compose(state([article(1)], []), DAY)
    assert (body.quiet, body.seen, body.unread) == (True, 1, 1)
    assert "1 of them not read yet" in render(body).text


def test_stories_stand_by_kind_and_those_that_most_sources_tell_come_first() -> None:
    items = [article(number) for number in range(1, 5)]
    analyses = [read(1, kind="raid"), read(2), read(3), read(4)]
    body = compose(state(items, analyses, stories=(story("a", 2, 3),)), DAY)
    assert [section.kind for section in body.sections] == ["seizure", "raid"]
    assert titles(body) == ["Story a", "Fake bags seized 4", "Fake bags seized 1"]


def test_a_story_of_earlier_days_is_marked_as_an_update_with_new_links_only() -> None:
    members = (*story("a", 1, joined=YESTERDAY).members, *story("a", 2).members)
    grown = replace(story("a", 1), members=members)
    items = [article(1, first_seen=YESTERDAY), article(2)]
    body = compose(state(items, [read(1), read(2)], stories=(grown,)), DAY)
    (told,) = body.sections[0].stories
    assert told.update
    assert [link.url for link in told.links] == ["http://n.example/2"]


def test_a_brand_filter_keeps_other_brands_out_whatever_the_case() -> None:
    held = state([article(1), article(2)], [read(1), read(2, brand="Rolex")])
    assert titles(compose(held, DAY, brands=["rolex"])) == ["Fake bags seized 2"]


def lawsuit(*items: int) -> Case:
    event = CaseEvent(id="e1", kind="lawsuit_filed", when=date(2014, 7, 9), precision="day", summary="Filed")
    new = replace(
        event, id="e2", kind="withdrawn_some", when=date(2014, 8, 1), precision="month", items=items
    )
    return Case(
        id="c", name="Gucci v. Alibaba", status="open", created_at=NOW, updated_at=NOW, brands=("Gucci",),
        dockets=(Docket(number="1:14-cv-05119", key="k"),), events=(event, new),
    )  # fmt: skip


def test_a_case_with_news_shows_its_whole_timeline_and_others_stay_out() -> None:
    (told,) = compose(state([article(1)], [], cases=(lawsuit(1), lawsuit(9))), DAY).cases
    assert [(one.when, one.new) for one in told.events] == [("2014-07-09", False), ("2014-08", True)]
    text = render(compose(state([article(1)], [], cases=(lawsuit(1),)), DAY)).text
    assert "NEW 2014-08  Withdrawn some: Filed" in text
    assert "1:14-cv-05119" in text


def test_failing_sources_and_coverage_gaps_stand_in_the_footer() -> None:
    def health(name: str, **more: Any) -> SourceHealth:
        url = f"http://{name}.example/"
        return SourceHealth(
            id=1, source=Source(url=url, name=name), state=FetchState(url=url, **more), items=0
        )

    some = (
        health("dead", status="failing", error_kind="http", error="500", failing_since=YESTERDAY),
        health("fine", status="ok", last_success=NOW),
        health("silent", status="ok", last_success=NOW - timedelta(days=9)),
        health("unknown"),
    )
    text = render(compose(state([], [], health=some), DAY)).text
    assert "Source not readable: dead <http://dead.example/>: failing since 2026-11-02: http 500" in text
    assert "Coverage gap: silent <http://silent.example/>: last read 2026-10-25" in text
    assert "Coverage gap: unknown <http://unknown.example/>: never read" in text
    assert "fine" not in text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("One. Two! Three?", "One. Two!"),
        ("海关查获假包。共五百个。另有手表。", "海关查获假包。 共五百个。"),
        ("A headline\nThe first. The second. The third.", "The first. The second."),
        ("", ""),
        ("A headline\n========== Found. Burnt. Forgotten.", "Found. Burnt."),
        ("यह पहला है। यह दूसरा है। तीसरा।", "यह पहला है। यह दूसरा है।"),
    ],
)
def test_an_extract_is_two_sentences(text: str, kept: str) -> None:
    assert extract(text, title="A headline") == kept


def test_an_extract_is_short_even_without_any_full_stop() -> None:
    assert len(extract("word " * 1000)) <= 401
    assert len(extract("字" * 1000)) <= 401


# --- how it reads --------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x.png onerror=alert(1)>',
    "</style><style>@import url(http://evil.example/)</style>",
    "{{ 7 * 7 }}{% raw %}",
    "Bags\r\nBcc: victim@example.org\r\n\r\n<b>body</b>",
    "safe\u202egpj.exe\u2066",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_write_is_text_and_nothing_else(text: str) -> None:
    item = article(1, title=text, text=text, source_name=text, publisher=text, lang='en" onload="x')
    rendered = render(body_of(item))
    html = rendered.html
    nodes = [node for node in lxml.html.document_fromstring(html).iter() if isinstance(node.tag, str)]
    assert not {"script", "img", "iframe", "object", "b", "link"} & {node.tag for node in nodes}
    assert not [name for node in nodes for name in node.attrib if name.startswith("on") or name == "src"]
    assert html.count("<style") == 1
    assert "49" not in rendered.subject
    assert not set("\u202e\u2066\r") & set(html + rendered.text)
    assert "\n" not in rendered.subject


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "JaVaScRiPt:alert(1)"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    rendered = render(body_of(article(1, url=url)))
    assert "<a " not in rendered.html
    assert url not in rendered.text


def test_the_html_loads_nothing_and_is_dark_where_the_reader_is() -> None:
    html = render(body_of(article(1))).html
    assert not re.search(r"\ssrc=|url\(|@import|<link|<img|<script", html)
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<h1 style="[^"]*font-size: 22px', html)
    assert 'href="http://n.example/1"' in html


def test_a_quiet_day_says_so() -> None:
    rendered = render(compose(state([], []), DAY))
    assert rendered.subject == "Enforcement news 2026-11-03: a quiet day"
    assert "A quiet day" in rendered.text
    assert "A quiet day" in rendered.html


# --- the mail ------------------------------------------------------------------------------------


def sent(**more: Any) -> bytes:
    rendered = render(body_of(article(1, title="Túi giả 假包 bị thu giữ")))
    values = {"recipient": "a@example.org", "sender": "news@example.org", "made_at": NOW}
    return mail(rendered, **values | more)


def test_the_mail_has_both_parts_and_says_what_it_is() -> None:
    message = email.message_from_bytes(sent(), policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Túi giả 假包" in text.get_content()
    assert "Túi giả 假包" in html.get_content()
    assert "Túi giả 假包" in message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "fauxwatch digest <default.digest.example.org>"
    assert max(map(len, sent().split(b"\r\n"))) <= 998


def test_the_same_digest_to_the_same_recipient_is_the_same_bytes() -> None:
    assert sent() == sent()
    ids = {
        email.message_from_bytes(one)["Message-ID"]
        for one in (sent(), sent(recipient="b@example.org"), sent())
    }
    assert len(ids) == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_adds_no_header(text: str) -> None:
    rendered = render(body_of(article(1, title=text)))
    data = mail(rendered, recipient="a@example.org", sender="n@example.org", made_at=NOW)
    message = email.message_from_bytes(data, policy=policy.default)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert "Bcc" not in message


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b\r\nBcc: c@d.example", "a@example.org, b@example.org", "a@", "@b", "ä@example.org"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        sent(recipient=address)
    with pytest.raises(UsageError):
        sent(sender=address)


# --- the command ---------------------------------------------------------------------------------


def test_the_command_tells_what_was_polled_and_read(server: Server, tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path / 'news.db'}"
    server.feed(
        "/feed",
        rss(xml_item(title="Customs seizes fake bags", link="http://n.example/1", text="In Hamburg.")),
    )
    store = Store.open(db)
    poll(store, [Source(url=f"{server.url}/feed", name="Customs", private=True)])
    (stored,) = store.items.find()
    with store.database.write() as connection:
        put_analyses(connection, [read(stored.id)], stored.first_seen)
    store.close()
    shown = CliRunner().invoke(app, ["digest", "--db", db, "--date", f"{stored.first_seen:%Y-%m-%d}"])
    assert shown.exit_code == 0, shown.output
    assert "* Customs seizes fake bags" in shown.stdout
    assert "- Customs: http://n.example/1" in shown.stdout


def test_the_command_shows_the_text_and_writes_the_mail(tmp_path: Path) -> None:
    db, out = f"sqlite:///{tmp_path / 'news.db'}", tmp_path / "digest.eml"
    Store.open(db).close()
    shown = CliRunner().invoke(app, ["digest", "--db", db, "--date", "2026-11-03"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("Enforcement news 2026-11-03: a quiet day")
    arguments = ["digest", "--db", db, "--date", "2026-11-03", "-o", str(out), "--to", "team@example.org"]
    written = CliRunner().invoke(app, arguments)
    assert written.exit_code == 0, written.output
    assert written.stdout == ""
    message = email.message_from_bytes(out.read_bytes(), policy=policy.default)
    assert message["To"] == "team@example.org"
    assert message["Subject"] == "Enforcement news 2026-11-03: a quiet day"


def test_the_file_is_the_groups_own_mail_with_the_ways_to_leave(tmp_path: Path) -> None:
    (tmp_path / "news.toml").write_text(
        '[smtp]\nhost = "mail.example.org"\nsender = "news@example.org"\nsender_name = "News <desk>"\n'
        '[digest]\nunsubscribe_url = "https://example.org/leave/with/a/long/way?who={recipient}&list={group}&more=0123456789012345"\n'
        'unsubscribe_mail = "leave@example.org"\n[[group]]\nname = "legal"\nrecipients = ["a+b@example.org"]\n'
    )
    out, options = (
        tmp_path / "d.eml",
        ["--db", str(tmp_path / "news.db"), "--config", str(tmp_path / "news.toml")],
    )
    done = CliRunner().invoke(app, ["digest", *options, "--dry-run", "-o", str(out)])
    assert done.exit_code == 0, done.output
    message = email.message_from_bytes(out.read_bytes(), policy=policy.default)
    ways = "".join(message["List-Unsubscribe"].split())
    assert ways == (
        "<https://example.org/leave/with/a/long/way?who=a%2Bb%40example.org&list=legal&more=0123456789012345>,"
        "<mailto:leave@example.org?subject=unsubscribe%20legal>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["To"] == "a+b@example.org"
    assert message["From"].addresses[0].display_name == "News <desk>"


@pytest.mark.parametrize("ending", ["html", "json", "atom", "txt"])
def test_other_endings_give_other_shapes(ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"d.{ending}"
    done = CliRunner().invoke(app, ["digest", "--db", str(tmp_path / "news.db"), "-o", str(out)])
    assert done.exit_code == 0, done.output
    begins = {"html": "<!DOCTYPE html>", "json": "{", "atom": "<?xml", "txt": "Enforcement news"}
    assert out.read_text(encoding="utf-8").startswith(begins[ending])
