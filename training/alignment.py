"""Where the student's embeddings start: each new piece as a mixture of the teacher's pieces it is translated by.

IBM model 1 (Brown et al. 1993) is run per language between the new pieces of a phrase and the teacher's pieces of its
English side; the expected counts of all languages are added up, so a piece that several languages share gets the
meaning it has most often. Its embedding is the count-weighted mean of the teacher's input embeddings.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from training.parallel import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from training.encoder_data import TokenRows

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentConfig:
    """How the alignment is estimated.

    ``iterations`` of EM run over at most ``pairs`` pairs a language, sides of at most ``longest`` pieces each;
    ``sharpness`` is the exponent on the translation probabilities, ``support`` the count at which a piece's own
    evidence weighs as much as the mean embedding.
    """

    iterations: int = 6
    pairs: int = 250_000
    longest: int = 20
    sharpness: float = 1.5
    support: float = 1.0
    seed: int = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitext:
    """Phrases in the new pieces, and the English texts that their target rows number."""

    rows: TokenRows
    english: Sequence[str]


def initial_embeddings(
    bitext: Bitext, tokenizer: Tokenizer, teacher: tuple[Tokenizer, np.ndarray], config: AlignmentConfig
) -> np.ndarray:
    """Embeddings of all new pieces, float32, ``(pieces, width)``.

    ``teacher`` is its tokenizer (neither padding nor cutting) and its input embeddings.
    """
    old, source = teacher
    encoded = old.encode_batch_fast(list(bitext.english), add_special_tokens=False)
    english = [np.array(e.ids, dtype=np.int64) for e in encoded]
    counts = align(bitext.rows, english, (tokenizer.get_vocab_size(), len(source)), config)
    return _copy_same_surface(_mixture(counts, source, config), tokenizer, old, source)


def align(
    rows: TokenRows, english: list[np.ndarray], sizes: tuple[int, int], config: AlignmentConfig
) -> sparse.csr_matrix:
    """Expected counts of (new piece, teacher's piece) over all languages; ``english`` is in the teacher's pieces."""
    total: Any = sparse.csr_matrix(sizes, dtype=np.float64)
    rng = np.random.default_rng(config.seed)
    for code, lang in enumerate(LANGUAGES):
        chosen = np.flatnonzero((rows.langs == code) & (rows.lengths > 2))
        if not len(chosen):
            continue
        chosen = rng.permutation(chosen)[: config.pairs]
        ours = [rows.ids[rows.starts[i] + 1 : rows.starts[i + 1] - 1].astype(np.int64) for i in chosen]
        theirs = [english[rows.targets[i]] for i in chosen]
        total += _model_one(ours, theirs, sizes, config)
        _log.info("alignment: %s, %d pairs", lang, len(chosen))
    counts: sparse.csr_matrix = total.tocsr()
    return counts


def _model_one(
    ours: list[np.ndarray], theirs: list[np.ndarray], sizes: tuple[int, int], config: AlignmentConfig
) -> sparse.csr_matrix:
    """Expected counts after EM. Our side generates the teacher's; an empty piece takes what nobody explains."""
    empty = sizes[0]
    keys, widths = [], []
    for our, their in zip(ours, theirs, strict=True):
        if 0 < len(our) <= config.longest and 0 < len(their) <= config.longest:
            with_empty = np.append(our, empty)
            keys.append((with_empty[None, :] * sizes[1] + their[:, None]).ravel())
            widths.append(np.full(len(their), len(with_empty)))
    if not keys:
        return sparse.csr_matrix(sizes, dtype=np.float64)
    unique, cell = np.unique(np.concatenate(keys), return_inverse=True)
    width = np.concatenate(widths)
    group_start = np.concatenate(([0], np.cumsum(width)[:-1]))
    our_of, their_of = np.divmod(unique, sizes[1])
    probability = np.ones(len(unique))
    for _ in range(config.iterations):
        weight = probability[cell]
        weight /= np.repeat(np.add.reduceat(weight, group_start), width)
        counts = np.bincount(cell, weights=weight, minlength=len(unique))
        probability = counts / np.bincount(our_of, weights=counts, minlength=sizes[0] + 1)[our_of]
    real = our_of != empty
    return sparse.csr_matrix((counts[real], (our_of[real], their_of[real])), shape=sizes)


def _mixture(counts: sparse.csr_matrix, source: np.ndarray, config: AlignmentConfig) -> np.ndarray:
    mean = source.mean(axis=0)
    typical = float(np.median(np.linalg.norm(source - mean, axis=1)))
    totals = np.asarray(counts.sum(axis=1)).ravel()
    share = sparse.csr_matrix(counts.multiply(1.0 / np.maximum(totals, 1e-9)[:, None]))
    share.data **= config.sharpness
    share = sparse.csr_matrix(share.multiply(1.0 / np.maximum(np.asarray(share.sum(axis=1)), 1e-9)))
    offset = share @ (source - mean)
    offset *= (typical / np.maximum(np.linalg.norm(offset, axis=1), 1e-6))[:, None]
    trust = (totals / (totals + config.support))[:, None]
    noise = np.random.default_rng(config.seed).normal(0, typical / np.sqrt(source.shape[1]) / 4, offset.shape)
    mixed: np.ndarray = (mean + trust * offset + (1 - trust) * noise).astype(np.float32)
    return mixed


def _copy_same_surface(
    mixed: np.ndarray, tokenizer: Tokenizer, teacher: Tokenizer, source: np.ndarray
) -> np.ndarray:
    """``mixed`` with the teacher's own vectors for special tokens, digits, punctuation and ASCII words that it knows."""
    known: dict[str, Any] = teacher.get_vocab()
    for piece, row in tokenizer.get_vocab().items():
        word = piece.removeprefix("▁")
        if piece in known and (piece.startswith("[") or (len(piece) == 1 and not piece.isalnum())):
            mixed[row] = source[known[piece]]
        elif word.isdigit() and word in known:
            mixed[row] = source[known[word]]
        elif piece != word and word.isascii() and word in known and len(word) > 3:
            mixed[row] = (mixed[row] + source[known[word]]) / 2
    return mixed
