"""Keys that near-identical texts share: banded MinHash over character shingles (Broder 1997)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from nlp.ngrams import shingles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MIN_TEXT", "NEAR_APART", "Sketches", "near_keys", "sketch_texts"]

MIN_TEXT: Final = 30  # characters; shorter texts are alike by chance
_BANDS: Final = 16
_ROWS_PER_BAND: Final = (
    5  # with 16 bands: joined by even odds where the texts share about half of their shingles
)
_SHINGLE: Final = 6  # characters
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SALTS: Final = np.random.default_rng(7).integers(0, 2**63, _BANDS * _ROWS_PER_BAND, dtype=np.uint64)
_PLACES: Final = _BANDS * _ROWS_PER_BAND
_SEED: Final = 7
NEAR_APART: Final = 48  # of the 80 letters; texts that differ in more met in a band by chance


def near_keys(text: str, *, bands: int = _BANDS) -> list[tuple[int, ...]]:
    """Up to ``bands`` keys; texts that share most of their words share at least one. Short texts have none.

    The splits of published models were made with these keys; they stay as they are.
    """
    hashes = _hashes(text)
    if not len(hashes):
        return []
    mixed = (hashes[:, None] ^ _SALTS[None, :]) * _PRIME
    least = (mixed ^ (mixed >> np.uint64(31))).min(axis=0).tolist()
    return [(band, *least[band * _ROWS_PER_BAND : (band + 1) * _ROWS_PER_BAND]) for band in range(bands)]


@dataclass(frozen=True, slots=True)
class Sketches:
    """Of many texts: what they share if they are near.

    ``keys`` [texts, 16] are those of :func:`near_keys` in 64 bits, 0 is none. ``letters`` are 80 for each text; two texts
    agree in about as large a part of them as of their shingles.
    """

    keys: NDArray[np.uint64]
    letters: list[str]


def sketch_texts(texts: Sequence[str]) -> Sketches:
    """Sketches of at least one text; the minima come from a compiled library."""
    from rensa import RMinHash

    hashes = [_hashes(text) for text in texts]
    ends = np.cumsum([0, *map(len, hashes)], dtype=np.uint64)
    least = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(hashes), ends, _PLACES, _SEED)
    rows = np.array(least.to_rows(), np.uint64)
    keys = np.broadcast_to(np.arange(1, _BANDS + 1, dtype=np.uint64), (len(texts), _BANDS))
    for at in range(_ROWS_PER_BAND):
        keys = (keys ^ rows[:, at::_ROWS_PER_BAND]) * _PRIME  # wraps modulo 2**64 on purpose
        keys = keys ^ (keys >> np.uint64(29))
    keys = np.where(np.diff(ends)[:, None] > 0, keys | np.uint64(1), np.uint64(0))
    letters = (rows % 64 + 48).astype(np.uint8)
    return Sketches(keys, [row.tobytes().decode("ascii") for row in letters])


def _hashes(text: str) -> NDArray[np.uint64]:
    return shingles(text, _SHINGLE) if len(text) >= MIN_TEXT else np.zeros(0, np.uint64)
