"""Dumps of listings in, verdicts out: the files of fauxwatch.

>>> from nlp.dumps import VerdictWriter, read
>>> rejected = []
>>> for batch in read(["shop-*.csv.gz", "more.xlsx"], on_reject=rejected.append):  # doctest: +SKIP
...     print(batch.num_rows, batch.column("title")[0])

CSV and its kin, JSON lines, JSON, Parquet and spreadsheets, also packed with gzip or zstd, are known by their content.
Every row of the input becomes exactly one listing or one :class:`~nlp.records.Rejection`. Ids stay as they are, also
when several rows share one; a row without an id is called ``file:line``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from nlp.errors import DumpError
from nlp.formats.cells import PriceReader, category_of, currency_of, label_of, text_of
from nlp.formats.columns import Recognised, listed, recognise
from nlp.formats.source import STDIN, expand
from nlp.formats.table import BadRow, Item, Limits, Row, Table
from nlp.formats.tables import tables
from nlp.places import state_of
from nlp.records import Rejection
from nlp.schema import LISTING
from nlp.writers import VerdictWriter, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["PLACED_LISTING", "Limits", "Recognised", "VerdictWriter", "read", "read_verdicts"]

PLACED_LISTING: Final[pa.Schema] = pa.schema(
    [*LISTING, pa.field("file", pa.string()), pa.field("line", pa.int64())]
)
_KEPT_OF_ROW: Final = 2_000
_REJECTED: Final = 8_192  # rejected rows after which a batch is given even if it is not full (or empty)


def read(
    paths: Sequence[str | Path],
    *,
    on_reject: Callable[[Rejection], None],
    mapping: Mapping[str, str] | None = None,
    batch_size: int = 2048,
    on_columns: Callable[[Recognised], None] | None = None,
    limits: Limits | None = None,
    only: Container[int] | None = None,
    extra: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Batches of ``PLACED_LISTING``: the columns of ``LISTING``, and ``file`` and ``line``, where a row stood.

    Args:
        paths: Files, globs, folders, or ``-`` for stdin; read in order, each file once.
        on_reject: Called with every row that gives no listing, before the batch that follows it is given.
        mapping: Column names by field, ``{"title": "Name"}``; ``""`` for none, ``"#3"`` for the third column.
        batch_size: Rows in a batch; fewer if they are very long or many were rejected, and in the last one.
        on_columns: Called with what was recognised, for each table as it is begun.
        limits: What a dump may demand of this machine.
        only: The numbers, from 0, of the rows to take, given or rejected; the others are passed over without a word.
        extra: Further columns of the dump that each batch carries as text under their own names (null where a table lacks one).

    Raises:
        DumpError: before the first batch if any file (other than a pipe) cannot be read or has no title column.
        UsageError: if ``mapping`` names no field of a listing.
    """
    bounds = limits or Limits()
    names = expand(paths)
    for name in names:
        if name != STDIN and state_of(name):
            _check(name, mapping, bounds)
    schema = pa.schema([*PLACED_LISTING, *(pa.field(name, pa.string()) for name in extra)])
    gathered = _Batches(batch_size, bounds, only, on_reject, schema)
    for name in names:
        yield from _read_file(name, mapping, gathered, on_columns)
    yield from gathered.rest()


def _check(name: str, mapping: Mapping[str, str] | None, limits: Limits) -> None:
    """Fail before hours of work: the file opens and one of its tables has a title."""
    seen: list[Table] = []
    with tables(name, limits) as found:
        for table in found:
            if recognise(name, table, mapping) is not None:
                return
            seen.append(table)
            for _ in table.rows([]):
                pass
    raise _no_title(name, seen)


def _read_file(
    name: str,
    mapping: Mapping[str, str] | None,
    gathered: _Batches,
    on_columns: Callable[[Recognised], None] | None,
) -> Iterator[pa.RecordBatch]:
    seen: list[Table] = []
    used = 0
    limits = gathered.limits
    with tables(name, limits) as found:
        for table in found:
            label = name + table.suffix
            recognised = recognise(label, table, mapping)
            if recognised is None:
                seen.append(table)
                reason = f"{table.name or 'this table'}: no column could be the title; columns are {listed(table.columns)}"
                gathered.reject(label, BadRow(1, reason))
                continue
            used += 1
            if on_columns is not None:
                on_columns(recognised)
            reader = _RowReader(
                label, table, recognised, limits, extra=gathered.schema.names[len(PLACED_LISTING) :]
            )
            for item in table.rows(reader.wanted):
                gathered.take(label, item, reader)
                if gathered.full:
                    yield gathered.give()
    if not used:
        raise _no_title(name, seen)


def _no_title(name: str, seen: Sequence[Table]) -> DumpError:
    shown = next((table for table in seen if table.columns), None)
    if shown is None:
        return DumpError(name, "holds no listing; there is nothing to read")
    return DumpError(
        name,
        f"no column could be the title of a listing; columns are {listed(shown.columns)}. "
        "Say which one it is: --map title=COLUMN",
    )


