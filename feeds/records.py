"""Everything that passes between the stages of the news monitor: frozen, slotted, keyword-only.

The way of one article::

    Source ─ fetch ─► Response | FetchFailure ─ parse ─► ParsedFeed(Entry…) | ParseFailure
           ─ items ─► Draft ─ identity + store ─► Item (with Revisions)
           ─ relevance, mentions ─► Analysis ─ stories, cases ─► Story, Case ─ digest ─► Digest ─► OutboxMail

Times are aware and in UTC. Offsets (``start``, ``end``) slice back to ``text`` in the item's ``field``.
:func:`to_plain` and :func:`from_plain` turn any record into JSON values and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - from_plain resolves it
from typing import Any, Literal

from feeds.findings import (
    NEWS_KINDS,
    Amount,
    Analysis,
    BrandMention,
    Case,
    CaseEvent,
    DateMention,
    Digest,
    Docket,
    Evidence,
    OutboxMail,
    Party,
    Place,
    Quantity,
    Story,
    StoryMember,
)
from feeds.jsonable import from_plain, to_plain

__all__ = [
    "NEWS_KINDS",
    "Amount",
    "Analysis",
    "BrandMention",
    "Case",
    "CaseEvent",
    "Content",
    "CourtEntry",
    "DateMention",
    "Digest",
    "Docket",
    "Draft",
    "Enclosure",
    "Entry",
    "Evidence",
    "FetchFailure",
    "FetchState",
    "Item",
    "Link",
    "OutboxMail",
    "PageSelectors",
    "ParseFailure",
    "ParsedFeed",
    "Party",
    "Place",
    "Quantity",
    "Redirect",
    "Response",
    "Revision",
    "Source",
    "SourceHealth",
    "Story",
    "StoryMember",
    "from_plain",
    "to_plain",
]

SourceStatus = Literal["new", "ok", "failing", "retired"]
Trust = Literal["unknown", "good", "volatile", "shared"]

# --- sources -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSelectors:
    """CSS selectors of an HTML list for a body that has no feed; inner ones are relative to ``item``."""

    item: str
    link: str = "a"
    title: str | None = None
    date: str | None = None
    summary: str | None = None
    date_in_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that publishes news, as a ``[[source]]`` table says it."""

    url: str
    name: str
    lang: str = ""
    kind: Literal["feed", "page"] = "feed"
    style: Literal["plain", "google_news", "courtlistener", "pacer"] = "plain"
    private: bool = False
    fulltext: bool = False
    robots: bool = True
    verified: bool = False
    enabled: bool = True
    note: str = ""
    jurisdiction: str = ""
    min_interval_s: int = 0
    select: PageSelectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What is remembered of a source between two polls.

    ``etag`` and ``last_modified`` belong to ``validator_url`` and to the body ``body_sha256``; they are set
    together, after a good parse, or not at all. ``not_before`` is the server's word (Retry-After,
    Cache-Control, ttl), ``next_due`` is our own plan. ``guid_trust`` and ``link_trust`` say what experience
    has shown of this source's identifiers.
    """

    url: str
    status: SourceStatus = "new"
    etag: str = ""
    last_modified: str = ""
    validator_url: str = ""
    body_sha256: str = ""
    full_fetch_at: datetime | None = None
    next_due: datetime | None = None
    not_before: datetime | None = None
    interval_s: int = 3600
    ttl_s: int | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_new_item: datetime | None = None
    error_kind: str = ""
    error: str = ""
    http_status: int | None = None
    retired_at: datetime | None = None
    guid_trust: Trust = "unknown"
    link_trust: Trust = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One row of ``news sources``: the source, what is remembered of it and how much it gave."""

    id: int
    source: Source
    state: FetchState
    items: int

    @property
    def failing(self) -> bool:
        """Whether it belongs in the digest's footer."""
        return self.state.status in {"failing", "retired"}


