"""Parquet: only the columns that are wanted, a batch at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa

from nlp.errors import DumpError
from nlp.formats.table import BadRow, Item, Limits, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["parquet_table"]

_BATCH: Final = 1024


def parquet_table(name: str, file: BinaryIO, limits: Limits) -> Table:
    """The one table of a Parquet file; inner fields are spelt ``brand.name``, lines are row numbers from 1.

    Raises:
        DumpError: if the file is damaged, or says that it unpacks to more than ``limits`` allow.
    """
    parquet = _open(name, file, limits)
    tops = list(parquet.schema_arrow.names)
    try:
        sample, columns = _sample(parquet, tops, limits)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise DumpError(name, f"is a damaged Parquet file: {error}") from error
    return Table(
        columns=columns,
        sample=sample,
        rows=lambda wanted: _rows(parquet, columns, wanted, tops),
        layout="Parquet",
    )


def _open(name: str, file: BinaryIO, limits: Limits) -> Any:
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(file, pre_buffer=False)
        groups = [parquet.metadata.row_group(index) for index in range(parquet.metadata.num_row_groups)]
        largest = max((group.total_byte_size for group in groups), default=0)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise DumpError(name, f"is a damaged Parquet file: {error}") from error
    if largest > limits.whole:
        raise DumpError(
            name, f"has a row group of {largest:,} bytes, more than {limits.whole:,}; write smaller ones"
        )
    if len(parquet.schema_arrow.names) > limits.columns:
        raise DumpError(name, f"has more than {limits.columns:,} columns; is this a table of listings?")
    return parquet


def _sample(parquet: Any, tops: Sequence[str], limits: Limits) -> tuple[list[list[Any]], list[str]]:
    flat = pa.schema(parquet.schema_arrow).empty_table().flatten()
    columns = list(flat.column_names)
    batches = parquet.iter_batches(batch_size=limits.sample_rows, columns=tops, use_threads=False)
    rows: list[list[Any]] = []
    for batch in islice(batches, 1):
        table = pa.Table.from_batches([batch]).flatten()
        rows = [list(row) for row in zip(*(_values(column) for column in table.columns), strict=True)]
    return rows[: limits.sample_rows], columns


def _rows(parquet: Any, columns: Sequence[str], wanted: Sequence[int], tops: Sequence[str]) -> Iterator[Item]:
    names = [columns[index] for index in wanted]
    needed = [top for top in tops if any(name == top or name.startswith(f"{top}.") for name in names)]
    number = 0
    try:
        for batch in parquet.iter_batches(batch_size=_BATCH, columns=needed, use_threads=False):
            table = pa.Table.from_batches([batch]).flatten()
            picked = [_values(table.column(name)) for name in names]
            for cells in zip(*picked, strict=True):
                number += 1
                yield Row(number, cells)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        yield BadRow(number + 1, f"the Parquet file is damaged from here on ({error}); the rest is lost")


def _values(column: Any) -> list[Any]:
    """Python values; text that is not UTF-8 comes with U+FFFD where the damage is."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        try:
            return list(column.to_pylist())
        except UnicodeDecodeError:
            column = column.cast(pa.large_binary())
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if value is None else value.decode("utf-8", "replace") for value in column.to_pylist()]
    return list(column.to_pylist())
