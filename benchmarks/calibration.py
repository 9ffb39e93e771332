"""Whether a score means what it says: reliability by tenths, calibration error and the `act` band, on the held-out fifth.

    python benchmarks/calibration.py [--model DIR] [--work DIR]

Prints a table and writes benchmarks/results/calibration.json.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from held_out import Bench, options_of, show

from training.metrics import bootstrap, calibration_error, measure, pair_accuracy, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10


def main() -> int:
    options = options_of(__doc__, "calibration.json")
    bench = Bench.load(options.model, options.work)
    part = bench.part("test")
    scores = np.array([verdict.score for verdict in bench.verdicts("test")])
    truth, thresholds = part.truth, bench.detector.thresholds
    act = scores >= thresholds.act
    flagged = scores >= thresholds.queue
    result = {
        "model": bench.model,
        "n": len(scores),
        "clusters": len(set(part.clusters)),
        "ece": bootstrap(calibration_error, truth, scores, groups=part.clusters).as_json(),
        "bins": reliability(truth, scores),
        "act": {
            "threshold": thresholds.act,
            "precision": wilson(int((truth & act).sum()), int(act.sum())).as_json(),
            "recall": wilson(int((truth & act).sum()), int(truth.sum())).as_json(),
        },
        "held out": measure(truth, scores, threshold=thresholds.queue, groups=part.clusters),
        "held out, flagged from 0.5": measure(truth, scores, threshold=0.5, groups=part.clusters),
        "pairs": pair_accuracy(
            list(truth), list(flagged), [example.pair for example in part.examples]
        ).as_json(),
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{result['model']}; {len(scores)} held-out listings; ECE {show(result['ece'])}")
    for row in result["bins"]:
        print(
            f"{row['from']:.1f}-{row['to']:.1f}  n {row['n']:>5}  mean score {row['score'] or 0:.3f}  counterfeit {show(row['share'])}"
        )
    print(
        f"act from {thresholds.act}: precision {show(result['act']['precision'])} of {int(act.sum())}, "
        f"recall {show(result['act']['recall'])}"
    )
    return 0


def reliability(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> list[dict[str, Any]]:
    """By tenth of the score: listings, their mean score, and the share that offers a counterfeit."""
    places = np.clip((scores * BINS).astype(int), 0, BINS - 1)
    rows = []
    for place in range(BINS):
        inside = places == place
        rows.append(
            {
                "from": place / BINS,
                "to": (place + 1) / BINS,
                "n": int(inside.sum()),
                "score": round(float(scores[inside].mean()), 4) if inside.any() else None,
                "share": wilson(int(truth[inside].sum()), int(inside.sum())).as_json(),
            }
        )
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
