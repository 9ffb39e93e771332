"""Cross-lingual retrieval of sentence encoders: for each language, how often the nearest English sentence is the translation.

``python benchmarks/encoder.py NAME=FOLDER ... -o benchmarks/results/encoder.json`` adds one entry for each model folder
(transformers checkpoint, mean pooling) to the file and prints all entries beside each other. Evaluation data: NTREX-128
(first 1,000 pairs) and the Tatoeba pairs of LASER, found in ``../shared/data/corpora/eval`` unless ``--eval`` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from training.loop import device_of

ROOT = Path(__file__).resolve().parent.parent
SETS = ("ntrex128", "tatoeba_laser")


def main() -> int:
    """Measure the named models, merge the results into the JSON file, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument(
        "models", nargs="*", metavar="NAME=FOLDER", help="none: only print what the file holds"
    )
    parser.add_argument("--eval", type=Path, default=ROOT.parent / "shared" / "data" / "corpora" / "eval")
    parser.add_argument("--pairs", type=int, default=1_000, help="first so many pairs a language and set")
    parser.add_argument(
        "--only", choices=("retrieval", "speed"), help="measure half, keep the rest of the file's entry"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "benchmarks" / "results" / "encoder.json")
    options = parser.parse_args()
    report = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    for named in options.models:
        name, _, folder = named.partition("=")
        if not (Path(folder) / "config.json").exists():
            parser.error(f"{named}: expected NAME=FOLDER with a transformers checkpoint in FOLDER")
        if not options.eval.is_dir():
            parser.error(f"no evaluation data in {options.eval}; name its folder with --eval")
        entry = report.setdefault(name, {"megabytes": round(megabytes(Path(folder)), 1)})
        if options.only != "speed":
            entry |= measure_retrieval(Path(folder), options.eval, options.pairs, options.threads)
        if options.only != "retrieval":
            entry |= measure_speed(Path(folder), options.eval, options.threads)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print_table(report)
    return 0


def measure_retrieval(folder: Path, data: Path, pairs: int, threads: int) -> dict[str, Any]:
    """Accuracy@1 per set and language, and the mean over languages."""
    embedder = Embedder(folder, threads)
    result: dict[str, Any] = {}
    for name in SETS:
        scores = {}
        for file in sorted((data / name).glob("*.tsv")):
            english, other = read_pairs(file, pairs)
            scores[file.stem] = retrieval(english, embedder(english), embedder(other))
            print(
                f"{folder.name} {name} {file.stem} {scores[file.stem]['to_english']:.3f}",
                file=sys.stderr,
                flush=True,
            )
        scores["mean"] = {
            key: round(float(np.mean([score[key] for score in scores.values()])), 4)
            for key in ("to_english", "from_english")
        }
        result[name] = scores
    return result


def measure_speed(folder: Path, data: Path, threads: int) -> dict[str, Any]:
    """Embeddings a second on twenty sentences of each language, sorted by length, after a warm-up."""
    texts = [
        text
        for file in sorted((data / SETS[0]).glob("*.tsv"))
        for side in read_pairs(file, 20)
        for text in side
    ]
    embedder = Embedder(folder, threads)
    embedder(texts[:64])
    warm = embedder.texts, embedder.tokens, embedder.seconds
    embedder(texts)
    count, tokens, seconds = embedder.texts - warm[0], embedder.tokens - warm[1], embedder.seconds - warm[2]
    return {
        "threads": threads,
        "embeddings_per_s": round(count / seconds, 1),
        "tokens_per_text": round(tokens / count, 1),
    }


class Embedder:
    """Unit embeddings of texts, each text computed once; ``texts``, ``tokens`` and ``seconds`` add up what it cost."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(threads)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.device = device_of("auto")
        self.model = AutoModel.from_pretrained(str(folder), local_files_only=True).eval().to(self.device)
        self.known: dict[str, np.ndarray] = {}
        self.texts, self.tokens, self.seconds = 0, 0, 0.0

    def __call__(self, texts: list[str]) -> np.ndarray:
        """One row a text, float32."""
        new = sorted(set(texts) - self.known.keys(), key=len)
        started = time.perf_counter()
        for start in range(0, len(new), 64):
            self._embed(new[start : start + 64])
        self.seconds += time.perf_counter() - started
        self.texts += len(new)
        return np.stack([self.known[text] for text in texts])

    def _embed(self, texts: list[str]) -> None:
        import torch

        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=128, return_tensors="pt")
        batch = batch.to(self.device)
        with torch.inference_mode():
            states = self.model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).float()
        self.tokens += int(mask.sum())
        pooled = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
        self.known.update(zip(texts, pooled.cpu().numpy(), strict=True))


def retrieval(english: list[str], ours: np.ndarray, theirs: np.ndarray) -> dict[str, Any]:
    """Accuracy@1 in both directions with n and a 95 % interval; repeated English sentences count as the same answer."""
    scores = theirs @ ours.T
    label = np.array([english.index(text) for text in english])
    to_english = label[scores.argmax(axis=1)] == label
    from_english = label[scores.argmax(axis=0)] == label
    return {
        "n": len(english),
        "to_english": round(float(to_english.mean()), 4),
        "interval": wilson(int(to_english.sum()), len(english)),
        "from_english": round(float(from_english.mean()), 4),
    }


def wilson(hits: int, n: int) -> list[float]:
    """The 95 % Wilson interval of a proportion."""
    z, share = 1.96, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def read_pairs(file: Path, pairs: int) -> tuple[list[str], list[str]]:
    """The first ``pairs`` English sentences of a file and their translations."""
    with file.open(encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines][:pairs]
    return [row[0] for row in rows], [row[1] for row in rows]


def megabytes(folder: Path) -> float:
    """Size of the weights."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 1e6


def print_table(report: dict[str, Any]) -> None:
    """Accuracy@1 towards English per language, one column for each model and set."""
    columns = [(model, name) for model in sorted(report) for name in SETS]
    languages = sorted({lang for model, name in columns for lang in report[model][name]} - {"mean"})
    print("lang   " + "  ".join(f"{model}/{name}" for model, name in columns))
    for lang in [*languages, "mean"]:
        cells = (
            f"{report[model][name][lang]['to_english']:{len(model) + len(name) + 1}.3f}"
            for model, name in columns
        )
        print(f"{lang:<7}" + "  ".join(cells))
    for model in sorted(report):
        entry = {"embeddings_per_s": "?", "threads": "?", "tokens_per_text": "?"} | report[model]
        print(
            f"{model}: {entry['megabytes']} MB, {entry['embeddings_per_s']} embeddings/s on {entry['threads']} threads, "
            f"{entry['tokens_per_text']} tokens a text"
        )


if __name__ == "__main__":
    sys.exit(main())
