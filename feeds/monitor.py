"""Poll the sources: fetch, keep the raw answer, interpret, store, and plan the next time.

>>> report = poll(Store.open("sqlite:///news.db"), load_sources("sources.toml"))  # doctest: +SKIP
>>> report.polled, report.new_items, [failure.detail for failure in report.failures]  # doctest: +SKIP

A dead source, a broken feed, a killed process are ordinary events: the first two are rows of the report, and
what the third left behind is finished by the next poll.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from feeds.fetch import FetchConfig, Fetcher
from feeds.fulltext import fetch_full_texts
from feeds.guard import Resolver, resolve
from feeds.items import drafts
from feeds.itemstore import Applied, Writing
from feeds.pages import parse_page
from feeds.parse import parse_feed
from feeds.records import FetchFailure, ParsedFeed, ParseFailure, Response, Source
from feeds.schedule import Outcome, ScheduleConfig, Tick, Which, decide, judge, request_for
from feeds.store import Claim, Store, lease_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.robots import RobotsRules

__all__ = ["PollConfig", "PollReport", "SourceFailure", "poll", "poll_async"]

_BATCH: Final = 100
_CLAIMS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PollConfig:
    """How to poll: the fetcher's limits, the scheduler's rules, and full texts fetched at most in one poll."""

    fetch: FetchConfig = field(default_factory=FetchConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    max_full_texts: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailure:
    """A source that could not be read this time."""

    url: str
    name: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one poll did. ``skipped`` sources are not due, held by their server's word, or by another poller."""

    polled: int = 0
    skipped: int = 0
    unchanged: int = 0
    new_items: int = 0
    revised_items: int = 0
    full_texts: int = 0
    failures: tuple[SourceFailure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    polled: int = 0
    unchanged: int = 0
    new: int = 0
    revised: int = 0
    failures: list[SourceFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Polled:
    claim: Claim
    answer: Response | FetchFailure
    at: datetime
    sha256: str = ""
    body_id: int | None = None
    parsed: ParsedFeed | ParseFailure | None = None


class _Robots:
    """Rules read from the store at the start; new ones are written with the results."""

    def __init__(self, held: dict[str, RobotsRules]) -> None:
        self._held = held
        self.fresh: list[RobotsRules] = []

    def get(self, origin: str) -> RobotsRules | None:
        return self._held.get(origin)

    def put(self, rules: RobotsRules) -> None:
        self._held[rules.origin] = rules
        self.fresh.append(rules)


def _now() -> datetime:
    return datetime.now(UTC)


def poll(
    store: Store, sources: Sequence[Source], config: PollConfig | None = None, *, which: Which = "now"
) -> PollReport:
    """Poll ``sources`` once and store what they say.

    ``which`` is ``due`` (keep to the plan, for timers), ``now`` (a person asked: only the server's word holds a
    source back) or ``force``.
    """
    return asyncio.run(poll_async(store, sources, config, which=which))


async def poll_async(
    store: Store,
    sources: Sequence[Source],
    config: PollConfig | None = None,
    *,
    which: Which = "now",
    clock: Callable[[], datetime] = _now,
    resolver: Resolver = resolve,
    chance: Callable[[], float] = random.random,
) -> PollReport:
    """:func:`poll` for a program that runs an event loop; ``clock``, ``resolver`` and ``chance`` can be given."""
    run = _Run(store, config or PollConfig(), clock, chance)
    started = clock()
    await asyncio.to_thread(store.sync_sources, sources, started)
    robots = _Robots(await asyncio.to_thread(store.robots, started))
    try:
        await asyncio.to_thread(run.finish_pending)
        async with Fetcher(run.config.fetch, robots=robots, resolver=resolver, clock=clock) as fetcher:
            await run.poll_all(fetcher, which, started)
            texts = await fetch_full_texts(store, fetcher, limit=run.config.max_full_texts)
    except BaseExceptionGroup as group:
        raise _innermost(group) from group
    finally:
        await asyncio.to_thread(store.put_robots, {rule.origin: rule for rule in robots.fresh}.values())
        await asyncio.to_thread(store.release, run.owner)
    tally = run.tally
    enabled = sum(source.enabled for source in sources)
    return PollReport(
        polled=tally.polled,
        skipped=max(0, enabled - tally.polled),
        unchanged=tally.unchanged,
        new_items=tally.new,
        revised_items=tally.revised,
        full_texts=texts,
        failures=tuple(tally.failures),
        notes=tuple(tally.notes),
    )


class _Run:
    """One poll: many fetches at a time, one writer."""

    def __init__(
        self, store: Store, config: PollConfig, clock: Callable[[], datetime], chance: Callable[[], float]
    ) -> None:
        self.store = store
        self.config = config
        self.clock = clock
        self.chance = chance
        self.owner = lease_owner()
        self.tally = _Tally()

    async def poll_all(self, fetcher: Fetcher, which: Which, started: datetime) -> None:
        """Claim, fetch and store until nothing that is due is left."""
        while True:
            claims = await asyncio.to_thread(
                self.store.claim, self.owner, self.clock(), which=which, untried_since=started, limit=_CLAIMS
            )
            if not claims:
                return
            await self._poll_some(fetcher, deque(_interleaved(claims)))

    async def _poll_some(self, fetcher: Fetcher, todo: deque[Claim]) -> None:
        results: asyncio.Queue[_Polled | None] = asyncio.Queue(maxsize=_BATCH)

        async def work() -> None:
            while todo:
                claim = todo.popleft()
                request = request_for(claim.state, claim.source, self.clock(), self.config.schedule)
                answer = await fetcher.get(request)
                await results.put(_Polled(claim=claim, answer=answer, at=self.clock()))

        async with asyncio.TaskGroup() as writers:
            writers.create_task(self._write(results))
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(len(todo), self.config.fetch.concurrency)):
                    workers.create_task(work())
            await results.put(None)

    async def _write(self, results: asyncio.Queue[_Polled | None]) -> None:
        while True:
            batch = [await results.get()]
            while not results.empty() and len(batch) < _BATCH:
                batch.append(results.get_nowait())
            await asyncio.to_thread(self.keep, [one for one in batch if one is not None])
            if None in batch:
                return

    def finish_pending(self) -> None:
        """Interpret bodies that a poller stored and did not live to interpret."""
        pending = self.store.pending_bodies()
        if not pending:
            return
        ids = {body.source_id for body in pending}
        claims = self.store.claim(self.owner, self.clock(), which="force", source_ids=ids, limit=len(ids))
        by_source = {claim.source_id: claim for claim in claims}
        for body in pending:
            claim = by_source.get(body.source_id)
            if claim is not None:
                left = _Polled(
                    claim=claim, answer=body.response, at=body.fetched_at, sha256=body.sha256, body_id=body.id
                )
                self._store_all([_interpreted(left)])

    def keep(self, batch: list[_Polled]) -> None:
        """Store raw bodies first, then what they say."""
        self._store_all([_interpreted(one) for one in self._raw_first(batch)])

    def _raw_first(self, batch: list[_Polled]) -> list[_Polled]:
        hashed = [_hashed(one) for one in batch]
        fresh = [one for one in hashed if one.sha256 and one.sha256 != one.claim.state.body_sha256]
        if not fresh:
            return hashed
        rows = [
            (one.claim.source_id, one.answer, one.sha256) for one in fresh if isinstance(one.answer, Response)
        ]
        ids = self.store.put_bodies(rows, self.clock())
        numbered = {one.claim.source_id: body_id for one, body_id in zip(fresh, ids, strict=True)}
        return [_numbered(one, numbered.get(one.claim.source_id)) for one in hashed]

    def _store_all(self, batch: list[_Polled]) -> None:
        with self.store.database.write() as connection:
            for one in sorted(batch, key=lambda polled: polled.claim.source_id):
                try:
                    with connection.begin_nested():
                        self._store_one(connection, one)
                except sa.exc.DBAPIError as error:
                    if error.connection_invalidated or isinstance(error, sa.exc.OperationalError):
                        raise
                    self._count_failure(
                        one.claim.source, "store", f"{type(error.orig).__name__}: {error.orig}"
                    )

    def _store_one(self, connection: sa.Connection, one: _Polled) -> None:
        source_id, source = one.claim.source_id, one.claim.source
        state = self.store.locked_state(connection, source_id)
        applied = Applied(state=state)
        published: tuple[datetime, ...] = ()
        if isinstance(one.parsed, ParsedFeed):
            made = drafts(one.parsed, source, one.at)
            published = tuple(draft.published for draft in made if draft.published)
            write = Writing(
                connection=connection,
                source_id=source_id,
                now=one.at,
                body_id=one.body_id,
                full_text=source.fulltext,
            )
            applied = self.store.items.apply(write, state, made)
        outcome = Outcome(
            answer=one.answer,
            parsed=one.parsed,
            body_sha256=one.sha256,
            new_items=len(applied.new),
            published=published,
        )
        tick = Tick(now=one.at, config=self.config.schedule, chance=self.chance())
        decision = decide(applied.state, source, outcome, tick)
        self.store.put_state(connection, source_id, decision.state)
        if one.body_id is not None:
            good = isinstance(one.parsed, ParsedFeed) and one.parsed.good
            self.store.finish_body(connection, source_id, one.body_id, good=good, note=_note(one.parsed))
        self._count(
            one, applied, decision.notes, failed=decision.state.error_kind, detail=decision.state.error
        )

    def _count(
        self, one: _Polled, applied: Applied, notes: tuple[str, ...], *, failed: str, detail: str
    ) -> None:
        tally, source = self.tally, one.claim.source
        tally.polled += 1
        tally.unchanged += judge(one.answer).action == "unchanged"
        tally.new += len(applied.new)
        tally.revised += len(applied.revised)
        tally.notes.extend(f"{source.name}: {note}" for note in notes)
        if failed:
            self._count_failure(source, failed, detail)

    def _count_failure(self, source: Source, kind: str, detail: str) -> None:
        self.tally.failures.append(SourceFailure(url=source.url, name=source.name, kind=kind, detail=detail))


def _innermost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _innermost(first) if isinstance(first, BaseExceptionGroup) else first


def _interleaved(claims: Sequence[Claim]) -> list[Claim]:
    """The claims so that neighbours are at different hosts where possible: one slow host holds up nobody."""
    hosts: dict[str, list[Claim]] = {}
    for claim in claims:
        hosts.setdefault(urlsplit(claim.state.url or claim.source.url).netloc, []).append(claim)
    ranked = [(place, host, claim) for host, some in hosts.items() for place, claim in enumerate(some)]
    return [claim for _, _, claim in sorted(ranked, key=lambda row: row[:2])]


def _hashed(one: _Polled) -> _Polled:
    if not isinstance(one.answer, Response) or judge(one.answer).action != "parse":
        return one
    digest = hashlib.sha256(one.answer.body).hexdigest()
    return _Polled(claim=one.claim, answer=one.answer, at=one.at, sha256=digest)


def _numbered(one: _Polled, body_id: int | None) -> _Polled:
    return _Polled(claim=one.claim, answer=one.answer, at=one.at, sha256=one.sha256, body_id=body_id)


def _interpreted(one: _Polled) -> _Polled:
    """``one`` with its body parsed, as a feed or as the page that its source says it is."""
    if not isinstance(one.answer, Response) or not one.sha256:
        return one
    source, answer = one.claim.source, one.answer
    if source.kind == "page":
        parsed = parse_page(answer.body, source, url=answer.url, headers=answer.headers, now=one.at)
    else:
        parsed = parse_feed(answer.body, url=answer.url, headers=answer.headers, lang=source.lang)
    return _Polled(
        claim=one.claim, answer=answer, at=one.at, sha256=one.sha256, body_id=one.body_id, parsed=parsed
    )


def _note(parsed: ParsedFeed | ParseFailure | None) -> str:
    if isinstance(parsed, ParseFailure):
        return f"{parsed.kind}: {parsed.detail}"
    return "; ".join(parsed.warnings) if parsed else ""
