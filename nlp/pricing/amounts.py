"""Amounts of money as people write them: "1.299,00 €", "Rp 1.299.000", "1tr2", "5만원", "15 lakh", "۱۲۳٬۰۰۰ تومان".

``parse_amount`` reads one cell. ``scan`` finds every number of a text with the currency beside it; ``nlp.pricing.mentions``
decides which of them are prices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nlp.pricing.currency_signs import CASED, FAMILIES, PREFIXES, SUFFIXES, UNIT
from nlp.pricing.numerals import flatten, read_number

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Amount", "Found", "parse_amount", "scan"]

LIMIT: Final = 1e13  # nobody asks more, in any currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """From ``low`` to ``high`` (equal unless a range stands there) units of ``currency`` (ISO 4217, BTC, or None)."""

    low: float
    high: float
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A number in a text: ``start:end`` with its signs, ``digits`` where the first digit stands."""

    amount: Amount
    start: int
    end: int
    digits: int
    signed: bool  # a sign, code or word of a currency stands beside it
    negative: bool


def parse_amount(text: str, *, currency: str | None = None) -> Amount | None:
    """The amount in one cell, or None if there is none (empty, "negotiable", negative, absurd).

    ``currency`` (ISO) is used where the cell names none, and decides shared signs ("$", "¥", "kr"). Where nothing
    decides, "$" is USD, and "¥" is CNY for small amounts and those with decimals, else JPY. Free things cost 0.
    Digits decide about separators: "1.299" is a thousand and more, "1.29" is not.
    """
    flat = flatten(text[:400]).strip()
    if _PLAIN.match(flat):
        number = float(flat)
        return Amount(low=number, high=number, currency=currency) if number < LIMIT else None
    found = list(scan(flat, hint=currency, loose=True))
    if not found:
        return Amount(low=0.0, high=0.0, currency=currency) if _FREE.search(flat) else None
    first = next((item for item in found if item.signed), found[0])
    if first.negative:
        return None
    amount = first.amount
    if amount.currency is None and not first.signed:
        return Amount(low=amount.low, high=amount.high, currency=currency)
    return amount


_PLAIN: Final = re.compile(r"\d{1,13}(?:\.\d{1,2}|\.\d{4,})?\Z|\d(?:\.\d+)?e[+]?\d{1,2}\Z", re.IGNORECASE)
_FREE: Final = re.compile(
    r"\b(?:free|gratis|gratuit|kostenlos|zu verschenken|бесплатно|даром|безкоштовно|за так|bedava|ücretsiz|za darmo|"
    r"miễn phí|grátis|मुफ्त|مجاني|مجانا|رایگان)\b|無料|免费|免費|무료|ฟรี",
    re.IGNORECASE,
)


_NUMBER: Final = re.compile(r"\d+(?:[.,'](?=\d)\d+|[ \xa0]\d{3}(?![\d]))*")
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_MANTISSA: Final = re.compile(r"\d+(?:[.,]\d+)?")
# What a word after the number multiplies it by, and the currency that only this word is used with.
_MULTIPLIERS: Final[dict[str, tuple[float, str | None]]] = {
    **dict.fromkeys(
        ("k", "mil", "к", "тыс.", "тыс", "тис.", "тис", "tys.", "tys", "bin", "हजार", "हज़ार"), (1e3, None)
    ),
    **dict.fromkeys(("千", "천", "พัน", "هزار", "ألف", "الف", "آلاف"), (1e3, None)),
    **dict.fromkeys(("rb", "ribu", "rbu"), (1e3, "IDR")),
    **dict.fromkeys(("nghìn", "ngàn", "ngan", "nghin", "ng"), (1e3, "VND")),
    **dict.fromkeys(("т.р.", "т.р", "тр", "тыр"), (1e3, "RUB")),
    **dict.fromkeys(("万", "만", "หมื่น"), (1e4, None)),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs", "लाख"), (1e5, "INR")),
    "แสน": (1e5, None),
    **dict.fromkeys(("jt", "juta"), (1e6, "IDR")),
    **dict.fromkeys(("tr", "triệu", "trieu", "củ"), (1e6, "VND")),
    **dict.fromkeys(("million", "millones", "milhões", "milyon", "млн", "млн.", "mln", "ล้าน"), (1e6, None)),
    **dict.fromkeys(("میلیون", "ميليون", "مليون"), (1e6, None)),
    **dict.fromkeys(("crore", "crores", "cr", "करोड़"), (1e7, "INR")),
    **dict.fromkeys(("億", "亿", "억"), (1e8, None)),
    **dict.fromkeys(("tỷ", "tỉ"), (1e9, "VND")),
}
_JOINED: Final = frozenset("万千億亿만천억")  # a number may follow these with no space


