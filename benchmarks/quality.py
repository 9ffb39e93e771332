"""How the bundled model does on real listings, source by source, with baselines beside it.

    python benchmarks/quality.py [--model DIR] [--data ../shared/data/listings] [--rows 2000]

The real listings are for evaluation only and are not part of this repository; their labels come from the venue (a shop of
replicas, a vetted reseller), not from the text. Prints a table and writes benchmarks/results/quality.json.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES
from nlp.detector import Detector
from nlp.markup import without_markup
from nlp.reading import view_of
from nlp.records import Listing
from training.metrics import bootstrap, recall_at_precision, roc_auc, wilson

HERE = Path(__file__).parent
TEXT_SAYS_SO = ("agora_en", "noble_ko", "cnfans_en")
GENUINE = ("vestiaire_en", "grailed_en", "emag_ro")
PRICE_ONLY = ("litrepstar_en", "jerseys_yupoo_en")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data" / "listings")
    parser.add_argument("--rows", type=int, default=2000, help="at most this many of each file, evenly taken")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "quality.json")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there (the real listings are not part of this repository)")
        return 0
    began = time.monotonic()
    detector = Detector.load(options.model)
    sources = {
        file.stem: score_file(detector, file, options.rows) for file in sorted(options.data.glob("*.jsonl"))
    }
    for name in PRICE_ONLY:
        if name in sources:
            sources[f"{name} (no price)"] = score_file(
                detector, options.data / f"{name}.jsonl", options.rows, price=False
            )
    result = {
        "model": detector.artefact.identity,
        "threshold": detector.thresholds.queue,
        "sources": {name: describe(rows, detector) for name, rows in sources.items()},
        "text says so against genuine": compare(sources, TEXT_SAYS_SO, GENUINE),
        "each source against genuine": {
            name: compare(sources, (name,), GENUINE)
            for name in sources
            if sources[name]["label"] == "counterfeit"
        },
        "seconds": round(time.monotonic() - began, 1),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show(result)
    return 0


def score_file(detector: Detector, file: Path, limit: int, *, price: bool = True) -> dict[str, Any]:
    """Scores of the model and of each baseline for the rows of one file."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = rows[:: max(1, -(-len(rows) // limit))]
    listings = [listing_of(row) for row in rows]
    if not price:
        listings = [replace(each, price=None, currency=None) for each in listings]
    readings = [detector.reader.read(without_markup(listing)[0]) for listing in listings]
    probabilities = detector.probabilities(readings)
    at = detector.artefact.labels.index(COUNTERFEIT)
    ngrams = detector.classifier.ngram_logits([view_of(reading) for reading in readings])
    return {
        "label": rows[0]["venue_label"],
        "groups": [row["seller"] or row["id"] for row in rows],
        "model": probabilities[:, at],
        "n-grams": ngrams[:, at].astype(float),
        "keywords": np.array(
            [max([h.weight for _, h in r.hits if h.cue in CUE_NAMES], default=0.0) for r in readings]
        ),
        "low": sum(reading.price.low for reading in readings),
        "brand": np.array([float(bool(reading.offered)) for reading in readings]),
    }


def listing_of(row: dict[str, Any]) -> Listing:
    """The brand column is hidden: it stands only in the genuine sources and would tell the label."""
    return Listing(
        id=row["id"],
        title=row["title"] or "",
        description=row["description"] or "",
        price=row["price"],
        currency=row["currency"],
        seller=row["seller"],
        category=row["category"],
    )


def describe(rows: dict[str, Any], detector: Detector) -> dict[str, Any]:
    scores = rows["model"]
    queue, act = detector.thresholds.queue, detector.thresholds.act
    return {
        "venue": rows["label"],
        "n": len(scores),
        "flagged": wilson(int((scores >= queue).sum()), len(scores)).as_json(),
        "act": wilson(int((scores >= act).sum()), len(scores)).as_json(),
        "keyword list flags": wilson(int((rows["keywords"] >= 0.75).sum()), len(scores)).as_json(),
        "price too low": wilson(rows["low"], len(scores)).as_json(),
        "median score": round(float(np.median(scores)), 4),
    }


def compare(sources: dict[str, Any], bad: tuple[str, ...], good: tuple[str, ...]) -> dict[str, Any]:
    bad, good = (tuple(name for name in names if name in sources) for names in (bad, good))
    if not bad or not good:
        return {}
    truth = np.concatenate([np.full(len(sources[name]["model"]), name in bad) for name in (*bad, *good)])
    groups = [f"{name}:{group}" for name in (*bad, *good) for group in sources[name]["groups"]]
    figures: dict[str, Any] = {}
    for method in ("model", "n-grams", "keywords", "brand"):
        scores = np.concatenate([sources[name][method] for name in (*bad, *good)])
        figures[method] = bootstrap(roc_auc, truth, scores, groups=groups).as_json() | {
            "recall at precision 0.9": round(recall_at_precision(truth, scores, 0.9), 4)
        }
    return figures


def show(result: dict[str, Any]) -> None:
    print(f"model {result['model']}, flagged from {result['threshold']}; {result['seconds']} s\n")
    print(f"{'source':34} {'venue':12} {'n':>5}  {'flagged':>22}  {'act':>6}  {'too low':>7}  keyword list")
    for name, row in result["sources"].items():
        flagged = f"{row['flagged']['value']:.3f} [{row['flagged']['low']:.3f}, {row['flagged']['high']:.3f}]"
        print(
            f"{name:34} {row['venue'] or '?':12} {row['n']:>5}  {flagged:>22}  {row['act']['value']:>6.3f}  "
            f"{row['price too low']['value']:>7.3f}  "
            f"{row['keyword list flags']['value']:.3f}"
        )
    print(f"\nROC-AUC against {', '.join(GENUINE)} (95 % interval over sellers):")
    table = {
        "+".join(TEXT_SAYS_SO): result["text says so against genuine"],
        **result["each source against genuine"],
    }
    for name, figures in table.items():
        cells = [
            f"{method} {each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]"
            for method, each in figures.items()
        ]
        print(f"  {name:30} " + "   ".join(cells))


if __name__ == "__main__":
    raise SystemExit(main())
