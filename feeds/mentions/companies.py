"""Groups, marketplaces and shops that an article names, also by what a machine translation makes of their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from feeds.mentions.passages import Passage
    from feeds.records import Evidence

__all__ = ["Company", "find_companies"]

_COMMON: Final = re.compile(r"(?:the |a |an )?[a-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One mention; ``kind`` is group, platform or retailer, ``how`` is name or back_form."""

    name: str
    kind: str
    how: str
    evidence: Evidence


def find_companies(passages: Iterable[Passage], *, brands: Collection[str]) -> list[Company]:
    """Mentions in order. A back-form ("open cloud group") counts beside a brand of the group or the group's real name."""
    sure: list[Company] = []
    doubtful: list[Company] = []
    for passage in passages:
        hits = _scanner().find_flat(passage.folded, passage.langs)
        kept: list[tuple[int, int]] = []
        for hit in sorted(hits, key=lambda one: (one.start - one.end, "back_form" in one.label)):
            if any(hit.start < end and start < hit.end for start, end in kept):
                continue
            name, kind, how = hit.label.split("\t")
            words = passage.text[hit.start : hit.end]
            if how == "name" and words.isascii() and words[0].islower() and "." not in words:
                continue
            if (
                how == "back_form"
                and len(words) <= 4
                and words.islower()
                and not _sentence_end(passage.text, hit.end)
            ):
                continue
            kept.append((hit.start, hit.end))
            company = Company(name=name, kind=kind, how=how, evidence=passage.evidence(hit.start, hit.end))
            (sure if how == "name" else doubtful).append(company)
    named = {one.name for one in sure}
    counted = [
        one for one in doubtful if one.name in named or _brands_of().get(one.name, frozenset()) & set(brands)
    ]
    return sorted([*sure, *counted], key=lambda one: (one.evidence.field != "title", one.evidence.start))


def _sentence_end(text: str, at: int) -> bool:
    return text[at : at + 1] in {".", ",", "!", ""}


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    return Scanner(
        ("*", f"{row['company']}\t{row['kind']}\t{row['how']}", row["names"])
        for row in read_words("companies.tsv")
    )


@lru_cache(maxsize=1)
def _brands_of() -> dict[str, frozenset[str]]:
    rows = read_words("companies.tsv")
    return {
        name: frozenset(
            brand for row in rows if row["company"] == name for brand in row["brands"].split("|") if brand
        )
        for name in {row["company"] for row in rows}
    }
