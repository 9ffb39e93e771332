"""What the lexicon found: a phrase, the cue it carries, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase at ``start:end`` of the original text.

    ``cue`` is a name of :data:`nlp.cues.CUE_NAMES`, or None where the words do not count: then ``cls`` says why
    (``denied``, or a ``neg_…`` class). ``weight`` (0 to 1) is how sure the phrase alone speaks for an offer of a
    counterfeit; ``phrase`` is the row of the table, ``lang`` its language.
    """

    cue: str | None
    cls: str
    phrase: str
    lang: str
    weight: float
    start: int
    end: int
