"""Phrases as data, found many at a time: an Aho-Corasick automaton, word boundaries by script, stems and gaps.

How a phrase is written in a table:

* plain words match themselves, whatever their case, accents, width, hyphens and invisible characters;
* ``реплик~`` matches the stem with up to four letters more, ``replika~~`` with up to twenty (compounds), and
  ``~~replika`` also the end of a compound;
* ``carton of # pcs`` takes any number for ``#``, which may not come first;
* ``made … same factory`` allows up to three words (or eight characters of Chinese, Japanese or Thai) in between.

A phrase in Latin, Cyrillic, Arabic, Devanagari or Korean begins and ends with a word; one in Chinese, Japanese or
Thai may stand anywhere. Endings that a language glues to a word (Korean particles, Persian plurals) are a table.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from nlp.automata import automaton_of
from nlp.letters import plain, with_accents, word_group
from nlp.lexicon import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nlp.letters import Page

__all__ = ["Found", "Pattern", "PatternBook"]

T = TypeVar("T")

_WILD: Final = re.compile(r"~~|~|#|\s*…\s*")
_AMOUNT: Final = r"\d(?:[\d.,]{0,6}\d)?"
_LETTER: Final = r"(?:[^\W\d_]|[\u0900-\u0963])"  # Devanagari vowel signs are no word characters for re
_GAP: Final = r"(?:[^\S\n]+[^\s.,;:!?]+){0,3}[^\S\n]+"
_FREE_GAP: Final = r"[^\n。，,.!?！？]{0,8}"
_SLACK: Final = 160  # a pattern with wild cards is looked for within so many characters
_LONG_ENOUGH: Final = (
    5  # letters from which other accents than the table's are taken for sloppy writing or disguise
)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """``item`` stands at ``start:end`` of the page's plain text."""

    item: T
    start: int
    end: int


class Pattern(Generic[T]):
    """One phrase ready to be checked where its first letters (``key``) were found."""

    __slots__ = ("accents", "digits", "inside", "item", "key", "lang", "phrase", "rest")

    def __init__(self, phrase: str, lang: str, item: T, *, digits: bool = False) -> None:
        self.phrase: Final = phrase
        self.digits: Final = digits  # a number may follow without a space ("vx138…")
        self.lang: Final = lang
        self.item: Final = item
        self.inside: Final = phrase.startswith("~~")
        phrase = phrase.removeprefix("~~")
        head, *_ = _WILD.split(phrase, maxsplit=1)
        self.key: Final = plain(head)
        accents = with_accents(head)
        self.accents: Final = accents if accents != self.key else ""
        self.rest: Final = _compile(phrase) if len(head) < len(phrase) else None

    def at(
        self, page: Page, start: int, end: int, endings: dict[str, frozenset[str]], *, begun: bool = False
    ) -> int | None:
        """Where the phrase ends that begins at ``start`` with ``key``; None if it does not stand there.

        ``begun``: a word is known to begin at ``start``.
        """
        text = page.text
        if not (begun or self.inside or starts_word(text, start, self.lang)):
            return None
        if self.rest is not None:
            match = self.rest.match(text, start, start + _SLACK)
            if not match:
                return None
            end = match.end()
        if not ends_word(text, end, endings.get(self.lang, _NO_ENDINGS)) and not (
            self.digits and text[end].isdigit() and not text[end - 1].isdigit()
        ):
            return None
        return end if self._accents_fit(page, start, start + len(self.key)) else None

    def _accents_fit(self, page: Page, start: int, end: int) -> bool:
        surface = page.surface(start, end)
        if surface.isascii():
            return self.lang != "vi" or not self.accents or not page.is_vietnamese()
        shown = with_accents(surface)
        if shown == (self.accents or self.key):
            return True
        if word_group(self.key[0]) != "latin" or shown == self.key:
            return True
        return self.lang != "vi" and len(self.key) >= _LONG_ENOUGH