def _alternation(words: dict[str, object]) -> str:
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word) + ("" if _ends_free(word) else r"(?![^\W\d_])") for word in ordered)


def _ends_free(word: str) -> bool:
    return _is_spaceless(word[-1]) or not word[-1].isalpha()


def _is_spaceless(char: str) -> bool:
    return "\u0e00" <= char <= "\u0e7f" or "\u2e80" <= char <= "\ud7ff"


def _by_first(words: dict[str, object]) -> dict[str, re.Pattern[str]]:
    """A pattern for each first character: most numbers are followed by a word that none begins with."""
    groups: dict[str, dict[str, object]] = {}
    for word, value in words.items():
        groups.setdefault(word[0], {})[word] = value
    return {first: re.compile(f"({_alternation(group)})") for first, group in groups.items()}


_MULTIPLIER: Final = _by_first(dict(_MULTIPLIERS))
_SUFFIX: Final = _by_first(dict(SUFFIXES))
_PREFIX_ENDS: Final = frozenset(word[-1] for word in PREFIXES)


def _match_word(table: dict[str, re.Pattern[str]], flat: str, end: int) -> re.Match[str] | None:
    """A word of ``table`` at ``end``, or after one space there."""
    at = end + 1 if flat[end : end + 1] in (" ", "\xa0") else end
    pattern = table.get(flat[at : at + 1])
    return pattern.match(flat, at) if pattern else None


_CENTS: Final = re.compile(r"([€£])(\d\d)(?![\d€£])")  # "39€99"
_RANGE: Final = re.compile(
    r"[ \xa0]?(?:[-~]| to | до | bis | à | a | até | hasta | – |至|到|から|ถึง| đến | تا | إلى )[ \xa0]?"
)
_LEAD_IN: Final = re.compile(
    r"(?:size|taille|pointure|talla|numero|größe|gr|maat|taglia|rozmiar|размер|р-р|розмір|eu|uk|us|iphone|galaxy|pro|max|"
    r"jordan|air|airpods|buds|series|watch|gen|note|mini|yeezy|boost|dunk|force|no|nr|№|set of|x|pack of)[ .:#]*\Z"
)


def scan(
    flat: str, *, hint: str | None = None, loose: bool = False, original: str | None = None
) -> Iterator[Found]:
    """Every number of a flattened text in order, with multiplier, currency and range.

    Only numbers with a currency beside them, unless ``loose``. ``original`` is the text before flattening; without
    it the case of codes cannot count.
    """
    reader = _Scanner(flat, hint, original)
    at = 0
    while match := _NUMBER.search(flat, at):
        found, at = reader.read(match, floor=at)
        if found is not None and (loose or found.signed):
            yield found


