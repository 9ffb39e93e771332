"""Runs of digits that may be a telephone number, however they are written.

"+34 611 20 30 41", "6 2 2 / 0 4 8", "six one two", "1three8", "o7700 9OO 455", "0️⃣9️⃣", "⑥①②", "〇九〇−〇〇六七" and
"девять два шесть" are all runs: *atoms* (digits, words for digits, letters drawn like digits) with little in between.
Whether a run is a telephone number is decided in :mod:`nlp.entities.contacts`, which knows the words around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from nlp.automata import automaton_of
from nlp.letters import plain, word_group
from nlp.lexicon import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ahocorasick

    from nlp.letters import Page

__all__ = ["Run", "find_runs"]

_MIN_DIGITS: Final = 5
_MAX_DIGITS: Final = 17
_BETWEEN: Final = re.compile(r"[^\w\n$€£¥₽₹₩฿₫₺%#=<>\"|]{1,3}(?:\ufe0f)?$|の$")
_CIRCLES: Final = "⓿❶❷❸❹❺❻❼❽❾➊➋➌➍➎➏➐➑➒"
_NEGATIVE_CIRCLED: Final = str.maketrans(_CIRCLES, "0123456789123456789")
_IS_CIRCLED: Final = re.compile(f"[{_CIRCLES}]")
_DIGIT: Final = re.compile(r"\d")
_LIKE: Final = frozenset("oil|")
_DIGITS: Final = re.compile(r"\d+\u20e3?")
_NEAR: Final = 8  # characters: farther away nothing is joined with digits
_DRAWN_ALIKE: Final = (
    r"(?<![^\W\d_])o{1,3}(?=\d)|(?<=\d)[oil|]{1,3}(?=\d)|(?<=\d)o{1,3}(?![^\W\d_])|(?<=\d )o{1,3}(?= \d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``digits`` at ``start:end`` of the page's text; ``groups`` are the lengths of its atoms.

    ``plus`` says that a plus stands before; ``spelled`` how many atoms are words or signs instead of digits.
    """

    digits: str
    start: int
    end: int
    groups: tuple[int, ...]
    plus: bool
    spelled: int
    separators: str

    @property
    def is_spaced_out(self) -> bool:
        """Every digit stands alone, or is written as a word: nobody writes sizes or prices so."""
        return len(self.groups) >= 7 and sum(size == 1 for size in self.groups) >= len(self.groups) - 1


def find_runs(page: Page) -> Iterator[Run]:
    """Runs of 5 to 17 digits, in order, not overlapping."""
    text = page.text
    atoms: list[tuple[int, int, str, bool]] = []
    for atom in _atoms(text):
        if atoms and not _joined(text, atoms[-1][1], atom[0]):
            yield from _runs(text, atoms)
            atoms = []
        atoms.append(atom)
    yield from _runs(text, atoms)


def _joined(text: str, end: int, start: int) -> bool:
    return start == end or (start - end <= 4 and _BETWEEN.match(text, end, start) is not None)


def _runs(text: str, atoms: list[tuple[int, int, str, bool]]) -> Iterator[Run]:
    """The atoms as one run; a plus in the middle begins another, too many digits are no run at all."""
    first = 0
    for at in range(1, len(atoms) + 1):
        if at == len(atoms) or "+" in text[atoms[at - 1][1] : atoms[at][0]]:
            run = _run(text, atoms[first:at])
            if run:
                yield run
            first = at


def _run(text: str, atoms: list[tuple[int, int, str, bool]]) -> Run | None:
    if len(atoms) > 3 * _MAX_DIGITS or (len(atoms) == 1 and len(atoms[0][2]) < _MIN_DIGITS):
        return None
    digits = "".join(atom[2] for atom in atoms)
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        return None
    start = atoms[0][0]
    before = text[max(start - 3, 0) : start]
    plus = re.search(r"[+＋]\s?\(?$", before)
    opened = re.search(r"\($", before)
    return Run(
        digits=digits,
        start=start - (len(plus.group()) if plus else len(opened.group()) if opened else 0),
        end=atoms[-1][1],
        groups=_groups(atoms),
        plus=bool(plus),
        spelled=sum(atom[3] for atom in atoms),
        separators="".join(text[one[1] : two[0]] for one, two in pairwise(atoms)),
    )


