"""Full fine-tuning, LoRA, few-shot and the frozen encoder on 100 rows: quality, minutes, size.

    python benchmarks/methods.py [--model DIR] [--data ../shared/data/listings] [--rows 300] [--train 100]

Half of the clusters is held out; of the other half 100 rows are learnt from. Writes benchmarks/results/methods.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from four_sources import DATA, load_set, write_dump

from nlp.artefact import model_path
from nlp.detector import Detector
from nlp.markup import without_markup
from training.groups import hold_out
from training.metrics import bootstrap, pr_auc, recall_at_precision
from training.prepare import Source
from training.recipe import AdaptConfig, TeamConfig
from training.team import Say, fit_team, plan_team

HERE = Path(__file__).parent
METHODS = ("frozen", "fewshot", "lora", "finetune")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--rows", type=int, default=300, help="at most this many of each source, evenly taken"
    )
    parser.add_argument("--train", type=int, default=100)
    parser.add_argument("--tested", type=int, default=400)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "methods.json")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there (the real listings are not part of this repository)")
        return 0
    work = Path(tempfile.mkdtemp())
    whole = load_set(options.data, model=options.model, rows=options.rows, work=work)
    truth = whole.table.truth
    test = hold_out(whole.clusters, truth, share=0.5, seed=1)
    rng = np.random.default_rng(1)
    train = rng.permutation(np.flatnonzero(~test))[: options.train]
    outside = rng.permutation(np.flatnonzero(test))[: options.tested]
    lines = (
        write_dump(options.data, work / "all.jsonl", options.rows).read_text(encoding="utf-8").splitlines()
    )
    (work / "train.jsonl").write_text("\n".join(lines[at] for at in sorted(train)) + "\n", encoding="utf-8")
    groups = [str(each) for each in whole.clusters[outside]]
    base = whole.encoded.base[outside, -1]
    result: dict[str, Any] = {
        "model": whole.model,
        "train": len(train),
        "test": len(outside),
        "base model": {"pr_auc": bootstrap(pr_auc, truth[outside], base, groups=groups).as_json()},
    }
    listings = whole.table.select(outside).listings()
    for method in options.methods.split(","):
        result[method] = one(method, options.model, work, listings, truth[outside], groups)
        print(method, json.dumps(result[method]))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(work, ignore_errors=True)
    return 0


def one(  # noqa: PLR0917 - the loop's own inside
    method: str, model: str, work: Path, listings: list[Any], truth: Any, groups: list[str]
) -> dict[str, Any]:
    config = TeamConfig(method=method, seeds=1, adapt=AdaptConfig(max_length=96))
    say, began = Say(lambda _: None, lambda *_: None), time.monotonic()
    output = work / method
    base = model_path(model)
    plan = plan_team(Source(paths=(str(work / "train.jsonl"),)), output, base=base, config=config, say=say)
    fit_team(plan, output, config=config, say=say)
    minutes = (time.monotonic() - began) / 60
    detector = Detector.load(output)
    scores = detector.probabilities([detector.reader.read(without_markup(each)[0]) for each in listings])[
        :, -1
    ]
    return {
        "pr_auc": bootstrap(pr_auc, truth, scores, groups=groups).as_json(),
        "recall_at_precision_0.9": round(recall_at_precision(truth, scores, 0.9), 4),
        "minutes": round(minutes, 1),
        "planned_minutes": round(plan.minutes, 1),
        "folder_mb": round(
            sum(file.stat().st_size for file in output.rglob("*") if file.is_file()) / 2**20, 1
        ),
    }


if __name__ == "__main__":
    raise SystemExit(main())
