"""Three plots of a model's scores as files: precision and recall, reliability, histogram. Matplotlib without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.evaluation import Measured

__all__ = ["write_plots"]

_SIZE: Final = (5.2, 4.0)
_BINS: Final = 10
_INK: Final = "#1f4e79"
_RED: Final = "#b03a2e"


def write_plots(measured: Measured, folder: Path) -> list[Path]:
    """``precision_recall.png``, ``reliability.png`` and ``scores.png`` in ``folder``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in (("precision_recall", _curve), ("reliability", _reliability), ("scores", _histogram)):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.subplots(), measured)
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=110, metadata={"Software": None})
        written.append(path)
    return written


def _curve(axes: Any, measured: Measured) -> None:
    for name, scores in {"this model": measured.scores, **measured.baselines}.items():
        precision, recall = _precision_recall(measured.truth, scores)
        axes.step(recall, precision, where="post", label=name, linewidth=2 if name == "this model" else 1)
    axes.axhline(float(measured.truth.mean()), color="grey", linestyle=":", linewidth=1, label="by chance")
    axes.set(
        xlabel="recall",
        ylabel="precision",
        xlim=(0, 1.01),
        ylim=(0, 1.02),
        title="Precision and recall on held-out rows",
    )
    axes.legend(fontsize=7)


def _precision_recall(
    truth: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(-scores, kind="stable")
    last = np.r_[scores[order][1:] != scores[order][:-1], True]
    hits = np.cumsum(truth[order])[last]
    flagged = np.flatnonzero(last) + 1
    return hits / flagged, hits / max(int(truth.sum()), 1)


def _reliability(axes: Any, measured: Measured) -> None:
    places = np.clip((measured.scores * _BINS).astype(int), 0, _BINS - 1)
    inside = [places == place for place in range(_BINS)]
    said = [float(measured.scores[rows].mean()) for rows in inside if rows.any()]
    true = [float(measured.truth[rows].mean()) for rows in inside if rows.any()]
    size = [int(rows.sum()) for rows in inside if rows.any()]
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    axes.plot(said, true, marker="o", color=_INK)
    for at, n in enumerate(size):
        axes.annotate(f"{n:,}", (said[at], true[at]), textcoords="offset points", xytext=(4, -9), fontsize=7)
    axes.set(
        xlabel="score",
        ylabel="share of counterfeits",
        xlim=(0, 1),
        ylim=(0, 1.02),
        title="Does a score mean what it says?",
    )


def _histogram(axes: Any, measured: Measured) -> None:
    bins = np.linspace(0, 1, 21)
    axes.hist(measured.scores[~measured.truth], bins=bins, color=_INK, alpha=0.65, label="labelled genuine")
    axes.hist(
        measured.scores[measured.truth], bins=bins, color=_RED, alpha=0.65, label="labelled counterfeit"
    )
    for name, threshold in _marks(measured.thresholds.queue, measured.thresholds.act):
        axes.axvline(threshold, color="black", linestyle="--", linewidth=1)
        axes.annotate(name, (threshold, axes.get_ylim()[1]), fontsize=7, ha="right", va="top", rotation=90)
    axes.set(xlabel="score", ylabel="listings", yscale="log", xlim=(0, 1), title="Scores of held-out rows")
    axes.legend(fontsize=7)


def _marks(queue: float, act: float) -> list[tuple[str, float]]:
    """The lines of the bands; one line where both begin at the same score, so that the names do not lie over each other."""
    return [("queue, act ", act)] if abs(queue - act) < 0.03 else [("queue ", queue), ("act ", act)]
