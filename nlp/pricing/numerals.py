"""Digits and signs of every script made plain, and numbers read from digits with separators."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["flatten", "read_number"]

_LONGEST: Final = 30  # more digits are no amount


class _Table(dict[int, str]):
    """A character that is not in the table stays: kept, which is faster than a failed look-up each time."""

    def __missing__(self, point: int) -> str:
        self[point] = chr(point)
        return self[point]


def _flat_table() -> _Table:
    table = _Table()
    for code in (*range(0x80, 0x10000), *range(0x1D7CE, 0x1D800)):
        char = chr(code)
        if char.isdecimal():
            table[code] = str(unicodedata.decimal(char))
    table.update({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})
    table.update(dict.fromkeys(map(ord, "\u202f\u2009\u2007\u2008\u200a\u2002\u2003"), "\xa0"))
    table.update(
        dict.fromkeys(map(ord, "\u3000\u200e\u200f\u200b\u2060\ufeff\u061c\u202a\u202b\u202c\t"), " ")
    )
    table.update({ord("￥"): "¥", 0x80: "€", ord("￡"): "£", ord("￦"): "₩", ord("﹩"): "$", ord("💲"): "$"})
    table.update(dict.fromkeys(map(ord, "–—−‐‑‒―"), "-"))
    table.update(dict.fromkeys(map(ord, "〜～∼"), "~"))
    table.update(dict.fromkeys(map(ord, "’‘´`ʼ"), "'"))
    table.update({ord("٬"): "'", ord("٫"): ".", ord("،"): ",", ord("萬"): "万", ord("İ"): "i"})
    return table


_FLAT: Final = _flat_table()


@lru_cache(maxsize=16)  # prices and kinds of goods are read in the same texts
def flatten(text: str) -> str:
    """``text`` in lower case with plain digits, dashes and signs, character for character (same length)."""
    if text.isascii():
        return text.lower().replace("\t", " ")
    flat = text.translate(_FLAT)
    lower = flat.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in flat)


def read_number(digits: str, *, decimals: int = 2) -> float | None:
    """The number in digits with separators: groups of three (or Indian two) against a decimal part."""
    if digits.isdecimal():
        return float(digits) if len(digits) < _LONGEST else None
    plain = digits.replace(" ", "").replace("\xa0", "").replace("'", "")
    dots, commas = plain.count("."), plain.count(",")
    if dots and commas:
        point = "." if plain.rfind(".") > plain.rfind(",") else ","
        group = "," if point == "." else "."
        if plain.count(point) > 1:
            plain = plain.replace(",", "").replace(".", "")
        plain = plain.replace(group, "").replace(point, ".")
    elif dots or commas:
        plain = _one_separator(plain, "." if dots else ",", decimals)
    try:
        return float(plain)
    except ValueError:
        return None


def _one_separator(plain: str, mark: str, decimals: int) -> str:
    head, *rest = plain.split(mark)
    if len(rest) > 1:
        grouped = all(len(part) in (2, 3) for part in rest[:-1]) and len(rest[-1]) == 3
        if grouped:
            return head + "".join(rest)
        return head + "".join(rest[:-1]) + "." + rest[-1]
    thousands = len(rest[0]) == 3 and 1 <= len(head) <= 3 and head.strip("0") != "" and decimals < 3
    return head + rest[0] if thousands else f"{head}.{rest[0]}"