class PatternBook(Generic[T]):
    """Finds many phrases in one pass; time grows with the text and the matches, not with the phrases."""

    def __init__(self, patterns: Iterable[Pattern[T]]) -> None:
        by_key: dict[str, list[Pattern[T]]] = {}
        for pattern in patterns:
            if pattern.key.strip():
                by_key.setdefault(pattern.key, []).append(pattern)
        self._endings = _read_endings()
        self._automaton = automaton_of(
            {
                key: (len(key), _is_bound(group), self._is_whole(group), tuple(group))
                for key, group in by_key.items()
            },
            nothing=(2, False, False, ()),
        )

    def _is_whole(self, group: list[Pattern[T]]) -> bool:
        """Whether a word must end where any of ``group`` ends: no wild cards, no endings, no numbers behind."""
        return not any(pattern.rest or pattern.digits or pattern.lang in self._endings for pattern in group)

    def find(self, page: Page, first: int = 0, stop: int = sys.maxsize) -> Iterator[Found[T]]:
        """Every phrase that stands in ``page``, by end of its first letters; overlaps included.

        With ``first`` and ``stop`` only those whose first letters (all up to a wild card) stand between them.
        """
        text = page.text
        size = len(text)
        for last, (length, bound, whole, group) in self._automaton.iter(text, first, min(stop, size)):
            start, after = last + 1 - length, last + 1
            # Most of what the automaton sees stands in the middle of a word: two looks at two characters tell.
            if bound and start and text[start - 1] in _ASCII_WORD and text[start] in _ASCII_WORD:
                continue
            if whole and after < size and text[after] in _ASCII_WORD and text[last] in _ASCII_WORD:
                continue
            if bound and not starts_word(text, start):
                continue  # once for all phrases that begin alike: "aaaaaaa" holds none of twenty "AAA …"
            for pattern in group:
                end = pattern.at(page, start, after, self._endings, begun=bound)
                if end is not None:
                    yield Found(pattern.item, start, end)


def _is_bound(group: list[Pattern[T]]) -> bool:
    """Whether a word must begin where any of ``group`` begins."""
    return not any(pattern.inside or pattern.lang == "ar" for pattern in group)


_ASCII_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")  # between two of these no word begins
_NO_ENDINGS: Final[frozenset[str]] = frozenset()
_ARABIC_PREFIXES: Final = frozenset(["و", "ال", "وال", "ب", "بال", "ل", "لل", "ف", "فال", "ك", "ها"])
_MAX_ENDING: Final = 5


def starts_word(text: str, start: int, lang: str = "") -> bool:
    """Whether a word may begin at ``start`` of ``text``."""
    if start == 0:
        return True
    if text[start].isdigit() and text[start - 1] in ".,:/" and text[max(start - 2, 0)].isdigit():
        return False  # inside a date, a time, a ratio of three
    before, first = word_group(text[start - 1]), word_group(text[start])
    if not first or before != first or first == "free":
        return True
    if first == "HANGUL":
        return False
    if first == "ARABIC" and lang == "ar":
        begin = start
        while begin > 0 and start - begin < 4 and word_group(text[begin - 1]) == "ARABIC":
            begin -= 1
        return text[begin:start] in _ARABIC_PREFIXES
    return False


def ends_word(text: str, end: int, endings: frozenset[str] = _NO_ENDINGS) -> bool:
    """Whether a word may end at ``end`` of ``text``, or one of ``endings`` and then the word."""
    if end == len(text):
        return True
    if text[end - 1].isdigit() and text[end] in ".,:/" and text[end + 1 : end + 2].isdigit():
        return False
    last, after = word_group(text[end - 1]), word_group(text[end])
    if not last or after != last:
        return True
    if last == "free":
        return text[end].isalnum() or text[end] == "ๆ"  # a tone mark would make it another syllable
    stop = end
    while stop < len(text) and stop - end <= _MAX_ENDING and word_group(text[stop]) == last:
        stop += 1
    return text[end:stop] in endings


def _compile(phrase: str) -> re.Pattern[str]:
    pieces = []
    at = 0
    for wild in _WILD.finditer(phrase):
        literal = plain(phrase[at : wild.start()])
        pieces.append(re.escape(literal))
        free = literal and word_group(literal[-1]) == "free"
        pieces.append(_wild(wild.group(), free=bool(free)))
        at = wild.end()
    pieces.append(re.escape(plain(phrase[at:])))
    return re.compile("".join(pieces))


def _wild(mark: str, *, free: bool) -> str:
    if mark == "#":
        return _AMOUNT
    if mark == "~":
        return "" if free else _LETTER + "{0,4}(?!" + _LETTER + ")"
    if mark == "~~":
        return "" if free else _LETTER + "{0,20}(?!" + _LETTER + ")"
    return _FREE_GAP if free else _GAP


def _read_endings() -> dict[str, frozenset[str]]:
    endings: dict[str, set[str]] = {}
    for row in read_rows("endings.tsv", columns=("lang", "ending", "source")):
        endings.setdefault(row["lang"], set()).add(plain(row["ending"]))
    return {lang: frozenset(found) for lang, found in endings.items()}
