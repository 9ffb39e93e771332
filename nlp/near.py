"""Keys that near-identical texts share: banded MinHash over character shingles (Broder 1997)."""

from __future__ import annotations

from typing import Final

import numpy as np

from nlp.ngrams import shingles

__all__ = ["MIN_TEXT", "near_keys"]

MIN_TEXT: Final = 30  # characters; shorter texts are alike by chance
_BANDS: Final = 16
_ROWS_PER_BAND: Final = (
    5  # with 16 bands: joined by even odds where the texts share about half of their shingles
)
_SHINGLE: Final = 6  # characters
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SALTS: Final = np.random.default_rng(7).integers(0, 2**63, _BANDS * _ROWS_PER_BAND, dtype=np.uint64)


def near_keys(text: str, *, bands: int = _BANDS) -> list[tuple[int, ...]]:
    """Up to ``bands`` keys; texts that share most of their words share at least one. Short texts have none."""
    hashes = shingles(text, _SHINGLE) if len(text) >= MIN_TEXT else np.zeros(0, np.uint64)
    if not len(hashes):
        return []
    mixed = (hashes[:, None] ^ _SALTS[None, :]) * _PRIME
    least = (mixed ^ (mixed >> np.uint64(31))).min(axis=0).tolist()
    return [(band, *least[band * _ROWS_PER_BAND : (band + 1) * _ROWS_PER_BAND]) for band in range(bands)]
