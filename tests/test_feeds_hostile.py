"""What strangers put into feeds, on the whole way to the mail: scripts, pixels, headers, links, bidi, bombs, redirects, DNS."""

from __future__ import annotations

import asyncio
import email
import json
import re
import resource
import time
from datetime import UTC, datetime
from email import policy
from functools import cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # the Atom feed is our own

import lxml.html
import pytest
from feeds_fixtures import server, store
from feeds_news import settings_for
from feeds_server import Answer, Server, item, rss
from feeds_smtp import PASSWORD, make_certificate, post_office

from feeds.analyse import Analyser
from feeds.fetch import FetchConfig
from feeds.formats import as_atom, as_chat, as_json
from feeds.issue import body_of, make_digest
from feeds.monitor import PollConfig, PollReport, poll, poll_async
from feeds.outbox import Outbox
from feeds.records import Source
from feeds.send import deliver
from feeds.settings import read_settings
from feeds.terminal import poll_lines
from feeds.understand import understand
from nlp.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.records import Digest
    from feeds.store import Store

__all__ = ["server", "store"]

CONFIG = PollConfig(fetch=FetchConfig(contact="test@example.org", total_s=10, connect_s=2))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'news.db'}"


def source(server: Server, path: str = "/feed", **more: object) -> Source:
    return Source(url=server.url + path, name="Test", private=True, robots=False, **more)  # type: ignore[arg-type]


@cache
def analyser() -> Analyser:
    return Analyser.load()


def read(store: Store, server: Server, *items: str) -> PollReport:
    server.feed("/feed", rss(*items))
    report = poll(store, [source(server)], CONFIG)
    understand(store, clock=lambda: datetime.now(UTC), analyser=analyser())
    return report


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def digest_of(store: Store) -> Digest:
    settings, now = settings_for(25, ""), datetime.now(UTC)
    return make_digest(store, settings, settings.group("legal"), day=now.date(), now=now).digest


NEWS = "Customs seizes 500 counterfeit Gucci bags"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '<img src="http://evil.example/pixel.gif" width="1" height="1" onerror="alert(1)">',
    "frame": '<iframe src="http://evil.example/"></iframe><object data="http://evil.example/"></object>',
    "style": "</style><style>@import url(http://evil.example/x.css); body{background:url(http://evil.example/b)}</style>",
    "link": '<a href="javascript:alert(1)">here</a><a href="data:text/html,x">there</a>',
    "form": '<form action="http://evil.example/"><input name="password"></form>',
    "svg": '<svg onload="alert(1)"><animate href="http://evil.example/"/></svg>',
    "template": "{{ 7 * 191 }}{% for x in y %}",
    "header": "Seized\r\nBcc: victim@example.org\r\nContent-Type: text/html\r\n\r\n<b>x</b>",
    "encoded word": "=?utf-8?q?Bcc:_victim@example.org?= =?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
    "bidi": "safe\u202egpj.exe\u2066\u2067\u200fend",
    "nul": "before\x0bafter\x1b[31mred\x1b]0;title\x07",
    "cdata": "<![CDATA[ ]]>]]&gt;<!-- --><!DOCTYPE x>",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_strangers_write_reaches_no_reader_as_more_than_text(
    kind: str, store: Store, server: Server
) -> None:
    bad = escaped(HOSTILE[kind]).replace("\x0b", "").replace("\x1b", "").replace("\x07", "")
    read(
        store,
        server,
        item(title=f"{NEWS} {bad}", link="http://n.example/1-bags", guid=bad, text=f"{NEWS}. {bad}"),
    )
    digest = digest_of(store)
    (stored,) = store.items.find()
    assert digest.item_ids == (stored.id,)
    (mail, *_) = Outbox(store.database).mails(digest.id)
    message = email.message_from_bytes(mail.content, policy=policy.default)
    assert set(message.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert "\n" not in message["Subject"]
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    html = message.get_body(("html",))
    assert html is not None
    _harmless(html.get_content())
    everything = digest.payload["html"] + digest.payload["text"] + digest.subject
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\x00\x07\x0b\x1b\r") & set(everything)
    assert "1337" not in everything


def _harmless(page: str) -> None:
    """Nothing runs, nothing loads, every link is a web address."""
    nodes = [node for node in lxml.html.document_fromstring(page).iter() if isinstance(node.tag, str)]
    tags = {node.tag for node in nodes}
    assert not tags & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "svg",
        "link",
        "base",
        "video",
        "audio",
    }
    assert sum(node.tag == "style" for node in nodes) == 1
    for node in nodes:
        assert not [
            name
            for name in node.attrib
            if name.startswith("on") or name in {"src", "srcset", "background", "poster"}
        ]
        assert "url(" not in node.get("style", "")
        assert node.get("href", "http://").startswith(("http://", "https://"))
        assert node.tag != "style" or not re.search(r"@import|url\s*\(", node.text_content())


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_other_shapes_of_the_digest_stay_what_they_are(kind: str, store: Store, server: Server) -> None:
    bad = escaped(HOSTILE[kind]).replace("\x0b", "").replace("\x1b", "").replace("\x07", "")
    read(
        store, server, item(title=f"{NEWS} {bad} <!channel> @here", link="http://n.example/1-bags", text=bad)
    )
    digest = digest_of(store)
    feed = ET.fromstring(as_atom([digest], group="legal"))  # noqa: S314
    assert [node.tag.rpartition("}")[2] for node in feed] == ["title", "id", "updated", "author", "entry"]
    assert json.loads(as_json(body_of(digest), group="legal", subject=digest.subject))["group"] == "legal"
    chat = json.loads(as_chat(body_of(digest), subject=digest.subject))["text"]
    assert "<!channel>" not in chat
    assert "@here" not in chat
    assert re.findall(r"<[^>]*>", chat) == ["<http://n.example/1-bags>"]


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example/x",
     "http://user:pw@n.example/x", "https://n.example/\r\nSet-Cookie: x"],
)  # fmt: skip
def test_a_link_is_a_web_address_or_none(link: str, store: Store, server: Server) -> None:
    read(store, server, item(title=NEWS, link=escaped(link), text=NEWS))
    (stored,) = store.items.find()
    assert stored.url == "" or re.fullmatch(r"https?://[^\s@]+", stored.url)
    _harmless(digest_of(store).payload["html"])


