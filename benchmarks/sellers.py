"""Generated verdicts through ``fauxwatch sellers``: seconds, peak memory, and how many planted links come back.

    python benchmarks/sellers.py [--rows 1000000] [--format jsonl|parquet] [--work DIR]

A tenth as many sellers as verdicts with a long tail (the busiest has some hundredth of all), 2 % suspicious, most of them with one
seller in fifty. Of these some share a phone number in threes, some a text in fours, each with a few words of his own; 500 (fewer
on small inputs) share one handle; others share what links nobody. Adds a line to benchmarks/results/sellers.json, or replaces it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from nlp.schema import VERDICT
from nlp.writers import suspects_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SUSPICIOUS_SELLERS: Final = 50  # every so manieth
HOT: Final = 500
BLOCK: Final = 100_000
WORDS = ["".join(random.Random(at).choices("abdegiklmnoprstuvz", k=3 + at % 6)) for at in range(5_000)]
BRANDS = ["Gucci", "Rolex", "Nike", "Louis Vuitton", "Chanel", "Apple", "Dyson", "Lego"]
CUES = ["replica_claim", "mirror_quality", "price_too_low", "hidden_brand"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl")
    parser.add_argument(
        "--work", type=Path, help="where the files go, and go away again (some 400 bytes a row)"
    )
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "sellers.json")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(dir=options.work))
    try:
        result = one(work, options.rows, options.format)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(result, indent=1))
    keep(options.output, result)
    return 0


def one(work: Path, rows: int, kind: str) -> dict[str, Any]:
    plan = Plan(sellers=max(rows // 10, 5_000))
    verdicts = work / f"verdicts.{kind}"
    write(verdicts, rows, plan)
    load, began = os.getloadavg()[0], time.monotonic()
    peak, disk = watch([verdicts, "-o", work / "sellers.jsonl", "--show-contacts"], work)
    seconds = time.monotonic() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = spent.ru_utime + spent.ru_stime
    return {
        "rows": rows,
        "format": kind,
        "verdicts_mb": round(verdicts.stat().st_size / 2**20),
        "seconds": round(seconds, 1),
        "minutes": round(seconds / 60, 2),
        "cpu_seconds": round(busy, 1),
        "peak_mb": round(peak / 2**20),
        "disk_mb": round(disk / 2**20),
        "found": judge(work / "sellers.jsonl", plan),
        "cpus": os.cpu_count(),
        "load_before": round(load, 1),
        "duckdb": duckdb.__version__,
    }


@dataclass
class Plan:
    """Which accounts belong together, and what each of them says that shows it."""

    sellers: int
    contact: dict[int, tuple[str, str]] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)
    pairs: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = random.Random(5)
        bad = list(range(7, self.sellers, SUSPICIOUS_SELLERS))
        rng.shuffle(bad)
        third = len(bad) // 3
        hot = min(HOT, third // 4)
        ring, threes, fours = bad[:hot], bad[hot:third], bad[third : 2 * third]
        self.contact |= dict.fromkeys(ring, ("telegram", "one_shop"))
        contacts = (
            set(pairwise(sorted(map(name, ring))))
            if hot > 50
            else set(combinations(sorted(map(name, ring)), 2))
        )
        for at in range(0, len(threes) - 2, 3):
            for place, each in enumerate(threes[at : at + 3]):
                self.contact[each] = ("phone" if place else "whatsapp", f"+86138{at:08}")
            contacts |= set(combinations(sorted(map(name, threes[at : at + 3])), 2))
        texts = set()
        for at in range(0, len(fours) - 3, 4):
            shared = rng.choices(WORDS, k=30)
            for place, each in enumerate(fours[at : at + 4]):
                self.text[each] = " ".join([*shared[:15], rng.choice(WORDS), *shared[15:], f"no {place}"])
            texts |= set(combinations(sorted(map(name, fours[at : at + 4])), 2))
        for each in bad[2 * third :]:
            self.contact[each] = ("website", f"shop{each % 40}.example")  # links nobody
        self.pairs = {"contact": contacts, "text": texts}

    @property
    def planted(self) -> list[int]:
        """All accounts that share something."""
        return [*self.contact, *self.text]


class Draw(NamedTuple):
    """One verdict as the dice would have it."""

    at: int
    seller: int
    score: float
    suspicious: bool


def name(seller: int) -> str:
    return f"shop {seller * 7919 % 100_003}-{seller}"


def write(path: Path, rows: int, plan: Plan) -> None:
    """Planted accounts first, so that each has one verdict at least; then as chance will have it."""
    numbers, rng = np.random.default_rng(3), random.Random(3)
    planted = plan.planted
    with sink(path) as put, suspects_path(path).open("w", encoding="utf-8") as texts:
        for start in range(0, rows, BLOCK):
            size = min(BLOCK, rows - start)
            sellers = (plan.sellers * numbers.random(size) ** 3).astype(int)
            head = planted[start : start + size]
            sellers[: len(head)] = head
            bad = sellers % SUSPICIOUS_SELLERS == 7
            suspicious = (numbers.random(size) < np.where(bad, 0.7, 0.006)) | (np.arange(size) < len(head))
            scores = np.where(suspicious, 0.5 + 0.5 * numbers.random(size), 0.4 * numbers.random(size) ** 4)
            drawn = [
                Draw(at, *each)
                for at, each in enumerate(
                    zip(sellers.tolist(), scores.tolist(), suspicious.tolist(), strict=True), start
                )
            ]
            put([verdict(draw, plan) for draw in drawn])
            texts.writelines(json.dumps(listing(draw, plan, rng)) + "\n" for draw in drawn if draw.suspicious)


@contextlib.contextmanager
def sink(path: Path) -> Iterator[Callable[[list[dict[str, Any]]], Any]]:
    """What takes verdicts and writes them."""
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, VERDICT, compression="zstd") as writer:
            yield lambda rows: writer.write_table(pa.Table.from_pylist(rows, VERDICT))
    else:
        with path.open("w", encoding="utf-8") as stream:
            yield lambda rows: stream.writelines(json.dumps(row) + "\n" for row in rows)


def listing(draw: Draw, plan: Plan, rng: random.Random) -> dict[str, Any]:
    own = draw.seller in plan.text or rng.random() < 0.3
    return {
        "id": f"dump.csv:{draw.at + 2}",
        "title": f"{BRANDS[draw.at % 8]} {draw.at % 97}",
        "description": said(draw.seller, plan) if own else " ".join(rng.choices(WORDS, k=32)),
        "price": 10.0 + draw.at % 50,
        "currency": "USD",
        "seller": name(draw.seller),
    }


def said(seller: int, plan: Plan) -> str:
    """The text that an account repeats."""
    return plan.text.get(seller) or " ".join(random.Random(f"own {seller}").choices(WORDS, k=32))


def verdict(draw: Draw, plan: Plan) -> dict[str, Any]:
    at, seller, score, suspicious = draw
    contact = plan.contact.get(seller) if suspicious else None
    if contact is None and seller % 20 == 3:
        contact = ("email", f"s{seller}@mail.example")
    span = {"text": "x", "field": "title", "start": 0, "end": 1}
    brand = {"brand": BRANDS[at % 8], **span, "how": "name"}
    given = (
        [{"kind": contact[0], "value": contact[1], "field": "title", "start": 0, "end": 1}] if contact else []
    )
    return {
        "id": f"dump.csv:{at + 2}",
        "score": round(score, 5),
        "suspicious": suspicious,
        "band": "queue" if suspicious else "clear",
        "cues": [{"cue": CUES[at % 4], "score": 0.9, **span}] if suspicious else [],
        "brands": [brand] if suspicious or at % 3 == 0 else [],
        "contacts": given,
        "seller": name(seller),
        "lang": "en",
        "price_usd": 10.0 + at % 50,
        "reference_usd": None,
        "price_ratio": None,
        "reasons": ["says that it is a replica"] if suspicious else [],
        "model": "bundled 0123456789ab",
    }


def watch(arguments: list[Any], work: Path) -> tuple[int, int]:
    """Runs the command; the most memory (bytes) of it and its children together, and the most disk beside the output."""
    command = [sys.executable, "-c", "from nlp.cli import main; main()", "sellers", *map(str, arguments)]
    running = psutil.Popen(command)
    peak = disk = 0
    while running.poll() is None:
        peak = max(peak, sum(resident(each) for each in (running, *children(running))))
        disk = max(disk, sum(size(each) for each in work.glob(".sellers*/**/*")))
        time.sleep(0.05)
    if running.returncode:
        raise SystemExit(f"the command ended with {running.returncode}")
    return peak, disk


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def judge(output: Path, plan: Plan) -> dict[str, Any]:
    """What was planted against what came back, and whether suspicious sellers stand above the others."""
    links: dict[str, set[tuple[str, str]]] = {"contact": set(), "text": set()}
    with Path(f"{output}.links.jsonl").open(encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            links[row["kind"]].add((row["first"], row["second"]))
    sellers, above, bad, good = 0, 0, 0, 0
    with output.open(
        encoding="utf-8"
    ) as stream:  # by falling risk: each good one counts the bad ones before it
        for row in map(json.loads, stream):
            sellers += 1
            if int(row["seller"].rpartition("-")[2]) % SUSPICIOUS_SELLERS == 7:
                bad += 1
            else:
                good += 1
                above += bad
    figures: dict[str, Any] = {
        "sellers": sellers,
        "suspicious_above_others": round(above / max(bad * good, 1), 4),
    }
    for kind, planted in plan.pairs.items():
        hit = len(planted & links[kind])
        figures[kind] = {"planted": len(planted), "found": hit, "not_planted": len(links[kind] - planted)}
    return figures


def keep(path: Path, result: dict[str, Any]) -> None:
    """Into the results, in place of an earlier run of the same size and format."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    runs = [run for run in runs if (run["rows"], run["format"]) != (result["rows"], result["format"])]
    runs = sorted([*runs, result], key=lambda run: (run["format"], run["rows"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"runs": runs}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
