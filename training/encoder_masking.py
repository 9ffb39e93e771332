"""Guessing masked pieces (Devlin et al., "BERT", NAACL 2019): what teaches the base encoder words that no pair holds.

The guess is scored against the model's own word embeddings. Which rows and pieces a step sees depends on seed and step alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.encoder_loop import padded

if TYPE_CHECKING:
    from training.encoder_data import TokenRows

__all__ = ["MaskedWords"]

_SHARE: Final = 0.15  # of the pieces that are hidden
_SPECIAL: Final = 5  # ids below are [PAD] … [MASK]
_MASK: Final = 4


class MaskedWords(nn.Module):
    """The layer that guesses, and the sentences it is asked about, at most ``tokens`` padded tokens a step."""

    def __init__(self, sentences: TokenRows, *, width: int, tokens: int, seed: int) -> None:
        super().__init__()
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        self._tokens, self._seed = tokens, seed
        order = np.argsort(sentences.lengths, kind="stable")
        self._lengths = sentences.lengths[order]
        for name, values in (
            ("ids", sentences.ids.astype(np.int32)),
            ("starts", sentences.starts[:-1][order]),
            ("sizes", self._lengths),
        ):
            self.register_buffer(name, torch.from_numpy(values), persistent=False)

    def forward(self, model: Any, step: int) -> torch.Tensor:
        """The cross-entropy of the guesses of ``model`` at ``step``."""
        rng = np.random.default_rng([self._seed, step])
        first = int(rng.integers(len(self._lengths)))
        rows = max(1, self._tokens // int(self._lengths[min(first + 64, len(self._lengths) - 1)]))
        chosen = slice(first, first + rows)
        starts, sizes = self.get_buffer("starts")[chosen], self.get_buffer("sizes")[chosen]
        ids, mask = padded(self.get_buffer("ids"), starts, sizes)
        chance = torch.from_numpy(rng.random(tuple(ids.shape), dtype=np.float32)).to(ids.device)
        hidden = (chance < _SHARE) & (ids >= _SPECIAL)
        states = model(input_ids=ids.masked_fill(hidden, _MASK), attention_mask=mask).last_hidden_state[
            hidden
        ]
        guess = self.norm(functional.gelu(self.dense(states)))
        scores = guess @ model.embeddings.word_embeddings.weight.T
        return functional.cross_entropy(scores.float(), ids[hidden], reduction="sum") / max(len(states), 1)
