"""What goes into the digest of a day: a pure choice from what the store knows.

>>> body = compose(state, day)  # doctest: +SKIP
>>> [section.kind for section in body.sections]  # doctest: +SKIP
['seizure', 'lawsuit_filed']

A digest that is sent tells a group what no earlier digest told it (``fresh``), however late it comes. A digest of
a day that nobody was sent holds what was first seen on that day: the clock of a source decides nothing.
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
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = [
    "DigestBody",
    "DigestCase",
    "DigestEvent",
    "DigestLink",
    "DigestSection",
    "DigestState",
    "DigestStory",
    "GroupNews",
    "SourceNote",
    "compose",
    "extract",
]

_EXTRACT: Final = 400
_MANY: Final = 6
_TOP: Final = 3
_STALE: Final = timedelta(days=1)
_RULE: Final = re.compile(r"[=_*~#-]{4,}")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=\S)|(?<=[。！？।॥])\s*|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestState:
    """What the store knows: ``analyses`` by item id; items without one count as not read yet.

    ``news`` says what a group was told and not told; without it a digest is about one day.
    """

    items: tuple[Item, ...]
    analyses: Mapping[int, Analysis]
    stories: tuple[Story, ...] = ()
    cases: tuple[Case, ...] = ()
    health: tuple[SourceHealth, ...] = ()
    news: GroupNews | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNews:
    """What a group was not told yet, and (of the same stories) what it was told."""

    since: datetime
    fresh: frozenset[int]
    events: frozenset[str]
    told: frozenset[int] = frozenset()
    seen: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLink:
    """One source that tells a story; ``url`` is a web address or empty, ``published`` a date or empty."""

    source: str
    url: str
    title: str
    lang: str
    published: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestStory:
    """A story with today's links; ``extract`` is two sentences, ``update`` that earlier digests told of it."""

    id: str = ""
    items: tuple[int, ...] = ()
    title: str
    lang: str
    extract: str
    brands: tuple[str, ...]
    links: tuple[DigestLink, ...]
    update: bool

    @property
    def sources(self) -> int:
        """How many sources tell it."""
        return len({link.source for link in self.links})


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSection:
    """The stories of one kind, those that most sources tell first."""

    kind: str
    stories: tuple[DigestStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEvent:
    """One line of a timeline; ``new`` when today's items tell it."""

    id: str = ""
    when: str
    kind: str
    summary: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestCase:
    """A lawsuit of which there is news, with its whole timeline."""

    id: str = ""
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
    """The contents of one digest.

    ``seen`` and ``unread`` count new items and those that nobody has analysed yet; ``window`` says new since when;
    ``warnings`` are digests that did not reach somebody.
    """

    day: date
    window: str = ""
    sections: tuple[DigestSection, ...] = ()
    cases: tuple[DigestCase, ...] = ()
    seen: int = 0
    unread: int = 0
    failing: tuple[SourceNote, ...] = ()
    gaps: tuple[SourceNote, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections and not self.cases

    @property
    def stories(self) -> int:
        """How many stories it tells."""
        return sum(len(section.stories) for section in self.sections)

    @property
    def top(self) -> tuple[DigestStory, ...]:
        """The stories that most sources tell, where there are so many that a reader needs to be led."""
        if self.stories < _MANY:
            return ()
        every = sorted((story for section in self.sections for story in section.stories), key=_weight)
        return tuple(story for story in every[:_TOP] if story.sources > 1)

    @property
    def items(self) -> tuple[int, ...]:
        """The items that it tells."""
        return tuple(
            number for section in self.sections for story in section.stories for number in story.items
        )

    @property
    def events(self) -> tuple[str, ...]:
        """The case events that it tells for the first time."""
        return tuple(event.id for case in self.cases for event in case.events if event.new)


def compose(state: DigestState, day: date, *, brands: Iterable[str] = ()) -> DigestBody:
    """The digest of ``day``: what is new, grouped, filtered by ``brands`` where some are named."""
    wanted = frozenset(brand.casefold() for brand in brands)
    fresh = _fresh(state, day)
    told = {
        number: item
        for number, item in fresh.items()
        if (read := state.analyses.get(number)) and read.relevant and _of_interest(_brands([read]), wanted)
    }
    news = state.news
    return DigestBody(
        day=day,
        window=f"since {news.since:%Y-%m-%d %H:%M} UTC" if news else f"on {day.isoformat()}",
        sections=_sections(state, told),
        cases=_cases(state, fresh.keys(), wanted),
        seen=news.seen if news else len(fresh),
        unread=news.unread if news else sum(number not in state.analyses for number in fresh),
        failing=tuple(_note(one) for one in state.health if one.failing),
        gaps=tuple(_gap(one) for one in state.health if not one.failing and _stale(one, day)),
        warnings=state.warnings,
    )


def _fresh(state: DigestState, day: date) -> dict[int, Item]:
    """What a group was not told; without a group, what was first seen on the day (UTC)."""
    if state.news is not None:
        return {item.id: item for item in state.items if item.id in state.news.fresh}
    return {item.id: item for item in state.items if item.first_seen.astimezone(UTC).date() == day}


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
            by_kind.setdefault(story.kind, []).append(
                _story(members, state.analyses, story=story, update=_told_before(state, story, members))
            )
    for number, item in told.items():
        if number not in grouped:
            kind = state.analyses[number].kind
            by_kind.setdefault(kind, []).append(_story([item], state.analyses))
    return tuple(
        DigestSection(kind=kind, stories=tuple(sorted(by_kind[kind], key=_weight)))
        for kind in sorted(by_kind, key=_place)
    )


def _told_before(state: DigestState, story: Story, members: Sequence[Item]) -> bool:
    """Whether an earlier digest told of this story."""
    if state.news is not None:
        return any(one.item_id in state.news.told for one in story.members)
    fresh = {item.id for item in members}
    first = min(item.first_seen.astimezone(UTC).date() for item in members)
    return any(
        one.joined_at.astimezone(UTC).date() < first for one in story.members if one.item_id not in fresh
    )


def _place(kind: str) -> int:
    return NEWS_KINDS.index(kind) if kind in NEWS_KINDS else len(NEWS_KINDS)


def _weight(story: DigestStory) -> tuple[int, int, str]:
    return (-story.sources, -len(story.links), story.title)


def _story(
    items: Sequence[Item],
    analyses: Mapping[int, Analysis],
    *,
    story: Story | None = None,
    update: bool = False,
) -> DigestStory:
    title = story.title if story else items[0].title
    texts = (extract(item.summary or item.text, title=item.title) for item in items)
    return DigestStory(
        id=story.id if story else "",
        items=tuple(item.id for item in items),
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
        published=f"{item.published:%Y-%m-%d}" if item.published else "",
    )


def _brands(analyses: Iterable[Analysis]) -> set[str]:
    return {mention.brand for analysis in analyses for mention in analysis.brands}


def _of_interest(brands: Iterable[str], wanted: frozenset[str]) -> bool:
    return not wanted or any(brand.casefold() in wanted for brand in brands)


def _cases(state: DigestState, today: Iterable[int], wanted: frozenset[str]) -> tuple[DigestCase, ...]:
    fresh = frozenset(today)
    later = frozenset(item.id for item in state.items)
    cases = []
    for case in state.cases:
        if state.news is not None:
            new = {event.id for event in case.events if event.id in state.news.events}
        else:
            new = {
                event.id for event in case.events if fresh & set(event.items) and later >= set(event.items)
            }
        if new and _of_interest(case.brands, wanted):
            cases.append(_case(case, new))
    return tuple(cases)


def _case(case: Case, new: Collection[str]) -> DigestCase:
    events = tuple(
        DigestEvent(
            id=event.id,
            when=event_date(event),
            kind=event.kind,
            summary=one_line(event.summary),
            new=event.id in new,
        )
        for event in case.events
    )
    return DigestCase(
        id=case.id,
        name=one_line(case.name),
        status=one_line(case.status),
        dockets=tuple(one_line(f"{one.number} {one.court}") for one in case.dockets),
        events=events,
    )


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
