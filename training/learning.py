"""Heads for every label that a team labelled: fitted on some rows, applied to others; out of fold for small sets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import CUE_NAMES, LABELS
from nlp.decide import Thresholds
from training.groups import folds_of
from training.heads import fit_thresholds
from training.teamhead import Blocks, FittedHead, fit_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from training.encoded import Encoded
    from training.recipe import TeamConfig

__all__ = ["Heads", "blocks_of", "fit_heads", "learnable", "out_of_fold", "team_thresholds"]

_LEAST: Final = 20  # rows marked, and rows not marked, from which on a label gets a head


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The fitted heads by label."""

    by_label: dict[str, FittedHead]

    def probabilities(self, blocks: Blocks, *, history: bool = True) -> NDArray[np.float64]:
        """Probabilities ``[rows, LABELS]``; where there is no head, the base model's."""
        result = 1 / (1 + np.exp(-blocks.base))
        for label, head in self.by_label.items():
            result[:, LABELS.index(label)] = 1 / (1 + np.exp(-head.logits(blocks, history=history)))
        return np.asarray(result)

    def to_json(self) -> dict[str, Any]:
        """The table ``head`` of ``detector.json``; sellers and categories are those of the label that counts."""
        last = self.by_label[LABELS[-1]]
        return {
            "labels": {label: head.weights_by_name() for label, head in self.by_label.items()},
            "category": last.category,
            "seller": last.seller,
        }

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What ``team.safetensors`` holds."""
        heads = list(self.by_label.values())
        return {
            "weights": np.stack([head.channel for head in heads], axis=1).astype(np.float16),
            "bias": np.array([head.channel_bias for head in heads], np.float32),
        }


def blocks_of(encoded: Encoded, clusters: NDArray[np.int64], texts: NDArray[np.int64]) -> Blocks:
    """The rows as the head wants them."""
    return Blocks(
        base=encoded.base,
        columns=encoded.columns,
        matrix=encoded.matrix(),
        categories=encoded.categories,
        sellers=encoded.sellers,
        clusters=clusters,
        texts=texts,
    )


def learnable(labels: NDArray[np.float32]) -> list[str]:
    """Labels with enough rows of both kinds; the counterfeit label last, as in ``LABELS``."""
    return [
        label
        for at, label in enumerate(LABELS)
        if min((labels[:, at] > 0.5).sum(), (labels[:, at] <= 0.5).sum()) >= _LEAST or label == LABELS[-1]
    ]


def fit_heads(
    blocks: Blocks,
    labels: NDArray[np.float32],
    *,
    seed: int,
    dropped: frozenset[str] = frozenset(),
    only: tuple[str, ...] | None = None,
    channels: dict[str, tuple[NDArray[np.float32], float]] | None = None,
    odds: dict[str, float] | None = None,
) -> Heads:
    """A head for each label in ``only`` (default: all that can be learnt) on all rows where it is known."""
    fitted = {}
    for label in only or learnable(labels):
        column = labels[:, LABELS.index(label)]
        known = np.flatnonzero(~np.isnan(column))
        rows = blocks if len(known) == len(column) else blocks.select(known)
        channel = (channels or {}).get(label)
        head = fit_head(
            rows, column[known] > 0.5, label=label, seed=seed, dropped=dropped, channel=channel, odds=odds
        )
        # The tables of names are shared; those of a cue would count twice.
        fitted[label] = (
            head
            if label == LABELS[-1]
            else replace(head, category={}, seller={}, weights=_without_names(head))
        )
    return Heads(by_label=fitted)


def out_of_fold(
    blocks: Blocks,
    labels: NDArray[np.float32],
    *,
    seed: int,
    config: TeamConfig,
    dropped: frozenset[str] = frozenset(),
    clusters: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities ``[rows, LABELS]`` of each row by heads that saw nothing of its cluster, and the fold of each row.

    ``clusters`` other than those of ``blocks`` let a random split be shown beside the honest one.
    """
    groups = blocks.clusters if clusters is None else clusters
    truth = labels[:, -1] > 0.5
    folds = folds_of(groups, truth, folds=min(config.folds, len(np.unique(groups))), seed=seed)
    rows = blocks if clusters is None else replace(blocks, clusters=clusters)
    result = np.zeros(labels.shape)
    names = tuple(learnable(labels))
    numbers = np.unique(folds)
    for done, fold in enumerate(numbers, 1):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        kept = tuple(label for label in names if _both(labels[inside, LABELS.index(label)]))
        heads = (
            fit_heads(rows.select(inside), labels[inside], seed=seed, dropped=dropped, only=kept)
            if kept
            else Heads(by_label={})
        )
        result[outside] = heads.probabilities(rows.select(outside), history=False)
        if progress:
            progress(done, len(numbers))
    return result, folds


def team_thresholds(
    probabilities: NDArray[np.float64], labels: NDArray[np.float32], base: Thresholds, config: TeamConfig
) -> Thresholds:
    """Bands and cue thresholds from probabilities of rows that were not learnt from; a cue without labels keeps the base's."""
    found = fit_thresholds(
        probabilities,
        labels.astype(np.float64),
        act_precision=config.act_precision,
        false_alarms=config.false_alarms,
    )
    named = learnable(labels)
    cues = {cue: found.cues[cue] if cue in named else base.cues[cue] for cue in CUE_NAMES}
    return Thresholds(**{**asdict(found), "cues": cues})


def _without_names(head: FittedHead) -> NDArray[np.float64]:
    weights = head.weights.copy()
    weights[-2:] = 0.0
    return weights


def _both(column: NDArray[np.float32]) -> bool:
    return bool((column > 0.5).any() and (column <= 0.5).any())
