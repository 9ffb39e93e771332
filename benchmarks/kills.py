"""Training that is killed ten times at random moments and called again ends with the figures of an undisturbed run.

    python benchmarks/kills.py [--data examples/labels.csv] [--kills 10] [--seconds 20]

Writes benchmarks/results/kills.json; fails (exit code 1) if a figure differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent / "examples" / "labels.csv")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--method", default="auto")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "kills.json")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    began = time.monotonic()
    run(options, work / "whole").wait()
    undisturbed = time.monotonic() - began
    expected = figures(work / "whole")
    moments, restarts = random.Random(11), []
    finished = False
    for _ in range(options.kills):
        process = run(options, work / "killed")
        wait = moments.uniform(0.1, 0.9) * undisturbed
        try:
            process.wait(wait)
            finished = True  # it came to its end before the moment: begin anew
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        restarts.append(round(wait, 1))
        if finished:
            check(figures(work / "killed"), expected)
            shutil.rmtree(work / "killed")
            finished = False
    run(options, work / "killed").wait()
    same = figures(work / "killed") == expected
    result = {
        "kills": len(restarts),
        "moments_s": restarts,
        "undisturbed_s": round(undisturbed, 1),
        "same_figures": same,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(
        json.dumps(result | {"pr_auc": expected["held_out"]["pr_auc"]}, indent=1) + "\n", encoding="utf-8"
    )
    print(json.dumps(result))
    shutil.rmtree(work, ignore_errors=True)
    return 0 if same else 1


def run(options: argparse.Namespace, output: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-c",
        "from nlp.cli import main; main()",
        "train",
        str(options.data),
        "-o",
        str(output),
    ]
    return subprocess.Popen(
        [*command, "--method", options.method], stderr=subprocess.DEVNULL, env=dict(os.environ)
    )


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    found["training"].pop("minutes")
    return found


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    if found != expected:
        raise SystemExit("a resumed run ended with other figures")


if __name__ == "__main__":
    raise SystemExit(main())
