"""The gate of the cascade: rows that rules and n-grams alone find harmless are spared the encoder.

A model folder may hold ``detector.json: gate``: a second stack, fitted without the encoder's scores, and the score below which
its answer stands. That score is chosen on development listings so that at most a stated share of the listings that the
whole model flags is lost. In every run a sample of the spared rows goes through the encoder all the same, chosen by a hash
of the text: what it finds there says whether the promise holds on this dump.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from nlp.decide import Stack
from nlp.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from nlp.artefact import Artefact

__all__ = ["LOSS", "Gate", "Passage"]

LOSS: Final = (
    0.005  # share of the suspects that a gate is fitted to lose at most; people are told where it loses more
)

_SAMPLED: Final = 50  # one in so many spared texts is looked at all the same
_KEY: Final = b"fauxwatch.gate"
_Z: Final = 1.64  # one-sided 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """``stack`` knows nothing of the encoder; rows that it scores under ``below`` are spared."""

    stack: Stack
    below: float

    @classmethod
    def load(cls, artefact: Artefact) -> Gate | None:
        """The gate of a model folder; None where it has none, or a team's head, which no gate was measured with.

        Raises:
            ArtefactError: if its numbers do not fit.
        """
        table = artefact.detector.get("gate")
        if table is None or artefact.detector.get("head") is not None:
            return None
        try:
            gate = cls(
                stack=Stack.from_json(table["stack"], artefact.labels),
                below=float(table["below"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                str(artefact.path), f"the gate in detector.json is damaged ({error})"
            ) from error
        if not (0 <= gate.below <= 1 and np.isfinite(gate.stack.weights).all()):
            raise ArtefactError(str(artefact.path), "the gate in detector.json holds numbers out of range")
        return gate

    def to_json(self) -> dict[str, Any]:
        """The table that ``load`` reads."""
        return {
            "stack": self.stack.to_json(),
            "below": round(self.below, 5),
        }

    def spared(self, probabilities: NDArray[np.float64], suspected: int) -> NDArray[np.bool_]:
        """Which rows of the gate's own ``probabilities`` ``[rows, labels]`` need no encoder; ``suspected`` is the label's column."""
        return np.asarray(probabilities[:, suspected] < self.below)

    @staticmethod
    def sampled(keys: Sequence[bytes]) -> NDArray[np.bool_]:
        """Which of the spared rows are looked at all the same: decided by the digest of their text alone."""
        return np.array([int.from_bytes(key[:4], "big") % _SAMPLED == 0 for key in keys], bool)


@dataclass(slots=True, kw_only=True)
class Passage:
    """How many rows went where: ``spared`` the encoder, of these ``sampled`` for the check, of these ``missed`` (flagged after all).

    ``flagged`` counts all suspects.
    """

    rows: int = 0
    spared: int = 0
    sampled: int = 0
    missed: int = 0
    flagged: int = 0

    def __iadd__(self, other: Passage) -> Self:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self

    def noted_on(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """``batch`` with these counts in its metadata, where engines carry them to the summary."""
        return batch.replace_schema_metadata({_KEY: json.dumps(asdict(self)).encode()})

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Passage | None:
        """What ``noted_on`` wrote on ``batch``; None if nothing was."""
        note = (batch.schema.metadata or {}).get(_KEY)
        return None if note is None else cls(**json.loads(note))

    @classmethod
    def total(cls, passages: Iterable[Passage]) -> Passage | None:
        """The sum; None of none."""
        whole: Passage | None = None
        for each in passages:
            whole = cls() if whole is None else whole
            whole += each
        return whole

    def lost(self) -> tuple[float, float]:
        """Share of all suspects that the gate lost, as the sample says: estimate, and what it is at least (95 %)."""
        if not self.sampled:
            return 0.0, 0.0
        share = self.missed / self.sampled
        return self._of_flagged(share), self._of_flagged(_lower(self.missed, self.sampled))

    def _of_flagged(self, share: float) -> float:
        missing = share * (self.spared - self.sampled)
        return missing / max(missing + self.flagged, 1.0)


def _lower(hits: int, n: int) -> float:
    """The lower end of the one-sided 95 % Wilson interval."""
    share = hits / n
    middle = share + _Z * _Z / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + _Z * _Z / n))
