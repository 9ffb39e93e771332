"""Verdicts as JSON lines, CSV or Parquet: written beside their place, made durable, then renamed.

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
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, Self, cast

import pyarrow as pa

from nlp.errors import DumpError, OutputError, UsageError
from nlp.schema import VERDICT, VERDICT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from nlp.records import Rejection

__all__ = ["VerdictWriter", "neutral", "output_format", "plain", "read_verdicts", "rejected_path"]

_RISKY: Final = tuple("=+-@\t\r＝＋－＠'")
_GROUP_ROWS: Final = 65_536
_BATCH: Final = 8_192
_NESTED: Final = frozenset({"cues", "brands", "contacts", "reasons"})
_NULLABLE: Final = frozenset({"seller", "lang"})
_TEXT: Final = frozenset(field.name for field in VERDICT if pa.types.is_string(field.type))


class _Format(Protocol):
    """Writes batches of ``VERDICT`` to an open file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows."""

    def close(self) -> None:
        """Write what is held back; the file itself stays open."""


class VerdictWriter:
    """Writes verdicts to ``out`` (.jsonl, .csv, .parquet; the text ones also with .gz or .zst; ``-`` is stdout).

    A context manager: on leaving it well the file gets its name, and rejections go to ``OUT.rejected.jsonl``; on
    leaving it by an error nothing is left behind and what stood under the name before still stands.

    Raises:
        UsageError: if the ending is none of those.
        OutputError: if it cannot be written, for example because the disk is full.
    """

    def __init__(self, out: str | Path) -> None:
        self._out = str(out)
        kind, packing = output_format(self._out)
        self._main = _Atomic(self._out, packing)
        self._rejected = _Atomic(rejected_path(self._out), None)
        self._kind = kind
        self._format: _Format | None = None
        self.written = 0
        self.rejected = 0

    def __enter__(self) -> Self:
        with _told(self._out):
            self._format = _FORMATS[self._kind](self._main.open())
        return self

    def write(self, listings: pa.RecordBatch | None, verdicts: pa.RecordBatch) -> None:
        """Append ``verdicts`` (at least the columns of ``VERDICT``). ``listings`` must have as many rows if given."""
        if listings is not None and listings.num_rows != verdicts.num_rows:
            raise ValueError(f"{listings.num_rows} listings but {verdicts.num_rows} verdicts")
        if self._format is None:
            raise ValueError("VerdictWriter is written to inside its with block")
        with _told(self._out):
            self._format.write(_conform(verdicts))
        self.written += verdicts.num_rows

    def reject(self, rejection: Rejection) -> None:
        """Append a row that gave no verdict."""
        row = {
            "file": rejection.file,
            "line": rejection.line,
            "reason": rejection.reason,
            "row": rejection.row,
        }
        with _told(rejected_path(self._out)):
            self._rejected.open().write(
                (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")
            )
        self.rejected += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._main.discard()
            self._rejected.discard()

    def _finish(self) -> None:
        with _told(self._out):
            if self._format is not None:
                self._format.close()
            self._main.seal()
            self._rejected.seal()
            if self.rejected:
                self._rejected.rename()
            elif self._out != "-":
                Path(rejected_path(self._out)).unlink(missing_ok=True)
            self._main.rename()


def output_format(out: str | Path) -> tuple[str, str | None]:
    """Format and packing by the ending of ``out``: ``("csv", "gzip")``.

    Raises:
        UsageError: if it is none that is written here.
    """
    name = str(out).lower()
    if name == "-":
        return "jsonl", None
    packing = {".gz": "gzip", ".zst": "zstd"}.get(Path(name).suffix)
    inner = Path(name).stem if packing else name
    kind = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}.get(
        Path(inner).suffix
    )
    if kind is None or (kind == "parquet" and packing):
        raise UsageError(f"{out}: verdicts are written as .jsonl, .csv (both also .gz, .zst) or .parquet")
    return kind, packing


def rejected_path(out: str | Path) -> str:
    """Where the rows that gave no verdict are written."""
    return f"{out}.rejected.jsonl"


def neutral(text: str) -> str:
    """``text`` as a cell that no spreadsheet executes; :func:`plain` takes it back."""
    return f"'{text}" if text.startswith(_RISKY) else text


def plain(cell: str) -> str:
    """The text that :func:`neutral` made a cell of."""
    return cell.removeprefix("'")


def read_verdicts(path: str | Path) -> Iterator[pa.RecordBatch]:
    """Batches of ``VERDICT`` from a file that :class:`VerdictWriter` wrote, whichever its format.

    Raises:
        DumpError: if the file is missing, damaged or no verdicts.
    """
    name = str(path)
    try:
        with Path(name).open("rb") as file:
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


class _Atomic:
    """A file that gets its name when it is complete."""

    def __init__(self, out: str, packing: str | None) -> None:
        self._out = out
        self._partial = Path(f"{out}.partial")
        self._packing = packing
        self._files: list[IO[bytes]] = []

    def open(self) -> IO[bytes]:
        """The file to write to, opened once."""
        if not self._files:
            if self._out == "-":
                self._files.append(sys.stdout.buffer)
                return self._files[-1]
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            self._files.append(self._partial.open("wb"))
            if self._packing:
                self._files.append(_packer(self._files[0], self._packing))
        return self._files[-1]

    def seal(self) -> None:
        """All bytes are on the disk."""
        if self._out == "-" or not self._files:
            return
        if self._packing:
            self._files[-1].close()
        self._files[0].flush()
        os.fsync(self._files[0].fileno())
        self._files[0].close()

    def rename(self) -> None:
        """The file has its name, also after a power cut."""
        if self._out == "-":
            sys.stdout.buffer.flush()
            return
        self._partial.replace(self._out)
        folder = os.open(self._partial.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Remove what has not got its name. A file that cannot even be closed is removed all the same."""
        if self._out == "-" or not self._files:
            return
        for file in reversed(self._files):
            with contextlib.suppress(OSError, ValueError):
                file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


def _packer(file: IO[bytes], packing: str) -> IO[bytes]:
    """Packed bytes depend on the content alone: no time and no name in the header."""
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0))
    import zstandard

    return cast("IO[bytes]", zstandard.ZstdCompressor().stream_writer(file, closefd=False))


@contextlib.contextmanager
def _told(out: str) -> Iterator[None]:
    """Faults of the disk as an error that says what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            out,
            f"cannot be written ({why}); nothing half-written is left, free space or choose another place",
        ) from error


def _conform(batch: pa.RecordBatch) -> pa.RecordBatch:
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
        pass


class _Csv:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.write((",".join(VERDICT_COLUMNS) + "\n").encode())

    def write(self, batch: pa.RecordBatch) -> None:
        held = io.StringIO()
        writer = csv.writer(held, lineterminator="\n")
        writer.writerows(
            [_csv_cell(name, value) for name, value in _short(row).items()] for row in batch.to_pylist()
        )
        self._file.write(held.getvalue().encode())

    def close(self) -> None:
        pass


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


_FORMATS: Final[dict[str, Callable[[IO[bytes]], _Format]]] = {
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
        yield _conform(batch)


def _read_text(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    text = io.TextIOWrapper(cast("Any", io.BufferedReader(cast("Any", file))), encoding="utf-8", newline="")
    first = text.readline()
    if not first:
        return
    rows = _csv_rows(text, first) if first.startswith("id,") else _json_rows(text, first)
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) >= _BATCH:
            yield _batch(held)
            held = []
    if held:
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
