"""Dates in the news: day, month or year, with how a missing year or a relative day was arrived at.

A date without a year takes the year that puts it nearest before the article (a little after it for hearings to come).
Where an article that is posted again much later names full dates, these decide instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.mentions.numbers import word_pattern
from feeds.records import DateMention
from feeds.scan import Scanner, flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.mentions.passages import Passage

__all__ = ["Stated", "anchor_of", "find_dates", "read_days"]

_AHEAD: Final = timedelta(days=40)
_STALE: Final = timedelta(days=300)
_BUDDHIST: Final = 543
_JALALI: Final = 621
_YEAR: Final = r"(?:19[5-9]\d|20[0-4]\d)"
Precision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A date as it stands at ``start:end``; what is not said is None. ``shift`` is (unit, offset) or a weekday."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    shift: tuple[str, int] | None = None
    start: int
    end: int


def find_dates(passages: Iterable[Passage], published: date | None) -> list[DateMention]:
    """The dates of an article in order; those that need an article's date are left out where it has none."""
    texts = list(passages)
    stated = [(passage, one) for passage in texts for one in read_days(passage)]
    anchor, borrowed = anchor_of([one for _, one in stated], published)
    found = []
    for passage, one in stated:
        mention = _resolved(one, published, anchor, borrowed=borrowed)
        if mention is not None:
            found.append(replace(mention, evidence=passage.evidence(one.start, one.end)))
    return found


def anchor_of(stated: Iterable[Stated], published: date | None) -> tuple[date | None, bool]:
    """The day to which dates without a year are near, and whether the text gave it instead of the feed."""
    full = [
        day for one in stated if one.year and one.month and (day := _day(one.year, one.month, one.day or 1))
    ]
    if published is None:
        return (max(full), True) if full else (None, False)
    near = [day for day in full if day > published - _STALE]
    if full and not near:
        return max(full) + timedelta(days=31), True
    return published, False


def read_days(passage: Passage) -> Iterator[Stated]:
    """What looks like a date, not overlapping, in order."""
    found: list[Stated] = []
    for match in _numeric().finditer(passage.folded):
        found += _from_numbers(match, passage)
    for match in _named(passage.lang).finditer(passage.folded):
        found += _from_names(match, passage.lang)
    taken = [(one.start, one.end) for one in found]
    if passage.field == "text" or passage.text:
        found += [one for one in _relative(passage) if not _overlaps(one, taken)]
    kept: list[Stated] = []
    for one in sorted(found, key=lambda each: (each.start - each.end, each.start)):
        if not _overlaps(one, [(other.start, other.end) for other in kept]):
            kept.append(one)
    yield from sorted(kept, key=lambda each: each.start)


def _overlaps(one: Stated, spans: list[tuple[int, int]]) -> bool:
    return any(one.start < end and start < one.end for start, end in spans)


# --- numbers -------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _numeric() -> re.Pattern[str]:
    gregorian = r"(?:19[5-9]\d|20[0-4]\d|25[4-9]\d|1[34]\d\d)"
    return re.compile(
        rf"(?<![\d/.-])(?P<y1>{gregorian})[-/.](?P<m1>0?[1-9]|1[0-2])[-/.](?P<d1>0?[1-9]|[12]\d|3[01])(?![\d/-])"
        rf"|(?<![\d/.-])(?P<a2>\d{{1,2}})[-/.](?P<b2>\d{{1,2}})[-/.](?P<y2>{gregorian})(?!\d)"
        rf"|(?P<y3>{gregorian})\s?[年년]\s?(?P<m3>\d{{1,2}})\s?[月월](?:\s?(?P<d3>\d{{1,2}})\s?[日号號일])?"
        rf"|(?<!\d)(?P<m4>1[0-2]|0?[1-9])\s?[月월]\s?(?P<d4>\d{{1,2}})\s?[日号號일]"
        rf"|(?:令和|平成)(?P<e5>\d{{1,2}})年(?P<m5>\d{{1,2}})月(?P<d5>\d{{1,2}})日"
        rf"|(?:ngay|sang|chieu|toi|trua|hom)\s(?P<d6>\d{{1,2}})[/-](?P<m6>\d{{1,2}})(?:[/-](?P<y6>{_YEAR}))?(?![\d/])"
        rf"|thang\s(?P<m7>\d{{1,2}})[/-](?P<y7>{_YEAR})(?!\d)"
        rf"|ngay\s(?P<d8>\d{{1,2}})\sthang\s(?P<m8>\d{{1,2}})(?:\snam\s(?P<y8>{_YEAR}))?"
        rf"|(?<![\d年])(?P<d9>\d{{1,2}})\s?[日일](?![間间本元목])"
        rf"|(?<![\d/(])\((?P<d10>\d{{1,2}})/(?P<m10>\d{{1,2}})(?:/(?P<y10>{_YEAR}))?\)"
        rf"|(?<![\d.])(?P<d11>[0-3]?\d)\.(?P<m11>[01]?\d)\.(?![\d])"
    )


