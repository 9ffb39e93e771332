"""Parallel text for the base encoder: English phrases and what they are called in nineteen other languages.

A corpora folder holds ``parallel/<source>/<lang>.tsv`` (English TAB translation) and ``mono/<source>/<lang>.txt``
(one sentence a line). Beside it, a lexicon folder may hold ``brands.tsv``, whose aliases in other scripts are
pairs as well. Everything that is read here may train released weights.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.errors import DumpError

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = (
    "en", "zh", "ja", "ko", "es", "pt", "fr", "de", "it", "nl",
    "pl", "ru", "uk", "tr", "ar", "hi", "id", "vi", "th", "fa",
)  # fmt: skip
LONGEST = 300  # characters; longer strings are documentation paragraphs, far from a listing's phrases

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|&[a-z]{2,6};|https?://\S+")
_PLACEHOLDER = re.compile(
    r"%\([^)]{1,30}\)[sd]|%\d*\$?[sdi@]|%[a-z_]{1,30}%|%\d|\$?\{\{?[^{}]{0,40}\}?\}|\[\[[^\]]{0,40}\]\]"
)
_OWN_SCRIPT = {
    "zh": "一-鿿", "ja": "぀-ヿ一-鿿", "ko": "가-힣", "ru": "Ѐ-ӿ", "uk": "Ѐ-ӿ",
    "ar": "؀-ۿ", "fa": "؀-ۿ", "hi": "ऀ-ॿ", "th": "฀-๿",
}  # fmt: skip
_SCRIPT_OF = {lang: re.compile(f"[{chars}]") for lang, chars in _OWN_SCRIPT.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One phrase in ``lang`` and its English counterpart; ``source`` names where it comes from."""

    lang: str
    source: str
    english: str
    text: str


def read_pairs(corpora: Path) -> list[Pair]:
    """Every usable pair under ``corpora/parallel``, without repetitions, in a stable order.

    Raises DumpError when the folder holds none.
    """
    pairs: dict[tuple[str, str, str], Pair] = {}
    for file in sorted((corpora / "parallel").glob("*/*.tsv")):
        if file.stem in LANGUAGES:
            for pair in _pairs_of(file):
                pairs.setdefault((pair.lang, pair.english, pair.text), pair)
    if not pairs:
        raise DumpError(
            str(corpora / "parallel"), "holds no <source>/<lang>.tsv with English TAB translation"
        )
    return list(pairs.values())


def read_sentences(corpora: Path, lang: str) -> list[str]:
    """The cleaned sentences of one language under ``corpora/mono``, without repetitions, in a stable order."""
    sentences: dict[str, None] = {}
    for file in sorted((corpora / "mono").glob(f"*/{lang}.txt")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                text = clean(line)
                if text:
                    sentences[text] = None
    return list(sentences)


def read_brand_pairs(brands: Path) -> list[Pair]:
    """Aliases of brands as pairs with the brand's usual name; rows that still need a check are left out."""
    pairs = []
    with brands.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if (
                row["kind"] != "obfuscation"
                and "unsure" not in (row["note"] or "")
                and row["alias"] != row["canonical"]
            ):
                lang = row["lang"] if row["lang"] in LANGUAGES else "en"
                pairs.append(Pair(lang=lang, source="brands", english=row["canonical"], text=row["alias"]))
    return pairs


def read_glossary() -> list[Pair]:
    """What listings call their goods, and the words around a sale, by language: the packaged glossary as pairs."""
    pairs = []
    with (Path(__file__).parent / "glossary.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            english = row["en"]
            for lang in LANGUAGES[1:]:
                pairs += [
                    Pair(lang=lang, source="glossary", english=english, text=text)
                    for text in row[lang].split("/")
                    if text != english and len(text) > 1
                ]
    return pairs


def emoji_names() -> dict[str, str]:
    """Each pictograph's Unicode name in lower case, e.g. ``{"🔥": "fire"}``: what stands for its meaning in English."""
    ranges = (
        (0x2190, 0x21FF),
        (0x2300, 0x23FF),
        (0x25A0, 0x27BF),
        (0x2B00, 0x2BFF),
        (0x1F1E6, 0x1F1FF),
        (0x1F300, 0x1FAFF),
    )
    names = {}
    for first, last in ranges:
        for code in range(first, last + 1):
            name = unicodedata.name(chr(code), "")
            if name and "TYPE-1-2" not in name:
                names[chr(code)] = name.lower()
    return names


def clean(text: str) -> str:
    """``text`` on one line without markup, links and placeholders; empty when no letter or nothing short is left."""
    text = _PLACEHOLDER.sub(" ", _MARKUP.sub(" ", text))
    text = " ".join(text.replace("*", "").split())
    return text if len(text) <= LONGEST and any(char.isalpha() for char in text) else ""


def _pairs_of(file: Path) -> Iterator[Pair]:
    own_script = _SCRIPT_OF.get(file.stem)
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            english, _, text = line.rstrip("\n").partition("\t")
            english, text = clean(english), clean(text)
            if english and text and english != text and (own_script is None or own_script.search(text)):
                yield Pair(lang=file.stem, source=file.parent.name, english=english, text=text)
