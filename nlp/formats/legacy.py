"""A guess at the legacy encoding of bytes that are not UTF-8, from how natural the result would read.

Each candidate that can decode the bytes is scored by its non-ASCII characters: frequent letters of its languages count
for it; letters that stand where no language puts them (an accented capital after a small letter, a rare ideograph,
a box-drawing character, a lone half-width katakana) count against it.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["CANDIDATES", "guess_legacy"]

# Order matters for ties: what is met more often in listing dumps stands first.
CANDIDATES: Final = (
    "cp1252",
    "gb18030",
    "cp932",
    "cp1251",
    "cp949",
    "big5hkscs",
    "euc_jp",
    "cp1254",
    "cp1250",
    "cp1256",
    "cp874",
    "cp1253",
    "cp1255",
    "koi8_r",
)
_SAMPLE: Final = 20_000
_WORD: Final = re.compile(r"[^\W\d_]+")
_PUNCTUATION: Final = frozenset(
    "€£¥©®°–—‘’“”„«»…•™·¡¿´`₩、。，．・：；！？（）「」『』【】［］《》〜～ー－　％＋／№ºª½²×"
)
_FREQUENT: Final = {
    "cp1252": frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüßÿÁÀÂÄÃÅÇÉÈÊËÍÎÑÓÔÖÕØŒÚÜšž"),
    "cp1254": frozenset("ığşöüçİĞŞÖÜÇâîû"),
    "cp1250": frozenset("ąćęłńóśźżáčďéěíňřšťúůýžăâîșțşţőűöüĄĆĘŁŃÓŚŹŻÁČĎÉĚÍŇŘŠŤÚŮÝŽ"),
}

# Central European letters read as Western ones: œ without u or i behind it, ø beside ì or ù, ³ or ¿ inside a word.
_NEVER: Final = {
    "cp1252": re.compile(
        r"œ(?![ui])|(?<=[ìù])ø|ø(?=[ìù])|(?<=[a-z])[³¹¿¯](?=[a-z])|ù(?=\w)|(?<=[^\W\d_])ì(?=\w)"
    )
}


def guess_legacy(raw: bytes) -> str:
    """The codec name under which ``raw`` reads most naturally; windows-1252 if nothing speaks against it."""
    sample = _sample(raw)
    scores = {name: _score(name, sample) for name in CANDIDATES}
    return max(CANDIDATES, key=lambda name: scores[name])


def _sample(raw: bytes) -> bytes:
    """The words around high bytes, up to a limit: ASCII text says nothing."""
    if len(raw) <= _SAMPLE:
        return raw
    kept: list[bytes] = []
    size = 0
    for line in raw.split(b"\n"):
        if size >= _SAMPLE:
            break
        if not line.isascii():
            kept.append(line[:2000] if len(line) > 2000 else line)
            size += len(kept[-1])
    return b"\n".join(kept)


def _score(name: str, raw: bytes) -> float:
    decoded = _decode(name, raw)
    if decoded is None:
        return -10.0
    text, penalty = decoded
    high = [char for char in text if not char.isascii()]
    if not high:
        return -5.0
    points = sum(_char_points(name, char) for char in high) + _shape_points(name, text)
    return points / len(high) - penalty


def _decode(name: str, raw: bytes) -> tuple[str, float] | None:
    """Text and a penalty for lines that do not decode; None if they are more than one in twenty."""
    try:
        return raw.decode(name), 0.0
    except UnicodeDecodeError:
        pass
    good: list[str] = []
    lines = [line for line in raw.split(b"\n") if not line.isascii()]
    for line in lines:
        try:
            good.append(line.decode(name))
        except UnicodeDecodeError:
            continue
    failed = (len(lines) - len(good)) / max(len(lines), 1)
    return ("\n".join(good), 4 * failed) if failed < 0.05 else None


def _char_points(name: str, char: str) -> float:
    if char in _PUNCTUATION:
        return 0.3
    if name in _FREQUENT:
        return 1.0 if char in _FREQUENT[name] else -1.0
    return _script_points(name, char)


@lru_cache(maxsize=65_536)
def _script_points(name: str, char: str) -> float:
    category = unicodedata.category(char)
    if category[0] not in "LM":
        return -0.5
    script = unicodedata.name(char, "?").split()[0]
    if script == "CJK":
        return _ideograph_points(name, char)
    if script in ("HIRAGANA", "KATAKANA"):
        return 1.2 if name in ("cp932", "euc_jp") else 0.4
    if script == "HALFWIDTH":
        return -1.0
    return _letter_points(name, char, script)


def _letter_points(name: str, char: str, script: str) -> float:
    if script == "HANGUL":
        frequent = 0xB0 <= char.encode("cp949")[0] <= 0xC8 if name == "cp949" else False
        return 1.1 if frequent and char.encode("cp949")[1] >= 0xA1 else -1.0
    home = {"CYRILLIC": ("cp1251", "koi8_r"), "GREEK": ("cp1253",), "ARABIC": ("cp1256",)}
    home |= {"THAI": ("cp874",), "HEBREW": ("cp1255",)}
    if name in home.get(script, ()):
        rare = script == "CYRILLIC" and char.lower() not in "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ"
        return -1.0 if rare else 1.0
    return -1.0


def _ideograph_points(name: str, char: str) -> float:
    """Frequent ideographs stand in the first level of each national set."""
    try:
        lead, *_ = char.encode(name)
    except UnicodeEncodeError:
        return -1.0
    if len(char.encode(name)) != 2:
        return -1.5
    trail = char.encode(name)[1]
    levels = {
        "gb18030": 0xB0 <= lead <= 0xD7 and trail >= 0xA1,
        "big5hkscs": 0xA4 <= lead <= 0xC6,
        "cp932": 0x88 <= lead <= 0x97,
        "euc_jp": 0xB0 <= lead <= 0xCF,
    }
    return 1.0 if levels.get(name, False) else -1.0


def _shape_points(name: str, text: str) -> float:
    """What words look like: one script each, capitals first or all capitals."""
    points = -4.0 * len(_NEVER[name].findall(text)) if name in _NEVER else 0.0
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isascii():
            continue
        high = sum(not char.isascii() for char in word)
        if _capital_inside(word):
            points -= 1.5 * high
        latin = any(char.isascii() for char in word)
        if name in ("cp1251", "koi8_r", "cp1253", "cp1256", "cp874", "cp1255") and latin:
            points -= 1.2 * high
        if name in _FREQUENT and not latin and high >= 2:
            points -= 1.5 * high
    return points


def _capital_inside(word: str) -> bool:
    """Whether a capital follows a small letter, as in a wrongly decoded word."""
    return any(low.islower() and up.isupper() for low, up in itertools.pairwise(word))
