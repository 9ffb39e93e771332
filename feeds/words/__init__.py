"""Words that carry meaning in the news, by language: tables written for this project, with their source on top.

>>> [row["kind"] for row in read_words("kinds.tsv")][:2]
['seizure', 'raid']
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["read_words"]


@cache
def read_words(table: str) -> tuple[dict[str, str], ...]:
    """Rows of a packaged table, keyed by the names of its header; lines that start with ``#`` are skipped.

    Raises:
        ValueError: a row is wider or narrower than the header.
    """
    text = files(__name__).joinpath(table).read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    header = lines[0].split("\t")
    return tuple(dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:])
