"""Labelled listings in, a verified model folder out: split, generate, fine-tune, export, stack, measure, card.

``python -m training.build -o DIR`` reproduces the bundled model from the corpus and a base encoder. Steps that are done are
kept in ``DIR.work`` and not done again after a kill.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import SCHEMA_VERSION, Artefact, open_artefact, write_manifest
from nlp.classifier import Classifier
from nlp.config import load_config, to_toml
from nlp.cues import COUNTERFEIT, LABELS
from nlp.decide import Stack, features_of
from nlp.detector import Detector
from nlp.gate import LOSS
from nlp.reading import Reader, Reading, view_of
from training.card import write_card
from training.data import CORPUS, Example, load_corpus
from training.export import export_onnx
from training.generator import GENERATOR_VERSION, Pools, generate
from training.heads import cross_probabilities, fit_gate, fit_ngrams, fit_stack, fit_thresholds
from training.loop import LoopConfig, Row, encode, fit
from training.report import measure_all
from training.splits import by_group, clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["BuildConfig", "build", "evaluate_on", "plan"]

_TOKENS_PER_SECOND: Final = 1_000
_SHARES: Final = {"test": 0.2, "dev": 0.1, "train": 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConfig:
    """The recipe of a model folder. ``shares`` divide clusters of examples; ``generated`` rows are made from the training part.

    The corpus is seen in every epoch, each generated listing in one.
    """

    name: str = "fauxwatch-small"
    generated: int = 24_000
    seed: int = 1
    shares: dict[str, float] = field(default_factory=lambda: dict(_SHARES))
    act_precision: float = 0.95
    false_alarms: float = 0.05
    gate_promise: float = LOSS
    ngram_bits: int = 20
    loop: LoopConfig = field(default_factory=LoopConfig)


def build(
    examples: Sequence[Example],
    *,
    base: Path,
    output: Path,
    config: BuildConfig,
    report: Callable[[str], None] = print,
) -> Path:
    """The model folder ``output``, trained on ``examples`` from the encoder at ``base``, verified by loading it.

    Raises:
        ArtefactError: if the exported model does not agree with the checkpoint, or does not load.
    """
    began = time.monotonic()
    work = output.with_name(f"{output.name}.work")
    reader = Reader.load()
    parts = by_group(examples, shares=config.shares, seed=str(config.seed))
    made = list(generate(parts["train"], Pools.of(parts["train"]), count=config.generated, seed=config.seed))
    report(f"{len(examples)} listings: " + ", ".join(f"{name} {len(part)}" for name, part in parts.items()))
    report(f"{len(made)} generated from the training part")
    train = [*parts["train"], *made]
    readings = [reader.read(example.listing) for example in train]
    real = len(parts["train"])
    rows = [
        Row(
            view=view_of(reading),
            labels=example.labels,
            pair=example.pair,
            epoch=None
            if at < real
            else (at - real) * config.loop.epochs // len(made),  # each epoch sees other ones
        )
        for at, (reading, example) in enumerate(zip(readings, train, strict=True))
    ]
    checkpoint = work / "checkpoint"
    if not (checkpoint / "model.safetensors").exists():
        fit(rows, base=base, output=work, config=config.loop, report=report)
        _write_json(work / "fit.json", {"minutes": round((time.monotonic() - began) / 60, 1)})
    folder = work / "folder"
    _assemble(folder, checkpoint, rows, config=config, report=report)
    artefact = open_artefact(folder)
    measured = _stack_and_measure(artefact, reader, parts, config=config, report=report)
    measured["training"] = {
        "rows": len(train),
        "corpus": len(examples),
        "generated": len(made),
        "generator_version": GENERATOR_VERSION,
        "minutes": round(_fit_minutes(work) + _fit_minutes(base.parent), 1),  # a base may be a first round
        "parity": json.loads((work / "parity.json").read_text()),
    }
    _write_json(folder / "metrics.json", measured)
    (folder / "training.toml").write_text(to_toml(config), encoding="utf-8")
    write_card(folder)
    write_manifest(folder)
    open_artefact(folder)
    if output.exists():
        shutil.rmtree(output)
    shutil.copytree(folder, output)
    report(f"model folder: {output}")
    return output


def _fit_minutes(work: Path) -> float:
    """Minutes that the last uninterrupted stretch of fine-tuning in ``work`` took; 0 where none was."""
    file = work / "fit.json"
    return float(json.loads(file.read_text(encoding="utf-8"))["minutes"]) if file.is_file() else 0.0


def plan(examples: Sequence[Example], config: BuildConfig) -> str:
    """What training would do, and about how long it takes on two cores (about 1,000 tokens a second were measured there)."""
    parts = by_group(examples, shares=config.shares, seed=str(config.seed))
    rows = len(parts["train"]) + config.generated
    characters = sum(len(each.listing.title) + len(each.listing.description) for each in parts["train"])
    tokens = min(characters / max(len(parts["train"]), 1) / 3.5 + 10, config.loop.max_length) * rows
    sizes = ", ".join(f"{name} {len(part)}" for name, part in parts.items())
    minutes = tokens * config.loop.epochs / _TOKENS_PER_SECOND / 60
    return f"parts: {sizes}; {config.loop.epochs} epochs, about {minutes:.0f} minutes on two cores"


def evaluate_on(model: str | Path, examples: Sequence[Example]) -> dict[str, Any]:
    """The figures of a model on labelled examples, in the layout of ``metrics.json``."""
    detector = Detector.load(model)
    features, labels = _features(detector.classifier, detector.reader, examples)
    stack = Stack.from_json(detector.artefact.detector["stack"], detector.artefact.labels)
    return measure_all(
        examples,
        labels,
        stack.probabilities(features),
        features,
        thresholds=detector.thresholds,
        groups=clusters(examples),
        reader=detector.reader,
    )


def _assemble(
    folder: Path, checkpoint: Path, rows: Sequence[Row], *, config: BuildConfig, report: Callable[[str], None]
) -> None:
    """Checkpoint in half precision, tokenizer, int8 graph, n-gram channel, and a stack that is not fitted yet."""
    from safetensors.numpy import save_file
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, local_files_only=True)
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    samples = [
        encode(tokenizer, row.view, config.loop.max_length) for row in rows[:: max(1, len(rows) // 500)]
    ]
    parity = export_onnx(checkpoint, folder / "onnx" / "model.onnx", samples)
    report(
        f"int8 against fp32 on {parity.n} texts: largest difference {parity.largest:.4f}, {parity.flipped} flipped"
    )
    _write_json(folder.parent / "parity.json", asdict(parity))
    labels = np.array([[row.labels.get(label, np.nan) for label in LABELS] for row in rows])
    channel = fit_ngrams([row.view.text for row in rows], labels, bits=config.ngram_bits)
    save_file(channel.to_tensors(), folder / "ngrams.safetensors")
    detector = {
        "schema": SCHEMA_VERSION,
        "name": config.name,
        "max_length": config.loop.max_length,
        "special_tokens": {
            "start": tokenizer.cls_token,
            "middle": tokenizer.sep_token,
            "end": tokenizer.sep_token,
        },
        "stack": {label: {"bias": 0.0} for label in LABELS},
        "thresholds": {"queue": 0.5, "act": 0.9, "cues": dict.fromkeys(LABELS[:-1], 0.5)},
    }
    _write_json(folder / "detector.json", detector)
    (folder / "metrics.json").write_text("{}\n", encoding="utf-8")
    write_manifest(folder)


def _stack_and_measure(
    artefact: Artefact,
    reader: Reader,
    parts: dict[str, list[Example]],
    *,
    config: BuildConfig,
    report: Callable[[str], None],
) -> dict[str, Any]:
    classifier = Classifier(artefact)
    dev, test = parts["dev"], parts["test"]
    features, labels = _features(classifier, reader, dev)
    groups = clusters(dev)
    crossed = cross_probabilities(features, labels, groups)
    thresholds = fit_thresholds(
        crossed, labels, act_precision=config.act_precision, false_alarms=config.false_alarms
    )
    stack = fit_stack(features, labels, groups)
    flagged = crossed[:, LABELS.index(COUNTERFEIT)] >= thresholds.queue
    gate = fit_gate(features, labels, groups, flagged, promise=config.gate_promise)
    detector = {
        **artefact.detector,
        "stack": stack.to_json(),
        "thresholds": asdict(thresholds),
        "gate": gate.to_json(),
    }
    _write_json(artefact.path / "detector.json", detector)
    test_features, test_labels = _features(classifier, reader, test)
    probabilities = stack.probabilities(test_features)
    report(
        f"queue at {thresholds.queue}, act at {thresholds.act}; measuring on {len(test)} held-out listings"
    )
    return measure_all(
        test,
        test_labels,
        probabilities,
        test_features,
        thresholds=thresholds,
        groups=clusters(test),
        reader=reader,
    )


def _features(
    classifier: Classifier, reader: Reader, examples: Sequence[Example]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    readings: list[Reading] = [reader.read(example.listing) for example in examples]
    views = [view_of(reading) for reading in readings]
    scored = zip(readings, classifier.encoder_logits(views), classifier.ngram_logits(views), strict=True)
    features = np.stack([features_of(*row) for row in scored])
    labels = np.array([[example.labels.get(label, np.nan) for label in LABELS] for example in examples])
    return features, labels


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """The command that reproduces the bundled model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument(
        "--base", type=Path, required=True, help="folder of the base encoder (python -m training.encoder)"
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--config", type=Path, help="a recipe, see training/configs/bundled.toml")
    options = parser.parse_args()
    config = load_config(BuildConfig, options.config) if options.config else BuildConfig()

    def report(line: str) -> None:
        sys.stderr.write(line + "\n")

    build(load_corpus(options.corpus), base=options.base, output=options.output, config=config, report=report)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
