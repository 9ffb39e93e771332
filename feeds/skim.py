"""A first reading of items: whether they matter, which kind of news they are, which brands they name.

It needs no model. A fuller reading of the same items replaces it, since the newest reading of an item counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from feeds.findingstore import FindingStore, put_analyses, unread
from feeds.kinds import Kinds
from feeds.records import Analysis, BrandMention, Docket, Evidence, Item, to_plain
from feeds.relevance import Relevance
from feeds.scan import languages_of
from nlp.entities.brands import BrandFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any

    from feeds.store import Store

__all__ = ["Skimmer", "skim", "skimmed_rows"]

_NAME: Final = "skim-1"
_BATCH: Final = 200


class Skimmer:
    """The tables of relevance, kinds and brands, ready to read items."""

    def __init__(self) -> None:
        self._relevance = Relevance.load()
        self._kinds = Kinds.load()
        self._brands = BrandFinder.load()

    def read(self, item: Item) -> Analysis:
        """What the item says, as far as a first reading goes."""
        lang, langs = languages_of(item.title, item.text, item.lang)
        brands = self._found(item)
        spans = [(one.evidence.field, one.evidence.start, one.evidence.end) for one in brands]
        judged = self._relevance.judge(item.title, item.text, langs, brands=spans)
        kind, _votes = self._kinds.kind(item.title, item.text, langs)
        entry = item.court
        dockets = (Docket(number=entry.docket, key=entry.docket, court=entry.court),) if entry else ()
        return Analysis(
            item_id=item.id,
            revision=item.revision,
            analyser=_NAME,
            relevant=judged.relevant,
            score=judged.score,
            kind=kind,
            lang=lang,
            brands=brands,
            court=entry.court if entry else "",
            dockets=dockets,
            jurisdiction=item.jurisdiction,
            reasons=judged.reasons,
        )

    def _found(self, item: Item) -> tuple[BrandMention, ...]:
        fields: tuple[tuple[Literal["title", "text"], str], ...] = (
            ("title", item.title),
            ("text", item.text),
        )
        return tuple(
            BrandMention(
                brand=match.brand,
                how=match.how,
                evidence=Evidence(field=field, start=match.start, end=match.end, text=match.text),
            )
            for field, content in fields
            for match in self._brands.find(content)
        )


def skim(store: Store, *, clock: Callable[[], datetime]) -> tuple[int, int]:
    """Read every item whose newest revision nobody has skimmed; how many were read and how many matter.

    Safe to repeat, to kill and to run twice at once.
    """
    skimmer = Skimmer()
    done = relevant = 0
    while batch := store.items.find(without_analysis=_NAME, limit=_BATCH):
        read = [skimmer.read(item) for item in batch]
        with store.database.write(alone=True) as connection:
            fresh = unread(connection, read)
            put_analyses(connection, fresh, clock())
        done += len(fresh)
        relevant += sum(one.relevant for one in fresh)
    return done, relevant


def skimmed_rows(store: Store, *, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The rows of ``news export`` after a first reading, in the order in which items were first seen.

    What only a fuller reading finds (parties, amounts, dates, stories, cases) is empty or null.
    """
    analyses = FindingStore(store.database).analyses()
    for item in store.items.find(since=since):
        yield _row(item, analyses.get(item.id))


def _row(item: Item, read: Analysis | None) -> dict[str, Any]:
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
        "brands": list(dict.fromkeys(one.brand for one in read.brands)) if read else [],
        "plaintiffs": [],
        "defendants": [],
        "court": (read.court if read else "") or None,
        "docket": read.dockets[0].number if read and read.dockets else None,
        "jurisdiction": item.jurisdiction or None,
        "amounts": [],
        "event_date": None,
        "story": None,
        "case": None,
        "first_seen": to_plain(item.first_seen),
        "revisions": item.revision,
    }
