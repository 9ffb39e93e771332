"""What an answer means and when to ask again: pure functions of state, answer, clock and configuration.

Two instants govern a source. ``not_before`` is the server's word (Retry-After, Cache-Control, Expires, the feed's
ttl) and binds even a poll that a person asked for. ``next_due`` is our own plan, from how often the source really
publishes, with jitter and with backoff after failures.
"""

from __future__ import annotations

import http
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from feeds.fetch import Request, retry_after
from feeds.records import FetchFailure, FetchState, ParsedFeed, ParseFailure, Response, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Decision",
    "Outcome",
    "ScheduleConfig",
    "Tick",
    "Verdict",
    "Which",
    "decide",
    "freshness",
    "is_due",
    "judge",
    "request_for",
]

Which = Literal["due", "now", "force"]
_PERMANENT: Final = frozenset({301, 308})
_ROBOTS_RECHECK_S: Final = 86400
_RECENT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """Times in seconds; ``jitter`` is the share by which a plan is moved at random, either way."""

    min_interval_s: int = 900
    max_interval_s: int = 43200
    max_backoff_s: int = 86400
    max_hold_s: int = 86400
    jitter: float = 0.1
    full_fetch_every_s: int = 7 * 86400
    return_home_after: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The clock and the rules of one decision; ``chance`` in [0, 1) places the next poll within the jitter."""

    now: datetime
    config: ScheduleConfig = field(default_factory=ScheduleConfig)
    chance: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with an answer: ``parse`` its body, note it ``unchanged``, ``fail`` or ``retire`` the source."""

    action: Literal["parse", "unchanged", "fail", "retire"]
    kind: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that is known after one poll of one source; ``parsed`` is None when nothing was parsed."""

    answer: Response | FetchFailure
    parsed: ParsedFeed | ParseFailure | None = None
    body_sha256: str = ""
    new_items: int = 0
    published: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The new state, and what a person should be told about the change."""

    state: FetchState
    notes: tuple[str, ...] = ()


def is_due(state: FetchState, now: datetime, which: Which) -> bool:
    """Whether to poll: ``due`` keeps to our plan, ``now`` only to the server's word, ``force`` to nothing."""
    if which == "force":
        return True
    if state.status == "retired" or (state.not_before is not None and state.not_before > now):
        return False
    return which == "now" or state.next_due is None or state.next_due <= now


def request_for(state: FetchState, source: Source, now: datetime, config: ScheduleConfig) -> Request:
    """What to ask; now and then without validators, because servers' 304 answers lie as well."""
    stale = state.full_fetch_at is None or now - state.full_fetch_at > timedelta(
        seconds=config.full_fetch_every_s
    )
    return Request(
        url=state.url or source.url,
        private=source.private,
        robots=source.robots,
        etag="" if stale else state.etag,
        last_modified="" if stale else state.last_modified,
        validator_url="" if stale else state.validator_url,
    )


def judge(answer: Response | FetchFailure) -> Verdict:
    """What the answer means before anybody has looked into its body."""
    if isinstance(answer, FetchFailure):
        return Verdict(action="fail", kind=answer.kind, detail=answer.detail)
    if 200 <= answer.status < 300:
        return Verdict(action="parse")
    if answer.status == 304:
        return Verdict(action="unchanged")
    said = f"HTTP {answer.status} {_phrase(answer.status)}".strip()
    if answer.status == 410:
        return Verdict(action="retire", kind="gone", detail=f"{said}: the publisher has retired this address")
    return Verdict(action="fail", kind="http", detail=said)


def decide(state: FetchState, source: Source, outcome: Outcome, tick: Tick) -> Decision:
    """The state after this poll, and what changed for good."""
    verdict = judge(outcome.answer)
    status = outcome.answer.status if isinstance(outcome.answer, Response) else None
    state = replace(state, url=state.url or source.url, last_attempt=tick.now, http_status=status)
    if verdict.action == "retire":
        gone = replace(
            state, status="retired", retired_at=tick.now, error_kind=verdict.kind, error=verdict.detail
        )
        return Decision(state=gone, notes=(f"retired: {verdict.detail}",))
    if isinstance(outcome.parsed, ParseFailure):
        verdict = Verdict(action="fail", kind=outcome.parsed.kind, detail=outcome.parsed.detail)
    if verdict.action == "fail" or isinstance(outcome.answer, FetchFailure):
        return _failed(state, source, outcome.answer, verdict, tick=tick)
    return _succeeded(state, source, outcome, outcome.answer, tick=tick)


