"""What a model is worth on labelled rows: overall, by cue, language and size of seller, with baselines and false alarms beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES, LABELS
from training.metrics import bootstrap, measure, pr_auc, recall_at_precision, roc_auc, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nlp.decide import Thresholds
    from training.table import LabelledTable

__all__ = ["Measured", "false_alarms", "figures_of", "tfidf_out_of_fold"]

_AT: Final = LABELS.index(COUNTERFEIT)
_LEAST: Final = 5  # rows of a class in a group under which no figure is given
_LISTED: Final = 20
_SIZES: Final = ((1, "1 listing"), (5, "2-5"), (20, "6-20"), (10**9, "21 and more"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Scores on rows that the model did not learn from. ``baselines`` are further scores on the same rows, by name."""

    labels: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    thresholds: Thresholds
    clusters: NDArray[np.int64]
    sellers: NDArray[np.int32]
    langs: Sequence[str | None]
    baselines: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Whether a row is labelled counterfeit."""
        return np.asarray(self.labels[:, _AT] > 0.5)

    @property
    def scores(self) -> NDArray[np.float64]:
        """The probability that a row offers a counterfeit."""
        return self.probabilities[:, _AT]


def figures_of(measured: Measured) -> dict[str, Any]:
    """All figures as JSON; intervals are 95 %, from a bootstrap over clusters (sellers and near-identical texts)."""
    truth, scores, thresholds = measured.truth, measured.scores, measured.thresholds
    groups = [str(each) for each in measured.clusters]
    held = measure(truth, scores, threshold=thresholds.queue, groups=groups)
    held["recall_at_precision_0.9"] = bootstrap(
        lambda t, s: recall_at_precision(t, s, 0.9) if t.any() else None, truth, scores, groups=groups
    ).as_json()
    act = scores >= thresholds.act
    return {
        "held_out": held,
        "act": {
            "threshold": thresholds.act,
            "precision": wilson(int((truth & act).sum()), int(act.sum())).as_json(),
            "recall": wilson(int((truth & act).sum()), int(truth.sum())).as_json(),
        },
        "clusters": len(set(groups)),
        "by_language": _by_group([lang or "?" for lang in measured.langs], measured),
        "by_seller_size": _by_group(_seller_sizes(measured.sellers), measured),
        "by_cue": _by_cue(measured),
        "baselines": {name: _baseline(truth, other, groups) for name, other in measured.baselines.items()},
    }


def false_alarms(table: LabelledTable, measured: Measured, *, most: int = _LISTED) -> list[dict[str, Any]]:
    """The genuine rows with the highest scores, and how high: what a person should look at first."""
    order = np.argsort(-measured.scores, kind="stable")
    rows = [
        int(at) for at in order if not measured.truth[at] and measured.scores[at] >= measured.thresholds.queue
    ]
    listings = table.select(np.array(rows[:most], np.int64)).listings()
    return [
        {
            "id": listing.id,
            "score": round(float(measured.scores[at]), 4),
            "title": listing.title[:120],
            "seller": listing.seller,
            "price": listing.price,
            "currency": listing.currency,
        }
        for at, listing in zip(rows, listings, strict=False)
    ]


def tfidf_out_of_fold(
    texts: Sequence[str], truth: NDArray[np.bool_], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """TF-IDF (words and pairs of words) with logistic regression, each fold scored by a model of the others."""
    scores = np.full(len(truth), float(truth.mean()))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if 0 < truth[inside].sum() < len(inside):
            scores[outside] = tfidf_scores(
                [texts[int(at)] for at in inside], truth[inside], [texts[int(at)] for at in outside]
            )
    return scores


def tfidf_scores(
    train: Sequence[str], truth: NDArray[np.bool_], test: Sequence[str], *, characters: bool = False
) -> NDArray[np.float64]:
    """Scores of ``test`` by TF-IDF with logistic regression on ``train``; words and pairs of them, or characters 2 to 5."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    kind = {"analyzer": "char_wb", "ngram_range": (2, 5)} if characters else {"ngram_range": (1, 2)}
    vectorizer = TfidfVectorizer(sublinear_tf=True, max_features=300_000, **kind)
    matrix = vectorizer.fit_transform(train)
    model = LogisticRegression(C=10.0, max_iter=300).fit(matrix, truth)
    return np.asarray(model.predict_proba(vectorizer.transform(test))[:, 1])


def _baseline(truth: NDArray[np.bool_], scores: NDArray[np.float64], groups: Sequence[str]) -> dict[str, Any]:
    return {
        "pr_auc": bootstrap(pr_auc, truth, scores, groups=groups).as_json(),
        "roc_auc": bootstrap(roc_auc, truth, scores, groups=groups).as_json(),
        "recall_at_precision_0.9": round(recall_at_precision(truth, scores, 0.9), 4),
    }


def _by_group(names: Sequence[str], measured: Measured) -> dict[str, Any]:
    truth, scores, threshold = measured.truth, measured.scores, measured.thresholds.queue
    table = {}
    for name, _ in sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])):
        inside = np.array([each == name for each in names])
        yes, flagged = truth[inside], scores[inside] >= threshold
        both = min(yes.sum(), (~yes).sum()) >= _LEAST
        hits = int((yes & flagged).sum())
        table[name] = {
            "n": int(inside.sum()),
            "positives": int(yes.sum()),
            "pr_auc": bootstrap(pr_auc, yes, scores[inside]).as_json() if both else None,
            "recall": wilson(hits, int(yes.sum())).as_json(),
            "false_alarms": wilson(int((~yes & flagged).sum()), int((~yes).sum())).as_json(),
        }
    return table


def _seller_sizes(sellers: NDArray[np.int32]) -> list[str]:
    counts = Counter(sellers.tolist())
    return [
        "no seller" if seller < 0 else next(name for most, name in _SIZES if counts[seller] <= most)
        for seller in sellers.tolist()
    ]


def _by_cue(measured: Measured) -> dict[str, Any]:
    table = {}
    for at, name in enumerate(CUE_NAMES):
        known = ~np.isnan(measured.labels[:, at])
        marked = int((measured.labels[known, at] > 0.5).sum())
        if not known.any():
            continue
        full = measure(
            measured.labels[known, at] > 0.5,
            measured.probabilities[known, at],
            threshold=measured.thresholds.cues[name],
        )
        table[name] = {key: full[key] for key in ("n", "positives", "f1", "precision", "recall", "pr_auc")}
        table[name]["enough"] = marked >= _LEAST
    return table
