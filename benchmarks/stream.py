"""A million generated rows through reading, checking, clustering and splitting, in bounded memory.

    python benchmarks/stream.py [--rows 1000000]

Writes benchmarks/results/stream.json: seconds, and peak memory at a tenth of the rows and at all.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from training.groups import cluster_rows, hold_out
from training.label_columns import find_layout
from training.table import load_table

HERE = Path(__file__).parent
WORDS = [
    "blue",
    "leather",
    "bag",
    "watch",
    "steel",
    "sneakers",
    "box",
    "receipt",
    "new",
    "worn",
    "mirror",
    "grade",
    "copy",
    "genuine",
    "boutique",
    "store",
    "size",
    "large",
    "small",
    "gold",
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "stream.json")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    steps = [one(work, rows) for rows in (options.rows // 10, options.rows)]
    result = {
        "steps": steps,
        "bytes_a_row": round((steps[1]["peak_mb"] - steps[0]["peak_mb"]) * 2**20 / (0.9 * options.rows)),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    shutil.rmtree(work, ignore_errors=True)
    return 0


def one(work: Path, rows: int) -> dict[str, Any]:
    dump = work / f"{rows}.csv"
    write(dump, rows)
    began = time.monotonic()
    table = load_table([dump], find_layout([dump]), work / f"data-{rows}").table
    read = time.monotonic() - began
    clusters = cluster_rows(table)
    test = hold_out(clusters, table.truth, share=0.2, seed=1)
    shared = int(np.isin(clusters[test], clusters[~test]).sum())
    return {
        "rows": len(table),
        "dump_mb": round(dump.stat().st_size / 2**20),
        "reading_s": round(read, 1),
        "splitting_s": round(time.monotonic() - began - read, 1),
        "clusters": len(np.unique(clusters)),
        "held_out": int(test.sum()),
        "on_both_sides": shared,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def write(path: Path, rows: int) -> None:
    rng = random.Random(1)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,title,description,price,seller,label\n")
        for at in range(rows):
            title = " ".join(rng.choices(WORDS, k=7)) + f" {at}"
            stream.write(
                f"{at},{title},lot {rng.random()} of {at},{rng.randrange(5, 900)},s{at % 50_000},{at % 7 == 0:d}\n"
            )


if __name__ == "__main__":
    raise SystemExit(main())
