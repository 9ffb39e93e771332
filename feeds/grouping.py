"""Articles grouped into stories, one after the other, whatever the order in which they come.

>>> new, grown = group(connection, prepare(pairs, encoder), now)  # doctest: +SKIP

An article is compared with those that the index finds for it and joins the story whose members tell the same (their
best and their average likeness both count, so that a chain of look-alikes does not grow). One that two stories turn
out to share joins them into the older one. Doubtful articles are grouped too, so that they are at hand when a surer one tells
the same; stories without any sure one are not shown. A story's id comes from its first article and is never given again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from feeds.findingstore import (
    leave_stories,
    put_story,
    put_vectors,
    stories_of,
    story_ids,
    vectors_of,
)
from feeds.fingerprint import Fingerprint, fingerprint, keys_of
from feeds.likeness import SAME, Likeness, likeness
from feeds.records import Story, StoryMember
from feeds.storyindex import drop_prints, prints_of, put_prints, sharing
from feeds.vectors import NgramEncoder, pack, shingles_of, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    import numpy as np
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from feeds.records import Analysis, Item
    from feeds.vectors import Encoder

__all__ = ["Telling", "Tellings", "group", "prepare"]

_DOUBTFUL: Final = 0.15
_AGAINST: Final = 0.04
_STAYS: Final = 2.5
_BEST: Final = 0.6
_MERGES: Final = 0.5
"""Average likeness from which two stories are one, once an article fits both: no contradiction, something shared."""
_COMPARED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One read article, ready to be placed; ``at_hand`` is false for those that are about something else."""

    fingerprint: Fingerprint
    vector: bytes
    keys: tuple[int, ...]
    revision: int
    at_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tellings:
    """A batch of articles and which encoder made their vectors."""

    tellings: tuple[Telling, ...]
    encoder: str
    multilingual: bool

    def only(self, ids: Collection[int]) -> Tellings:
        """Those of the articles ``ids``."""
        return replace(self, tellings=tuple(one for one in self.tellings if one.fingerprint.item_id in ids))


def prepare(pairs: Sequence[tuple[Item, Analysis]], encoder: Encoder | None = None) -> Tellings:
    """Everything about articles that needs no database, so that no transaction waits for it."""
    used = encoder or NgramEncoder()
    texts = [f"{item.title}\n{item.text}" for item, _ in pairs]
    vectors = used.encode(texts)
    found = []
    for (item, analysis), text, vector in zip(pairs, texts, vectors, strict=True):
        print_ = fingerprint(item, analysis)
        telling = Telling(
            fingerprint=print_,
            vector=pack(vector),
            keys=keys_of(print_, shingles_of(text)),
            revision=item.revision,
            at_hand=_at_hand(analysis),
        )
        found.append(telling)
    return Tellings(tellings=tuple(found), encoder=used.name, multilingual=used.multilingual)


def _at_hand(analysis: Analysis) -> bool:
    """Whether an article may be about the subject: a doubtful one, or a step of enforcement that names a brand."""
    if analysis.relevant or analysis.score >= _DOUBTFUL:
        return True
    names = bool(analysis.brands or analysis.dockets)
    return names and analysis.kind != "other" and analysis.score >= _AGAINST


