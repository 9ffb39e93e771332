"""A team's own head on a model folder: one more logistic regression over what the model says and what the columns say.

A folder that a team trained has ``detector.json: head`` and ``team.safetensors`` (its own n-gram channel). By label the head gives
weights to the model's own score, the team's channel, price, brand agreement, and what the team's labels say of categories and
sellers. All of it is numbers by name; sellers stand as hashes.

>>> history_key("LuxMirror88")
'c8599a1234d05ff2'
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import CUE_NAMES
from nlp.errors import ArtefactError
from nlp.ngrams import BITS, NgramChannel
from nlp.reading import signals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nlp.artefact import Artefact
    from nlp.reading import Reading

__all__ = ["COLUMN_FEATURES", "Head", "column_features", "head_features", "history_key", "logit"]

_LIMIT: Final = 12.0
_MOST_KEYS: Final = 2_000_000

# What the columns and the rules say of a listing, in the order of ``column_features``.
COLUMN_FEATURES: Final[tuple[str, ...]] = (
    "price:known",
    "price:log_ratio",
    "price:ratio_known",
    "price:low",
    "price:doubtful",
    "price:log_usd",
    "brand:column",
    "brand:agrees",
    "brand:differs",
    "brand:title",
    "brand:hidden",
    "contact",
    "phrases",
    "phrases:denied",
    "text:title",
    "text:description",
)


def column_features(reading: Reading) -> NDArray[np.float64]:
    """``[len(COLUMN_FEATURES)]``: price against the genuine article's, title against brand column, phrases, lengths (in logs)."""
    listing, price = reading.listing, reading.price
    present = set(signals_of(reading))
    named = {match.brand for field, match in reading.offered if field == "title"}
    column = reading.column_brand or (listing.brand or "").strip() or None
    agrees = bool(column) and (column in named or str(column).casefold() in listing.title.casefold())
    ratio, usd = price.ratio, price.price_usd
    values = {
        "price:known": float(listing.price is not None or usd is not None),
        "price:log_ratio": 0.0 if ratio is None else float(np.clip(math.log(max(ratio, 1e-4)), -5.0, 1.0)),
        "price:ratio_known": float(ratio is not None),
        "price:low": float(price.low),
        "price:doubtful": float(price.doubtful),
        "price:log_usd": 0.0 if not usd else float(np.clip(math.log10(max(usd, 0.01)), -2.0, 5.0)),
        "brand:column": float(column is not None),
        "brand:agrees": float(agrees),
        "brand:differs": float(bool(column) and bool(named) and not agrees),
        "brand:title": float(bool(named)),
        "brand:hidden": float("<brand:hidden>" in present),
        "contact": float("<contact>" in present),
        "phrases": max((hit.weight for _, hit in reading.hits if hit.cue in CUE_NAMES), default=0.0),
        "phrases:denied": float("<neg:denied>" in present),
        "text:title": math.log1p(len(listing.title)) / 5,
        "text:description": math.log1p(len(listing.description)) / 8,
    }
    return np.array([values[name] for name in COLUMN_FEATURES])


def history_key(name: str) -> str:
    """How a seller or a category is called in a model folder: sixteen hex digits of the hash of its name."""
    return hashlib.sha256(" ".join(name.casefold().split()).encode()).hexdigest()[:16]


def logit(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds, limited as the stack limits them."""
    edge = 1 / (1 + math.exp(_LIMIT))
    clipped = np.clip(probabilities, edge, 1 - edge)
    return np.asarray(np.log(clipped / (1 - clipped)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelHead:
    """One label's regression: ``weights`` over what ``head_features`` names, in that order."""

    at: int
    weights: NDArray[np.float64]
    bias: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The heads of the labels that the team labelled, and the tables that they look into."""

    labels: tuple[_LabelHead, ...]
    channel: NgramChannel
    category: dict[str, float]
    seller: dict[str, float]

    @classmethod
    def load(cls, artefact: Artefact) -> Head | None:
        """The head of a model folder, None if it has none (as the bundled model).

        Raises:
            ArtefactError: if names, shapes or numbers do not fit together.
        """
        table = artefact.detector.get("head")
        if table is None:
            return None
        try:
            return _read(table, artefact)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactError(
                str(artefact.path), f"the head in detector.json is damaged ({error})"
            ) from error

    def apply(self, readings: Sequence[Reading], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """``probabilities`` ``[readings, labels]`` of the model, with those of the team's labels replaced."""
        if not readings:
            return probabilities
        result = probabilities.copy()
        texts = [f"{reading.listing.title}\n{reading.listing.description}" for reading in readings]
        team = self.channel.logits(texts).astype(np.float64)
        columns = np.stack([column_features(reading) for reading in readings])
        looked = np.array([self._history(reading) for reading in readings])
        base = logit(probabilities)
        for output, head in enumerate(self.labels):
            rows = np.column_stack([base, np.clip(team[:, output], -_LIMIT, _LIMIT), columns, looked])
            scores = np.clip(rows @ head.weights + head.bias, -_LIMIT, _LIMIT)
            result[:, head.at] = 1 / (1 + np.exp(-scores))
        return result

    def _history(self, reading: Reading) -> tuple[float, float]:
        category, seller = reading.listing.category, reading.listing.seller
        return (
            self.category.get(history_key(category), 0.0) if category else 0.0,
            self.seller.get(history_key(seller), 0.0) if seller else 0.0,
        )


def head_features(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of a head's features, in order: the model's own log-odds, the team's channel, columns, history."""
    return (*(f"base:{label}" for label in labels), "team", *COLUMN_FEATURES, "category", "seller")


def _read(table: dict[str, Any], artefact: Artefact) -> Head:
    from safetensors.numpy import load_file

    names = head_features(artefact.labels)
    heads = []
    for label, weights in table["labels"].items():
        unknown = set(weights) - set(names) - {"bias"}
        if unknown:
            raise ValueError(f"no such feature: {min(unknown)!r}")
        row = np.array([float(weights.get(name, 0.0)) for name in names])
        heads.append(_LabelHead(at=artefact.labels.index(label), weights=row, bias=float(weights["bias"])))
    tensors = load_file(artefact.path / "team.safetensors")
    weights, bias = tensors["weights"].astype(np.float32), tensors["bias"].astype(np.float32)
    if weights.shape != (2**BITS, len(heads)) or bias.shape != (len(heads),):
        raise ValueError(f"team.safetensors needs weights {(2**BITS, len(heads))}")
    numbers = [weights, bias, *(head.weights for head in heads), np.array([head.bias for head in heads])]
    if not all(np.isfinite(each).all() for each in numbers):
        raise ValueError("a weight is not finite")
    return Head(
        labels=tuple(heads),
        channel=NgramChannel(weights, bias),
        category=_table(table["category"]),
        seller=_table(table["seller"]),
    )


def _table(raw: dict[str, Any]) -> dict[str, float]:
    if len(raw) > _MOST_KEYS:
        raise ValueError("a table of the head is too long")
    read = {str(key): float(value) for key, value in raw.items()}
    if not all(map(math.isfinite, read.values())):
        raise ValueError("a table of the head holds a number that is not finite")
    return read
