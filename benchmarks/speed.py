"""Listings a second, file to file, beside what people would otherwise run; quality and peak memory beside each.

    python benchmarks/speed.py [--rows 100000] [--repeats 0.0] [--baseline-rows 600] [--only NAME ...]

Makes a dump from the project's generator: 2 % suspected listings, the rest ordinary ones, with texts as long as in real dumps
(400 characters on average), and runs in turn: transformers' pipeline with the bundled checkpoint (batches of 32), the same with a
6x384 model of 250,000 pieces (random weights: what a user would otherwise pick costs that much), sentence-transformers
with a linear layer, the n-gram channel alone, ``classify --exact``, ``classify`` (the cascade), and Ray with one and two workers. The
slow ones run on the first ``--baseline-rows`` rows. Writes benchmarks/results/speed.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psutil

from nlp.artefact import BUNDLED
from training.data import load_corpus
from training.generator import Pools, generate
from training.metrics import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training.data import Example

HERE: Final = Path(__file__).resolve().parent
SUSPECTED: Final = 0.02
LENGTH: Final = 400  # characters on average, as in ../shared/data/listings/raw
BATCH: Final = 32
TOKENS: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A CSV file of ``rows`` listings; ``truth`` says by id which are suspected."""

    path: Path
    rows: int
    truth: dict[str, bool]

    def head(self, count: int) -> list[str]:
        """The texts of the first rows."""
        with self.path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            return [
                f"{row['title']}\n{row['description']}" for row, _ in zip(rows, range(count), strict=False)
            ]


def main() -> int:
    """Makes the dump, runs what is asked, prints the table, writes the figures."""
    options = _options()
    work = Path(tempfile.mkdtemp(prefix="speed"))
    try:
        dump = make_dump(work / "dump.csv", rows=options.rows, repeats=options.repeats)
        result: dict[str, Any] = {
            "rows": options.rows,
            "repeats": options.repeats,
            "bytes": dump.path.stat().st_size,
            "cpus": os.cpu_count(),
            "model": json.loads((BUNDLED / "detector.json").read_text(encoding="utf-8"))["name"],
            "runs": {},
        }
        for name, run in RUNS.items():
            if options.only and name not in options.only:
                continue
            result["runs"][name] = run(dump, work, options)
            print(_line(name, result["runs"][name]), flush=True)
        _ratios(result["runs"])
        _agreement(result, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, row in result["runs"].items():
        print(f"{name:<34}" + "".join(f"  {key} {value}" for key, value in row.get("ratios", {}).items()))
    if "cascade against exact" in result:
        print(json.dumps(result["cascade against exact"]))
    return 0


def make_dump(path: Path, *, rows: int, repeats: float) -> Dump:
    """Writes ``rows`` listings, the share ``repeats`` of them word for word again under another id."""
    rng = random.Random("speed")
    truth: dict[str, bool] = {}
    kept: list[dict[str, Any]] = []
    source = _listings(rng)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, ["id", "title", "description", "price", "currency", "seller"])
        out.writeheader()
        for number in range(rows):
            if kept and rng.random() < repeats:
                row = rng.choice(kept)
            else:
                row = next(source)
                kept = [*kept[-999:], row] if number % 8 == 0 else kept
            name = f"r{number}"
            truth[name] = row["suspected"]
            out.writerow({key: row.get(key) for key in out.fieldnames} | {"id": name})
    return Dump(path=path, rows=rows, truth=truth)


def _listings(rng: random.Random) -> Iterator[dict[str, Any]]:
    """Endless listings: rewritten from the corpus, made as long as in real dumps by plain sentences, no text twice."""
    examples = load_corpus()
    pools = Pools.of(examples)
    stock: dict[bool, list[Example]] = {True: [], False: []}
    for bad, count in ((True, 1_000), (False, 6_000)):
        source = [each for each in examples if each.counterfeit is bad and (bad or not each.pair)]
        made = generate(source, pools, count=2 * count, seed=1)
        stock[bad] = [each for each in made if each.counterfeit is bad][:count]
    turn = 0
    while True:
        turn += 1
        yield _row(rng.choice(stock[rng.random() < SUSPECTED]), pools, rng, turn)


