"""Decides whether a name that is also a common word (mango, coach, 苹果) means the brand where it stands.

The evidence is what a reader would use, and each piece can be named: goods of the brand's kind stand near, the brand
is named unmistakably elsewhere, the word is labelled ("brand: Guess"), or it is capitalised amid small letters. A trap
word beside it (apple *pie*, coach *driver*) decides against it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.entities.boundaries import family
from nlp.entities.names import quick_fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nlp.entities.matching import Candidate, View

__all__ = ["GOODS", "Goods", "Judge", "listed_together"]

GOODS: Final = Path(__file__).parent.parent / "lexicon" / "goods.tsv"
_KINDS: Final[dict[str, frozenset[str]]] = {
    "fashion": frozenset({"bag", "wear", "shoe", "eye", "scent", "jewel", "watch", "size"}),
    "outerwear": frozenset({"wear", "shoe", "size", "bag"}),
    "street": frozenset({"wear", "shoe", "size", "bag"}),
    "workwear": frozenset({"wear", "shoe", "size", "bag"}),
    "shoes": frozenset({"shoe", "size", "wear", "bag"}),
    "sports": frozenset({"shoe", "wear", "size", "bag", "sport"}),
    "outdoor": frozenset({"wear", "shoe", "bag", "size", "sport"}),
    "luggage": frozenset({"bag"}),
    "watches": frozenset({"watch"}),
    "jewellery": frozenset({"jewel", "watch", "scent"}),
    "accessories": frozenset({"pen", "bag", "jewel", "watch", "scent"}),
    "eyewear": frozenset({"eye"}),
    "beauty": frozenset({"beauty", "scent"}),
    "fragrance": frozenset({"scent", "beauty"}),
    "electronics": frozenset({"phone", "tech"}),
    "appliances": frozenset({"tech", "home", "beauty"}),
    "auto": frozenset({"auto"}),
    "tools": frozenset({"tool", "auto", "home"}),
    "industrial": frozenset({"tool", "auto"}),
    "toys": frozenset({"toy"}),
    "characters": frozenset({"toy", "wear", "bag", "home"}),
    "drinkware": frozenset({"home", "cup"}),
    "home": frozenset({"home"}),
    "spirits": frozenset({"drink"}),
    "tobacco": frozenset({"smoke"}),
    "baby": frozenset({"baby"}),
    "health": frozenset({"health", "beauty"}),
    "music": frozenset({"music", "wear", "toy", "tech"}),
    "clubs": frozenset({"wear", "sport", "size"}),
    "software": frozenset({"tech", "soft"}),
    "food": frozenset({"food", "drink"}),
    "hobby": frozenset({"sport", "toy", "tool"}),
}
_LICENSED: Final = frozenset({"clubs", "characters", "music"})  # their marks stand on goods of other makers
_NEAR: Final = 6
_BESIDE: Final = 2
_REACH: Final = 60
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LABEL: Final = re.compile(
    r"(?:brand|marke|marca|marque|merk|marka|бренд|марка|фирма|фірма|品牌|牌子|ブランド|브랜드|thuong hieu|hieu|แบรนด์|ยี่ห้อ"
    r"|ماركه|براند|برند|ब्रांड|merek)(?: name| isim)?\s*[:：=-]?\s*$"
)
_PREFIX_LENGTH: Final = 3
_JOINT: Final = re.compile(
    r"\s*(?:[,/&+|、，;·•،#]|\b(?:x|and|or|und|y|e|et|en|i|и|та|ve|dan|va|oder|ou|o)\b|و|和|跟|및|와|과|や|と|และ|और)\s*و?#?|\s*\n\s*"
)
_PAUSE: Final = re.compile(r"[,.;:!?\n|/()、。，；！？]")
_NUMBER_NEXT: Final = re.compile(r"\W{0,2}\d")
_MODEL_NEXT: Final = re.compile(r"\s+(?:[a-z]{0,3}-?\d|[ivx]+\b)")


class Goods:
    """Words for kinds of goods in many languages; a trailing ``*`` in the data stands for any ending."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._words: dict[str, set[str]] = {}
        self._stems: dict[str, list[tuple[str, str]]] = {}
        self._spaceless: list[tuple[str, str]] = []
        for word, kind in rows:
            folded = quick_fold(word.rstrip("*")).text
            if " " in folded or family(folded[0]) in ("han", "katakana", "hiragana", "thai", "hangul"):
                self._spaceless.append((folded, kind))
            elif word.endswith("*"):
                self._stems.setdefault(folded[:_PREFIX_LENGTH], []).append((folded, kind))
            else:
                self._words.setdefault(folded, set()).add(kind)

    @classmethod
    def load(cls, path: Path = GOODS) -> Goods:
        """The packaged words."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["word"], row["kind"]) for row in csv.DictReader(file, delimiter="\t")]
        return cls(rows)

    def kinds_of(self, word: str) -> set[str]:
        """The kinds of goods that the folded ``word`` names."""
        kinds = set(self._words.get(word, ()))
        for ending in ("s", "es", "n", "en", "i", "e"):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                kinds |= self._words.get(word[: -len(ending)], set())
        kinds.update(
            kind for stem, kind in self._stems.get(word[:_PREFIX_LENGTH], ()) if word.startswith(stem)
        )
        return kinds

    def kinds_within(self, text: str) -> set[str]:
        """The kinds that words of scripts without spaces name anywhere in the folded ``text``."""
        return {kind for word, kind in self._spaceless if word in text}


class Judge:
    """Weighs the evidence for one ambiguous name; 2 points make it count, 3 where the word is very common."""

    def __init__(self, goods: Goods) -> None:
        self._goods = goods

    @classmethod
    def load(cls) -> Judge:
        """With the packaged words for goods."""
        return cls(Goods.load())

    def counts(
        self, view: View, item: Candidate, candidates: list[Candidate], *, headline: bool = False
    ) -> bool:
        """Whether ``item`` means its brand in ``view``; ``candidates`` are all that may be names in the same text.

        ``headline``: the text is a listing's title or as short, where names are likelier than in running words.
        """
        if item.alias.kind != "code" and item.how == "disguise" and (item.alias.free or item.weight >= 4):
            return True
        if (item.alias.free or item.alias.uses == {"case"}) and not item.alias.traps:
            return True
        text = view.folded.text
        left, right = text[max(0, item.at - _REACH) : item.at], text[item.to : item.to + _REACH]
        if _trapped(item, left, right):
            return False
        if (
            item.alias.free
            or item.alias.uses == {"case"}
            or any(other.alias.brand == item.alias.brand for other in candidates if _sure(other))
        ):
            return True
        score = self._near_goods(item, left, right) + _case_score(view, item) + _stranger(item, left, right)
        if _LABEL.search(left):
            score += 3
        score += _company(view, item, candidates)
        return score >= (_needed_in_headline(item) if headline else _needed(item))

    def _near_goods(self, item: Candidate, left: str, right: str) -> int:
        wanted = _KINDS.get(item.alias.sector, frozenset())
        before = [match.group() for match in _WORD.finditer(left)][-_NEAR:][::-1]
        after = [match.group() for match in _WORD.finditer(right)][:_NEAR]
        best = 0
        for words in (before, after):
            for distance, word in enumerate(words, start=1):
                if wanted & self._goods.kinds_of(word):
                    best = max(best, 3 if distance <= _BESIDE else 2)
        if best < 3 and wanted & self._goods.kinds_within(left[-8:] + "\n" + right[:8]):
            best = 3
        elif best < 2 and wanted & self._goods.kinds_within(left[-24:] + "\n" + right[:24]):
            best = 2
        return best


def _needed(item: Candidate) -> int:
    return 3 if "strict" in item.alias.uses else 2


def _needed_in_headline(item: Candidate) -> int:
    if "strict" in item.alias.uses or item.alias.kind in ("code", "nickname"):
        return _needed(item)
    cased = family(item.alias.text[0]) in ("latin", "cyrillic", "han")
    return 1 if cased or item.alias.kind not in ("official", "variant", "transliteration") else 0


def _company(view: View, item: Candidate, candidates: list[Candidate]) -> int:
    """2 in a list of brands, -2 beside another brand that the goods then belong to ("GG Supreme belt" by Gucci)."""
    score = 0
    for other in candidates:
        if other.alias.brand == item.alias.brand or abs(other.at - item.at) > _REACH:
            continue
        sure = _sure(other)
        akin = other.alias.sector == item.alias.sector
        if (sure or akin) and listed_together(view, other, item):
            return 2
        between = _between(view, other, item)
        if sure and akin and not between.strip():
            return 1
        if sure and item.alias.sector not in _LICENSED and not _PAUSE.search(between):
            score = -2
    return score


def _sure(item: Candidate) -> bool:
    return item.alias.free or (item.how == "disguise" and item.alias.kind != "code")


def _between(view: View, one: Candidate, two: Candidate) -> str:
    first, second = (one, two) if one.at < two.at else (two, one)
    return view.folded.text[first.to : second.at]


def listed_together(view: View, one: Candidate, two: Candidate) -> bool:
    """Whether only commas, slashes and the like, or an "and", stand between two names."""
    return _JOINT.fullmatch(_between(view, one, two)) is not None


def _trapped(item: Candidate, left: str, right: str) -> bool:
    if not item.alias.traps:
        return False
    before = " ".join([match.group() for match in _WORD.finditer(left)][-3:])
    after = " ".join([match.group() for match in _WORD.finditer(right)][:3])
    if "#" in item.alias.traps and _NUMBER_NEXT.match(right):
        return True
    near = f" {left[-6:] if family(item.alias.text[0]) != 'latin' else ''} {before} | {after} "
    return any(_stands(trap, near) for trap in item.alias.traps)


def _stranger(item: Candidate, left: str, right: str) -> int:
    """2 for a Latin word amid letters of another script: such words are names more often than not."""
    if family(item.alias.text[0]) != "latin" or item.weight < 2:
        return 0
    around = [family(char) for char in left[-30:] + right[:30] if char.isalpha()]
    latin = around.count("latin")
    return 2 if len(around) - latin > 2 * latin and len(around) >= 4 else 0


def _stands(trap: str, near: str) -> bool:
    if family(trap[0]) in ("han", "katakana", "hiragana", "thai", "hangul"):
        return trap in near.replace(" ", "")
    return f" {trap} " in near


def _case_score(view: View, item: Candidate) -> int:
    original = view.folded.original
    word = original[item.start : item.end]
    if family(item.alias.text[0]) not in ("latin", "cyrillic") or not word[0].isalpha():
        return 0
    around = original[max(0, item.start - _REACH) : item.start] + " " + original[item.end : item.end + _REACH]
    words = [match.group() for match in _WORD.finditer(around) if match.group()[0].isalpha()]
    small = sum(each[0].islower() for each in words)
    if word[0].islower():
        return -1 if len(words) > small + 1 else 0
    if not original[: item.start].strip():
        named = _opens_as_a_name(view, item) and small * 2 >= len(words)
        return 1 + bool(named or _MODEL_NEXT.match(view.folded.text[item.to :])) if len(words) >= 1 else 0
    mid = bool(re.search(r"[\w,)]\s+$", original[: item.start]))
    return 1 if mid and small * 2 > len(words) else 0


def _opens_as_a_name(view: View, item: Candidate) -> bool:
    """Whether a longer name at the head of a text is followed by a word that is capitalised as well ("Zwilling Topf")."""
    after = view.folded.original[item.end : item.end + 3].lstrip()
    return (
        "strict" not in item.alias.uses
        and item.alias.kind != "code"
        and item.weight >= 4
        and after[:1].isupper()
    )
