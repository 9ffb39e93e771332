"""Two models on the same rows: differences with a paired bootstrap over clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.metrics import calibration_error, f1, pr_auc, recall_at_precision, roc_auc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["compare_scores"]

_ROUNDS: Final = 1_000


def compare_scores(
    truth: NDArray[np.bool_],
    this: NDArray[np.float64],
    other: NDArray[np.float64],
    clusters: NDArray[np.int64],
    *,
    thresholds: tuple[float, float],
    seed: int = 1,
) -> dict[str, Any]:
    """By figure: both values, their difference and its 95 % interval; every round draws the same clusters for both models.

    ``thresholds`` are the scores from which this and the other model flag (for F1).
    """
    figures: dict[str, Callable[[NDArray[np.bool_], NDArray[np.float64], float], float | None]] = {
        "PR-AUC": lambda t, s, _: pr_auc(t, s),
        "ROC-AUC": lambda t, s, _: roc_auc(t, s),
        "recall at precision 0.9": lambda t, s, _: recall_at_precision(t, s, 0.9) if t.any() else None,
        "F1": lambda t, s, cut: f1(t, s >= cut),
        "ECE": lambda t, s, _: calibration_error(t, s),
    }
    rng = np.random.default_rng(seed)
    _, inverse = np.unique(clusters, return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    drawn: dict[str, list[float]] = {name: [] for name in figures}
    for _ in range(_ROUNDS):
        rows = np.concatenate([members[at] for at in rng.integers(0, len(members), len(members))])
        for name, figure in figures.items():
            left, right = (
                figure(truth[rows], this[rows], thresholds[0]),
                figure(truth[rows], other[rows], thresholds[1]),
            )
            if left is not None and right is not None:
                drawn[name].append(left - right)
    return {
        name: _row(
            figure(truth, this, thresholds[0]),
            figure(truth, other, thresholds[1]),
            drawn[name],
            lower=name == "ECE",
        )
        for name, figure in figures.items()
    }


def _row(this: float | None, other: float | None, drawn: list[float], *, lower: bool) -> dict[str, Any]:
    if this is None or other is None or not drawn:
        return {
            "this": None,
            "other": None,
            "difference": None,
            "low": None,
            "high": None,
            "verdict": "not measured",
        }
    low, high = (float(each) for each in np.percentile(drawn, [2.5, 97.5]))
    better = (low > 0) if not lower else (high < 0)
    worse = (high < 0) if not lower else (low > 0)
    return {
        "this": round(this, 4),
        "other": round(other, 4),
        "difference": round(this - other, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "verdict": "this model is better"
        if better
        else "the other is better"
        if worse
        else "no difference can be told",
    }
