"""Dates as people write them in lists and careless feeds, in any language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["read_date"]

_DIGITS: Final = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
_COMPACT: Final = re.compile(r"(?<!\d)(20\d{2}|19\d{2})(\d{2})(\d{2})(?!\d)")
_THAI_YEAR: Final = 543


def read_date(text: str, *, lang: str = "", now: datetime) -> datetime | None:
    """The moment that ``text`` names, in UTC (midnight when it names a day); None when it names none.

    Year-first numbers are read directly; the rest goes to dateparser with the language of the source, so that
    ``12/08/2026`` is the twelfth of August in Paris and the eighth of December in New York.
    """
    for pattern in (_DIGITS, _COMPACT):
        match = pattern.search(text)
        found = _day(*map(int, match.groups())) if match else None
        if found:
            return found
    import dateparser

    languages = [lang.lower().partition("-")[0]] if lang else None
    settings = {
        "TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": True,
        "RELATIVE_BASE": now.replace(tzinfo=None),
    }
    try:
        parsed = dateparser.parse(text.strip()[:80], languages=languages, settings=settings)
        if parsed is None and languages:
            parsed = dateparser.parse(text.strip()[:80], settings=settings)
        return parsed.astimezone(UTC) if parsed else None
    except (ValueError, OverflowError, TypeError, RecursionError):
        return None


def _day(year: int, month: int, day: int) -> datetime | None:
    if 2400 < year < 2700:  # the Buddhist calendar of Thai officialdom
        year -= _THAI_YEAR
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
