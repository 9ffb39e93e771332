"""Who stands against whom in a dispute, under keys that are equal for every way to write a name.

>>> party_keys("Gucci America, Inc.")
('gucci', 'kering')
>>> party_keys("Alibaba Group Holding Ltd.")[0], party_keys("14 anonymous sellers")
('alibaba group', ())
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.mentions.freenames import is_nobody
from feeds.names import latin
from feeds.scan import Scanner, flat
from feeds.words import read_words
from nlp.entities.brands import BrandFinder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.records import Analysis, Item

__all__ = ["Sides", "caption_of", "companies_in", "meet", "mentions", "party_keys", "sides_of"]

_VERSUS: Final = re.compile(
    r"\s+(?:v|vs|versus|c|contra|contre|gegen|proti|против|诉|訴)\.?\s+|诉|訴(?!訟)", re.IGNORECASE
)
_CAPTION: Final = re.compile(
    r"(?P<left>(?:[A-Z][\w&.,'’-]*|et al\.?|and|&|of|de)(?:\s+(?:[A-Z][\w&.,'’-]*|et al\.?,?|and|&|of|de|/)){0,8})\s+"
    r"(?:v|vs)\.?\s+(?P<right>[A-Z][\w&.,'’-]*(?:\s+(?:[A-Z][\w&.,'’-]*|et al\.?|and|&|of)){0,8})"
)
_LEGAL: Final = frozenset(
    ["a", "a.s", "ab", "ag", "al", "america", "american", "ao", "as", "b", "bv", "c", "co", "company", "corp", "corporation", "cv", "et", "europe", "gmbh", "group", "holding", "holdings", "inc", "incorporated", "international", "intl", "k", "kg", "kk", "l", "limited", "llc", "llp", "lp", "ltd", "n", "north", "nv", "oao", "ooo", "oy", "p", "plc", "pt", "pte", "pty", "s", "sa", "sarl", "sas", "sasu", "se", "sirketi", "spa", "srl", "sti", "tbk", "the", "tov", "uk", "us", "usa", "v", "zao"]
)  # fmt: skip
_HAN_LEGAL: Final = re.compile(
    r"(?:股份)?有限(?:责任)?公司|集团|集團|公司|株式会社|\(株\)|주식회사|㈜|บริษัท|จำกัด|công ty (?:tnhh|cổ phần)",
    re.IGNORECASE,
)
_HAN: Final = r"[\u3400-\u9fffA-Za-z0-9·（）()]"
_ENDS: Final = r"售|销|制售|制造|侵|案|商标|商標|涉|索|等|的|[,，。、;；:：\s]|$|胜|勝|败|生产|使用|抄|假|盗|达成|達成|不服|发出|停止|赔|賠|一审|二审|判"
_SUED_HAN: Final = re.compile(
    rf"(?:起诉|起訴|状告|狀告|控告|提告|诉|訴)(?!讼|訟)({_HAN}{{2,24}}?)(?={_ENDS})|(?:与|與|和|对|對)({_HAN}{{2,24}}?)(?=达成|達成|和解|发出|發出)"
)
_ASIDE: Final = re.compile(r"\([^)]*\)|（[^）]*）")
_WORD: Final = re.compile(r"[^\W_]+")
_OTHER: Final = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SEAM: Final = re.compile(rf"(?<=[A-Za-z0-9])(?=[{_OTHER}])|(?<=[{_OTHER}])(?=[A-Za-z0-9])")
"""Between a Latin word and a script without spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Keys and names of both sides; ``families`` are keys of the brands and groups that an article names at all."""

    plaintiffs: dict[str, str] = field(default_factory=dict)
    defendants: dict[str, str] = field(default_factory=dict)
    families: frozenset[str] = frozenset()
    captions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether both sides are."""
        return bool(self.plaintiffs and self.defendants)


def sides_of(item: Item, analysis: Analysis) -> Sides:
    """Both sides as the article's analysis, a caption in it or the court's feed name them."""
    plaintiffs = [one.name for one in analysis.parties if one.side == "plaintiff"]
    defendants = [one.name for one in analysis.parties if one.side == "defendant"]
    written = _CAPTION.finditer(f"{item.title}\n{item.text[:3000]}")
    captions = [item.court.case_name] if item.court else []
    captions += [found[0].strip(" .,") for found in written]
    if not (plaintiffs and defendants):
        for caption in captions[:1]:
            left, right = caption_of(caption)
            plaintiffs, defendants = plaintiffs or left, defendants or right
    if not defendants:
        defendants = _sued_in_han(item)
    accused = _keyed(defendants)
    suing = {key: name for key, name in _keyed(plaintiffs).items() if key not in accused}
    brands = _keyed(one.brand for one in analysis.brands)
    if not suing:
        suing = {key: name for key, name in brands.items() if key not in accused}
    return Sides(
        plaintiffs=suing,
        defendants=accused,
        families=frozenset({*suing, *brands} - accused.keys()),
        captions=tuple(dict.fromkeys(captions))[:5],
    )


