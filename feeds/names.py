"""Names that carry from one language to another: people, firms, markets, product codes.

>>> sorted(names_of("Nike verklagt Solestead in Los Angeles (Charge PAR0362)", "de"))
['angele', 'charge', 'par0362', 'solest', 'verkla']

Words with a capital inside a sentence, in Latin letters (Cyrillic ones are transliterated), and every Latin word in a
text of another script. Cut to their first letters, so that endings of languages with cases do not matter. In German
and in English headlines much has a capital that is no name: weigh what two texts share by how rare it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from feeds.words import read_words

__all__ = ["latin", "names_of"]

_WORD: Final = re.compile(r"[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ'’-]*|[\u0400-\u04ff][\u0400-\u04ff'’-]*")
_OPENS: Final = re.compile(r"(?:\A|[.!?:;…\n\"“«»】|–-])\s*\Z")
_LONGEST: Final = 900
_STEM: Final = 6
_LEAST: Final = 4
_ALSO: Final = frozenset(
    ["court", "customs", "police", "federal", "million", "government", "company", "china", "chinese"]
)
_LETTERS: Final = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ",
        ["a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h",
         "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya", "e", "i", "i", "e", "g"],
        strict=True,
    )
)  # fmt: skip


def names_of(text: str, lang: str) -> frozenset[str]:
    """The stems of names at the beginning of ``text``, in plain lower-case Latin letters."""
    begin = text[:_LONGEST]
    foreign = lang in {"zh", "ja", "ko", "th", "ar", "fa", "hi"}
    found: set[str] = set()
    for line in begin.split("\n"):
        shouts = not foreign and _shouts(line)
        for match in _WORD.finditer(line):
            word = match[0]
            code = any(char.isdigit() for char in word)
            if code and not (len(word) >= 5 and any(char.isalpha() for char in word)):
                continue
            labelled = line[match.end() : match.end() + 1] == ":"
            opens = not labelled and _OPENS.search(line, max(0, match.start() - 4), match.start()) is not None
            named = word[0].isupper() and not shouts and (not opens or word.isupper())
            if code or foreign or named:
                stems = _stems(word, code)
                found |= stems if word.isupper() and not shouts else stems - _common()
    return frozenset(found)


def latin(word: str) -> str:
    """A word in plain lower-case Latin letters: no accents, Cyrillic transliterated."""
    plain = unicodedata.normalize("NFD", word.lower().replace("ł", "l").replace("ı", "i"))
    return "".join(_LETTERS.get(char, char) for char in plain if not unicodedata.combining(char))


def _shouts(line: str) -> bool:
    """Whether Most Words Have A Capital, as in the headlines of some papers: then a capital says nothing."""
    words = [match[0] for match in _WORD.finditer(line) if len(match[0]) >= 4][1:]
    return len(words) >= 4 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Words that every article of this field has: those of the tables of relevance and kinds, months and days."""
    stems: set[str] = {word[:_STEM] for word in _ALSO}
    for table, column in (("relevance.tsv", "patterns"), ("kinds.tsv", "patterns"), ("months.tsv", "names")):
        for row in read_words(table):
            stems.update(latin(match[0])[:_STEM] for match in _WORD.finditer(row[column]))
    return frozenset(stems)


def _stems(word: str, code: bool) -> set[str]:
    if code:
        return {latin(word).replace("-", "")}
    parts = [latin(part) for part in re.split(r"['’-]", word)]
    return {part[:_STEM] for part in parts if len(part) >= _LEAST}
