"""The full text of short items, for sources that ask for it (``fulltext = true``); polite and limited.

trafilatura finds the article in the page; navigation, comment forms and cookie notices stay behind.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from feeds.decoding import decode_page
from feeds.fetch import Request
from feeds.plaintext import plain_block
from feeds.records import Response

if TYPE_CHECKING:
    from feeds.fetch import Fetcher
    from feeds.store import Store

__all__ = ["extract_text", "fetch_full_texts"]

_MAX_PAGE: Final = 3_000_000
_MAX_TEXT: Final = 200_000


def extract_text(page: str, *, url: str = "") -> str:
    """The article in ``page``; empty when there is none worth the name."""
    import trafilatura

    try:
        found = trafilatura.extract(
            page[:_MAX_PAGE],
            url=url or None,
            include_comments=False,
            include_tables=False,
            favor_precision=True,
        )
    except (ValueError, TypeError, AttributeError, RecursionError, LookupError):
        return ""  # hostile markup: counted as a failed try
    return plain_block(found or "")[:_MAX_TEXT]


async def fetch_full_texts(store: Store, fetcher: Fetcher, *, limit: int) -> int:
    """Fetch the pages of up to ``limit`` items that want their full text; gives the number that got one."""
    wanted = await asyncio.to_thread(store.items.wanting_text, limit)
    if not wanted:
        return 0
    sources = {one.id: one.source for one in await asyncio.to_thread(store.health)}
    got = 0
    for item in wanted:
        source = sources.get(item.source_id)
        if source is None or not source.fulltext:
            continue
        request = Request(
            url=item.url, private=source.private, robots=source.robots, accept="text/html, */*;q=0.1"
        )
        answer = await fetcher.get(request)
        text = ""
        if isinstance(answer, Response) and answer.status == 200:
            page = decode_page(answer.body, answer.headers.get("content-type"), lang=source.lang)
            text = await asyncio.to_thread(extract_text, page, url=answer.url)
        await asyncio.to_thread(store.items.put_text, item.item_id, text)
        got += bool(text)
    return got