class _Scanner:
    """Reads the surroundings of each number of one text."""

    def __init__(self, flat: str, hint: str | None, original: str | None) -> None:
        self._flat = flat
        self._hint = hint
        self._original = original
        self._shouting = original is not None and original.isupper()

    def read(self, match: re.Match[str], *, floor: int) -> tuple[Found | None, int]:
        """What stands at ``match`` (None if it is part of a word) and where to go on."""
        flat = self._flat
        start, end = match.span()
        sign, left = self._prefix(start, floor)
        if sign is None and _inside_word(flat, start):
            return None, end
        end = _split_group(flat, start, end)
        family, numbers, end = self._with_range(sign, start, end)
        if numbers is None:
            return None, end
        negative = left > 0 and flat[left - 1] == "-" and (left == 1 or not flat[left - 2].isalnum())
        amount = self._amount(numbers, family, flat[start:end])
        if amount is None:
            return None, end
        found = Found(
            amount=amount, start=left, end=end, digits=start, signed=family is not None, negative=negative
        )
        return found, end

    def _with_range(
        self, sign: str | None, start: int, end: int
    ) -> tuple[str | None, tuple[float, float] | None, int]:
        flat = self._flat
        value, factor, implied, end = _quantity(flat, start, end, sign or self._hint)
        cents = _CENTS.match(flat, end)
        if value is not None and cents and not sign and factor == 1:
            amount = value + int(cents[2]) / 100
            return SUFFIXES[cents[1]], (amount, amount), cents.end()
        suffix, stop = self._suffix(end, sign)
        if suffix in _THREE_DECIMALS and factor == 1:
            value = read_number(flat[start:end], decimals=3)
        end = stop
        family = suffix or sign or implied
        if value is None:
            return None, None, end
        gap = _RANGE.match(flat, end)
        second = gap and self._second(gap.end(), bound=value / factor)
        if not second:
            return family, (value, value), end
        high, high_factor, high_family, stop = second
        low = value if factor > 1 or value * high_factor > high else value * high_factor
        if not low < high <= low * 50 or (family is None and high_family is None):
            return family, (value, value), end
        return (high_family if family in (None, implied) and high_family else family), (low, high), stop

    def _second(self, at: int, *, bound: float) -> tuple[float, float, str | None, int] | None:
        flat = self._flat
        prefix = _SIGN_AHEAD.match(flat, at)
        start = prefix.end() if prefix else at
        match = _NUMBER.match(flat, start)
        if not match:
            return None
        end = _split_group(flat, start, match.end())
        value, factor, implied, end = _quantity(flat, start, end, self._hint)
        sign = PREFIXES[prefix[1]] if prefix else None
        suffix, end = self._suffix(end, sign)
        if value is None or value / factor < bound:
            return None
        if (
            end < len(flat)
            and flat[end].isalpha()
            and not (sign or suffix or implied)
            and flat[end].isascii()
        ):
            return None
        return value, factor, suffix or sign or implied, end

    def _prefix(self, start: int, floor: int) -> tuple[str | None, int]:
        flat = self._flat
        at = start
        while at > floor and start - at < 2 and flat[at - 1] in " \xa0":
            at -= 1
        if at == floor or flat[at - 1] not in _PREFIX_ENDS:
            return None, start
        for width in range(min(7, at - floor), 0, -1):
            word = flat[at - width : at]
            name = PREFIXES.get(word)
            if (
                name
                and self._stands_alone(word, at - width)
                and not (name in ("P", "R") and self._hint not in FAMILIES[name])
            ):
                return name, at - width
        return None, start

    def _stands_alone(self, word: str, start: int) -> bool:
        if word in CASED and not self._as_code(start, len(word)):
            return False
        before = self._flat[start - 1] if start else " "
        if word[0].isalpha() and before.isalpha() and not _is_spaceless(before):
            return False
        return not (word in ("rs", "rm", "p", "r", "fr", "le") and before in "-/")

    def _suffix(self, end: int, sign: str | None) -> tuple[str | None, int]:
        match = _match_word(_SUFFIX, self._flat, end)
        if not match:
            return None, end
        word, name, stop = match[1], SUFFIXES[match[1]], match.end()
        if name == "DASH" and not sign:
            named, behind = self._suffix(stop, None)
            return (named, behind) if named and named != "DASH" else ("DASH", stop)
        if sign and (name == "DASH" or len(word) < 3):
            return None, stop if name == "DASH" else end
        if stop < len(self._flat) and self._flat[stop].isdecimal() and name != "DASH":
            return None, end
        if self._is_prefix_of_next(stop) or not self._suffix_fits(word, match, end):
            return None, end
        return name, stop

    def _is_prefix_of_next(self, stop: int) -> bool:
        follower = self._flat[stop : stop + 2]
        touching = self._flat[stop - 2 : stop - 1] in (" ", "\xa0")
        return touching and len(follower) == 2 and follower[0] in " \xa0" and follower[1].isdecimal()

    def _suffix_fits(self, word: str, match: re.Match[str], end: int) -> bool:
        if word in CASED:
            return self._as_code(match.start(1), len(word))
        if word == "d":
            return self._flat[end - 3 : end] == "000"
        if word in ("ft", "won", "kc", "din", "din."):
            return self._flat[end - 3 : end].isdecimal()
        if word in ("块", "塊", "刀"):
            return (
                not ("\u4e00" <= self._flat[match.end() : match.end() + 1] <= "\u9fff")
                or self._flat[match.end()] in "包一不起出转带到拿"
            )
        if word in ("le", "fr", "fr."):
            return self._hint in ("EGP", "CHF")
        return True

    def _as_code(self, start: int, width: int) -> bool:
        if self._original is None:
            return True
        return self._original[start : start + width].isupper() and not self._shouting

    def _amount(self, numbers: tuple[float, float], family: str | None, digits: str) -> Amount | None:
        currency, unit = _currency(family, self._hint, flat=self._flat, value=numbers[0], digits=digits)
        low, high = numbers[0] * unit, numbers[1] * unit
        return Amount(low=low, high=high, currency=currency) if high < LIMIT else None


_SIGN_AHEAD: Final = re.compile(rf"({_alternation(dict(PREFIXES))})[ \xa0]?(?=\d)")
_KANA: Final = re.compile(r"[\u3041-\u30ff]|税込|日本|円")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_THREE_DECIMALS: Final = frozenset({"KWD", "BHD", "OMR", "JOD", "TND"})


