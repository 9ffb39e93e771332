"""The events of a case: which of two tellings are one event, and what state the events leave the case in.

>>> status_of([CaseEvent(id="e", kind="lawsuit_filed", when=None, precision="")])
'open'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from feeds.records import CaseEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feeds.steps import Step

__all__ = ["Told", "ended", "folded", "same_docket", "span_of", "status_of", "told"]

_ALIKE: Final = (
    frozenset(["settlement", "dismissal", "withdrawn_some"]),
    frozenset(["verdict", "default_judgment", "injunction", "partial_dismissal", "dismissal"]),
    frozenset(["lawsuit_filed", "amended"]),
)
_PRECISE: Final = (
    "other", "dismissal", "verdict", "lawsuit_filed", "settlement", "injunction", "default_judgment", "amended", "partial_dismissal",
    "withdrawn_some",
)  # fmt: skip
_ONCE: Final = frozenset(["lawsuit_filed", "settlement", "dismissal", "default_judgment", "withdrawn_some"])
_STATES: Final = {
    "settlement": "settled", "dismissal": "dismissed", "default_judgment": "judgment", "verdict": "judgment", "appeal": "on_appeal",
}  # fmt: skip
_REOPENS: Final = frozenset(["lawsuit_filed"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a telling does to the events: the one it belongs to, ``fresh`` when it is a new one; none when it is no news."""

    event: CaseEvent | None
    fresh: bool


def told(events: Sequence[CaseEvent], step: Step, item_id: int, event_id: str) -> Told:
    """Place one telling among the events of its case."""
    ranked = sorted(events, key=lambda event: (event.kind != step.kind, distance(event, step)))
    for event in ranked:
        if _same(event, step):
            return Told(event=_told_again(event, step, item_id), fresh=False)
    if _stale(events, step):
        return Told(event=None, fresh=False)
    fresh = CaseEvent(
        id=event_id,
        kind=step.kind,
        when=step.when,
        precision=step.precision,
        how=step.how,
        docket_key=step.docket_key,
        summary=step.summary,
        items=(item_id,),
        doubts=step.doubts,
    )
    return Told(event=fresh, fresh=True)


def folded(events: Iterable[CaseEvent]) -> tuple[list[CaseEvent], list[str]]:
    """Events of two cases that became one: the same event once; ids of those that went into another."""
    kept: list[CaseEvent] = []
    gone: list[str] = []
    for event in sorted(events, key=lambda one: (one.when or date.min, one.id)):
        twin = next(
            (
                one
                for one in kept
                if one.kind == event.kind
                and _close(one, event)
                and same_docket(one.docket_key, event.docket_key)
            ),
            None,
        )
        if twin is None:
            kept.append(event)
            continue
        gone.append(event.id)
        kept[kept.index(twin)] = replace(twin, items=tuple(dict.fromkeys((*twin.items, *event.items))))
    return kept, gone


def status_of(events: Iterable[CaseEvent]) -> str:
    """``open``, ``settled``, ``dismissed``, ``judgment`` or ``on_appeal``, from the events in order of date.

    A part that is dismissed and a defendant who is let go leave a case open; a new filing opens it again.
    """
    state = "open"
    for event in sorted(events, key=lambda one: (one.when or date.min, one.id)):
        if event.kind in _REOPENS and state in {"settled", "dismissed"}:
            state = "open"
        elif event.kind in {"injunction", "appeal"} and state == "on_appeal":
            state = "judgment"  # a second article on an appeal tells how it was decided
        else:
            state = _STATES.get(event.kind, state)
    return state


def ended(events: Iterable[CaseEvent]) -> date | None:
    """When the case came to its end, None while it goes on."""
    if status_of(events) not in {"settled", "dismissed"}:
        return None
    return max(
        (event.when for event in events if event.when and event.kind in {"settlement", "dismissal"}),
        default=None,
    )


def span_of(events: Iterable[CaseEvent]) -> tuple[date, date] | None:
    """The first and the last day that is known."""
    days = [event.when for event in events if event.when is not None]
    return (min(days), max(days)) if days else None


def same_docket(one: str, other: str) -> bool:
    """Whether two docket keys do not contradict each other."""
    return not one or not other or one == other


