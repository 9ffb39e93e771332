"""Whether an article reads like the work of a translating machine, so that its names and figures deserve doubt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage

__all__ = ["MACHINE_TRANSLATED", "is_machine_translated"]

MACHINE_TRANSLATED: Final = "machine_translated"
_LEAST: Final = 3.0
# What no English writer writes and translations from Chinese, Vietnamese or Russian are full of.
_ODD: Final = (
    (re.compile(r"\b\w+ \d{1,2}(?:st|nd|rd|th) news,"), 1.5),
    (re.compile(r"\bin (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}\b(?!,? \d{4})"), 1.0),
    (re.compile(r"\b\d+ (?:million|billion) \d+ (?:million|thousand)\b"), 1.0),
    (re.compile(r"\b(?:Xiaobian|small series|netizens have|the majority of netizens|hundred degrees)\b", re.IGNORECASE), 2.0),
    (re.compile(r"\b(?:both|the two) sides of the\b"), 0.5),
    (re.compile(r"\b(?:Although\b[^.]{5,120}, but|Because\b[^.]{5,120}, so)\b"), 1.0),
    (re.compile(r"\bthe fake (?:shelf|sale|platform|event|action)s?\b", re.IGNORECASE), 0.5),
)  # fmt: skip


def is_machine_translated(passages: Sequence[Passage], companies: Sequence[Company]) -> bool:
    """True for an English text with the marks of a machine translation; names taken literally weigh most."""
    weight = 2.0 * len({one.evidence.text.lower() for one in companies if one.how == "back_form"})
    for passage in passages:
        if passage.lang == "en":
            weight += sum(worth for pattern, worth in _ODD if pattern.search(passage.text))
            weight += min(1.5, 0.5 * _articled(passage, companies))
    return weight >= _LEAST


def _articled(passage: Passage, companies: Sequence[Company]) -> int:
    """How often a company's bare name has an article ("the Alibaba said")."""
    return sum(
        one.evidence.field == passage.field
        and passage.text[max(0, one.evidence.start - 4) : one.evidence.start].lower() == "the "
        and not passage.text[one.evidence.end : one.evidence.end + 2].startswith(("'", "’"))
        for one in companies
        if one.how == "name"
    )
