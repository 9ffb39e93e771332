"""Whether an article is about counterfeit goods being fought or a trademark being enforced, and which words say so.

>>> judge = Relevance.load()
>>> judge.judge("Customs seize 4,000 fake handbags", "", {"en"}).relevant
True
>>> judge.judge("Two held with fake $100 bills", "", {"en"}).relevant
False

A sum of points that can be read: every word of the tables brings its points, more in the title and at the start than
far down; "fake" counts by what stands nearest, goods or something else. The sum becomes a score by a logistic curve.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from feeds.scan import Scanner, WordHit, flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeds.records import Evidence

__all__ = ["Judgement", "Reading", "Relevance"]

_READ: Final = 6000
_PASSING: Final = 700
"""In a text longer than this, one word with nothing in the title is a passing remark."""
_NEAR: Final = 34
_NEAR_SPACELESS: Final = 14
_SENTENCE: Final = 140
_LIKE: Final = 80
_LEAD: Final = 250
_TOLD: Final = 700
_BIAS: Final = -2.0
_LIMIT: Final = 0.5
_MOST: Final = 8.0
_SPACELESS: Final = frozenset(["zh", "ja", "th", "ko"])
# In these the noun stands before "fake"; in the others after it.
_NOUN_FIRST: Final = frozenset(["es", "pt", "fr", "it", "vi", "th", "id", "ar", "fa"])
_POINTS: Final = {
    "strong": 3.2,
    "counterfeit": 1.7,
    "fake": 2.6,
    "mark": 2.4,
    "copy": 2.4,
    "sued": 1.9,
    "suing": 2.3,
    "off_topic": -1.6,
    "swallow": -0.9,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An item made ready to be read: title and text, folded, with the languages to look for."""

    title: str
    text: str
    langs: frozenset[str]
    lang: str
    brand_spans: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Relevant or not, the score from 0 to 1, and the words that spoke for it."""

    relevant: bool
    score: float
    reasons: tuple[Evidence, ...]
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    field: str
    start: int
    end: int
    label: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What else is known of one text: where brands stand, and marketplaces; whether the article tells of a civil case."""

    brands: list[tuple[int, int]]
    sued: list[tuple[int, int]]
    civil: bool


