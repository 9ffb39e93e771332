"""A hashed character n-gram channel: it sees what an encoder smooths away, such as a brand misspelt on purpose.

Weights are one array ``[2**bits, outputs]``; a text is the L2-normalised count vector of its hashed 2- to 5-grams
(Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009). NumPy alone, no pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from nlp.text import drop_invisible, fold, lower, nfkc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BITS", "NgramChannel", "hashed_ngrams", "shingles"]

BITS: Final = 18
_SIZES: Final = (2, 3, 4, 5)
_LIMIT: Final = 2_000  # characters of a text that are looked at
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class NgramChannel:
    """Linear scores over hashed character n-grams."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Scores ``[len(texts), outputs]``."""
        rows = [self._row(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, len(self.bias)), np.float32)

    def _row(self, text: str) -> NDArray[np.float32]:
        buckets, values = hashed_ngrams(text)
        return (values @ self.weights[buckets] + self.bias).astype(np.float32)


def shingles(text: str, size: int) -> NDArray[np.uint64]:
    """64-bit hashes of the folded text's n-grams of one ``size``, one for each place; empty for shorter texts."""
    codes = _codes(text)
    return _window_hashes(codes, size) if len(codes) >= size else np.zeros(0, np.uint64)


def hashed_ngrams(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Buckets and L2-normalised log counts of the folded text's n-grams, each ``[distinct n-grams]``."""
    codes = _codes(text)
    hashes = [_window_hashes(codes, size) >> np.uint64(64 - BITS) for size in _SIZES if len(codes) >= size]
    buckets, counts = np.unique(np.concatenate(hashes), return_counts=True)
    values = (1.0 + np.log(counts)).astype(np.float32)
    return buckets.astype(np.int64), values / np.float32(np.linalg.norm(values))


def _codes(text: str) -> NDArray[np.uint64]:
    folded = fold(text[:_LIMIT], nfkc, drop_invisible, lower).text
    return np.frombuffer(f" {' '.join(folded.split())} ".encode("utf-32-le"), dtype=np.uint32).astype(
        np.uint64
    )


def _window_hashes(codes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    mixed = np.full(len(codes) - size + 1, size, dtype=np.uint64)
    for at in range(size):
        mixed = (mixed ^ codes[at : at + len(mixed)]) * _PRIME  # wraps modulo 2**64 on purpose
        mixed ^= mixed >> np.uint64(29)
    return mixed
