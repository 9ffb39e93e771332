"""A hashed character n-gram channel: it sees what an encoder smooths away, such as a brand misspelt on purpose.

Weights are one array ``[2**bits, outputs]``; a text is the L2-normalised count vector of its hashed 2- to 5-grams
(Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009). On disk a weight is a float, or an
int8 times the ``scale`` of its output. NumPy alone, no pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.text import drop_invisible, fold, lower, nfkc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["BITS", "NgramChannel", "hashed_ngrams", "shingles"]

BITS: Final = 18  # of a channel that says nothing else
_MOST_BITS: Final = 24
_SIZES: Final = (2, 3, 4, 5)
_LIMIT: Final = 2_000  # characters of a text that are looked at
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class NgramChannel:
    """Linear scores over hashed character n-grams."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], outputs: int) -> NgramChannel:
        """The channel of ``weights``, ``bias`` and, where weights are int8, ``scale``. Raises ValueError for other shapes."""
        weights, bias, scale = (tensors.get(name) for name in ("weights", "bias", "scale"))
        if weights is None or bias is None or weights.ndim != 2 or not _is_width(len(weights)):
            raise ValueError("it needs weights [2**bits, outputs] and bias [outputs]")
        if weights.shape[1:] != (outputs,) or bias.shape != (outputs,):
            raise ValueError(f"it has {weights.shape[1:]} outputs, the model {outputs}")
        if scale is not None and scale.shape != (outputs,):
            raise ValueError("its scale does not fit its outputs")
        full = weights.astype(np.float32) if scale is None else weights * scale.astype(np.float32)
        return cls(full.astype(np.float32), bias.astype(np.float32))

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Weights as int8 with a scale for each output, and the bias: what ``from_tensors`` reads."""
        scale = np.maximum(np.abs(self.weights).max(axis=0), 1e-12).astype(np.float32) / 127
        weights = np.round(self.weights / scale).astype(np.int8)
        return {"weights": weights, "scale": scale, "bias": self.bias.astype(np.float32)}

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Scores ``[len(texts), outputs]``."""
        rows = [self._row(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, len(self.bias)), np.float32)

    def _row(self, text: str) -> NDArray[np.float32]:
        buckets, values = hashed_ngrams(text, bits=len(self.weights).bit_length() - 1)
        return (values @ self.weights[buckets] + self.bias).astype(np.float32)


def shingles(text: str, size: int) -> NDArray[np.uint64]:
    """64-bit hashes of the folded text's n-grams of one ``size``, one for each place; empty for shorter texts."""
    codes = _codes(text)
    return _window_hashes(codes, size) if len(codes) >= size else np.zeros(0, np.uint64)


def hashed_ngrams(text: str, *, bits: int = BITS) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Buckets and L2-normalised log counts of the folded text's n-grams, each ``[distinct n-grams]``."""
    codes = _codes(text)
    hashes = [_window_hashes(codes, size) >> np.uint64(64 - bits) for size in _SIZES if len(codes) >= size]
    buckets, counts = np.unique(np.concatenate(hashes), return_counts=True)
    values = (1.0 + np.log(counts)).astype(np.float32)
    return buckets.astype(np.int64), values / np.float32(np.linalg.norm(values))


def _is_width(width: int) -> bool:
    return width.bit_count() == 1 and width <= 2**_MOST_BITS


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
