"""The words that carry a cue where no rule can show them: found by leaving words out and scoring again.

Occlusion (Zeiler and Fergus, ECCV 2014): the stretch whose absence lowers the cue's score most is the evidence. The text is
cut into at most ``_PIECES`` stretches; the best is cut again, until a handful of words is left.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from nlp.letters import word_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nlp.classifier import Classifier, View
    from nlp.decide import Place
    from nlp.records import Field, Listing

__all__ = ["blanked", "find_words"]

_PIECES: Final = 8
_SHORT: Final = 24  # characters: short enough to show as it is
_ROUNDS: Final = 4
_STRETCH: Final = 6  # characters at a time where words have no spaces between them
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


def blanked(listing: Listing, places: Sequence[Place]) -> Listing:
    """``listing`` with spaces where ``places`` stood, so that all other offsets stay."""
    texts = {"title": listing.title, "description": listing.description}
    for field, start, end in places:
        text = texts[field]
        texts[field] = text[:start] + " " * (end - start) + text[end:]
    return replace(listing, title=texts["title"], description=texts["description"])


def _trimmed(view: View, place: Place) -> Place:
    """``place`` without the signs at its ends, unless it is nothing but signs."""
    field, start, end = place
    words = [
        word for word in _words(_text(view, field), start, end) if word_group(_text(view, field)[word[0]])
    ]
    return (field, words[0][0], words[-1][1]) if words else place


def _cut(view: View, place: Place) -> list[Place]:
    field, start, end = place
    words = _words(_text(view, field), start, end)
    size = max(1, -(-len(words) // _PIECES))
    groups = [words[at : at + size] for at in range(0, len(words), size)]
    return [(field, group[0][0], group[-1][1]) for group in groups]


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Words and runs of signs of ``text[start:end]``; where words have no spaces between them, a few characters at a time."""
    words, at = [], start
    for kind, run in groupby(text[start:end], key=lambda char: " " if char.isspace() else word_group(char)):
        after = at + len(list(run))
        if kind == "free":
            words += _stretches(text, at, after)
        elif kind != " ":
            words.append((at, after))
        at = after
    return words


def _stretches(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found, at = [], start
    while at < end:
        after = min(at + _STRETCH, end)
        while after < end and unicodedata.combining(text[after]):
            after += 1
        found.append((at, after))
        at = after
    return found


def _without(view: View, place: Place) -> View:
    field, start, end = place
    text = _text(view, field)
    rest = f"{text[:start]} {text[end:]}"
    return replace(view, title=rest) if field == "title" else replace(view, description=rest)


def _text(view: View, field: Field) -> str:
    return view.title if field == "title" else view.description
