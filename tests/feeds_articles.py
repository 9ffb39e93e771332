"""Articles for the tests of understanding, and the two tables that figures are taken from."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from feeds.analyse import Analyser
from feeds.records import Analysis, Item

SEEN = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def analyser() -> Analyser:
    return Analyser.load()


def article(title: str, text: str = "", lang: str = "en", *, day: str = "") -> Item:
    published = datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC) if day else None
    return Item(
        id=1,
        source_id=1,
        feed="https://news.example/feed",
        source_name="News",
        guid="1",
        url="https://news.example/1",
        title=title,
        text=text,
        summary="",
        lang=lang,
        published=published,
        first_seen=SEEN,
        last_seen=SEEN,
    )


def analysed(title: str, text: str = "", lang: str = "en", *, day: str = "") -> Analysis:
    return analyser().analyse(article(title, text, lang, day=day))


def cases() -> list[dict[str, str]]:
    lines = (DATA / "news_cases.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
