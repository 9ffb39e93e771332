"""Verdicts as a folder of Parquet files of equal size: what other machines read side by side."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.places import is_remote, put, remote, reported
from nlp.verdict_formats import FORMATS

if TYPE_CHECKING:
    from typing import IO

    import pyarrow as pa

    from nlp.verdict_formats import VerdictFormat

__all__ = ["ROWS_OF_SHARD", "Shards"]

ROWS_OF_SHARD: Final = 131_072
_NAME: Final = "part-{:05}.parquet"


class Shards:
    """Both a format of verdicts and the files that hold them; the folder gets its name when all of it is written."""

    def __init__(self, out: str) -> None:
        self._out = out.rstrip("/")
        self._partial = Path(f"{self._out}.partial")
        self._files: list[IO[bytes]] = []
        self._open: VerdictFormat | None = None
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows."""
        while batch.num_rows:
            if self._open is None or self._rows == ROWS_OF_SHARD:
                self._next()
            room = ROWS_OF_SHARD - self._rows
            if self._open is not None:
                self._open.write(batch.slice(0, room))
            self._rows += min(room, batch.num_rows)
            batch = batch.slice(room)

    def _next(self) -> None:
        self.close()
        if not self._files:
            if is_remote(self._out):
                self._partial = Path(tempfile.mkdtemp(prefix="fauxwatch-"))
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
        self._files.append((self._partial / _NAME.format(len(self._files))).open("wb"))
        self._open, self._rows = FORMATS["parquet"](self._files[-1]), 0

    def close(self) -> None:
        """End the file that is being written; of no verdicts at all there is one empty file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def abandon(self) -> None:
        """Write nothing more."""
        if self._open is not None:
            self._open.abandon()
            self._open = None

    def seal(self) -> None:
        """All bytes are on the disk."""
        if not self._files:
            self._next()
            self.close()
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
            file.close()

    def rename(self) -> None:
        """The folder has its name, in place of what had it before."""
        if is_remote(self._out):
            self._upload()
            return
        out, before = Path(self._out), Path(f"{self._out}.old")
        shutil.rmtree(before, ignore_errors=True)
        if out.exists():
            out.rename(before)
        self._partial.rename(out)
        shutil.rmtree(before, ignore_errors=True)

    def _upload(self) -> None:
        storage, folder = remote(self._out)
        names = {file.name for file in self._partial.iterdir()}
        for name in sorted(names):
            put(f"{self._out}/{name}", self._partial / name)
        with reported():
            storage.invalidate_cache()
            for old in storage.glob(f"{folder}/part-*.parquet"):
                if old.rpartition("/")[2] not in names:
                    storage.rm_file(old)

    def forget(self) -> None:
        """Nothing: there is always a file."""

    def discard(self) -> None:
        """Remove what has not got its name."""
        for file in self._files:
            file.close()
        if self._files:
            shutil.rmtree(self._partial, ignore_errors=True)