def _from_numbers(match: re.Match[str], passage: Passage) -> list[Stated]:
    parts = {name: int(value) for name, value in match.groupdict().items() if value}
    start, end = match.span()
    if "a2" in parts:
        return _ambiguous(
            parts["a2"], parts["b2"], _common(parts["y2"], passage.lang), passage.lang, start=start, end=end
        )
    if "d11" in parts and passage.lang not in {"de", "pl", "ru", "uk", "tr"}:
        return []
    if "d9" in parts and passage.lang not in {"ja", "ko", "zh"}:
        return []
    if "d10" in parts and passage.lang == "en":
        return []
    year = next((parts[key] for key in parts if key[0] == "y"), None)
    if "e5" in parts:
        year = parts["e5"] + (2018 if match[0].startswith("令") else 1988)
    month = next((parts[key] for key in parts if key[0] == "m"), None)
    day = next((parts[key] for key in parts if key[0] == "d"), None)
    if (month and month > 12) or (day is not None and not 1 <= day <= 31):
        return []
    return [
        Stated(year=_common(year, passage.lang) if year else None, month=month, day=day, start=start, end=end)
    ]


def _ambiguous(first: int, second: int, year: int, lang: str, *, start: int, end: int) -> list[Stated]:
    day, month = (second, first) if (lang == "en" and first <= 12) or second > 12 else (first, second)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return []
    return [Stated(year=year, month=month, day=day, start=start, end=end)]


def _common(year: int, lang: str) -> int:
    """The common era's year of a Thai or Persian one."""
    if 2400 < year < 2700:
        return year - _BUDDHIST
    if 1300 <= year <= 1499 and lang == "fa":
        return year + _JALALI
    return year


# --- names of months -----------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _months(lang: str) -> dict[str, int]:
    return {
        f"m{row['number']}": int(row["number"])
        for row in read_words("months.tsv")
        if row["lang"] == lang and row["kind"] == "month"
    }


@lru_cache(maxsize=32)
def _named(lang: str) -> re.Pattern[str]:
    rows: dict[str, list[str]] = {}
    for row in read_words("months.tsv"):
        if row["lang"] == lang and row["kind"] == "month":
            rows.setdefault(row["number"], []).extend(row["names"].split("|"))
    if not rows or lang in {"zh", "ja", "ko"}:
        return re.compile(r"(?!)")
    ordered = sorted(rows.items(), key=lambda pair: -max(len(name) for name in pair[1]))
    names = "|".join(f"(?P<m{number}>{word_pattern('|'.join(found))})" for number, found in ordered)
    second = re.sub(r"\(\?P<m(\d+)>", r"(?P<n\1>", names)
    year = r"(?:\d{4})"
    joint = r"(?:\.|\s|,|-|ที่|de\b|del\b|do\b|di\b|of\b|the\b|lalu\b|г\.|року?\b|года?\b|พ\.ศ\.|سنة|عام|सन)*"
    return re.compile(
        rf"(?<![^\W_])(?:(?P<d>[0-3]?\d)(?:st|nd|rd|th|er|º|°|-го|-е|\.)?{joint}(?:{names})\.?(?:{joint}(?P<y>{year})(?!\d))?"
        rf"|(?:{second})\.?{joint}(?:(?P<e>[0-3]?\d)(?:st|nd|rd|th)?(?![\d:])(?:,?\s?(?P<z>{year})(?!\d))?|(?P<w>{year})(?!\d)))"
    )


