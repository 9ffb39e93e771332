"""What is measured of a model on held-out examples: overall, by language, by cue, pairs, with baselines beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES, LABELS
from nlp.decide import feature_names
from training.metrics import f1, measure, pair_accuracy, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nlp.decide import Thresholds
    from nlp.reading import Reader
    from training.data import Example

__all__ = ["baselines", "brand_figures", "measure_all"]


def measure_all(
    examples: Sequence[Example],
    labels: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    features: NDArray[np.float64],
    *,
    thresholds: Thresholds,
    groups: Sequence[str],
    reader: Reader,
) -> dict[str, Any]:
    """The content of ``metrics.json``. ``labels`` and ``probabilities`` are ``[examples, LABELS]``."""
    at = LABELS.index(COUNTERFEIT)
    truth, scores = labels[:, at] > 0.5, probabilities[:, at]
    flagged = scores >= thresholds.queue
    act = scores >= thresholds.act
    pairs = [example.pair for example in examples]
    return {
        "held_out": measure(truth, scores, threshold=thresholds.queue, groups=groups),
        "act": {
            "threshold": thresholds.act,
            "precision": wilson(int((truth & act).sum()), int(act.sum())).as_json(),
            "recall": wilson(int((truth & act).sum()), int(truth.sum())).as_json(),
        },
        "pairs": pair_accuracy(list(truth), list(flagged), pairs).as_json(),
        "by_language": _by_language(examples, truth, scores, thresholds.queue),
        "by_cue": _by_cue(labels, probabilities, thresholds),
        "brands": brand_figures(examples, reader),
        "baselines": baselines(truth, features, pairs),
    }


def baselines(
    truth: NDArray[np.bool_], features: NDArray[np.float64], pairs: Sequence[str | None]
) -> dict[str, Any]:
    """What simpler means reach on the same rows: the keyword list, any brand, the n-gram channel alone, the encoder alone."""
    names = feature_names(LABELS)

    def column(name: str) -> NDArray[np.float64]:
        return features[:, names.index(name)]

    keyword = np.max([column(f"weight:{cue}") for cue in CUE_NAMES], axis=0) >= 0.75
    decisions = {
        "keyword list": keyword,
        "any brand": column("brands") > 0,
        "n-grams alone": column(f"ngrams:{COUNTERFEIT}") > 0,
        "encoder alone": column(f"encoder:{COUNTERFEIT}") > 0,
    }
    return {
        name: {
            "f1": f1(truth, decided),
            "precision": wilson(int((truth & decided).sum()), int(decided.sum())).as_json(),
            "recall": wilson(int((truth & decided).sum()), int(truth.sum())).as_json(),
            "pairs": pair_accuracy(list(truth), list(decided), pairs).as_json(),
        }
        for name, decided in decisions.items()
    }


def brand_figures(examples: Sequence[Example], reader: Reader) -> dict[str, Any]:
    """Brands found against brands marked, counted by listing and name."""
    hits = found = marked = 0
    for example in examples:
        wanted = {(reader.canonical(name) or name).casefold() for _, _, _, name in example.brands}
        got = {match.brand.casefold() for _, match in reader.read(example.listing).offered}
        hits, found, marked = hits + len(wanted & got), found + len(got), marked + len(wanted)
    return {
        "precision": wilson(hits, found).as_json(),
        "recall": wilson(hits, marked).as_json(),
        "f1": round(2 * hits / max(found + marked, 1), 4),
    }


def _by_language(
    examples: Sequence[Example], truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    langs = sorted({example.lang or "?" for example in examples})
    rows = {lang: np.array([(example.lang or "?") == lang for example in examples]) for lang in langs}
    return {
        lang: {
            "n": int(inside.sum()),
            "f1": measure(truth[inside], scores[inside], threshold=threshold)["f1"],
            "false_alarms": wilson(
                int((~truth & (scores >= threshold))[inside].sum()), int((~truth)[inside].sum())
            ).as_json(),
            "pairs": pair_accuracy(
                list(truth[inside]),
                list(scores[inside] >= threshold),
                [example.pair for example, keep in zip(examples, inside, strict=True) if keep],
            ).as_json(),
        }
        for lang, inside in rows.items()
    }


def _by_cue(
    labels: NDArray[np.float64], probabilities: NDArray[np.float64], thresholds: Thresholds
) -> dict[str, Any]:
    figures = {}
    for at, name in enumerate(CUE_NAMES):
        known = ~np.isnan(labels[:, at])
        full = measure(labels[known, at] > 0.5, probabilities[known, at], threshold=thresholds.cues[name])
        figures[name] = {key: full[key] for key in ("n", "positives", "f1", "precision", "recall")}
    return figures
