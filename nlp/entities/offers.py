"""Tells the brand that is offered from the one that a part fits, a scent resembles or a text denies.

"Case for iPhone", "Makita用", "iPhone uyumlu" and "inspired by Chanel" name brands without offering their goods; in
"Gucci bag for women" the brand stands before the "for" and is offered.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.entities.names import STEPS
from nlp.text import fold

if TYPE_CHECKING:
    from nlp.entities.matching import Candidate, View

__all__ = ["RELATIONS", "offered_flags"]

RELATIONS: Final = Path(__file__).parent.parent / "lexicon" / "relations.tsv"


def _patterns(path: Path) -> dict[str, str]:
    """For each relation of the file its phrases as one regular expression, folded like the text they are sought in."""
    phrases: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            folded = re.escape(fold(row["phrase"], *STEPS).text).replace(r"\ ", r"\s+")
            phrases.setdefault(row["relation"], []).append(folded)
    return {relation: "|".join(found) for relation, found in phrases.items()}


_PHRASES: Final = _patterns(RELATIONS)
_FITS: Final = _PHRASES["fits"]
_LIKE: Final = _PHRASES["like"]
_FILLER: Final = _PHRASES["filler"]
_BEFORE_FITS: Final = re.compile(
    rf"(?:^|[^\w'’]|\d)(?P<mark>{_FITS})[\s:：]*(?:(?:{_FILLER})\s+){{0,2}}[\"'“«(\[]?$"
)
_BEFORE_LIKE: Final = re.compile(rf"(?:^|[^\w'’])(?:{_LIKE})[\s:：\"“'«-]*(?:(?:{_FILLER})\s+){{0,2}}$")
_SPACELESS_FITS: Final = _PHRASES["fits_attached"]
_SPACELESS_BEFORE: Final = re.compile(rf"(?:{_SPACELESS_FITS})\s*[:：]?\s*[\"“「【]?$")
_PRICED: Final = re.compile(
    r"(?:\d|[$€£¥₽₹฿₫]|price|paid|pay|swap|trade|exchange|asking|selling|sell|sale|up|go|going|retail|retails|precio|preis|prix"
    r"|prezzo|preco|цена|search|searching|looking|authenticity|market|suche)\s*$"
)
_MODEL: Final = (
    r"(?:[\s-]*(?:[a-z]{0,4}-?\d[\w/.-]*|pro|max|plus|mini|ultra|air|se|watch|series|tv|serie|серии|シリーズ|系列?|용?|[ァ-ヶー]{2,8}"
    r"|전기종|全機種|全系列|스트랩|휠캡)){0,4}"
)
_AFTER_FITS: Final = re.compile(
    _MODEL
    + r"\s*(?:用|専用|專用|专用|対応|对应|対應|互換|适用|通用|兼容|용(?![가-힣]{2})|전용|호환|에 맞는|にも使え|に対応|に適合|が付けられ|icin|uyumlu"
    r"|'?[yn]?[aeiu]? (?:uygun|uyumlu|uyar)|ile uyumlu|के लिए|compatible|kompatibel|compatibel|compatibile|compativel|kompatybiln\w+|совместим\w+"
    r"|сумісн\w+|مطابق|aftermarket|fitment|老机型)"
)
_AFTERMARKET: Final = re.compile(
    r"[^\n,.、。;，]{0,18}(?:副厂|副廠|社外|非原装|非純正|аналог(?:$|\W)|неориг|не оригинал|aftermarket|代用品|yan sanayi|muadil|zamiennik|사제)"
)
_NO_PART: Final = re.compile(
    r"\s?(?:와|과|with|とは?|社とは?|和|与|ile|тут|с)?\s?(?:무관|제휴 관계가 없|関係(?:は|が)?(?:あり|な)|無関係|无关|無關|ни при ч|ilgisi yok|는 아니|のアタッチメントは付きません)"
)
_AFTER_LIKE: Final = re.compile(
    r"[\s-]*(?:style|styled|inspired|type|look|like|lookalike|dupe|dupes|alternative|esque|stil|stili|tarzi|tipi|benzeri|muadili|'?\w? animsat\w*"
    r"|sevenlere|风格|风(?![衣雨])|風(?![呂衣雨])|款式风|스타일|느낌|タイプ|スタイル|っぽい|みたいな|系が好き|स्टाइल|degil|nahi|नहीं"
    r"|ではない|ではありません|이 아닙니다|아님|아니|王)(?![a-z])"
)
_STYLE_TAG: Final = re.compile(r"st(?![a-z0-9])")  # Korean sellers write "구찌st" for "in the style of"
_CHAIN: Final = re.compile(
    r"[\s\d.\-]*(?:(?:pro|max|plus|mini|ultra|air|se|gen|series|galaxy|[a-z]{1,2}\d{1,3}|\d+[a-z]{0,2})[\s/]*){0,6}"
    r"(?:[,/&+|、，;·،]|(?:^|(?<=\s))(?:and|or|und|oder|y|o|e|et|ou|en|of|i|и|или|та|або|lub|ve|veya|dan|dhan|atau|va|hoac)\b|و|和|或|및|や|と|와|과)\s*و?"
    r"(?:the\s+|a\s+|for\s+|per\s+|pour\s+|fur\s+|para\s+)?"
)
_ACCESSORY: Final = _PHRASES["accessory_before"]
_ACCESSORY_BEFORE: Final = re.compile(rf"(?:{_ACCESSORY})\s+(?:(?:на|к|do|na|hp|dt|dien thoai|มือถือ)\s+)?$")
_PARTS_ON: Final = re.compile(r"(?:^|\s)(?:на|к|под)\s+$")
_AFTER_WORDS: Final = _PHRASES["accessory_after"]
_AFTER_SPACELESS: Final = "케이스|강화유리|필름|스트랩|ケース|カバー|フィルム|保護フィルム|手机壳|手機殼|保护套|保護套|手机套|钢化膜|鋼化膜|保护壳|贴膜|表带|錶帶|娃衣|壳|เคส|ฟิล์ม"
_ACCESSORY_AFTER: Final = re.compile(_MODEL + rf"\s*(?:(?:{_AFTER_WORDS})(?!\w)|(?:{_AFTER_SPACELESS}))")
_DEVICES: Final = frozenset({"electronics"})
_MACHINES: Final = frozenset({"auto", "electronics", "appliances", "home", "tools", "industrial"})
_REACH: Final = 48


def offered_flags(view: View, items: list[Candidate]) -> list[bool]:
    """For each of ``items``, in order of their places, whether the text offers it."""
    flags: list[bool] = []
    for index, item in enumerate(items):
        flag = _stands_offered(view, item)
        if flag and index and not flags[-1] and _chained(view, items[index - 1], item):
            flag = False
        flags.append(flag)
    return flags


def _stands_offered(view: View, item: Candidate) -> bool:
    text = view.folded.text
    left, right = text[max(0, item.at - _REACH) : item.at], text[item.to : item.to + _REACH]
    if _SPACELESS_BEFORE.search(left) or _BEFORE_LIKE.search(left):
        return False
    mark = _BEFORE_FITS.search(left)
    if mark and not _PRICED.search(left[: mark.start("mark")]):
        return False
    if _STYLE_TAG.match(right):
        return False
    if _AFTER_FITS.match(right) or _AFTER_LIKE.match(right) or _NO_PART.match(right):
        return False
    if item.alias.sector in _MACHINES and (_AFTERMARKET.match(right) or _PARTS_ON.search(left)):
        return False
    if item.alias.sector in _DEVICES and item.alias.kind == "product":
        return not (_ACCESSORY_BEFORE.search(left) or _ACCESSORY_AFTER.match(right))
    return True


def _chained(view: View, before: Candidate, item: Candidate) -> bool:
    between = view.folded.text[before.to : item.at]
    return (
        len(between) <= 40
        and ("\n" not in between)
        and bool(_CHAIN.fullmatch(between) or not between.strip())
    )
