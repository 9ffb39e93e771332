"""Bytes in, a :class:`ParsedFeed` or a named :class:`ParseFailure` out; never an exception, never a network call.

feedparser (6.0.14) does the reading and gets bytes only: it would fetch anything that looks like an address.
A malformed feed gives what can be had, without the last entry when the document was cut off inside it. A page
of HTML is a failure, never an empty feed.
"""

from __future__ import annotations

import calendar
import io
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urljoin

from feeds.decoding import prepare
from feeds.jsonfeed import looks_like_json_feed, parse_json_feed
from feeds.records import Content, Enclosure, Entry, Link, ParsedFeed, ParseFailure

__all__ = ["FAILURE_KINDS", "parse_feed", "plain_value"]

FAILURE_KINDS: Final = (
    "empty_body",
    "empty_feed",
    "html_page",
    "malformed",
    "not_a_feed",
    "parser_error",
    "truncated",
)

_FEED_ROOTS: Final = r"(?:[\w.-]+:)?(?:rss|feed|rdf|channel)"
_FIRST_FEED: Final = re.compile(rf"<({_FEED_ROOTS})[\s>/]", re.IGNORECASE)
_FIRST_HTML: Final = re.compile(r"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_PREAMBLE: Final = re.compile(r"<(?:\?|!--.*?-->|!doctype[^>\[]*(?:\[.*?\]\s*)?>)", re.IGNORECASE | re.DOTALL)
_OPEN: Final = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_CLOSE: Final = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_HARMLESS: Final = ("CharacterEncodingOverride", "NonXMLContentType")
_MAX_DEPTH: Final = 8
_HEAD: Final = 65536


def parse_feed(
    body: bytes, *, url: str = "", headers: dict[str, str] | None = None, lang: str = ""
) -> ParsedFeed | ParseFailure:
    """What the feed in ``body`` says, or why it is none.

    ``url`` resolves relative links; ``headers`` (lower-case names) give Content-Type and Content-Language;
    ``lang`` helps where the encoding has no label.
    """
    try:
        return _parse(body, url, headers or {}, lang)
    except (Exception, RecursionError) as error:  # noqa: BLE001 - a foreign parser on hostile input
        return ParseFailure(kind="parser_error", detail=f"{type(error).__name__}: {error}"[:500])


def _parse(body: bytes, url: str, headers: dict[str, str], lang: str) -> ParsedFeed | ParseFailure:
    if not body.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        return ParseFailure(kind="empty_body", detail="the answer has no content")
    if looks_like_json_feed(body):
        return parse_json_feed(body, url=url)
    decoded = prepare(body, headers.get("content-type"), lang=lang)
    given = {name: value for name, value in headers.items() if name == "content-language"}
    if decoded.content_type is not None:
        given["content-type"] = decoded.content_type
    base = _base(url, headers.get("content-location", ""))
    if base:
        given["content-location"] = base
    result = _feedparser(decoded.body, given)
    text = decoded.body.decode(result.get("encoding") or "utf-8", "replace")
    html = _html_page(text)
    if html:
        return ParseFailure(kind="html_page", detail=html)
    return _judged(result, text, decoded.encoding, decoded.note)


def _base(url: str, location: str) -> str:
    """Content-Location against the address, unless it leads away from the web."""
    try:
        base = urljoin(url, location)
    except ValueError:
        return url
    return base if base.startswith(("http://", "https://")) else url


def _feedparser(body: bytes, headers: dict[str, str]) -> Any:
    import feedparser

    # An empty header set means "from a file"; a missing Content-Type among headers means "badly served".
    return feedparser.parse(io.BytesIO(body), response_headers=headers)


def _judged(result: Any, text: str, encoding: str, note: str) -> ParsedFeed | ParseFailure:
    entries = list(result.entries)
    complete = _ends(text)
    if not complete and _cut_inside_entry(text):
        entries = entries[:-1]
    problem = str(result.get("bozo_exception") or "")[:500] if result.bozo else ""
    warnings = [one for one in (note, problem) if one]
    if not complete:
        warnings.append("the document is cut off; an unfinished last entry was left out")
    feed = _feed(
        result, entries, encoding or result.get("encoding") or "", warnings=tuple(warnings), complete=complete
    )
    if entries:
        return feed
    broken = result.bozo and type(result.get("bozo_exception")).__name__ not in _HARMLESS
    failed = _without_items(feed, text, broken=broken or bool(note))
    return replace(failed, partial=feed) if failed else feed


def _without_items(feed: ParsedFeed, text: str, *, broken: bool) -> ParseFailure | None:
    """Why a document without one readable item is a failure; None for a sound feed that is empty."""
    if not feed.version and not _FIRST_FEED.search(text):
        return ParseFailure(kind="not_a_feed", detail=f"no feed in it: {_glimpse(text)!r}")
    if not feed.complete:
        return ParseFailure(kind="truncated", detail="cut off before the first whole entry")
    if broken:
        return ParseFailure(kind="malformed", detail="; ".join(feed.warnings))
    if not (feed.title or feed.link or feed.guid or feed.subtitle):
        return ParseFailure(kind="empty_feed", detail="no title, no link and no items")
    return None


def _html_page(text: str) -> str | None:
    """Why this is a page for people: its root is HTML and no feed's root comes before it."""
    head = text[:_HEAD]
    html, feed = _FIRST_HTML.search(head), _FIRST_FEED.search(head)
    if html is None or (feed is not None and feed.start() < html.start()):
        return None
    before = _PREAMBLE.sub("", head[: html.start()])
    if "<" in before and feed is not None:
        return None
    title = re.search(r"<title[^>]*>(.{0,200}?)</title>", head, re.IGNORECASE | re.DOTALL)
    return f"an HTML page came instead of a feed: {(title.group(1) if title else _glimpse(text)).strip()!r}"


def _ends(text: str) -> bool:
    """Whether the element that the document begins with is closed."""
    root = _FIRST_FEED.search(text)
    name = re.escape(root.group(1)) if root else _FEED_ROOTS
    return re.search(rf"</{name}\s*>|<{name}(?:\s[^<>]*)?/>", text, re.IGNORECASE) is not None


def _cut_inside_entry(text: str) -> bool:
    opened = [match.start() for match in _OPEN.finditer(text)]
    closed = [match.start() for match in _CLOSE.finditer(text)]
    return bool(opened) and (not closed or opened[-1] > closed[-1])


def _glimpse(text: str) -> str:
    return " ".join(text[:200].split())[:80]


# --- feedparser's dictionaries to records ---------------------------------------------------------


def _get(node: Any, key: str, default: Any = None) -> Any:
    """The value stored under exactly ``key``: feedparser's own ``get`` answers with neighbours."""
    return dict.get(node, key, default)


def _feed(
    result: Any, entries: list[Any], encoding: str, *, warnings: tuple[str, ...], complete: bool
) -> ParsedFeed:
    head = result.feed
    return ParsedFeed(
        version=result.version,
        encoding=encoding,
        title=_said(head, "title"),
        subtitle=_said(head, "subtitle") or _said(head, "summary"),
        link=_text(_get(head, "link")),
        links=_links(_get(head, "links")),
        guid=_text(_get(head, "id")),
        language=_text(_get(head, "language")),
        author=_text(_get(head, "author")),
        published=_time(_get(head, "published_parsed")),
        published_raw=_text(_get(head, "published")),
        updated=_time(_get(head, "updated_parsed")),
        updated_raw=_text(_get(head, "updated")),
        ttl_s=_ttl(head),
        entries=tuple(_entry(one) for one in entries),
        warnings=warnings,
        complete=complete,
    )


def _entry(node: Any) -> Entry:
    origin = _get(node, "source") or {}
    return Entry(
        guid=_text(_get(node, "id")).strip(),
        guid_is_link=bool(_get(node, "guidislink")),
        link=_article_link(node),
        links=_links(_get(node, "links")),
        title=_said(node, "title"),
        summary=_said(node, "summary"),
        contents=tuple(one for one in map(_content, _get(node, "content") or []) if one),
        author=_text(_get(node, "author")),
        published=_time(_get(node, "published_parsed")),
        published_raw=_text(_get(node, "published")),
        updated=_time(_get(node, "updated_parsed")),
        updated_raw=_text(_get(node, "updated")),
        created=_time(_get(node, "created_parsed")),
        created_raw=_text(_get(node, "created")),
        tags=tuple(_text(_get(tag, "term")) for tag in _get(node, "tags") or [] if _get(tag, "term")),
        enclosures=_enclosures(_get(node, "links")),
        source_title=_text(_get(origin, "title")),
        source_link=_text(_get(origin, "href") or _get(origin, "link")),
        comments=_text(_get(node, "comments")),
        raw=plain_value(node),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _content(detail: Any) -> Content | None:
    if not detail:
        return None
    return Content(
        value=_text(_get(detail, "value")),
        type=_text(_get(detail, "type")) or "text/plain",
        language=_get(detail, "language"),
        base=_text(_get(detail, "base")),
    )


def _said(node: Any, key: str) -> Content | None:
    """The text under ``key`` with what its detail adds.

    feedparser leaves the detail out of a summary copied from the content, and may take the detail of a title
    from an image's title; the plain value is right in both cases.
    """
    value = _get(node, key)
    detail = _content(_get(node, f"{key}_detail"))
    if not isinstance(value, str) or (detail is not None and detail.value == value):
        return detail
    if detail is not None:
        return replace(detail, value=value)
    return Content(value=value, type="text/html") if value else None


def _links(nodes: Any) -> tuple[Link, ...]:
    return tuple(
        Link(
            href=_text(_get(node, "href")),
            rel=_text(_get(node, "rel")),
            type=_text(_get(node, "type")),
            title=_text(_get(node, "title")),
            length=_text(_get(node, "length")),
        )
        for node in nodes or []
    )


def _article_link(node: Any) -> str:
    """The link to the article; feedparser may answer with an enclosure that came later."""
    link = _text(_get(node, "link"))
    links = _links(_get(node, "links"))
    if any(one.href == link and one.rel != "alternate" for one in links):
        return next((one.href for one in links if one.rel == "alternate" and one.href), link)
    return link


def _enclosures(nodes: Any) -> tuple[Enclosure, ...]:
    return tuple(
        Enclosure(href=link.href, type=link.type, length=link.length)
        for link in _links(nodes)
        if link.rel == "enclosure"
    )


def _time(parsed: Any) -> datetime | None:
    """A ``struct_time`` in UTC as a datetime; None for what no calendar knows."""
    if not isinstance(parsed, time.struct_time):
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None


_PERIODS: Final = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}


def _ttl(head: Any) -> int | None:
    """Seconds between two updates as the feed states them: ``ttl`` in minutes or ``sy:update…``."""
    ttl = _text(_get(head, "ttl")).strip()
    if ttl.isdigit() and int(ttl[:9]) > 0:
        return int(ttl[:9]) * 60
    period = _PERIODS.get(_text(_get(head, "sy_updateperiod")).strip().lower())
    frequency = _text(_get(head, "sy_updatefrequency")).strip()
    if period is None:
        return None
    return period // max(1, int(frequency[:6]) if frequency.isdigit() else 1)


def plain_value(value: Any, depth: int = 0) -> Any:
    """JSON values of a foreign structure, cut at a depth no honest feed reaches."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, time.struct_time):
        stamp = _time(value)
        return stamp.isoformat() if stamp else None
    if isinstance(value, dict):
        return {str(key): plain_value(dict.get(value, key), depth + 1) for key in dict.keys(value)}
    if isinstance(value, list | tuple):
        return [plain_value(one, depth + 1) for one in value]
    return str(value)
