"""Text to cue scores: the encoder in ONNX Runtime and the n-gram channel, without torch.

One input is ``signals + title [SEP] description``: signals are single tokens that say what the rules read (price far
below, brand hidden, a contact …), so that one plain checkpoint sees text, price, brand and lexicon together.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.errors import ArtefactError
from nlp.ngrams import NgramChannel
from nlp.undisguise import undisguised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nlp.artefact import Artefact

__all__ = ["Classifier", "View"]

_STRIDE: Final = 24  # tokens that neighbouring windows of a long text share
_MAX_WINDOWS: Final = 3  # of a long text: its beginning and its end


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the classifier sees of a listing: signal tokens, title and description."""

    signals: tuple[str, ...]
    title: str
    description: str

    @property
    def parts(self) -> tuple[str, str]:
        """Title and description as the model reads them: without disguises."""
        return undisguised(self.title), undisguised(self.description)

    @property
    def text(self) -> str:
        """Both parts as one string, for the n-gram channel."""
        return "\n".join(self.parts)


class Classifier:
    """Scores views with the encoder and the n-gram channel of a model folder."""

    def __init__(self, artefact: Artefact, *, threads: int | None = None) -> None:
        from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.labels = artefact.labels
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1)
        self._length = int(artefact.detector["max_length"])
        self._tokenizer = Tokenizer.from_file(str(artefact.path / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._ids = _special_ids(self._tokenizer, artefact)
        options = SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self._session = InferenceSession(
            str(artefact.path / "onnx" / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        tensors = load_file(artefact.path / "ngrams.safetensors")
        try:
            self._ngrams = NgramChannel.from_tensors(tensors, len(artefact.labels))
        except ValueError as error:
            raise ArtefactError(str(artefact.path), f"ngrams.safetensors: {error}") from error

    def encoder_logits(self, views: Sequence[View]) -> NDArray[np.float32]:
        """Encoder scores ``[len(views), labels]``; of a text's windows the highest score of each label."""
        windows: list[list[int]] = []
        owners: list[int] = []
        ids = self._encode([text for view in views for text in view.parts])
        for at, view in enumerate(views):
            for window in self._windows(view.signals, ids[2 * at], ids[2 * at + 1]):
                windows.append(window)
                owners.append(at)
        scores = self._run(windows)
        best = np.full((len(views), len(self.labels)), -np.inf, np.float32)
        np.maximum.at(best, owners, scores)
        return best

    def ngram_logits(self, views: Sequence[View]) -> NDArray[np.float32]:
        """Scores of the n-gram channel ``[len(views), labels]``."""
        return self._ngrams.logits([view.text for view in views])

    def _windows(self, names: Sequence[str], title: list[int], body: list[int]) -> list[list[int]]:
        start, middle, end = self._ids
        signals = [self._tokenizer.token_to_id(token) for token in names]
        head = [start, *(token for token in signals if token is not None)]
        head += [*title[: self._length // 2], middle]
        room = self._length - len(head) - 1
        step = max(room - _STRIDE, 1)
        starts = list(range(0, max(len(body) - _STRIDE, 1), step))
        if len(starts) > _MAX_WINDOWS:
            starts = [*starts[: _MAX_WINDOWS - 1], starts[-1]]
        return [[*head, *body[at : at + room], end] for at in starts]

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text; all at once, which takes both cores and counts no offsets."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in found]

    def _run(self, windows: list[list[int]]) -> NDArray[np.float32]:
        """Each window alone: int8 scales are taken over the whole input, so company would change a row's score."""
        return np.stack(list(self._pool.map(self._score, windows)))

    def _score(self, window: list[int]) -> NDArray[np.float32]:
        ids = np.array([window], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        scores: NDArray[np.float32] = self._session.run(["logits"], feed)[0][0]
        return scores


def _special_ids(tokenizer: Any, artefact: Artefact) -> tuple[int, int, int]:
    names = artefact.detector["special_tokens"]
    ids = tuple(tokenizer.token_to_id(names[key]) for key in ("start", "middle", "end"))
    if None in ids:
        raise ArtefactError(str(artefact.path), f"tokenizer.json lacks one of the tokens {names}")
    return ids
