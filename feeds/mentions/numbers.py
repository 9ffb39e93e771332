"""Numbers of a news text with the words that multiply them: "1,2 Mio.", "45억", "172 billion 900 million", "15 लाख"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.scan import flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.mentions.passages import Passage

__all__ = ["Number", "numbers_in", "word_pattern"]

_DIGITS: Final = re.compile(r"\d+(?:[.,'’٬\xa0\u202f ]\d{3})+(?:[.,٫]\d{1,2})?(?!\d)|\d+(?:[.,٫]\d+)?")
# Where a point parts decimals and a comma thousands; elsewhere it is the other way round.
_POINT: Final = frozenset(["en", "zh", "ja", "ko", "hi", "th", "ar", "fa"])
_SPACELESS: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number with its multipliers at ``start:end``; ``digits`` is where the first run of digits ends."""

    value: float
    start: int
    digits: int
    end: int
    multiplied: bool


def numbers_in(passage: Passage) -> Iterator[Number]:
    """Every number, in order; those inside words ("Model3000X") are left out."""
    text = passage.folded
    at = 0
    while match := _DIGITS.search(text, at):
        at = match.end()
        if _is_glued(text, match.start()):
            continue
        number = _with_multipliers(passage, match)
        at = number.end
        yield number


def word_pattern(names: str) -> str:
    """A regular expression for names parted by ``|``, longest first, a star for any ending."""
    parts = []
    for name in sorted(names.split("|"), key=len, reverse=True):
        folded = flat(name)
        ending = r"\w*" if folded.endswith("*") else "" if _free(folded[-1]) else r"(?![^\W\d_])"
        parts.append(re.escape(folded.rstrip("*")) + ending)
    return "|".join(parts)


def _free(char: str) -> bool:
    return bool(_SPACELESS.match(char)) or not char.isalnum()


def _is_glued(text: str, start: int) -> bool:
    """Whether letters are glued before a number and are no currency ("rp5.000", "us$", "rm20")."""
    before = text[max(0, start - 5) : start]
    return before[-1:].isascii() and before[-1:].isalpha() and not _UNITS.search(before)


_UNITS: Final = re.compile(r"\b(?:rp|rm|rs|s|usd|eur|rmb|cny|aed|idr|inr|vnd)\Z")


def _with_multipliers(passage: Passage, match: re.Match[str]) -> Number:
    text, pattern = passage.folded, _multipliers(passage.lang)
    value, end = _read(match[0], passage.lang), match.end()
    total, last, multiplied = 0.0, float("inf"), False
    while True:
        factor, stop = _factor(pattern, text, end, passage.lang)
        if factor == 1 or (multiplied and factor >= last):
            break
        total, last, end, multiplied = total + value * factor, factor, stop, True
        following = re.compile(r" ?(?:and )?(\d+(?:[.,]\d+)?)").match(text, end)
        if not following:
            break
        nested, after = _factor(pattern, text, following.end(), passage.lang)
        if nested == 1 or nested >= last or after == following.end():
            break
        value, end = _read(following[1], passage.lang), following.end()
    return Number(
        value=total if multiplied else value,
        start=match.start(),
        digits=match.end(),
        end=end if multiplied else match.end(),
        multiplied=multiplied,
    )


def _factor(pattern: re.Pattern[str], text: str, at: int, lang: str) -> tuple[float, int]:
    """The product of the multiplier words at ``at`` and where they end."""
    factor = 1.0
    for _ in range(2):
        match = pattern.match(text, at)
        if not match:
            break
        factor *= _factors(lang)[match.lastgroup or ""]
        at = match.end()
    return factor, at


def _read(digits: str, lang: str) -> float:
    plain = re.sub(r"['’٬\xa0\u202f ]", "", digits).replace("٫", ".")
    point, comma = plain.rfind("."), plain.rfind(",")
    if point >= 0 and comma >= 0:
        decimal = max(point, comma)
        return float(re.sub(r"[.,]", "", plain[:decimal]) + "." + plain[decimal + 1 :])
    mark = "." if point >= 0 else "," if comma >= 0 else ""
    if not mark:
        return float(plain)
    head, *rest = plain.split(mark)
    thousands = all(len(part) == 3 for part in rest) and head != "0"
    if len(rest) > 1:
        return float(head + "".join(rest)) if thousands else float(head + rest[0])
    decimal_mark = "." if lang in _POINT else ","
    if thousands and (mark != decimal_mark):
        return float(head + rest[0])
    return float(f"{head}.{rest[0]}")


@lru_cache(maxsize=64)
def _rows(lang: str) -> tuple[tuple[str, float, str], ...]:
    wanted = ("*", lang, "en") if lang not in {"es", "pt", "it", "de", "fr", "id"} else ("*", lang)
    rows = [row for row in read_words("multipliers.tsv") if row["lang"] in wanted]
    return tuple((f"m{index}", float(row["factor"]), row["names"]) for index, row in enumerate(rows))


@lru_cache(maxsize=64)
def _factors(lang: str) -> dict[str, float]:
    return {name: factor for name, factor, _ in _rows(lang)}


@lru_cache(maxsize=64)
def _multipliers(lang: str) -> re.Pattern[str]:
    rows = sorted(_rows(lang), key=lambda row: -max(len(name) for name in row[2].split("|")))
    groups = "|".join(f"(?P<{name}>{word_pattern(names)})" for name, _, names in rows)
    return re.compile(rf"[ \xa0-]?(?:{groups})")