def distance(event: CaseEvent, step: Step) -> int:
    """Days between an event and a telling; 0 when the less precise one covers the other."""
    if event.when is None:
        return 0
    (first, last), (begin, end) = _range(event.when, event.precision), _range(step.when, step.precision)
    if first <= end and begin <= last:
        return 0
    return min(abs((begin - last).days), abs((first - end).days))


def _same(event: CaseEvent, step: Step) -> bool:
    if not same_docket(event.docket_key, step.docket_key):
        return False
    days = distance(event, step)
    if event.kind == step.kind:
        return days <= _slack(event, step)
    if "other" in {event.kind, step.kind}:
        return days <= 3
    return days <= 7 and any({event.kind, step.kind} <= alike for alike in _ALIKE)


def _slack(event: CaseEvent, step: Step) -> int:
    """How many days two tellings of one event may be apart: few when both state the day, many when neither does."""
    guessed = (event.how == "published") + (not step.stated)
    if step.kind == "other":
        return (4, 6, 7)[guessed]
    if step.kind in _ONCE:
        return (9, 30, 45)[guessed]
    return (6, 14, 24)[guessed]


def _stale(events: Sequence[CaseEvent], step: Step) -> bool:
    """Whether a telling only repeats what is long known: an undated step of a kind that was told before."""
    if step.remembered:
        return any(event.kind == "lawsuit_filed" for event in events if distance(event, step) <= 62)
    earlier = [event for event in events if event.kind == step.kind and event.when and event.when < step.when]
    if not earlier or step.stated or step.again:
        return False
    known = {event.docket_key for event in events}
    if step.docket_key and step.docket_key not in known and "" not in known:
        return False
    return not step.titled or _over(events, step)


def _over(events: Sequence[CaseEvent], step: Step) -> bool:
    """Whether the last step of this kind still stands, so that the same step cannot come once more."""
    if step.kind not in _ONCE:
        return False
    ordered = [
        event.kind for event in sorted(events, key=lambda one: one.when or date.min) if event.kind != "other"
    ]
    since = set(ordered[len(ordered) - ordered[::-1].index(step.kind) :])
    if step.kind == "lawsuit_filed":
        return not since & {"settlement", "dismissal", "withdrawn_some"}
    return not since


def _told_again(event: CaseEvent, step: Step, item_id: int) -> CaseEvent:
    """An event with one more source, and with the better kind and date of the two."""
    kind = event.kind
    if kind != step.kind and _rank(step.kind) > _rank(kind):
        kind = step.kind if _may_replace(kind, step) else kind
    items = tuple(dict.fromkeys((*event.items, item_id)))
    doubts = tuple(doubt for doubt in event.doubts if doubt in step.doubts)  # a sure source ends a doubt
    docket_key = event.docket_key or step.docket_key
    changed = replace(event, kind=kind, items=items, docket_key=docket_key, doubts=doubts)
    if _better_date(event, step):
        changed = replace(changed, when=step.when, precision=step.precision, how=step.how)
    if kind != event.kind or (event.summary.startswith("Filed, as told by") and not step.remembered):
        changed = replace(changed, summary=step.summary)
    return changed


def _may_replace(kind: str, step: Step) -> bool:
    """A settlement becomes a withdrawal in part only when the telling says that the rest goes on."""
    return not (step.kind == "withdrawn_some" and kind == "settlement") or step.went_on


def _rank(kind: str) -> int:
    return _PRECISE.index(kind) if kind in _PRECISE else len(_PRECISE)


def _better_date(event: CaseEvent, step: Step) -> bool:
    if event.when is None:
        return True
    order = {"day": 3, "month": 2, "year": 1, "": 0}
    old, new = event.how != "published", step.stated
    if old != new:
        return new and order[step.precision] >= 2
    if order[step.precision] != order[event.precision]:
        return order[step.precision] > order[event.precision]
    return not new and step.when < event.when


def _close(one: CaseEvent, other: CaseEvent) -> bool:
    if one.when is None or other.when is None:
        return True
    (first, last), (begin, end) = _range(one.when, one.precision), _range(other.when, other.precision)
    return first - timedelta(days=14) <= end and begin <= last + timedelta(days=14)


def _range(when: date, precision: str) -> tuple[date, date]:
    if precision == "month":
        first = when.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if precision == "year":
        return when.replace(month=1, day=1), when.replace(month=12, day=31)
    return when, when
