"""What every format becomes: a table with named columns, a sample, and rows that are read once, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["MISSING", "BadRow", "Item", "Limits", "Row", "Table", "unique_names"]

# What exporters write for "nothing here": R, pandas, databases, spreadsheets.
MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "nan", "NaN", "\\N", "undefined", "-", "--"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a dump may demand of this machine. Sizes in bytes of the unpacked data, or in characters.

    ``row`` bounds one line or JSON value, ``cell`` one text that is kept. ``unpacked`` and ``ratio`` stop gzip and
    zstd bombs: more than ``ratio`` times the packed size is refused once ``ratio_after`` bytes came out.
    ``whole`` bounds what must be held at once: a spreadsheet, or a packed Parquet file put on disk.
    """

    row: int = 8 * 2**20
    cell: int = 2**20
    columns: int = 20_000
    unpacked: int = 2**40
    ratio: int = 200
    ratio_after: int = 64 * 2**20
    whole: int = 2 * 2**30
    sample_rows: int = 500
    batch_characters: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of the wanted columns, and the line or row number at which a user would look it up."""

    line: int
    cells: Sequence[Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A stretch of input that is no row: where it starts, why, and its text."""

    line: int
    reason: str
    text: str = ""


Item: TypeAlias = Row | BadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a dump. ``name`` is empty unless the file holds several (sheets, JSON arrays).

    ``sample`` holds whole rows; ``rows(wanted)`` gives every row from the first, with the cells of the columns
    whose numbers are in ``wanted``, in that order. ``suffix`` goes behind the file's name where line
    numbers alone would not find a row. ``encoding`` and ``layout`` are words for people.
    """

    columns: Sequence[str]
    sample: Sequence[Sequence[Any]]
    rows: Callable[[Sequence[int]], Iterator[Item]]
    name: str = ""
    suffix: str = ""
    encoding: str = ""
    layout: str = ""
    notes: Sequence[str] = field(default=())


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with blanks called "column 3" and repeats numbered: "price", "price (2)"."""
    seen: dict[str, int] = {}
    unique = []
    for number, raw in enumerate(names, start=1):
        name = raw.strip() or f"column {number}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique
