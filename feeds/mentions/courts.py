"""Courts that an article names, and the jurisdiction that follows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.mentions.passages import Passage
    from feeds.records import Evidence
    from feeds.scan import WordHit

__all__ = ["find_courts", "jurisdiction_of"]


def find_courts(passages: Iterable[Passage]) -> list[tuple[str, Evidence]]:
    """Each court once, in the order of the text, with the words that name it; the longest name wins."""
    found: dict[str, Evidence] = {}
    for passage in passages:
        hits = sorted(
            _scanner().find_flat(passage.folded, passage.langs), key=lambda hit: hit.start - hit.end
        )
        kept: list[WordHit] = []
        for hit in hits:
            if not any(hit.start < other.end and other.start < hit.end for other in kept):
                kept.append(hit)
        for hit in sorted(kept, key=lambda one: one.start):
            if hit.label not in found and _capital(passage.text[hit.start : hit.end]):
                found[hit.label] = passage.evidence(hit.start, hit.end)
    return list(found.items())


def jurisdiction_of(court: str) -> str:
    """The ISO code (or ``EU``) where ``court`` judges; '' if it is not known."""
    return _jurisdictions().get(court, "")


def _capital(words: str) -> bool:
    """Latin names of courts that are only abbreviations must stand in capitals ("SIP", "STJ", "ITC")."""
    return len(words) > 5 or not words.isascii() or any(char.isupper() for char in words)


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    return Scanner(("*", row["court"], row["names"]) for row in read_words("courts.tsv"))


@lru_cache(maxsize=1)
def _jurisdictions() -> dict[str, str]:
    return {row["court"]: row["jurisdiction"] for row in read_words("courts.tsv")}
