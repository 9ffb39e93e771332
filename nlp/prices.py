"""How the asked price of a listing compares with the genuine article's, and which reference says so.

>>> reader = PriceReader(Currencies.load(), References.load())
>>> reader.read(Listing(title="Gucci canvas bag, $2-5, MOQ 2000"), "Gucci").low
True
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nlp.pricing.amounts import Amount, parse_amount
from nlp.pricing.currencies import Currencies
from nlp.pricing.kinds import Kinds, KindsFound
from nlp.pricing.medians import DumpMedians, Median
from nlp.pricing.mentions import PriceMention, find_prices
from nlp.pricing.references import NEW_FLOOR, Reference, References

if TYPE_CHECKING:
    from nlp.records import Field, Listing

__all__ = [
    "Amount",
    "Currencies",
    "DumpMedians",
    "Median",
    "PriceMention",
    "PriceReader",
    "PriceReading",
    "Reference",
    "References",
    "find_prices",
    "parse_amount",
]

_STATED_AT_LEAST: Final = 3.0  # a "genuine costs" price counts if it is this many times the asked one
_STATED_LOW: Final = 0.4  # analysts' cut-off for new goods against the retail price
_MEDIAN_LOW: Final = 0.3  # the same against a category's median
# A price far under a median is an outlier only where prices lie close together: modified z-score of 3.5 (Iglewicz and
# Hoaglin, How to Detect and Handle Outliers, 1993) on the logarithm, whose spread is taken as at least 16 %.
_OUTLIER: Final = 3.5 / 0.6745
_PLACEHOLDERS: Final = (0.01, 0.1, 1.0)
_LEAST_SPREAD: Final = 0.15
_AGREES: Final = 0.05
_NATURAL: Final = 20  # whole prices from here on have lost no decimals
_READ: Final = 2_000  # characters of a description that are read for prices and kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """The asked price against the genuine article's; all None and False: nothing is known.

    ``reference`` names what ``reference_usd`` comes from: "table:Gucci/bag 2025", "user table", "stated in the text" or
    "median of this dump". ``low``: under anything that the genuine article is sold for. ``questionable``: not low, but under
    what a new one is sold for, and nothing calls these used, so that the rest of the text decides. ``doubtful``: the price column
    looks damaged, and no ratio is taken from it. ``mention`` and ``field``: the words with the asked price, if the text
    says it.
    """

    price_usd: float | None = None
    reference_usd: float | None = None
    ratio: float | None = None
    reference: str | None = None
    low: bool = False
    questionable: bool = False
    mention: PriceMention | None = None
    field: Field | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The price that counts, in its currency; ``column``: it stands only in the price column."""

    value: float
    currency: str | None
    usd: float | None
    mention: PriceMention | None = None
    field: Field | None = None
    column: bool = False


