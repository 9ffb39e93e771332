"""Brands and their groups that an article names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.records import BrandMention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage
    from nlp.entities.brands import BrandFinder

__all__ = ["find_brands"]


def find_brands(
    passages: Sequence[Passage], finder: BrandFinder, *, companies: Sequence[Company] = ()
) -> tuple[BrandMention, ...]:
    """Mentions in order; groups of brands ("Kering") count, marketplaces do not."""
    found = [
        BrandMention(brand=match.brand, how=match.how, evidence=passage.evidence(match.start, match.end))
        for passage in passages
        for match in finder.find(passage.text)
    ]
    found += [
        BrandMention(brand=one.name, how=one.how, evidence=one.evidence)
        for one in companies
        if one.kind == "group"
    ]
    return tuple(sorted(found, key=lambda one: (one.evidence.field != "title", one.evidence.start)))
