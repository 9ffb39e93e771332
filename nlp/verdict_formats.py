"""The three formats of verdict files: how a batch is written, and read back as it was.

CSV cells that a spreadsheet would execute (first character ``= + - @``, tab, carriage return, or their full-width
forms) get a leading apostrophe, as does a cell that starts with an apostrophe itself; so taking one apostrophe off
every cell that starts with one gives back the original.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, cast

import pyarrow as pa

from nlp.errors import DumpError
from nlp.places import is_remote, open_place, remote, reported
from nlp.schema import VERDICT, VERDICT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["FORMATS", "VerdictFormat", "conform", "neutral", "plain", "read_verdicts", "shards_of"]

_RISKY: Final = tuple("=+-@\t\r＝＋－＠'")
_GROUP_ROWS: Final = 65_536
_BATCH: Final = 8_192
_NESTED: Final = frozenset({"cues", "brands", "contacts", "reasons"})
_NULLABLE: Final = frozenset({"seller", "lang"})
_TEXT: Final = frozenset(field.name for field in VERDICT if pa.types.is_string(field.type))


class VerdictFormat(Protocol):
    """Writes batches of ``VERDICT`` to an open file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows."""

    def close(self) -> None:
        """Write what is held back; the file itself stays open."""

    def abandon(self) -> None:
        """Write nothing more, whether or not all was written."""


def neutral(text: str) -> str:
    """``text`` as a cell that no spreadsheet executes; :func:`plain` takes it back."""
    return f"'{text}" if text.startswith(_RISKY) else text


def plain(cell: str) -> str:
    """The text that :func:`neutral` made a cell of."""
    return cell.removeprefix("'")


def read_verdicts(path: str | Path) -> Iterator[pa.RecordBatch]:
    """Batches of ``VERDICT`` from a file (or folder) that :class:`VerdictWriter` wrote, whichever its format.

    Raises:
        DumpError: if the file is missing, damaged or no verdicts.
    """
    for name in shards_of(str(path)):
        yield from _read_file(name)


def shards_of(name: str) -> list[str]:
    """The Parquet files of a folder of verdicts, in order; of a file, itself."""
    if is_remote(name) and name.endswith("/"):
        storage, folder = remote(name.rstrip("/"))
        with reported():
            return [
                str(storage.unstrip_protocol(each))
                for each in sorted(storage.glob(f"{folder}/part-*.parquet"))
            ]
    if not is_remote(name) and Path(name).is_dir():
        return [str(each) for each in sorted(Path(name).glob("part-*.parquet"))]
    return [name]


def _read_file(name: str) -> Iterator[pa.RecordBatch]:
    try:
        with open_place(name) as file:
            magic = file.read(4)
            file.seek(0)
            if magic == b"PAR1":
                yield from _read_parquet(file)
                return
            with _unpacked(file, magic) as text:
                yield from _read_text(text)
    except OSError as error:
        raise DumpError(name, f"cannot be read: {error.strerror or error}") from error
    except (pa.ArrowException, KeyError, ValueError, TypeError, EOFError) as error:
        raise DumpError(name, f"does not hold the verdicts of fauxwatch: {error}") from error


def conform(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Exactly ``VERDICT``; a blank seller or language is null in every format, since CSV cannot tell them apart."""
    table = pa.Table.from_batches([batch.select(list(VERDICT_COLUMNS))]).cast(VERDICT).combine_chunks()
    arrays = [_nulled(table.column(name), name) for name in VERDICT_COLUMNS]
    return pa.RecordBatch.from_arrays(arrays, schema=VERDICT)


def _nulled(column: Any, name: str) -> Any:
    array = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if name not in _NULLABLE:
        return array
    return pa.array([value or None for value in array.to_pylist()], pa.string())


class _JsonLines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, batch: pa.RecordBatch) -> None:
        text = "".join(json.dumps(_short(row), ensure_ascii=False) + "\n" for row in batch.to_pylist())
        self._file.write(text.encode())

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""


class _Csv:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.write((",".join(VERDICT_COLUMNS) + "\r\n").encode())

    def write(self, batch: pa.RecordBatch) -> None:
        held = io.StringIO()
        writer = csv.writer(held, lineterminator="\r\n")
        writer.writerows(
            [_csv_cell(name, value) for name, value in _short(row).items()] for row in batch.to_pylist()
        )
        self._file.write(held.getvalue().encode())

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""


class _Parquet:
    """Row groups of one size, so that the bytes do not depend on how the verdicts came."""

    def __init__(self, file: IO[bytes]) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(file, VERDICT, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        while self._rows >= _GROUP_ROWS:
            self._flush(_GROUP_ROWS)

    def _flush(self, rows: int) -> None:
        table = pa.Table.from_batches(self._held, VERDICT)
        self._writer.write_table(table.slice(0, rows).combine_chunks(), row_group_size=_GROUP_ROWS)
        rest = table.slice(rows)
        self._held = rest.to_batches() if rest.num_rows else []
        self._rows = rest.num_rows

    def close(self) -> None:
        if self._rows or not self._held:
            self._flush(self._rows)
        self._writer.close()

    def abandon(self) -> None:
        """Keep pyarrow from writing a footer to a file that is gone."""
        self._writer.is_open = False


FORMATS: Final[dict[str, Callable[[IO[bytes]], VerdictFormat]]] = {
    "jsonl": _JsonLines,
    "csv": _Csv,
    "parquet": _Parquet,
}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Scores with as many digits as 32 bits have."""
    row["score"] = _digits(row["score"])
    for cue in row["cues"] or ():
        cue["score"] = _digits(cue["score"])
    return row


def _digits(score: float | None) -> float | None:
    import numpy as np

    return None if score is None else float(str(np.float32(score)))


def _csv_cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _NESTED:
        return json.dumps(value, ensure_ascii=False)
    if name in _TEXT:
        return neutral(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


@contextlib.contextmanager
def _unpacked(file: IO[bytes], magic: bytes) -> Iterator[IO[bytes]]:
    if magic.startswith(b"\x1f\x8b"):
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    elif magic == b"\x28\xb5\x2f\xfd":
        import zstandard

        yield cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    else:
        yield file


def _read_parquet(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH, columns=list(VERDICT_COLUMNS)):
        yield conform(batch)


def _read_text(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    with io.TextIOWrapper(
        cast("Any", io.BufferedReader(cast("Any", file))), encoding="utf-8", newline=""
    ) as text:
        first = text.readline()
        if not first:
            return
        rows = _csv_rows(text, first) if first.startswith("id,") else _json_rows(text, first)
        while held := list(islice(rows, _BATCH)):
            yield _batch(held)


def _batch(rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    arrays = [pa.array([row[field.name] for row in rows], field.type) for field in VERDICT]
    return pa.RecordBatch.from_arrays(arrays, schema=VERDICT)


def _json_rows(text: io.TextIOWrapper, first: str) -> Iterator[dict[str, Any]]:
    yield json.loads(first)
    for line in text:
        if line.strip():
            yield json.loads(line)


def _csv_rows(text: io.TextIOWrapper, first: str) -> Iterator[dict[str, Any]]:
    names = next(csv.reader([first]))
    csv.field_size_limit(2**31 - 1)
    for cells in csv.reader(text):
        yield {name: _from_csv(name, cell) for name, cell in zip(names, cells, strict=True)}


def _from_csv(name: str, cell: str) -> Any:
    if name in _TEXT:
        return None if not cell and name in _NULLABLE else plain(cell)
    if not cell:
        return None
    if name in _NESTED:
        return json.loads(cell)
    return cell == "true" if name == "suspicious" else float(cell)
