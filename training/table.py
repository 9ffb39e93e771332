"""Labelled listings as one table on disk: texts stay in an Arrow file that is mapped, numbers stand in memory.

A million rows need about 200 MB of memory: 16 keys for near-identical texts, a key of the whole text, eight labels, a seller each.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from nlp.cues import COUNTERFEIT, LABELS
from nlp.dumps import read
from nlp.near import near_keys
from nlp.schema import LISTING_COLUMNS, listings_from_batch
from training.columns import ColumnCounts

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.dumps import Recognised
    from nlp.records import Listing, Rejection
    from training.label_columns import Layout

__all__ = ["LabelledTable", "load_table", "text_key"]

_BATCH: Final = 2_048
_BANDS: Final = 16
_AT: Final = LABELS.index(COUNTERFEIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTable:
    """Rows of listings with their labels ``[rows, LABELS]`` (NaN where not known).

    ``sellers`` numbers the sellers (-1: none), ``texts`` is a key of the folded text, ``near`` holds keys that near-identical texts
    share (0: none), ``times`` seconds since 1970 (NaN: none).
    """

    rows: Any  # datasets.Dataset, mapped from disk
    labels: NDArray[np.float32]
    sellers: NDArray[np.int32]
    texts: NDArray[np.uint64]
    near: NDArray[np.uint64]
    times: NDArray[np.float64]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Whether a row is labelled counterfeit."""
        return np.asarray(self.labels[:, _AT] > 0.5)

    def select(self, at: NDArray[np.int64]) -> LabelledTable:
        """The rows ``at``, in that order; texts stay on disk."""
        at = np.asarray(at, np.int64)
        return replace(
            self,
            rows=self.rows.select(at),
            labels=self.labels[at],
            sellers=self.sellers[at],
            texts=self.texts[at],
            near=self.near[at],
            times=self.times[at],
            fingerprint=hashlib.sha256(self.fingerprint.encode() + at.tobytes()).hexdigest(),
        )

    def listings(self, start: int = 0, stop: int | None = None) -> list[Listing]:
        """The listings ``start:stop`` as records."""
        end = len(self) if stop is None else min(stop, len(self))
        if end <= start:
            return []
        table = self.rows.with_format("arrow")[start:end]
        return [each for batch in table.to_batches() for each in listings_from_batch(batch)]

    def chunks(self, size: int = 1_024) -> Iterator[tuple[int, list[Listing]]]:
        """All listings in pieces: the number of the first row, and the records."""
        for start in range(0, len(self), size):
            yield start, self.listings(start, start + size)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTable:
    """The table, and what was seen while it was read."""

    table: LabelledTable
    rejected: list[Rejection]
    unread: Counter[str]
    columns: ColumnCounts
    recognised: tuple[Recognised, ...]


def load_table(
    paths: Sequence[str | Path],
    layout: Layout,
    work: Path,
    *,
    progress: Callable[[int], None] | None = None,
) -> LoadedTable:
    """Reads the dump at ``paths`` once, as a stream, into an Arrow file under ``work``; rows without a label stay in, unlabelled.

    Raises:
        DumpError: if a file is no dump of listings.
    """
    gathered = _Gathered(layout)
    recognised: list[Recognised] = []
    with _Writer(work) as writer:
        for batch in read(
            paths,
            mapping=layout.mapping,
            batch_size=_BATCH,
            on_reject=gathered.rejected.append,
            on_columns=recognised.append,
            extra=tuple(
                name
                for name in layout.columns
                if name not in LISTING_COLUMNS and name not in ("file", "line")
            ),
        ):
            gathered.take(batch)
            writer.write(batch.select(list(LISTING_COLUMNS)))
            if progress:
                progress(gathered.rows)
        writer.close()
    return LoadedTable(
        table=gathered.table(writer.dataset()),
        rejected=gathered.rejected,
        unread=gathered.unread,
        columns=gathered.columns,
        recognised=tuple(recognised),
    )


def text_key(listing: Listing) -> int:
    """64 bits that equal texts share, whatever their case and spacing."""
    folded = " ".join(f"{listing.title}\n{listing.description}".casefold().split())
    return int.from_bytes(hashlib.blake2b(folded.encode("utf-8", "replace"), digest_size=8).digest(), "big")


