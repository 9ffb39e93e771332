"""Calibration, thresholds, bands, reasons: pure functions from a reading and the model's scores to a verdict.

The stack is one logistic regression per label over the encoder's scores, the n-gram channel's scores and the rules'
signals, fitted on listings that neither channel was trained on; being fitted by log-loss it is calibrated where the
development listings resemble the dump. Its weights stand by name in ``detector.json`` for anyone to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES, CUES
from nlp.reading import SIGNALS, Reading, signals_of
from nlp.records import Band, Brand, Contact, Cue, Field, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Place",
    "Stack",
    "Thresholds",
    "feature_names",
    "features_of",
    "needs_words",
    "rule_cues",
    "verdict_of",
]

Place: TypeAlias = tuple[Field, int, int]  # words of a listing: field, start, end
_LOGIT_LIMIT: Final = 12.0
_RULE_SCORE: Final = (
    0.9  # a cue that a rule reads off the text: the rule's words are shown, not a probability of the model
)
_TITLES: Final = {cue.name: cue.title for cue in CUES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """``queue`` and ``act`` are scores from which a listing goes to a person or into the precise band; ``cues`` by name."""

    queue: float
    act: float
    cues: dict[str, float]

    def band(self, score: float) -> Band:
        """The band of a score."""
        if score >= self.act:
            return "act"
        return "queue" if score >= self.queue else "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Weights ``[labels, features]`` and bias ``[labels]`` of the stacked logistic regression."""

    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities ``[rows, labels]`` of features ``[rows, features]``."""
        logits = np.clip(features @ self.weights.T + self.bias, -_LOGIT_LIMIT, _LOGIT_LIMIT)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))

    @classmethod
    def from_json(cls, table: dict[str, Any], labels: Sequence[str]) -> Stack:
        """The stack as it stands in ``detector.json``: {label: {"bias": b, feature name: weight}}; absent is 0."""
        names = feature_names(labels)
        rows = [[float(table[label].get(name, 0.0)) for name in names] for label in labels]
        bias = [float(table[label]["bias"]) for label in labels]
        return cls(labels=tuple(labels), weights=np.array(rows), bias=np.array(bias))

    def to_json(self) -> dict[str, dict[str, float]]:
        """The table that ``from_json`` reads."""
        names = feature_names(self.labels)
        return {
            label: {"bias": round(float(bias), 5)}
            | {name: round(float(weight), 5) for name, weight in zip(names, row, strict=True) if weight}
            for label, row, bias in zip(self.labels, self.weights, self.bias, strict=True)
        }


def feature_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of the stack's features, in order."""
    return (
        *(f"encoder:{label}" for label in labels),
        *(f"ngrams:{label}" for label in labels),
        *SIGNALS,
        *(f"weight:{cue}" for cue in CUE_NAMES),
        "log_ratio",
        "brands",
    )


