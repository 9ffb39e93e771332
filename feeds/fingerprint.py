"""What an article can be recognised by when another source tells the same: its brands, places, figures, names, dates.

These carry across languages, where the words do not. :func:`keys_of` turns a fingerprint into the few numbers under
which the index finds articles that may tell the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - from_plain resolves it
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

from feeds.figures import figures_of, specificity
from feeds.names import latin, names_of
from feeds.sides import companies_in
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.records import Analysis, Item

__all__ = ["Fingerprint", "fingerprint", "keys_of", "stage_of"]

_STAGES: Final = {
    "found": ("seizure", "raid", "arrest"),
    "tried": ("charge", "conviction", "sentence"),
    "filed": ("lawsuit_filed", "amended"),
    "ruled": ("verdict", "default_judgment", "injunction", "partial_dismissal", "dismissal", "appeal"),
    "ended": ("settlement", "withdrawn_some"),
    "told": ("policy", "report", "warning", "other"),
}
_STAGE: Final = {kind: stage for stage, kinds in _STAGES.items() for kind in kinds}
_MOST_KEYS: Final = 40
_LEAD: Final = 700
_COUNT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One article as the grouping sees it; ``day`` counts days as ``date.toordinal`` does.

    ``counts`` are the figures in the headline that are not money; ``titled`` and ``titled_names`` are those of the cities and names that the headline has.
    """

    item_id: int
    day: int
    kind: str
    lang: str = ""
    relevant: bool = True
    title: str = ""
    brands: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    titled: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    figures: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    titled_names: tuple[str, ...] = ()
    dockets: tuple[str, ...] = ()
    happened: date | None = None


def stage_of(kind: str) -> str:
    """Kinds that tell of the same step of a matter share a stage: a raid, what it seized and whom it caught."""
    return _STAGE.get(kind, "told")


def fingerprint(item: Item, analysis: Analysis) -> Fingerprint:
    """The fingerprint of a read article."""
    text = f"{item.title}\n{item.text}"
    brands = tuple(dict.fromkeys(one.brand for one in analysis.brands))
    places = [one for one in analysis.places if one.evidence.field == "title" or one.evidence.start < _LEAD]
    cities = tuple(dict.fromkeys(one.name for one in places if one.name not in _countries()))
    titled = [one.name for one in places if one.evidence.field == "title" and one.name in cities]
    companies = companies_in(text[:_LEAD])
    known = {stem for name in (*brands, *cities) for stem in _stems(name)}
    stated = analysis.event_precision == "day" and analysis.event_how not in {"", "published", "item"}
    return Fingerprint(
        item_id=item.id,
        day=item.when.date().toordinal(),
        kind=analysis.kind,
        lang=analysis.lang,
        relevant=analysis.relevant,
        title=item.title[:300],
        brands=brands,
        cities=cities,
        titled=tuple(dict.fromkeys(titled)),
        countries=tuple(dict.fromkeys(one.country for one in places if one.country)),
        figures=tuple(sorted(figures_of(text))),
        counts=_counts(item, analysis),
        names=tuple(sorted(((names_of(text, analysis.lang) | _parties(analysis)) - known) | companies)),
        titled_names=tuple(sorted((names_of(item.title, analysis.lang) - known) | companies_in(item.title))),
        dockets=tuple(dict.fromkeys(one.key for one in analysis.dockets)),
        happened=analysis.event_date if stated else None,
    )


def keys_of(print_: Fingerprint, shingles: Iterable[str] = ()) -> tuple[int, ...]:
    """The index keys of an article, most telling first; articles that share none are never compared."""
    named = list(dict.fromkeys(_named(print_, shingles)))[:_MOST_KEYS]
    return tuple(dict.fromkeys(_number(key) for key in named))


def _named(one: Fingerprint, shingles: Iterable[str]) -> Iterator[str]:
    yield from (f"d:{docket}" for docket in one.dockets[:4])
    yield from (f"s:{shingle}" for shingle in shingles)
    figures = sorted((value for value in one.figures if value >= 10), key=specificity, reverse=True)[:6]
    brands, cities = one.brands[:4], one.cities[:3]
    yield from (f"bc:{brand}:{city}" for brand in brands[:3] for city in cities)
    yield from (f"n:{value:.6g}" for value in figures[:4] if specificity(value) >= 1.4)
    for value in figures[:3]:
        yield from (f"bn:{brand}:{value:.6g}" for brand in brands[:2])
        yield from (f"cn:{city}:{value:.6g}" for city in cities[:2])
    yield from (f"ck:{city}:{stage_of(one.kind)}" for city in cities[:2])
    yield from (f"bk:{brand}:{stage_of(one.kind)}" for brand in brands[:3])
    yield from (f"bl:{brand}:{country}" for brand in brands[:2] for country in one.countries[:2])
    yield from (f"nn:{value:.3g}:{other:.3g}" for value, other in combinations(sorted(figures[:4]), 2))
    names = sorted(one.names, key=lambda name: (-len(name), name))[:8]
    yield from (f"m:{name}" for name in names)


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    """Names under which the analysis gives countries."""
    rows = read_words("places.tsv")
    return frozenset(
        name
        for row in rows
        if row["place"] == row["country"]
        for name in (row["place"], row["names"].split("|")[0])
    )


def _counts(item: Item, analysis: Analysis) -> tuple[float, ...]:
    money = {one.value for one in analysis.amounts} | {one.high for one in analysis.amounts}
    return tuple(sorted(value for value in figures_of(item.title) if value >= _COUNT and value not in money))


def _parties(analysis: Analysis) -> set[str]:
    """Names of parties, which the analysis gives in one spelling for all languages."""
    words = (latin(one.name).split() for one in analysis.parties if one.side != "authority")
    return {parts[0][:6] for parts in words if parts and len(parts[0]) >= 3}


def _stems(name: str) -> list[str]:
    return [latin(part)[:6] for part in name.replace("-", " ").replace("'", " ").split()]
