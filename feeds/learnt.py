"""The learnt part of reading news: whether an article is relevant and of what kind, weighed from what the tables found.

A linear model over the signs of :mod:`feeds.signs`, which mean the same in every language; fitted on the articles of
``feeds/corpus`` by ``python -m feeds.learning``. In a long text the tables decide, which read all of it and were tuned on such:
the weights were fitted on headlines with a few sentences, as feeds bring them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from feeds.findings import NEWS_KINDS
from feeds.signs import NAMES, Seen, Signs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["OUTPUTS", "Learnt"]

OUTPUTS: Final = 1 + len(NEWS_KINDS)
"""Relevance, then the kinds in the order of ``NEWS_KINDS``."""
_FILE: Final = "learnt.safetensors"
_SHORT: Final = 400
_LONG: Final = 1000
"""Characters of text up to which the learnt part decides alone, and from which the tables do."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Weights ``[signs, outputs]`` and bias ``[outputs]``."""

    signs: Signs
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def load(cls) -> Learnt:
        """With the packaged weights. Raises ValueError if they were fitted for other signs."""
        from safetensors.numpy import load

        return cls.from_tensors(load(files("feeds.words").joinpath(_FILE).read_bytes()))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Learnt:
        """The model of ``weights`` and ``bias``. Raises ValueError for other shapes."""
        weights, bias = tensors["weights"], tensors["bias"]
        if weights.shape != (len(NAMES), OUTPUTS) or bias.shape != (OUTPUTS,):
            raise ValueError(
                f"weights {weights.shape} fit no {len(NAMES)} signs; run: python -m feeds.learning"
            )
        return cls(Signs.load(), weights.astype(np.float32), bias.astype(np.float32))

    def judge(self, seen: Seen) -> tuple[float, str]:
        """The probability that the article is relevant, from 0 to 1, and its kind."""
        logits = self.signs.read(seen) @ self.weights + self.bias
        tables = min(1.0, max(0.0, (seen.length - _SHORT) / (_LONG - _SHORT)))
        logit = (1 - tables) * float(logits[0]) + tables * seen.points
        if seen.suing:  # the tables look for what else a brand may sue over
            logit = max(logit, seen.points)
        kind = seen.said if tables > 0.5 else NEWS_KINDS[int(logits[1:].argmax())]
        return 1 / (1 + math.exp(-max(-20.0, min(20.0, logit)))), kind
