"""What stands on the encoder: the n-gram channel, the stacked regression, the thresholds. Fitted with scikit-learn, stored as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES, LABELS
from nlp.decide import Stack, Thresholds, feature_names
from nlp.gate import Gate
from nlp.ngrams import BITS, NgramChannel, hashed_ngrams
from training.metrics import threshold_at_precision, threshold_for_f1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["cross_probabilities", "fit_gate", "fit_ngrams", "fit_stack", "fit_thresholds"]

_FEW: Final = 10  # positives (or negatives) below which a label's regression is not fitted
_FOLDS: Final = 5
_STRENGTHS: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def fit_ngrams(
    texts: Sequence[str], labels: NDArray[np.float64], *, bits: int = BITS, strength: float = 1.0
) -> NgramChannel:
    """The channel fitted on ``texts`` with ``labels`` ``[texts, LABELS]`` (NaN where not known).

    Each n-gram counts by its inverse document frequency; the factor goes into its weight.
    """
    from sklearn.linear_model import LogisticRegression

    matrix = _hashed_matrix(texts, bits)
    seen = np.bincount(matrix.indices, minlength=2**bits)
    used = np.flatnonzero(seen)
    rarity = np.log((1 + len(texts)) / (1 + seen[used])) + 1
    narrow = matrix[:, used].multiply(rarity[None, :]).tocsr()
    weights = np.zeros((2**bits, len(LABELS)), np.float32)
    bias = np.full(len(LABELS), -4.0, np.float32)
    for at in range(len(LABELS)):
        known = ~np.isnan(labels[:, at])
        if not _enough(labels[known, at]):
            continue
        rows = narrow[known]
        rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
        model = LogisticRegression(C=strength, max_iter=150, tol=1e-3).fit(rows, labels[known, at])
        weights[used, at], bias[at] = model.coef_[0] * rarity, model.intercept_[0]
    return NgramChannel(weights, bias)


def _hashed_matrix(texts: Sequence[str], bits: int) -> Any:
    """The hashed n-grams of ``texts``, sparse, ``[texts, 2**bits]``, with the narrow indices that scikit-learn's solvers want."""
    from scipy.sparse import csr_matrix

    hashed = [hashed_ngrams(text, bits=bits) for text in texts]
    ends = np.cumsum([len(buckets) for buckets, _ in hashed])
    values = np.concatenate([values for _, values in hashed])
    buckets = np.concatenate([buckets for buckets, _ in hashed]).astype(np.int32)
    return csr_matrix((values, buckets, np.r_[0, ends].astype(np.int32)), shape=(len(texts), 2**bits))


def fit_stack(features: NDArray[np.float64], labels: NDArray[np.float64], groups: Sequence[str]) -> Stack:
    """One logistic regression a label over ``features`` ``[rows, features]``; strength by grouped cross-validation."""
    names = feature_names(LABELS)
    weights, bias = np.zeros((len(LABELS), len(names))), np.zeros(len(LABELS))
    for at, label in enumerate(LABELS):
        weights[at], bias[at] = _fit_label(features, labels[:, at], groups, names.index(f"encoder:{label}"))
    return Stack(labels=LABELS, weights=weights, bias=bias)


def cross_probabilities(
    features: NDArray[np.float64], labels: NDArray[np.float64], groups: Sequence[str]
) -> NDArray[np.float64]:
    """Probabilities ``[rows, LABELS]`` of each row by a stack that was fitted without the row's group."""
    result = np.zeros(labels.shape)
    for inside, outside in _folds(groups):
        stack = fit_stack(features[inside], labels[inside], [groups[at] for at in inside])
        result[outside] = stack.probabilities(features[outside])
    return result


def fit_gate(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    groups: Sequence[str],
    flagged: NDArray[np.bool_],
    *,
    promise: float,
) -> Gate:
    """The gate over ``features`` whose columns of the encoder are left out; ``flagged`` are the rows that the whole model flags.

    Its score is the highest under which at most ``promise`` of the flagged lie, by stacks that did not see the row's group.
    """
    blind = features.copy()
    blind[:, : len(LABELS)] = 0.0
    crossed = cross_probabilities(blind, labels, groups)[:, LABELS.index(COUNTERFEIT)]
    suspects = np.sort(crossed[flagged])
    below = float(suspects[int(len(suspects) * promise)]) if len(suspects) else 0.0
    return Gate(stack=fit_stack(blind, labels, groups), below=below)


def fit_thresholds(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.float64],
    *,
    act_precision: float,
    false_alarms: float,
) -> Thresholds:
    """Bands and cue thresholds from probabilities that the rows themselves did not fit.

    ``queue`` has the best F1 among thresholds that flag at most the share ``false_alarms`` of the honest rows;
    ``act`` is the lowest threshold with precision ``act_precision``.
    """
    at = LABELS.index(COUNTERFEIT)
    truth, scores = labels[:, at] > 0.5, probabilities[:, at]
    honest = np.sort(scores[~truth])[::-1]
    allowed = float(honest[int(len(honest) * false_alarms)]) + 1e-6 if len(honest) else 0.5
    queue = max(threshold_for_f1(truth, scores), allowed)
    act = threshold_at_precision(truth, scores, act_precision)
    act = max(queue, act if act is not None else float(scores.max()) + 1e-6)
    cues = {
        name: float(
            np.clip(threshold_for_f1(labels[known, column] > 0.5, probabilities[known, column]), 0.2, 0.9)
        )
        for column, name in enumerate(CUE_NAMES)
        for known in [~np.isnan(labels[:, column])]
    }
    return Thresholds(
        queue=round(queue, 4), act=round(act, 4), cues={name: round(v, 4) for name, v in cues.items()}
    )


def _fit_label(
    features: NDArray[np.float64], labels: NDArray[np.float64], groups: Sequence[str], encoder: int
) -> tuple[NDArray[np.float64], float]:
    known = ~np.isnan(labels)
    if not _enough(labels[known]):
        weights = np.zeros(features.shape[1])
        weights[encoder] = 1.0  # too few rows to fit: the encoder's own score stands
        return weights, 0.0
    rows, truth = features[known], labels[known] > 0.5
    names = [group for group, keep in zip(groups, known, strict=True) if keep]
    losses = [_loss(rows, truth, names, strength) for strength in _STRENGTHS]
    return _regress(rows, truth, _STRENGTHS[int(np.argmin(losses))])


def _loss(
    rows: NDArray[np.float64], truth: NDArray[np.bool_], groups: Sequence[str], strength: float
) -> float:
    total = 0.0
    for inside, outside in _folds(groups):
        if not _enough(truth[inside].astype(float)):
            return np.inf if strength != _STRENGTHS[0] else 0.0
        weights, bias = _regress(rows[inside], truth[inside], strength)
        logits = rows[outside] @ weights + bias
        total += float(np.logaddexp(0, np.where(truth[outside], -logits, logits)).sum())
    return total


def _regress(
    rows: NDArray[np.float64], truth: NDArray[np.bool_], strength: float
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = np.inf  # a feature that never varies gets no weight
    model = LogisticRegression(C=strength, max_iter=2_000).fit((rows - mean) / spread, truth)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)


def _folds(groups: Sequence[str]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    from sklearn.model_selection import GroupKFold

    rows = np.zeros(len(groups))
    folds = min(_FOLDS, len(set(groups)))
    return list(GroupKFold(folds, shuffle=True, random_state=1).split(rows, groups=list(groups)))


def _enough(labels: NDArray[np.float64]) -> bool:
    return bool(min((labels > 0.5).sum(), (labels <= 0.5).sum()) >= _FEW)
