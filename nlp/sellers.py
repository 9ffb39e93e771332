"""Who offers the suspects: a ranking of sellers, and links between accounts with the reason on each.

A seller's risk is the mean score of his listings, shrunk towards the mean of all sellers (empirical Bayes, Morris, JASA 1983), so
that one listing does not condemn. Contacts are shown as keyed hashes unless they are asked for.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import hmac
import io
import json
import os
import secrets
from array import array
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nlp.errors import OutputError, UsageError
from nlp.seller_tables import open_tables
from nlp.writers import neutral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from nlp.seller_tables import SellerTables

    _Show = Callable[[tuple[str, str]], str]

__all__ = ["Link", "Seller", "write_sellers"]

_KEY_VARIABLE: Final = "FAUXWATCH_CONTACT_KEY"
_BATCH: Final = 8_192
_ARROW: Final = {"str": pa.string(), "str | None": pa.string(), "int": pa.int64(), "float": pa.float64()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A seller's place among all: ``percentile`` 100 is the highest risk. ``cluster`` names accounts that are linked."""

    seller: str
    percentile: float
    risk: float
    listings: int
    suspected: int
    brands: tuple[str, ...]
    cues: tuple[str, ...]
    contacts: tuple[str, ...]
    cluster: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two accounts and why they are thought to belong together."""

    first: str
    second: str
    kind: str
    reason: str


def write_sellers(
    verdicts: Path, output: Path, *, links: Path | None = None, clear_contacts: bool = False
) -> tuple[Path, int, int]:
    """Ranks the sellers of a verdict file into ``output`` (.jsonl, .csv, .parquet) and their links into ``links``.

    Returns:
        The path, the number of sellers and the number of links.

    Raises:
        UsageError: if no verdict names a seller, or the ending of ``output`` or ``links`` is not known.
        DumpError: if ``verdicts`` or the suspected listings beside it cannot be read.
        OutputError: if a result cannot be written, for example because the disk is full.
    """
    beside = links or Path(f"{output}.links.jsonl")
    for path in (output, beside):
        if path.suffix not in (".jsonl", ".csv", ".parquet"):
            raise UsageError(f"{path}: sellers and links are written as .jsonl, .csv or .parquet")
    show = _plain_contact if clear_contacts else _hasher()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with open_tables(verdicts, output) as tables:
            if not tables.sellers:
                raise UsageError(
                    f"{verdicts}: no verdict names a seller; map the dump's seller column with --map seller=NAME"
                )
            with _Results(beside, Link) as found, _Results(output, Seller) as ranked:
                clusters = _write_links(tables, found, show)
                _write_ranking(tables, clusters, ranked, show)
            return output, ranked.rows, found.rows
    except RuntimeError as stop:
        if "interrupted" not in str(stop):  # DuckDB's word for Ctrl-C
            raise
        raise KeyboardInterrupt from stop
    except duckdb.Error as error:
        raise OutputError(
            str(output), f"cannot be worked out in the folder where it is to stand: {error}"
        ) from error
    except OSError as error:
        raise OutputError(str(error.filename or output), f"cannot be written ({error.strerror})") from error


def _write_links(tables: SellerTables, found: _Results, show: _Show) -> _Clusters:
    """All links, and who belongs together by them."""
    clusters = _Clusters(tables.sellers)
    for first, second, one, other, kind, channel, value, sample in tables.links():
        clusters.join(first, second)
        why = f"both give {show((channel, value))}" if channel else f"near-identical texts: “{sample}…”"
        found.add(Link(first=one, second=other, kind=kind, reason=why))
    return clusters


def _write_ranking(tables: SellerTables, clusters: _Clusters, ranked: _Results, show: _Show) -> None:
    """Sellers by falling risk."""
    rows = tables.ranked(clusters.roots())
    for below, risk, contacts, name, listings, suspected, brands, cues, cluster in rows:
        seller = Seller(
            seller=name,
            percentile=round(100 * below / max(tables.sellers - 1, 1), 1),
            risk=round(risk, 4),
            listings=listings,
            suspected=suspected,
            brands=tuple(brands or ()),
            cues=tuple(cues or ()),
            contacts=tuple(sorted(show((each["kind"], each["value"])) for each in contacts or ())),
            cluster=cluster,
        )
        ranked.add(seller)


class _Clusters:
    """Union-find over numbered sellers; a cluster goes by its least number, which is the first of its names."""

    def __init__(self, sellers: int) -> None:
        self._parent = array("q", [-1]) * sellers

    def join(self, first: int, second: int) -> None:
        """The two belong together."""
        least, other = sorted((self._root(first), self._root(second)))
        self._parent[other] = least

    def roots(self) -> Iterator[tuple[int, int]]:
        """Each seller who was joined with another, and the cluster's number."""
        return ((at, self._root(at)) for at, parent in enumerate(self._parent) if parent >= 0)

    def _root(self, at: int) -> int:
        parent = self._parent
        if parent[at] < 0:
            parent[at] = at
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at


def _plain_contact(contact: tuple[str, str]) -> str:
    return ":".join(contact)


def _hasher() -> _Show:
    """Keyed, so that nobody can try all phone numbers; set the key's variable to compare reports with each other."""
    key = os.environ.get(_KEY_VARIABLE, "").encode() or secrets.token_bytes(32)

    def hashed(contact: tuple[str, str]) -> str:
        return f"{contact[0]}:#{hmac.new(key, contact[1].encode(), hashlib.sha256).hexdigest()[:12]}"

    return hashed


class _Results:
    """Records written in batches beside their place; on leaving well the file gets its name, on leaving by an error it goes."""

    def __init__(self, path: Path, record: type[Seller | Link]) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._schema = pa.schema(
            [(each.name, _ARROW.get(str(each.type), pa.list_(pa.string()))) for each in fields(record)]
        )
        self._held: list[dict[str, Any]] = []
        self.rows = 0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = self._partial.open("wb")
        self._parquet = (
            pq.ParquetWriter(self._file, self._schema) if self._path.suffix == ".parquet" else None
        )
        if self._path.suffix == ".csv":
            self._file.write(_csv_lines([dict(zip(self._schema.names, self._schema.names, strict=True))]))
        return self

    def add(self, record: Seller | Link) -> None:
        """One more record."""
        self.rows += 1
        self._held.append({name: getattr(record, name) for name in self._schema.names})
        if len(self._held) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        rows, self._held = self._held, []
        if self._parquet is not None:
            self._parquet.write_table(pa.Table.from_pylist(rows, self._schema))
        elif self._path.suffix == ".csv":
            self._file.write(_csv_lines(rows))
        else:
            self._file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                if self._parquet is not None:
                    self._parquet.close()
                self._file.close()
                self._partial.replace(self._path)
        finally:
            if self._parquet is not None:
                self._parquet.is_open = False  # no footer to a file that is gone
            with contextlib.suppress(OSError):
                self._file.close()
            self._partial.unlink(missing_ok=True)


def _csv_lines(rows: list[dict[str, Any]]) -> bytes:
    held = io.StringIO(newline="")
    for row in rows:
        cells = ["; ".join(value) if isinstance(value, tuple) else value for value in row.values()]
        csv.writer(held).writerow([neutral(cell) if isinstance(cell, str) else cell for cell in cells])
    return held.getvalue().encode()