class _Writer:
    """Writes batches through ``datasets`` and gives the mapped dataset."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self._path = work / "listings.arrow"

    def __enter__(self) -> Self:
        from datasets import Features
        from datasets.arrow_writer import ArrowWriter

        from nlp.schema import LISTING

        self._path.unlink(missing_ok=True)
        self._writer = ArrowWriter(features=Features.from_arrow_schema(LISTING), path=str(self._path))
        return self

    def write(self, batch: Any) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_batches([batch]))

    def close(self) -> None:
        self._writer.finalize()

    def dataset(self) -> Any:
        from datasets import Dataset

        return Dataset.from_file(str(self._path))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._writer.close()


class _Gathered:
    """What is kept of every row while the dump streams by."""

    def __init__(self, layout: Layout) -> None:
        from collections import Counter

        self.layout = layout
        self.rows = 0
        self.rejected: list[Rejection] = []
        self.unread: Counter[str] = Counter()
        self.columns = ColumnCounts()
        self._numbers: dict[str, int] = {}
        self._digest = hashlib.sha256()
        self._parts: dict[str, list[NDArray[Any]]] = {
            name: [] for name in ("labels", "sellers", "texts", "near", "times")
        }

    def take(self, batch: Any) -> None:
        listings = listings_from_batch(batch)
        extra = {
            name: batch.column(name).to_pylist() for name in self.layout.columns if name in batch.schema.names
        }
        labels = np.full((len(listings), len(LABELS)), np.nan, np.float32)
        near = np.zeros((len(listings), _BANDS), np.uint64)
        for at, listing in enumerate(listings):
            row = {name: values[at] for name, values in extra.items()}
            known = self.layout.labels_of(row)
            for name, value in known.items():
                labels[at, LABELS.index(name)] = value
            if COUNTERFEIT not in known and self.layout.label and row.get(self.layout.label):
                self.unread[str(row[self.layout.label])[:60]] += 1
            for band, key in enumerate(near_keys(f"{listing.title} {listing.description}")):
                near[at, band] = (hash(key) & 0xFFFFFFFFFFFFFFFF) | 1
            if COUNTERFEIT in known:
                self.columns.add(
                    listing, row, counterfeit=known[COUNTERFEIT] >= 0.5, watched=self.layout.watched
                )
        texts = np.array([text_key(listing) for listing in listings], np.uint64)
        self._parts["labels"].append(labels)
        self._parts["near"].append(near)
        self._parts["texts"].append(texts)
        self._parts["sellers"].append(np.array([self._number(each.seller) for each in listings], np.int32))
        self._parts["times"].append(self._times(extra, len(listings)))
        self._digest.update(texts.tobytes() + labels.tobytes())
        self.rows += len(listings)

    def table(self, rows: Any) -> LabelledTable:
        empty: dict[str, NDArray[Any]] = {
            "labels": np.zeros((0, len(LABELS)), np.float32),
            "near": np.zeros((0, _BANDS), np.uint64),
            "texts": np.zeros(0, np.uint64),
            "sellers": np.zeros(0, np.int32),
            "times": np.zeros(0),
        }
        whole: dict[str, Any] = {
            name: np.concatenate(parts) if parts else empty[name] for name, parts in self._parts.items()
        }
        return LabelledTable(rows=rows, fingerprint=self._digest.hexdigest(), **whole)

    def _number(self, seller: str | None) -> int:
        if not seller:
            return -1
        return self._numbers.setdefault(" ".join(seller.casefold().split()), len(self._numbers))

    def _times(self, extra: dict[str, list[str | None]], n: int) -> NDArray[np.float64]:
        if not self.layout.time:
            return np.full(n, np.nan)
        return np.array([_seconds(cell) for cell in extra.get(self.layout.time, [None] * n)])


def _seconds(cell: str | None) -> float:
    """Seconds since 1970 of an ISO date or a number of seconds or milliseconds; NaN if it is none."""
    from datetime import UTC, datetime

    text = (cell or "").strip()
    try:
        number = float(text)
        return number / 1000 if number > 1e11 else number
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
