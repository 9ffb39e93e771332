"""What an article tells of a lawsuit: which step, when, and whether it is news at all.

>>> Steps.load().read(item, analysis).kind  # doctest: +SKIP
'partial_dismissal'

The kind of the article is where it starts. What was only asked for ("moves to dismiss") or refused ("rather lose than
settle") is no outcome; a part is not the whole; a lawsuit that is only remembered ("five years after it sued") is no
event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.kinds import CASE_KINDS, Kinds
from feeds.scan import Scanner, flat, languages_of
from feeds.words import read_words

if TYPE_CHECKING:
    from datetime import date

    from feeds.records import Analysis, DateMention, Item

__all__ = ["Step", "Steps"]

Precision = Literal["", "day", "month", "year"]
_LEAD: Final = 400
_FILED: Final = frozenset(["filed", "lawsuit_filed", "filing", "complaint"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a dispute as one article tells it.

    ``kind`` is ``other`` for what the list of kinds does not know (a motion, a hearing, a statement). ``stated``: the
    text itself gives the date. ``titled``: the headline tells it. ``again``: it says that it is not the first of its
    kind. ``went_on``: it says that the rest of the suit goes on. ``remembered``: told as something past.
    """

    kind: str
    when: date
    precision: Precision
    how: str
    stated: bool
    titled: bool = True
    again: bool = False
    went_on: bool = False
    remembered: bool = False
    docket_key: str = ""
    summary: str = ""
    doubts: tuple[str, ...] = ()


class Steps:
    """The tables, ready to read; immutable."""

    def __init__(self, scanner: Scanner, kinds: Kinds) -> None:
        self._scanner = scanner
        self._kinds = kinds

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Steps:
        """With the packaged words."""
        rows = [row for row in read_words("steps.tsv") if row["class"] != "nobody"]
        return cls(Scanner((row["lang"], row["class"], row["patterns"]) for row in rows), Kinds.load())

    def read(self, item: Item, analysis: Analysis) -> Step | None:
        """The step that is the article's news; None when it only mentions a dispute."""
        _, langs = languages_of(item.title, item.text, item.lang)
        title = self._classes(item.title, langs)
        lead = title | self._classes(item.text[:_LEAD], langs)
        in_title = self._kinds.kind(item.title, "", langs)[0]
        kind = _corrected(analysis.kind, in_title, title, lead)
        if "retold" in title or ("retold" in lead and kind == "lawsuit_filed"):
            return None
        if kind not in CASE_KINDS:
            if analysis.kind not in CASE_KINDS and not ("court" in title and title & {"asked", "refused"}):
                return None
            kind = "other"
        when, precision, how, stated = _when(item, analysis)
        return Step(
            kind=kind,
            when=when,
            precision=precision,
            how=how,
            stated=stated,
            titled=kind == "other" or in_title == analysis.kind or in_title in CASE_KINDS,
            again="new" in lead,
            went_on="goes_on" in lead,
            docket_key=analysis.dockets[0].key if len(analysis.dockets) == 1 else "",
            summary=item.title[:200],
            doubts=analysis.doubts,
        )

    def remembered(self, item: Item, analysis: Analysis) -> tuple[Step, ...]:
        """Filings that the article dates in passing, at least to the month, before its own news."""
        found = [one for one in analysis.dates if one.meaning in _FILED and one.precision != "year"]
        return tuple(_past(one, item) for one in found if one.value != analysis.event_date)[:2]

    def _classes(self, text: str, langs: frozenset[str]) -> frozenset[str]:
        return frozenset(hit.label for hit in self._scanner.find_flat(flat(text), langs))


def _past(mention: DateMention, item: Item) -> Step:
    return Step(
        kind="lawsuit_filed",
        when=mention.value,
        precision=mention.precision,
        how=mention.how,
        stated=True,
        remembered=True,
        summary=f"Filed, as told by: {item.title[:160]}",
    )


def _corrected(kind: str, in_title: str, title: frozenset[str], lead: frozenset[str]) -> str:
    """The kind, when the words beside it allow it; ``other`` for what was only asked for or refused."""
    if "refused" in title and kind in {
        "settlement",
        "dismissal",
        "verdict",
        "injunction",
        "partial_dismissal",
    }:
        return "partial_dismissal" if "part" in title and in_title == "partial_dismissal" else "other"
    if "asked" in title and kind in {
        "settlement",
        "dismissal",
        "verdict",
        "injunction",
        "partial_dismissal",
        "appeal",
        "lawsuit_filed",
    }:
        return "other"
    if kind == "dismissal" and "goes_on" in lead:
        return "withdrawn_some"
    if kind == "dismissal" and "part" in title:
        return "partial_dismissal"
    return kind


def _when(item: Item, analysis: Analysis) -> tuple[date, Precision, str, bool]:
    """The day of the step: what the text says, else the day on which it was told."""
    told = item.when.date()
    if analysis.event_date is None or analysis.event_date > told:
        return told, "day", "published", False
    stated = analysis.event_how not in {"", "published", "item"}
    return analysis.event_date, analysis.event_precision or "day", analysis.event_how, stated
