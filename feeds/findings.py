"""What the monitor understands and sends: findings in an article, stories, cases, digests, mails.

Frozen, slotted, keyword-only, like everything in :mod:`feeds.records`, which gives these names as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 - from_plain resolves them
from typing import Any, Final, Literal

__all__ = [
    "NEWS_KINDS",
    "Amount",
    "Analysis",
    "BrandMention",
    "Case",
    "CaseEvent",
    "DateMention",
    "Digest",
    "Docket",
    "Evidence",
    "OutboxMail",
    "Party",
    "Place",
    "Quantity",
    "Story",
    "StoryMember",
]

NEWS_KINDS: Final = (
    "seizure", "raid", "arrest", "charge", "conviction", "sentence", "lawsuit_filed", "amended",
    "partial_dismissal", "dismissal", "withdrawn_some", "default_judgment", "injunction", "settlement",
    "appeal", "verdict", "policy", "report", "warning", "other",
)  # fmt: skip
"""The kinds of news, in the order in which a digest shows them. Stable: users build on them."""

# --- what an article says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The words a value came from: ``item.title[start:end]`` or ``item.text[start:end]`` is ``text``."""

    field: Literal["title", "text"]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandMention:
    """A brand or its company. ``how`` is ``name``, ``alias``, ``script``, ``disguise`` or ``back_form``."""

    brand: str
    how: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody in a dispute; ``role`` is finer than ``side`` where the text says so (seller, platform, …)."""

    name: str
    side: Literal["plaintiff", "defendant", "authority", "other"]
    role: str = ""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """A docket number; ``key`` is equal for every spelling of the same number in the same system."""

    number: str
    key: str
    court: str = ""
    system: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it happened; ``country`` is an ISO 3166 code when known."""

    name: str
    country: str = ""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A count of goods or of people; ``of`` says what was counted."""

    value: float
    of: str
    doubt: str = ""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money; ``high`` is the upper end of a range; ``doubt`` says why a figure should not be trusted."""

    value: float
    currency: str
    meaning: str
    high: float | None = None
    doubt: str = ""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMention:
    """A date with its precision and how it was arrived at (``stated``, ``year_from_item``, ``relative``…)."""

    value: date
    precision: Literal["day", "month", "year"]
    how: str
    meaning: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What one version of the analyser understood of one revision of an item.

    ``failure`` says why nothing could be understood; then ``kind`` is ``failed`` and the rest empty.
    """

    item_id: int
    revision: int
    analyser: str
    relevant: bool
    score: float
    kind: str
    lang: str = ""
    brands: tuple[BrandMention, ...] = ()
    parties: tuple[Party, ...] = ()
    court: str = ""
    dockets: tuple[Docket, ...] = ()
    jurisdiction: str = ""
    places: tuple[Place, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    amounts: tuple[Amount, ...] = ()
    dates: tuple[DateMention, ...] = ()
    event_date: date | None = None
    event_precision: Literal["", "day", "month", "year"] = ""
    event_how: str = ""
    doubts: tuple[str, ...] = ()
    reasons: tuple[Evidence, ...] = ()
    failure: str = ""


# --- stories and cases ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """An item in a story and why it joined."""

    item_id: int
    joined_at: datetime
    reason: str
    similarity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The same happening told by one or many; the id never changes nor is given again."""

    id: str
    title: str
    kind: str
    created_at: datetime
    updated_at: datetime
    members: tuple[StoryMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One thing that happened in a case, told by ``items``."""

    id: str
    kind: str
    when: date | None
    precision: Literal["", "day", "month", "year"]
    how: str = ""
    docket_key: str = ""
    summary: str = ""
    items: tuple[int, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One dispute: its captions, its dockets, its events in order of date."""

    id: str
    name: str
    status: str
    created_at: datetime
    updated_at: datetime
    court: str = ""
    jurisdiction: str = ""
    aliases: tuple[str, ...] = ()
    plaintiffs: tuple[str, ...] = ()
    defendants: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    dockets: tuple[Docket, ...] = ()
    events: tuple[CaseEvent, ...] = ()


# --- digest and outbox ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One mail a day for one group: which items and case events it holds, fixed when it was made."""

    id: str
    group: str
    day: date
    created_at: datetime
    subject: str
    item_ids: tuple[int, ...] = ()
    event_ids: tuple[str, ...] = ()
    payload: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMail:
    """One digest to one recipient: bytes and Message-ID are fixed before the first attempt to send."""

    id: int
    digest_id: str
    recipient: str
    sender: str
    message_id: str
    content: bytes = field(repr=False)
    state: Literal["queued", "sending", "accepted", "deferred", "refused", "unknown"]
    attempts: int
    created_at: datetime
    next_attempt: datetime | None = None
    last_attempt: datetime | None = None
    accepted_at: datetime | None = None
    smtp_code: int | None = None
    smtp_text: str = ""