# --- fetch ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One hop: ``url`` answered ``status`` and pointed elsewhere."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer of any status; ``body`` is decompressed, ``headers`` have lower-case names."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    redirects: tuple[Redirect, ...] = ()
    elapsed_s: float = 0.0
    http_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """No usable answer. ``kind`` is one of ``feeds.fetch.FAILURE_KINDS``; ``detail`` is for people."""

    url: str
    kind: str
    detail: str
    retry_after_s: int | None = None
    redirects: tuple[Redirect, ...] = ()


# --- parse ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A text as the feed gave it, scripts removed; ``type`` is ``text/plain``, ``text/html`` or XHTML."""

    value: str
    type: str = "text/plain"
    language: str | None = None
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a feed or entry, resolved against its base."""

    href: str
    rel: str = "alternate"
    type: str = ""
    title: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that comes with an entry."""

    href: str
    type: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, uninterpreted: what the feed said, no more. ``raw`` is all of it as JSON values."""

    guid: str = ""
    guid_is_link: bool = False
    link: str = ""
    links: tuple[Link, ...] = ()
    title: Content | None = None
    summary: Content | None = None
    contents: tuple[Content, ...] = ()
    author: str = ""
    published: datetime | None = None
    published_raw: str = ""
    updated: datetime | None = None
    updated_raw: str = ""
    created: datetime | None = None
    created_raw: str = ""
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    source_title: str = ""
    source_link: str = ""
    comments: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed that could be read. ``complete`` is false when it was cut off; ``warnings`` say what was wrong."""

    version: str
    encoding: str
    title: Content | None = None
    subtitle: Content | None = None
    link: str = ""
    links: tuple[Link, ...] = ()
    guid: str = ""
    language: str = ""
    author: str = ""
    published: datetime | None = None
    published_raw: str = ""
    updated: datetime | None = None
    updated_raw: str = ""
    ttl_s: int | None = None
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True

    @property
    def good(self) -> bool:
        """Whether validators may be stored with this body."""
        return self.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailure:
    """Not a feed, or one without a single item that could be read.

    ``kind`` is one of ``feeds.parse.FAILURE_KINDS``, ``detail`` is for people, ``partial`` is what could be had.
    """

    kind: str
    detail: str
    partial: ParsedFeed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtEntry:
    """What the entry of a PACER court feed says in its fixed form; ``docket`` is as juriscraper writes it."""

    docket: str
    case_name: str
    court: str = ""
    case_id: str = ""
    entry_number: str = ""
    short_description: str = ""
    document_url: str = ""
    document_id: str = ""
    chapter: str = ""


# --- items ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry made ready to be stored: plain texts, safe links, keys to recognise it by.

    ``link_key`` and ``title_key`` are the link without tracking and the folded title; ``content_hash`` changes
    exactly when a reader would see another text.
    """

    guid: str
    url: str
    link_key: str
    title: str
    title_key: str
    summary: str
    text: str
    author: str
    publisher: str
    lang: str
    published: datetime | None
    published_raw: str
    date_doubt: bool
    content_hash: str
    court: CourtEntry | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A stored article in its newest revision. ``text`` is the full text when that was fetched."""

    id: int
    source_id: int
    feed: str
    source_name: str
    guid: str
    url: str
    title: str
    text: str
    summary: str
    lang: str
    author: str = ""
    publisher: str = ""
    published: datetime | None = None
    published_raw: str = ""
    date_doubt: bool = False
    first_seen: datetime
    last_seen: datetime
    revision: int = 1
    jurisdiction: str = ""
    style: str = "plain"
    court: CourtEntry | None = None

    @property
    def when(self) -> datetime:
        """When it was published as far as is known: its date, else when we first saw it."""
        return self.published or self.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of an item; ``number`` counts from 1, ``raw`` is the entry before any interpretation."""

    item_id: int
    number: int
    seen_at: datetime
    title: str
    text: str
    content_hash: str
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
