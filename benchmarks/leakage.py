"""What a random split hides: the same rows divided at random and by seller and near-identical text, the two figures side by side.

    python benchmarks/leakage.py [--model DIR] [--data ../shared/data/listings] [--rows 300] [--work DIR]

Prints a table, the warning that a user sees, and writes benchmarks/results/leakage.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from four_sources import DATA, load_set

from training.evaluation import tfidf_out_of_fold
from training.groups import folds_of, shared_rows
from training.learning import out_of_fold
from training.metrics import bootstrap, pr_auc, recall_at_precision, roc_auc
from training.recipe import TeamConfig

if TYPE_CHECKING:
    from four_sources import Set
    from numpy.typing import NDArray

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--rows", type=int, default=300, help="at most this many of each source, evenly taken"
    )
    parser.add_argument("--work", type=Path, help="where readings are kept between runs")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "leakage.json")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there (the real listings are not part of this repository)")
        return 0
    whole = load_set(options.data, model=options.model, rows=options.rows, work=options.work)
    result: dict[str, Any] = {
        "model": whole.model,
        "rows": len(whole.table),
        "positives": int(whole.table.truth.sum()),
    }
    for name, groups in (("random", np.arange(len(whole.table))), ("seller", whole.clusters)):
        result[name] = measure(whole, groups)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for model in ("team model", "TF-IDF + logistic regression"):
        for split in ("random", "seller"):
            each = result[split][model]
            print(
                f"{model:30} split by {split:7} PR-AUC {each['pr_auc']['value']:.3f} [{each['pr_auc']['low']:.3f}, "
                f"{each['pr_auc']['high']:.3f}]  recall at precision 0.9 {each['recall_at_precision_0.9']:.3f}"
            )
    print(
        f"rows whose seller or text stands on the other side: random {result['random']['shared']:.0%}, seller {result['seller']['shared']:.0%}"
    )
    return 0


def measure(whole: Set, groups: NDArray[np.int64]) -> dict[str, Any]:
    config, truth = TeamConfig(), whole.table.truth
    ours, folds = out_of_fold(whole.blocks, whole.table.labels, seed=1, config=config, clusters=groups)
    words = tfidf_out_of_fold(whole.encoded.texts, truth, folds_of(groups, truth, folds=config.folds, seed=1))
    names = [str(each) for each in whole.clusters]
    shared = sum(shared_rows(whole.clusters, folds == fold) for fold in np.unique(folds))
    figures: dict[str, Any] = {"shared": round(shared / len(truth), 4)}
    for name, scores in (("team model", ours[:, -1]), ("TF-IDF + logistic regression", words)):
        figures[name] = {
            "pr_auc": bootstrap(pr_auc, truth, scores, groups=names).as_json(),
            "roc_auc": bootstrap(roc_auc, truth, scores, groups=names).as_json(),
            "recall_at_precision_0.9": round(recall_at_precision(truth, scores, 0.9), 4),
        }
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
