"""What flows through fauxwatch: listings in, verdicts out. Frozen, slotted, keyword-only.

Offsets count characters of the *original* string: ``getattr(listing, span.field)[span.start:span.end] == span.text``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Band",
    "Brand",
    "Contact",
    "ContactKind",
    "Cue",
    "Field",
    "How",
    "Listing",
    "Rejection",
    "Span",
    "Verdict",
]

Field = Literal["title", "description"]
How = Literal["name", "alias", "script", "disguise", "column"]
Band = Literal["clear", "queue", "act"]
ContactKind = Literal[
    "phone",
    "whatsapp",
    "wechat",
    "telegram",
    "line",
    "zalo",
    "kakaotalk",
    "instagram",
    "yupoo",
    "email",
    "link",
    "other",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing as it stands in a dump. Only ``title`` is needed; ``price`` is in units of ``currency``."""

    title: str
    description: str = ""
    id: str = ""
    price: float | None = None
    currency: str | None = None
    brand: str | None = None
    seller: str | None = None
    category: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words of a listing: ``field`` and character offsets ``start:end`` into its original text."""

    text: str
    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A cue with its probability; ``text``, ``field``, ``start``, ``end`` are None if only a column says so."""

    cue: str
    score: float
    text: str | None = None
    field: Field | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A brand that the listing offers, by canonical name, and how it was recognised."""

    brand: str
    how: How
    text: str | None = None
    field: Field | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to reach the seller; ``value`` is normalised, so that equal contacts are equal strings."""

    kind: ContactKind
    value: str
    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What fauxwatch says of one listing: a lead for a person, never proof. Columns as in :mod:`nlp.schema`."""

    id: str
    score: float
    suspicious: bool
    band: Band
    cues: tuple[Cue, ...] = ()
    brands: tuple[Brand, ...] = ()
    contacts: tuple[Contact, ...] = ()
    seller: str | None = None
    lang: str | None = None
    price_usd: float | None = None
    reference_usd: float | None = None
    price_ratio: float | None = None
    reasons: tuple[str, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A row that gave no verdict: where it stood, why, and what could be kept of it (at most 2,000 characters)."""

    file: str
    line: int
    reason: str
    row: str = ""