def features_of(
    reading: Reading, encoder: NDArray[np.float32], ngrams: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The stack's features ``[features]`` of one listing; ``encoder`` and ``ngrams`` are logits ``[labels]``."""
    present = set(signals_of(reading))
    weights = dict.fromkeys(CUE_NAMES, 0.0)
    for _, hit in reading.hits:
        if hit.cue:
            weights[hit.cue] = max(weights[hit.cue], hit.weight)
    ratio = reading.price.ratio
    log_ratio = 0.0 if ratio is None else float(np.clip(np.log(max(ratio, 1e-4)), -5.0, 1.0))
    return np.array(
        [
            *np.clip(encoder, -_LOGIT_LIMIT, _LOGIT_LIMIT),
            *np.clip(ngrams, -_LOGIT_LIMIT, _LOGIT_LIMIT),
            *(float(token in present) for token in SIGNALS),
            *weights.values(),
            log_ratio,
            float(min(len({match.brand for _, match in reading.offered}), 5)),
        ],
        dtype=np.float64,
    )


def verdict_of(
    reading: Reading,
    probabilities: dict[str, float],
    thresholds: Thresholds,
    *,
    model: str,
    found: Mapping[str, Sequence[Place]],
) -> Verdict:
    """The verdict on one listing. ``found`` are words by cue that attribution found beside those that rules show."""
    score = round(probabilities[COUNTERFEIT], 6)
    band = thresholds.band(score)
    cues = _cues(reading, probabilities, thresholds, found)
    return Verdict(
        id=reading.listing.id,
        score=score,
        suspicious=band != "clear",
        band=band,
        cues=cues,
        brands=_brands(reading),
        contacts=tuple(
            Contact(kind=item.kind, value=item.value, field=field, start=item.start, end=item.end)
            for field, item in reading.contacts
        ),
        seller=reading.listing.seller,
        lang=reading.lang,
        price_usd=reading.price.price_usd,
        reference_usd=reading.price.reference_usd,
        price_ratio=reading.price.ratio,
        reasons=_reasons(reading, cues),
        model=model,
    )


def rule_cues(reading: Reading) -> list[Cue]:
    """The cues that rules read off the listing, with their words."""
    cues = [
        _cue(hit.cue, hit.weight, (field, hit.start, hit.end), reading)
        for field, hit in reading.hits
        if hit.cue
    ]
    cues += [
        _cue("brand_obfuscation", _RULE_SCORE, (field, match.start, match.end), reading)
        for field, match in reading.offered
        if match.how == "disguise"
    ]
    cues += [
        _cue("off_platform_contact", _RULE_SCORE, (field, item.start, item.end), reading)
        for field, item in reading.contacts
        if item.kind not in ("link", "phone", "email", "other")
    ]
    if reading.price.low:
        cues.append(_price_cue(reading))
    return cues


def needs_words(reading: Reading, probabilities: dict[str, float], thresholds: Thresholds) -> list[str]:
    """Cues over their threshold that no rule can show the words of."""
    shown = {cue.cue for cue in rule_cues(reading) if cue.text}
    if reading.price.ratio is not None:
        shown.add("price_too_low")  # its words are the price, if the text says it
    return [
        name for name in CUE_NAMES if _over(name, reading, probabilities, thresholds) and name not in shown
    ]


def _over(name: str, reading: Reading, probabilities: dict[str, float], thresholds: Thresholds) -> bool:
    told = probabilities[name] >= thresholds.cues[name]
    if name == "price_too_low" and reading.price.ratio is not None:
        # A known ratio is arithmetic; only between what a used and a new one cost may the text of a suspect decide.
        between = reading.price.questionable and thresholds.band(probabilities[COUNTERFEIT]) != "clear"
        return reading.price.low or (between and told)
    return told


def _cues(
    reading: Reading,
    probabilities: dict[str, float],
    thresholds: Thresholds,
    found: Mapping[str, Sequence[Place]],
) -> tuple[Cue, ...]:
    cues = [
        cue
        for cue in rule_cues(reading)
        if cue.cue == "price_too_low" or _kept(cue, probabilities, thresholds)
    ]
    shown = {cue.cue for cue in cues}
    for name in CUE_NAMES:
        score = round(probabilities[name], 4)
        words = [_cue(name, score, place, reading) for place in found.get(name, ())]
        if name not in shown and _over(name, reading, probabilities, thresholds):
            if name == "price_too_low" and reading.price.ratio is not None:
                cues.append(_price_cue(reading, score))
            elif not words:
                cues.append(Cue(cue=name, score=score))
        cues += words
    order = {name: at for at, name in enumerate(CUE_NAMES)}
    cues.sort(key=lambda cue: (order[cue.cue], cue.field != "title", cue.start or 0, -cue.score))
    places = {
        (cue.cue, cue.field, cue.start, cue.end): cue for cue in reversed(cues)
    }  # of twins the surest stays
    return tuple(cue for cue in cues if places[cue.cue, cue.field, cue.start, cue.end] is cue)


def _kept(cue: Cue, probabilities: dict[str, float], thresholds: Thresholds) -> bool:
    """A strong phrase stands by itself; a weak one only where the model agrees at least half-way."""
    return cue.score >= _RULE_SCORE or probabilities[cue.cue] >= thresholds.cues[cue.cue] / 2


def _cue(name: str, score: float, place: Place, reading: Reading) -> Cue:
    field, start, end = place
    text = getattr(reading.listing, field)[start:end]
    return Cue(cue=name, score=round(score, 4), text=text, field=field, start=start, end=end)


def _price_cue(reading: Reading, score: float = _RULE_SCORE) -> Cue:
    mention, field = reading.price.mention, reading.price.field
    if mention is None or field is None:
        return Cue(cue="price_too_low", score=score)
    return _cue("price_too_low", score, (field, mention.start, mention.end), reading)


def _brands(reading: Reading) -> tuple[Brand, ...]:
    brands = [
        Brand(
            brand=match.brand, how=match.how, text=match.text, field=field, start=match.start, end=match.end
        )
        for field, match in reading.offered
    ]
    column = reading.column_brand
    if column and column not in {brand.brand for brand in brands}:
        brands.append(Brand(brand=column, how="column"))
    return tuple(brands)


def _reasons(reading: Reading, cues: Sequence[Cue]) -> tuple[str, ...]:
    reasons = []
    for name in dict.fromkeys(cue.cue for cue in cues):
        words = dict.fromkeys(cue.text for cue in cues if cue.cue == name and cue.text)
        if name == "price_too_low":
            reasons.append(_price_reason(reading))
        elif words:
            reasons.append(f"{_TITLES[name]}: " + ", ".join(f"“{word}”" for word in list(words)[:3]))
        else:
            reasons.append(f"{_TITLES[name]} (the model's reading of the whole text)")
    return tuple(reasons)


def _price_reason(reading: Reading) -> str:
    price = reading.price
    if price.ratio is None or price.price_usd is None or price.reference_usd is None:
        return _TITLES["price_too_low"]
    return (
        f"asks about ${price.price_usd:,.2f} where the genuine article costs about ${price.reference_usd:,.0f} "
        f"(ratio {price.ratio:.3f}; {price.reference})"
    )
