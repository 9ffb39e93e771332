"""Who stands with whom, and who is held out: sellers and near-identical texts joined in NumPy, so that a million rows fit.

The rule is that of ``training.splits``: what shares a seller or a near-identical text stays on one side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.table import LabelledTable

__all__ = ["SplitKind", "assign", "cluster_rows", "folds_of", "hold_out", "shared_rows"]

SplitKind = Literal["seller", "time", "random"]
_JOIN_LIMIT: Final = 0.5  # a cluster with more than this share of a class cannot be held out whole


def cluster_rows(table: LabelledTable, *, sellers: bool = True, near: bool = True) -> NDArray[np.int64]:
    """A cluster number for each row: rows of one seller, or of near-identical text, have the same (in all, transitively)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(table)
    edges = [_pairs(table.texts.astype(np.uint64))]
    if sellers:
        edges.append(
            _pairs(np.where(table.sellers < 0, 0, table.sellers.astype(np.int64) + 1).astype(np.uint64))
        )
    if near:
        edges += [_pairs(table.near[:, band]) for band in range(table.near.shape[1])]
    left, right = (np.concatenate([each[side] for each in edges]) for side in (0, 1))
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def folds_of(
    clusters: NDArray[np.int64], truth: NDArray[np.bool_], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """A fold number for each row, clusters whole, classes spread as evenly as whole clusters allow (greedy, largest first)."""
    return assign(clusters, truth, [1 / folds] * folds, seed=seed)


def hold_out(
    clusters: NDArray[np.int64], truth: NDArray[np.bool_], *, share: float, seed: int
) -> NDArray[np.bool_]:
    """Whether a row is held out: whole clusters, about ``share`` of each class."""
    return np.asarray(assign(clusters, truth, [1 - share, share], seed=seed) == 1)


def assign(
    clusters: NDArray[np.int64], truth: NDArray[np.bool_], shares: list[float], *, seed: int
) -> NDArray[np.int64]:
    """A part number for each row so that parts get their ``shares`` of both classes: clusters in falling size, each to the neediest."""
    names, inverse = np.unique(clusters, return_inverse=True)
    counts = np.stack(
        [np.bincount(inverse, weights=side, minlength=len(names)) for side in (~truth, truth)], axis=1
    )
    totals = np.maximum(counts.sum(axis=0), 1)
    wanted = np.outer(shares, totals)
    filled = np.zeros_like(wanted)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-(counts[order] / totals).max(axis=1), kind="stable")]
    parts = np.zeros(len(names), np.int64)
    for name in order:
        need = (wanted - filled) / wanted  # the share of each part that is still open, by class
        part = int(np.argmax(need @ (counts[name] / totals)))
        parts[name] = part
        filled[part] += counts[name]
    return parts[inverse]


def shared_rows(clusters: NDArray[np.int64], inside: NDArray[np.bool_]) -> int:
    """How many of the rows ``inside`` share their cluster with a row outside."""
    return int(np.isin(clusters[inside], clusters[~inside]).sum())


def dominated(clusters: NDArray[np.int64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """The share of genuine and of counterfeit rows in the largest cluster of each class."""
    shares = []
    for side in (~truth, truth):
        counts = np.bincount(clusters[side]) if side.any() else np.ones(1, np.int64)
        shares.append(float(counts.max() / max(counts.sum(), 1)))
    return shares[0], shares[1]


def _pairs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Neighbours among rows of equal key (0 joins nothing)."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    same = np.flatnonzero((ranked[1:] == ranked[:-1]) & (ranked[1:] != 0))
    return order[same], order[same + 1]