def _from_names(match: re.Match[str], lang: str) -> list[Stated]:
    groups = match.groupdict()
    month = next((int(name[1:]) for name, value in groups.items() if value and name[0] in "mn"), 0)
    year = next((int(groups[name]) for name in "yzw" if groups[name]), None)
    day = next((int(groups[name]) for name in "de" if groups[name]), None)
    if year is not None:
        year = _common(year, lang)
        if not 1950 <= year <= 2049:
            year = None
    if day is not None and not 1 <= day <= 31:
        return []
    if day is None and year is None:
        return []
    return [Stated(year=year, month=month, day=day, start=match.start(), end=match.end())]


# --- relative days -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _distances() -> Scanner:
    rows = [
        (row["lang"], f"{row['unit']} {row['offset']}", row["patterns"]) for row in read_words("relative.tsv")
    ]
    rows += [
        (row["lang"], f"weekday {row['number']}", row["names"])
        for row in read_words("months.tsv")
        if row["kind"] == "weekday"
    ]
    return Scanner(
        (lang, label, "|".join(flat(name) for name in names.split("|"))) for lang, label, names in rows
    )


def _relative(passage: Passage) -> Iterator[Stated]:
    for hit in _distances().find_flat(passage.folded, {passage.lang}):
        unit, number = hit.label.split(" ")
        written = passage.text[hit.start : hit.end]
        if unit == "weekday" and (len(written) <= 3 or (passage.lang == "en" and not written[0].isupper())):
            continue
        if hit.lang == passage.lang:
            yield Stated(shift=(unit, int(number)), start=hit.start, end=hit.end)


# --- what they mean ------------------------------------------------------------------------------


def _resolved(
    one: Stated, published: date | None, anchor: date | None, *, borrowed: bool
) -> DateMention | None:
    if one.shift is not None:
        return _shifted(one.shift, published) if published and not borrowed else None
    how = "stated"
    year, month, day = one.year, one.month, one.day
    if year is None:
        if anchor is None:
            return None
        how = "year_from_text" if borrowed else "year_from_item"
        if month is None:
            return _day_of_month(day or 1, anchor)
        year = _nearest(month, day or 1, anchor)
    precision: Precision = "day" if day else "month" if month else "year"
    value = _day(year, month or 1, day or 1)
    return None if value is None else DateMention(value=value, precision=precision, how=how)


def _nearest(month: int, day: int, anchor: date) -> int:
    """The latest year that does not put the day more than a few weeks after ``anchor``."""
    value = _day(anchor.year + 1, month, day)
    for year in (anchor.year + 1, anchor.year, anchor.year - 1):
        value = _day(year, month, day)
        if value is not None and value <= anchor + _AHEAD:
            return year
    return anchor.year


def _day_of_month(day: int, anchor: date) -> DateMention | None:
    """The latest such day ("12日") that is not after the article, but for a day or two."""
    for back in range(3):
        month = anchor.month - back
        value = _day(anchor.year + (month - 1) // 12, (month - 1) % 12 + 1, day)
        if value is not None and value <= anchor + timedelta(days=2):
            return DateMention(value=value, precision="day", how="month_from_item")
    return None


def _shifted(shift: tuple[str, int], published: date) -> DateMention:
    unit, number = shift
    if unit == "weekday":
        value = published - timedelta(days=(published.weekday() - number) % 7)
        return DateMention(value=value, precision="day", how="weekday")
    if unit == "month":
        first = published.replace(day=1) - timedelta(days=1)
        return DateMention(value=first.replace(day=1), precision="month", how="relative")
    if unit == "year":
        return DateMention(value=date(published.year + number, 1, 1), precision="year", how="relative")
    days = number * (7 if unit == "week" else 1)
    return DateMention(value=published + timedelta(days=days), precision="day", how="relative")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
