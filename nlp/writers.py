"""Verdicts written beside their place, made durable, then renamed; rejected rows and suspects beside them."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

from nlp.errors import OutputError, UsageError
from nlp.places import is_remote, put, remote, state_of
from nlp.shards import Shards
from nlp.verdict_formats import FORMATS, VerdictFormat, conform, neutral, plain, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    import pyarrow as pa

    from nlp.records import Rejection

__all__ = [
    "VerdictWriter",
    "manifest_path",
    "neutral",
    "output_format",
    "parts_path",
    "plain",
    "read_verdicts",
    "rejected_path",
    "suspects_path",
]


class VerdictWriter:
    """Writes verdicts to ``out`` (.jsonl, .csv, .parquet; the text ones also with .gz or .zst; ``-`` is stdout).

    With a slash at its end ``out`` is a folder of Parquet files.

    A context manager: on leaving it well the file gets its name, and rejections go to ``OUT.rejected.jsonl``,
    suspected listings to ``OUT.suspects.jsonl``; on leaving it by an error nothing is left behind and what stood
    under the name before still stands.

    Raises:
        UsageError: if the ending is none of those.
        OutputError: if it cannot be written, for example because the disk is full.
    """

    def __init__(self, out: str | Path) -> None:
        self._out = str(out)
        kind, packing = output_format(self._out)
        self._main: _Atomic | Shards = Shards(self._out) if kind == "shards" else _Atomic(self._out, packing)
        self._beside = {
            "rejected": _Atomic(rejected_path(self._out), None),
            "suspects": _Atomic(f"{_stem(self._out)}.suspects.jsonl", None),
        }
        self._kind = kind
        self._format: VerdictFormat | None = None
        self.written = 0
        self.counts = {"rejected": 0, "suspects": 0}

    def __enter__(self) -> Self:
        with _told(self._out):
            main = self._main
            self._format = main if isinstance(main, Shards) else FORMATS[self._kind](main.open())
        return self

    def write(self, listings: pa.RecordBatch | None, verdicts: pa.RecordBatch) -> None:
        """Append ``verdicts`` (at least the columns of ``VERDICT``). ``listings`` must have as many rows if given."""
        if listings is not None and listings.num_rows != verdicts.num_rows:
            raise ValueError(f"{listings.num_rows} listings but {verdicts.num_rows} verdicts")
        if self._format is None:
            raise ValueError("VerdictWriter is written to inside its with block")
        with _told(self._out):
            self._format.write(conform(verdicts))
        self.written += verdicts.num_rows

    def reject(self, rejection: Rejection) -> None:
        """Append a row that gave no verdict."""
        self._append("rejected", asdict(rejection))

    def suspect(self, listing: Mapping[str, Any]) -> None:
        """Append a suspected listing: verdicts have fixed columns and no text of the listing in them."""
        self._append("suspects", listing)

    def _append(self, what: str, row: Mapping[str, Any]) -> None:
        self.counts[what] += 1
        if self._out == "-":
            return
        with _told(self._out):
            line = json.dumps(row, ensure_ascii=False) + "\n"
            self._beside[what].open().write(line.encode("utf-8", "replace"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            if self._format is not None:
                self._format.abandon()
            for file in (self._main, *self._beside.values()):
                file.discard()

    def _finish(self) -> None:
        with _told(self._out):
            if self._format is not None:
                self._format.close()
            for file in (self._main, *self._beside.values()):
                file.seal()
            for what, file in self._beside.items() if self._out != "-" else ():
                if self.counts[what]:
                    file.rename()
                else:
                    file.forget()
            self._main.rename()


def output_format(out: str | Path) -> tuple[str, str | None]:
    """Format and packing by the ending of ``out``: ``("csv", "gzip")``.

    Raises:
        UsageError: if it is none that is written here.
    """
    name = str(out).lower()
    if name == "-":
        return "jsonl", None
    if name.endswith("/"):
        return "shards", None
    packing = {".gz": "gzip", ".zst": "zstd"}.get(Path(name).suffix)
    inner = Path(name).stem if packing else name
    kind = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}.get(
        Path(inner).suffix
    )
    if kind is None or (kind == "parquet" and packing):
        raise UsageError(
            f"{out}: verdicts are written as .jsonl, .csv (both also .gz, .zst), .parquet or a folder/"
        )
    return kind, packing


def rejected_path(out: str | Path) -> str:
    """Where the rows that gave no verdict are written; there is no such file if there are none."""
    return f"{_stem(out)}.rejected.jsonl"


def suspects_path(out: str | Path) -> Path:
    """Where the suspected listings themselves are written; there is no such file if there are none."""
    return Path(f"{_stem(out)}.suspects.jsonl")


def manifest_path(out: str | Path) -> str:
    """Where the record of the run is written."""
    return f"{_stem(out)}.manifest.json"


def parts_path(out: str | Path) -> str:
    """The folder in which an unfinished run is kept."""
    return f"{_stem(out)}.parts"


def _stem(out: str | Path) -> str:
    return str(out).rstrip("/")


class _Atomic:
    """A file that gets its name when it is complete."""

    def __init__(self, out: str, packing: str | None) -> None:
        self._out = out
        self._partial = Path(_held(out) if is_remote(out) else f"{out}.partial")
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
        if is_remote(self._out):
            put(self._out, self._partial)
            self._partial.unlink()
            return
        self._partial.replace(self._out)
        folder = os.open(self._partial.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def forget(self) -> None:
        """Nothing was written this time: what an earlier run left under the name goes."""
        if not is_remote(self._out):
            Path(self._out).unlink(missing_ok=True)
        elif state_of(self._out):
            storage, path = remote(self._out)
            storage.rm_file(path)

    def discard(self) -> None:
        """Remove what has not got its name. A file that cannot even be closed is removed all the same."""
        if self._out == "-" or not self._files:
            return
        for file in reversed(self._files):
            with contextlib.suppress(OSError, ValueError):
                file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


def _held(out: str) -> str:
    """A file of this machine that is written before it goes to object storage as a whole."""
    number, name = tempfile.mkstemp(prefix="fauxwatch-", suffix=f"-{out.rpartition('/')[2]}")
    os.close(number)
    Path(name).unlink()
    return name


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