class Relevance:
    """The judge; immutable."""

    def __init__(self, scanner: Scanner, disputes: Scanner) -> None:
        self._scanner = scanner
        self._disputes = disputes

    @classmethod
    def load(cls) -> Relevance:
        """With the packaged tables."""
        words, disputes = (
            Scanner((row["lang"], row["class"], row["patterns"]) for row in read_words(table))
            for table in ("relevance.tsv", "disputes.tsv")
        )
        return cls(words, disputes)

    def judge(
        self,
        title: str,
        text: str,
        langs: Collection[str],
        *,
        brands: Collection[tuple[str, int, int]] = (),
        sued: Collection[tuple[str, int, int]] = (),
        suing: Collection[tuple[str, int, int]] = (),
        civil: bool = False,
    ) -> Judgement:
        """Judge one article.

        ``brands`` are the (field, start, end) of brands found in it, ``sued`` those of marketplaces and shops,
        ``suing`` those of brands that are the plaintiff; ``civil`` says that it tells a step of a civil case: then a mark in general and a likeness count too.
        """
        from feeds.records import Evidence as Words

        points: list[_Point] = []
        body = text[:_READ]
        for field, content in (("title", title), ("text", body)):
            spans = [(start, end) for where, start, end in brands if where == field]
            accused = [(start, end) for where, start, end in sued if where == field]
            points += self._field(field, content, langs, _Around(brands=spans, sued=accused, civil=civil))
        if civil and not any(one.points > 0 for one in points if one.field == "title"):
            points += self._asserted(title, body, langs, suing)
        total = _BIAS + _weighed(points, len(body), civil=civil)
        score = 1 / (1 + math.exp(-max(-20.0, min(20.0, total))))
        source = {"title": title, "text": text}
        speaking = sorted((one for one in points if one.points > 0), key=lambda one: -one.points)[:8]
        reasons = tuple(
            Words(
                field="title" if one.field == "title" else "text",
                start=one.start,
                end=one.end,
                text=source[one.field][one.start : one.end],
            )
            for one in speaking
        )
        return Judgement(relevant=score >= _LIMIT, score=score, reasons=reasons, points=total)

    def _asserted(
        self, title: str, body: str, langs: Collection[str], suing: Collection[tuple[str, int, int]]
    ) -> list[_Point]:
        """A brand that is the plaintiff, in the headline or the lead, of a lawsuit of which nothing says that it is about else."""
        lead = [one for one in suing if one[0] == "title" or one[2] <= _LEAD]
        told = {hit.label for part in (title, body[:_TOLD]) for hit in self._disputes.find(part, langs)}
        if not lead or "subject" in told or "legal" not in told:
            return []
        field, start, end = min(lead, key=lambda one: (one[0] != "title", one[1]))
        return [_Point(field=field, start=start, end=end, label="suing", points=_POINTS["suing"])]

    def _field(self, field: str, content: str, langs: Collection[str], around: _Around) -> list[_Point]:
        folded = flat(content)
        hits = self._scanner.find_flat(folded, langs)
        swallowed = [hit for hit in hits if hit.label == "swallow"]
        strong = [hit for hit in hits if hit.label == "strong" and not _inside(hit, swallowed)]
        by = {
            label: [hit for hit in hits if hit.label == label] for label in ("goods", "near_miss", "enforce")
        }
        brands = around.brands
        points = [_strong(field, hit, brands) for hit in _apart(strong)]
        for hit in _apart([one for one in hits if one.label in {"counterfeit", "fake"}]):
            if not _inside(hit, swallowed) and not _inside(hit, strong):
                worth = _fake_worth(hit, by, brands, folded)
                points.append(_point(field, hit, worth))
        points += _marks(field, hits, strong=strong, enforce=by["enforce"], around=around)
        if around.civil:
            points += _disputed(field, hits, around)
        points += [_point(field, hit, _POINTS[hit.label]) for hit in _apart(swallowed)]
        off = [hit for hit in hits if hit.label == "off_topic" and not _inside(hit, swallowed)]
        points += [_point(field, hit, _POINTS["off_topic"]) for hit in _apart(off)]
        return points


def _point(field: str, hit: WordHit, points: float) -> _Point:
    return _Point(field=field, start=hit.start, end=hit.end, label=hit.label, points=points)


def _strong(field: str, hit: WordHit, brands: list[tuple[int, int]]) -> _Point:
    """A phrase that means counterfeits by itself; it weighs more far down where a brand stands beside it."""
    near = any(start - _LIKE < hit.end and hit.start - _LIKE < end for start, end in brands)
    label = "branded" if near else "strong"
    return _Point(field=field, start=hit.start, end=hit.end, label=label, points=_POINTS["strong"])


def _fake_worth(
    hit: WordHit, by: dict[str, list[WordHit]], brands: list[tuple[int, int]], folded: str
) -> float:
    """Points of one "fake" or "counterfeit", by the nearest thing that can be meant."""
    near = _NEAR_SPACELESS if hit.lang in _SPACELESS else _NEAR
    goods = min((_distance(hit, one.start, one.end, folded) for one in by["goods"]), default=999.0)
    brand = min((_distance(hit, start, end, folded) for start, end in brands), default=999.0)
    other = min((_distance(hit, one.start, one.end, folded) for one in by["near_miss"]), default=999.0)
    wanted = min(goods, brand)
    if other <= near and other < wanted:
        return -1.0
    if wanted <= near:
        return _POINTS["fake"] if hit.label == "fake" else _POINTS["strong"]
    return _POINTS["counterfeit"] if hit.label == "counterfeit" else 0.0


