"""Figures with intervals: ranking, decisions, calibration. NumPy alone; every function is pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Figure",
    "bootstrap",
    "calibration_error",
    "f1",
    "measure",
    "pair_accuracy",
    "pr_auc",
    "recall_at_precision",
    "roc_auc",
    "threshold_at_precision",
    "threshold_for_f1",
    "wilson",
]

_Z: Final = 1.959964
_ROUNDS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its number of rows and a 95 % interval; ``value`` is None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def as_json(self) -> dict[str, Any]:
        """Rounded to four digits."""
        return {
            key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()
        }


def wilson(hits: int, n: int) -> Figure:
    """A share with Wilson's score interval (Wilson, JASA 1927)."""
    if n == 0:
        return Figure(value=None, low=None, high=None, n=0)
    share = hits / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n)) / (1 + _Z**2 / n)
    return Figure(value=share, low=float(max(0.0, middle - half)), high=float(min(1.0, middle + half)), n=n)


def bootstrap(
    figure: Callable[[NDArray[np.bool_], NDArray[np.float64]], float | None],
    truth: Sequence[bool] | NDArray[np.bool_],
    scores: Sequence[float] | NDArray[np.float64],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 1,
) -> Figure:
    """``figure(truth, scores)`` with a percentile bootstrap over rows, or over ``groups`` (sellers, scenarios)."""
    labels, values = np.asarray(truth, bool), np.asarray(scores, np.float64)
    rng = np.random.default_rng(seed)
    members = _members(groups, len(labels))
    drawn = []
    for _ in range(_ROUNDS):
        rows = np.concatenate([members[at] for at in rng.integers(0, len(members), len(members))])
        value = figure(labels[rows], values[rows])
        if value is not None:
            drawn.append(value)
    value = figure(labels, values)
    if value is None or not drawn:
        return Figure(value=None, low=None, high=None, n=len(labels))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(value=float(value), low=float(low), high=float(high), n=len(labels))


def _members(groups: Sequence[str] | None, n: int) -> list[NDArray[np.int64]]:
    if groups is None:
        return list(np.arange(n).reshape(-1, 1))
    rows: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        rows.setdefault(group, []).append(at)
    return [np.array(part) for part in rows.values()]


def roc_auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Area under the ROC curve (the share of couples in the right order, ties half); None with one class only."""
    flagged, hits = _steps(truth, scores)
    if not len(hits) or not 0 < hits[-1] < flagged[-1]:
        return None
    rates = np.r_[0, hits] / hits[-1], np.r_[0, flagged - hits] / (flagged[-1] - hits[-1])
    return float(np.trapezoid(rates[0], rates[1]))


def pr_auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Average precision, equal scores taken together; None without a positive."""
    flagged, hits = _steps(truth, scores)
    if not len(hits) or not hits[-1]:
        return None
    return float((np.diff(np.r_[0, hits]) * hits / flagged).sum() / hits[-1])


def _steps(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows flagged, and counterfeits among them, at each distinct score from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], len(ranked) > 0])
    return last + 1, np.cumsum(truth[order])[last]


def f1(truth: NDArray[np.bool_], flagged: NDArray[np.bool_] | NDArray[np.float64]) -> float | None:
    """F1 of boolean decisions (or 0/1 floats); None without a positive."""
    decided = np.asarray(flagged, np.float64) >= 0.5
    hits = int((truth & decided).sum())
    return 2 * hits / int(truth.sum() + decided.sum()) if truth.any() else None


def threshold_at_precision(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], precision: float
) -> float | None:
    """The lowest threshold whose flagged set has at least ``precision``; None if none has."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    share = hits / np.arange(1, len(order) + 1)
    last = np.r_[scores[order][1:] != scores[order][:-1], True]  # ties are flagged together
    good = np.flatnonzero((share >= precision) & last)
    return float(scores[order][good[-1]]) if len(good) else None


def recall_at_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64], precision: float) -> float:
    """The highest recall at which precision is at least ``precision``; 0 if it is never reached."""
    threshold = threshold_at_precision(truth, scores, precision)
    return (
        float((truth & (scores >= threshold)).sum() / max(truth.sum(), 1)) if threshold is not None else 0.0
    )


def threshold_for_f1(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The threshold with the best F1 (0.5 where there is no positive)."""
    if not truth.any():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    values = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    return float(scores[order][int(values.argmax())])


def calibration_error(truth: NDArray[np.bool_], scores: NDArray[np.float64], bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Guo et al., ICML 2017)."""
    places = np.clip((scores * bins).astype(int), 0, bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            error += inside.mean() * abs(truth[inside].mean() - scores[inside].mean())
    return float(error)


def pair_accuracy(truth: Sequence[bool], flagged: Sequence[bool], pairs: Sequence[str | None]) -> Figure:
    """Share of contrast pairs with both sides right."""
    right: dict[str, list[bool]] = {}
    for label, decided, pair in zip(truth, flagged, pairs, strict=True):
        if pair:
            right.setdefault(pair, []).append(label == decided)
    whole = [all(sides) for sides in right.values() if len(sides) > 1]
    return wilson(sum(whole), len(whole))


def measure(
    truth: Sequence[bool] | NDArray[np.bool_],
    scores: Sequence[float] | NDArray[np.float64],
    *,
    threshold: float,
    groups: Sequence[str] | None = None,
) -> dict[str, Any]:
    """All figures of one set as JSON: n, positives, F1, precision, recall, false alarms, areas, calibration error."""
    labels, values = np.asarray(truth, bool), np.asarray(scores, np.float64)
    flagged = values >= threshold
    hits = int((labels & flagged).sum())
    return {
        "n": len(labels),
        "positives": int(labels.sum()),
        "threshold": round(float(threshold), 4),
        "f1": bootstrap(lambda t, s: f1(t, s >= threshold), labels, values, groups=groups).as_json(),
        "precision": wilson(hits, int(flagged.sum())).as_json(),
        "recall": wilson(hits, int(labels.sum())).as_json(),
        "false_alarms": wilson(int((~labels & flagged).sum()), int((~labels).sum())).as_json(),
        "pr_auc": bootstrap(pr_auc, labels, values, groups=groups).as_json(),
        "roc_auc": bootstrap(roc_auc, labels, values, groups=groups).as_json(),
        "recall_at_precision_0.9": round(recall_at_precision(labels, values, 0.9), 4),
        "recall_at_precision_0.95": round(recall_at_precision(labels, values, 0.95), 4),
        "ece": round(calibration_error(labels, values), 4) if len(labels) else None,
    }
