"""Cue phrases, negation, brands, prices and currencies as tables with a source on every row."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from nlp.errors import ConfigError

__all__ = ["read_rows"]


def read_rows(table: str | Path, *, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a packaged table (by name, like ``cues.tsv``) or of a user's file (a ``Path``), keyed by column.

    Tab-separated with a header; lines that start with ``#`` and empty lines are skipped. Raises ConfigError with every
    fault at once: missing columns, rows of another width.
    """
    text = (table if isinstance(table, Path) else files(__name__).joinpath(table)).read_text("utf-8")
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    header = lines[0][1].split("\t") if lines else []
    missing = [column for column in columns if column not in header]
    if missing:
        raise ConfigError(str(table), [f"header: no column {column!r}" for column in missing])
    split = [(number, line.split("\t")) for number, line in lines[1:]]
    faults = [
        f"line {number}: {len(cells)} cells, the header has {len(header)}"
        for number, cells in split
        if len(cells) != len(header)
    ]
    if faults:
        raise ConfigError(str(table), faults)
    return [dict(zip(header, cells, strict=True)) for _, cells in split]