class _RowReader:
    """Turns the wanted cells of a row into the fields of a listing."""

    def __init__(
        self, label: str, table: Table, recognised: Recognised, limits: Limits, *, extra: Sequence[str] = ()
    ) -> None:
        self._label = label
        self._limits = limits
        numbers = {name: index for index, name in reversed(list(enumerate(table.columns)))}
        self.wanted: list[int] = []
        self._at: dict[str, list[int]] = {}
        for choice in recognised.choices:
            columns = (choice.column, *choice.otherwise)
            self._at[choice.role] = list(range(len(self.wanted), len(self.wanted) + len(columns)))
            self.wanted.extend(numbers[column] for column in columns)
        self._extra = list(extra)
        for name in (name for name in self._extra if name in numbers):
            self._at[f"extra {name}"] = [len(self.wanted)]
            self.wanted.append(numbers[name])
        self._prices = [
            (at, PriceReader([row[self.wanted[at]] for row in table.sample if self.wanted[at] < len(row)]))
            for at in self._at.get("price", ())
        ]
        self._header_currency = currency_of(recognised.currency)

    def read(self, row: Row) -> dict[str, Any] | str:
        """The fields of ``PLACED_LISTING``, or why the row is none."""
        cells = row.cells
        title = next((text for at in self._at["title"] if (text := text_of(cells[at])).strip()), "")
        description = text_of(self._cell(cells, "description"))
        if not title.strip() and not description.strip():
            return "no text: title and description are blank"
        longest = max(len(title), len(description))
        if longest > self._limits.cell:
            return f"a text of {longest:,} characters, more than the {self._limits.cell:,} that are read"
        price, currency = self._price(cells)
        return {
            "id": label_of(self._cell(cells, "id")) or f"{self._label}:{row.line}",
            "title": title,
            "description": description,
            "price": price,
            "currency": currency,
            "brand": label_of(self._cell(cells, "brand")),
            "seller": label_of(self._cell(cells, "seller")),
            "category": category_of(self._cell(cells, "category")),
            "url": label_of(self._cell(cells, "url")),
            "file": self._label,
            "line": row.line,
            **{name: label_of(self._cell(cells, f"extra {name}")) for name in self._extra},
        }

    def _cell(self, cells: Sequence[Any], role: str) -> Any:
        at = self._at.get(role)
        return cells[at[0]] if at else None

    def _price(self, cells: Sequence[Any]) -> tuple[float | None, str | None]:
        stated = currency_of(self._cell(cells, "currency")) or self._header_currency
        for at, reader in self._prices:
            found = reader.read(cells[at], stated)
            if found is not None:
                return found
        return None, stated


@dataclass(slots=True)
class _Batches:
    """Gathers listings until a batch is full, and passes over the rows that are not asked for."""

    size: int
    limits: Limits
    only: Container[int] | None
    on_reject: Callable[[Rejection], None]
    schema: pa.Schema
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _characters: int = 0
    _rejected: int = 0
    _number: int = -1

    @property
    def full(self) -> bool:
        return (
            len(self._rows) >= self.size
            or self._rejected >= _REJECTED
            or self._characters >= self.limits.batch_characters
        )

    def take(self, label: str, item: Item, reader: _RowReader) -> None:
        """One row of input: a listing, or a rejection."""
        if isinstance(item, BadRow):
            self.reject(label, item)
            return
        if self._passed():
            return
        fields = reader.read(item)
        if isinstance(fields, str):
            self._refuse(label, BadRow(item.line, fields, _shown(item.cells)))
            return
        self._rows.append(fields)
        self._characters += len(fields["title"]) + len(fields["description"])

    def reject(self, label: str, bad: BadRow) -> None:
        """One row of input that is no listing."""
        if not self._passed():
            self._refuse(label, bad)

    def _passed(self) -> bool:
        """Counts a row of input; whether it is passed over."""
        self._number += 1
        return self.only is not None and self._number not in self.only

    def _refuse(self, label: str, bad: BadRow) -> None:
        self._rejected += 1
        self.on_reject(
            Rejection(file=label, line=bad.line, reason=bad.reason, row=text_of(bad.text)[:_KEPT_OF_ROW])
        )

    def give(self) -> pa.RecordBatch:
        """The batch that is full."""
        columns = [pa.array([row[column.name] for row in self._rows], column.type) for column in self.schema]
        self._rows, self._characters, self._rejected = [], 0, 0
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def rest(self) -> Iterator[pa.RecordBatch]:
        if self._rows:
            yield self.give()


def _shown(cells: Sequence[Any]) -> str:
    """What could be kept of a row that is no listing."""
    return json.dumps(
        [str(cell)[:_KEPT_OF_ROW] for cell in cells if cell not in (None, "")], ensure_ascii=False
    )
