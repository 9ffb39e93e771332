"""The cells of a dump as the fields of a listing: texts as they stand, prices as numbers with a currency.

Titles and descriptions are kept to the character, because verdicts point into them; only NUL characters, which are
no text anywhere, are left out, and lone surrogates become U+FFFD.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from nlp.formats.table import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PriceReader", "category_of", "currency_of", "label_of", "text_of"]

_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_THREE: Final = re.compile(r"\d{1,3}\.\d{3}")
_CODE: Final = re.compile(r"[A-Za-z]{3}")


def text_of(cell: Any) -> str:
    """The cell as running text, unchanged if it is text; '' for what exporters write when there is nothing."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "" if cell.strip() in MISSING else _sound(cell)
    if isinstance(cell, (list, tuple)):
        return "\n".join(text for text in map(text_of, cell) if text)
    if isinstance(cell, Mapping):
        return "\n".join(text for text in map(text_of, cell.values()) if text)
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.15g}"
    return _sound(str(cell))


def label_of(cell: Any) -> str | None:
    """A short text without space around it, such as an id or a seller; None if there is nothing."""
    return text_of(cell).strip() or None


def category_of(cell: Any) -> str | None:
    """A category; a path that comes as a (JSON) list is joined with ' > '."""
    parts = cell
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            parts = json.loads(cell)
        except (ValueError, RecursionError):
            return label_of(cell)
    if not isinstance(parts, list):
        return label_of(cell)
    names = [label_of(part.get("name") if isinstance(part, Mapping) else part) for part in parts]
    return " > ".join(name for name in names if name) or None


def currency_of(cell: Any) -> str | None:
    """An ISO 4217 code from a code, sign or word ('usd', '€', 'руб'); None if it is not understood."""
    text = label_of(cell)
    if text is None or len(text) > 20:
        return None
    return _currency(text)


@lru_cache(maxsize=1024)
def _currency(text: str) -> str | None:
    from nlp.prices import parse_amount

    if _CODE.fullmatch(text) and text.isupper():
        return text
    amount = parse_amount(f"1 {text}") or parse_amount(f"{text} 1")
    if amount is not None and amount.currency:
        return amount.currency
    return text.upper() if _CODE.fullmatch(text) else None


class PriceReader:
    """Reads one price column. ``sample`` tells whether its texts are plain machine numbers, where '1.299' is 1.299."""

    def __init__(self, sample: Sequence[Any]) -> None:
        texts = [cell.strip() for cell in sample if isinstance(cell, str) and cell.strip() not in MISSING]
        dotted = [text for text in texts if "." in text]
        self._plain = all(map(_PLAIN.fullmatch, texts)) and not (
            dotted and all(map(_THREE.fullmatch, dotted))
        )

    def read(self, cell: Any, currency: str | None) -> tuple[float, str | None] | None:
        """Amount and currency; of a range the lower end; None if there is no amount above zero."""
        from nlp.prices import parse_amount

        if isinstance(cell, bool) or cell is None:
            return None
        if isinstance(cell, (list, tuple)):
            cell = next((each for each in cell if each not in (None, "")), None)
        if not isinstance(cell, str):
            return _positive(cell, currency)
        text = cell.strip()
        if text in MISSING or len(text) > 200:
            return None
        if self._plain and _PLAIN.fullmatch(text):
            return _positive(text, currency)
        amount = parse_amount(text, currency=currency)
        return None if amount is None else _positive(amount.low, amount.currency or currency)


def _positive(value: Any, currency: str | None) -> tuple[float, str | None] | None:
    try:
        amount = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (amount, currency) if math.isfinite(amount) and amount > 0 else None


def _sound(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