def _row(example: Example, pools: Pools, rng: random.Random, turn: int) -> dict[str, Any]:
    listing, wanted = example.listing, rng.expovariate(1 / LENGTH)
    description = listing.description
    sentences = pools.sentences[example.lang or "en"]
    while sentences and len(description) < wanted:
        description = f"{description} {rng.choice(sentences)}".strip()
    return {
        "title": f"{listing.title} {turn}",
        "description": description,
        "price": listing.price,
        "currency": listing.currency,
        "seller": f"seller{rng.randrange(20_000)}",
        "suspected": example.counterfeit,
    }


class Watch(threading.Thread):
    """Peak memory of this process's children and their children: the sum of their unique and shared parts, in MB."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.peak, self._root, self._done = 0.0, root, threading.Event()

    def run(self) -> None:
        """Looks five times a second until stopped."""
        while not self._done.wait(0.2):
            try:
                root = psutil.Process(self._root)
                tree = [root, *root.children(recursive=True)]
            except psutil.Error:
                return
            self.peak = max(self.peak, sum(map(_pss, tree)) / 2**20)

    def stop(self) -> float:
        """The peak."""
        self._done.set()
        self.join()
        return round(self.peak, 1)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def classify(*flags: str, keep: str) -> Callable[[Dump, Path, argparse.Namespace], dict[str, Any]]:
    """A run of the command on the whole dump."""

    def run(dump: Dump, work: Path, _: argparse.Namespace) -> dict[str, Any]:
        output = work / f"{keep}.jsonl"
        command = [sys.executable, "-m", "nlp.cli", "classify", str(dump.path), "-o", str(output), *flags]
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        watch = Watch(process.pid)
        watch.start()
        complaint = process.communicate()[1]
        seconds, peak = time.monotonic() - began, watch.stop()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed: {complaint[-2000:]}")
        flagged = _flagged(output)
        return {
            "rows": dump.rows,
            "seconds": round(seconds, 2),
            "rate": round(dump.rows / seconds, 1),
            "peak_mb": peak,
            "quality": _quality(dump.truth, flagged),
        }

    return run


def _flagged(output: Path) -> dict[str, bool]:
    with output.open(encoding="utf-8") as lines:
        return {row["id"]: row["suspicious"] for row in map(json.loads, lines)}


def _quality(truth: dict[str, bool], flagged: dict[str, bool]) -> dict[str, Any]:
    hits = sum(truth[name] for name, flag in flagged.items() if flag)
    flags, wrong = sum(flagged.values()), sum(truth[name] for name in flagged)
    return {
        "recall": wilson(hits, wrong).as_json(),
        "precision": wilson(hits, flags).as_json(),
        "flagged": flags,
    }


def pipeline(dump: Dump, _: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Transformers' pipeline with the bundled checkpoint, as its documentation has it."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BUNDLED, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(BUNDLED, local_files_only=True).float()
    return _piped(model, tokenizer, dump.head(options.baseline_rows))


def large_pipeline(dump: Dump, _: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The same with a 6x384 encoder of 250,000 pieces; its weights are random, which costs the same."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(BUNDLED, local_files_only=True)
    shape = BertConfig(vocab_size=250_000, hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
    shape.num_labels = 8
    model = BertForSequenceClassification(shape)
    return _piped(model, tokenizer, dump.head(options.baseline_rows))


def _piped(model: Any, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    import torch
    from transformers import pipeline as make

    torch.set_num_threads(os.cpu_count() or 1)
    tokenizer.model_max_length = TOKENS
    ask = make("text-classification", model=model.eval(), tokenizer=tokenizer, device="cpu", top_k=None)
    ask(texts[:BATCH], batch_size=BATCH, truncation=True)
    began = time.monotonic()
    ask(texts, batch_size=BATCH, truncation=True)
    return _timed(len(texts), time.monotonic() - began)


def sentence_embeddings(dump: Dump, _: Path, options: argparse.Namespace) -> dict[str, Any]:
    """sentence-transformers' encode with the bundled encoder, and a linear layer over it."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(os.cpu_count() or 1)
    encoder = SentenceTransformer(str(BUNDLED), device="cpu", local_files_only=True).float()
    encoder.max_seq_length = TOKENS
    texts, layer = dump.head(options.baseline_rows), np.random.default_rng(1).normal(size=(384, 8))
    encoder.encode(texts[:BATCH], batch_size=BATCH, show_progress_bar=False)
    began = time.monotonic()
    encoder.encode(texts, batch_size=BATCH, show_progress_bar=False) @ layer
    return _timed(len(texts), time.monotonic() - began)


