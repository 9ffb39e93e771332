"""How surely two articles tell the same happening, as a sum of points that can be read.

>>> likeness(one, other, cosine=0.4, multilingual=False).total >= SAME  # doctest: +SKIP
True

What both name speaks for it (a docket, a brand, a city, a figure, a rare name), by how rarely two happenings share it; what
they contradict each other in speaks against it (another city, other brands, another count, weeks between them). The
weights were tuned on a part of ``tests/data/news_stories.jsonl``; ``benchmarks/news_stories.py`` reports both parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from feeds.figures import near, specificity
from feeds.fingerprint import stage_of

if TYPE_CHECKING:
    from feeds.fingerprint import Fingerprint

__all__ = ["SAME", "Likeness", "likeness"]

SAME: Final = 3.4
"""Points from which two articles tell the same."""

_WINDOW_COST: Final = ((1, 0.6), (3, 0.2), (5, -0.4), (8, -1.2), (14, -2.4), (24, -3.8))
_FAR: Final = -6.0
_OPPOSED: Final = frozenset(
    [frozenset(pair) for pair in (
        ("filed", "ruled"), ("filed", "ended"), ("found", "tried"), ("ruled", "ended"), ("found", "filed"), ("found", "ruled"),
        ("found", "ended"), ("tried", "filed"),
    )]
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The sum and what it is made of: points by what they are for."""

    total: float
    points: dict[str, float]

    @property
    def reason(self) -> str:
        """The strongest reasons in words, best first."""
        strong = sorted((one for one in self.points.items() if one[1] >= 0.5), key=lambda one: -one[1])
        return ", ".join(name for name, _ in strong[:4]) or "close in time and words"


def likeness(one: Fingerprint, other: Fingerprint, *, cosine: float, multilingual: bool = False) -> Likeness:
    """Compare two articles; ``cosine`` is that of their vectors."""
    points: dict[str, float] = {}
    same_lang = one.lang == other.lang
    words = _words(cosine, same_lang or multilingual)
    points["same words"] = words
    _brands(points, one, other)
    _places(points, one, other)
    _figures(points, one, other)
    _names(points, one, other, same_lang=same_lang)
    _dockets(points, one, other)
    _kinds(points, one, other)
    _dates(points, one, other)
    if one.relevant != other.relevant:
        points["only one is about fakes"] = -1.0
    if _counts_differ(one, other):
        _take_back(points)
    if points.get("another place", 0.0) < -2.0 and "other figures" in points:
        points["told alike of something else"] = -2.5  # agencies write all their hauls with one template
    return Likeness(total=sum(points.values()), points=points)


def _counts_differ(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both headlines count something and no count is the other's."""
    if not one.counts or not other.counts:
        return False
    return not any(near(a, b) for a in one.counts for b in other.counts)


def _take_back(points: dict[str, float]) -> None:
    """What an article shares with one whose headline counts something else is likely a memory of that one."""
    for name, worth in list(points.items()):
        if name.startswith(("figure ", "place ", "name ")):
            points[name] = worth * (0.3 if name.startswith("figure ") else 0.5)
    points["another count in the headline"] = -2.2


def _words(cosine: float, comparable: bool) -> float:
    """Near-duplicates alone are enough; unlike words say little, and nothing across languages."""
    if cosine >= 0.8:
        return 4.4 + 8.0 * (cosine - 0.8)
    if comparable:
        return max(-0.8, 7.0 * (cosine - 0.22)) if cosine < 0.22 else 6.5 * (cosine - 0.22)
    return 4.0 * max(0.0, cosine - 0.12)


def _brands(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    shared = set(one.brands) & set(other.brands)
    if shared:
        named = sorted(shared)
        points[f"brand {', '.join(named[:3])}"] = min(1.6 + 0.6 * (len(shared) - 1), 3.0)
    elif one.brands and other.brands:
        points["other brands"] = -3.0


def _places(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    cities = set(one.cities) & set(other.cities)
    countries = set(one.countries) & set(other.countries)
    if cities:
        points[f"place {', '.join(sorted(cities)[:2])}"] = min(1.7 + 0.5 * (len(cities) - 1), 2.6)
    elif one.cities and other.cities:
        points["another place"] = -2.2 if one.titled and other.titled else -1.3
    if countries:
        points.setdefault(f"country {', '.join(sorted(countries)[:2])}", 0.5 if not cities else 0.2)
    elif one.countries and other.countries:
        points["another country"] = -1.4


def _figures(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    shared = set(one.figures) & set(other.figures)
    worth = sum(sorted(map(specificity, shared), reverse=True)[:4])
    told = [f"{value:,.15g}" for value in sorted(shared, key=specificity, reverse=True)]
    left = [value for value in one.figures if value not in shared and value >= 50]
    right = [value for value in other.figures if value not in shared and value >= 50]
    about = [(a, b) for a in left for b in right if near(a, b)]
    if about:
        worth += 0.75 * max(specificity(a) for a, _ in about)
        told.append(f"about {about[0][0]:,.15g}")
    if worth > 0:
        points[f"figure {' and '.join(told[:3])}"] = min(worth, 4.5)
    if left and right and not about and not any(value >= 50 for value in shared):
        points["other figures"] = -1.8


def _names(points: dict[str, float], one: Fingerprint, other: Fingerprint, *, same_lang: bool) -> None:
    shared = set(one.names) & set(other.names)
    if not shared:
        return
    each = 0.5 if same_lang else 1.1
    coded = sum(any(char.isdigit() for char in name) for name in shared)
    titled = len(shared & (set(one.titled_names) | set(other.titled_names)))
    worth = each * len(shared) + 1.5 * coded + 0.4 * titled
    points[f"name {', '.join(sorted(shared)[:3])}"] = min(worth, 2.2 if same_lang else 3.2)


def _dockets(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    shared = set(one.dockets) & set(other.dockets)
    if shared:
        points[f"docket {', '.join(sorted(shared)[:2])}"] = 3.0
    elif one.dockets and other.dockets:
        points["another docket"] = -4.0


def _kinds(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    stages = frozenset([stage_of(one.kind), stage_of(other.kind)])
    if one.kind == other.kind:
        points[f"kind {one.kind}"] = 0.7 if one.kind != "other" else 0.0
    elif len(stages) == 1:
        points["kinds that go together"] = 0.3
    elif "other" in {one.kind, other.kind}:
        points["kind unknown"] = 0.0
    elif stages in _OPPOSED:
        points["another step"] = -1.3
    else:
        points["another kind"] = -0.6


def _dates(points: dict[str, float], one: Fingerprint, other: Fingerprint) -> None:
    apart = abs(one.day - other.day)
    points["dates"] = next((worth for days, worth in _WINDOW_COST if apart <= days), _FAR)
    if one.happened and other.happened:
        days = abs((one.happened - other.happened).days)
        points["the day it happened"] = (
            0.6 if days == 0 else 0.0 if days <= 2 else -0.8 if days <= 6 else -2.0
        )
