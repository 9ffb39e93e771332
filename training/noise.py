"""Rows whose label is probably wrong: confident learning over out-of-fold probabilities.

The method is that of cleanlab (Northcutt, Jiang, Chuang, "Confident Learning", JAIR 2021): a class's threshold is the mean
probability that its own rows get for it; a row is suspect if it reaches the other class's threshold and that class is likelier.
Suspects are ranked by how far the given label falls short (normalised margin).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlp.writers import neutral

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.table import LabelledTable

__all__ = ["Doubt", "probably_wrong", "write_doubts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Row number, the label that it has, and the probability that models of other rows give to that label."""

    row: int
    given: bool
    trust: float


def probably_wrong(truth: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> list[Doubt]:
    """Doubtful rows, the most doubtful first; ``probabilities`` (of counterfeit) must be out of fold."""
    if not truth.any() or truth.all():
        return []
    yes, no = float(probabilities[truth].mean()), float((1 - probabilities[~truth]).mean())
    wrong = np.where(
        truth,
        (1 - probabilities >= no) & (probabilities < 0.5),
        (probabilities >= yes) & (probabilities > 0.5),
    )
    own = np.where(truth, probabilities, 1 - probabilities)
    rows = np.flatnonzero(wrong)
    return [
        Doubt(row=int(at), given=bool(truth[at]), trust=round(float(own[at]), 4))
        for at in rows[np.argsort(own[rows], kind="stable")]
    ]


def write_doubts(table: LabelledTable, doubts: list[Doubt], path: Path) -> None:
    """The doubtful rows as CSV for a person who checks them; cells cannot run as formulas."""
    listings = table.select(np.array([each.row for each in doubts], np.int64)).listings()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label", "trust", "title", "description", "seller"])
        for doubt, each in zip(doubts, listings, strict=True):
            label = "counterfeit" if doubt.given else "genuine"
            cells = [
                each.id,
                label,
                f"{doubt.trust:.4f}",
                each.title,
                each.description[:500],
                each.seller or "",
            ]
            writer.writerow([neutral(cell) for cell in cells])
