"""Arrow batch in, Arrow batch out: the one hot path. Every engine, the command and the Python calls run it."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from nlp.artefact import Artefact, model_path, open_artefact
from nlp.classifier import Classifier, View
from nlp.cues import COUNTERFEIT
from nlp.decide import Place, Stack, Thresholds, features_of, needs_words, verdict_of
from nlp.evidence import blanked, find_words
from nlp.gate import Gate, Passage
from nlp.head import Head
from nlp.language import guess_language
from nlp.markup import restore, without_markup
from nlp.reading import Reader, Reading, view_of
from nlp.repeats import Remembered, digest
from nlp.schema import listings_from_batch, verdicts_to_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from nlp.records import Listing, Verdict

    _Row: TypeAlias = NDArray[np.float32]  # one text's scores, a label each

__all__ = ["Detector"]


_PIPE_BATCH = 256
_DIGITS: Final = 6  # of a score in a verdict
_MORE_WORDS: Final = 3  # places at most that are shown beside those of the cues over their thresholds
_SAID: Final = ("replica_claim", "provenance_evasion", "wholesale_offer")  # what words by themselves may say
_REMEMBERED: Final = 32_768  # texts whose scores are kept for when they come again: some 10 MB


class Detector:
    """Reads listings by rules, scores them with a model folder's classifier, decides.

    >>> detector = Detector.load()
    >>> detector.classify(Listing(title="LV Neverfull 1:1 mirror quality")).suspicious
    True
    """

    def __init__(
        self, artefact: Artefact, reader: Reader, classifier: Classifier, *, exact: bool = False
    ) -> None:
        self.artefact = artefact
        self.reader = reader
        self.classifier = classifier
        self._stack = Stack.from_json(artefact.detector["stack"], artefact.labels)
        self._head = Head.load(artefact)
        self.thresholds = Thresholds(**artefact.detector["thresholds"])
        self._gate = None if exact else Gate.load(artefact)
        self._encoded: Remembered[_Row] = Remembered(_REMEMBERED)
        self._counted: Remembered[_Row] = Remembered(_REMEMBERED)
        self._shown: Remembered[Place | None] = Remembered(_REMEMBERED)

    @classmethod
    def load(
        cls,
        model: str | Path = "bundled",
        *,
        reader: Reader | None = None,
        threads: int | None = None,
        exact: bool = False,
    ) -> Detector:
        """The detector of the bundled model or of a model folder; ``reader`` carries a user's own tables.

        ``exact`` runs the encoder on every listing, also on those that the model's gate would spare it (:mod:`nlp.gate`).

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
            return cls(artefact, reader or Reader.load(), classifier.result(), exact=exact)

    def detect(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Verdicts (columns of ``nlp.schema.VERDICT``), row for row, of a batch with the columns of ``LISTING``.

        Where the model has a gate, the metadata of the result count what it did (:class:`nlp.gate.Passage`).
        """
        passage = Passage()
        verdicts = verdicts_to_batch(self._verdicts(listings_from_batch(batch), passage))
        return passage.noted_on(verdicts) if self._gate else verdicts

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
        """Calibrated probabilities ``[len(readings), labels]`` by the whole model, whatever its gate would spare."""
        views = [view_of(reading) for reading in readings]
        rows = zip(readings, self._encoder(views), self._ngrams(views), strict=True)
        features = np.stack([features_of(*row) for row in rows])
        probabilities = self._stack.probabilities(features)
        return self._head.apply(readings, probabilities) if self._head else probabilities

    def _cascade(self, gate: Gate, readings: list[Reading], passage: Passage) -> NDArray[np.float64]:
        """The same, but by the gate's own stack for rows that it spares, apart from a sample."""
        views = [view_of(reading) for reading in readings]
        nothing = np.zeros(len(self.artefact.labels), np.float32)
        features = [
            features_of(reading, nothing, ngrams)
            for reading, ngrams in zip(readings, self._ngrams(views), strict=True)
        ]
        probabilities = gate.stack.probabilities(np.stack(features))
        at = self.artefact.labels.index(COUNTERFEIT)
        spared = gate.spared(probabilities, at)
        sampled = spared & gate.sampled([_key(view) for view in views])
        whole = np.flatnonzero(~spared | sampled)
        if len(whole):
            probabilities[whole] = self.probabilities([readings[row] for row in whole])
        flagged = probabilities[:, at].round(_DIGITS) >= self.thresholds.queue
        passage += Passage(
            rows=len(readings),
            spared=int(spared.sum()),
            sampled=int(sampled.sum()),
            missed=int((sampled & flagged).sum()),
            flagged=int(flagged.sum()),
        )
        return probabilities

    def _encoder(self, views: list[View]) -> list[_Row]:
        return _once(self._encoded, views, self.classifier.encoder_logits)

    def _ngrams(self, views: list[View]) -> list[_Row]:
        return _once(self._counted, views, self.classifier.ngram_logits)

    def _verdicts(self, listings: list[Listing], passage: Passage | None = None) -> list[Verdict]:
        if not listings:
            return []
        plain = [without_markup(listing) for listing in listings]  # offsets find their way back in `restore`
        readings = [self.reader.read(listing) for listing, _ in plain]
        labels, gate = self.artefact.labels, self._gate
        scores = (
            self._cascade(gate, readings, Passage() if passage is None else passage)
            if gate
            else self.probabilities(readings)
        )
        rows = [dict(zip(labels, map(float, row), strict=True)) for row in scores]
        verdicts = [self._verdict(reading, row) for reading, row in zip(readings, rows, strict=True)]
        return [restore(verdict, back) for verdict, (_, back) in zip(verdicts, plain, strict=True)]

    def _verdict(self, reading: Reading, probabilities: dict[str, float]) -> Verdict:
        found: dict[str, list[Place]] = {}
        if self.thresholds.band(probabilities[COUNTERFEIT]) != "clear":
            for cue in needs_words(reading, probabilities, self.thresholds):
                place = self._place(view_of(reading), cue)
                if place:
                    found[cue] = [place]
            self._complete(reading, probabilities, found)
        return self._decided(reading, probabilities, found)

    def _complete(
        self, reading: Reading, probabilities: dict[str, float], found: dict[str, list[Place]]
    ) -> None:
        """Adds words to ``found`` until what is shown is enough: without it the listing would not be flagged.

        They join a cue that the verdict carries; none is made up for them.
        """
        for _ in range(_MORE_WORDS):
            verdict = self._decided(reading, probabilities, found)
            said = [name for name in _SAID if any(cue.cue == name for cue in verdict.cues)]
            if not said:
                return
            shown = [(cue.field, cue.start or 0, cue.end or 0) for cue in verdict.cues if cue.field]
            rest = blanked(reading.listing, shown)
            if any(cue.cue == "price_too_low" and cue.field is None for cue in verdict.cues):
                rest = replace(rest, price=None, currency=None)
            left = self.reader.read(rest)
            scores = dict(zip(self.artefact.labels, self.probabilities([left])[0], strict=True))
            place = None
            if self.thresholds.band(scores[COUNTERFEIT]) != "clear":
                place = self._place(view_of(left), COUNTERFEIT)
            if place is None:
                return
            cue = max(said, key=lambda name: scores[name] - self.thresholds.cues[name])
            found.setdefault(cue, []).append(place)

    def _decided(
        self, reading: Reading, probabilities: dict[str, float], found: dict[str, list[Place]]
    ) -> Verdict:
        return verdict_of(reading, probabilities, self.thresholds, model=self.artefact.identity, found=found)

    def _place(self, view: View, cue: str) -> Place | None:
        at = self.artefact.labels.index(cue)
        return self._shown.of(_key(view, cue), lambda: find_words(self._encoder, view, at))


def _key(view: View, *more: str) -> bytes:
    return digest(*more, *view.signals, view.title, view.description)


def _once(
    known: Remembered[_Row], views: list[View], score: Callable[[list[View]], NDArray[np.float32]]
) -> list[_Row]:
    """The scores of each view, in order; what is the same, or remembered in ``known``, is not scored again."""
    keys = [_key(view) for view in views]
    found = {key: row for key in keys if (row := known.get(key)) is not None}
    new = {key: view for key, view in zip(keys, views, strict=True) if key not in found}
    if new:
        for key, row in zip(new, score(list(new.values())), strict=True):
            found[key] = row.copy()  # a row alone, not the batch that it is a part of
            known.put(key, found[key])
    return [found[key] for key in keys]


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
