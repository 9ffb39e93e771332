"""Items understood: analysed, grouped into stories, followed as cases; and read back for digest and export.

>>> report = understand(store, clock=lambda: datetime.now(UTC))  # doctest: +SKIP
>>> report.analysed, report.relevant, len(report.new_stories)  # doctest: +SKIP
(120, 14, 9)

An item that cannot be read costs only itself: it is told in the report, stored as failed and tried again when it changes
or when the analyser does. A batch of items is analysed without a transaction, then stored with its stories and cases in a single one: after a
kill, an item is either understood altogether or not at all, and the next run goes on with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from feeds.analyse import ANALYSER, Analyser
from feeds.casebook import follow
from feeds.casestore import CaseStore
from feeds.findingstore import FindingStore, put_analyses, unread
from feeds.grouping import Tellings, group, prepare
from feeds.plaintext import one_line
from feeds.records import Analysis, Case, Item, Story, to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from feeds.store import Store
    from feeds.vectors import Encoder

__all__ = [
    "FAILED",
    "UnderstandReport",
    "cases",
    "export_items",
    "findings",
    "item_row",
    "stories",
    "understand",
]

_BATCH: Final = 500
FAILED: Final = "failed"
"""The kind of an item that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstandReport:
    """What one call did: items read, relevant ones, stories made and grown, cases touched and events found.

    ``failed`` names each item that could not be read, with the reason; they count as ``analysed``.
    """

    analysed: int = 0
    relevant: int = 0
    new_stories: tuple[str, ...] = ()
    grown_stories: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    new_events: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def understand(
    store: Store,
    *,
    clock: Callable[[], datetime],
    analyser: Analyser | None = None,
    encoder: Encoder | None = None,
) -> UnderstandReport:
    """Read every item whose newest revision this analyser has not read, and place it in stories and cases.

    Safe to repeat, to kill and to run twice at once. ``encoder`` gives the text vectors of stories; the default needs
    no model.
    """
    reader = analyser or Analyser.load()
    total = UnderstandReport()
    while batch := store.items.find(without_analysis=ANALYSER, limit=_BATCH):
        read = [(item, _analysed(reader, item)) for item in batch]
        total = _joined(total, _placed(store, read, encoder, clock()))
    return total


def _analysed(reader: Analyser, item: Item) -> Analysis:
    """What ``item`` says, or that it could not be read."""
    try:
        return reader.analyse(item)
    except Exception as error:  # noqa: BLE001 - texts of strangers: whatever one of them breaks, the others go on
        return _failed(item, error)


def _failed(item: Item, error: Exception) -> Analysis:
    reason = one_line(f"{type(error).__name__}: {error}")[:300]
    return Analysis(
        item_id=item.id,
        revision=item.revision,
        analyser=ANALYSER,
        relevant=False,
        score=0.0,
        kind=FAILED,
        lang=item.lang,
        failure=reason,
    )


def _placed(
    store: Store, read: list[tuple[Item, Analysis]], encoder: Encoder | None, now: datetime
) -> UnderstandReport:
    """A batch stored; where it cannot be placed as a whole, each item by itself, and only what fails is set aside."""
    try:
        sound = [pair for pair in read if not pair[1].failure]
        return _store(store, read, prepare(sound, encoder), now)
    except sa.exc.OperationalError:
        raise  # the database's trouble, no article's
    except Exception as error:
        if any(analysis.failure for _, analysis in read) and len(read) == 1:
            raise
        if len(read) == 1:
            item = read[0][0]
            return _placed(store, [(item, _failed(item, error))], encoder, now)
    total = UnderstandReport()
    for pair in read:
        total = _joined(total, _placed(store, [pair], encoder, now))
    return total


def _store(
    store: Store, read: list[tuple[Item, Analysis]], tellings: Tellings, now: datetime
) -> UnderstandReport:
    """Write one batch: analyses, stories, cases, together or not at all."""
    with store.database.write(alone=True) as connection:
        fresh = {one.item_id for one in unread(connection, [analysis for _, analysis in read])}
        pairs = [(item, analysis) for item, analysis in read if item.id in fresh]
        put_analyses(connection, [analysis for _, analysis in pairs], now)
        new, grown = group(connection, tellings.only(fresh), now)
        touched, events = follow(connection, [pair for pair in pairs if not pair[1].failure], now)
    return UnderstandReport(
        analysed=len(pairs),
        relevant=sum(analysis.relevant for _, analysis in pairs),
        new_stories=new,
        grown_stories=grown,
        cases=touched,
        new_events=events,
        failed=tuple(
            one_line(f"{item.title} <{item.url}>: {analysis.failure}")
            for item, analysis in pairs
            if analysis.failure
        ),
    )


