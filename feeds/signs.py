"""What the tables say of an article, as numbers that mean the same in every language: what the learnt reading weighs.

>>> signs = Signs.load().read(Seen(title="Customs seize fake bags", lead="", langs=frozenset({"en"}), kinds={"seizure": 3.0}))
>>> signs[NAMES.index("kind:seizure")]
1.0

Every number lies between -2 and 2; most say how often words of one class stand in the title or in the lead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from feeds.findings import NEWS_KINDS
from feeds.scan import Scanner, flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from feeds.scan import WordHit

__all__ = ["LEAD", "NAMES", "Seen", "Signs", "together"]

LEAD: Final = 320
"""Characters of a text that are read beside its title."""
_WORDS: Final = (
    "strong", "counterfeit", "fake", "goods", "near_miss", "swallow", "mark", "copy", "enforce", "off_topic",
)  # fmt: skip
_DISPUTES: Final = ("legal", "subject")
_TOPICS: Final = (
    "likeness", "genuine", "rights", "trade", "labour", "market", "theft", "fraud", "sport", "works", "patent",
    "tax", "recall", "money", "papers", "rumour", "sea", "thing",
)  # fmt: skip
_TELLING: Final = frozenset(["strong", "counterfeit", "genuine", "likeness", "mark", "rights"])
_KINDS: Final = tuple(kind for kind in NEWS_KINDS if kind != "other")
_STEPS: Final = (*_KINDS, "statistics")
_CRIMES: Final = ("seizure", "raid", "arrest", "charge", "conviction", "sentence")
_CIVIL: Final = (
    "lawsuit_filed", "amended", "partial_dismissal", "dismissal", "withdrawn_some", "default_judgment",
    "injunction", "settlement", "appeal", "verdict",
)  # fmt: skip
_TOLD: Final = ("policy", "report", "warning")
_WAYS: Final = {"crime": _CRIMES, "civil": _CIVIL, "told": _TOLD}
_TOGETHER: Final = (
    *((way, sign) for way in _WAYS for sign in ("brand", "genuine", "rights", "likeness", "trade", "points",
      "money", "papers", "labour", "works", "patent", "tax", "theft", "fraud", "subject", "goods")),
    *((sign, other) for sign in ("genuine", "likeness") for other in ("brand", "rights", "goods", "money", "papers", "works", "trade")),
)  # fmt: skip
_PLACES: Final = ("title", "lead")
_OTHERS: Final = ("points", "relevant", "brands:title", "brands:lead", "brand", "suing")
NAMES: Final = (
    *(f"{place}:{name}" for place in _PLACES for name in (*_WORDS, *_DISPUTES, *_TOPICS, *_STEPS)),
    *(f"kind:{kind}" for kind in _KINDS),
    *(f"said:{kind}" for kind in NEWS_KINDS),
    *_WAYS,
    *_OTHERS,
    *(f"{one}*{other}" for one, other in _TOGETHER),
)
"""What each number says, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An article as the tables have read it: their votes for kinds and the one they chose, their points for relevance.

    ``brands`` counts those of title and lead; ``suing`` says that one of them is the plaintiff; ``length`` is that of the text.
    """

    title: str
    lead: str
    langs: frozenset[str]
    kinds: Mapping[str, float] = field(default_factory=dict)
    said: str = "other"
    points: float = 0.0
    brands: tuple[int, int] = (0, 0)
    suing: bool = False
    length: int = 0


class Signs:
    """The tables, ready to be counted; immutable."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    @classmethod
    def load(cls) -> Signs:
        """With the packaged tables."""
        tables = ("relevance.tsv", "disputes.tsv", "topics.tsv")
        words = [(row["lang"], row["class"], row["patterns"]) for name in tables for row in read_words(name)]
        words += [(row["lang"], row["kind"], row["patterns"]) for row in read_words("kinds.tsv")]
        return cls(Scanner(words))

    def read(self, seen: Seen) -> NDArray[np.float32]:
        """The numbers of :data:`NAMES`."""
        return together(self.count(seen))

    def count(self, seen: Seen) -> dict[str, float]:
        """The numbers that are found, by name, without those of signs that stand together."""
        found: dict[str, float] = {}
        for place, text in (("title", seen.title), ("lead", seen.lead[:LEAD])):
            for label, count in self._counted(text, seen.langs).items():
                found[f"{place}:{label}"] = math.sqrt(min(count, 4)) / 2
        found |= _kinds(seen)
        found |= {
            "points": max(-2.0, min(2.0, seen.points / 3)),
            "relevant": float(seen.points >= 0),
            "brands:title": min(seen.brands[0], 2) / 2,
            "brands:lead": min(seen.brands[1], 2) / 2,
            "brand": float(any(seen.brands)),
            "suing": float(seen.suing),
        }
        return found

    def telling(self, text: str, langs: frozenset[str]) -> list[WordHit]:
        """Words that say of goods that they are not what they seem, or of marks that they are alike, in order."""
        return [one for one in self._scanner.find_flat(flat(text), langs) if one.label in _TELLING]

    def _counted(self, text: str, langs: frozenset[str]) -> dict[str, int]:
        """How many places of ``text`` hold words of each class, overlaps counted once."""
        counts: dict[str, int] = {}
        until: dict[str, int] = {}
        for hit in self._scanner.find_flat(flat(text), langs):
            if hit.start >= until.get(hit.label, 0):
                counts[hit.label] = counts.get(hit.label, 0) + 1
            until[hit.label] = max(until.get(hit.label, 0), hit.end)
        return counts


def together(found: Mapping[str, float]) -> NDArray[np.float32]:
    """The numbers of :data:`NAMES` from those that :meth:`Signs.count` found."""
    anywhere = {
        name: max(found.get(name, 0.0), found.get(f"title:{name}", 0.0), found.get(f"lead:{name}", 0.0))
        for name in {name for pair in _TOGETHER for name in pair}
    }
    pairs = {f"{one}*{other}": anywhere[one] * anywhere[other] for one, other in _TOGETHER}
    whole = {**found, **pairs}
    return np.array([whole.get(name, 0.0) for name in NAMES], np.float32)


def _kinds(seen: Seen) -> dict[str, float]:
    """The votes for each kind, the kind that they chose, and the share of votes for crimes, lawsuits and reports."""
    found = {f"kind:{kind}": min(votes, 6.0) / 3 for kind, votes in seen.kinds.items()}
    found[f"said:{seen.said}"] = 1.0
    total = sum(seen.kinds.values()) + 0.5
    for way, kinds in _WAYS.items():
        found[way] = sum(seen.kinds.get(kind, 0.0) for kind in kinds) / total
    return found
