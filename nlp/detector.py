"""Arrow batch in, Arrow batch out: the one hot path. Every engine, the command and the Python calls run it."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from nlp.artefact import Artefact, model_path, open_artefact
from nlp.classifier import Classifier, View
from nlp.cues import COUNTERFEIT
from nlp.decide import Place, Stack, Thresholds, features_of, needs_words, verdict_of
from nlp.evidence import find_words
from nlp.head import Head
from nlp.language import guess_language
from nlp.markup import restore, without_markup
from nlp.reading import Reader, Reading, view_of
from nlp.repeats import Remembered, digest
from nlp.schema import listings_from_batch, verdicts_to_batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from nlp.records import Listing, Verdict

    _Scores: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]  # of the encoder, of the n-grams

__all__ = ["Detector"]


@contextmanager
def _no_collection() -> Iterator[None]:
    """The tables are many small objects that stay: looking for garbage among them while they are read is time lost."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_PIPE_BATCH = 256
_REMEMBERED: Final = 32_768  # texts whose scores are kept for when they come again: some 10 MB


class Detector:
    """Reads listings by rules, scores them with a model folder's classifier, decides.

    >>> detector = Detector.load()
    >>> detector.classify(Listing(title="LV Neverfull 1:1 mirror quality")).suspicious
    True
    """

    def __init__(self, artefact: Artefact, reader: Reader, classifier: Classifier) -> None:
        self.artefact = artefact
        self.reader = reader
        self.classifier = classifier
        self._stack = Stack.from_json(artefact.detector["stack"], artefact.labels)
        self._head = Head.load(artefact)
        self.thresholds = Thresholds(**artefact.detector["thresholds"])
        self._scored: Remembered[_Scores] = Remembered(_REMEMBERED)
        self._shown: Remembered[Place | None] = Remembered(_REMEMBERED)

    @classmethod
    def load(
        cls, model: str | Path = "bundled", *, reader: Reader | None = None, threads: int | None = None
    ) -> Detector:
        """The detector of the bundled model or of a model folder; ``reader`` carries a user's own tables.

        Raises:
            ArtefactError: if the folder is incomplete, altered or of an unknown schema.
        """
        artefact = open_artefact(model_path(model))
        with (
            _no_collection(),
            ThreadPoolExecutor(1) as beside,
        ):  # native code loads the model while Python reads the tables
            classifier = beside.submit(Classifier, artefact, threads=threads)
            beside.submit(guess_language, "warm")
            return cls(artefact, reader or Reader.load(), classifier.result())

    def detect(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Verdicts (columns of ``nlp.schema.VERDICT``), row for row, of a batch with the columns of ``LISTING``."""
        return verdicts_to_batch(self._verdicts(listings_from_batch(batch)))

    def classify(self, listing: Listing) -> Verdict:
        """The verdict on one listing."""
        return self._verdicts([listing])[0]

    def pipe(self, listings: Iterable[Listing]) -> Iterator[Verdict]:
        """Verdicts in order, lazily, in batches inside."""
        window: list[Listing] = []
        for listing in listings:
            window.append(listing)
            if len(window) == _PIPE_BATCH:
                yield from self._verdicts(window)
                window = []
        yield from self._verdicts(window)

    def probabilities(self, readings: list[Reading]) -> NDArray[np.float64]:
        """Calibrated probabilities ``[len(readings), labels]``."""
        scores = self._scores([view_of(reading) for reading in readings])
        rows = zip(readings, scores, strict=True)
        features = np.stack([features_of(reading, *score) for reading, score in rows])
        probabilities = self._stack.probabilities(features)
        return self._head.apply(readings, probabilities) if self._head else probabilities

    def _scores(self, views: list[View]) -> list[_Scores]:
        """Scores of the encoder and of the n-gram channel for each view; what is the same is scored once."""
        keys = [_key(view) for view in views]
        known = {key: score for key in keys if (score := self._scored.get(key)) is not None}
        new = {key: view for key, view in zip(keys, views, strict=True) if key not in known}
        if new:
            texts = list(new.values())
            encoder, ngrams = self.classifier.encoder_logits(texts), self.classifier.ngram_logits(texts)
            for key, left, right in zip(new, encoder, ngrams, strict=True):
                known[key] = left.copy(), right.copy()  # a row alone, not the batch that it is a part of
                self._scored.put(key, known[key])
        return [known[key] for key in keys]

    def _verdicts(self, listings: list[Listing]) -> list[Verdict]:
        if not listings:
            return []
        plain = [without_markup(listing) for listing in listings]  # offsets find their way back in `restore`
        readings = [self.reader.read(listing) for listing, _ in plain]
        labels = self.artefact.labels
        rows = [dict(zip(labels, map(float, row), strict=True)) for row in self.probabilities(readings)]
        verdicts = [self._verdict(reading, row) for reading, row in zip(readings, rows, strict=True)]
        return [restore(verdict, back) for verdict, (_, back) in zip(verdicts, plain, strict=True)]

    def _verdict(self, reading: Reading, probabilities: dict[str, float]) -> Verdict:
        found: dict[str, Place] = {}
        if self.thresholds.band(probabilities[COUNTERFEIT]) != "clear":
            for cue in needs_words(reading, probabilities, self.thresholds):
                place = self._place(view_of(reading), cue)
                if place:
                    found[cue] = place
        return verdict_of(reading, probabilities, self.thresholds, model=self.artefact.identity, found=found)

    def _place(self, view: View, cue: str) -> Place | None:
        return self._shown.of(_key(view, cue), lambda: find_words(self.classifier, view, cue))


def _key(view: View, *more: str) -> bytes:
    return digest(*more, *view.signals, view.title, view.description)
