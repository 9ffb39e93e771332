"""What kind of news an article brings: a seizure, a sentence, a lawsuit, a settlement and the like.

>>> Kinds.load().kind("Gucci drops claims against Alibaba, suit against merchants continues", "", {"en"})[0]
'withdrawn_some'

Every word of the table votes for its kind; the title counts most and its beginning more than its end. A few votes
outweigh others: an outcome of a lawsuit tells more than that there was one, a part more than the whole.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from feeds.scan import Scanner, WordHit, flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["CASE_KINDS", "Kinds"]

CASE_KINDS: Final = frozenset(
    ["lawsuit_filed", "amended", "partial_dismissal", "dismissal", "withdrawn_some", "default_judgment",
     "injunction", "settlement", "appeal", "verdict"]
)  # fmt: skip
"""Kinds that are steps of a civil case."""

_WEIGHTS: Final = {
    "seizure": 1.3, "raid": 1.15, "arrest": 1.3, "charge": 1.2, "conviction": 1.5, "sentence": 1.7,
    "lawsuit_filed": 1.5, "amended": 2.8, "partial_dismissal": 3.0, "dismissal": 1.8, "withdrawn_some": 3.4,
    "default_judgment": 3.2, "injunction": 1.9, "settlement": 1.6, "appeal": 1.8, "verdict": 1.5,
    "policy": 0.9, "statistics": 0.0, "report": 0.75, "warning": 1.1,
}  # fmt: skip
_OVERRIDES: Final = {
    "withdrawn_some": ("dismissal", "lawsuit_filed", "partial_dismissal", "settlement"),
    "partial_dismissal": ("dismissal", "lawsuit_filed", "verdict", "withdrawn_some"),
    "default_judgment": ("verdict", "lawsuit_filed"),
    "amended": ("lawsuit_filed",),
    "settlement": ("lawsuit_filed", "dismissal", "verdict"),
    "dismissal": ("lawsuit_filed", "verdict"),
    "appeal": ("verdict", "lawsuit_filed"),
    "injunction": ("lawsuit_filed", "verdict"),
    "verdict": ("lawsuit_filed",),
    "sentence": ("seizure", "raid", "charge", "arrest", "conviction"),
    "conviction": ("charge", "arrest", "seizure", "raid"),
    "charge": ("lawsuit_filed",),
}
_HEADLINED: Final = frozenset(["sentence", "conviction", "charge"])
"""Kinds that outweigh others only from the headline: seizures are told with the fines that threaten."""
_PARTS: Final = ("withdrawn_some", "partial_dismissal", "default_judgment")
_SENTENCE: Final = re.compile(r".{10,300}?(?:[.!?](?=\s)|[。！？\n]|$)", re.DOTALL)
_READ: Final = 900
_LEAST: Final = 0.55
_TOLD: Final = 2.0


def _tell_apart(votes: dict[str, float]) -> None:
    """A step of a lawsuit is the news even where the headline only tells what the parties will do together."""
    for step in _PARTS:
        if votes.get(step, 0.0) >= _TOLD:
            for wrapping in ("policy", "report", "warning"):
                if wrapping in votes:
                    votes[wrapping] *= 0.35


def _count_up(votes: dict[str, float], titled: set[str]) -> None:
    """Words of statistics ("last year", "record") in the headline make a report of what was seized or who was held."""
    votes.pop("statistics", None)
    if "statistics" in titled:
        votes["report"] = votes.get("report", 0.0) + 1.2
        for done in ("seizure", "raid", "arrest"):
            if done in votes:
                votes[done] *= 0.6


class Kinds:
    """The table of kinds, ready to vote."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    @classmethod
    def load(cls) -> Kinds:
        """With the packaged words."""
        rows = read_words("kinds.tsv")
        return cls(Scanner((row["lang"], row["kind"], row["patterns"]) for row in rows))

    def kind(self, title: str, text: str, langs: Collection[str]) -> tuple[str, dict[str, float]]:
        """The kind and the votes for each; ``other`` when no word says."""
        votes: dict[str, float] = {}
        if not title.strip():
            first = _SENTENCE.match(text)
            title, text = (first[0], text[first.end() :]) if first else (text, "")
        in_title = self._hits(title, langs)
        self._vote(votes, in_title, 3.0, len(title) or 1)
        self._vote(votes, self._hits(text[:_READ], langs), 1.0, _READ)
        titled = {hit.label for hit in in_title}
        for winner, losers in _OVERRIDES.items():
            told = winner not in _HEADLINED and votes.get(winner, 0.0) >= 1.2
            if winner in titled or told:
                for loser in losers:
                    if loser in votes and (winner in titled or loser not in titled):
                        votes[loser] *= 0.35
        _tell_apart(votes)
        _count_up(votes, titled)
        best = max(votes, key=lambda kind: votes[kind], default="other")
        if votes.get(best, 0.0) < _LEAST:
            return "other", votes
        return best, votes

    def _hits(self, content: str, langs: Collection[str]) -> list[WordHit]:
        """Hits without those that lie inside a longer one of another kind, unless they outweigh it."""
        hits = self._scanner.find_flat(flat(content), langs)
        longest = sorted(hits, key=lambda hit: hit.start - hit.end)
        kept: list[WordHit] = []
        for hit in longest:
            if not any(
                hit.start < other.end
                and other.start < hit.end
                and other.label != hit.label
                and not (hit.label in _PARTS and other.label in _OVERRIDES[hit.label])
                for other in kept
            ):
                kept.append(hit)
        return kept

    def _vote(self, votes: dict[str, float], hits: list[WordHit], worth: float, length: int) -> None:
        counted: dict[str, int] = {}
        for hit in sorted(hits, key=lambda one: one.start):
            counted[hit.label] = counted.get(hit.label, 0) + 1
            place = math.exp(-0.8 * hit.start / length)
            repeat = 1.0 if counted[hit.label] == 1 else 0.3 if counted[hit.label] <= 3 else 0.1
            votes[hit.label] = votes.get(hit.label, 0.0) + worth * place * repeat * _WEIGHTS[hit.label]
