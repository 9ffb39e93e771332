"""Prices in a text: which numbers are money, and whether the seller asks it or says what the genuine article costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from nlp.pricing.amounts import Amount, Found, scan
from nlp.pricing.numerals import flatten
from nlp.pricing.price_words import FILLER, PRICE_AFTER, ROLE_AFTER, UNIT_AFTER, PriceWords

__all__ = ["PriceMention", "Role", "find_prices"]

Role: TypeAlias = Literal["asked", "genuine", "other"]

_DIGIT: Final = re.compile(r"\d")
_WINDOW: Final = 40  # characters before a number in which a role word counts
_MENTIONS: Final = 200  # more prices than this in one text are a table, of which the head is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMention:
    """An amount named in a text, what it is the price of, and where: ``text[start:end]`` with its signs."""

    amount: Amount
    role: Role
    start: int
    end: int


def find_prices(text: str, *, currency: str | None = None) -> list[PriceMention]:
    """The prices in ``text``, in order; ``currency`` (ISO) decides shared signs and bare numbers after a price word.

    Never sizes, years, model numbers, quantities, phone numbers, percentages, storage or dates: a number counts if
    a currency stands beside it, or a price word directly before it.
    """
    if not _DIGIT.search(text):
        return []
    flat = flatten(text)
    mentions: list[PriceMention] = []
    floor = 0
    for found in scan(flat, hint=currency, loose=True, original=text):
        if _is_money(flat, found):
            role = _role(flat, found, floor)
            mentions.append(
                PriceMention(
                    amount=_with_currency(flat, found, currency), role=role, start=found.start, end=found.end
                )
            )
            floor = found.end
            if len(mentions) == _MENTIONS:
                break
    return mentions


def _with_currency(flat: str, found: Found, currency: str | None) -> Amount:
    amount = found.amount
    if amount.currency is None and not found.signed:
        dong = "VND" if _THOUSANDS.match(flat, found.digits) and _VIETNAMESE.search(flat) else None
        return Amount(low=amount.low, high=amount.high, currency=currency or dong)
    return amount


def _is_money(flat: str, found: Found) -> bool:
    if found.amount.high <= 0 or _LEADING_ZERO.match(flat, found.digits):
        return False
    if found.signed:
        return not (
            _SIZE_EUR.match(flat, found.start)
            and _SIZE_BEFORE.search(flat[max(0, found.start - 24) : found.start])
        )
    if _is_year(flat, found):
        return False
    if _THOUSANDS.match(flat, found.digits) and found.amount.high >= _LEAST_DONG and _VIETNAMESE.search(flat):
        return True
    if PRICE_AFTER.match(flat, found.end):
        return True
    window = flat[max(0, found.start - _WINDOW) : found.start]
    if UNIT_AFTER.match(flat, found.end) and not _WORD_AFTER.match(flat, found.end):
        return _announced(flat, found, window)
    if found.start > 0 and flat[found.start - 1] in "بـ":
        return True
    word = _WORDS.last(window)
    return word is not None and word[0] != "other" and bool(FILLER.match(window, word[1]))


def _announced(flat: str, found: Found, window: str) -> bool:
    """Whether a price word and a colon stand before a number that some word, no unit, follows ("Retail: 750 Sale: 65")."""
    colon = _COLON.search(window)
    word = _WORDS.last(window[: colon.start()]) if colon else None
    announced = colon and word and word[0] != "other" and word[1] == colon.start()
    return bool(announced and found.amount.high >= 10 and not _UNIT.match(flat, found.end))


_COLON: Final = re.compile(r"[ \xa0]?[:=][ \xa0]*\Z")
_UNIT: Final = re.compile(
    r"[^\s,;]|[ \xa0](?:[a-z]{1,2}\b|pcs|pc|pieces?|pairs?|sets?|units?|items?|boxes|left|days?|weeks?|months?|years?|"
    r"hours?|mins?|inch(?:es)?|karat|gram|stück|paar|pièces?|paires?|piezas?|pares|peças|шт|пар|adet|çift|buah|pasang|chiếc|đôi)"
)
_WORDS: Final = PriceWords()
# In Vietnamese "850k" is money by itself.
_THOUSANDS: Final = re.compile(r"\d+(?:[.,]\d)?k(?![^\W_])")
_VIETNAMESE: Final = re.compile(r"giá|hàng |bên em|[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_LEAST_DONG: Final = 20_000


_SIZE_EUR: Final = re.compile(r"(?:eur ?)?(?:3\d|4\d)(?:[.,]5)?(?: ?eur)?(?!\d|[.,]\d)")
_LEADING_ZERO: Final = re.compile(r"0\d")  # a telephone number, a reference, a day
_SIZE_BEFORE: Final = re.compile(
    r"(?:size|sizes|taille|pointure|talla|numero|número|größe|maat|taglia|rozmiar|размер|розмір|beden|numara|尺码|码|사이즈|サイズ|us|uk|cm|eu)[^a-z]{0,12}\Z"
)
# A bare number may be followed by a word of its own ("price 450 each"), not by a unit glued to it or a counted thing.
_WORD_AFTER: Final = re.compile(
    r"[ \xa0](?:each|only|plus|with|incl|including|or|and|for|per|a piece|free|cash|delivered|shipping|post|nett?|neg|fixed|"
    r"o\.?b\.?o|final|take|all|cada|envío|y|o|la|le|il|pièce|stück|pro|inkl|za|и|за|торг|без|с|шт|бүтін|olur|pazarlık|nego|/|per|aja|saja|"
    r"ไม่|รวม|ส่ง|निश्चित)(?![^\W\d_])"
)


def _is_year(flat: str, found: Found) -> bool:
    return bool(_YEAR.match(flat, found.start)) and flat[
        max(0, found.start - 2) : found.start
    ].strip() not in (":", "=")


_YEAR: Final = re.compile(r"(?:19[5-9]\d|20[0-3]\d)(?![\d.,])")


def _role(flat: str, found: Found, floor: int) -> Role:
    after = ROLE_AFTER.match(flat, found.end)
    if after and not _NEXT_PRICE.match(flat, after.end()):
        return "genuine" if after["genuine"] else "other"
    if _REDUCED_TO.match(flat, found.end) or flat[max(0, found.start - 2) : found.start] == "~~":
        return "genuine"
    if found.negative:
        return "other"
    start = max(floor, found.start - _WINDOW)
    window = flat[start : found.start]
    cut = max((match.end() for match in _CLAUSE_END.finditer(window)), default=0)
    word = _WORDS.last(window[cut:])
    if word is None:
        return "asked"
    gap = window[cut + word[1] :]
    if word[0] == "genuine" and not _BREAKS.search(gap):
        return "genuine"
    if word[0] == "other" and len(gap) <= 16 and not _BREAKS.search(gap):
        return "other"
    return "asked"


_CLAUSE_END: Final = re.compile(r"[.!?][ \n]|[\n;。！？|]")
_BREAKS: Final = re.compile(r"[,，、/]|\+| - | for | за | por | für | per | pour | voor ")
# The first of two prices is crossed out: "$200 → $50", "de R$ 899 por R$ 99".
_REDUCED_TO: Final = re.compile(r" ?(?:→|➡|->|=>|⇒| por| now only)[ \ufe0f]*[^\W\d]{0,3}[$€£¥₩₹₽฿]? ?\d")
_NEXT_PRICE: Final = re.compile(
    r"[ \xa0]*(?:for|à|a|per|um|za|за|at)?[ \xa0]*[:=]?[ \xa0]*(?:[^\W\d_]{1,4}\.?)?[$€£¥₩₹₽฿₺₫₱₴₦]?[ \xa0]?\d"
)
