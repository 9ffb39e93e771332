"""Places that an article names: countries, cities, ports and markets; the first is taken for where it happened."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.records import Place
from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from feeds.mentions.passages import Passage

__all__ = ["find_places"]

_SURNAME: Final = re.compile(r" ([A-Z][a-z]+)(?= (?:said|says|told|who|added|wrote|is|was|has)\b|,|\.)")
_NOT_SURNAME: Final = re.compile(
    r"(?:Police|Customs|Court|Port|Airport|County|City|State|District|High|Supreme|Market|Province|International|Metropolitan)"
)
_LEADS_TO: Final = re.compile(r"\b(?:in|at|from|of|to|near|around|the)\s\Z", re.IGNORECASE)
_MOST: Final = 12
_READ: Final = 4000


def find_places(passages: Iterable[Passage], *, taken: Collection[tuple[str, int, int]] = ()) -> list[Place]:
    """Each place once, in order. ``taken`` are the (field, start, end) of brands and companies: "Tommy Bahama"."""
    found: dict[str, Place] = {}
    for passage in passages:
        spans = [(start, end) for field, start, end in taken if field == passage.field]
        hits = _scanner().find_flat(passage.folded[:_READ], passage.langs)
        kept: list[tuple[int, int]] = []
        for hit in sorted(hits, key=lambda one: one.start - one.end):
            span = (hit.start, hit.end)
            words = passage.text[hit.start : hit.end]
            if (
                _crosses(span, kept)
                or _crosses(span, spans)
                or not _named(words)
                or _is_person(passage, span)
            ):
                continue
            kept.append(span)
            place, country = hit.label.split("\t")
            name = _english().get(place, place)
            at = passage.evidence(hit.start, hit.end)
            before = found.get(name)
            if before is None or (before.evidence.field == at.field and at.start < before.evidence.start):
                found[name] = Place(name=name, country=country, evidence=at)
    ordered = sorted(found.values(), key=lambda one: (one.evidence.field != "title", one.evidence.start))
    return ordered[:_MOST]


def _crosses(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _is_person(passage: Passage, span: tuple[int, int]) -> bool:
    """Whether a city's name is somebody's first name ("Florence Shih said")."""
    start, end = span
    follows = _SURNAME.match(passage.text, end)
    if passage.field == "title" or not follows or _NOT_SURNAME.match(follows[1]):
        return False
    return not _LEADS_TO.search(passage.text[max(0, start - 12) : start])


def _named(words: str) -> bool:
    """Whether ``words`` can be a name: scripts that have capitals must use them."""
    first = words[0]
    return first.isupper() or first.lower() == first.upper()


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    return Scanner(
        (row["lang"], f"{row['place']}\t{row['country']}", row["names"]) for row in read_words("places.tsv")
    )


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    """The English name of each country code."""
    return {
        row["place"]: row["names"].split("|")[0]
        for row in reversed(read_words("places.tsv"))
        if row["lang"] == "en" and row["place"] == row["country"]
    }