class PriceReader:
    """Reads prices of listings against references, and against the dump's own medians where no reference fits."""

    def __init__(
        self, currencies: Currencies, references: References, medians: DumpMedians | None = None
    ) -> None:
        self._currencies = currencies
        self._references = references
        self._medians = medians
        self._kinds = Kinds.load()

    def read(self, listing: Listing, brand: str | None, *, in_passing: bool = False) -> PriceReading:
        """The reading of ``listing``, whose goods bear ``brand`` (None: no brand is offered, so nothing is low).

        A price without a currency gives no ratio, except against medians of the same dump. ``in_passing``: only the
        description names the brand, so that nothing is low unless the words say which goods of the brand these are.
        """
        mentions = _mentions(listing)
        asked = self._asked(listing, mentions)
        if asked is None:  # no price, or a placeholder such as 1: shown, but compared with nothing
            return PriceReading(
                price_usd=self._currencies.to_usd(max(listing.price or 0, 0), listing.currency) or None
            )
        plain = PriceReading(price_usd=asked.usd, mention=asked.mention, field=asked.field)
        if brand is None:
            return plain
        found = self._found(listing)
        if self._is_for_others(found):
            return plain
        reference = self._reference(listing, brand, found)
        if reference and reference.table == "user table":
            return self._against(plain, asked, reference, found)
        stated = self._stated(asked, mentions)
        if stated:
            return self._against_stated(plain, asked, stated=stated, reference=reference, found=found)
        if reference:
            return self._against(plain, asked, reference, found, sure=not in_passing or reference.kind != "*")
        return self._against_median(plain, asked, listing, brand=brand, found=found)

    def _asked(self, listing: Listing, mentions: list[tuple[Field, PriceMention]]) -> _Asked | None:
        told = [(field, item) for field, item in mentions if item.role == "asked"]
        column = listing.price if listing.price and listing.price > 0 else None
        if column is not None and not (_is_placeholder(column) and (told or column <= 1)):
            return self._from_column(listing, column, told)
        for field, item in told:
            usd = self._currencies.to_usd(item.amount.high, item.amount.currency)
            return _Asked(
                value=item.amount.high, currency=item.amount.currency, usd=usd, mention=item, field=field
            )
        return None

    def _from_column(self, listing: Listing, column: float, told: list[tuple[Field, PriceMention]]) -> _Asked:
        usd = self._currencies.to_usd(column, listing.currency)
        for field, item in told:
            amount = item.amount
            same = _close(amount.high, column) or _close(amount.low, column)
            told_usd = self._currencies.to_usd(amount.high, amount.currency)
            damaged = usd is not None and told_usd is not None and told_usd > 20 * usd
            if same or damaged or (usd is None and told_usd is not None):
                value = amount.high
                known = usd if same and usd is not None else told_usd
                return _Asked(value=value, currency=amount.currency, usd=known, mention=item, field=field)
        return _Asked(value=column, currency=listing.currency, usd=usd, column=True)

    def _found(self, listing: Listing) -> tuple[KindsFound, KindsFound]:
        title = self._kinds.find(listing.title[:_READ])
        return title, self._kinds.find(listing.description[:_READ]) if listing.description else KindsFound()

    def _reference(
        self, listing: Listing, brand: str, found: tuple[KindsFound, KindsFound]
    ) -> Reference | None:
        title, body = found
        new, used = _condition(found)
        category = listing.category
        if not title.goods and not title.parts and not category:
            title = replace(title, goods=self._references.made_by(brand, body.goods)[:1])
        return self._references.choose(
            brand, listing.title, found=title, category=category, used=used, new=new
        )

    def _stated(self, asked: _Asked, mentions: list[tuple[Field, PriceMention]]) -> float | None:
        """The genuine price in the text, in US dollars, if it is far over the asked one."""
        for _, item in mentions:
            if item.role != "genuine":
                continue
            usd = self._currencies.to_usd(item.amount.low, item.amount.currency or asked.currency)
            if usd is not None and asked.usd is not None and usd >= _STATED_AT_LEAST * asked.usd:
                return usd
        return None

    def _against(
        self,
        plain: PriceReading,
        asked: _Asked,
        reference: Reference,
        found: tuple[KindsFound, KindsFound],
        *,
        sure: bool = True,
    ) -> PriceReading:
        if asked.usd is None:
            return plain
        bulk = found[0].bulk or found[1].bulk
        if asked.column and not bulk and _looks_damaged(asked, asked.usd, reference):
            return replace(plain, reference_usd=reference.new_usd, reference=reference.name, doubtful=True)
        return replace(
            plain,
            reference_usd=reference.new_usd,
            ratio=asked.usd / reference.new_usd,
            reference=reference.name,
            low=sure and asked.usd < reference.low_usd and not _is_damaged(found),
            questionable=asked.usd < NEW_FLOOR * reference.new_low_usd and not _condition(found)[1],
        )

    def _against_stated(
        self,
        plain: PriceReading,
        asked: _Asked,
        *,
        stated: float,
        reference: Reference | None,
        found: tuple[KindsFound, KindsFound],
    ) -> PriceReading:
        usd = asked.usd or 0.0
        ratio = usd / stated
        if _is_damaged(found):
            low = False
        elif reference:
            low = usd < reference.low_usd or (
                ratio < _STATED_LOW and usd < 0.5 * reference.new_low_usd and not _condition(found)[1]
            )
        else:
            low = ratio < _STATED_LOW and not (_condition(found)[1] or found[0].parts)
        return replace(
            plain,
            reference_usd=stated,
            ratio=ratio,
            reference="stated in the text",
            low=low,
            questionable=ratio < _STATED_LOW and not _condition(found)[1],
        )

    def _is_for_others(self, found: tuple[KindsFound, KindsFound]) -> bool:
        """Whether this is an accessory for goods of the brand ("case for iPhone") that nothing calls the brand's own."""
        title, body = found
        named = {*title.goods, *body.goods}
        made_for = any(self._kinds.hosts(kind) & named for kind in (*title.parts, *title.goods))
        return made_for and not (title.original or body.original)

    def _against_median(
        self,
        plain: PriceReading,
        asked: _Asked,
        listing: Listing,
        *,
        brand: str,
        found: tuple[KindsFound, KindsFound],
    ) -> PriceReading:
        median = self._medians.find(listing, brand) if self._medians else None
        if median is None or found[0].parts:
            return plain
        value = asked.usd if median.currency == "USD" else (asked.value if asked.column else None)
        if value is None:
            return plain
        ratio = value / median.value
        return replace(
            plain,
            reference_usd=median.value if median.currency == "USD" else None,
            ratio=ratio,
            reference="median of this dump",
            low=ratio < _MEDIAN_LOW and _is_outlier(ratio, median) and not _is_damaged(found),
        )


