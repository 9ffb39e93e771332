"""What a column looks like from a sample of its values: links, amounts, codes, prose; filled, varied, long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nlp.formats.table import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Look", "look"]

_LINK: Final = re.compile(r"(?:https?:)?//\S+|www\.\S+\.\S+", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[-+]?[\d\s.,'’٫٬٠-٩۰-۹०-९]+(?:[eE][-+]?\d+)?")
_SIGN: Final = (
    r"(?:[$€£¥￥₩₽₹₫฿₺₴₪₦₱₸₾]|R\$|RM|Rp|zł|kr|TL|руб\.?|грн\.?|đ|元|円|원|บาท|تومان|ریال|درهم|[A-Z]{3})"
)
_AMOUNT: Final = re.compile(rf"{_SIGN}\s*\.?\s*{_NUMBER.pattern}|{_NUMBER.pattern}\s*{_SIGN}", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Za-z0-9_:./#-]{1,64}")
_DATE: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\w{3,9} \d{1,2},? \d{4}.*|\w{3} \w{3} \d{2} \d{4}.*"
)
_LETTERS: Final = re.compile(r"[^\W\d_]{2}|[\u0900-\u9fff\uac00-\ud7a3]")
_LONGEST: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Shares from 0 to 1 of the sample. ``filled`` is of all rows, the others of the filled ones; ``length`` is a mean."""

    filled: float
    distinct: float
    length: float
    links: float
    numbers: float
    amounts: float
    codes: float
    prose: float

    def may_be(self, role: str) -> bool:
        """Whether such values can be what a name promises; a blank column contradicts nothing."""
        if self.filled == 0:
            return True
        if role == "url":
            return self.links > 0.3 or self.prose < 0.3
        if role in ("price", "currency", "id"):
            return self.links < 0.5 and (role != "price" or self.numbers + self.amounts > 0.3)
        if role in ("title", "description"):
            return self.links < 0.5 and self.numbers < 0.9
        if role in ("seller", "brand"):
            return self.links < 0.5
        return self.links < 0.5 and self.numbers < 0.9


def look(values: Sequence[Any]) -> Look:
    """The look of a column; numbers and nested values of JSON and Parquet count as their text."""
    texts = [text for text in map(_text, values) if text not in MISSING]
    count = max(len(texts), 1)
    return Look(
        filled=len(texts) / max(len(values), 1),
        distinct=len(set(texts)) / count,
        length=sum(map(len, texts)) / count,
        links=sum(_LINK.match(text) is not None for text in texts) / count,
        numbers=sum(_NUMBER.fullmatch(text) is not None for text in texts) / count,
        amounts=sum(_AMOUNT.match(text) is not None and len(text) < 40 for text in texts) / count,
        codes=sum(_CODE.fullmatch(text) is not None and any(map(str.isdigit, text)) for text in texts)
        / count,
        prose=sum(map(_is_prose, texts)) / count,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_LONGEST].strip()


def _is_prose(text: str) -> bool:
    if (
        _LINK.fullmatch(text)
        or _NUMBER.fullmatch(text)
        or _DATE.fullmatch(text)
        or text.startswith(("[{", '["', "{"))
    ):
        return False
    return _LETTERS.search(text) is not None and not (_CODE.fullmatch(text) and any(map(str.isdigit, text)))
