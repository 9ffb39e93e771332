"""Fits a team's head: a logistic regression whose prior is the base model, so that few labels change little and many change much.

Every feature that is itself fitted on labels (the n-gram channel, the log-odds of categories) is made out of fold, by cluster,
before the head sees it. The weight of a seller's history is fitted last, over scores that do not know the seller, so that a verdict
on an unknown seller is the one that was measured.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import LABELS
from nlp.head import head_features
from training.channel import fit_channel
from training.groups import folds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["SELLER_PRIOR", "Blocks", "FittedHead", "fit_head", "map_logistic", "odds_of"]

_LIMIT: Final = 12.0
_FOLDS: Final = 5
# How firmly the columns are held at no weight. Weaker ones let a column that tells marketplaces apart (has it prices?) decide alone.
_PRIORS: Final = (30.0, 100.0, 300.0, 1_000.0, 3_000.0)
_CATEGORY_PRIOR: Final = 10.0
SELLER_PRIOR: Final = 3.0
_LEAST_ROWS: Final = 3
_LEAST_SPREAD: Final = (
    0.1  # log-odds of the base model that hardly vary say nothing, and would get huge weights
)
_FEATURES: Final = head_features(LABELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What the head is fitted on, row by row.

    ``base`` log-odds ``[rows, LABELS]``, ``columns`` ``[rows, COLUMN_FEATURES]``, the sparse n-gram ``matrix``, hashed names of
    categories and sellers, ``clusters`` that may not be divided, and clusters by text alone (for the history of sellers).
    """

    base: NDArray[np.float64]
    columns: NDArray[np.float64]
    matrix: Any
    categories: Sequence[str | None]
    sellers: Sequence[str | None]
    clusters: NDArray[np.int64]
    texts: NDArray[np.int64]

    def select(self, at: NDArray[np.int64]) -> Blocks:
        """The rows ``at``."""
        return Blocks(
            base=self.base[at],
            columns=self.columns[at],
            matrix=self.matrix[at],
            categories=[self.categories[int(each)] for each in at],
            sellers=[self.sellers[int(each)] for each in at],
            clusters=self.clusters[at],
            texts=self.texts[at],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedHead:
    """One label's head: weights by feature name, its n-gram channel, the tables of categories and sellers."""

    weights: NDArray[np.float64]
    bias: float
    channel: NDArray[np.float32]
    channel_bias: float
    category: dict[str, float]
    seller: dict[str, float]

    def logits(self, blocks: Blocks, *, history: bool = True) -> NDArray[np.float64]:
        """Scores of rows; without ``history`` as if every seller were new."""
        team = np.asarray(blocks.matrix @ self.channel).ravel() + self.channel_bias
        rows = _rows(blocks, team, _look(blocks.categories, self.category), np.zeros(len(team)))
        scores = rows @ self.weights + self.bias
        if history:
            scores = scores + self.weights[-1] * _look(blocks.sellers, self.seller)
        return np.clip(scores, -_LIMIT, _LIMIT)

    def weights_by_name(self) -> dict[str, float]:
        """As they stand in ``detector.json``."""
        named = zip(_FEATURES, self.weights, strict=True)
        return {"bias": round(self.bias, 5)} | {name: round(float(each), 5) for name, each in named if each}


def fit_head(
    blocks: Blocks,
    truth: NDArray[np.bool_],
    *,
    label: str,
    seed: int,
    dropped: frozenset[str] = frozenset(),
    channel: tuple[NDArray[np.float32], float] | None = None,
    odds: dict[str, float] | None = None,
) -> FittedHead:
    """The head of ``label`` on ``blocks``. ``dropped`` names columns that must not count (they give the label away).

    A ``channel``, and the ``odds`` of categories, that were fitted on other rows are taken as they are; else they are fitted here,
    out of fold for the head's own fit.
    """
    folds = folds_of(blocks.clusters, truth, folds=min(_FOLDS, len(np.unique(blocks.clusters))), seed=seed)
    if channel is None:
        team = _crossed_channel(blocks.matrix, truth, folds)
        channel = fit_channel(blocks.matrix, truth)
    else:
        team = np.asarray(blocks.matrix @ channel[0]).ravel() + channel[1]
    category = (
        _crossed_odds(blocks.categories, truth, folds, _CATEGORY_PRIOR)
        if odds is None
        else _look(blocks.categories, odds)
    )
    rows = _rows(blocks, team, category, np.zeros(len(team)))
    kept = _kept(dropped)
    weights, bias = _fit_with_prior(rows, truth, folds, kept, label)
    scores = rows @ weights + bias
    seller = _seller_weight(blocks, truth, scores, seed)
    weights[-1] = seller
    return FittedHead(
        weights=weights,
        bias=bias,
        channel=channel[0],
        channel_bias=channel[1],
        category={}
        if "category" in dropped
        else _odds(blocks.categories, truth, _CATEGORY_PRIOR)
        if odds is None
        else odds,
        seller=_odds(blocks.sellers, truth, SELLER_PRIOR) if seller else {},
    )


def map_logistic(
    rows: NDArray[np.float64],
    truth: NDArray[np.bool_],
    *,
    mean: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weights of a logistic regression with a Gaussian prior (``mean``, diagonal ``precision``), by damped Newton steps."""
    weights = mean.copy()
    target = truth.astype(np.float64)

    def loss(at: NDArray[np.float64]) -> float:
        scores = rows @ at
        fit = np.logaddexp(0, scores) - target * scores
        return float(fit.sum() + 0.5 * (precision * (at - mean) ** 2).sum())

    current = loss(weights)
    for _ in range(50):
        probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        gradient = rows.T @ (probability - target) + precision * (weights - mean)
        spread = probability * (1 - probability)
        step = np.linalg.solve((rows * spread[:, None]).T @ rows + np.diag(precision + 1e-9), gradient)
        size = 1.0
        while size > 1e-4 and loss(weights - size * step) > current:
            size /= 2
        weights = weights - size * step
        before, current = current, loss(weights)
        if before - current < 1e-7 * (1 + abs(before)):
            break
    return weights


def _rows(
    blocks: Blocks, team: NDArray[np.float64], category: NDArray[np.float64], seller: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.column_stack([blocks.base, np.clip(team, -_LIMIT, _LIMIT), blocks.columns, category, seller])


def _kept(dropped: frozenset[str]) -> NDArray[np.bool_]:
    """Features that may count. Of a dropped column everything goes that is read from it."""
    groups = {"price": "price:", "brand": "brand:", "category": "category", "currency": "price:"}
    prefixes = tuple(groups[name] for name in dropped if name in groups)
    kept = np.array([not (prefixes and name.startswith(prefixes)) for name in _FEATURES])
    kept[-1] = False  # the seller's history has a fit of its own
    # How long the texts are tells the marketplace, not the goods; a line through it runs away on the shortest title.
    kept &= np.array([not name.startswith("text:") for name in _FEATURES])
    return kept


def _fit_with_prior(  # noqa: PLR0917 - the fit's own inside
    rows: NDArray[np.float64],
    truth: NDArray[np.bool_],
    folds: NDArray[np.int64],
    kept: NDArray[np.bool_],
    label: str,
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias over raw features; how far they may leave the base model is chosen by cross-validated loss."""
    own, team = _FEATURES.index(f"base:{label}"), _FEATURES.index("team")
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    usable = kept & (spread > np.where(np.arange(len(spread)) < team, _LEAST_SPREAD, 1e-9))
    scaled = np.where(usable, (rows - mean) / np.where(spread > 1e-9, spread, 1.0), 0.0)
    design = np.column_stack([scaled, np.ones(len(rows))])
    prior = np.zeros(design.shape[1])
    prior[own] = spread[own] if usable[own] else 0.0  # the base model's log-odds as they are

    def precision(strength: float) -> NDArray[np.float64]:
        each = np.full(design.shape[1], strength)
        each[[own, team]] = 1 / np.maximum(spread[[own, team]], 0.5) ** 2
        each[-1] = 1e-4
        return each

    def crossed(strength: float) -> NDArray[np.float64]:
        losses = np.zeros(len(truth))
        for fold in np.unique(folds):
            inside, outside = folds != fold, folds == fold
            found = map_logistic(design[inside], truth[inside], mean=prior, precision=precision(strength))
            scores = design[outside] @ found
            losses[outside] = np.logaddexp(0, np.where(truth[outside], -scores, scores))
        return losses

    best = _most_careful({strength: crossed(strength) for strength in _PRIORS})
    found = map_logistic(design, truth, mean=prior, precision=precision(best))
    if (
        usable[team] and found[team] < 0
    ):  # a channel that is wrong on new sellers is no witness for the opposite
        return _fit_with_prior(rows, truth, folds, kept & (np.arange(len(kept)) != team), label)
    weights = np.where(usable, found[:-1] / np.where(spread > 1e-9, spread, 1.0), 0.0)
    return weights, float(found[-1] - weights @ mean)


def _most_careful(losses: dict[float, NDArray[np.float64]]) -> float:
    """The strongest prior whose loss is no more than a standard error (of the difference, row by row) over the least."""
    least = min(losses.values(), key=lambda each: float(each.mean()))
    allowed = []
    for strength, each in losses.items():
        gap = each - least
        if gap.mean() <= gap.std() / np.sqrt(len(gap)):
            allowed.append(strength)
    return max(allowed)


def _crossed_channel(matrix: Any, truth: NDArray[np.bool_], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    team = np.zeros(len(truth))
    for fold in np.unique(folds):
        weights, bias = fit_channel(matrix[folds != fold], truth[folds != fold])
        team[folds == fold] = np.asarray(matrix[folds == fold] @ weights).ravel() + bias
    return team


def _odds(names: Sequence[str | None], truth: NDArray[np.bool_], prior: float) -> dict[str, float]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, label in zip(names, truth, strict=True):
        if name:
            counts[name][int(label)] += 1
    return odds_of(counts, float(truth.mean()), prior)


def odds_of(
    counts: Mapping[str, Sequence[int]], share: float, prior: float = _CATEGORY_PRIOR
) -> dict[str, float]:
    """How much a name's log-odds differ from everybody's, from counts (genuine, counterfeit) by name, shrunken by ``prior`` rows.

    Of names with three rows or more; ``share`` is that of counterfeits in all rows.
    """
    share = min(max(share, 0.01), 0.99)
    everybody = np.log(share / (1 - share))
    return {
        name: round(float(np.log((yes + prior * share) / (no + prior * (1 - share))) - everybody), 4)
        for name, (no, yes) in counts.items()
        if no + yes >= _LEAST_ROWS
    }


def _crossed_odds(
    names: Sequence[str | None], truth: NDArray[np.bool_], folds: NDArray[np.int64], prior: float
) -> NDArray[np.float64]:
    result = np.zeros(len(truth))
    for fold in np.unique(folds):
        inside = np.flatnonzero(folds != fold)
        table = _odds([names[int(at)] for at in inside], truth[inside], prior)
        for at in map(int, np.flatnonzero(folds == fold)):
            result[at] = table.get(names[at] or "", 0.0)
    return result


def _look(names: Sequence[str | None], table: dict[str, float]) -> NDArray[np.float64]:
    return np.array([table.get(name or "", 0.0) for name in names])


def _seller_weight(blocks: Blocks, truth: NDArray[np.bool_], scores: NDArray[np.float64], seed: int) -> float:
    """How much a known seller's other listings say beyond this one's own score; 0 where no seller has several texts."""
    if not any(blocks.sellers):
        return 0.0
    folds = folds_of(blocks.texts, truth, folds=_FOLDS, seed=seed + 1)
    history = _crossed_odds(blocks.sellers, truth, folds, SELLER_PRIOR)
    if (history != 0).sum() < 10:
        return 0.0
    rows = np.column_stack([scores, history])
    found = map_logistic(rows, truth, mean=np.array([1.0, 0.5]), precision=np.array([1e6, 1.0]))
    return float(np.clip(found[1], 0.0, 1.5))
