"""fauxwatch's reader of listings: which text offers a suspected counterfeit, and which words say so.

>>> from nlp import Listing, load
>>> detector = load()
>>> verdict = detector.classify(Listing(title="Gucci canvas bag, $2-5, MOQ 2000"))
>>> verdict.suspicious, [cue.cue for cue in verdict.cues]
(True, ['price_too_low', 'wholesale_offer'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlp.records import Listing, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from nlp.detector import Detector

__all__ = ["Listing", "Verdict", "load"]


def load(model: str | Path = "bundled") -> Detector:
    """The detector of the bundled model, or of the model folder at ``model``."""
    from nlp.detector import Detector

    return Detector.load(model)
