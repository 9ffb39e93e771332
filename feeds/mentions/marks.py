"""Brands and their groups that an article names.

News write names plainly: disguises of listings do not count here, a Latin name needs its capital, and a name that is a
word, a place or a person too counts where a word for a fake, a mark, a lawsuit or another brand stands beside it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.mentions.numbers import numbers_in
from feeds.mentions.townbrands import is_place
from feeds.records import BrandMention
from feeds.scan import Scanner, flat
from feeds.words import read_words
from nlp.entities.brands import BrandFinder
from nlp.entities.names import LEXICON, read_aliases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage
    from feeds.scan import WordHit

__all__ = ["MarkFinder", "with_groups"]

_BESIDE: Final = 48
_BESIDE_SPACELESS: Final = 20
_SPACELESS: Final = frozenset(["zh", "ja", "th", "ko"])
_TELLING: Final = frozenset(
    ["strong", "counterfeit", "fake", "mark", "copy", "enforce", "genuine", "likeness", "legal"]
)
_NAMED: Final = frozenset(["official", "variant", "transliteration", "translation", "nickname"])
_LIST: Final = re.compile(
    r"[\s,;/&、，·()（）\"“”«»']{1,4}(?:and|y|e|et|und|en|i|и|і|та|ve|dan|và|与|與|和|と|와|과|กับ|و|और)?\s?"
)
_LOWER: Final = frozenset(
    ["adidas", "iphone", "iphones", "ipad", "ipads", "airpods", "ebay", "lululemon", "asics"]
)
_WORDS: Final = {
    "it": frozenset(["ecco"]),
    "pt": frozenset(["veja"]),
    "es": frozenset(["desigual"]),
    "de": frozenset(["boss"]),
}
"""Brands that are everyday words of a language, with a capital where a sentence begins."""
_COURT: Final = re.compile(
    r"(?:supreme|सुप्रीम|suprema|supremo)\s?(?:court|कोर्ट|corte|tribunal|people|judicial)", re.IGNORECASE
)
_QUOTED: Final = re.compile(
    r"(?:trade ?mark|brand(?: name)?|marca|marque|Marke|marchio|merk|znak towarowy|znaku towarowego|marki|marka|merek|nhãn hiệu|thương hiệu|"
    r"бренд\w*|товарный знак|товарного знака|торгов\w+ марк\w+|علامة|برند|ट्रेडमार्क|商标|商標|상표|เครื่องหมายการค้า)\s?"
    r"[«\"“„「『‘](?P<after>[^«»\"“”„「」『』‘’\n]{2,30})[»\"”“」』’]"
    r"|[“「『\"](?P<before>[^«»\"“”„「」『』‘’\n]{2,16})[”」』\"](?:商标|商標|상표|の商標|ブランド|品牌)"
)
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")


class MarkFinder:
    """Finds brands in articles; immutable once made."""

    def __init__(self, finder: BrandFinder) -> None:
        self._finder = finder

    @classmethod
    def load(cls) -> MarkFinder:
        """With the lexicon of brands and the packaged table of brands of the news."""
        return cls(BrandFinder.load())

    def canonical(self, name: str) -> str | None:
        """The name that :meth:`find` gives for ``name``; None if no table knows it."""
        known = self._finder.canonical(name)
        own = _own_names().get(flat(name))
        if own:
            return own
        hits = [hit for hit in _news().find(name, {"en"}) if hit.start == 0 and hit.end == len(name)]
        return known or (hits[0].label.split("\t")[0] if hits else None)

    def find(self, passages: Sequence[Passage]) -> tuple[BrandMention, ...]:
        """Mentions in order, none inside another."""
        found: list[BrandMention] = []
        for passage in passages:
            found += self._in(passage)
        return tuple(found)

    def _in(self, passage: Passage) -> list[BrandMention]:
        found = [
            BrandMention(
                brand=_own_names().get(flat(match.text), match.brand),
                how=match.how,
                evidence=passage.evidence(match.start, match.end),
            )
            for match in self._finder.find(passage.text, plain=True)
            if match.how != "disguise"
            and _written(match.text)
            and not _is_word(passage, match.start, match.text)
            and not is_place(passage, match.start, match.end)
        ]
        found = _without_numbers(passage, found)
        doubtful: list[tuple[WordHit, str]] = []
        for hit in sorted(
            _news().find_flat(passage.folded, passage.langs), key=lambda one: one.start - one.end
        ):
            brand, use, name = hit.label.split("\t")
            words = passage.text[hit.start : hit.end]
            if (
                _taken(hit.start, hit.end, found)
                or not _spelt(words, name)
                or _COURT.match(passage.text, hit.start)
                or is_place(passage, hit.start, hit.end)
            ):
                continue
            if use == "context":
                doubtful.append((hit, brand))
            else:
                found.append(_mention(passage, hit, brand))
        found += [one for one in _quoted(passage) if not _taken(one.evidence.start, one.evidence.end, found)]
        telling = _telling_words(passage) if doubtful else []
        for hit, brand in doubtful:
            if not _taken(hit.start, hit.end, found) and _told(passage, hit, telling, found):
                found.append(_mention(passage, hit, brand))
        return sorted(found, key=lambda one: one.evidence.start)


def with_groups(marks: Iterable[BrandMention], companies: Iterable[Company]) -> tuple[BrandMention, ...]:
    """``marks`` with the groups of brands among ``companies`` ("Kering"); marketplaces are no brands."""
    groups = [
        BrandMention(brand=one.name, how=one.how, evidence=one.evidence)
        for one in companies
        if one.kind == "group"
    ]
    spans = {(one.evidence.field, one.evidence.start) for one in groups}
    kept = [one for one in marks if (one.evidence.field, one.evidence.start) not in spans]
    ordered = sorted([*kept, *groups], key=lambda one: (one.evidence.field != "title", one.evidence.start))
    return tuple(ordered)


def _quoted(passage: Passage) -> list[BrandMention]:
    """Names that no table knows, in quotation marks beside the word for a trademark: marca "Petribu", “无印良品”商标."""
    found: list[BrandMention] = []
    for match in _QUOTED.finditer(passage.text):
        group = "after" if match["after"] else "before"
        start, end = match.span(group)
        name = match[group].strip()
        if name and (name[0].isupper() or name[0].isdigit() or name[0].lower() == name[0].upper()):
            found.append(BrandMention(brand=name, how="name", evidence=passage.evidence(start, end)))
    return found


def _mention(passage: Passage, hit: WordHit, brand: str) -> BrandMention:
    how = "name" if _LATIN.match(passage.text, hit.start) else "script"
    return BrandMention(brand=brand, how=how, evidence=passage.evidence(hit.start, hit.end))


def _written(words: str) -> bool:
    """Whether a name is written as news write it: in Latin letters with a capital."""
    return not _LATIN.search(words) or not words.islower() or words.lower() in _LOWER


def _is_word(passage: Passage, start: int, words: str) -> bool:
    """Whether an everyday word only has its capital from the beginning of a sentence."""
    before = passage.text[:start].rstrip()
    return words.lower() in _WORDS.get(passage.lang, frozenset()) and (not before or before[-1] in ".!?:\n")


def _spelt(words: str, name: str) -> bool:
    """Whether ``words`` are the name with its capitals, or all in capitals."""
    if not words[0].isalpha() or words[0].lower() == words[0].upper():
        return True
    return words[0].isupper() and (
        words == name or words.isupper() or words[:4] == name[:4] or name.endswith("*")
    )


def _without_numbers(passage: Passage, found: list[BrandMention]) -> list[BrandMention]:
    """Without what is a number: "$6.1 million" names no perfume."""
    spans = [(one.start, one.end) for one in numbers_in(passage) if one.multiplied]
    return [
        one
        for one in found
        if not any(start < one.evidence.end and one.evidence.start < end for start, end in spans)
    ]


def _taken(start: int, end: int, found: Iterable[BrandMention]) -> bool:
    return any(start < one.evidence.end and one.evidence.start < end for one in found)


def _told(passage: Passage, hit: WordHit, telling: Sequence[WordHit], found: Sequence[BrandMention]) -> bool:
    """Whether a word for a fake, a mark or a lawsuit, or another brand, stands beside a doubtful name."""
    reach = _BESIDE_SPACELESS if passage.lang in _SPACELESS else _BESIDE
    near = any(
        one.start < hit.end + reach
        and hit.start - reach < one.end
        and not (one.start < hit.end and hit.start < one.end)
        for one in telling
    )
    return near or any(
        _LIST.fullmatch(passage.folded[min(hit.end, one.evidence.end) : max(hit.start, one.evidence.start)])
        for one in found
    )


def _telling_words(passage: Passage) -> list[WordHit]:
    return [one for one in _tellers().find_flat(passage.folded, passage.langs) if one.label in _TELLING]


@lru_cache(maxsize=1)
def _own_names() -> dict[str, str]:
    """The names of the packaged table, folded; it knows the brands of the news better than a lexicon of goods."""
    return {
        flat(name): row["brand"]
        for row in read_words("brands.tsv")
        if row["use"] == "plain"
        for name in row["names"].split("|")
    }


@lru_cache(maxsize=1)
def _tellers() -> Scanner:
    tables = ("relevance.tsv", "topics.tsv", "disputes.tsv")
    return Scanner(
        (row["lang"], row["class"], row["patterns"])
        for table in tables
        for row in read_words(table)
        if row["class"] in _TELLING
    )


@lru_cache(maxsize=1)
def _news() -> Scanner:
    """Brands of the news, and those names of the lexicon that alone do not count in a listing."""
    rows = [
        ("*", f"{row['brand']}\t{row['use']}\t{name}", name)
        for row in read_words("brands.tsv")
        for name in row["names"].split("|")
    ]
    rows += [
        ("*", f"{alias.brand}\tcontext\t{alias.text}", alias.text)
        for alias in read_aliases(LEXICON)
        if "context" in alias.uses and alias.kind in _NAMED and not set("|*…") & set(alias.text)
    ]
    return Scanner(rows)