def _mentions(listing: Listing) -> list[tuple[Field, PriceMention]]:
    currency = listing.currency
    title: list[tuple[Field, PriceMention]] = [
        ("title", item) for item in find_prices(listing.title[:_READ], currency=currency)
    ]
    return title + [
        ("description", item) for item in find_prices(listing.description[:_READ], currency=currency)
    ]


def _condition(found: tuple[KindsFound, KindsFound]) -> tuple[bool, bool]:
    """Whether the words call the goods new (or offer them in bulk), and whether they call them used."""
    used = found[0].used or found[1].used
    bulk = found[0].bulk or found[1].bulk
    return (found[0].new or found[1].new or bulk) and not (used and not bulk), used and not bulk


def _is_damaged(found: tuple[KindsFound, KindsFound]) -> bool:
    """Whether the words explain a low price by damage; not where goods are offered in bulk."""
    return (found[0].damaged or found[1].damaged) and not (found[0].bulk or found[1].bulk)


def _is_placeholder(value: float) -> bool:
    return value in _PLACEHOLDERS or bool(_PLACEHOLDER.match(f"{value:g}"))


_PLACEHOLDER: Final = re.compile(
    r"(?:1+(?:\.1+)?|1\.23|123|1234|12345|123456|1\.23457e\+06|1\.11111e\+06|9999+|99999+)\Z"
)


def _is_outlier(ratio: float, median: Median) -> bool:
    return math.log(ratio) < -_OUTLIER * max(median.spread, _LEAST_SPREAD)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= _AGREES * max(one, other)


def _looks_damaged(asked: _Asked, usd: float, reference: Reference) -> bool:
    """Whether a bare column price makes sense only with its lost decimals: no copy costs that little either.

    7.25 stands for 725 where 725 is what the genuine article costs; 159 is what people write who ask 159.
    """
    natural = asked.value >= _NATURAL and asked.value % 1 == 0
    restored = 100 * usd
    plausible = 0.3 * reference.new_low_usd <= restored <= 3 * reference.new_usd
    return usd < 0.5 or (not natural and usd < 8 and plausible and usd < 0.02 * reference.new_usd)
