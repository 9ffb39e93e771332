"""What the base model and the rules say of every row, kept in pieces on disk so that a run that was killed does not ask again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.decide import Stack, features_of
from nlp.head import column_features, history_key, logit
from nlp.markup import without_markup
from nlp.prices import Currencies, DumpMedians
from nlp.reading import Reader, view_of
from training.channel import hashed_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.detector import Detector
    from nlp.reading import Reading
    from nlp.records import Listing
    from training.table import LabelledTable

__all__ = ["Encoded", "base_probabilities", "encode_table", "reader_for", "seconds_per_row"]

_CHUNK: Final = 256
_TIMED: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Row by row: the base model's log-odds ``[rows, LABELS]``, the column features, language, and hashed names."""

    base: NDArray[np.float64]
    columns: NDArray[np.float64]
    langs: tuple[str | None, ...]
    categories: tuple[str | None, ...]
    sellers: tuple[str | None, ...]
    texts: tuple[str, ...]

    def matrix(self) -> Any:
        """The hashed n-grams ``[rows, 2**BITS]``."""
        return hashed_matrix(self.texts)


def reader_for(table: LabelledTable) -> Reader:
    """The reader that ``classify`` would use on this dump: with the dump's own median prices."""
    reader = _plain_reader()
    medians = DumpMedians(Currencies.load())
    for _, listings in table.chunks():
        for listing in listings:
            if listing.price is not None:
                medians.add(listing, reader.brand_of(listing))
    return reader.with_medians(medians.freeze())


@lru_cache(maxsize=1)
def _plain_reader() -> Reader:
    return Reader.load()


def base_probabilities(detector: Detector, readings: Sequence[Reading]) -> NDArray[np.float64]:
    """Probabilities ``[readings, labels]`` of a model without the head that a team may have put on it."""
    views = [view_of(reading) for reading in readings]
    scored = zip(
        readings,
        detector.classifier.encoder_logits(views),
        detector.classifier.ngram_logits(views),
        strict=True,
    )
    features = np.stack([features_of(*row) for row in scored])
    return Stack.from_json(detector.artefact.detector["stack"], detector.artefact.labels).probabilities(
        features
    )


def encode_table(
    table: LabelledTable,
    detector: Detector,
    work: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Encoded:
    """Every row of ``table`` as the base ``detector`` reads it; pieces that are already under ``work`` are not made again."""
    work.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(table), _CHUNK):
        file = work / f"{start:09d}.npz"
        if not file.exists():
            _write_chunk(file, table.listings(start, start + _CHUNK), detector)
        if progress:
            progress(min(start + _CHUNK, len(table)), len(table))
    pieces = [_read_chunk(work / f"{start:09d}.npz") for start in range(0, len(table), _CHUNK)]
    whole = {
        name: [each for piece in pieces for each in piece[name]]
        for name in ("langs", "categories", "sellers", "texts")
    }
    return Encoded(
        base=np.concatenate([piece["base"] for piece in pieces]),
        columns=np.concatenate([piece["columns"] for piece in pieces]),
        **{name: tuple(values) for name, values in whole.items()},
    )


def seconds_per_row(table: LabelledTable, detector: Detector) -> float:
    """How long one row takes here and now, measured on a few rows of the table."""
    listings = table.select(
        np.linspace(0, len(table) - 1, min(_TIMED, len(table))).astype(np.int64)
    ).listings()
    _read(listings[:2], detector)  # the first rows also load tables and warm the graph
    began = time.perf_counter()
    _read(listings, detector)
    return (time.perf_counter() - began) / max(len(listings), 1)


def _read(
    listings: Sequence[Listing], detector: Detector
) -> tuple[list[Reading], NDArray[np.float64], NDArray[np.float64]]:
    readings = [detector.reader.read(without_markup(listing)[0]) for listing in listings]
    base = logit(base_probabilities(detector, readings))
    return readings, base, np.stack([column_features(reading) for reading in readings])


def _write_chunk(file: Path, listings: Sequence[Listing], detector: Detector) -> None:
    readings, base, columns = _read(listings, detector)
    words = {
        "langs": [reading.lang for reading in readings],
        "categories": [_key(reading.listing.category) for reading in readings],
        "sellers": [_key(reading.listing.seller) for reading in readings],
        "texts": [f"{reading.listing.title}\n{reading.listing.description}" for reading in readings],
    }
    raw = np.frombuffer(json.dumps(words).encode(), np.uint8)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, base=base, columns=columns, words=raw)
    partial.replace(file)


def _read_chunk(file: Path) -> dict[str, Any]:
    with np.load(file, allow_pickle=False) as saved:
        words: dict[str, Any] = json.loads(saved["words"].tobytes())
        return words | {"base": saved["base"], "columns": saved["columns"]}


def _key(name: str | None) -> str | None:
    return history_key(name) if name else None