def _joined(one: UnderstandReport, other: UnderstandReport) -> UnderstandReport:
    new = (*one.new_stories, *other.new_stories)
    return UnderstandReport(
        analysed=one.analysed + other.analysed,
        relevant=one.relevant + other.relevant,
        new_stories=new,
        grown_stories=tuple(dict.fromkeys((*one.grown_stories, *other.grown_stories))),
        cases=tuple(dict.fromkeys((*one.cases, *other.cases))),
        new_events=(*one.new_events, *other.new_events),
        failed=(*one.failed, *other.failed),
    )


# --- read back -----------------------------------------------------------------------------------


def findings(store: Store, ids: Iterable[int] | None = None) -> dict[int, Analysis]:
    """The newest analysis of each item, by item id."""
    return FindingStore(store.database).analyses(ids)


def stories(
    store: Store, *, ids: Iterable[str] | None = None, updated_since: datetime | None = None
) -> tuple[Story, ...]:
    """Stories with their members and why each joined, most recently changed first."""
    return FindingStore(store.database).stories(ids=ids, updated_since=updated_since)


def cases(
    store: Store, *, ids: Iterable[str] | None = None, updated_since: datetime | None = None
) -> tuple[Case, ...]:
    """Cases with dockets, captions and events in order of date, most recently changed first."""
    return CaseStore(store.database).cases(ids=ids, updated_since=updated_since)


def export_items(store: Store, *, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The rows of ``news export``, in the order in which items were first seen; JSON values only."""
    found = FindingStore(store.database)
    analyses, story_of = found.analyses(), found.story_of()
    case_of = CaseStore(store.database).case_of()
    for item in store.items.find(since=since):
        yield item_row(
            item, analyses.get(item.id), story=story_of.get(item.id, ""), case=case_of.get(item.id, "")
        )


def item_row(item: Item, analysis: Analysis | None, *, story: str = "", case: str = "") -> dict[str, Any]:
    """One row of ``news export``; what was not analysed, or could not be, has null for ``relevant`` and ``score``."""
    read = analysis if analysis and not analysis.failure else None
    parties = read.parties if read else ()
    return {
        "feed": item.feed,
        "title": item.title,
        "url": item.url,
        "text": item.text,
        "lang": (read.lang if read else "") or item.lang,
        "published": to_plain(item.published),
        "relevant": read.relevant if read else None,
        "score": round(read.score, 4) if read else None,
        "kind": read.kind if read else None,
        "brands": _distinct(one.brand for one in read.brands) if read else [],
        "plaintiffs": _distinct(one.name for one in parties if one.side == "plaintiff"),
        "defendants": _distinct(one.name for one in parties if one.side == "defendant"),
        "court": (read.court if read else "") or None,
        "docket": read.dockets[0].number if read and read.dockets else None,
        "jurisdiction": (read.jurisdiction if read else "") or None,
        "amounts": [_amount_row(one) for one in read.amounts] if read else [],
        "event_date": _event_date(read) if read else None,
        "story": story or None,
        "case": case or None,
        "first_seen": to_plain(item.first_seen),
        "revisions": item.revision,
    }


def _amount_row(amount: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "value": amount.value,
        "currency": amount.currency or None,
        "meaning": amount.meaning,
    }
    if amount.high is not None:
        row["high"] = amount.high
    if amount.doubt:
        row["doubt"] = amount.doubt
    return row


def _event_date(analysis: Analysis) -> str | None:
    """ISO, as precise as the text is: ``2014-07-09``, ``2014-08`` or ``2014``."""
    if analysis.event_date is None:
        return None
    return analysis.event_date.isoformat()[: {"month": 7, "year": 4}.get(analysis.event_precision, 10)]


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
