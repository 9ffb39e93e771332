"""A watch-list drawn from recent enforcement: brands that were seized or sued over, sellers who were sued or convicted.

``fauxwatch classify --watchlist FILE`` puts suspected listings that match it first and says why. Being on it is a
reason to look, never proof.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from feeds.findingstore import FindingStore
from feeds.plaintext import one_line, title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from feeds.records import Analysis, Item
    from feeds.store import Store

__all__ = ["COLUMNS", "Entry", "as_csv", "draw_watchlist"]

COLUMNS: Final = ("kind", "name", "items", "last", "news", "url")
_NOT_ENFORCEMENT: Final = frozenset({"policy", "report", "warning", "other"})
_NO_SELLER: Final = frozenset({"platform", "marketplace", "authority", "court", "judge"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A ``brand`` or a ``seller``: in how many items it was named, when last, in which kinds of news, and where."""

    kind: str
    name: str
    items: int
    last: date
    news: tuple[str, ...]
    url: str


def draw_watchlist(store: Store, *, now: datetime, days: int = 180) -> list[Entry]:
    """Brands, then sellers, of relevant enforcement news of the last ``days``, most named first."""
    begin = now - timedelta(days=days)
    items = {item.id: item for item in store.items.find(since=begin) if item.when >= begin}
    analyses = FindingStore(store.database).analyses(items)
    named: dict[tuple[str, str], list[tuple[str, Item, Analysis]]] = defaultdict(list)
    for number, read in analyses.items():
        if read.relevant and read.kind not in _NOT_ENFORCEMENT:
            for kind, name in sorted(set(_names(read))):
                named[kind, title_key(name)].append((name, items[number], read))
    entries = [_entry(kind, rows) for (kind, _), rows in named.items()]
    return sorted(entries, key=lambda one: (one.kind, -one.items, one.name))


def as_csv(entries: Iterable[Entry]) -> str:
    """The list as CSV, with a header; cells that a spreadsheet would take for a formula are quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in entries:
        cells = (one.kind, one.name, one.items, one.last.isoformat(), " ".join(one.news), one.url)
        writer.writerow(
            [f"'{cell}" if str(cell).startswith(("=", "+", "-", "@")) else cell for cell in cells]
        )
    return out.getvalue()


def _names(read: Analysis) -> Iterator[tuple[str, str]]:
    for mention in read.brands:
        yield "brand", mention.brand
    brands = {title_key(mention.brand) for mention in read.brands}
    for party in read.parties:
        if (
            party.side == "defendant"
            and party.role not in _NO_SELLER
            and title_key(party.name) not in brands | {""}
        ):
            yield "seller", one_line(party.name)


def _entry(kind: str, rows: list[tuple[str, Item, Analysis]]) -> Entry:
    newest = max(rows, key=lambda row: row[1].when)
    return Entry(
        kind=kind,
        name=newest[0],
        items=len({item.id for _, item, _ in rows}),
        last=newest[1].when.date(),
        news=tuple(sorted({read.kind for _, _, read in rows})),
        url=newest[1].url,
    )
