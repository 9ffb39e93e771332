"""JSON Feed (version 1 and 1.1), which feedparser 6 does not read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from feeds.records import Content, Enclosure, Entry, ParsedFeed, ParseFailure

__all__ = ["looks_like_json_feed", "parse_json_feed"]


def looks_like_json_feed(body: bytes) -> bool:
    """Whether ``body`` is meant as JSON: XML never starts with a brace."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def parse_json_feed(body: bytes, *, url: str = "") -> ParsedFeed | ParseFailure:
    """The feed, or why it is none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        return ParseFailure(kind="malformed", detail=f"JSON: {error}")
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        return ParseFailure(kind="not_a_feed", detail="JSON without a list of items")
    return ParsedFeed(
        version="json1",
        encoding="utf-8",
        title=_content(data.get("title"), "text/plain"),
        subtitle=_content(data.get("description"), "text/plain"),
        link=_link(data.get("home_page_url"), url),
        language=_string(data.get("language")),
        author=_authors(data),
        entries=tuple(_entry(one, url) for one in data["items"] if isinstance(one, dict)),
    )


def _entry(item: dict[str, Any], url: str) -> Entry:
    html, text = (
        _content(item.get("content_html"), "text/html"),
        _content(item.get("content_text"), "text/plain"),
    )
    attachments = item.get("attachments")
    return Entry(
        guid=str(item.get("id") or ""),
        link=_link(item.get("url") or item.get("external_url"), url),
        title=_content(item.get("title"), "text/plain"),
        summary=_content(item.get("summary"), "text/plain"),
        contents=tuple(one for one in (html, text) if one),
        author=_authors(item),
        published=_time(item.get("date_published")),
        published_raw=_string(item.get("date_published")),
        updated=_time(item.get("date_modified")),
        updated_raw=_string(item.get("date_modified")),
        tags=tuple(tag for tag in _list(item.get("tags")) if isinstance(tag, str)),
        enclosures=tuple(
            Enclosure(href=_link(one.get("url"), url), type=_string(one.get("mime_type")))
            for one in _list(attachments)
            if isinstance(one, dict)
        ),
        raw=item,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _link(value: Any, url: str) -> str:
    try:
        return urljoin(url, value) if isinstance(value, str) and value else ""
    except ValueError:
        return ""


def _content(value: Any, kind: str) -> Content | None:
    return Content(value=value, type=kind) if isinstance(value, str) and value else None


def _authors(node: dict[str, Any]) -> str:
    people = [*_list(node.get("authors")), node.get("author")]
    return ", ".join(_string(one.get("name")) for one in people if isinstance(one, dict) and one.get("name"))


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        stamp = datetime.fromisoformat(value)
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
