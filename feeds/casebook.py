"""Disputes followed as cases: each article finds its case, and what it tells becomes an event or one more source of one.

>>> touched, events = follow(connection, pairs, now)  # doctest: +SKIP

An article belongs to a case by its docket number; or by the same plaintiffs (or their group) against the same defendants
before courts of the same country in the same years, under whatever caption; or because it is in one story with an
article of the case. Two suits of one brand against others stay apart. One that names two cases makes them one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from feeds.casestore import (
    absorb,
    case_key,
    cases_by,
    cases_of_items,
    drop_event,
    find_cases,
    put_case,
    stop_waiting,
    taken_event_ids,
    wait_for_case,
    waiting_for,
)
from feeds.findingstore import analyses_of, stories_of, story_ids
from feeds.itemstore import items_of
from feeds.kinds import CASE_KINDS
from feeds.records import Case, CaseEvent, Docket
from feeds.sides import Sides, caption_of, meet, mentions, party_keys, sides_of
from feeds.steps import Step, Steps
from feeds.timeline import ended, folded, span_of, status_of, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    import sqlalchemy as sa

    from feeds.records import Analysis, Item

__all__ = ["follow"]

_YEARS: Final = timedelta(days=12 * 365)
_REOPENED: Final = timedelta(days=3 * 365)
_CLOSE: Final = timedelta(days=60)


def follow(
    connection: sa.Connection, pairs: Sequence[tuple[Item, Analysis]], now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bring cases up to date with a batch in the caller's transaction; ids of cases touched and of events found."""
    book = _Book(connection, now)
    for item, analysis in sorted(pairs, key=lambda pair: (pair[0].when, pair[0].id)):
        if analysis.relevant or analysis.dockets or analysis.kind in CASE_KINDS:
            book.read(item, analysis)
    book.read_waiting()
    return tuple(book.touched), tuple(book.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One article as the casebook sees it."""

    item: Item
    analysis: Analysis
    sides: Sides
    step: Step | None

    @property
    def day(self) -> date:
        """The day of its news."""
        return self.step.when if self.step else self.item.when.date()

    @property
    def dockets(self) -> tuple[str, ...]:
        """Keys of the dockets it names."""
        return tuple(dict.fromkeys(docket.key for docket in self.analysis.dockets))

    @property
    def text(self) -> str:
        """Title and the beginning of the text."""
        return f"{self.item.title}\n{self.item.text[:4000]}"


class _Book:
    """The casebook open in one transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._steps = Steps.load()
        self._waiting: set[str] = set()
        self.touched: dict[str, None] = {}
        self.found: dict[str, None] = {}

    def read(self, item: Item, analysis: Analysis) -> None:
        """Find the case of one article, or open one, and enter what it tells."""
        reading = _Reading(
            item=item,
            analysis=analysis,
            sides=sides_of(item, analysis),
            step=self._steps.read(item, analysis),
        )
        cases = self._cases_for(reading)
        if not cases and not _opens(reading):
            if reading.step is not None and analysis.kind in CASE_KINDS:
                wait_for_case(self._connection, item.id, reading.sides.families)
            return
        case = self._one(cases) if cases else self._opened(reading)
        stop_waiting(self._connection, item.id)
        if self._enter(case, reading):
            self._waiting.update(
                key
                for name in (*case.plaintiffs, *_names(reading.sides.plaintiffs))
                for key in party_keys(name)
            )

    def read_waiting(self) -> None:
        """Articles that came before their case was known find it now."""
        ids = waiting_for(self._connection, self._waiting)
        self._waiting.clear()
        if not ids:
            return
        analyses = analyses_of(self._connection, ids)
        for item in sorted(items_of(self._connection, ids), key=lambda one: (one.when, one.id)):
            if item.id in analyses:
                self.read(item, analyses[item.id])

    # --- which case ------------------------------------------------------------------------------

    def _cases_for(self, reading: _Reading) -> list[Case]:
        """The cases that an article speaks of, best first; more than one only when a docket says so."""
        sides = reading.sides
        by_docket, by_party = find_cases(
            self._connection, dockets=reading.dockets, parties=[*sides.families, *sides.defendants]
        )
        found = cases_by(self._connection, by_docket | by_party)
        sure = [found[one] for one in sorted(by_docket)]
        likely = sorted(
            (case for key, case in found.items() if key not in by_docket and _fits(case, reading)),
            key=lambda case: (_gap(case, reading.day), case.id),
        )
        if sure:
            return [*sure, *(case for case in likely if _twins(sure[0], case))]
        return likely[:1] or self._by_story(reading)

    def _by_story(self, reading: _Reading) -> list[Case]:
        """The case of another article that tells the same."""
        own = story_ids(self._connection, [reading.item.id]).get(reading.item.id)
        if own is None or reading.step is None:
            return []
        members = [one.item_id for one in stories_of(self._connection, [own])[own].members]
        held = cases_of_items(self._connection, [one for one in members if one != reading.item.id])
        found = cases_by(self._connection, sorted(set(held.values()))[:1])
        return [case for case in found.values() if not _against(case, reading)]

    def _one(self, cases: Sequence[Case]) -> Case:
        """The oldest of the cases, after it took in the others."""
        first, *others = sorted(cases, key=lambda case: (case.created_at, case.id))
        for other in others:
            absorb(self._connection, first.id, other.id)
            events, gone = folded([*first.events, *other.events])
            for event_id in gone:
                drop_event(self._connection, event_id)
                self.found.pop(event_id, None)
            self.touched.pop(other.id, None)
            first = replace(
                first,
                events=tuple(events),
                aliases=_captions(first.name, *first.aliases, other.name, *other.aliases),
                plaintiffs=_distinct(*first.plaintiffs, *other.plaintiffs),
                defendants=_distinct(*first.defendants, *other.defendants),
                brands=_distinct(*first.brands, *other.brands),
                dockets=_dockets(*first.dockets, *other.dockets),
            )
        return first

    def _opened(self, reading: _Reading) -> Case:
        sides = reading.sides
        plaintiffs, defendants = _names(sides.plaintiffs), _names(sides.defendants)
        caption = next(iter(sides.captions), "")
        name = (
            caption
            or f"{' and '.join(plaintiffs[:2])} v. {' and '.join(defendants[:2]) or 'unnamed defendants'}"
        )
        return Case(
            id=self._fresh_id(reading.item.id),
            name=name[:200],
            status="open",
            created_at=self._now,
            updated_at=self._now,
        )

    def _fresh_id(self, item_id: int) -> str:
        tried = [f"c{item_id}", *(f"c{item_id}.{number}" for number in range(2, 20))]
        taken = cases_by(self._connection, tried)
        made = taken_event_ids(self._connection, f"c{item_id}")
        return next(one for one in tried if one not in taken and not (made and one == tried[0]))

    # --- what it tells ---------------------------------------------------------------------------

    def _enter(self, case: Case, reading: _Reading) -> bool:
        """Write what an article tells into its case; whether others may recognise the case by something new."""
        events = list(case.events)
        taken = taken_event_ids(self._connection, case.id) | {event.id for event in events}
        steps = [*self._steps.remembered(reading.item, reading.analysis)]
        if reading.step is not None:
            steps.insert(0, reading.step)
        for step in steps:
            self._tell(events, step, reading.item.id, _fresh_event(case.id, taken))
        grown = (
            _grown(case, reading, events) if reading.step is not None else replace(case, events=tuple(events))
        )
        if grown == case:
            put_case(self._connection, case, [reading.item.id], self._now)
            return False
        changed = replace(grown, status=status_of(events), updated_at=self._now)
        parties = {
            "plaintiff": _keys(changed.plaintiffs),
            "defendant": _keys(changed.defendants),
        }
        put_case(self._connection, changed, [reading.item.id], self._now, parties=parties)
        self.touched[case.id] = None
        return (case.defendants, case.dockets) != (changed.defendants, changed.dockets)

    def _tell(self, events: list[CaseEvent], step: Step, item_id: int, event_id: str) -> None:
        """Enter one step among ``events``."""
        result = told(events, step, item_id, event_id)
        if result.event is None:
            return
        if result.fresh:
            events.append(result.event)
            self.found[result.event.id] = None
            return
        place = next(number for number, event in enumerate(events) if event.id == result.event.id)
        events[place] = result.event


def _opens(reading: _Reading) -> bool:
    """Whether an article without a case opens one: a step of a civil suit with somebody on both sides, or a docket."""
    if reading.step is None or not reading.analysis.relevant:
        return False
    if not {reading.step.kind, reading.analysis.kind} & CASE_KINDS:
        return False
    sides = reading.sides
    return sides.known or bool(sides.plaintiffs and reading.dockets)


def _fits(case: Case, reading: _Reading) -> bool:
    """Whether the parties, the country and the time of an article are those of a case."""
    sides = reading.sides
    suing, accused = _keys(case.plaintiffs), _keys(case.defendants)
    if not meet(suing, sides.families) or _abroad(case, reading) or not _in_time(case, reading):
        return False
    if meet(accused, sides.defendants):
        return True
    return bool(accused) and mentions(reading.item.title if sides.defendants else reading.text, accused)


def _abroad(case: Case, reading: _Reading) -> bool:
    """Whether a court of another country is named."""
    analysis = reading.analysis
    here, there = case.jurisdiction, analysis.jurisdiction if analysis.court or analysis.dockets else ""
    return bool(here and there and here != there and "EU" not in {here, there})


def _against(case: Case, reading: _Reading) -> bool:
    """Whether country or parties say that an article is about another case, though it tells the same story."""
    if _abroad(case, reading):
        return True
    sides, accused = reading.sides, _keys(case.defendants)
    if not accused or not sides.defendants or meet(accused, sides.defendants):
        return False
    return not mentions(reading.text, accused)


def _in_time(case: Case, reading: _Reading) -> bool:
    span, end = span_of(case.events), ended(case.events)
    if span is None:
        return True
    filed = reading.step is not None and reading.step.kind == "lawsuit_filed"
    if end is not None and filed and reading.day - end > _REOPENED:
        return False
    return span[0] - _YEARS <= reading.day <= span[1] + _YEARS


def _twins(one: Case, other: Case) -> bool:
    """Whether two cases are one dispute: shared parties on both sides, neither of them elsewhere."""
    if one.jurisdiction and other.jurisdiction and one.jurisdiction != other.jurisdiction:
        return False
    return meet(_keys(one.plaintiffs), _keys(other.plaintiffs)) and meet(
        _keys(one.defendants), _keys(other.defendants)
    )


def _gap(case: Case, day: date) -> int:
    span = span_of(case.events)
    if span is None:
        return 0
    return max((span[0] - day).days, (day - span[1]).days, 0)


def _grown(case: Case, reading: _Reading, events: Iterable[CaseEvent]) -> Case:
    """The case with what the article adds to it."""
    sides, analysis = reading.sides, reading.analysis
    suing = _keys(case.plaintiffs)
    joined = {
        key: name for key, name in sides.plaintiffs.items() if not suing or meet(suing, party_keys(name))
    }
    accused = _keys(case.defendants)
    sued = {key: name for key, name in sides.defendants.items() if not meet(suing, [key])}
    if accused and not meet(accused, sued):
        sued = {}  # the article is in the case by another way: whom it names may stand in another one
    ordered = sorted(events, key=lambda event: (event.when is None, str(event.when), event.id))
    return replace(
        case,
        court=case.court or ("" if analysis.kind == "appeal" else analysis.court),
        jurisdiction=case.jurisdiction
        or (analysis.jurisdiction if analysis.court or analysis.dockets else ""),
        aliases=_captions(case.name, *case.aliases, *_own_captions(case, sides)),
        plaintiffs=_distinct(*case.plaintiffs, *_names(joined)),
        defendants=_distinct(*case.defendants, *_names(sued)),
        brands=_distinct(
            *case.brands, *(one.brand for one in analysis.brands if _is_suing(one.brand, sides))
        ),
        dockets=_dockets(*case.dockets, *analysis.dockets),
        events=tuple(ordered),
    )


def _own_captions(case: Case, sides: Sides) -> list[str]:
    """Captions of an article that are this case's: not those that it only compares with."""
    accused = _keys(case.defendants) | sides.defendants.keys()
    kept = []
    for caption in sides.captions:
        _, right = caption_of(caption)
        if any(set(party_keys(name)) & accused for name in right):
            kept.append(caption[:200])
    return kept


def _captions(name: str, *captions: str) -> tuple[str, ...]:
    """Captions once each, without the one that is the case's name."""
    kept = {case_key(caption): caption for caption in reversed(captions)}
    kept.pop(case_key(name), None)
    return tuple(kept.values())[::-1]


def _is_suing(brand: str, sides: Sides) -> bool:
    return bool(set(party_keys(brand)) & sides.plaintiffs.keys())


def _keys(names: Iterable[str]) -> set[str]:
    return {key for name in names for key in party_keys(name)}


def _names(side: dict[str, str]) -> tuple[str, ...]:
    return _distinct(*side.values())


def _distinct(*names: str) -> tuple[str, ...]:
    """Names once each, in their order; another spelling of the same party, or its name in full, is no other party."""
    kept: dict[str, tuple[str, ...]] = {}
    for name in names:
        keys = party_keys(name)[:1] or (name,)
        if name and not any(meet(keys, held) for held in kept.values()):
            kept[name] = keys
    return tuple(kept)


def _dockets(*dockets: Docket) -> tuple[Docket, ...]:
    return tuple({docket.key: docket for docket in reversed(dockets)}.values())[::-1]


def _fresh_event(case_id: str, taken: set[str]) -> str:
    number = len(taken) + 1
    while f"{case_id}-e{number}" in taken:
        number += 1
    taken.add(f"{case_id}-e{number}")
    return f"{case_id}-e{number}"
