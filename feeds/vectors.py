"""Text vectors for telling whether two articles say the same.

>>> vectors = NgramEncoder().encode(["Customs seize fake bags", "Fake bags seized by customs"])
>>> vectors.shape, bool(vectors[0] @ vectors[1] > 0.5)
((2, 512), True)

Two ways to make them. The default, :class:`NgramEncoder`, needs no model: hashed words and character n-grams, which see
the same story told in the same language and names across languages. :class:`FolderEncoder` reads a folder in the layout
of sentence-transformers (or a Transformers checkpoint of the BERT kind, such as a detector's model folder) and needs
neither torch nor transformers: the few matrices of a small encoder are multiplied by NumPy.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from zlib import crc32

import numpy as np

from feeds.names import latin
from feeds.scan import flat
from nlp.errors import FauxwatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Encoder",
    "EncoderError",
    "FolderEncoder",
    "NgramEncoder",
    "load_encoder",
    "pack",
    "shingles_of",
    "unpack",
]

_WIDTH: Final = 512
_READ: Final = 1200


class EncoderError(FauxwatchError):
    """The folder ``path`` holds no encoder that can be used; ``reason`` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path: Final = path
        self.reason: Final = reason
        super().__init__(f"encoder {path}: {reason}")


class Encoder(Protocol):
    """Anything that turns texts into vectors of length one.

    ``name`` keeps vectors of different encoders apart; ``multilingual`` says whether a text and its translation are
    near each other.
    """

    name: str
    multilingual: bool

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text; rows of empty texts are zero."""
        ...


def load_encoder(folder: Path | str | None = None) -> Encoder:
    """The encoder in ``folder``, or the one that needs no model.

    Raises:
        EncoderError: the folder holds none.
    """
    return NgramEncoder() if folder is None else FolderEncoder(Path(folder))


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector as the database keeps it."""
    return vector.astype("<f2").tobytes()


def unpack(data: bytes) -> NDArray[np.float32]:
    """A vector out of the database."""
    return np.frombuffer(data, dtype="<f2").astype(np.float32)


# --- without a model -----------------------------------------------------------------------------


