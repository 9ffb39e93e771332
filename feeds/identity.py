"""Which entries are articles we hold already: a pure decision that does not trust any single identifier.

Guids are missing, reused for another article, random at each fetch, or the same on all items; links are shared,
or carry session numbers. So every pair of entry and known item is weighed by all that they have in common, and
pairs are made one to one, strongest first: an item that another entry claims with better reason cannot be
claimed again, and what finds no partner is new. When in doubt an entry is new: a repeated item is a nuisance,
a lost one a fault.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from feeds.plaintext import similarity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from feeds.records import Draft, Trust

__all__ = ["Known", "Match", "Recognition", "recognise"]

_ALIKE: Final = 0.5
_RELATED: Final = 0.3
_FAINT: Final = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What identity needs of a stored item."""

    id: int
    guid: str
    link_key: str
    title: str
    title_key: str
    text: str
    content_hash: str
    published: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """``draft`` is the item ``known_id``, or a new one when that is None; ``reason`` says why."""

    draft: Draft
    known_id: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The matches, in the order of the feed, and what has been learnt about the source's identifiers."""

    matches: tuple[Match, ...]
    guid_trust: Trust
    link_trust: Trust


@dataclass(frozen=True, slots=True)
class _Context:
    volatile_guids: bool
    shared_guids: frozenset[str]
    shared_links: frozenset[str]
    all_links_shared: bool
    court: bool

    def guid_counts(self, guid: str) -> bool:
        return bool(guid) and not self.volatile_guids and guid not in self.shared_guids

    def link_counts(self, link: str) -> bool:
        return bool(link) and not self.all_links_shared and link not in self.shared_links and "/" in link


def recognise(
    drafts: Sequence[Draft],
    known: Sequence[Known],
    *,
    guid_trust: Trust = "unknown",
    link_trust: Trust = "unknown",
) -> Recognition:
    """Pair ``drafts`` (one fetch of one source) with ``known`` (the source's stored items that may be meant)."""
    unique = _without_repeats(drafts)
    guid_trust = _judge_guids(unique, known, guid_trust)
    context = _context(unique, known, guid_trust, link_trust)
    pairs = _pair(unique, known, context)
    matches = tuple(
        Match(draft=draft, known_id=pairs[index][0], reason=pairs[index][1])
        if index in pairs
        else Match(draft=draft, known_id=None, reason="nothing known is the same article")
        for index, draft in enumerate(unique)
    )
    return Recognition(
        matches=matches, guid_trust=guid_trust, link_trust=_judge_links(unique, context, link_trust)
    )


