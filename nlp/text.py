"""Normalisation in named steps, with the way back: every folded character knows where it came from.

>>> folded = fold("Ｇｕccí bag", nfkc, lower, strip_accents)
>>> folded.text
'gucci bag'
>>> folded.span(0, 5)
(0, 5)

A step maps one *cluster* (a base character with the marks that combine with it) to its replacement, which may be
longer, shorter or empty. Steps look at nothing else, so offsets stay exact whatever they do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

__all__ = [
    "INVISIBLE",
    "Folded",
    "Step",
    "drop_invisible",
    "fold",
    "is_spaceless",
    "lower",
    "nfkc",
    "script_of",
    "strip_accents",
]

Step: TypeAlias = Callable[[str], str]

# Zero-width and direction characters, soft hyphen, variation selectors, tags, strokes through a letter: nothing that a reader reads.
INVISIBLE: Final = frozenset(
    [
        *map(chr, range(8203, 8208)),
        *map(chr, range(0x0334, 0x0339)),
        *map(chr, (0x0332, 0x0333, 0x0305, 0x20D2, 0x20D3, 0x20E5, 0x20E6)),
        *map(chr, range(8234, 8239)),
        *map(chr, range(8288, 8304)),
        *map(chr, range(65024, 65040)),
        *map(chr, range(917504, 917632)),
        "\xad",
        "͏",
        "\u061c",
        "ᅟ",
        "ᅠ",
        "឴",
        "឵",
        "\u180e",
        "ㅤ",
        "\ufeff",
        "ﾠ",
    ]
)
# Scripts written without spaces between words: a phrase there has no word boundary to respect.
_SPACELESS: Final = frozenset({"HAN", "HIRAGANA", "KATAKANA", "THAI"})
_STRIPPABLE: Final = frozenset({"LATIN", "GREEK", "CYRILLIC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """``text`` after the steps; ``starts[i]:ends[i]`` is where its character ``i`` stood in ``original``."""

    original: str
    text: str
    starts: range | tuple[int, ...]
    ends: range | tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of the folded characters ``start:end`` (``end > start``)."""
        return self.starts[start], self.ends[end - 1]


def nfkc(cluster: str) -> str:
    """Compatibility composition: full-width, circled and styled letters become plain ones."""
    return unicodedata.normalize("NFKC", cluster)


def lower(cluster: str) -> str:
    """Case folding ('ß' → 'ss'), with Turkish 'İ' and 'ı' read as 'i'."""
    return "i" if cluster in ("İ", "ı") else cluster.casefold()


def drop_invisible(cluster: str) -> str:
    """Nothing for characters that a reader does not see."""
    if INVISIBLE.isdisjoint(cluster):
        return cluster
    return "".join(char for char in cluster if char not in INVISIBLE)


def strip_accents(cluster: str) -> str:
    """Base letters of Latin, Greek and Cyrillic without their marks; other scripts keep theirs."""
    if cluster.isascii() or script_of(cluster[0]) not in _STRIPPABLE or cluster in ("й", "Й", "ї", "Ї"):
        return cluster
    decomposed = unicodedata.normalize("NFD", cluster)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.translate(_STROKES)


_STROKES: Final = str.maketrans(
    {"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ħ": "h", "ŧ": "t"}
)


def fold(text: str, *steps: Step) -> Folded:
    """``text`` with each cluster sent through ``steps`` in order. Pure ASCII takes a short way for the steps above."""
    if text.isascii() and all(step in _ASCII_SAFE for step in steps):
        positions = range(len(text))
        plain = text.lower() if lower in steps else text
        return Folded(original=text, text=plain, starts=positions, ends=range(1, len(text) + 1))
    quick = text.translate(_singles(steps))
    if _SENTINEL not in quick:
        return Folded(original=text, text=quick, starts=range(len(text)), ends=range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for run in _ODD.finditer(quick):
        first = run.start() - bool(run.start() and unicodedata.combining(text[run.start()]))
        pieces.append(quick[at:first])
        starts.extend(range(at, first))
        ends.extend(range(at + 1, first + 1))
        for start, end in _clusters(text, first, run.end()):
            piece = _apply(text[start:end], steps)
            pieces.append(piece)
            starts.extend([start] * len(piece))
            ends.extend([end] * len(piece))
        at = run.end()
    starts.extend(range(at, len(text)))
    ends.extend(range(at + 1, len(text) + 1))
    return Folded(original=text, text="".join([*pieces, quick[at:]]), starts=tuple(starts), ends=tuple(ends))


class _Singles(dict[int, str]):
    """Fills itself: code point → what the steps make of it; the sentinel for marks and what gives not one character."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps

    def __missing__(self, point: int) -> str:
        char = chr(point)
        piece = _apply(char, self._steps)
        self[point] = piece if len(piece) == 1 and not unicodedata.combining(char) else _SENTINEL
        return self[point]


_singles: Final = lru_cache(maxsize=32)(_Singles)
_SENTINEL: Final = "\ue000"  # private use
_ODD: Final = re.compile(f"{_SENTINEL}+")


@lru_cache(maxsize=65_536)
def _apply(cluster: str, steps: tuple[Step, ...]) -> str:
    for step in steps:
        if not cluster:
            break
        cluster = step(cluster)
    return cluster


_ASCII_SAFE: Final = frozenset({nfkc, lower, drop_invisible, strip_accents})
_CLUSTER_LIMIT: Final = 16  # a heap of combining marks ("zalgo") is cut into pieces of this many


def _clusters(text: str, first: int, stop: int) -> Iterator[tuple[int, int]]:
    start = first
    for at in range(first + 1, stop):
        if at - start < _CLUSTER_LIMIT and unicodedata.combining(text[at]):
            continue
        yield start, at
        start = at
    yield start, stop


@lru_cache(maxsize=65_536)
def script_of(char: str) -> str:
    """The script's name as Unicode names it ('LATIN', 'HAN', 'ARABIC' …), '' for what has none."""
    name = unicodedata.name(char, "")
    if name.startswith("CJK "):
        return "HAN"
    if name.startswith(("FULLWIDTH LATIN", "MATHEMATICAL")):
        return "LATIN"
    if name.startswith("HALFWIDTH KATAKANA"):
        return "KATAKANA"
    return name.split(" ", 1)[0] if char.isalpha() or unicodedata.combining(char) else ""


def is_spaceless(char: str) -> bool:
    """Whether ``char`` belongs to a script that writes words without spaces (Chinese, Japanese, Thai)."""
    return script_of(char) in _SPACELESS