def _distance(hit: WordHit, start: int, end: int, folded: str) -> float:
    """Characters between a word and what it may belong to; the side where the language puts it counts half."""
    if start < hit.end and hit.start < end:
        return 999.0
    before = end <= hit.start
    gap = hit.start - end if before else start - hit.end
    between = folded[end : hit.start] if before else folded[hit.end : start]
    if any(mark in between for mark in ".!?。！？;；"):
        gap += 30
    if any(mark in between for mark in ",،、，:") or " and " in between:
        gap += 8
    expected = before if hit.lang in _NOUN_FIRST else not before
    return gap if expected else gap * 2 + 2


def _marks(
    field: str,
    hits: list[WordHit],
    *,
    strong: list[WordHit],
    enforce: list[WordHit],
    around: _Around,
) -> list[_Point]:
    """A trademark counts where a right is asserted near it; a mere "brand" counts in a civil case."""
    starts = [one.start for one in enforce]
    points: list[_Point] = []
    for hit in _apart([one for one in hits if one.label == "mark" and not _inside(one, strong)]):
        at = bisect_left(starts, hit.start - _SENTENCE)
        near = [one for one in enforce[at:] if one.start < hit.end + _SENTENCE and not _overlap(one, hit)]
        if near:
            close = any(start - 80 < hit.end and hit.start - 80 < end for start, end in around.brands)
            generic = hit.end - hit.start <= 6 and not close and not around.civil
            points.append(_point(field, hit, 0.5 if generic else _POINTS["mark"]))
    return points


def _disputed(field: str, hits: list[WordHit], around: _Around) -> list[_Point]:
    """In a civil case: a likeness told near a brand, and an owner of marks against a marketplace or shop."""
    points: list[_Point] = []
    for hit in _apart([one for one in hits if one.label == "copy"]):
        if any(start - _LIKE < hit.end and hit.start - _LIKE < end for start, end in around.brands):
            points.append(_point(field, hit, _POINTS["copy"]))
            break
    pairs = [
        (start, end)
        for start, end in around.brands
        if any(abs(start - other) < _SENTENCE for other, _ in around.sued)
    ]
    if pairs:
        start, end = pairs[0]
        points.append(_Point(field=field, start=start, end=end, label="sued", points=_POINTS["sued"]))
    return points


def _weighed(points: list[_Point], length: int, *, civil: bool) -> float:
    """The sum of points by place: title, first 500 characters, rest; repeats count less and less."""
    seen = against = 0
    good = bad = 0.0
    for one in sorted(points, key=lambda point: (point.field != "title", point.start)):
        place = (
            1.3 if one.field == "title" else 0.9 if one.start < 500 else 0.35 if one.start < 2000 else 0.15
        )
        if one.label == "branded" and one.start < 2000:
            place = max(place, 0.7)
        if one.points > 0:
            good += one.points * place * (1.0 if seen < 3 else 0.4)
            seen += 1
        else:
            bad += one.points * place * (1.0 if against < 3 else 0.3)
            against += 1
    sparse = 1.0 if length < 2500 else max(0.6, 2500 / length)
    titled = any(one.field == "title" and one.points > 0 for one in points)
    sure = any(one.label in {"strong", "branded"} for one in points)
    if length > (3 * _PASSING if sure else _PASSING) and not titled and seen <= 1 and not civil:
        sparse *= 0.5
    return min(_MOST, good * sparse) + max(-_MOST, bad)


def _inside(hit: WordHit, others: list[WordHit]) -> bool:
    return any(_overlap(hit, other) for other in others)


def _overlap(one: WordHit, other: WordHit) -> bool:
    return one.start < other.end and other.start < one.end


def _apart(hits: list[WordHit]) -> list[WordHit]:
    """Longest first, none overlapping, in order."""
    kept: list[WordHit] = []
    for hit in sorted(hits, key=lambda one: (one.start - one.end, one.start)):
        if not _inside(hit, kept):
            kept.append(hit)
    return sorted(kept, key=lambda one: one.start)
