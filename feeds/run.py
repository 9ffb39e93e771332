"""Keep polling, and send each group's digest at its local hour, until told to stop.

>>> run(store, load_sources(), settings, RunConfig(read=read_lines))  # doctest: +SKIP

What is due follows from the clock and from what is stored, never from when this process was started: after a crash,
a reboot or a night in a closed laptop it makes up for what was missed. A failure is told and tried again.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from feeds.digeststore import DigestStore
from feeds.issue import make_digest
from feeds.monitor import PollConfig, poll_async
from feeds.outbox import Outbox
from feeds.send import deliver_async
from feeds.terminal import delivery_lines, poll_lines
from nlp.errors import FauxwatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from feeds.records import Source
    from feeds.settings import GroupSettings, NewsSettings
    from feeds.store import Store

__all__ = ["RunConfig", "due_day", "hour_of", "next_hour", "run", "run_async"]

_FAILURES: Final = 20
_FIRST_DELAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """``read`` understands what is new and says how much; ``tell`` takes a line for the log.

    ``tick_s`` is the longest sleep between two looks at the clock.
    """

    read: Callable[[Store], Iterable[str]]
    poll: PollConfig = field(default_factory=PollConfig)
    tick_s: float = 60.0
    tell: Callable[[str], None] = lambda _line: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def hour_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of the local time ``at`` on ``day``.

    A time that the clocks skip in spring comes as much later as they skip; one that they show twice in autumn is the
    first of the two.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def due_day(now: datetime, at: time, zone: ZoneInfo, *, last: date | None) -> date | None:
    """The local day whose digest is to be made now: the newest one whose hour has come, if it is after ``last``.

    Yesterday counts as well, since its hour may have been slept through. A group without any digest begins today.
    """
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        hour = hour_of(day, at, zone)
        if now >= hour:
            wanted = day > last if last is not None else now - hour < _FIRST_DELAY or day == today
            return day if wanted else None
    return None


def next_hour(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next instant after ``now`` at which a digest is due."""
    today = now.astimezone(zone).date()
    return next(
        hour for ahead in range(4) if (hour := hour_of(today + timedelta(days=ahead), at, zone)) > now
    )


def run(store: Store, sources: Sequence[Source], settings: NewsSettings, config: RunConfig) -> int:
    """:func:`run_async` in an event loop of its own, ended by SIGTERM or SIGINT after the present step."""

    async def until_told() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        return await run_async(store, sources, settings, config, stop=stop)

    return asyncio.run(until_told())


async def run_async(
    store: Store,
    sources: Sequence[Source],
    settings: NewsSettings,
    config: RunConfig,
    *,
    stop: asyncio.Event,
) -> int:
    """Work until ``stop`` is set; the exit code: 0, or 3 after too many failures in a row."""
    failures, first = 0, True
    while not stop.is_set():
        try:
            await _step(store, sources, settings, config, first=first)
            failures, first = 0, False
        except (FauxwatchError, OSError) as error:
            failures += 1
            config.tell(f"failed ({failures} in a row): {error}")
            if failures >= _FAILURES:
                return 3
        await _sleep(stop, _pause(store, settings, config) if not failures else config.tick_s)
    return 0


async def _step(
    store: Store, sources: Sequence[Source], settings: NewsSettings, config: RunConfig, *, first: bool
) -> None:
    """Poll what is due, read it, make the digests whose hour has come, send what waits.

    The ``first`` step also reads what an earlier process left unread.
    """
    report = await poll_async(store, sources, config.poll, which="due", clock=config.clock)
    if report.polled:
        _tell(config, poll_lines(report))
    if first or report.new_items or report.revised_items or report.full_texts:
        _tell(config, await asyncio.to_thread(config.read, store))
    for group in settings.groups:
        _make_due(store, settings, group, config)
    delivered = await deliver_async(Outbox(store.database), settings, clock=config.clock)
    _tell(config, delivery_lines(delivered))


def _make_due(store: Store, settings: NewsSettings, group: GroupSettings, config: RunConfig) -> None:
    now = config.clock()
    days = DigestStore(store.database).days(group.name)
    day = due_day(now, group.hour, group.zone, last=days[-1] if days else None)
    if day is None:
        return
    made = make_digest(store, settings, group, day=day, now=now)
    if made.fresh:
        config.tell(
            f"digest of {group.name} for {day}: {made.digest.subject} ({made.mails} messages to send)"
        )


def _pause(store: Store, settings: NewsSettings, config: RunConfig) -> float:
    """Seconds until something may be due, at most a tick and at least a second."""
    now = config.clock()
    whens = [next_hour(now, group.hour, group.zone) for group in settings.groups]
    retry = Outbox(store.database).next_attempt()
    if retry is not None:
        whens.append(retry)
    ahead = min((when - now).total_seconds() for when in whens) if whens else config.tick_s
    return min(max(ahead, 1.0), config.tick_s)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _tell(config: RunConfig, lines: Iterable[str]) -> None:
    for line in lines:
        config.tell(line)
