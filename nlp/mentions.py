"""Prices in a text: which numbers are money, and whether the seller asks it or says what the genuine article costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from nlp.amounts import Amount, Found, flatten, scan
from nlp.price_words import PRICE_AFTER, PRICE_BEFORE, ROLE, ROLE_AFTER, UNIT_AFTER

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
                    amount=_with_currency(found, currency), role=role, start=found.start, end=found.end
                )
            )
            floor = found.end
            if len(mentions) == _MENTIONS:
                break
    return mentions


def _with_currency(found: Found, currency: str | None) -> Amount:
    amount = found.amount
    if amount.currency is None and not found.signed:
        return Amount(low=amount.low, high=amount.high, currency=currency)
    return amount


def _is_money(flat: str, found: Found) -> bool:
    if found.amount.high <= 0:
        return False
    if found.signed:
        return not (
            _SIZE_EUR.match(flat, found.start)
            and _SIZE_BEFORE.search(flat[max(0, found.start - 24) : found.start])
        )
    if _is_year(flat, found) or flat[found.digits] == "0":
        return False
    if PRICE_AFTER.match(flat, found.end):
        return True
    if UNIT_AFTER.match(flat, found.end) and not _WORD_AFTER.match(flat, found.end):
        return False
    return bool(PRICE_BEFORE.search(flat[max(0, found.start - _WINDOW) : found.start]))


_SIZE_EUR: Final = re.compile(r"(?:eur ?)?(?:3\d|4\d)(?:[.,]5)?(?: ?eur)?(?![\d.,])")
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
    if found.negative:
        return "other"
    start = max(floor, found.start - _WINDOW)
    window = flat[start : found.start]
    cut = max((match.end() for match in _CLAUSE_END.finditer(window)), default=0)
    last = None
    for last in ROLE.finditer(window, cut):
        pass
    if last is None:
        return "asked"
    gap = window[last.end() :]
    if last["genuine"] and not _BREAKS.search(gap):
        return "genuine"
    if last["other"] and len(gap) <= 16 and not _BREAKS.search(gap):
        return "other"
    return "asked"


_CLAUSE_END: Final = re.compile(r"[.!?][ \n]|[\n;。！？|]")
_BREAKS: Final = re.compile(r"[,，、/]|\+| - | for | за | por | für | per | pour | voor ")
_NEXT_PRICE: Final = re.compile(r"[ \xa0]*[:=]?[ \xa0]*[$€£¥₩₹₽฿]?[ \xa0]?\d")