class NgramEncoder:
    """Hashed words and character n-grams, rare looking ones weighed more. Not multilingual beyond names."""

    name = "ngrams-1"
    multilingual = False

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length one for each text."""
        rows = np.zeros((len(texts), _WIDTH), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature, weight in _features(text).items():
                code = crc32(feature.encode())
                row[code % _WIDTH] += weight if code & 0x10000 else -weight
        return _unit(rows)


_TOKEN: Final = re.compile(r"[^\W_]+")
_SPACELESS: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _features(text: str) -> dict[str, float]:
    counts: dict[str, float] = {}
    for match in _TOKEN.finditer(latin(flat(text[:_READ]))):
        word = match[0]
        for feature, weight in _pieces(word):
            counts[feature] = counts.get(feature, 0.0) + weight
    return {feature: math.sqrt(value) for feature, value in counts.items()}


def shingles_of(text: str) -> tuple[str, ...]:
    """Four short codes that near-duplicates are likely to share: smallest hashes of word sequences."""
    words = _TOKEN.findall(flat(text[:_READ]))
    joined = "".join(words)
    if _SPACELESS.search(joined) and len(joined) > 8 * len(words):
        words = [joined[at : at + 2] for at in range(len(joined) - 1)]
    runs = {" ".join(words[at : at + 4]) for at in range(max(1, len(words) - 3))}
    codes = [crc32(run.encode()) for run in runs]
    return tuple(f"{seed}:{min(code ^ mask for code in codes):x}" for seed, mask in enumerate(_MASKS))


_MASKS: Final = (0, 0x5BD1E995, 0x9E3779B9, 0xC2B2AE35)


def _pieces(word: str) -> list[tuple[str, float]]:
    if _SPACELESS.search(word):
        return [(word[at : at + 2], 0.8) for at in range(len(word) - 1)] or [(word, 0.3)]
    if len(word) <= 3 and not word.isdigit():
        return [(word, 0.05)]
    grams = [(f"~{word[at : at + 4]}", 0.25) for at in range(max(1, len(word) - 3))]
    return [(word, 0.6 + 0.1 * min(len(word), 10)), *grams]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (rows / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit


# --- with a model --------------------------------------------------------------------------------


class FolderEncoder:
    """A small BERT encoder out of a folder: mean of the last hidden states, without torch."""

    multilingual = True

    def __init__(self, folder: Path) -> None:
        self._config = _read_json(folder, "config.json")
        if self._config.get("model_type") != "bert":
            raise EncoderError(
                folder, f"model_type is {self._config.get('model_type')!r}, only bert can be read"
            )
        self._weights = _read_weights(folder)
        self._tokenizer = _read_tokenizer(folder)
        self._length = min(_length(folder), int(self._config["max_position_embeddings"]))
        _check_pooling(folder)
        self.name = f"bert-{_fingerprint(folder)}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length one for each text; a text's row does not depend on the others."""
        width = int(self._config["hidden_size"])
        rows = np.zeros((len(texts), width), dtype=np.float32)
        for number, text in enumerate(texts):
            ids = self._tokenizer.encode(text[: self._length * 12]).ids
            if len(ids) > self._length:
                ids = [*ids[: self._length - 1], ids[-1]]
            if ids:
                rows[number] = self._states(np.asarray(ids)).mean(axis=0)
        return _unit(rows)

    def _states(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Last hidden states of one text, ``(tokens, width)``."""
        held = self._weights
        states = held["embeddings.word_embeddings.weight"][ids]
        states = states + held["embeddings.position_embeddings.weight"][: len(ids)]
        states = states + held["embeddings.token_type_embeddings.weight"][0]
        states = self._normal(states, "embeddings.LayerNorm")
        for layer in range(int(self._config["num_hidden_layers"])):
            states = self._layer(states, f"encoder.layer.{layer}")
        return states

    def _layer(self, states: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        attended = self._linear(
            self._attention(states, f"{name}.attention.self"), f"{name}.attention.output.dense"
        )
        states = self._normal(states + attended, f"{name}.attention.output.LayerNorm")
        inner = _activated(
            self._linear(states, f"{name}.intermediate.dense"), str(self._config["hidden_act"])
        )
        return self._normal(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, states: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        heads = int(self._config["num_attention_heads"])
        tokens, width = states.shape
        query, key, value = (
            self._linear(states, f"{name}.{part}").reshape(tokens, heads, width // heads).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(width // heads)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed: NDArray[np.float32] = (scores @ value).transpose(1, 0, 2).reshape(tokens, width)
        return mixed

    def _linear(self, states: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        result: NDArray[np.float32] = (
            states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        )
        return result

    def _normal(self, states: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + float(self._config["layer_norm_eps"]))
        result: NDArray[np.float32] = (
            centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        )
        return result


def _activated(states: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    result: NDArray[np.float32]
    if name == "relu":
        result = np.maximum(states, 0)
    elif name == "gelu":
        result = 0.5 * states * (1 + _erf(states / math.sqrt(2)))
    else:
        result = 0.5 * states * (1 + np.tanh(math.sqrt(2 / math.pi) * (states + 0.044715 * states**3)))
    return result.astype(np.float32)


def _erf(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Abramowitz and Stegun 7.1.26, good to 1.5e-7."""
    size = np.abs(values)
    step = 1 / (1 + 0.3275911 * size)
    series = (
        (((1.061405429 * step - 1.453152027) * step + 1.421413741) * step - 0.284496736) * step + 0.254829592
    ) * step
    result: NDArray[np.float32] = np.sign(values) * (1 - series * np.exp(-(size**2)))
    return result


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(folder, f"{name} cannot be read: {error}") from error
    return read


def _read_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The encoder's matrices as float32, whatever wraps the encoder."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        held = load_file(folder / "model.safetensors")
    except (OSError, SafetensorError) as error:
        raise EncoderError(folder, f"model.safetensors cannot be read: {error}") from error
    weights = {name.removeprefix("bert."): value.astype(np.float32) for name, value in held.items()}
    if "embeddings.word_embeddings.weight" not in weights:
        raise EncoderError(folder, "model.safetensors holds no BERT encoder")
    return weights


def _read_tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise EncoderError(folder, "tokenizer.json is missing")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _length(folder: Path) -> int:
    """How many tokens the encoder was made to read."""
    file = folder / "sentence_bert_config.json"
    return min(int(_read_json(folder, file.name)["max_seq_length"]) if file.is_file() else 128, 256)


def _check_pooling(folder: Path) -> None:
    file = folder / "1_Pooling" / "config.json"
    if file.is_file() and not _read_json(folder / "1_Pooling", "config.json").get("pooling_mode_mean_tokens"):
        raise EncoderError(folder, "only mean pooling can be read")


@lru_cache(maxsize=8)
def _fingerprint(folder: Path) -> str:
    from hashlib import sha256

    return sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]
