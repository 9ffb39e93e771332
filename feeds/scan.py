"""Many word patterns found in one pass over a text, in twenty languages, with offsets in the original.

>>> scanner = Scanner([("en", "seizure", "seiz*|worth of fake*")])
>>> [(hit.label, hit.start, hit.end) for hit in scanner.find("Customs SEIZED bags", {"en"})]
[('seizure', 8, 14)]

Patterns are parted by ``|``. A star stands for any ending (or beginning) of the word, ``…`` for up to 40 characters.
Letters are folded one to one, so that offsets never move.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import ahocorasick

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["Scanner", "WordHit", "flat", "languages_of"]

_GAP: Final = r".{0,40}?"
# Vowel signs of Indic scripts and Thai belong to words, though Python's \w says they do not.
_WORD: Final = r"[\w\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e00-\u0e7f]"
_IS_WORD: Final = re.compile(_WORD)
_SPACELESS: Final = re.compile(
    r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_CLITICS: Final = frozenset(
    ["و", "ب", "ل", "ك", "ف", "ال", "وال", "بال", "لل", "فال", "كال", "ول", "وب", "ولل", "س"]
)
_ARABIC_LETTERS: Final = {
    **dict.fromkeys(map(ord, "أإآٱ"), "ا"),
    **dict.fromkeys(map(ord, "ىی"), "ي"),
    ord("ک"): "ك",
    ord("ة"): "ه",
    ord("ۀ"): "ه",
    0x200C: " ",
    **dict.fromkeys(map(ord, "’‘ʼ`´"), "'"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordHit:
    """A pattern's ``label`` found at ``text[start:end]``; ``lang`` is the pattern's."""

    label: str
    lang: str
    start: int
    end: int


class Scanner:
    """Finds labelled patterns; immutable once made."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._rules: dict[str, list[tuple[str, str, str, bool]]] = {}
        for lang, label, patterns in rows:
            for pattern in patterns.split("|"):
                self._add(lang, label, flat(pattern.strip()))
        self._automaton = ahocorasick.Automaton()
        for key in self._rules:
            self._automaton.add_word(key, key)
        self._automaton.make_automaton()

    def find(self, text: str, langs: Collection[str]) -> list[WordHit]:
        """Hits by their start. Rows of languages with their own script always count, the others if in ``langs``."""
        return self.find_flat(flat(text), langs)

    def find_flat(self, folded: str, langs: Collection[str]) -> list[WordHit]:
        """As :meth:`find`, for a text that :func:`flat` has folded already."""
        found: set[tuple[int, int, str, str]] = set()
        for last, key in self._automaton.iter(folded):
            start = last - len(key) + 1
            for lang, label, rest, free in self._rules[key]:
                if lang not in langs and lang in _LATIN:
                    continue
                match = _regex(rest).match(folded, start)
                if match and (free or _starts_word(folded, start)):
                    found.add((start, match.end(), label, lang))
        return [
            WordHit(label=label, lang=lang, start=start, end=end) for start, end, label, lang in sorted(found)
        ]

    def _add(self, lang: str, label: str, pattern: str) -> None:
        free = pattern.startswith("*") or bool(_SPACELESS.match(pattern))
        pattern = pattern.removeprefix("*")
        key = re.split(r"[*…]", pattern)[0].rstrip()
        self._rules.setdefault(key, []).append((lang, label, pattern, free))


# Languages that share the Latin script and therefore words; hits of the others cannot be mistaken.
_LATIN: Final = frozenset(["en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr", "id", "vi"])
_BY_SCRIPT: Final = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\uac00-\ud7af]"), "ko"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
    (re.compile(r"[іїєґ]"), "uk"),
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[پچژگ]"), "fa"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u3400-\u9fff]"), "zh"),
)


_UKRAINIAN: Final = re.compile(r"[іїєґІЇЄҐ]")
_RUSSIAN: Final = re.compile(r"[ыэъёЫЭЪЁ]")
_PERSIAN: Final = re.compile(r"[پچژگکی۰-۹\u200c]")
_ONLY_ARABIC: Final = re.compile(r"[ةىيكأإ٠-٩]")


def languages_of(title: str, text: str, declared: str) -> tuple[str, frozenset[str]]:
    """The language of an article, and all whose words may be looked for in it.

    A script says more than a feed's label; among languages that share one, a guess and the label both count.
    """
    from nlp.language import guess_language

    sample = f"{title}\n{text[:1200]}"
    label = declared.replace("_", "-").split("-")[0].lower()
    scripts = [(len(pattern.findall(sample)), lang) for pattern, lang in _BY_SCRIPT]
    strong = [lang for count, lang in scripts if count * 12 > len(sample)]
    if "ja" in [lang for count, lang in scripts if count > 3] and ("ja" in strong or "zh" in strong):
        strong = ["ja"]
    if "ru" in strong and _UKRAINIAN.search(sample) and not _RUSSIAN.search(sample):
        strong = ["uk"]
    if "ar" in strong and len(_PERSIAN.findall(sample)) > len(_ONLY_ARABIC.findall(sample)):
        strong = ["fa"]
    if strong:
        return strong[0], frozenset([strong[0], "en"])
    guess = guess_language(sample) or label
    main = label if label in _LATIN and len(sample) < 60 else (guess if guess in _LATIN else label or guess)
    english = "en" in {main, guess, label} or main not in _LATIN
    return main, frozenset([main, guess, label] + (["en"] if english else []))


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    return _Folding()


class _Folding(dict[int, str]):
    """A lazily filled table for ``str.translate``: each character to exactly one."""

    def __missing__(self, code: int) -> str:
        folded = _fold_one(chr(code))
        self[code] = folded
        return folded


def flat(text: str) -> str:
    """``text`` in lower case, without the accents of European letters, of the same length."""
    return text.translate(_table())


def _fold_one(char: str) -> str:
    char = char.translate(_ARABIC_LETTERS)
    wide = unicodedata.normalize("NFKC", char)
    lowered = (wide if len(wide) == 1 else char).lower()
    one = lowered[0] if lowered else " "
    if "\u00c0" <= one <= "\u017f":
        one = unicodedata.normalize("NFD", one)[0]
    return {"ı": "i", "ł": "l", "ё": "е", "\xa0": " ", "\n": " ", "\t": " "}.get(one, one)


def _starts_word(folded: str, start: int) -> bool:
    if start == 0 or not _IS_WORD.match(folded[start - 1]):
        return True
    if not _ARABIC.match(folded[start]):
        return False
    begin = start
    while begin and _IS_WORD.match(folded[begin - 1]) and start - begin < 4:
        begin -= 1
    return folded[begin:start] in _CLITICS


@lru_cache(maxsize=20_000)
def _regex(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for piece in re.split(r"( ?… ?|\*| )", pattern):
        if "…" in piece:
            parts.append(_GAP)
        elif piece == "*":
            parts.append(f"{_WORD}*")
        else:
            parts.append(r"\s+" if piece == " " else re.escape(piece))
    closed = (
        not pattern.endswith("*") and not _SPACELESS.match(pattern[-1]) and bool(_IS_WORD.match(pattern[-1]))
    )
    return re.compile("".join(parts) + (f"(?!{_WORD})" if closed else ""))
