"""Which kind of dump a file is, by its content, and the tables in it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from nlp.errors import DumpError
from nlp.formats.delimited import delimited_table
from nlp.formats.encodings import looks_binary
from nlp.formats.json_rows import json_tables, looks_like_json
from nlp.formats.source import open_stream, seekable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nlp.formats.source import Stream
    from nlp.formats.table import Limits, Table

__all__ = ["tables"]

_KNOWN: Final = (
    (b"%PDF", "is a PDF document; export the table as CSV or XLSX"),
    (b"\x89PNG", "is an image; fauxwatch reads text"),
    (b"\xff\xd8\xff", "is an image; fauxwatch reads text"),
    (b"BZh", "is packed with bzip2; unpack it first (gzip and zstd are read as they are)"),
    (b"\xfd7zXZ", "is packed with xz; unpack it first (gzip and zstd are read as they are)"),
    (b"7z\xbc\xaf", "is a 7-Zip archive; unpack it first"),
    (b"Rar!", "is a RAR archive; unpack it first"),
    (b"SQLite format 3", "is an SQLite database; export the table as CSV"),
    (b"ARROW1", "is an Arrow file; write it as Parquet"),
    (b"\x1f\x8b", "is packed twice; unpack it once"),
    (b"\x28\xb5\x2f\xfd", "is packed twice; unpack it once"),
)


@contextlib.contextmanager
def tables(name: str, limits: Limits) -> Iterator[Iterator[Table]]:
    """The tables of the dump ``name``, in order; each is to be read to its end before the next is asked for.

    Raises:
        DumpError: if it is no dump that can be read.
    """
    with open_stream(name, limits) as stream, contextlib.ExitStack() as stack:
        yield _tables(stream, limits, stack)


def _tables(stream: Stream, limits: Limits, stack: contextlib.ExitStack) -> Iterator[Table]:
    from nlp.formats.parquet import parquet_table
    from nlp.formats.sheets import sheet_tables

    head = stream.head
    if head.startswith(b"PAR1"):
        file = stack.enter_context(seekable(stream, limits))
        yield parquet_table(stream.name, file, limits)
    elif head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        file = stack.enter_context(seekable(stream, limits))
        yield from sheet_tables(stream.name, file, limits)
    else:
        _refuse(stream.name, head)
        if looks_like_json(head):
            yield from json_tables(stream, limits)
        else:
            yield delimited_table(stream, limits)


def _refuse(name: str, head: bytes) -> None:
    for magic, reason in _KNOWN:
        if head.startswith(magic):
            raise DumpError(name, reason)
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise DumpError(name, "is a web page or XML, not a table; export it as CSV, XLSX or JSON")
    if looks_binary(head):
        raise DumpError(name, "is not text and no format that is read here; give CSV, JSON, Parquet or XLSX")