def caption_of(caption: str) -> tuple[list[str], list[str]]:
    """The names on both sides of "A and B v. C, Ltd."; empty lists when it is no caption."""
    parts = _VERSUS.split(caption, maxsplit=1)
    if len(parts) != 2:
        return [], []
    left, right = (
        [name for name in re.split(r"\s*/\s*|\s+(?:and|&)\s+(?=[A-Z])|;", part) if name.strip()]
        for part in parts
    )
    return left, right


def party_keys(name: str) -> tuple[str, ...]:
    """The key of a name and that of its group; none for "14 sellers" and the like."""
    words = _words(_without_city(_ASIDE.sub(" ", name))) or _words(name)
    kept = [word for word in words if word not in _LEGAL] or words
    plain = " ".join(kept)
    if not plain or is_nobody(plain):
        return ()
    company = _companies().get(plain) or _companies().get(" ".join(words))
    if company is not None:
        return (latin(flat(company)),)
    brand = _brand(name) or _brand(plain)
    if brand is None:
        return (plain[:100],)
    key = latin(flat(brand))
    group = _groups().get(brand)
    return (key, latin(flat(group))) if group else (key,)


def meet(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two sets of keys share a party, also when one has its name in full and the other cut short."""
    right = set(others)
    return any(key in right or any(_cut_short(key, other) for other in right) for key in some)


def _cut_short(one: str, other: str) -> bool:
    short, full = sorted((one, other), key=len)
    if not short.isascii():
        return len(short) >= 3 and short in full
    return len(short) >= 6 and full.startswith(f"{short} ")


def companies_in(text: str) -> frozenset[str]:
    """Keys of companies of the table that a text names, in any script."""
    from feeds.scan import languages_of

    _, langs = languages_of(text[:300], text, "")
    parted = _SEAM.sub(" ", text)
    return frozenset(hit.label for hit in _company_scanner().find(parted, {*langs, "xx"}))


def mentions(text: str, keys: Iterable[str]) -> bool:
    """Whether a text names one of the parties, whatever its language if the table knows them."""
    wanted = set(keys)
    if wanted & companies_in(text):
        return True
    words = f" {' '.join(_WORD.findall(_SEAM.sub(' ', latin(flat(text)))))} "
    return any((f" {key} " if key.isascii() else key) in words for key in wanted if len(key) >= 3)


def _without_city(name: str) -> str:
    """A Chinese company's name without the city or province that it begins with: 深圳锐风科技."""
    city = next((one for one in _cities() if name.startswith(one) and len(name) >= len(one) + 3), "")
    return name[len(city) :].removeprefix("市").removeprefix("省") if city else name


@lru_cache(maxsize=1)
def _cities() -> tuple[str, ...]:
    names = {name for row in read_words("places.tsv") for name in row["names"].split("|")}
    return tuple(
        sorted(
            (name for name in names if re.fullmatch(r"[\u3400-\u9fff]{2,4}", name)), key=lambda one: -len(one)
        )
    )


def _words(name: str) -> list[str]:
    return _WORD.findall(latin(flat(_HAN_LEGAL.sub(" ", name))))


def _sued_in_han(item: Item) -> list[str]:
    """Whom a Chinese article says was sued or settled with, by the words around the name."""
    found = (match[1] or match[2] for match in _SUED_HAN.finditer(f"{item.title}\n{item.text[:600]}"))
    return [name for name in dict.fromkeys(found) if name]


def _keyed(names: Iterable[str]) -> dict[str, str]:
    """Names by their own keys first, then by those of their groups."""
    keyed = [(party_keys(name), name) for name in names]
    found: dict[str, str] = {}
    for keys, name in keyed:
        if keys:
            found.setdefault(keys[0], name)
    for keys, name in keyed:
        for key in keys[1:]:
            found.setdefault(key, name)
    return found


@lru_cache(maxsize=1)
def _companies() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in read_words("companies.tsv"):
        for name in row["names"].split("|"):
            words = _words(name)
            for key in (" ".join(words), " ".join(word for word in words if word not in _LEGAL)):
                if key:
                    found.setdefault(key, row["company"])
    return found


@lru_cache(maxsize=1)
def _groups() -> dict[str, str]:
    """The group of each brand that belongs to one."""
    return {
        brand: row["company"]
        for row in read_words("companies.tsv")
        if row["kind"] == "group"
        for brand in row["brands"].split("|")
    }


@lru_cache(maxsize=1)
def _company_scanner() -> Scanner:
    return Scanner(("xx", latin(flat(row["company"])), row["names"]) for row in read_words("companies.tsv"))


@lru_cache(maxsize=1)
def _finder() -> BrandFinder:
    return BrandFinder.load()


@lru_cache(maxsize=4096)
def _brand(name: str) -> str | None:
    """The brand that a company's name is or begins with."""
    found = _finder().canonical(name)
    if found is not None:
        return found
    return next((match.brand for match in _finder().find(name) if match.start == 0), None)
