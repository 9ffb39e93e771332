"""How much a team's labels help: 100, 300, 600 and all rows, held out by seller and near-identical text, five seeds.

    python benchmarks/learning.py [--model DIR] [--data ../shared/data/listings] [--rows 700] [--work DIR]

Beside the team's head: the base model as it is, TF-IDF with logistic regression on words and on characters, learnt from the same rows.
Prints a table and writes benchmarks/results/learning.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from four_sources import DATA, load_set

from training.evaluation import tfidf_scores
from training.groups import hold_out
from training.learning import fit_heads
from training.metrics import pr_auc, recall_at_precision, roc_auc

if TYPE_CHECKING:
    from four_sources import Set
    from numpy.typing import NDArray

HERE = Path(__file__).parent
SIZES = (100, 300, 600, 0)
SEEDS = (1, 2, 3, 4, 5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--rows", type=int, default=None, help="at most this many of each source, evenly taken"
    )
    parser.add_argument("--work", type=Path, help="where readings are kept between runs")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "learning.json")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there (the real listings are not part of this repository)")
        return 0
    began = time.monotonic()
    whole = load_set(options.data, model=options.model, rows=options.rows, work=options.work)
    reading = time.monotonic() - began
    runs = [run for seed in SEEDS for run in one_seed(whole, seed)]
    result = {
        "model": whole.model,
        "rows": len(whole.table),
        "positives": int(whole.table.truth.sum()),
        "clusters": len(set(whole.clusters.tolist())),
        "reading_seconds": round(reading, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "sizes": {
            str(size or "all"): summarise([run for run in runs if run["size"] == size]) for size in SIZES
        },
        "runs": runs,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show(result)
    return 0


def one_seed(whole: Set, seed: int) -> list[dict[str, Any]]:
    """Half of the clusters is held out; of the other half so many rows are learnt from, both classes in their share."""
    truth = whole.table.truth
    test = hold_out(whole.clusters, truth, share=0.5, seed=seed)
    inside, outside = np.flatnonzero(~test), np.flatnonzero(test)
    order = np.random.default_rng(seed).permutation(inside)
    return [one_run(whole, order[: size or len(order)], outside, seed=seed, size=size) for size in SIZES]


def one_run(
    whole: Set, train: NDArray[np.int64], test: NDArray[np.int64], *, seed: int, size: int
) -> dict[str, Any]:
    truth, texts = whole.table.truth, whole.encoded.texts
    began = time.monotonic()
    heads = fit_heads(whole.blocks.select(train), whole.table.labels[train], seed=seed)
    ours = heads.probabilities(whole.blocks.select(test), history=False)[:, -1]
    seconds = time.monotonic() - began
    learn, rest = [texts[at] for at in train], [texts[at] for at in test]
    scores = {
        "team model": ours,
        "base model": whole.encoded.base[test, -1],
        "TF-IDF words": tfidf_scores(learn, truth[train], rest),
        "TF-IDF characters": tfidf_scores(learn, truth[train], rest, characters=True),
    }
    figures = {
        name: {
            "pr_auc": round(pr_auc(truth[test], values) or 0.0, 4),
            "roc_auc": round(roc_auc(truth[test], values) or 0.0, 4),
            "recall_at_precision_0.9": round(recall_at_precision(truth[test], values, 0.9), 4),
        }
        for name, values in scores.items()
    }
    return {
        "seed": seed,
        "size": size,
        "train": len(train),
        "test": len(test),
        "seconds": round(seconds, 1),
        "figures": figures,
    }


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean over seeds with a 95 % interval (Student's t over five seeds), and the difference of the team model to each other."""
    table: dict[str, Any] = {"seconds": round(float(np.mean([run["seconds"] for run in runs])), 1)}
    for name in runs[0]["figures"]:
        table[name] = {
            key: interval([run["figures"][name][key] for run in runs])
            for key in ("pr_auc", "roc_auc", "recall_at_precision_0.9")
        }
        if name != "team model":
            gaps = [run["figures"]["team model"]["pr_auc"] - run["figures"][name]["pr_auc"] for run in runs]
            table[name]["team model better by (PR-AUC)"] = interval(gaps)
    return table


def interval(values: list[float]) -> dict[str, float]:
    mean, half = float(np.mean(values)), 2.776 * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return {"mean": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def show(result: dict[str, Any]) -> None:
    print(
        f"{result['model']}; {result['rows']:,} rows, {result['positives']:,} counterfeit; peak memory {result['peak_memory_mb']} MB\n"
    )
    for size, table in result["sizes"].items():
        print(f"{size} rows, {table['seconds']} s to fit")
        for name, each in table.items():
            if name == "seconds":
                continue
            line = f"  {name:20}" + "   ".join(
                f"{key} {value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
                for key, value in each.items()
            )
            print(line)


if __name__ == "__main__":
    raise SystemExit(main())
