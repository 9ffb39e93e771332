"""Paths, globs, folders and stdin become byte streams: unpacked, looked at, bounded."""

from __future__ import annotations

import contextlib
import glob
import gzip
import io
import os
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from nlp.errors import DumpError
from nlp.places import is_remote, local_name, open_place, remote, reported, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nlp.formats.table import Limits

__all__ = ["HEAD", "STDIN", "Stream", "TruncatedError", "expand", "open_stream", "seekable"]

STDIN: Final = "-"
HEAD: Final = 2**20
_CHUNK: Final = 2**20
_STEP: Final = 2**16
_SIP: Final = 2**10
_ENDINGS: Final = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx", ".xlsm", ".xls")
_PACKED: Final = (".gz", ".zst")


class TruncatedError(Exception):
    """The packed data end or break in the middle; what came before is good."""


def expand(paths: Sequence[str | Path]) -> list[str]:
    """The files meant by paths, globs and folders, in the order given, each once; ``-`` stays.

    Raises:
        DumpError: if a path does not exist or a glob or folder holds no dump.
    """
    names = [name for path in paths for name in _expand_one(str(path))]
    seen: set[str] = set()
    return [name for name in names if not (_identity(name) in seen or seen.add(_identity(name)))]  # type: ignore[func-returns-value]


def _identity(name: str) -> str:
    return name if name == STDIN or is_remote(name) else os.path.realpath(name)


def _expand_one(given: str) -> list[str]:
    name = local_name(given)
    if is_remote(name):
        return _expand_remote(name)
    if name == STDIN or os.path.lexists(name):
        return _folder(name) if Path(name).is_dir() else [name]
    if not glob.has_magic(name):
        raise DumpError(name, "no such file; check the path")
    found = [each for each in sorted(glob.glob(name, recursive=True)) if not Path(each).is_dir()]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise DumpError(name, "no file matches this pattern; quote it if the shell should not expand it")
    return found


def _expand_remote(name: str) -> list[str]:
    storage, path = remote(name)
    try:
        with reported():
            if glob.has_magic(path):
                found = storage.glob(path)
            elif storage.isdir(path):
                found = [each for each in storage.ls(path, detail=False) if _is_dump(each.rpartition("/")[2])]
            elif storage.exists(path):
                return [name]
            else:
                found = []
    except OSError as error:
        raise DumpError(name, f"cannot be reached: {error.strerror or error}") from error
    if not found:
        raise DumpError(name, "no such file in this storage, and no dump in such a folder; check the name")
    return sorted(str(storage.unstrip_protocol(each)) for each in found)


def _folder(name: str) -> list[str]:
    found = sorted(str(path) for path in Path(name).iterdir() if path.is_file() and _is_dump(path.name))
    if not found:
        endings = " ".join(_ENDINGS)
        raise DumpError(name, f"no dump in this folder; looked for {endings}, also with .gz or .zst")
    return found


def _is_dump(name: str) -> bool:
    lowered = name.lower()
    if lowered.startswith(".") or ".rejected." in lowered:
        return False
    for packed in _PACKED:
        lowered = lowered.removesuffix(packed)
    return lowered.endswith(_ENDINGS)


