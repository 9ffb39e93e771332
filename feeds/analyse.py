"""What an article says: whether it matters, which kind of news it is, who and what it names, each with its words.

>>> analysis = Analyser.load().analyse(item)  # doctest: +SKIP
>>> analysis.relevant, analysis.kind, [one.brand for one in analysis.brands]  # doctest: +SKIP
(True, 'withdrawn_some', ['Gucci', 'Kering'])

Word tables, the lexicon of brands and rules that can be read find what an article says; a small linear model weighs it
for relevance and kind. Two runs give equal records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from feeds.kinds import CASE_KINDS, Kinds
from feeds.learnt import Learnt
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
from feeds.records import Analysis, BrandMention, Docket
from feeds.relevance import Relevance
from feeds.scan import languages_of
from feeds.signs import LEAD, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage
    from feeds.records import Amount, DateMention, Evidence, Item, Party, Quantity
    from feeds.relevance import Judgement

__all__ = ["ANALYSER", "Analyser", "Read", "read_by_tables"]

ANALYSER: Final = "tables-5"
"""Names this reading of articles; items read under another name are read again."""
_SHORT: Final = 1200
_LIMIT: Final = 0.5
_MOST_REASONS: Final = 8
_SYSTEMS: Final = {"us": "US", "us-app": "US", "us-itc": "US", "us-ttab": "US", "eu": "EU", "euipo": "EU", "uk": "GB", "cn": "CN",
    "tw": "TW", "in": "IN", "de": "DE", "fr": "FR", "jp": "JP", "kr": "KR", "ru": "RU", "br": "BR", "tr": "TR", "id": "ID",
    "ua": "UA", "vn": "VN"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What tables and rules alone say of an article, before anything is weighed."""

    passages: tuple[Passage, Passage]
    brands: tuple[BrandMention, ...]
    companies: tuple[Company, ...]
    parties: tuple[Party, ...]
    judged: Judgement
    seen: Seen


def read_by_tables(item: Item, *, marks: MarkFinder, relevance: Relevance, kinds: Kinds) -> Read:
    """The newest revision of ``item``, read by tables and rules."""
    lang, langs = languages_of(item.title, item.text, item.lang)
    passages = passages_of(item, lang, langs)
    title, text = passages
    found = marks.find(passages)
    companies = tuple(find_companies(passages, brands={one.brand for one in found}))
    brands = with_groups(found, companies)
    said, votes = kinds.kind(title.text, text.text, langs)
    civil = said in CASE_KINDS
    parties = tuple(find_parties(passages, brands, companies, civil=civil))
    suing = _suing(brands, parties)
    judged = relevance.judge(
        title.text,
        text.text,
        langs,
        brands=_spans(found, [one for one in companies if one.kind == "group"]),
        sued=_spans((), [one for one in companies if one.kind != "group"]),
        suing=suing,
        civil=civil,
    )
    seen = Seen(
        title=title.text,
        lead=text.text[:LEAD],
        langs=langs,
        kinds=votes,
        said=said,
        points=judged.points,
        brands=(_count(brands, "title"), _count(brands, "text")),
        suing=bool(suing),
        length=len(text.text),
    )
    return Read(
        passages=passages, brands=brands, companies=companies, parties=parties, judged=judged, seen=seen
    )


def _count(brands: Sequence[BrandMention], field: str) -> int:
    """How many brands the title or the lead names."""
    return len({one.brand for one in brands if one.evidence.field == field and one.evidence.start < LEAD})


class Analyser:
    """Reads articles; immutable once made."""

    def __init__(self, *, marks: MarkFinder, relevance: Relevance, kinds: Kinds, learnt: Learnt) -> None:
        self._marks = marks
        self._relevance = relevance
        self._kinds = kinds
        self._learnt = learnt

    @classmethod
    def load(cls) -> Analyser:
        """With the packaged tables."""
        return cls(
            marks=MarkFinder.load(), relevance=Relevance.load(), kinds=Kinds.load(), learnt=Learnt.load()
        )

    def canonical(self, name: str) -> str | None:
        """The name that analyses give a brand called ``name``; None if no table knows it."""
        return self._marks.canonical(name)

    def analyse(self, item: Item) -> Analysis:
        """What the newest revision of ``item`` says."""
        read = read_by_tables(item, marks=self._marks, relevance=self._relevance, kinds=self._kinds)
        score, kind = self._learnt.judge(read.seen)
        civil = kind in CASE_KINDS
        parties = read.parties
        if civil != (read.seen.said in CASE_KINDS):
            parties = tuple(find_parties(read.passages, read.brands, read.companies, civil=civil))
        brands = read.brands
        if civil and score >= _LIMIT:
            brands = _with_plaintiffs(brands, parties, read.companies)
        reasons = read.judged.reasons
        if score >= _LIMIT and not reasons:
            reasons = self._reasons(read)
        base = Analysis(
            item_id=item.id,
            revision=item.revision,
            analyser=ANALYSER,
            relevant=score >= _LIMIT,
            score=score,
            kind=kind,
            lang=read.passages[0].lang,
            reasons=reasons,
        )
        return _with_mentions(
            base, item, read.passages, brands=brands, companies=read.companies, parties=parties
        )

    def _reasons(self, read: Read) -> tuple[Evidence, ...]:
        """The words that speak for an article in which no word of the tables decides alone."""
        signs = self._learnt.signs
        words = [
            passage.evidence(hit.start, hit.end)
            for passage in read.passages
            for hit in signs.telling(passage.text[:LEAD], passage.langs)
        ]
        return tuple([*words, *(one.evidence for one in read.brands)][:_MOST_REASONS])


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


def _with_plaintiffs(
    brands: tuple[BrandMention, ...], parties: Sequence[Party], companies: Sequence[Company]
) -> tuple[BrandMention, ...]:
    """``brands``, or where none is known the plaintiff: who goes to court over a mark is the brand or its maker."""
    if brands:
        return brands
    shops = {one.name for one in companies}
    return tuple(
        BrandMention(brand=one.name, how="name", evidence=one.evidence)
        for one in parties
        if one.side == "plaintiff" and one.name not in shops
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
