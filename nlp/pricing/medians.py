"""What a dump itself asks for a brand in a category: robust medians that no order of rows changes."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from nlp.pricing.kinds import Kinds

if TYPE_CHECKING:
    from nlp.pricing.currencies import Currencies
    from nlp.records import Listing

__all__ = ["DumpMedians", "Median"]

_STEPS: Final = 32  # histogram steps for each factor e: medians are exact to 1.6 %
_CATEGORIES: Final = 4096  # categories are kept by checksum, so that memory is bounded
_ENOUGH: Final = 20
_Key: TypeAlias = tuple[str, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """Median price in ``currency`` (USD where the rate is known) of ``rows`` listings; ``spread`` is the MAD of its log."""

    value: float
    spread: float
    rows: int
    currency: str | None


class DumpMedians:
    """Collects prices by brand and category in histograms of their logarithm; ``freeze`` before reading."""

    def __init__(self, currencies: Currencies) -> None:
        self._currencies = currencies
        self._counts: dict[_Key, Counter[int]] = {}
        self._medians: dict[_Key, Median] | None = None
        self._kinds = Kinds.load()

    def add(self, listing: Listing, brand: str | None) -> None:
        """Counts the price of ``listing``; listings without brand or positive price change nothing."""
        if self._medians is not None:
            raise ValueError("these medians are frozen; collect a new dump in a new DumpMedians")
        if not brand or not listing.price or not 0 < listing.price < math.inf:
            return
        usd = self._currencies.to_usd(listing.price, listing.currency)
        key = self._key(brand, listing)
        step = round(math.log(listing.price if usd is None else usd) * _STEPS)
        self._counts.setdefault(key, Counter())[step] += 1

    def freeze(self) -> DumpMedians:
        """The same object, with medians of every group of at least 20 prices; nothing can be added afterwards."""
        if self._medians is None:
            self._medians = {
                key: _median(counts, key[2])
                for key, counts in self._counts.items()
                if counts.total() >= _ENOUGH
            }
            self._counts = {}
        return self

    def find(self, listing: Listing, brand: str) -> Median | None:
        """The median for ``brand`` in the category and currency of ``listing``; None if too few prices were seen."""
        return (self._medians or {}).get(self._key(brand, listing))

    def _key(self, brand: str, listing: Listing) -> _Key:
        name = (listing.category or "").strip().casefold() or self._kind(listing)
        category = zlib.crc32(name.encode("utf-8", "replace")) % _CATEGORIES
        known = self._currencies.to_usd(1.0, listing.currency) is not None
        return brand, category, "USD" if known else listing.currency

    def _kind(self, listing: Listing) -> str:
        """What kind of goods the title names, where the dump has no categories."""
        found = self._kinds.find(listing.title)
        return next(iter((*found.parts, *found.goods)), "")


def _median(counts: Counter[int], currency: str | None) -> Median:
    middle = _middle(counts)
    spread = Counter[int]()
    for step, count in counts.items():
        spread[abs(step - middle)] += count
    return Median(
        value=math.exp(middle / _STEPS),
        spread=_middle(spread) / _STEPS,
        rows=counts.total(),
        currency=currency,
    )


def _middle(counts: Counter[int]) -> int:
    left = (counts.total() + 1) // 2
    for step in sorted(counts):
        left -= counts[step]
        if left <= 0:
            return step
    raise ValueError("no prices were counted")
