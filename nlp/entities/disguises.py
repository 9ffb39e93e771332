"""Sees through hidden names: look-alike letters, leetspeak and masks ('Gυcci', 'R0lex', 'N*ke', 'ヴ○トン').

Look-alikes and leetspeak are read by a *skeleton*: letters that look the same become one ('l', 'I', '1', '!' → 'i';
'0' and Cyrillic 'о' → 'o'), in the text and in the names alike. What has the skeleton of a name but not its letters
is a disguise. Masked letters are :mod:`nlp.entities.masks`'s business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import ahocorasick

from nlp.entities.boundaries import family
from nlp.entities.masks import Masks
from nlp.entities.matching import Candidate, View, gap_verdict
from nlp.entities.names import Alias, Key, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Disguises", "skeleton"]

_ALIKE: Final[dict[str, str]] = {
    "i": "lı1!и|¡ⅰｌɪΙΙιіӏǀ¦ⅼɩ",
    "o": "0оοσөØ°◯⓪ɵօ〇ᴏ",
    "a": "@4аαд∆λɑᴀΛ",
    "e": "3€еєεë£ᴇɛз",
    "s": "$5ѕ§ꜱ",
    "t": "7+†тτᴛ",
    "b": "8вβßƅʙь",
    "g": "9ɢɡԍɠ",
    "c": "сϲ¢ᴄ©ç<(",
    "p": "рρþᴘ",
    "y": "уүγʏ¥",
    "x": "хχ×",
    "k": "кκᴋ",
    "m": "мᴍ",
    "n": "ηпɴ",
    "h": "нһʜ",
    "u": "υцᴜʋ",
    "v": "νᴠѵ⋁ⅴ",
    "d": "ԁᴅ",
    "r": "ʀг®я",
    "j": "јᴊ",
    "w": "ωѡᴡшщ",
    "l": "",
    "z": "2ᴢ",
    "f": "ꜰƒ",
    "q": "ԛ",
}
_SKELETON: Final = str.maketrans({odd: plain for plain, odds in _ALIKE.items() for odd in odds})
_SYMBOLS: Final = frozenset("@!|$€£+†§¢©<(¡°®¥¦∆×")
_ODD: Final = re.compile(r"(?i)[a-z][013457@!|$€£§¢+89]|[013457@$€£§¢][a-z]|[^\W\d_a-zà-ÿ]")


def skeleton(text: str) -> str:
    """``text`` with look-alike characters made one; the same length."""
    return text.translate(_SKELETON)


class Disguises:
    """Finds names by skeleton and through masks; names that are written plainly are none of its business."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        names: dict[str, tuple[Alias, Key]] = {}
        aliases = tuple(aliases)
        self._masks = Masks(aliases)
        for alias in aliases:
            key = key_of(alias.text)
            if alias.uses & {"never"} or alias.kind in ("obfuscation", "code") or len(key.letters) < 3:
                continue
            if family(key.letters[0]) in ("latin", "cyrillic") and _worth(alias, key):
                names.setdefault(skeleton(key.letters), (alias, key))
        self._automaton = ahocorasick.Automaton()
        for letters, (alias, key) in names.items():
            self._automaton.add_word(letters, (len(letters), alias, key))
        self._automaton.make_automaton()

    def find(self, view: View, *, taken: list[Candidate]) -> list[Candidate]:
        """Candidates for disguises; those that a plain candidate of the same place explains are left out."""
        found: list[Candidate] = []
        if _ODD.search(view.folded.text):
            found += self._by_skeleton(view)
        found += self._by_mask(view)
        plain = {(item.at, item.to) for item in taken}
        return [item for item in found if (item.at, item.to) not in plain]

    def _by_skeleton(self, view: View) -> Iterator[Candidate]:
        text = view.folded.text
        places = [at for at, char in enumerate(text) if char.isalnum() or char in _SYMBOLS]
        letters = skeleton("".join([text[at] for at in places]))
        spread = View(folded=view.folded, letters=letters, places=places, words=view.words)
        for last, (length, alias, key) in self._automaton.iter(letters):
            first = last - length + 1
            at, to = places[first], places[last] + 1
            if not _apart(text, at, to) or not gap_verdict(spread, key, first):
                continue
            written = "".join(text[places[index]] for index in range(first, last + 1))
            if _disguised(written, key.letters, text) and (alias.free or not written.isalpha()):
                yield _candidate(view, alias, at, to)

    def _by_mask(self, view: View) -> Iterator[Candidate]:
        for alias, at, to in self._masks.find(view.folded.text):
            yield _candidate(view, alias, at, to)


def _worth(alias: Alias, key: Key) -> bool:
    return len(key.letters) >= (7 if "exact" in alias.uses else 4) and (
        alias.free or alias.kind in ("official", "variant") or len(key.letters) >= 6
    )


def _apart(text: str, at: int, to: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[to] if to < len(text) else " "
    return not (before.isalnum() and family(before) not in ("han", "hiragana", "katakana", "thai")) and not (
        after.isalnum() and family(after) not in ("han", "hiragana", "katakana", "thai", "hangul")
    )


def _disguised(written: str, letters: str, text: str) -> bool:
    """Whether ``written``, with the skeleton of ``letters``, hides it rather than being some other word or number."""
    if written == letters:
        return False
    odd = [char for char, plain in zip(written, letters, strict=True) if char != plain]
    kept = len(letters) - len(odd)
    if len(odd) > 1 and written[-1] in "!|+":
        return False  # the end of a shout ("malam!") more likely than two disguised letters
    home = family(letters[0])
    foreign = [char for char in odd if family(char) not in (home, "digit", "")]
    if all(family(char) == home for char in odd):
        return len(letters) >= 4 and set(odd) <= {"i", "l"}
    if len(foreign) == len(letters):
        latin = sum(char.isascii() and char.isalpha() for char in text)
        return home == "latin" and latin > sum(char.isalpha() for char in text) - latin
    if foreign and len(foreign) == len(odd):
        return len(foreign) < len(letters) or home == "latin"
    return kept >= 2 and kept * 2 >= len(letters)


def _candidate(view: View, alias: Alias, at: int, to: int) -> Candidate:
    start, end = view.original(at, to)
    return Candidate(alias=alias, how="disguise", start=start, end=end, at=at, to=to, weight=to - at)
