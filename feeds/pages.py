"""Lists of news on pages without a feed, read by the CSS selectors of the source's entry.

::

    [[source]]
    url = "https://example.gov/news"
    name = "Example office"
    kind = "page"
    select = { item = "ul.news > li", title = "a", link = "a", date = ".date" }
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from feeds.dates import read_date
from feeds.decoding import decode_page
from feeds.plaintext import one_line, plain_block
from feeds.records import Content, Entry, ParsedFeed, ParseFailure, Source

__all__ = ["parse_page", "selector_fault"]


def parse_page(
    body: bytes, source: Source, *, url: str, headers: dict[str, str], now: datetime | None = None
) -> ParsedFeed | ParseFailure:
    """The list on the page as a feed; a page on which the selectors find nothing is a failure.

    Never raises on what a server sends.
    """
    if source.select is None:
        return ParseFailure(kind="not_a_feed", detail='kind = "page" needs selectors: select = { item = … }')
    text = decode_page(body, headers.get("content-type"), lang=source.lang)
    root = _tree(text)
    if root is None:
        return ParseFailure(kind="empty_body", detail="no page in the answer")
    base = root.xpath("string(//base/@href)") or ""
    rows = _all(root, source.select.item)
    entries = [_entry(row, source, _joined(url, str(base)), now or datetime.now(UTC)) for row in rows[:1000]]
    kept = tuple(entry for entry in entries if entry is not None)
    if not kept:
        detail = f"selector {source.select.item!r} finds {len(rows)} rows and no item with a title and a link"
        return ParseFailure(kind="malformed", detail=f"{detail}; the page may have changed")
    title = one_line(str(root.xpath("string(//title)")))
    return ParsedFeed(
        version="page",
        encoding="utf-8",
        title=Content(value=title),
        link=url,
        language=str(root.xpath("string(//@lang)")),
        entries=kept,
    )


def selector_fault(selector: str) -> str | None:
    """What is wrong with a CSS selector, None when nothing is."""
    from cssselect import GenericTranslator, SelectorError

    try:
        GenericTranslator().css_to_xpath(selector)
    except SelectorError as error:
        return str(error)
    return None


def _tree(text: str) -> Any:
    from lxml import etree, html

    stripped = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "", text)
    if not stripped.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        return html.fromstring(stripped.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _all(node: Any, selector: str) -> list[Any]:
    from cssselect import GenericTranslator

    return list(node.xpath(GenericTranslator().css_to_xpath(selector)))


def _first(node: Any, selector: str | None) -> Any:
    found = _all(node, selector) if selector else []
    return found[0] if found else None


def _entry(row: Any, source: Source, base: str, now: datetime) -> Entry | None:
    select = source.select
    if select is None:
        return None
    anchor = row if select.link == "" or (row.tag == "a" and select.link == "a") else _first(row, select.link)
    href = _joined(base, (anchor.get("href") or "").strip()) if anchor is not None else ""
    heading = _first(row, select.title) if select.title else anchor
    title = _text(heading) or (anchor.get("title") or "" if anchor is not None else "")
    if not title or not href:
        return None
    summary, dated = _first(row, select.summary), _first(row, select.date)
    stated = (dated.get("datetime") or _text(dated)) if dated is not None else ""
    if not stated and select.date_in_url:
        found = re.search(select.date_in_url, href)
        stated = found.group(found.lastindex or 0) if found else ""
    return Entry(
        link=href,
        title=Content(value=title),
        summary=Content(value=plain_block(str(summary.text_content()))) if summary is not None else None,
        published=read_date(stated, lang=source.lang, now=now) if stated else None,
        published_raw=stated,
        raw={"title": title, "link": href, "date": stated},
    )


def _text(node: Any) -> str:
    return one_line(str(node.text_content())) if node is not None else ""


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return base