@pytest.mark.parametrize(
    "address",
    ["a@example.org\r\nBcc: b@example.org", "a@example.org>\r\nRCPT TO:<b@example.org", "a@example.org, b@example.org", "<a@example.org>", "a@exa mple.org"],
)  # fmt: skip
def test_an_address_that_carries_more_than_an_address_is_a_fault(address: str) -> None:
    text = f'[[group]]\nname = "x"\nrecipients = [{json.dumps(address)}]\n'
    with pytest.raises(ConfigError, match=r"group\[1\].recipients"):
        read_settings(text)


def test_a_title_cannot_end_the_message_early(
    store: Store, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", PASSWORD)
    smuggled = f"{NEWS}\r\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<v@example.org>\r\nDATA\r\n.\n."
    read(store, server, item(title=NEWS, link="http://n.example/1-bags", text=f"<![CDATA[{smuggled}\n.\n]]>"))
    with post_office(make_certificate(tmp_path)) as post:
        settings, now = settings_for(post.port, post.cert), datetime.now(UTC)
        make_digest(store, settings, settings.group("legal"), day=now.date(), now=now)
        assert deliver(Outbox(store.database), settings).accepted == 3
        assert sorted(one.recipient for one in post.taken) == [
            "a@example.org",
            "b@example.org",
            "c@example.org",
        ]
        assert b"proof" in post.taken[0].content


def test_an_item_of_fifty_megabytes_is_refused_and_its_neighbours_are_read(
    store: Store, server: Server
) -> None:
    server.feed("/huge", rss(item(title=NEWS, text="x" * 50_000_000)))
    server.feed("/feed", rss(item(title=NEWS, link="http://n.example/1-bags", text=NEWS)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = poll(store, [source(server, "/huge"), source(server)], CONFIG)
    assert [failure.kind for failure in report.failures] == ["too_large"]
    assert report.new_items == 1
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 100_000_000


def test_a_long_item_costs_little_from_parsing_to_the_mail(store: Store, server: Server) -> None:
    started = time.process_time()
    long = "Counterfeit Gucci bags were seized in Hamburg. " * 100_000  # 4.7 MB
    read(store, server, item(title=NEWS + "x" * 100_000, link="http://n.example/1-bags", text=long))
    assert time.process_time() - started < 30
    (mail, *_) = Outbox(store.database).mails(digest_of(store).id)
    assert len(mail.content) < 50_000


BOMBS = {
    "billion laughs": '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)) + "]>",
    "quadratic": f'<!DOCTYPE rss [<!ENTITY j "{"a" * 200_000}">]>',
    "external file": '<!DOCTYPE rss [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
    "external address": '<!DOCTYPE rss [<!ENTITY j SYSTEM "http://127.0.0.1:1/x"><!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]>',
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_entities_neither_grow_nor_fetch(kind: str, store: Store, server: Server) -> None:
    body = (
        f'<?xml version="1.0"?>{BOMBS[kind]}'
        + rss(item(title="&j;" * 50, link="http://n.example/1", text="&j;" * 50))[21:]
    )
    server.feed("/feed", body)
    started = time.process_time()
    poll(store, [source(server)], CONFIG)
    assert time.process_time() - started < 10
    assert server.paths() == ["/feed"]
    for stored in store.items.find():
        assert len(stored.title) + len(stored.text) < 300_000
        assert "root:" not in stored.title + stored.text


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://0xa9fea9fe/", "http://2852039166/"],
)  # fmt: skip
@pytest.mark.parametrize("private", [True, False])
def test_no_redirect_leads_to_the_metadata_of_a_cloud(
    private: bool, location: str, store: Store, server: Server
) -> None:
    server.routes["/feed"] = Answer(302, {"location": location})
    port = int(server.url.rsplit(":", 1)[1])

    async def resolver(host: str, port: int) -> list[str]:
        return (
            ["127.0.0.1"]
            if host == "own.example"
            else [str(info[4][0]) for info in await _system(host, port)]
        )

    feed = Source(url=f"http://own.example:{port}/feed", name="T", private=private, robots=False)
    report = asyncio.run(poll_async(store, [feed], CONFIG, resolver=resolver))
    assert [failure.kind for failure in report.failures] == ["address_refused"]


async def _system(host: str, port: int) -> list[tuple[object, ...]]:
    return await asyncio.get_running_loop().getaddrinfo(host, port)  # type: ignore[return-value]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "127.1", "2130706433"])  # noqa: S104
def test_a_public_source_is_not_led_to_this_machine(host: str, store: Store, server: Server) -> None:
    """The public host is played by a resolver that gives an address of the documentation range for it."""
    port = int(server.url.rsplit(":", 1)[1])
    report = poll(store, [Source(url=f"http://{host}:{port}/feed", name="T", robots=False)], CONFIG)
    assert [failure.kind for failure in report.failures] in (["address_refused"], ["connect"])
    assert server.asked == []


def test_a_name_that_changes_its_address_between_two_looks_gets_nowhere(store: Store, server: Server) -> None:
    """The first answer is public, the later ones are this machine: only the judged address is connected to."""
    port = server.url.rsplit(":", 1)[1]
    server.feed("/feed", rss(item(title=NEWS)))
    given: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        given.append("203.0.113.9" if len(given) % 2 == 0 else "127.0.0.1")
        return [given[-1]]

    quick = PollConfig(fetch=FetchConfig(contact="t", connect_s=0.2, total_s=0.5))
    feed = Source(url=f"http://rebind.example:{port}/feed", name="T", robots=False)
    for _ in range(3):
        asyncio.run(poll_async(store, [feed], quick, resolver=resolver, which="force"))
    assert given[:2] == ["203.0.113.9", "127.0.0.1"]
    assert server.asked == []


def test_a_failures_words_cannot_paint_a_terminal(store: Store, server: Server) -> None:
    server.feed("/feed", "<html><head><title>\x1b[2J\u202eevil\x07</title></head><body></body></html>")
    report = poll(store, [source(server)], CONFIG)
    assert not set("\x1b\x07\u202e\n") & set("".join(poll_lines(report)))
