"""What a unit of a currency is worth in US dollars, by a dated table that the user can replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nlp.errors import ConfigError
from nlp.pricing.tables import PACKAGED, positive, read_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Currencies"]

_CODE: Final = re.compile(r"[A-Z]{3}\Z")


class Currencies:
    """Rates by ISO code (and BTC). ``dates[code]`` is the date that the table gives for a rate."""

    def __init__(self, rates: dict[str, float], dates: dict[str, str]) -> None:
        self._rates = rates
        self.dates = dates

    @classmethod
    def load(cls, path: Path | None = None) -> Currencies:
        """The packaged approximate rates, or the user's table (columns currency, usd, date, source) over them.

        Raises:
            ConfigError: with every fault of the user's table.
        """
        rates, dates = _read(PACKAGED / "currencies.tsv")
        own_rates, own_dates = _read(path) if path else ({}, {})
        return cls(rates | own_rates, dates | own_dates)

    def to_usd(self, value: float, currency: str | None) -> float | None:
        """``value`` in US dollars; None if the currency is not known."""
        rate = self._rates.get(currency.upper()) if currency else None
        return None if rate is None else value * rate


def _read(path: Path) -> tuple[dict[str, float], dict[str, str]]:
    faults: list[str] = []
    rates: dict[str, float] = {}
    dates: dict[str, str] = {}
    for row in read_table(path, ("currency", "usd", "date", "source")):
        code = row["currency"].upper() if row.get("currency") else ""
        rate = positive(row, "usd", faults)
        if not _CODE.match(code):
            faults.append(f"line {row.line}, currency: {code!r} is not a code of three letters like EUR")
        elif code in rates:
            faults.append(f"line {row.line}, currency: {code} stands twice; keep one rate")
        elif rate is None:
            if not row.get("usd"):
                faults.append(f"line {row.line}, usd: is empty; give US dollars for one {code}")
        else:
            rates[code], dates[code] = rate, row.get("date", "")
    if faults:
        raise ConfigError(str(path), faults)
    return rates, dates
