"""What the rules read in one listing: phrases, brands, contacts, price, language. No model, no decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nlp.classifier import View
from nlp.cues import CUE_NAMES
from nlp.entities.brands import BrandFinder, BrandMatch
from nlp.entities.contacts import ContactMatch, find_contacts
from nlp.language import guess_language
from nlp.letters import Page
from nlp.phrases import Hit, Lexicon
from nlp.prices import Currencies, PriceReader, PriceReading, References
from nlp.repeats import Remembered, digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nlp.prices import DumpMedians
    from nlp.records import Field, Listing

__all__ = ["SIGNALS", "Reader", "Reading", "signals_of", "view_of"]

_REMEMBERED: Final = 4_096  # texts whose words are kept for when they come again
# Price steps: the asked price over the genuine article's, see `PriceReading.ratio`.
_PRICE_STEPS: Final = (
    (0.05, "price:5"),
    (0.15, "price:15"),
    (0.3, "price:30"),
    (0.5, "price:50"),
    (0.8, "price:80"),
)
_NEGATIVE_CLASSES: Final = ("neg:denied", "neg:other")
SIGNALS: Final[tuple[str, ...]] = (
    *(f"<{name}>" for _, name in _PRICE_STEPS),
    "<price:full>",
    "<price:unknown>",
    "<price:low>",
    "<brand:named>",
    "<brand:hidden>",
    "<brand:fits>",
    "<brand:none>",
    "<brand:column>",
    "<contact>",
    *(f"<hit:{cue}>" for cue in CUE_NAMES),
    *(f"<{name}>" for name in _NEGATIVE_CLASSES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that the rules found; every match comes with the field in whose original text its offsets count."""

    listing: Listing
    hits: tuple[tuple[Field, Hit], ...]
    brands: tuple[tuple[Field, BrandMatch], ...]
    column_brand: str | None
    contacts: tuple[tuple[Field, ContactMatch], ...]
    price: PriceReading
    lang: str | None

    @property
    def offered(self) -> tuple[tuple[Field, BrandMatch], ...]:
        """Brands that the listing offers, not those that a part fits or a text denies."""
        return tuple((field, match) for field, match in self.brands if match.offered)

    @property
    def in_passing(self) -> bool:
        """Whether only the description speaks of a brand."""
        return not self.column_brand and not any(field == "title" for field, _ in self.offered)

    @property
    def bare(self) -> bool:
        """Whether nothing but brands is said: a catalogue's line 'Cartier' may be a ring or a key holder."""
        if self.listing.category:
            return False
        for field, text in _texts(self.listing):
            taken = {
                at for where, match in self.brands if where == field for at in range(match.start, match.end)
            }
            if any(char.isalnum() and at not in taken for at, char in enumerate(text)):
                return False
        return True

    @property
    def main_brand(self) -> str | None:
        """The brand whose price counts: the column's, else the first offered in the title, else in the description."""
        if self.column_brand:
            return self.column_brand
        offered = sorted(self.offered, key=lambda item: (item[0] != "title", item[1].start))
        return offered[0][1].brand if offered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What depends on nothing but title and description."""

    hits: tuple[tuple[Field, Hit], ...]
    brands: tuple[tuple[Field, BrandMatch], ...]
    contacts: tuple[tuple[Field, ContactMatch], ...]
    lang: str | None


class Reader:
    """Reads listings by rules: lexicon, brands, contacts, prices."""

    def __init__(self, *, lexicon: Lexicon, brands: BrandFinder, prices: PriceReader) -> None:
        self._lexicon = lexicon
        self._brands = brands
        self._prices = prices
        self._known: Remembered[_Words] = Remembered(_REMEMBERED)

    @classmethod
    def load(
        cls, *, prices: Path | None = None, currencies: Path | None = None, medians: DumpMedians | None = None
    ) -> Reader:
        """The packaged lexicon, brands and tables, or the user's own tables of prices and currencies."""
        return cls(
            lexicon=Lexicon.load(),
            brands=BrandFinder.load(),
            prices=PriceReader(Currencies.load(currencies), References.load(prices), medians=medians),
        )

    def with_medians(
        self, medians: DumpMedians, *, prices: Path | None = None, currencies: Path | None = None
    ) -> Reader:
        """The same reader, which also holds prices against a dump's own medians; tables as in :meth:`load`."""
        reader = PriceReader(Currencies.load(currencies), References.load(prices), medians=medians)
        return Reader(lexicon=self._lexicon, brands=self._brands, prices=reader)

    def canonical(self, brand: str) -> str | None:
        """The canonical name of a brand, None for one that the lexicon does not know."""
        return self._brands.canonical(brand)

    def brand_of(self, listing: Listing) -> str | None:
        """The brand whose price counts, found without reading anything else: for a dump's medians."""
        column = self._brands.canonical(listing.brand) if listing.brand else None
        if column:
            return column
        return next((match.brand for match in self._brands.find(listing.title) if match.offered), None)

    def read(self, listing: Listing) -> Reading:
        """Everything the rules find in ``listing``."""
        words = self._known.of(digest(listing.title, listing.description), lambda: self._words(listing))
        reading = Reading(
            listing=listing,
            hits=words.hits,
            brands=words.brands,
            column_brand=self._brands.canonical(listing.brand) if listing.brand else None,
            contacts=words.contacts,
            price=PriceReading(),
            lang=words.lang,
        )
        brand = None if reading.bare else reading.main_brand  # without goods there is nothing to compare with
        return replace(reading, price=self._prices.read(listing, brand, in_passing=reading.in_passing))

    def _words(self, listing: Listing) -> _Words:
        pages = [(field, text, Page.of(text)) for field, text in _texts(listing)]
        return _Words(
            hits=tuple(
                (field, hit) for field, text, page in pages for hit in self._lexicon.find(text, page=page)
            ),
            brands=tuple((field, match) for field, text, _ in pages for match in self._brands.find(text)),
            contacts=tuple(
                (field, item) for field, text, page in pages for item in find_contacts(text, page=page)
            ),
            lang=guess_language(f"{listing.title} {listing.description}"),
        )


def signals_of(reading: Reading) -> tuple[str, ...]:
    """The single tokens, of ``SIGNALS``, that tell the classifier what the rules read."""
    found = {_price_signal(reading.price.ratio)}
    if reading.price.low:
        found.add("<price:low>")
    found.update(_brand_signals(reading))
    if reading.contacts:
        found.add("<contact>")
    found.update(f"<hit:{hit.cue}>" for _, hit in reading.hits if hit.cue)
    found.update(
        "<neg:denied>" if hit.cls in ("neg_negation", "denied") else "<neg:other>"
        for _, hit in reading.hits
        if not hit.cue
    )
    return tuple(token for token in SIGNALS if token in found)


def view_of(reading: Reading) -> View:
    """What the classifier sees of the listing."""
    return View(
        signals=signals_of(reading), title=reading.listing.title, description=reading.listing.description
    )


def _texts(listing: Listing) -> Iterator[tuple[Field, str]]:
    yield "title", listing.title
    if listing.description:
        yield "description", listing.description


def _price_signal(ratio: float | None) -> str:
    if ratio is None:
        return "<price:unknown>"
    return next((f"<{name}>" for limit, name in _PRICE_STEPS if ratio < limit), "<price:full>")


def _brand_signals(reading: Reading) -> set[str]:
    found = set()
    for _, match in reading.brands:
        if not match.offered:
            found.add("<brand:fits>")
        else:
            found.add("<brand:hidden>" if match.how == "disguise" else "<brand:named>")
    if reading.column_brand:
        found.add("<brand:column>")
    return found or {"<brand:none>"}