class _Counted(io.RawIOBase):
    """Counts the bytes that are read, so that unpacked can be held against packed."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self._inner.read(len(view))
        view[: len(data)] = data
        self.count += len(data)
        return len(data)


@dataclass(slots=True)
class Stream:
    """Unpacked bytes of one dump. ``head`` is the first MiB, which ``chunks`` gives again."""

    name: str
    head: bytes
    packed: bool
    _body: IO[bytes]
    _counted: _Counted
    _limits: Limits
    _broken: list[TruncatedError]

    def chunks(self) -> Iterator[bytes]:
        """All bytes from the first, in pieces of at most 1 MiB; pieces do not depend on how a pipe delivers.

        Raises:
            DumpError: when the unpacked size is that of a bomb.
            TruncatedError: when the packed data break off.
        """
        total = len(self.head)
        yield self.head
        while piece := _fill(self._body, _CHUNK, self._broken):
            total += len(piece)
            self._check(total)
            yield piece
        if self._broken:
            raise self._broken[0]

    def _check(self, total: int) -> None:
        limits = self._limits
        if not self.packed:
            return
        if total > limits.ratio_after and total > limits.ratio * max(self._counted.count, 1):
            raise DumpError(
                self.name,
                f"unpacks to more than {limits.ratio} times its size, as archives made to fill a disk do; "
                "if you trust it, unpack it yourself and give the unpacked file",
            )
        if total > limits.unpacked:
            raise DumpError(self.name, f"unpacks to more than {limits.unpacked:,} bytes; split it")


@contextlib.contextmanager
def open_stream(name: str, limits: Limits) -> Iterator[Stream]:
    """The unpacked bytes of ``name``, whatever its ending says; gzip and zstd are known by their first bytes.

    Raises:
        DumpError: if it cannot be opened or read, or is empty.
    """
    with contextlib.ExitStack() as stack:
        try:
            raw = stack.enter_context(_open_raw(name))
            counted = _Counted(raw)
            buffered = io.BufferedReader(counted, _CHUNK)
            packing = _packing(buffered.peek(4)[:4])
            body = _unpack(buffered, packing)
            broken: list[TruncatedError] = []
            head = _fill(body, HEAD, broken)
        except OSError as error:
            raise DumpError(name, f"cannot be read: {error.strerror or error}") from error
        if not head and not broken:
            raise DumpError(name, "is empty; there is nothing to read")
        if not head:
            raise DumpError(name, f"cannot be unpacked: {broken[0]}")
        yield Stream(name, head, packing is not None, body, counted, limits, broken)


@contextlib.contextmanager
def _open_raw(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    with open_place(name) as file:
        yield cast("BinaryIO", file)


def _packing(magic: bytes) -> str | None:
    if magic.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else None


def _unpack(buffered: io.BufferedReader[Any], packing: str | None) -> IO[bytes]:
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=buffered, mode="rb"))
    if packing == "zstd":
        return cast("IO[bytes]", _ZstdReader(buffered))
    return buffered


class _ZstdReader:
    """Unpacks frame after frame. Little goes in at a time, since one byte may come out as thousands."""

    def __init__(self, inner: io.BufferedReader[Any]) -> None:
        self._inner = inner
        self._ready = bytearray()
        self._frame: Any = None

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, and some unless the end is reached."""
        while not self._ready:
            piece = self._inner.read(_SIP)
            if not piece:
                if self._frame is not None:
                    raise EOFError("it ends in the middle of a frame")
                return b""
            self._unpack(piece)
        given = bytes(self._ready[:size])
        del self._ready[:size]
        return given

    def _unpack(self, piece: bytes) -> None:
        import zstandard

        while piece:
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
            self._ready += self._frame.decompress(piece)
            piece = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None


def _fill(body: IO[bytes], size: int, broken: list[TruncatedError]) -> bytes:
    """Up to ``size`` bytes; fewer only at the end, or before a break, which the next call raises."""
    if broken:
        raise broken[0]
    pieces: list[bytes] = []
    missing = size
    while missing:
        try:
            piece = _read(body, min(missing, _STEP))
        except TruncatedError as error:
            broken.append(error)
            break
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _read(body: IO[bytes], size: int) -> bytes:
    import zstandard

    try:
        return body.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise TruncatedError(str(error) or "it breaks off") from error


def seekable(stream: Stream, limits: Limits) -> BinaryIO:
    """The bytes as a file that can be sought: the file itself, or a nameless copy on disk for packed data and pipes.

    Raises:
        DumpError: if the copy would be larger than ``limits.whole`` or cannot be unpacked.
    """
    if not stream.packed and stream.name != STDIN and state_of(stream.name):
        return cast("BinaryIO", open_place(stream.name))
    copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        _copy(stream, copy, limits)
    except TruncatedError as error:
        copy.close()
        raise DumpError(stream.name, f"cannot be unpacked: {error}") from error
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy


def _copy(stream: Stream, copy: BinaryIO, limits: Limits) -> None:
    for piece in stream.chunks():
        copy.write(piece)
        if copy.tell() > limits.whole:
            raise DumpError(stream.name, f"is larger than {limits.whole:,} bytes unpacked; unpack it first")