def _without_repeats(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts without entries that one document holds twice; of two versions the later one counts."""
    kept: dict[tuple[object, ...], Draft] = {}
    for draft in drafts:
        key = _document_key(draft)
        other = kept.get(key)
        if other is None or (draft.published and other.published and draft.published > other.published):
            kept[key] = draft
    return list(kept.values())


def _document_key(draft: Draft) -> tuple[object, ...]:
    if draft.court is None and draft.guid and draft.title_key:
        return draft.guid, draft.link_key, draft.title_key
    return draft.guid, draft.link_key, draft.title_key, draft.content_hash, draft.published


def _judge_guids(drafts: Sequence[Draft], known: Sequence[Known], before: Trust) -> Trust:
    """``volatile`` once the same article came back under another guid while no guid came back."""
    guids = {one.guid for one in known if one.guid}
    if any(draft.guid in guids for draft in drafts):
        return "good" if before in {"unknown", "volatile"} else before
    prints = {(one.link_key, one.title_key, one.content_hash) for one in known if one.guid}
    renamed = any(
        draft.guid and (draft.link_key, draft.title_key, draft.content_hash) in prints for draft in drafts
    )
    return "volatile" if renamed else before


def _judge_links(drafts: Sequence[Draft], context: _Context, before: Trust) -> Trust:
    linked = [draft.link_key for draft in drafts if draft.link_key]
    shared = sum(link in context.shared_links for link in linked)
    if len(linked) >= 2 and shared * 2 > len(linked):
        return "shared"
    return "good" if linked and not shared and before == "unknown" else before


def _context(
    drafts: Sequence[Draft], known: Sequence[Known], guid_trust: Trust, link_trust: Trust
) -> _Context:
    return _Context(
        volatile_guids=guid_trust == "volatile",
        shared_guids=_shared((one.guid, one.title_key) for one in drafts),
        shared_links=_shared((one.link_key, f"{one.title_key}|{one.guid}") for one in drafts)
        | _held_twice(one.link_key for one in known),
        all_links_shared=link_trust == "shared",
        court=any(draft.court for draft in drafts),
    )


def _shared(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Identifiers that one document gives to several different things."""
    things: dict[str, set[str]] = defaultdict(set)
    for identifier, thing in pairs:
        if identifier:
            things[identifier].add(thing)
    return frozenset(identifier for identifier, seen in things.items() if len(seen) > 1)


def _held_twice(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key for key, count in Counter(keys).items() if key and count > 1)


def _pair(drafts: Sequence[Draft], known: Sequence[Known], context: _Context) -> dict[int, tuple[int, str]]:
    candidates = _candidates(drafts, known)
    weighed = sorted(
        ((*_weigh(drafts[index], one, context), index, one.id) for index, one in candidates),
        key=lambda row: (-row[0], row[2], row[3]),
    )
    pairs: dict[int, tuple[int, str]] = {}
    taken: set[int] = set()
    for strength, reason, index, known_id in weighed:
        if strength and index not in pairs and known_id not in taken:
            pairs[index] = (known_id, reason)
            taken.add(known_id)
    return pairs


def _candidates(drafts: Sequence[Draft], known: Sequence[Known]) -> list[tuple[int, Known]]:
    """Pairs that have at least one thing in common; comparing all with all would be quadratic."""
    index: dict[tuple[str, object], list[Known]] = defaultdict(list)
    for one in known:
        for key in _handles(one):
            index[key].append(one)
    found: dict[tuple[int, int], Known] = {}
    for position, draft in enumerate(drafts):
        for key in _handles(draft):
            for one in index.get(key, ())[:50]:
                found[position, one.id] = one
    return [(position, one) for (position, _), one in found.items()]


def _handles(one: Draft | Known) -> list[tuple[str, object]]:
    handles: list[tuple[str, object]] = [
        ("guid", one.guid), ("link", one.link_key), ("title", one.title_key), ("hash", one.content_hash),
    ]  # fmt: skip
    if one.published and not one.guid:
        handles.append(("date", one.published))
    return [handle for handle in handles if handle[1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A draft beside a known item, and what the two have in common."""

    draft: Draft
    one: Known
    link_counts: bool
    same_title: bool
    same_text: bool
    same_link: bool
    same_guid: bool
    dated: bool
    undated: bool
    conflict: bool

    def alike(self) -> float:
        return similarity(f"{self.draft.title}\n{self.draft.text}", f"{self.one.title}\n{self.one.text}")


def _beside(draft: Draft, one: Known, context: _Context) -> _Pair:
    same_guid = bool(draft.guid) and draft.guid == one.guid
    return _Pair(
        draft=draft,
        one=one,
        link_counts=context.link_counts(draft.link_key),
        same_title=bool(draft.title_key) and draft.title_key == one.title_key,
        same_text=draft.content_hash == one.content_hash,
        same_link=bool(draft.link_key) and draft.link_key == one.link_key,
        same_guid=same_guid,
        dated=draft.published is not None and draft.published == one.published,
        undated=draft.published is None or one.published is None,
        conflict=bool(draft.guid and one.guid) and not same_guid and not context.volatile_guids,
    )


def _weigh(draft: Draft, one: Known, context: _Context) -> tuple[int, str]:
    """How strongly the two are the same article (0: not at all), and why."""
    pair = _beside(draft, one, context)
    alike_in_all = pair.same_link and pair.same_title and pair.same_text
    if context.court:
        return (100, "the same filing") if alike_in_all and (pair.dated or pair.undated) else (0, "")
    if _fingerprint(draft) == _fingerprint(one) or (alike_in_all and pair.same_guid):
        return 100, "the same in every respect"
    if pair.same_guid and context.guid_counts(draft.guid):
        return _by_guid(pair)
    if pair.same_link and pair.link_counts:
        return _by_link(pair)
    if pair.conflict and not (pair.same_text and pair.same_title and pair.dated):
        return 0, ""
    return _by_words(pair)


def _fingerprint(one: Draft | Known) -> tuple[object, ...]:
    return one.guid, one.link_key, one.title_key, one.content_hash, one.published


def _by_guid(pair: _Pair) -> tuple[int, str]:
    if pair.same_title:
        return (95, "same guid, link and title") if pair.same_link else (90, "same guid and title")
    if pair.same_link and pair.link_counts and _names_an_article(pair.draft.link_key):
        return 90, "same guid and link"
    alike = pair.alike()
    if alike >= _RELATED or (pair.dated and alike >= _FAINT):
        return 80, f"same guid, texts alike ({alike:.2f})"
    if pair.dated and not pair.draft.link_key and not pair.one.link_key:
        return 78, "same guid and time"
    return 0, "the guid was reused"


def _by_link(pair: _Pair) -> tuple[int, str]:
    if pair.same_title and pair.same_text:
        return 75, "same link, title and text"
    alike = pair.alike()
    if not pair.conflict:
        sure = pair.same_title or pair.dated or alike >= _RELATED or _names_an_article(pair.draft.link_key)
        return (70, "same link") if sure else (0, "")
    if (
        pair.dated
        or (alike >= _ALIKE and (pair.undated or pair.same_title))
        or (pair.undated and pair.same_title)
    ):
        return 65, "same link under another guid"
    return 0, ""


def _by_words(pair: _Pair) -> tuple[int, str]:
    timely = pair.dated or (pair.undated and len(pair.draft.text) > 80)
    if pair.same_title and pair.same_text and timely:
        return 60, "same title, text and time"
    if pair.draft.link_key and pair.one.link_key and not pair.same_link:
        return 0, ""
    if pair.same_title and pair.dated:
        return 55, "same title and time"
    if (pair.dated or (pair.undated and pair.same_title)) and pair.alike() >= _ALIKE:
        return 50, "texts alike, same time or title"
    return 0, ""


def _names_an_article(key: str) -> bool:
    """Whether a link looks like one article's own: a query, a number or a long last part."""
    parts = urlsplit(f"//{key}")
    last = parts.path.rstrip("/").rpartition("/")[2]
    return (
        bool(parts.query)
        or len(last) >= 12
        or bool(re.search(r"\d", last))
        or last.count("-") >= 1
        or parts.path.count("/") >= 2
    )
