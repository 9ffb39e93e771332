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
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    from nlp.classifier import View
    from nlp.decide import Place
    from nlp.records import Field, Listing

    Score: TypeAlias = Callable[[list[View]], Sequence[NDArray[np.float32]]]

__all__ = ["blanked", "find_words"]

_PIECES: Final = 6
_SHORT: Final = 24  # characters: short enough to show as it is
_ROUNDS: Final = 4
_STRETCH: Final = 6  # characters at a time where words have no spaces between them
_PAGE: Final = 400  # characters of a description that are looked into at a time
_MOST_PAGES: Final = 12
_MIN_DROP: Final = 0.1  # logits: less is noise


def find_words(score: Score, view: View, at: int) -> Place | None:
    """Field and offsets of the words that carry the label in column ``at`` of ``score``, None where no stretch lowers it.

    ``score`` gives the encoder's scores ``[views, labels]``. Of a long description only the page that says most is looked into.
    """
    page, first = _best_page(score, view, at)
    whole = float(score([page])[0][at])
    places: list[Place] = [("title", 0, len(page.title)), ("description", 0, len(page.description))]
    best: Place | None = None
    for _ in range(_ROUNDS):
        pieces = [piece for place in places for piece in _cut(page, place)]
        if not pieces:
            break
        scores = [float(row[at]) for row in score([_without(page, piece) for piece in pieces])]
        lowest = min(range(len(pieces)), key=scores.__getitem__)
        if whole - scores[lowest] < _MIN_DROP:
            break
        best = pieces[lowest]
        if best[2] - best[1] <= _SHORT:
            break
        places = [best]
    if best is None:
        return None
    field, start, end = _trimmed(page, best)
    return (field, start, end) if field == "title" else (field, start + first, end + first)


def _best_page(score: Score, view: View, at: int) -> tuple[View, int]:
    """``view`` with the page of its description that scores highest, and where that page begins."""
    text = view.description
    if len(text) <= _PAGE + _PAGE // 2:
        return view, 0
    starts = range(0, min(len(text), _MOST_PAGES * _PAGE), _PAGE)
    pages = [replace(view, description=text[start : start + _PAGE]) for start in starts]
    scores = [float(row[at]) for row in score(pages)]
    best = max(range(len(pages)), key=scores.__getitem__)
    return pages[best], starts[best]


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
