"""Feeds that a page offers, and a check of sources by fetching them once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from feeds.decoding import decode_page
from feeds.fetch import FetchConfig, Fetcher, Request
from feeds.pages import parse_page
from feeds.parse import parse_feed
from feeds.plaintext import one_line, safe_link
from feeds.records import FetchFailure, ParsedFeed, ParseFailure, Response, Source
from feeds.schedule import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FoundFeed", "SourceCheck", "check_sources", "discover_feeds", "find_feeds"]

_FEED_TYPES: Final = (
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
)
_LOOKS_LIKE_FEED: Final = re.compile(
    r"(?:\brss\b|\batom\b|/feeds?/?$|\.rss$|\.atom$|feed\.xml|rss\.xml|atom\.xml)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page offers; ``declared`` when the page says so itself, else its address looks like one."""

    url: str
    title: str
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """What one fetch of a source showed. ``problem`` is empty when it can be read."""

    source: Source
    problem: str = ""
    entries: int = 0
    newest: datetime | None = None
    moved_to: str = ""
    offered: tuple[FoundFeed, ...] = ()
    warnings: tuple[str, ...] = ()


def discover_feeds(page: str, *, url: str) -> tuple[FoundFeed, ...]:
    """The feeds that ``page`` (HTML) offers, declared ones first."""
    from lxml import etree, html

    try:
        root = html.fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ()
    found: dict[str, FoundFeed] = {}
    for node in root.xpath("//link[@href]"):
        rel, kind = (
            (node.get("rel") or "").lower().split(),
            (node.get("type") or "").lower().partition(";")[0].strip(),
        )
        if ("alternate" in rel and kind in _FEED_TYPES) or "feed" in rel:
            _keep(found, node, url, declared=True)
    for node in root.xpath("//a[@href]"):
        if _LOOKS_LIKE_FEED.search(node.get("href")):
            _keep(found, node, url, declared=False)
    return tuple(found.values())


async def find_feeds(
    url: str, *, private: bool = False, config: FetchConfig | None = None
) -> tuple[FoundFeed, ...]:
    """The feeds that the page at ``url`` offers and that really are feeds; itself, when it is one."""
    async with Fetcher(config) as fetcher:
        answer = await fetcher.get(Request(url=url, private=private))
        if isinstance(answer, FetchFailure) or judge(answer).action != "parse":
            return ()
        own = parse_feed(answer.body, url=answer.url, headers=answer.headers)
        if isinstance(own, ParsedFeed):
            return (
                FoundFeed(
                    url=answer.url, title=one_line(own.title.value) if own.title else "", declared=True
                ),
            )
        page = decode_page(answer.body, answer.headers.get("content-type"))
        offered = discover_feeds(page, url=answer.url)[:20]
        real = await asyncio.gather(*(_is_feed(fetcher, one.url, private=private) for one in offered))
    return tuple(one for one, sound in zip(offered, real, strict=True) if sound)


def check_sources(sources: Sequence[Source], config: FetchConfig | None = None) -> tuple[SourceCheck, ...]:
    """Fetch each source once, store nothing, and say what can be read and what cannot."""
    return asyncio.run(_check_all(sources, config))


async def _check_all(sources: Sequence[Source], config: FetchConfig | None) -> tuple[SourceCheck, ...]:
    async with Fetcher(config) as fetcher:
        places = asyncio.Semaphore(fetcher.config.concurrency)

        async def one(source: Source) -> SourceCheck:
            async with places:
                return _checked(
                    source,
                    await fetcher.get(Request(url=source.url, private=source.private, robots=source.robots)),
                )

        return tuple(await asyncio.gather(*map(one, sources)))


def _checked(source: Source, answer: Response | FetchFailure) -> SourceCheck:
    verdict = judge(answer)
    if isinstance(answer, FetchFailure) or verdict.action != "parse":
        return SourceCheck(
            source=source, problem=f"{verdict.kind or 'http'}: {verdict.detail or 'no content'}"
        )
    parsed = _parsed(source, answer)
    moved = answer.url if answer.url != source.url else ""
    if isinstance(parsed, ParseFailure):
        page = decode_page(answer.body, answer.headers.get("content-type"), lang=source.lang)
        return SourceCheck(
            source=source,
            problem=f"{parsed.kind}: {parsed.detail}",
            moved_to=moved,
            offered=discover_feeds(page, url=answer.url)
            if parsed.kind in {"html_page", "not_a_feed"}
            else (),
        )
    dates = [stamp for entry in parsed.entries if (stamp := entry.published or entry.updated)]
    return SourceCheck(
        source=source,
        entries=len(parsed.entries),
        newest=max(dates, default=None),
        moved_to=moved,
        warnings=parsed.warnings,
    )


def _parsed(source: Source, answer: Response) -> ParsedFeed | ParseFailure:
    if source.kind == "page":
        return parse_page(answer.body, source, url=answer.url, headers=answer.headers, now=datetime.now(UTC))
    return parse_feed(answer.body, url=answer.url, headers=answer.headers, lang=source.lang)


async def _is_feed(fetcher: Fetcher, url: str, *, private: bool) -> bool:
    answer = await fetcher.get(Request(url=url, private=private))
    if isinstance(answer, FetchFailure) or judge(answer).action != "parse":
        return False
    return isinstance(parse_feed(answer.body, url=answer.url, headers=answer.headers), ParsedFeed)


def _keep(found: dict[str, FoundFeed], node: Any, base: str, *, declared: bool) -> None:
    try:
        url = safe_link(urljoin(base, node.get("href").strip()))
    except ValueError:
        return
    if url and url not in found:
        title = one_line(node.get("title") or node.text_content() or "")
        found[url] = FoundFeed(url=url, title=title, declared=declared)
