"""What an article says: whether it matters, which kind of news it is, who and what it names, each with its words.

>>> analysis = Analyser.load().analyse(item)  # doctest: +SKIP
>>> analysis.relevant, analysis.kind, [one.brand for one in analysis.brands]  # doctest: +SKIP
(True, 'withdrawn_some', ['Gucci', 'Kering'])

It needs no model: word tables, the lexicon of brands and rules that can be read. Two runs give equal records.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from feeds.kinds import CASE_KINDS, Kinds
from feeds.mentions.companies import find_companies
from feeds.mentions.courts import find_courts, jurisdiction_of
from feeds.mentions.days import find_dates
from feeds.mentions.dockets import docket_key, find_dockets
from feeds.mentions.doubts import MACHINE_TRANSLATED, is_machine_translated
from feeds.mentions.happened import happened, with_meanings
from feeds.mentions.marks import MarkFinder, with_groups
from feeds.mentions.money import IMPLAUSIBLE, find_amounts, spans_of
from feeds.mentions.parties import find_parties
from feeds.mentions.passages import passages_of
from feeds.mentions.places import find_places
from feeds.mentions.quantities import find_quantities
from feeds.records import Analysis, Docket
from feeds.relevance import Relevance
from feeds.scan import languages_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage
    from feeds.records import Amount, BrandMention, DateMention, Item, Party, Quantity

__all__ = ["ANALYSER", "Analyser"]

ANALYSER: Final = "tables-4"
"""Names this reading of articles; items read under another name are read again."""
_SHORT: Final = 1200
_SYSTEMS: Final = {"us": "US", "us-app": "US", "us-itc": "US", "us-ttab": "US", "eu": "EU", "euipo": "EU", "uk": "GB", "cn": "CN",
    "tw": "TW", "in": "IN", "de": "DE", "fr": "FR", "jp": "JP", "kr": "KR", "ru": "RU", "br": "BR", "tr": "TR", "id": "ID",
    "ua": "UA", "vn": "VN"}  # fmt: skip


class Analyser:
    """Reads articles; immutable once made."""

    def __init__(self, *, marks: MarkFinder, relevance: Relevance, kinds: Kinds) -> None:
        self._marks = marks
        self._relevance = relevance
        self._kinds = kinds

    @classmethod
    def load(cls) -> Analyser:
        """With the packaged tables."""
        return cls(marks=MarkFinder.load(), relevance=Relevance.load(), kinds=Kinds.load())

    def canonical(self, name: str) -> str | None:
        """The name that analyses give a brand called ``name``; None if no table knows it."""
        return self._marks.canonical(name)

    def analyse(self, item: Item) -> Analysis:
        """What the newest revision of ``item`` says."""
        lang, langs = languages_of(item.title, item.text, item.lang)
        passages = passages_of(item, lang, langs)
        title, text = passages
        marks = self._marks.find(passages)
        companies = find_companies(passages, brands={one.brand for one in marks})
        brands = with_groups(marks, companies)
        kind, _votes = self._kinds.kind(title.text, text.text, langs)
        civil = kind in CASE_KINDS
        parties = tuple(find_parties(passages, brands, companies, civil=civil))
        judged = self._relevance.judge(
            title.text,
            text.text,
            langs,
            brands=_spans(marks, [one for one in companies if one.kind == "group"]),
            sued=_spans((), [one for one in companies if one.kind != "group"]),
            suing=_suing(brands, parties),
            civil=civil,
        )
        base = Analysis(
            item_id=item.id,
            revision=item.revision,
            analyser=ANALYSER,
            relevant=judged.relevant,
            score=judged.score,
            kind=kind,
            lang=lang,
            reasons=judged.reasons,
        )
        return _with_mentions(base, item, passages, brands=brands, companies=companies, parties=parties)


def _with_mentions(
    base: Analysis,
    item: Item,
    passages: Sequence[Passage],
    *,
    brands: tuple[BrandMention, ...],
    companies: Sequence[Company],
    parties: tuple[Party, ...],
) -> Analysis:
    """``base`` with everything that the article names; of a long one that matters to nobody only brands, court."""
    taken = _spans(brands, companies)
    courts = find_courts(passages)
    dockets = _dockets(item, passages)
    court = (item.court.court if item.court and item.court.court else "") or (courts[0][0] if courts else "")
    civil = base.kind in CASE_KINDS
    long = len(item.text) > _SHORT
    if long and not (base.relevant or (civil and brands) or dockets):
        when, precision, how = happened(base.kind, (), item)
        place = _jurisdiction(item, court, dockets, "")
        return replace(base, brands=brands, court=court, jurisdiction=place, event_date=when, event_precision=precision,
            event_how=how)  # fmt: skip
    places = find_places(passages, taken=taken)
    translated = is_machine_translated(passages, companies)
    country = places[0].country if places else item.jurisdiction
    amounts = _amounts(passages, country=country, translated=translated)
    dates = _dates(item, passages)
    when, precision, how = happened(base.kind, dates, item)
    return replace(
        base,
        brands=brands,
        parties=parties,
        court=court,
        dockets=dockets,
        jurisdiction=_jurisdiction(item, court, dockets, country),
        places=tuple(places),
        quantities=_quantities(passages, amounts, dates),
        amounts=amounts,
        dates=dates,
        event_date=when,
        event_precision=precision,
        event_how=how,
        doubts=_doubts(amounts, translated=translated),
    )


def _suing(brands: Sequence[BrandMention], parties: Sequence[Party]) -> list[tuple[str, int, int]]:
    """Where brands that are plaintiffs are named."""
    names = {one.name for one in parties if one.side == "plaintiff"}
    return _spans([one for one in brands if one.brand in names], ())


def _spans(brands: Sequence[BrandMention], companies: Sequence[Company]) -> list[tuple[str, int, int]]:
    """Where brands and companies are named."""
    found = [*(one.evidence for one in brands), *(one.evidence for one in companies)]
    return [(one.field, one.start, one.end) for one in found]


def _dockets(item: Item, passages: Sequence[Passage]) -> tuple[Docket, ...]:
    found = find_dockets(passages)
    if item.court is None:
        return tuple(found)
    key = docket_key(item.court.docket)
    own = Docket(number=item.court.docket, key=key, court=item.court.court, system=key.partition(":")[0])
    return (own, *(one for one in found if one.key != key))


def _jurisdiction(item: Item, court: str, dockets: Sequence[Docket], country: str) -> str:
    """Where the court sits, else the system of a docket, else what the source says, else where it happened."""
    system = next((_SYSTEMS[one.system] for one in dockets if one.system in _SYSTEMS), "")
    return jurisdiction_of(court) or system or item.jurisdiction or country


def _amounts(passages: Sequence[Passage], *, country: str, translated: bool) -> tuple[Amount, ...]:
    return tuple(
        amount
        for passage in passages
        for amount in find_amounts(passage, country=country, translated=translated)
    )


def _dates(item: Item, passages: Sequence[Passage]) -> tuple[DateMention, ...]:
    published = None if item.date_doubt or item.published is None else item.published.date()
    return tuple(with_meanings(find_dates(passages, published or item.when.date()), passages))


def _quantities(
    passages: Sequence[Passage], amounts: Sequence[Amount], dates: Sequence[DateMention]
) -> tuple[Quantity, ...]:
    found: list[Quantity] = []
    for passage in passages:
        taken = spans_of([one for one in amounts if one.evidence.field == passage.field])
        taken += [
            (one.evidence.start, one.evidence.end)
            for one in dates
            if one.evidence is not None and one.evidence.field == passage.field
        ]
        found += find_quantities(passage, taken=taken)
    return tuple(found)


def _doubts(amounts: Sequence[Amount], *, translated: bool) -> tuple[str, ...]:
    doubts = [MACHINE_TRANSLATED] if translated else []
    if any(one.doubt.startswith(IMPLAUSIBLE) for one in amounts):
        doubts.append("implausible_figure")
    return tuple(doubts)
