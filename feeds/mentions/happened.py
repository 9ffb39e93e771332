"""Which of an article's dates is the day of its news, and what the others are."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from feeds.mentions.passages import Passage
    from feeds.records import DateMention, Item

__all__ = ["happened", "with_meanings"]

_LEAD: Final = 700
_REACH: Final = 90
_MEANT: Final = {"lawsuit_filed": "filed", "appeal": "appealed", "injunction": "ordered", "settlement": "settled",
    "dismissal": "dismissed", "partial_dismissal": "dismissed", "withdrawn_some": "withdrawn", "verdict": "decided",
    "sentence": "sentenced", "conviction": "convicted", "arrest": "arrested", "charge": "charged", "raid": "raided",
    "seizure": "seized"}  # fmt: skip


def with_meanings(dates: Sequence[DateMention], passages: Sequence[Passage]) -> Iterator[DateMention]:
    """The dates with what happened then, by the nearest word of a kind in the same sentence."""
    hits = {
        passage.field: [
            hit
            for hit in _words().find_flat(passage.folded, passage.langs)
            if hit.lang in {passage.lang, "en"}
        ]
        for passage in passages
    }
    texts = {passage.field: passage.folded for passage in passages}
    for one in dates:
        place = one.evidence
        if place is None:
            yield one
            continue
        best, meaning = _REACH + 1, ""
        for hit in hits[place.field]:
            gap = place.start - hit.end if hit.end <= place.start else hit.start - place.end
            between = texts[place.field][min(hit.end, place.end) : max(hit.start, place.start)]
            if 0 <= gap < best and ". " not in between and "。" not in between and "\n" not in between:
                best, meaning = gap, _MEANT[hit.label]
        yield replace(one, meaning=meaning)


def happened(
    kind: str, dates: Sequence[DateMention], item: Item
) -> tuple[date | None, Literal["", "day", "month", "year"], str]:
    """Date, precision and how it is known: a date with the meaning of ``kind``, else one in the lead, else the feed's."""
    told = item.published.date() if item.published and not item.date_doubt else None
    limit = item.when.date()
    past = [one for one in dates if one.value <= limit and one.precision != "year"]
    own = [one for one in past if one.meaning and one.meaning == _MEANT.get(kind)]
    lead = [one for one in past if _in_lead(one) and not (one.meaning and kind in _MEANT)]
    for one in (*own, *lead):
        if one.precision == "month" and told and (told - one.value).days < 45:
            continue
        return one.value, one.precision, one.how
    if told is not None:
        return told, "day", "published"
    return None, "", ""


def _in_lead(one: DateMention) -> bool:
    return one.evidence is not None and (one.evidence.field == "title" or one.evidence.start < _LEAD)


@lru_cache(maxsize=1)
def _words() -> Scanner:
    return Scanner(
        (row["lang"], row["kind"], row["patterns"])
        for row in read_words("kinds.tsv")
        if row["kind"] in _MEANT
    )
