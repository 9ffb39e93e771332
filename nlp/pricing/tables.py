"""Tables with a header, tab- or comma-separated: rows as they stand, or every fault of the file at once."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["PACKAGED", "Row", "positive", "read_table"]

PACKAGED: Final = Path(__file__).parent.parent / "lexicon"


class Row(dict[str, str]):
    """One row by column name; ``line`` is where it stands in its file."""

    def __init__(self, values: dict[str, str], line: int) -> None:
        super().__init__(values)
        self.line = line


def read_table(path: Path, required: Sequence[str]) -> list[Row]:
    """The rows of ``path`` (UTF-8; TSV, or CSV with commas or semicolons; ``#`` starts a comment line).

    Raises:
        ConfigError: if the file cannot be read as text, or a column of ``required`` is missing.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"cannot be read as UTF-8 text ({error}); save it as UTF-8"]) from error
    lines = [
        (number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"
    ]
    if not lines:
        raise ConfigError(str(path), [f"is empty; it needs a header: {', '.join(required)}"])
    rows = list(_rows(lines))
    missing = [name for name in required if name not in _header(lines[0][1])]
    if missing:
        raise ConfigError(str(path), [f"column {name!r} is missing from the header" for name in missing])
    return rows


def positive(row: Row, column: str, faults: list[str]) -> float | None:
    """The positive finite number in ``column``, None if empty; what is wrong is added to ``faults``."""
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1e12:
        faults.append(f"line {row.line}, {column}: {text!r} is not a positive number like 795 or 12.50")
        return None
    return number


def _delimiter(header: str) -> str:
    return max("\t,;", key=header.count)


def _header(line: str) -> list[str]:
    return [name.strip().lower() for name in next(csv.reader([line], delimiter=_delimiter(line)))]


def _rows(lines: list[tuple[int, str]]) -> Iterator[Row]:
    names = _header(lines[0][1])
    mark = _delimiter(lines[0][1])
    for number, line in lines[1:]:
        cells = line.split(mark) if mark == "\t" else next(csv.reader([line], delimiter=mark))
        yield Row({name: cell.strip() for name, cell in zip(names, cells, strict=False)}, number)
