"""What an article says: whether it matters, which kind of news it is, who and what it names, each with its words.

>>> analysis = Analyser.load().analyse(item)  # doctest: +SKIP
>>> analysis.relevant, analysis.kind, [one.brand for one in analysis.brands]  # doctest: +SKIP
(True, 'withdrawn_some', ['Gucci', 'Kering'])

It needs no model: word tables, the lexicon of brands and rules that can be read. Two runs give equal records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from feeds.kinds import Kinds
from feeds.records import Analysis, BrandMention, Docket, Evidence
from feeds.relevance import Relevance
from feeds.scan import languages_of
from nlp.entities.brands import BrandFinder

if TYPE_CHECKING:
    from feeds.records import Item

__all__ = ["ANALYSER", "Analyser"]

ANALYSER: Final = "tables-1"
"""Names this reading of articles; items read under another name are read again."""


class Analyser:
    """Reads articles; immutable once made."""

    def __init__(self, *, brands: BrandFinder, relevance: Relevance, kinds: Kinds) -> None:
        self._brands = brands
        self._relevance = relevance
        self._kinds = kinds

    @classmethod
    def load(cls) -> Analyser:
        """With the packaged tables."""
        return cls(brands=BrandFinder.load(), relevance=Relevance.load(), kinds=Kinds.load())

    def analyse(self, item: Item) -> Analysis:
        """What the newest revision of ``item`` says."""
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
            analyser=ANALYSER,
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
