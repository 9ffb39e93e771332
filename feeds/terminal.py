"""What the ``news`` commands print: sources, stories and cases as plain text, safe for a terminal.

Texts of strangers come without control and reordering characters; lines are not cut, so that they can be searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.discovery import SourceCheck
    from feeds.monitor import PollReport
    from feeds.records import Case, CaseEvent, Item, Source, SourceHealth, Story
    from feeds.send import DeliveryReport

__all__ = [
    "case_lines",
    "check_lines",
    "delivery_lines",
    "event_date",
    "poll_lines",
    "source_lines",
    "story_lines",
]


def poll_lines(report: PollReport) -> Iterator[str]:
    """The counts of a poll, then its notes and each source that could not be read."""
    yield (
        f"{report.polled} sources polled, {report.unchanged} unchanged, {report.skipped} not due; "
        f"{report.new_items} new items, {report.revised_items} revised, {report.full_texts} full texts"
    )
    yield from (f"note: {one_line(note)}" for note in report.notes)
    for failure in report.failures:
        yield one_line(f"failed: {failure.name} ({failure.url}): {failure.kind}: {failure.detail}")


def source_lines(sources: Sequence[Source], health: Mapping[str, SourceHealth]) -> Iterator[str]:
    """One line a source: status, items, last success, name, address and what is wrong."""
    for source in sources:
        held = health.get(source.url)
        status = held.state.status if held else "new"
        success = held.state.last_success if held else None
        fields = (
            "off" if not source.enabled else status,
            f"{held.items if held else 0:>6} items",
            f"{success:%Y-%m-%d %H:%M}" if success else "never read      ",
            source.name,
            source.url,
        )
        line = "  ".join((f"{fields[0]:<8}", *map(one_line, fields[1:])))
        error = f"{held.state.error_kind}: {held.state.error}" if held and held.state.error_kind else ""
        yield f"{line}  {one_line(error)}".rstrip()


def check_lines(checks: Iterable[SourceCheck]) -> Iterator[str]:
    """One line a source that was fetched once, and below it the feeds that a page offers in its place."""
    for check in checks:
        newest = f", newest {check.newest:%Y-%m-%d}" if check.newest else ""
        found = check.problem or f"{check.entries} entries{newest}"
        moved = f" (moved to {check.moved_to})" if check.moved_to else ""
        yield one_line(
            f"{'FAIL' if check.problem else 'ok':<4} {check.source.name} ({check.source.url}): {found}{moved}"
        )
        yield from (one_line(f"warning: {warning}") for warning in check.warnings)
        yield from (one_line(f"offers: {one.url} {one.title}") for one in check.offered)


def story_lines(stories: Iterable[Story], items: Mapping[int, Item]) -> Iterator[str]:
    """A line a story, then one for each of its items with the reason why it joined."""
    for story in stories:
        yield one_line(f"{story.updated_at:%Y-%m-%d} {story.kind}: {story.title} [{story.id}]")
        for member in story.members:
            item = items.get(member.item_id)
            if item is not None:
                yield f"    {one_line(f'{item.source_name}: {item.title} <{item.url}> ({member.reason})')}"


def case_lines(cases: Iterable[Case]) -> Iterator[str]:
    """A case with its dockets, parties and timeline."""
    for case in cases:
        yield one_line(f"{case.name} [{case.id}]: {case.status}")
        dockets = ", ".join(" ".join(filter(None, (one.number, one.court))) for one in case.dockets)
        told = (("court", case.court), ("dockets", dockets), ("brands", ", ".join(case.brands)))
        parties = (("plaintiffs", ", ".join(case.plaintiffs)), ("defendants", ", ".join(case.defendants)))
        yield from (f"    {name}: {one_line(value)}" for name, value in (*told, *parties) if value)
        for event in case.events:
            doubt = f" (doubt: {', '.join(event.doubts)})" if event.doubts else ""
            yield f"    {event_date(event):<10}  {one_line(f'{event.kind}: {event.summary}{doubt}')}"


def event_date(event: CaseEvent) -> str:
    """When it happened, as precise as it is known: ``2014-07-09``, ``2014-07``, ``2014`` or ``undated``."""
    if event.when is None:
        return "undated"
    return event.when.isoformat()[: {"month": 7, "year": 4}.get(event.precision, 10)]


def delivery_lines(report: DeliveryReport) -> Iterator[str]:
    """How many mails the server took, and loudly each that it did not."""
    if report.accepted or report.failed:
        yield f"{report.accepted} of {report.accepted + len(report.failed)} messages accepted"
    for one in report.failed:
        yield one_line(f"NOT SENT to {one.recipient}: {one.state}: {one.text}")
