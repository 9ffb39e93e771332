"""What goes into the digest of a day: a pure choice from what the store knows.

>>> body = compose(state, day)  # doctest: +SKIP
>>> [section.kind for section in body.sections]  # doctest: +SKIP
['seizure', 'lawsuit_filed']

An item belongs to the first digest after it was first seen, however old it says it is: the clock of a source
decides nothing, so late items are in the next digest instead of in none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from feeds.plaintext import one_line, safe_link
from feeds.records import NEWS_KINDS, Analysis, Case, Item, SourceHealth, Story
from feeds.terminal import event_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "DigestBody",
    "DigestCase",
    "DigestEvent",
    "DigestLink",
    "DigestSection",
    "DigestState",
    "DigestStory",
    "SourceNote",
    "compose",
    "extract",
]

_EXTRACT: Final = 400
_STALE: Final = timedelta(days=1)
_RULE: Final = re.compile(r"[=_*~#-]{4,}")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=\S)|(?<=[。！？।॥])\s*|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestState:
    """What the store knows: ``analyses`` by item id; items without one count as not read yet."""

    items: tuple[Item, ...]
    analyses: Mapping[int, Analysis]
    stories: tuple[Story, ...] = ()
    cases: tuple[Case, ...] = ()
    health: tuple[SourceHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLink:
    """One source that tells a story; ``url`` is a web address or empty."""

    source: str
    url: str
    title: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStory:
    """A story with today's links; ``extract`` is two sentences, ``update`` that earlier days told of it."""

    title: str
    lang: str
    extract: str
    brands: tuple[str, ...]
    links: tuple[DigestLink, ...]
    update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSection:
    """The stories of one kind, those that most sources tell first."""

    kind: str
    stories: tuple[DigestStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEvent:
    """One line of a timeline; ``new`` when today's items tell it."""

    when: str
    kind: str
    summary: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestCase:
    """A lawsuit of which there is news, with its whole timeline."""

    name: str
    status: str
    dockets: tuple[str, ...]
    events: tuple[DigestEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """A source that could not be read, or was not read lately, and what is known of why."""

    name: str
    url: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBody:
    """The contents of one digest. ``unread`` counts items that nobody has analysed yet."""

    day: date
    sections: tuple[DigestSection, ...] = ()
    cases: tuple[DigestCase, ...] = ()
    seen: int = 0
    unread: int = 0
    failing: tuple[SourceNote, ...] = ()
    gaps: tuple[SourceNote, ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections and not self.cases

    @property
    def stories(self) -> int:
        """How many stories it tells."""
        return sum(len(section.stories) for section in self.sections)


def compose(state: DigestState, day: date, *, brands: Iterable[str] = ()) -> DigestBody:
    """The digest of ``day`` (UTC): items first seen on it, grouped, filtered by ``brands`` where some are named."""
    wanted = frozenset(brand.casefold() for brand in brands)
    today = {item.id: item for item in state.items if item.first_seen.astimezone(UTC).date() == day}
    told = {
        number: item
        for number, item in today.items()
        if (read := state.analyses.get(number)) and read.relevant and _of_interest(_brands([read]), wanted)
    }
    return DigestBody(
        day=day,
        sections=_sections(state, told),
        cases=_cases(state.cases, today.keys(), wanted),
        seen=len(today),
        unread=sum(number not in state.analyses for number in today),
        failing=tuple(_note(one) for one in state.health if one.failing),
        gaps=tuple(_gap(one) for one in state.health if not one.failing and _stale(one, day)),
    )


def extract(text: str, *, title: str = "") -> str:
    """The first two sentences of ``text`` that do not repeat ``title``, cut at a word where they are long."""
    plain = _RULE.sub(" ", text[:5000])
    sentences = [one_line(part) for part in _SENTENCE.split(plain)]
    kept = [part for part in sentences if part and part.casefold() != one_line(title).casefold()][:2]
    joined = " ".join(kept)
    return (
        joined if len(joined) <= _EXTRACT else f"{joined[:_EXTRACT].rpartition(' ')[0] or joined[:_EXTRACT]}…"
    )


def _sections(state: DigestState, told: Mapping[int, Item]) -> tuple[DigestSection, ...]:
    by_kind: dict[str, list[DigestStory]] = {}
    grouped: set[int] = set()
    for story in state.stories:
        members = [told[one.item_id] for one in story.members if one.item_id in told]
        if members:
            grouped.update(item.id for item in members)
            days = {one.joined_at.astimezone(UTC).date() for one in story.members if one.item_id not in told}
            first = min(item.first_seen.astimezone(UTC).date() for item in members)
            update = any(joined < first for joined in days)
            by_kind.setdefault(story.kind, []).append(
                _story(members, state.analyses, title=story.title, update=update)
            )
    for number, item in told.items():
        if number not in grouped:
            kind = state.analyses[number].kind
            by_kind.setdefault(kind, []).append(_story([item], state.analyses, title=item.title))
    return tuple(
        DigestSection(kind=kind, stories=tuple(sorted(by_kind[kind], key=_weight)))
        for kind in sorted(by_kind, key=_place)
    )


def _place(kind: str) -> int:
    return NEWS_KINDS.index(kind) if kind in NEWS_KINDS else len(NEWS_KINDS)


def _weight(story: DigestStory) -> tuple[int, int, str]:
    return (-len({link.source for link in story.links}), -len(story.links), story.title)


def _story(
    items: Sequence[Item], analyses: Mapping[int, Analysis], *, title: str, update: bool = False
) -> DigestStory:
    texts = (extract(item.summary or item.text, title=item.title) for item in items)
    return DigestStory(
        title=one_line(title) or "(no title)",
        lang=next((item.lang for item in items if item.title == title), ""),
        extract=next((text for text in texts if text), ""),
        brands=tuple(sorted(_brands(analyses[item.id] for item in items))),
        links=tuple(map(_link, items)),
        update=update,
    )


def _link(item: Item) -> DigestLink:
    return DigestLink(
        source=one_line(item.publisher or item.source_name),
        url=safe_link(item.url),
        title=one_line(item.title),
        lang=item.lang,
    )


def _brands(analyses: Iterable[Analysis]) -> set[str]:
    return {mention.brand for analysis in analyses for mention in analysis.brands}


def _of_interest(brands: Iterable[str], wanted: frozenset[str]) -> bool:
    return not wanted or any(brand.casefold() in wanted for brand in brands)


def _cases(cases: Iterable[Case], today: Iterable[int], wanted: frozenset[str]) -> tuple[DigestCase, ...]:
    fresh = frozenset(today)
    return tuple(
        _case(case, fresh)
        for case in cases
        if any(fresh.intersection(event.items) for event in case.events) and _of_interest(case.brands, wanted)
    )


def _case(case: Case, fresh: frozenset[int]) -> DigestCase:
    events = tuple(
        DigestEvent(
            when=event_date(event),
            kind=event.kind,
            summary=one_line(event.summary),
            new=bool(fresh.intersection(event.items)),
        )
        for event in case.events
    )
    dockets = tuple(one_line(f"{one.number} {one.court}") for one in case.dockets)
    return DigestCase(name=one_line(case.name), status=one_line(case.status), dockets=dockets, events=events)


def _note(one: SourceHealth) -> SourceNote:
    state = one.state
    since = f" since {state.failing_since:%Y-%m-%d}" if state.failing_since else ""
    problem = one_line(f"{state.status}{since}: {state.error_kind} {state.error}")
    return SourceNote(
        name=one_line(one.source.name), url=safe_link(one.source.url), problem=problem.rstrip(": ")
    )


def _stale(one: SourceHealth, day: date) -> bool:
    last = one.state.last_success
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return last is None or last < begin - _STALE


def _gap(one: SourceHealth) -> SourceNote:
    last = one.state.last_success
    problem = f"last read {last:%Y-%m-%d}" if last else "never read"
    return SourceNote(name=one_line(one.source.name), url=safe_link(one.source.url), problem=problem)