def group(
    connection: sa.Connection, batch: Tellings, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Place a batch in the caller's transaction; ids of the stories made and of those that grew."""
    gone = [one.fingerprint.item_id for one in batch.tellings if not one.at_hand]
    kept = [one for one in batch.tellings if one.at_hand]
    leave_stories(connection, gone)
    drop_prints(connection, gone)
    put_prints(
        connection, [one.fingerprint for one in kept], {one.fingerprint.item_id: one.keys for one in kept}
    )
    put_vectors(
        connection,
        batch.encoder,
        {one.fingerprint.item_id: one.vector for one in kept},
        {one.fingerprint.item_id: one.revision for one in kept},
    )
    placing = _Placing(connection, batch, now)
    for one in sorted(kept, key=lambda one: (one.fingerprint.day, one.fingerprint.item_id)):
        placing.place(one)
    return placing.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """How well an article fits a story; ``best`` is the member most like it."""

    story: str
    score: float
    best: Likeness


class _Placing:
    """The placing of one batch."""

    def __init__(self, connection: sa.Connection, batch: Tellings, now: datetime) -> None:
        self._connection = connection
        self._batch = batch
        self._now = now
        self._prints: dict[int, Fingerprint] = {
            one.fingerprint.item_id: one.fingerprint for one in batch.tellings
        }
        self._vectors: dict[int, NDArray[np.float32]] = {
            one.fingerprint.item_id: unpack(one.vector) for one in batch.tellings
        }
        self._waiting = {one.fingerprint.item_id for one in batch.tellings if one.at_hand}
        self._new: dict[str, None] = {}
        self._grown: dict[str, None] = {}

    def changed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ids of the stories made, and of older ones that grew."""
        new = tuple(one for one in self._new)
        return new, tuple(one for one in self._grown if one not in self._new)

    def place(self, telling: Telling) -> None:
        """Put one article into the story it belongs to, or leave it waiting when it can have none."""
        one = telling.fingerprint
        self._waiting.discard(one.item_id)
        near = [
            item for item in sharing(self._connection, telling.keys, one.day) if item not in self._waiting
        ]
        self._load(near)
        held = story_ids(self._connection, [one.item_id, *near])
        own = held.pop(one.item_id, None)
        likes = {item: self._like(one, item) for item in near if item != one.item_id}
        stories = stories_of(self._connection, set(held.values()) | ({own} if own else set()))
        self._load(member.item_id for story in stories.values() for member in story.members)
        fits = sorted(
            (self._fit(one, story, likes) for story in stories.values() if _others(story, one.item_id)),
            key=lambda fit: (-fit.score, fit.story),
        )
        if own is not None and self._stays(stories[own], fits):
            put_story(self._connection, stories[own], (), shown=self._shown(stories[own]))
            return
        good = [fit for fit in fits if fit.score >= SAME and fit.story != own]
        self._settle(one, good, stories, own)

    def _stays(self, own: Story, fits: Sequence[_Fit]) -> bool:
        """Whether an article that was read again keeps its place; one that is alone may still find others."""
        fit = next((fit for fit in fits if fit.story == own.id), None)
        if fit is not None:
            return fit.score >= _STAYS
        return not any(other.score >= SAME for other in fits)

    def _settle(
        self, one: Fingerprint, good: Sequence[_Fit], stories: Mapping[str, Story], own: str | None
    ) -> None:
        if own is not None:
            leave_stories(self._connection, [one.item_id])
        if good:
            story = self._merged(good, stories)
            self._join(story, one.item_id, good[0].best.reason, good[0].score)
        else:
            self._begin(one)

    def _merged(self, good: Sequence[_Fit], stories: Mapping[str, Story]) -> Story:
        """The story to join: the best one, after it took in others that turn out to be the same."""
        story = stories[good[0].story]
        for fit in good[1:3]:
            other = stories[fit.story]
            score = self._between(story, other)
            if score >= _MERGES:
                older, younger = sorted((story, other), key=lambda each: (each.created_at, each.id))
                story = self._take_in(
                    older, younger, f"the same as {older.title!r}: {fit.best.reason}", score
                )
        return story

    def _take_in(self, story: Story, other: Story, reason: str, score: float) -> Story:
        leave_stories(self._connection, [member.item_id for member in other.members])
        moved = [
            replace(member, reason=reason[:400], similarity=_similarity(score)) for member in other.members
        ]
        self._new.pop(other.id, None)
        self._grown.pop(other.id, None)
        return self._put(replace(story, members=(*story.members, *moved)), moved)

    def _join(self, story: Story, item_id: int, reason: str, score: float) -> Story:
        member = StoryMember(
            item_id=item_id, joined_at=self._now, reason=reason[:400], similarity=_similarity(score)
        )
        return self._put(replace(story, members=(*story.members, member)), [member])

    def _begin(self, one: Fingerprint) -> None:
        member = StoryMember(item_id=one.item_id, joined_at=self._now, reason="first to tell")
        story = Story(
            id=self._fresh_id(one.item_id),
            title=one.title,
            kind=one.kind,
            created_at=self._now,
            updated_at=self._now,
            members=(member,),
        )
        put_story(self._connection, story, [member], shown=one.relevant)
        if one.relevant:
            self._new[story.id] = None

    def _put(self, story: Story, joined: Sequence[StoryMember]) -> Story:
        kinds = Counter(
            self._prints[member.item_id].kind for member in story.members if member.item_id in self._prints
        )
        ranked = sorted(kinds, key=lambda kind: (kind == "other", -kinds[kind], kind != story.kind, kind))
        changed = replace(story, kind=ranked[0] if ranked else story.kind, updated_at=self._now)
        shown = self._shown(story)
        put_story(self._connection, changed, joined, shown=shown)
        if shown:
            self._grown[story.id] = None
        return changed

    def _shown(self, story: Story) -> bool:
        """Whether one of its members is surely about the subject."""
        known = (self._prints.get(member.item_id) for member in story.members)
        return any(one.relevant for one in known if one is not None)

    def _fresh_id(self, item_id: int) -> str:
        """An id after the first article; one that began a story before gets another number."""
        tried = [f"s{item_id}", *(f"s{item_id}.{number}" for number in range(2, 100))]
        taken = stories_of(self._connection, tried[:1])
        if not taken:
            return tried[0]
        taken = stories_of(self._connection, tried)
        return next(one for one in tried if one not in taken)

    # --- comparing -------------------------------------------------------------------------------

    def _fit(self, one: Fingerprint, story: Story, likes: Mapping[int, Likeness]) -> _Fit:
        others = [item for item in _others(story, one.item_id) if item in self._prints]
        others.sort(key=lambda item: (abs(self._prints[item].day - one.day), item))
        found = [likes.get(item) or self._like(one, item) for item in others[:_COMPARED]]
        best = max(found, key=lambda like: like.total, default=Likeness(total=-9.0, points={}))
        mean = sum(like.total for like in found) / max(len(found), 1)
        return _Fit(story=story.id, score=_BEST * best.total + (1 - _BEST) * mean, best=best)

    def _between(self, story: Story, other: Story) -> float:
        """The average likeness of two stories' members."""
        left, right = ([member.item_id for member in each.members[:6]] for each in (story, other))
        scores = [
            self._like(self._prints[a], b).total
            for a in left
            for b in right
            if a in self._prints and b in self._prints
        ]
        return sum(scores) / len(scores) if scores else -9.0

    def _like(self, one: Fingerprint, item: int) -> Likeness:
        mine, other = self._vectors.get(one.item_id), self._vectors.get(item)
        cosine = float(mine @ other) if mine is not None and other is not None else 0.0
        return likeness(one, self._prints[item], cosine=cosine, multilingual=self._batch.multilingual)

    def _load(self, ids: Iterable[int]) -> None:
        missing = {item for item in ids if item not in self._prints}
        if missing:
            self._prints |= prints_of(self._connection, missing)
            packed = vectors_of(self._connection, self._batch.encoder, missing)
            self._vectors |= {item: unpack(data) for item, data in packed.items()}


def _others(story: Story, item_id: int) -> list[int]:
    return [member.item_id for member in story.members if member.item_id != item_id]


def _similarity(score: float) -> float:
    """Points as a share between 0 and 1 for people."""
    return round(max(0.0, min(1.0, score / (2 * SAME))), 3)