def _failed(
    state: FetchState, source: Source, answer: Response | FetchFailure, verdict: Verdict, *, tick: Tick
) -> Decision:
    now, config = tick.now, tick.config
    failures = state.failures + 1
    wait = float(min(config.max_backoff_s, state.interval_s * 2 ** min(failures - 1, 16)))
    if verdict.kind == "robots":
        wait = max(wait, _ROBOTS_RECHECK_S)
    asked = retry_after(answer.headers, now) if isinstance(answer, Response) else answer.retry_after_s
    hold = now + timedelta(seconds=asked) if asked else None
    plan = now + timedelta(seconds=_jittered(wait, tick))
    home = failures >= config.return_home_after and state.url != source.url
    failed = replace(
        state,
        url=source.url if home else state.url,
        status="failing",
        failures=failures,
        failing_since=state.failing_since or now,
        error_kind=verdict.kind,
        error=verdict.detail,
        not_before=hold,
        next_due=max(plan, hold) if hold else plan,
    )
    notes = (f"back to {source.url}: {state.url} keeps failing",) if home else ()
    return Decision(state=failed, notes=notes)


def _succeeded(
    state: FetchState, source: Source, outcome: Outcome, answer: Response, *, tick: Tick
) -> Decision:
    now, config = tick.now, tick.config
    parsed = outcome.parsed if isinstance(outcome.parsed, ParsedFeed) else None
    ttl = parsed.ttl_s if parsed else state.ttl_s
    held_s = min(config.max_hold_s, max(freshness(answer.headers, now), ttl or 0))
    interval = _interval(state, source, outcome, tick)
    hold = now + timedelta(seconds=held_s) if held_s else None
    plan = now + timedelta(seconds=_jittered(interval, tick))
    moved = _moved(answer)
    renewed = replace(
        state,
        url=moved or state.url,
        status="ok",
        failures=0,
        failing_since=None,
        last_success=now,
        last_new_item=now if outcome.new_items else state.last_new_item,
        error_kind="",
        error="",
        interval_s=interval,
        ttl_s=ttl,
        not_before=hold,
        next_due=max(plan, hold) if hold else plan,
        retired_at=None,
    )
    if parsed is not None:
        renewed = _with_validators(renewed, outcome, answer, now=now, good=parsed.good)
    notes = (f"moved from {state.url} to {moved}",) if moved and moved != state.url else ()
    return Decision(state=renewed, notes=notes)


def _with_validators(
    state: FetchState, outcome: Outcome, answer: Response, *, now: datetime, good: bool
) -> FetchState:
    """Validators stand for a body that was read well; after any other they are forgotten, never kept."""
    return replace(
        state,
        etag=answer.headers.get("etag", "") if good else "",
        last_modified=answer.headers.get("last-modified", "") if good else "",
        validator_url=answer.url if good else "",
        body_sha256=outcome.body_sha256 if good else "",
        full_fetch_at=now,
    )


def _moved(answer: Response) -> str | None:
    """The address that permanent redirects led to; a temporary one ends the chain, so does losing TLS."""
    chain = [hop.url for hop in answer.redirects] + [answer.url]
    count = 0
    while count < len(answer.redirects) and answer.redirects[count].status in _PERMANENT:
        count += 1
    if not count:
        return None
    downgraded = urlsplit(chain[0]).scheme == "https" and urlsplit(chain[count]).scheme == "http"
    return None if downgraded else chain[count]


def freshness(headers: dict[str, str], now: datetime) -> int:
    """Seconds for which the server calls its answer fresh: ``max-age`` less ``Age``, else ``Expires``."""
    control = headers.get("cache-control", "").lower()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return 0
    found = re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", control)
    if found:
        age = headers.get("age", "").strip()
        return max(0, int(found.group(1)) - (int(age[:9]) if age.isdigit() else 0))
    expires, sent = _http_date(headers.get("expires", "")), _http_date(headers.get("date", ""))
    return max(0, int((expires - (sent or now)).total_seconds())) if expires else 0


def _interval(state: FetchState, source: Source, outcome: Outcome, tick: Tick) -> int:
    """Half the mean gap between the source's latest items; without dates, by whether polls found something."""
    gap = _mean_gap(outcome.published, tick.now)
    if gap is not None:
        wanted = gap / 2
    else:
        wanted = state.interval_s * (0.6 if outcome.new_items else 1.2)
    low = max(tick.config.min_interval_s, source.min_interval_s)
    return int(min(max(wanted, low), max(tick.config.max_interval_s, low)))


def _mean_gap(published: Sequence[datetime], now: datetime) -> float | None:
    latest = sorted({stamp for stamp in published if stamp <= now}, reverse=True)[:_RECENT]
    if len(latest) < 2:
        return None
    return (now - latest[-1]).total_seconds() / len(latest)


def _jittered(seconds: float, tick: Tick) -> float:
    return seconds * (1 + tick.config.jitter * (2 * tick.chance - 1))


def _http_date(value: str) -> datetime | None:
    try:
        stamp = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
