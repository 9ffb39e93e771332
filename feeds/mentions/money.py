"""Amounts of money in the news: value or range, currency, what it was (damages, prices, value of what was seized), doubts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.mentions.numbers import Number, numbers_in, word_pattern
from feeds.records import Amount
from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feeds.mentions.passages import Passage
    from feeds.scan import WordHit

__all__ = ["IMPLAUSIBLE", "find_amounts", "spans_of"]

IMPLAUSIBLE: Final = "implausible"
_PESO: Final = {"MX": "MXN", "AR": "ARS", "CL": "CLP", "CO": "COP", "PH": "PHP", "UY": "UYU", "DO": "DOP"}
_DOLLAR: Final = {"HK": "HKD", "TW": "TWD", "AU": "AUD", "CA": "CAD", "SG": "SGD", "NZ": "NZD"}
_CROWN_USD: Final = {"JPY": 150, "KRW": 1400, "IDR": 16000, "VND": 26000, "INR": 86, "RUB": 80, "CNY": 7.2, "TRY": 40,
    "THB": 33, "UAH": 42, "MXN": 19, "ARS": 1200, "CLP": 950, "COP": 4000, "PHP": 57, "HKD": 7.8, "TWD": 30, "PLN": 3.7,
    "BRL": 5.5, "EGP": 49, "IRR": 600_000, "IRT": 60_000, "AED": 3.7, "SAR": 3.75, "PEN": 3.6, "MYR": 4.3}  # fmt: skip
"""Units of a currency for a dollar, roughly: only to see what cannot be."""
_MOST_USD: Final = {
    "seized_value": 8e9, "damages": 2e10, "price_fake": 2e5, "price_genuine": 5e6, "": 3e13,
}  # fmt: skip
_BEFORE: Final = 70
_AFTER: Final = 36
_STOP: Final = re.compile(r"[.!?;](?=\s|$)|[。！？；]|\n")
_TO: Final = re.compile(
    r"\s?(?:to|-|–|—|~|～|至|到|から|에서|and|a|à|bis|al|до|do|hingga|sampai|đến|ถึง|ile|تا|الى|से)\s?"
)
_BORDER: Final = r"(?<![^\W_])"


@dataclass(frozen=True, slots=True)
class _Money:
    low: Number
    high: Number | None
    currency: str
    start: int
    end: int


def find_amounts(passage: Passage, *, country: str = "", translated: bool = False) -> list[Amount]:
    """The amounts of one text, in order.

    ``country`` decides what pesos and dollars are meant; ``translated`` says that a machine translated the text,
    which is known to turn yuan into dollars.
    """
    hits = [
        hit
        for hit in _meanings().find_flat(passage.folded, passage.langs)
        if hit.lang in {passage.lang, "en"}
    ]
    amounts: list[Amount] = []
    for money in _moneys(passage, country):
        meaning = _meaning(passage.folded, money, hits)
        value = money.low.value
        high = money.high.value if money.high else None
        currency, doubt = _doubted(
            money.currency, high or value, meaning, country=country, translated=translated
        )
        evidence = passage.evidence(money.start, money.end)
        amounts.append(
            Amount(value=value, high=high, currency=currency, meaning=meaning, doubt=doubt, evidence=evidence)
        )
    return amounts


def spans_of(amounts: list[Amount]) -> list[tuple[int, int]]:
    """Where the amounts stand."""
    return [(amount.evidence.start, amount.evidence.end) for amount in amounts]


def _moneys(passage: Passage, country: str) -> Iterator[_Money]:
    numbers = list(numbers_in(passage))
    skip = -1
    for index, number in enumerate(numbers):
        if index <= skip:
            continue
        found = _money(passage, number, country)
        high = numbers[index + 1] if index + 1 < len(numbers) else None
        ranged = _range(passage, number, high, country)
        if ranged:
            skip = index + 1
            yield ranged
        elif found:
            yield found


def _range(passage: Passage, low: Number, high: Number | None, country: str) -> _Money | None:
    """Two numbers with a dash or a word for "to" between them: "$2 to $5", "$2-5", "10-20 млн рублей"."""
    if high is None or high.start - low.end > 8:
        return None
    first, second = _money(passage, low, country), _money(passage, high, country)
    money = first or second
    if money is None or (first and second and first.currency != second.currency):
        return None
    gap = passage.folded[(first.end if first else low.end) : (second.start if second else high.start)]
    joined = _TO.fullmatch(gap) and passage.folded[low.end : high.start].strip()
    if not joined or (gap.strip() in {"and", "a"} and not (first and second)):
        return None
    if high.multiplied and not low.multiplied and low.value < high.value:
        factor = high.value / _mantissa(passage.folded[high.start : high.digits])
        low = replace(low, value=low.value * factor)
    if high.value < low.value:
        return None
    start = min(low.start, first.start if first else low.start)
    end = max(high.end, second.end if second else high.end)
    return _Money(low, high, money.currency, start, end)


def _mantissa(digits: str) -> float:
    try:
        return float(digits.replace(",", ".")) or 1.0
    except ValueError:
        return 1.0


def _money(passage: Passage, number: Number, country: str) -> _Money | None:
    text = passage.folded
    sign = _prefix().search(text, max(0, number.start - 12), number.start)
    if sign and not (sign[0].isalpha() and len(sign[0]) == 1):
        return _Money(number, None, _currency(sign, country), sign.start(), number.end)
    word = _suffix().match(text, number.end)
    if word and not (
        word[0].strip() in {"dong", "real", "b", "m", "a"} and not number.multiplied and number.value < 10
    ):
        return _Money(number, None, _currency(word, country), number.start, word.end())
    return None


def _currency(match: re.Match[str], country: str) -> str:
    code = (match.lastgroup or "")[:4].split("_")[0]
    if code == "peso":
        return _PESO.get(country, "")
    if code == "USD" and match[0].strip() in {"$", "dollar", "dollars"}:
        return _DOLLAR.get(country, "USD")
    if code == "CNY" and match[0].strip() == "元" and country in {"TW", "HK"}:
        return {"TW": "TWD", "HK": "HKD"}[country]
    return code


def _meaning(text: str, money: _Money, hits: Sequence[WordHit]) -> str:
    """The meaning whose word stands nearest in the same sentence; a word before counts more than one after."""
    best, meaning = 1e9, ""
    for hit in hits:
        gap, far, between = _gap(text, money, hit)
        if gap <= far and gap < best and not _STOP.search(between):
            best, meaning = gap, hit.label
    return meaning


def _gap(text: str, money: _Money, hit: WordHit) -> tuple[float, int, str]:
    """How far a word is, how far it may be, and what stands between."""
    if hit.end <= money.start:
        return money.start - hit.end, _BEFORE, text[hit.end : money.start]
    if hit.start >= money.end:
        return (hit.start - money.end) * 1.5 + 4, _AFTER, text[money.end : hit.start]
    return 0.0, _BEFORE, ""


def _doubted(currency: str, value: float, meaning: str, *, country: str, translated: bool) -> tuple[str, str]:
    """The currency to believe and the doubt, if the figure cannot be."""
    usd = value / _CROWN_USD.get(currency, 1.0)
    if usd <= _MOST_USD.get(meaning, 3e13):
        return currency, ""
    if currency == "USD" and (translated or country == "CN"):
        return (
            "CNY",
            f"{IMPLAUSIBLE}: no such value in dollars is known; probably yuan, by a machine translation",
        )
    return currency, f"{IMPLAUSIBLE}: far more than such a {meaning.replace('_', ' ') or 'figure'} can be"


@lru_cache(maxsize=1)
def _meanings() -> Scanner:
    return Scanner((row["lang"], row["meaning"], row["patterns"]) for row in read_words("amounts.tsv"))


@lru_cache(maxsize=1)
def _prefix() -> re.Pattern[str]:
    rows = [row for row in read_words("currencies.tsv") if row["side"] == "before"]
    names = sorted(
        ((name, row["currency"]) for row in rows for name in row["names"].split("|")),
        key=lambda pair: -len(pair[0]),
    )
    groups = "|".join(
        f"(?P<{code}_{index}>{_BORDER if name[0].isalnum() else ''}{re.escape(name.lower())})"
        for index, (name, code) in enumerate(names)
    )
    return re.compile(rf"(?:{groups})[ \xa0]?\Z")


@lru_cache(maxsize=1)
def _suffix() -> re.Pattern[str]:
    rows = [row for row in read_words("currencies.tsv") if row["side"] == "after"]
    names = sorted(
        ((name, row["currency"]) for row in rows for name in row["names"].split("|")),
        key=lambda pair: -len(pair[0]),
    )
    groups = "|".join(f"(?P<{code}_{index}>{word_pattern(name)})" for index, (name, code) in enumerate(names))
    return re.compile(rf"[ \xa0]?(?:de |d'|di |of |d’)?(?:{groups})")