def ngrams_alone(dump: Dump, _: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The hashed character n-grams of the bundled model on one thread: what a linear text model costs."""
    from safetensors.numpy import load_file

    from nlp.ngrams import NgramChannel

    channel = NgramChannel.from_tensors(load_file(BUNDLED / "ngrams.safetensors"), 8)
    texts = dump.head(max(options.baseline_rows, 4_000))
    began = time.monotonic()
    channel.logits(texts)
    return _timed(len(texts), time.monotonic() - began)


def _timed(rows: int, seconds: float) -> dict[str, Any]:
    return {"rows": rows, "seconds": round(seconds, 2), "rate": round(rows / seconds, 1)}


def _ratios(runs: dict[str, dict[str, Any]]) -> None:
    """To every run its speed over the two pipelines'."""
    for base in ("pipeline", "pipeline 6x384, 250k pieces"):
        for row in runs.values() if base in runs else ():
            row.setdefault("ratios", {})[f"over {base}"] = round(row["rate"] / runs[base]["rate"], 2)


def _agreement(result: dict[str, Any], work: Path) -> None:
    """What the gate costs: verdicts that differ, and suspects of the exact run that the cascade lost."""
    files = [work / f"{name}.jsonl" for name in ("exact", "cascade")]
    if all(file.exists() for file in files):
        exact, cascade = map(_flagged, files)
        lost = sum(flag and not cascade[name] for name, flag in exact.items())
        differ = sum(flag != cascade[name] for name, flag in exact.items())
        result["cascade against exact"] = {
            "differ": wilson(differ, len(exact)).as_json(),
            "lost of the flagged": wilson(lost, max(sum(exact.values()), 1)).as_json(),
        }


RUNS: Final[dict[str, Callable[[Dump, Path, argparse.Namespace], dict[str, Any]]]] = {
    "pipeline": pipeline,
    "pipeline 6x384, 250k pieces": large_pipeline,
    "sentence-transformers and a layer": sentence_embeddings,
    "n-grams alone, one thread": ngrams_alone,
    "exact": classify("--exact", "--workers", "2", keep="exact"),
    "cascade": classify("--workers", "2", keep="cascade"),
    "cascade, one worker": classify("--workers", "1", keep="one"),
    "Ray, one worker": classify("--engine", "ray", "--workers", "1", keep="ray1"),
    "Ray, two workers": classify("--engine", "ray", "--workers", "2", keep="ray2"),
}


def _line(name: str, row: dict[str, Any]) -> str:
    memory = f"  peak {row['peak_mb']:.0f} MB" if "peak_mb" in row else ""
    quality = row.get("quality")
    told = (
        f"  recall {quality['recall']['value']:.3f}  precision {quality['precision']['value']:.3f}"
        if quality
        else ""
    )
    return f"{name:<34} {row['rows']:>9} rows  {row['seconds']:>9.1f} s  {row['rate']:>9.1f} /s{memory}{told}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument(
        "--repeats", type=float, default=0.0, help="share of rows that repeat an earlier text"
    )
    parser.add_argument("--baseline-rows", type=int, default=600)
    parser.add_argument("--only", nargs="*", choices=list(RUNS))
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "speed.json")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
