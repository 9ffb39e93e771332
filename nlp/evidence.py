"""The words that carry a cue where no rule can show them: found by leaving words out and scoring again.

Occlusion (Zeiler and Fergus, ECCV 2014): the stretch whose absence lowers the cue's score most is the evidence. The text is
cut into at most ``_PIECES`` stretches; the best is cut again, until a handful of words is left.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nlp.classifier import Classifier, View
    from nlp.decide import Place
    from nlp.records import Field

__all__ = ["find_words"]

_PIECES: Final = 8
_SHORT: Final = 24  # characters: short enough to show as it is
_ROUNDS: Final = 4
_WORD: Final = re.compile(r"[^\W_]+|[^\w\s]+")
_LETTERS: Final = re.compile(r"[^\W_]+")
_MIN_DROP: Final = 0.1  # logits: less is noise


def find_words(classifier: Classifier, view: View, label: str) -> Place | None:
    """Field and offsets of the words that carry ``label``, None where no stretch lowers its score."""
    at = classifier.labels.index(label)
    whole = float(classifier.encoder_logits([view])[0, at])
    places: list[Place] = [("title", 0, len(view.title)), ("description", 0, len(view.description))]
    best: Place | None = None
    for _ in range(_ROUNDS):
        pieces = [piece for place in places for piece in _cut(view, place)]
        if not pieces:
            break
        scores = classifier.encoder_logits([_without(view, piece) for piece in pieces])[:, at]
        lowest = int(scores.argmin())
        if whole - float(scores[lowest]) < _MIN_DROP:
            break
        best = pieces[lowest]
        if best[2] - best[1] <= _SHORT:
            break
        places = [best]
    return _trimmed(view, best) if best else None


def _trimmed(view: View, place: Place) -> Place:
    """``place`` without the signs at its ends, unless it is nothing but signs."""
    field, start, end = place
    words = list(_LETTERS.finditer(_text(view, field), start, end))
    return (field, words[0].start(), words[-1].end()) if words else place


def _cut(view: View, place: Place) -> list[Place]:
    field, start, end = place
    words = [match.span() for match in _WORD.finditer(_text(view, field), start, end)]
    words = [piece for word in words for piece in _split_long(*word)]
    size = max(1, -(-len(words) // _PIECES))
    groups = [words[at : at + size] for at in range(0, len(words), size)]
    return [(field, group[0][0], group[-1][1]) for group in groups]


def _split_long(start: int, end: int) -> list[tuple[int, int]]:
    """A run of letters without spaces (Chinese, Thai) in stretches of a few characters."""
    step = 6
    return (
        [(at, min(at + step, end)) for at in range(start, end, step)]
        if end - start > 2 * step
        else [(start, end)]
    )


def _without(view: View, place: Place) -> View:
    field, start, end = place
    text = _text(view, field)
    rest = f"{text[:start]} {text[end:]}"
    return replace(view, title=rest) if field == "title" else replace(view, description=rest)


def _text(view: View, field: Field) -> str:
    return view.title if field == "title" else view.description
