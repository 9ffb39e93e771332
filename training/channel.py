"""A team's n-gram channel: the hashed character n-grams of ``nlp.ngrams`` with weights fitted on the team's labels.

Each n-gram is scaled by its inverse document frequency while fitting, and the scale goes into the weight, so that the channel runs
as any other. Small sets: logistic regression on all rows at once. Large sets: averaged stochastic gradient descent over chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.ngrams import BITS, hashed_ngrams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["fit_channel", "hashed_matrix", "stream_channel"]

_WIDTH: Final = 2**BITS
_STRENGTH: Final = 3.0
_EPOCHS: Final = 3


def hashed_matrix(texts: Sequence[str]) -> Any:
    """The hashed n-grams of ``texts`` as a sparse matrix ``[texts, 2**BITS]``."""
    from scipy.sparse import csr_matrix

    hashed = [hashed_ngrams(text) for text in texts]
    indptr = np.r_[0, np.cumsum([len(buckets) for buckets, _ in hashed])].astype(np.int64)
    if not hashed:
        return csr_matrix((0, _WIDTH), dtype=np.float32)
    data = np.concatenate([values for _, values in hashed])
    indices = np.concatenate([buckets for buckets, _ in hashed]).astype(np.int32)
    matrix = csr_matrix((data, indices, indptr), shape=(len(texts), _WIDTH))
    if matrix.nnz < 2**31:
        matrix.indptr = matrix.indptr.astype(np.int32)  # scikit-learn's solvers take no wider
    return matrix


def fit_channel(
    matrix: Any, truth: NDArray[np.bool_], *, strength: float = _STRENGTH
) -> tuple[NDArray[np.float32], float]:
    """Weights ``[2**BITS]`` and bias of a logistic regression over all rows of ``matrix``; zeros where one class is absent."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros(_WIDTH, np.float32)
    if not truth.any() or truth.all():
        return weights, 0.0
    frequency = np.bincount(matrix.indices, minlength=_WIDTH)
    used = np.flatnonzero(frequency)
    scale = _inverse_frequency(frequency[used], matrix.shape[0])
    narrow = matrix[:, used].multiply(scale[None, :]).tocsr()
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(narrow, truth)
    weights[used] = model.coef_[0] * scale
    return weights, float(model.intercept_[0])


def stream_channel(
    chunks: Callable[[], Iterable[tuple[Sequence[str], NDArray[np.bool_]]]],
    *,
    rows: int,
    positives: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float32], float]:
    """The same from chunks of texts and labels, which ``chunks()`` gives anew for each pass; memory does not grow with rows."""
    from sklearn.linear_model import SGDClassifier

    frequency = np.zeros(_WIDTH, np.int64)
    for texts, _ in chunks():
        frequency += np.bincount(hashed_matrix(texts).indices, minlength=_WIDTH)
    scale = _inverse_frequency(np.maximum(frequency, 1), rows)
    share = min(max(positives / max(rows, 1), 1e-3), 1 - 1e-3)
    model = SGDClassifier(loss="log_loss", alpha=1e-6 + 0.3 / rows / 10, average=rows // 2, random_state=seed)
    done = 0
    for _ in range(_EPOCHS):
        for texts, truth in chunks():
            matrix = hashed_matrix(texts).multiply(scale[None, :]).tocsr()
            order = np.random.default_rng(seed + done).permutation(len(truth))
            model.partial_fit(matrix[order], truth[order], classes=np.array([False, True]))
            done += len(truth)
            if progress:
                progress(done)
    if not np.isfinite(model.coef_).all():
        return np.zeros(_WIDTH, np.float32), float(np.log(share / (1 - share)))
    return (model.coef_[0] * scale).astype(np.float32), float(model.intercept_[0])


def _inverse_frequency(frequency: NDArray[np.int64], rows: int) -> NDArray[np.float32]:
    return (np.log((1 + rows) / (1 + frequency)) + 1).astype(np.float32)
