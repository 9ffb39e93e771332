"""The parts of the corpus as a model folder was built on them, read and scored once: for attacks, ablation, evidence, calibration.

The recipe in the folder (``training.toml``) says how the corpus was divided, so the held-out fifth is the one that the model never saw.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import nlp
from nlp.config import load_config
from nlp.cues import COUNTERFEIT, LABELS
from nlp.decide import features_of
from nlp.detector import Detector
from nlp.markup import without_markup
from nlp.reading import view_of
from training.build import BuildConfig
from training.data import Example, load_corpus
from training.splits import by_group, clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nlp.artefact import Artefact
    from nlp.reading import Reading
    from nlp.records import Listing, Verdict

RESULTS = Path(__file__).parent / "results"
AT = LABELS.index(COUNTERFEIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Examples of one part with what the rules read, the features of the stack, the labels and the cluster of each."""

    examples: list[Example]
    readings: list[Reading]
    features: NDArray[np.float64]
    labels: NDArray[np.float64]
    clusters: list[str]

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Which listings offer a counterfeit."""
        return np.asarray(self.labels[:, AT] > 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A model, the recipe that it was built by, and the folder in which readings are kept between commands."""

    detector: Detector
    config: BuildConfig
    parts: dict[str, list[Example]]
    work: Path

    @property
    def model(self) -> str:
        """Name and weights of the model: what scores depend on, whatever becomes of its card."""
        artefact = self.detector.artefact
        return f"{artefact.name}, weights {_weights(artefact)}"

    @classmethod
    def load(cls, model: str, work: Path | None) -> Bench:
        """The bench of a model folder; readings are kept under ``work`` for this model and these rules."""
        detector = Detector.load(model, threads=1)
        config = load_config(BuildConfig, detector.artefact.path / "training.toml")
        folder = (work or Path(tempfile.mkdtemp())) / f"{_weights(detector.artefact)}-{_rules()}"
        folder.mkdir(parents=True, exist_ok=True)
        parts = by_group(load_corpus(), shares=config.shares, seed=str(config.seed))
        return cls(detector=detector, config=config, parts=parts, work=folder)

    def part(self, name: str) -> Part:
        """A part of the corpus, read and scored by the model's channels."""
        made: Part = self.kept(f"part-{name}", lambda: self._read(self.parts[name]))
        return made

    def verdicts(self, name: str) -> list[Verdict]:
        """What the model says of each listing of a part."""
        made: list[Verdict] = self.kept(
            f"verdicts-{name}",
            lambda: list(self.detector.pipe(example.listing for example in self.parts[name])),
        )
        return made

    def scores(self, listings: Sequence[Listing]) -> NDArray[np.float64]:
        """Scores of listings as the detector gives them."""
        if not listings:
            return np.zeros(0)
        readings = [self.detector.reader.read(without_markup(each)[0]) for each in listings]
        return self.detector.probabilities(readings)[:, AT].round(6)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, or gave when it was last called for this model and these rules."""
        file = self.work / f"{name}.pickle"
        if file.exists():
            return pickle.loads(file.read_bytes())  # noqa: S301 - written by this very line's brother below
        made = make()
        file.write_bytes(pickle.dumps(made))
        return made

    def _read(self, examples: list[Example]) -> Part:
        readings = [self.detector.reader.read(example.listing) for example in examples]
        views = [view_of(reading) for reading in readings]
        classifier = self.detector.classifier
        rows = zip(readings, classifier.encoder_logits(views), classifier.ngram_logits(views), strict=True)
        return Part(
            examples=examples,
            readings=readings,
            features=np.stack([features_of(*row) for row in rows]),
            labels=np.array(
                [[example.labels.get(label, np.nan) for label in LABELS] for example in examples]
            ),
            clusters=clusters(examples),
        )


def options_of(description: str | None, result: str, *, rows: int | None = None) -> argparse.Namespace:
    """The options that every command here has; with ``rows`` also how many listings to take."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--work", type=Path, help="where readings are kept between runs")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / result)
    if rows is not None:
        parser.add_argument(
            "--rows", type=int, default=rows, help="at most this many of each kind, evenly taken; 0: all"
        )
    return parser.parse_args()


def show(figure: dict[str, Any] | None) -> str:
    """A figure of a result as text: value [low, high]."""
    if figure is None or figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _weights(artefact: Artefact) -> str:
    """A digest of the files that a score depends on; card and metrics may change without it."""
    files = artefact.json("MANIFEST.json")["files"]
    used = ("onnx/model.onnx", "ngrams.safetensors", "detector.json", "tokenizer.json")
    return hashlib.sha256("".join(files[name]["sha256"] for name in used).encode()).hexdigest()[:12]


def _rules() -> str:
    """A digest of everything that a reading depends on besides the model and the corpus."""
    digest = hashlib.sha256()
    root = Path(nlp.__file__).parent
    for file in sorted(root.rglob("*")):
        if file.suffix in {".py", ".tsv", ".txt"} and "models" not in file.parts:
            digest.update(file.read_bytes())
    for file in sorted((root.parent / "training" / "corpus").glob("*.jsonl")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
