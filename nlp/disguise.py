"""Cue words in disguise: spaced out, with look-alike letters or digits, cut by signs, and the many ways to write 1:1.

Only words that are strong by themselves and long enough not to arise by chance are looked for. A finding always
holds something that plain writing would not: a digit or a sign in a word, letters standing apart, two alphabets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nlp.letters import Page, plain, word_group
from nlp.patterns import Found, Pattern, PatternBook, starts_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nlp.hits import Hit

__all__ = ["Disguises"]

_STRONG: Final = 0.6
_MIN_LATIN: Final = 4
_MIN_FREE: Final = 2
# Letters, digits and signs that are drawn alike become one: applied to phrases and texts, so i, l and 1 meet.
_ALIKE: Final = str.maketrans(
    "1!|l034@5$78авекмнорстухіјѕԁɡһοανρτυικε",
    "iiiioeaasstbabekmhopctyxijsdghoavptuike",
)
_SUSPICIOUS: Final = re.compile(r"[^\W\d_][01345@$!|7](?=[^\W_])|(?<=\w)[@$!|]|[а-яіјѕα-ω]", re.IGNORECASE)
_SPELT: Final = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*·•|/~+,]{1,2}[^\W_](?![^\W_])){2,}")
_SPELT_SIGNS: Final = re.compile(r"[ .\-_*·•|/~+,]+")
_CUT: Final = re.compile(
    r"(?<=[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])[ .\-*·•|/~+^#&=○●♡♥❤✿★☆]{1,2}"
    r"(?=[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])"
)


class Disguises:
    """Finds disguised forms of the strong words among the lexicon's rows."""

    def __init__(self, rows: Iterable[Hit]) -> None:
        strong = [
            row for row in rows if row.cue and row.weight >= _STRONG and not re.search(r"[…:]", row.phrase)
        ]
        self._words = {
            plain(row.phrase).replace(" ", ""): row
            for row in reversed(strong)  # of equal words the first row of the table counts
            if _is_latin_word(row.phrase)
        }
        self._alike = PatternBook(
            Pattern(word.translate(_ALIKE), row.lang, row) for word, row in self._words.items()
        )
        self._free = PatternBook(
            Pattern(row.phrase.strip("~"), row.lang, row) for row in strong if _is_free_word(row.phrase)
        )

    def find(self, page: Page) -> Iterator[Found[Hit]]:
        """Disguised words that the plain search cannot see."""
        if not page.text.isascii() or _SUSPICIOUS.search(page.text):
            yield from self._look_alikes(page)
        yield from self._spelt(page)
        if not page.text.isascii():
            yield from self._cut(page)

    def _look_alikes(self, page: Page) -> Iterator[Found[Hit]]:
        alike = page.text.translate(_ALIKE)
        if alike == page.text:
            return
        shown = Page(original=alike, text=alike, starts=range(len(alike)), ends=range(1, len(alike) + 1))
        for found in self._alike.find(shown):
            surface = page.text[found.start : found.end]
            word = plain(found.item.phrase).replace(" ", "")
            if surface != word and _is_disguise(surface) and starts_word(page.text, found.start):
                yield found

    def _spelt(self, page: Page) -> Iterator[Found[Hit]]:
        for run in _SPELT.finditer(page.text):
            letters = [at for at in range(run.start(), run.end()) if not _SPELT_SIGNS.match(page.text[at])]
            word = "".join(page.text[at] for at in letters)
            for first, last, row in self._in_run(word):
                yield Found(row, letters[first], letters[last - 1] + 1)

    def _in_run(self, word: str) -> Iterator[tuple[int, int, Hit]]:
        if word in self._words:
            yield 0, len(word), self._words[word]
        elif len(word) <= _LONGEST_RUN:
            for length in range(len(word) - 1, 5, -1):
                for first in (0, len(word) - length):
                    row = self._words.get(word[first : first + length])
                    if row:
                        yield first, first + length, row
                        return

    def _cut(self, page: Page) -> Iterator[Found[Hit]]:
        cuts = list(_CUT.finditer(page.text))
        if not cuts:
            return
        keep: list[int] = []
        at = 0
        for cut in cuts:
            keep.extend(range(at, cut.start()))
            at = cut.end()
        keep.extend(range(at, len(page.text)))
        whole = "".join(page.text[index] for index in keep)
        joined = Page(original=whole, text=whole, starts=range(len(whole)), ends=range(1, len(whole) + 1))
        for found in self._free.find(joined):
            start, end = keep[found.start], keep[found.end - 1] + 1
            if end - start > found.end - found.start and _stands_apart(page.text, start, end):
                yield Found(found.item, start, end)


_LONGEST_RUN: Final = 60


def _is_latin_word(phrase: str) -> bool:
    word = phrase.replace(" ", "").strip("~")
    return (
        len(word) >= _MIN_LATIN
        and "~" not in word
        and all(word_group(char) in ("latin", "CYRILLIC") and not char.isdigit() for char in plain(word))
    )


def _is_free_word(phrase: str) -> bool:
    word = phrase.strip("~")
    return len(word) >= _MIN_FREE and all(word_group(char) in ("free", "HANGUL") for char in word)


def _is_disguise(surface: str) -> bool:
    """Letters of two alphabets, or digits and signs among more letters."""
    letters = [char for char in surface if char.isalpha()]
    groups = {word_group(char) for char in letters}
    odd = len(surface) - len(letters) - surface.count(" ")
    return len(groups) > 1 or (odd > 0 and 2 * odd <= len(surface) and bool(letters))


def _stands_apart(text: str, start: int, end: int) -> bool:
    """A word cut by spaces alone counts only where the characters stand apart from their neighbours too."""
    if re.search(r"[^\w\s]", text[start:end]):
        return True
    before = text[start - 1 : start]
    after = text[end : end + 1]
    return word_group(before or " ") in ("", "latin") and word_group(after or " ") in ("", "latin")
