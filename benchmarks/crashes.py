"""SIGKILL at random moments, over and over: is a row lost, doubled or torn, or a byte different in the end?

    python benchmarks/crashes.py [--kills 50] [--rows 4000] [--engines local ray] [--seed 1]

Each run of some thousand generated rows is killed until it comes through: the main process, one of its workers, and with Ray also
an actor, the raylet or the head's store, whichever the dice say. A killed worker or actor must cost a retry and no more; after any
other kill the run is called again with --resume, on an engine drawn anew. Then verdicts, rejected rows and suspects are compared,
byte by byte, with those of an uninterrupted run in one process. Prints a table, writes benchmarks/results/crashes.json, and ends
with exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENDINGS = ("", ".rejected.jsonl", ".suspects.jsonl")
# What a process is, by how its command line begins or what stands in it.
TARGETS = {
    "main": (),
    "worker": ("multiprocessing.spawn",),
    "actor": ("ray::MapWorker",),
    "raylet": ("raylet/raylet",),
    "store": ("gcs/gcs_server",),
}
OF_ENGINE = {"local": ("main", "worker"), "ray": ("main", "worker", "actor", "raylet", "store")}
SURVIVED = ("worker", "actor")  # whose death the run itself must get over
COMMAND = (sys.executable, "-c", "from nlp.cli import main; main()", "classify")


@dataclass(slots=True)
class Tally:
    """What happened over all runs."""

    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    differing: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="+", choices=sorted(OF_ENGINE), default=["local", "ray"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "crashes.json")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    work = Path(tempfile.mkdtemp(prefix="fw-crashes-"))
    dump = work / "dump.csv"
    write_dump(dump, options.rows)
    began = time.monotonic()
    whole = work / "whole.jsonl"
    start(dump, whole, "local", 1, resume=False).wait()
    seconds = time.monotonic() - began
    expected = digests(whole)
    chaos = Chaos(options=options, dice=dice, dump=dump, seconds=seconds)
    tally = chaos.tally
    while tally.kills.total() < options.kills:
        out = work / f"run-{tally.runs}.jsonl"
        chaos.run(out)
        found = digests(out)
        if found != expected:
            differing = [ending for ending in ENDINGS if found[ending] != expected[ending]]
            tally.differing.append(f"run {tally.runs}: {differing}")
        tally.runs += 1
    result = {
        "rows": options.rows,
        "rows_in_output": rows_of(whole),
        "kills": tally.kills.total(),
        "killed": dict(sorted(tally.kills.items())),
        "runs": tally.runs,
        "uninterrupted_s": round(seconds, 1),
        "runs_that_differ": tally.differing,
        "runs_that_failed": tally.failures,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    show(result)
    shutil.rmtree(work, ignore_errors=True)
    return 1 if tally.differing or tally.failures else 0


@dataclass(slots=True, kw_only=True)
class Chaos:
    """Kills by dice; ``seconds`` is what an undisturbed run takes."""

    options: argparse.Namespace
    dice: random.Random
    dump: Path
    seconds: float
    tally: Tally = field(default_factory=Tally)

    def run(self, out: Path) -> None:
        """Kills and resumes until the run comes through."""
        resume = False
        while True:
            engine = self.dice.choice(self.options.engines)
            process = start(self.dump, out, engine, self.options.workers, resume=resume)
            resume = True
            killed = self._kills(process, engine)
            code = finish(process)
            print(
                f"run {self.tally.runs}, {engine}: killed {killed or 'nothing'}, exit code {code}", flush=True
            )
            if code in (0, 1) and out.exists():
                return
            if killed in SURVIVED or not killed:
                said = (
                    Path(f"{out}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                )
                self.tally.failures.append(
                    f"run {self.tally.runs}, {engine}: exit code {code} after {killed or 'nothing'} was killed: {said}"
                )
                return

    def _kills(self, process: subprocess.Popen[bytes], engine: str) -> str:
        """What was killed last, "" for nothing; ends when the run does, or cannot go on."""
        killed = ""
        while process.poll() is None and self.tally.kills.total() < self.options.kills:
            wait_for(process, self.dice.uniform(0.02, 0.8) * self.seconds)
            target = self.dice.choice(OF_ENGINE[engine])
            if process.poll() is None and kill(process.pid, target):
                self.tally.kills[f"{engine} {target}"] += 1
                killed = target
                if target not in SURVIVED:
                    break
        return killed


def start(dump: Path, out: Path, engine: str, workers: int, *, resume: bool) -> subprocess.Popen[bytes]:
    command = [*COMMAND, str(dump), "-o", str(out), "--engine", engine, "--workers", str(workers)]
    command += ["--ray-temp", str(out.parent / "ray")] if engine == "ray" else []
    command += ["--resume"] if resume else []
    with Path(f"{out}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def wait_for(process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)


def finish(process: subprocess.Popen[bytes]) -> int:
    """The exit code; a run that hangs for ten minutes is ended and counts as failed."""
    try:
        return process.wait(600)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 124


def kill(main_process: int, target: str) -> bool:
    """SIGKILL for the main process or one of those that descend from it; False if there is none of that kind."""
    marks = TARGETS[target]
    found = [main_process] if not marks else [pid for pid in below(main_process) if is_a(pid, marks)]
    for pid in found[:1]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(found)


def below(parent: int) -> list[int]:
    """All processes that descend from ``parent``, in random order."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {parent}
    while more := {pid for pid, above in parents.items() if above in found} - found:
        found |= more
    rest = list(found - {parent})
    random.shuffle(rest)
    return rest


def is_a(pid: int, marks: tuple[str, ...]) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return False
    return any(mark in line for mark in marks)


def digests(out: Path) -> dict[str, str]:
    found = {}
    for ending in ENDINGS:
        path = Path(f"{out}{ending}")
        found[ending] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"
    return found


def rows_of(out: Path) -> dict[str, int]:
    return {ending or "verdicts": Path(f"{out}{ending}").read_bytes().count(b"\n") for ending in ENDINGS}


def write_dump(path: Path, rows: int) -> None:
    """The examples over and over, each with words and a number of its own; one row in 97 has no text."""
    dice = random.Random(3)
    words = ["blue", "red", "small", "classic", "vintage", "new", "leather", "canvas", "steel", "gold", "box"]
    with (HERE.parent / "examples" / "listings.csv").open(encoding="utf-8") as file:
        examples = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, examples[0].keys())
        writer.writeheader()
        for number in range(rows):
            row: dict[str, Any] = {**dice.choice(examples), "id": f"r{number}"}
            row["title"] = f"{' '.join(dice.sample(words, 3))} {row['title']} {number}"
            if number % 97 == 0:
                row["title"] = row["description"] = ""
            writer.writerow(row)


def show(result: dict[str, Any]) -> None:
    print(f"{result['rows']:,} rows, {result['kills']} kills in {result['runs']} runs")
    for target, number in result["killed"].items():
        print(f"  {target:<14}{number:>4}")
    print(f"runs whose bytes differ: {len(result['runs_that_differ'])} {result['runs_that_differ'] or ''}")
    print(f"runs that failed: {len(result['runs_that_failed'])} {result['runs_that_failed'] or ''}")


if __name__ == "__main__":
    raise SystemExit(main())
