"""Are wrong labels found, and do suggested rows pay more than random ones?

    python benchmarks/labels.py [--model DIR] [--data ../shared/data/listings] [--rows 250] [--work DIR]

A tenth of the labels is flipped at random; the rows reported as probably wrong are held against the flipped ones. Then three rounds of
50 suggested rows against 50 random ones, from the same 50 rows, five seeds. Writes benchmarks/results/labels.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from four_sources import DATA, load_set

from training.groups import cluster_rows, hold_out
from training.learning import fit_heads, out_of_fold
from training.metrics import pr_auc, wilson
from training.noise import probably_wrong
from training.recipe import TeamConfig
from training.suggest import choose

if TYPE_CHECKING:
    from four_sources import Set
    from numpy.typing import NDArray

HERE = Path(__file__).parent
SEEDS = (1, 2, 3, 4, 5)
ROUNDS, STEP = 3, 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--rows", type=int, default=250, help="at most this many of each source, evenly taken"
    )
    parser.add_argument("--work", type=Path, help="where readings are kept between runs")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "labels.json")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there (the real listings are not part of this repository)")
        return 0
    whole = load_set(options.data, model=options.model, rows=options.rows, work=options.work)
    result = {
        "model": whole.model,
        "rows": len(whole.table),
        "flipped": [flipped(whole, seed) for seed in SEEDS],
        "suggested": [curve(whole, seed, suggested=True) for seed in SEEDS],
        "random": [curve(whole, seed, suggested=False) for seed in SEEDS],
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for each in result["flipped"]:
        print(
            f"seed {each['seed']}: {each['flipped']} flipped, {each['reported']} reported; precision {each['precision']['value']:.3f}, "
            f"recall {each['recall']['value']:.3f}"
        )
    for name in ("suggested", "random"):
        means = np.mean([run["pr_auc"] for run in result[name]], axis=0)
        print(
            f"{name:10} PR-AUC after 50, 100, 150, 200 labels: {', '.join(f'{each:.3f}' for each in means)}"
        )
    return 0


def flipped(whole: Set, seed: int) -> dict[str, Any]:
    """Precision and recall of the reported rows, out of fold by row, as ``fauxwatch train`` reports them."""
    rng = np.random.default_rng(seed)
    wrong = rng.choice(len(whole.table), len(whole.table) // 10, replace=False)
    labels = whole.table.labels.copy()
    labels[wrong, -1] = 1 - labels[wrong, -1]
    rows = np.arange(len(whole.table))
    crossed, _ = out_of_fold(whole.blocks, labels, seed=seed, config=TeamConfig(), clusters=rows)
    reported = {each.row for each in probably_wrong(labels[:, -1] > 0.5, crossed[:, -1])}
    hits = len(reported & set(wrong.tolist()))
    return {
        "seed": seed,
        "flipped": len(wrong),
        "reported": len(reported),
        "precision": wilson(hits, len(reported)).as_json(),
        "recall": wilson(hits, len(wrong)).as_json(),
    }


def curve(whole: Set, seed: int, *, suggested: bool) -> dict[str, Any]:
    """PR-AUC on held-out sellers after each round of labelling, from the same first rows."""
    truth = whole.table.truth
    test = hold_out(whole.clusters, truth, share=0.5, seed=seed)
    pool, outside = np.flatnonzero(~test), np.flatnonzero(test)
    rng = np.random.default_rng(seed)
    known = first_rows(pool, truth, rng)
    texts = cluster_rows(whole.table, sellers=False)
    values = []
    for _ in range(ROUNDS + 1):
        heads = fit_heads(whole.blocks.select(known), whole.table.labels[known], seed=seed)
        scores = heads.probabilities(whole.blocks.select(outside), history=False)[:, -1]
        values.append(round(pr_auc(truth[outside], scores) or 0.0, 4))
        left = np.setdiff1d(pool, known)
        if suggested:
            guess = heads.probabilities(whole.blocks.select(left), history=False)[:, -1]
            chosen = choose(
                guess, whole.blocks.matrix[left], texts[left], count=STEP, threshold=0.5, seed=seed
            )
            known = np.concatenate([known, left[chosen]])
        else:
            known = np.concatenate([known, rng.choice(left, STEP, replace=False)])
    return {"seed": seed, "pr_auc": values}


def first_rows(
    pool: NDArray[np.int64], truth: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Fifty rows, at least twenty of each class, so that something can be fitted at all."""
    yes, no = pool[truth[pool]], pool[~truth[pool]]
    return np.concatenate([rng.choice(yes, 20, replace=False), rng.choice(no, 30, replace=False)])


if __name__ == "__main__":
    raise SystemExit(main())
