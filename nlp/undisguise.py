"""What a disguised word says: the text that the classifier reads, with look-alike letters, spelling out and cuts undone.

>>> undisguised("Guссi b@gs, r e p l i c a, 高*仿, rep🔥lica")
'Gucci bags, replica, 高仿, replica'
>>> undisguised("Sizes S, M, L; model 3GS; аренда; me@shop.com")
'Sizes S, M, L; model 3GS; аренда; me@shop.com'

Rules see the text as it stands, since that a word is hidden is a cue of its own; encoder and n-grams see this one, so that a
disguise neither saves a copy nor condemns an honest listing. Nothing here knows a word: what it does is a matter of form.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from nlp.text import INVISIBLE, script_of

if TYPE_CHECKING:
    from re import Match

__all__ = ["undisguised"]

_LIMIT: Final = 8_000  # characters; the classifier reads no further
_WORD: Final = re.compile(r"[^\W_]+")
_SEAM: Final = re.compile(
    r"[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]"
)  # where two alphabets meet in a word
_LATIN: Final = "A-Za-z\u00c0-\u024f"
_LETTER: Final = "[^\\W\\d_]"
# One letter after another with the same sign between them, four or more: "r e p l i c a", "G.U.C.C.I".
_SPELT: Final = re.compile(
    rf"(?<![^\W_])(?:{_LETTER}\ (?={_LETTER}(?![^\W_]))|{_LETTER}([.\-_*·•|~+])(?={_LETTER}(?![^\W_]))){{3,}}{_LETTER}(?![^\W_])"
)
_SPELT_SIGNS: Final = re.compile(r"[ .\-_*·•|~+]")
# A single character of a script without spaces that a sign parts from the next: "高*仿".
_WIDE: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_CUT: Final = re.compile(
    rf"(?<![{_WIDE}])([{_WIDE}])[.\-*·•|~+^#&=○●♡♥❤✿★☆](?=[{_WIDE}])|(?<=[{_WIDE}])[.\-*·•|~+^#&=○●♡♥❤✿★☆]([{_WIDE}])(?![{_WIDE}])"
)
_PICTURE: Final = re.compile(rf"(?<=[{_LATIN}])[\u2600-\u27bf\U0001f300-\U0001faff]+(?=[a-z\u00df-\u024f])")
_LEET: Final = re.compile(rf"(?<![\w@$!.]){_LETTER}+(?:[013457@$!]{_LETTER}+)+(?![\w@$]|\.\w)")
_LEET_SIGN: Final = re.compile(r"[013457@$!]")
_FROM_LEET: Final = dict(zip("013457@$!", "oieastasi", strict=True))
_SHORTEST: Final = 4
_TO_LATIN: Final = dict(
    zip(
        "асеорхуіјѕԁɡһвкмнтАВСЕНКМОРТХІЈЅαορνικτυεηγχΑΒΕΗΙΚΜΝΟΡΤΧΥΖ",
        "aceopxyijsdghbkmhtABCEHKMOPTXIJSaopviktuenyxABEHIKMNOPTXYZ",
        strict=True,
    )
)
_TO_CYRILLIC: Final = dict(
    zip("aceopxyijsAB CEHKMOPTX".replace(" ", ""), "асеорхуіјѕАВСЕНКМОРТХ", strict=True)
)


def undisguised(text: str) -> str:
    """``text`` (at most 8,000 characters of it) without the disguises that form alone gives away."""
    text = text[:_LIMIT]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if not INVISIBLE.isdisjoint(text):
            text = "".join(char for char in text if char not in INVISIBLE)
        if _SEAM.search(text):
            text = _WORD.sub(_one_script, text)
        text = _PICTURE.sub("", text)
        text = _CUT.sub(lambda cut: cut[1] or cut[2], text)
    text = _SPELT.sub(lambda run: _SPELT_SIGNS.sub("", run[0]), text)
    return _LEET.sub(_plain_letters, text)


def _one_script(match: Match[str]) -> str:
    """A word of two alphabets in the one that most of its letters belong to, if the others have a look-alike there."""
    word = match[0]
    if word.isascii():
        return word
    scripts = [script_of(char) for char in word if char.isalpha()]
    latin, other = scripts.count("LATIN"), sum(name in ("CYRILLIC", "GREEK") for name in scripts)
    if not latin or not other:
        return word
    table = _TO_LATIN if latin >= other or "GREEK" in scripts else _TO_CYRILLIC
    return "".join(table.get(char, char) for char in word)


def _plain_letters(match: Match[str]) -> str:
    """A word with digits and signs for letters: at most every second character, in lower case or capitals throughout."""
    word = match[0]
    signs = len(_LEET_SIGN.findall(word))
    letters = len(word) - signs
    mixed = not (word.islower() or word.isupper() or word.istitle() or word[1:].islower())
    if len(word) < _SHORTEST or letters < signs or mixed:
        return word
    return _LEET_SIGN.sub(lambda sign: _FROM_LEET[sign[0]], word)
