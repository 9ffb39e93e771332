"""Entries made into drafts of items: what a reader would see, plus what an item is recognised by."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from feeds.pacer import court_filings, is_court_feed
from feeds.plaintext import html_to_text, link_key, one_line, plain_block, safe_link, title_key, without_form
from feeds.records import Content, CourtEntry, Draft, Entry, ParsedFeed, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_TEXT", "content_hash", "drafts", "plain"]

MAX_TEXT: Final = 200_000
_MAX_KEY: Final = 1000
_FUTURE: Final = timedelta(hours=36)
_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_MARKUP: Final = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);")


def drafts(feed: ParsedFeed, source: Source, now: datetime) -> tuple[Draft, ...]:
    """One draft for each entry; of a court feed, one for each filing."""
    lang = source.lang or feed.language
    if source.style == "pacer" or is_court_feed(feed.entries):
        return tuple(
            _draft(entry, source, lang, now, court=court) for entry, court in court_filings(feed.entries)
        )
    made = (_draft(entry, source, lang, now) for entry in feed.entries)
    return tuple(one for one in made if one.url or one.title or one.text)


def _draft(
    entry: Entry, source: Source, lang: str, now: datetime, *, court: CourtEntry | None = None
) -> Draft:
    url = safe_link(entry.link) or (safe_link(entry.guid) if entry.guid.startswith("http") else "")
    guid_alone = entry.guid_is_link and not entry.links  # then the link is no second witness
    publisher = one_line(entry.source_title)
    title = _without_publisher(one_line(plain(entry.title)), publisher)[:2000]
    summary = plain(entry.summary)[:MAX_TEXT]
    text = without_form(max([summary, *map(plain, entry.contents)], key=len)[:MAX_TEXT])
    published, doubt = _published(entry, lang, now)
    return Draft(
        guid=_bounded(one_line(entry.guid)),
        url=url[:4000],
        link_key=_bounded(link_key(url)) if url and not guid_alone else "",
        title=title or _headline(text),
        title_key=_bounded(title_key(title)),
        summary=summary,
        text=text,
        author=one_line(plain(Content(value=entry.author, type="text/html")))[:400],
        publisher=publisher[:400],
        lang=source.lang or _language(entry) or lang,
        published=published,
        published_raw=one_line(entry.published_raw or entry.updated_raw or entry.created_raw)[:200],
        date_doubt=doubt,
        content_hash=content_hash(title, text),
        court=court,
        raw=entry.raw,
    )


def plain(content: Content | None) -> str:
    """The text of a feed's content, without markup whatever its label says."""
    if content is None:
        return ""
    if "html" in content.type or _MARKUP.search(content.value):
        return html_to_text(content.value)
    return plain_block(content.value)


def content_hash(title: str, text: str) -> str:
    """A digest of what a reader sees; white space does not count."""
    seen = f"{' '.join(title.split())}\n{' '.join(text.split())}"
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()


def _bounded(key: str) -> str:
    """``key`` when an index can hold it, else its head and a digest of the whole."""
    coded = key.encode("utf-8", "replace")
    if len(coded) <= _MAX_KEY:
        return key
    return f"{key[:100]}…{hashlib.sha256(coded).hexdigest()}"


def _without_publisher(title: str, publisher: str) -> str:
    """Search feeds write ``Title - Publisher``; the publisher is kept elsewhere."""
    if publisher and title.endswith(f" - {publisher}"):
        return title.removesuffix(f" - {publisher}").rstrip()
    return title


def _headline(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= 120 else f"{first[:119].rsplit(' ', 1)[0]}…"


def _language(entry: Entry) -> str:
    parts: Sequence[Content | None] = (*entry.contents, entry.summary, entry.title)
    return next((one.language for one in parts if one is not None and one.language), "")


def _published(entry: Entry, lang: str, now: datetime) -> tuple[datetime | None, bool]:
    """When it was published and whether what the feed says of it cannot be."""
    stated = entry.published or entry.updated or entry.created
    raw = entry.published_raw or entry.updated_raw or entry.created_raw
    if raw.strip() and (stated is None or not raw.isascii() or stated > now + _FUTURE):
        from feeds.dates import read_date

        stated = read_date(raw, lang=lang, now=now) or stated
    if stated is None:
        return None, bool(raw.strip())
    if stated > now + _FUTURE or stated < _OLDEST:
        return None, True
    return stated, False
