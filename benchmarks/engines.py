"""What an engine gains and costs: rows a second with one worker and two, start-up, and what a row costs more on Ray.

    python benchmarks/engines.py [--rows 20000] [--engines local:1 local:2 ray:1 ray:2]

Start-up runs from the call to the first piece that is kept, less what this piece takes; the rate is that of the pieces after it.
local:1 scores in the main process with as many threads as there are CPUs, all others with one thread a worker. Each engine must write the same bytes. Writes benchmarks/results/engines.json; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from crashes import write_dump

from nlp.run import Engine, Settings, Step, classify_dumps

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--engines", nargs="+", default=["local:1", "local:2", "ray:1", "ray:2"])
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "engines.json")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    work = Path(tempfile.mkdtemp(prefix="fw-"))
    write_dump(work / "dump.csv", options.rows)
    found = {name: measured(work, name) for name in options.engines}
    if len({each.pop("sha256") for each in found.values()}) > 1:
        raise SystemExit("engines write different bytes")
    result = {"rows": options.rows, "load_before": os.getloadavg()[0], "engines": found, **compared(found)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    shutil.rmtree(work, ignore_errors=True)
    return 0


def measured(work: Path, name: str) -> dict[str, Any]:
    """One run; medians are left out, since they are learnt before any engine starts."""
    engine, _, workers = name.partition(":")
    marks: list[tuple[float, int]] = []

    def note(step: Step) -> None:
        marks.append((time.monotonic(), step.done))

    out = work / f"{name}.jsonl"
    began = time.monotonic()
    classify_dumps(
        [str(work / "dump.csv")],
        out,
        settings=Settings(medians=False),
        engine=Engine(name=engine, workers=int(workers)),
        progress=note,
    )
    whole = time.monotonic() - began
    (first, done), (last, rows) = marks[1], marks[-1]
    rate = (rows - done) / (last - first)
    return {
        "rows_per_s": round(rate, 1),
        "start_up_s": round(first - began - done / rate * int(workers), 1),
        "whole_s": round(whole, 1),
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }


def compared(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    """What the second worker gains on Ray, and what a row costs more there than with two local processes, in ms of one worker."""
    rates = {name: each["rows_per_s"] for name, each in found.items()}
    gains = {}
    if {"ray:1", "ray:2"} <= rates.keys():
        gains["ray_gain_of_two"] = round(rates["ray:2"] / rates["ray:1"], 2)
    if {"local:2", "ray:2"} <= rates.keys():
        gains["ray_overhead_ms_a_row"] = round(2 * (1000 / rates["ray:2"] - 1000 / rates["local:2"]), 3)
    return gains


if __name__ == "__main__":
    raise SystemExit(main())