def _groups(atoms: list[tuple[int, int, str, bool]]) -> tuple[int, ...]:
    sizes: list[int] = []
    last = -1
    for start, end, digits, _ in atoms:
        if start == last and sizes:
            sizes[-1] += len(digits)
        else:
            sizes.append(len(digits))
        last = end
    return tuple(sizes)


def _atoms(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Start, end and digits of each atom, and whether it is written otherwise than in plain digits."""
    shown = text if text.isascii() or not _IS_CIRCLED.search(text) else text.translate(_NEGATIVE_CIRCLED)
    pattern = _atom_pattern() if _is_drawn(shown) or _is_spelled(shown) else _DIGITS
    for match in pattern.finditer(shown):
        piece = match.group()
        start, end = match.span()
        if piece[0].isdigit():
            keycap = piece.endswith("\u20e3")
            yield start, end, piece.removesuffix("\u20e3"), keycap or shown[start] != text[start]
        elif match["like"]:
            yield start, end, "".join("0" if char == "o" else "1" for char in piece), True
        else:
            for inner in _word_pattern().finditer(piece):
                yield start + inner.start(), start + inner.end(), _words()[inner.group()], True


def _is_drawn(text: str) -> bool:
    """Whether a letter that is drawn like a digit stands beside one, or a lone one a space away."""
    return any(
        text[match.start() - 1 : match.start()] in _LIKE
        or text[match.end() : match.end() + 1] in _LIKE
        or text[match.end() : match.end() + 2] == " o"
        for match in _DIGITS.finditer(text)
    )


def _is_spelled(text: str) -> bool:
    """Whether a word for a digit stands near another or near a digit; alone, as most do ("on", "un"), it makes no number."""
    first, end = -1, -_NEAR
    half: set[int] = set()  # where a word goes on behind a word for a digit, maybe with another
    for last, (length, free) in _word_automaton().iter(text):
        start, after = last + 1 - length, last + 1
        if start in half:
            return True
        if not free and start and text[start - 1].isalpha():
            continue
        if not free and text[after : after + 1].isalpha():
            half.add(after)
            continue
        if first < start < end + _NEAR or _DIGIT.search(text, max(start - _NEAR, 0), after + _NEAR):
            return True
        first, end = start, after
    return False


@cache
def _words() -> dict[str, str]:
    rows = read_rows("digits.tsv", columns=("lang", "word", "digits", "source"))
    return {plain(row["word"]): row["digits"] for row in rows}


@cache
def _word_automaton() -> ahocorasick.Automaton:
    return automaton_of({word: (len(word), _is_free(word)) for word in _words()}, nothing=(2, True))


@cache
def _word_pattern() -> re.Pattern[str]:
    return re.compile(_any(list(_words())))


@cache
def _atom_pattern() -> re.Pattern[str]:
    """Digits, letters drawn like digits beside digits, words for digits: whole words, or anywhere in Chinese and Thai."""
    free = [word for word in _words() if _is_free(word)]
    whole = [word for word in _words() if not _is_free(word)]
    letter = r"[^\W\d_]"
    first = "".join(sorted({re.escape(word[0]) for word in _words()}))
    return re.compile(  # most characters begin nothing of it, which one look at them tells
        rf"(?=[\doil|{first}])(?:"
        rf"\d+\u20e3?|(?P<like>{_DRAWN_ALIKE})|(?<!{letter})(?:{_any(whole)}){{1,16}}(?!{letter})|{_any(free)})"
    )


def _is_free(word: str) -> bool:
    """Whether the word may stand anywhere, with letters beside it."""
    return word_group(word[0]) in ("free", "HANGUL") or not word[0].isalpha()


def _any(words: list[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
