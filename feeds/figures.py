"""The numbers that an article names, in digits or in words, whatever the language writes them in.

>>> sorted(figures_of("Customs seize over 3,000 bags worth 1.9 million dollars, two held"))
[2.0, 3000.0, 1900000.0]
>>> sorted(figures_of("查获2.6万双,抓获15名 / 26 тысяч пар / 1万2000点"))
[15.0, 12000.0, 26000.0]

Years, times of day, docket numbers and parts of words are no figures. Stories are recognised by them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from feeds.words import read_words
from nlp.pricing.numerals import flatten, read_number

__all__ = ["figures_of", "near", "specificity"]

_CURRENCY: Final = r"(?:(?:us|ca|au|s|r|nt|hk|c|a)?[$€£¥₩₹฿]|sh|ksh|dhs?|rs\.?|rp\.?|rm|p|r|usd|eur|aed|php)?"
_NUMBER: Final = re.compile(rf"(?<![\w:/.-]){_CURRENCY}(\d+(?:[.,'](?=\d)\d+|[ \xa0]\d{{3}}(?!\d))*)")
_SPACELESS_NUMBER: Final = re.compile(
    r"(?<=[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(\d+(?:[.,](?=\d)\d+)*)"
)
_BROKEN: Final = re.compile(r"[:/-]\d|-[a-z]{2}-|\.\d")
_SPACELESS: Final = re.compile(r"[\u0e00-\u0e7f\u2e80-\ud7ff]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LONGEST: Final = 1500
_LIMIT: Final = 1e15


def figures_of(text: str) -> frozenset[float]:
    """Every figure of the beginning of ``text``; those of two and less are left out except when written as words."""
    flat = flatten(text[:_LONGEST])
    found = {value for value in (_read(flat, match) for match in _matches(flat)) if value is not None}
    return frozenset(found | _written(flat))


def near(one: float, other: float) -> bool:
    """Whether both may be the same count told differently: "over 3,000" and 3,041, "11,000" and 11,134."""
    low, high = sorted((one, other))
    if low == high:
        return True
    return low >= 50 and high / low <= 1.12 and min(_digits(one), _digits(other)) <= 2


def specificity(value: float) -> float:
    """How much two articles with this figure have in common: 0.1 for 2, 1.6 for 3,000, near 3 for 11,134."""
    if value % 1:
        return 1.2
    if value < 10:
        return 0.15
    if value < 100:
        return 0.5 if value % 10 else 0.35
    size = 1.1 if value >= 1e6 else 0.8 if value >= 1000 else 0.0
    return min(0.8 + 0.45 * (_digits(value) - 1) + size, 2.8)


def _digits(value: float) -> int:
    """Significant digits."""
    return len(f"{value:.15g}".replace(".", "").split("e")[0].strip("0")) or 1


def _matches(flat: str) -> list[re.Match[str]]:
    found = {match.start(1): match for match in _NUMBER.finditer(flat)}
    for match in _SPACELESS_NUMBER.finditer(flat):
        found.setdefault(match.start(1), match)
    return [found[start] for start in sorted(found)]


def _read(flat: str, match: re.Match[str]) -> float | None:
    digits, end = match[1], match.end(1)
    if _BROKEN.match(flat, end):
        return None
    scale, stop = _scale(flat, end)
    value = _decimal(digits) if scale else read_number(digits)
    if value is None or (scale is None and _is_year(digits, value)):
        return None
    if scale is None:
        follower = flat[end : end + 1]
        if (
            follower
            and _LETTER.match(follower)
            and not _SPACELESS.match(follower)
            and not flat[end:].startswith(("x ", "p."))
        ):
            return None
        return value if value > 2 else None
    value *= scale
    value += _rest(flat, stop, scale)
    return value if value < _LIMIT else None


def _decimal(digits: str) -> float | None:
    """A number before a scale word: one separator parts decimals unless three digits follow a group."""
    plain = digits.replace(" ", "").replace("\xa0", "").replace("'", "")
    parts = re.split(r"[.,]", plain)
    if len(parts) == 2 and not (len(parts[1]) == 3 and parts[0] != "0"):
        return float(f"{parts[0]}.{parts[1]}")
    return read_number(plain)


def _rest(flat: str, at: int, scale: float) -> float:
    """What follows a scale that is joined without a space: 1万[2000], 1億[5千万]."""
    more = re.compile(r"\d+").match(flat, at)
    if more is None or scale < 1e4:
        return 0.0
    inner, _ = _scale(flat, more.end())
    value = float(more[0]) * (inner or 1.0)
    return value if value < scale else 0.0


def _scale(flat: str, at: int) -> tuple[float | None, int]:
    """The scale word at ``at`` (or after one space or hyphen) and where it ends; words may be joined by "of"."""
    start = at + 1 if flat[at : at + 1] in {" ", "\xa0", "-"} else at
    match = _tables()[0].match(flat, start)
    if match is None:
        return None, at
    value = _value(match[0], "scale")
    follow, stop = (
        _scale(flat, match.end()) if flat[match.end() : match.end() + 1] not in {"", "-"} else (None, 0)
    )
    if follow:
        return value * follow, stop
    return value, match.end()


def _written(flat: str) -> set[float]:
    """Numbers in words, with the scale that follows them."""
    found: set[float] = set()
    for match in _tables()[1].finditer(flat):
        value = _value(match[0], "word")
        scale, _ = _scale(flat, match.end())
        if scale:
            found.add(value * scale)
        elif not _SPACELESS.match(match[0]):
            found.add(value)
    return found


def _is_year(digits: str, value: float) -> bool:
    return len(digits) == 4 and digits.isdecimal() and 1900 <= value <= 2039


def _value(name: str, kind: str) -> float:
    values = _tables()[2]
    exact = values.get((kind, name))
    if exact is not None:
        return exact
    return next(
        value
        for (what, key), value in values.items()
        if what == kind and key.endswith("*") and name.startswith(key[:-1])
    )


@lru_cache(maxsize=1)
def _tables() -> tuple[re.Pattern[str], re.Pattern[str], dict[tuple[str, str], float]]:
    values: dict[tuple[str, str], float] = {}
    for row in read_words("numbers.tsv"):
        for name in row["names"].split("|"):
            values[row["kind"], flatten(name)] = float(row["value"])
    scales = _pattern([name for kind, name in values if kind == "scale"], joined=True)
    return scales, _pattern([name for kind, name in values if kind == "word"], joined=False), values


def _pattern(names: list[str], *, joined: bool) -> re.Pattern[str]:
    """Names, longest first; those of scripts without spaces may be followed by anything."""
    parts = []
    for name in sorted(names, key=lambda one: (-len(one), one)):
        stem = re.escape(name.removesuffix("*"))
        if name.endswith("*"):
            parts.append(stem + r"\w*")
        elif _SPACELESS.match(name[-1]):
            parts.append(stem)
        else:
            parts.append(stem + (r"(?![^\W\d_])" if joined else ""))
    body = "|".join(parts)
    if joined:
        return re.compile(body)
    spaced = "|".join(part for part in parts if not _SPACELESS.match(part))
    free = "|".join(part for part in parts if _SPACELESS.match(part))
    scales = r"(?=tausend|duizend|mila|hundert|honderd|cento|cientos)"
    return re.compile(rf"(?<!\w)(?:{spaced})(?:(?!\w)|{scales})|(?:{free})(?=[千万萬億亿천만พห])")