def _quantity(
    flat: str, start: int, end: int, sign: str | None
) -> tuple[float | None, float, str | None, int]:
    """Value with its multiplier, the multiplier, the currency that it implies, and the end."""
    value = read_number(flat[start:end], decimals=3 if sign in _THREE_DECIMALS else 2)
    if value is None:
        return None, 1.0, None, end
    match = _match_word(_MULTIPLIER, flat, end)
    if not match or _is_unit(flat, match):
        return value, 1.0, None, end
    factor, implied = _MULTIPLIERS[match[1]]
    if factor == 1e3 and _GROUPED.fullmatch(flat, start, end):  # "1.299rb" is 1,299 thousand
        return value * factor, factor, implied, match.end()
    if "." in flat[start:end] and flat[start:end].count(".") == 1:
        value = float(flat[start:end].replace(",", "").replace("'", "").replace(" ", "").replace("\xa0", ""))
    elif flat[start:end].count(",") == 1 and "." not in flat[start:end]:
        value = float(flat[start:end].replace(",", ".").replace("'", "").replace(" ", "").replace("\xa0", ""))
    rest, stop = _tail(flat, match, factor)
    return value * factor + rest, factor, implied, stop


def _is_unit(flat: str, match: re.Match[str]) -> bool:
    """Whether "k" or "cr" is part of a unit ("18k gold", "4k video") rather than a thousand."""
    return match[1] == "k" and bool(_KARAT.match(flat, match.end()))


_KARAT: Final = re.compile(
    r"[ -]?(?:t\b|gold|gp|gf|white|yellow|rose|uhd|hd|tv|video|followers|mah|karat|金|gol\b|plated|solid|vàng)"
)


def _tail(flat: str, match: re.Match[str], factor: float) -> tuple[float, int]:
    """What follows a multiplier: "1万[2千]", "1tr[2]", "1 triệu [200 nghìn]"; its value and end."""
    end = match.end()
    gap = 1 if flat[end : end + 1] in (" ", "\xa0") else 0
    more = _MANTISSA.match(flat, end + gap)
    if not more:
        return 0.0, end
    follower = _match_word(_MULTIPLIER, flat, more.end())
    number = read_number(more[0])
    if number is None:
        return 0.0, end
    if follower and _MULTIPLIERS[follower[1]][0] < factor:
        return number * _MULTIPLIERS[follower[1]][0], follower.end()
    if match[1] in _JOINED and not gap:
        return (number, more.end()) if number < factor else (0.0, end)
    if not gap and more[0].isdecimal() and len(more[0]) <= 3 and match[1] in ("tr", "k", "jt", "củ", "triệu"):
        return factor * number / 10 ** len(more[0]), more.end()
    return 0.0, end


_ARABIC_FOR: Final = re.compile(r"(?<!\w)بـ?\Z")  # "for", written together with the number


def _inside_word(flat: str, start: int) -> bool:
    """Whether the number is the tail of a model name, a date, a time or a longer code."""
    if start == 0:
        return False
    before = flat[start - 1]
    if before in "بـ" and _ARABIC_FOR.search(flat, max(0, start - 4), start):
        return False
    if before.isalpha():
        return not _is_spaceless(before)
    if before in "_#@№&":
        return True
    return before in "./:-+x," and start > 1 and flat[start - 2].isalnum() and flat[start - 2].isascii()


def _split_group(flat: str, start: int, end: int) -> int:
    """The end of the number, cut at a space that separates two numbers ("size 42 120 €")."""
    space = flat.find(" ", start, end)
    if space < 0:
        return end
    head = flat[start:space]
    lead = flat[max(0, start - 16) : start]
    if len(head) > 3 or head.startswith("0") or not head.isdecimal() or _LEAD_IN.search(lead):
        return space
    return end


def _currency(
    family: str | None, hint: str | None, *, flat: str, value: float, digits: str
) -> tuple[str | None, float]:
    if family in UNIT:
        return UNIT[family]
    members = FAMILIES.get(family or "")
    if members is None:
        return family or hint, 1.0
    if hint in members:
        return hint, 1.0
    if family == "¥":
        return _yen_or_yuan(flat, value, digits), 1.0
    return members[0] or (hint if family == "DASH" else None), 1.0


def _yen_or_yuan(flat: str, value: float, digits: str) -> str:
    if _KANA.search(flat):
        return "JPY"
    if _HAN.search(flat) or re.search(r"[.]\d\d?(?!\d)", digits):
        return "CNY"
    return "JPY" if value >= 3000 or "," in digits else "CNY"
