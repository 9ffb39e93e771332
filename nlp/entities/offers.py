"""Tells the brand that is offered from the one that a part fits, a scent resembles or a text denies.

"Case for iPhone", "Makita用", "iPhone uyumlu" and "inspired by Chanel" name brands without offering their goods; in
"Gucci bag for women" the brand stands before the "for" and is offered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nlp.entities.names import STEPS
from nlp.text import fold

if TYPE_CHECKING:
    from nlp.entities.matching import Candidate, View

__all__ = ["offered_flags"]


def _folded(*words: str) -> str:
    return "|".join(re.escape(fold(word, *STEPS).text).replace(r"\ ", r"\s+") for word in words)


# "for" and "fits", by language: en de fr es pt it nl pl ru uk tr id vi sv
_FITS: Final = _folded(
    *"for|4|fit|fits|fitting|compatible with|suitable for|works with|work with|made for|designed for|replacement for|replaces".split(
        "|"
    ),
    *"für|fuer|passend für|passend zu|passt zu|kompatibel mit|geeignet für|passend|pour|compatible avec|compatibles avec|compatible".split(
        "|"
    ),
    *"para|pra|compatible con|compatibles con|compatível com|compativel com|compatível|serve em|per|compatibile con|compatibili con".split(
        "|"
    ),
    *"voor|geschikt voor|past op|passend voor|compatibel met|do|dla|pasuje do|pasujący do|kompatybilny z|zamiennik do".split(
        "|"
    ),
    *"для|под|совместим с|совместимый с|совместимо с|совместимы с|подходит для|подходит к|подходят к|на замену".split(
        "|"
    ),
    *"під|сумісний з|сумісна з|підходить до|підходить для|untuk|buat|utk|cocok untuk|kompatibel dengan|cho|dành cho|dùng cho".split(
        "|"
    ),
    *"tương thích|tương thích với|phù hợp với|dung cho|danh cho|till|pentru|compatibil cu".split("|"),
    *"ل|لل|متوافق مع|متوافقة مع|مناسب ل|يناسب|لجهاز|لهاتف|لاجهزة|برای|مناسب|مناسب برای|سازگار با|عבור|תואם ל|ל|עבור".split(
        "|"
    ),
    *"के लिए फिट|compatible for".split("|"),
)
_LIKE: Final = _folded(
    *"inspired by|inspiration|similar to|alternative to|alternative for|dupe of|dupe for|dupe|unlike|not|no|non|isn't|is not|not a|not an".split(
        "|"
    ),
    *"resembles|reminiscent of|in the style of|style of|type|a la|à la|ala|looks like|smells like|interpretation of|our version of".split(
        "|"
    ),
    *"estilo|tipo|inspirado en|inspirada en|inspirado em|inspirada em|parecido a|parecida a|similar a|no es|no son|não é|nao e".split(
        "|"
    ),
    *"alternativa a|stile|ispirato a|ispirata a|simile a|simil|non è|style|inspiré de|inspirée de|inspire par|façon|genre|pas".split(
        "|"
    ),
    *"inspiriert von|ähnlich wie|im stil von|kein|keine|nicht|geïnspireerd op|lijkt op|geen|niet|inspirowane|inspirowany|w stylu|nie".split(
        "|"
    ),
    *"в стиле|по мотивам|аналог|похож на|похожи на|похожа на|не|у стилі|натхненний|типа|тип|схожий на|gaya|mirip|terinspirasi|bukan".split(
        "|"
    ),
    *"kiểu|giống|giống như|không phải|ทรง|สไตล์|แนว|คล้าย|ไม่ใช่|ستايل|مستوحى من|مستوحاه من|شبيه|يشبه|ليس|ليست|مش|شبیه|الهام گرفته از|طرح".split(
        "|"
    ),
    *"仿|类似|類似|非|不是|非正規|媲美".split("|"),
)
_FILLER: Final = _folded(
    *"the|a|an|my|your|all|any|most|new|old|other|both|our|original|genuine|either|apple|models|model|type|series|with".split(
        "|"
    ),
    *"el|la|los|las|le|les|il|lo|gli|o|os|as|un|una|uno|der|die|das|den|dem|alle|het|de|del|da|do|todos|tous|tutti|всех|любой".split(
        "|"
    ),
    *"новый|моделей|телефона|смартфона|часов|машины|авто|gsm|hp|điện thoại|máy|phones|watches|smartphone|handy|telefon".split(
        "|"
    ),
)
_BEFORE_FITS: Final = re.compile(
    rf"(?:^|[^\w'’]|\d)(?P<mark>{_FITS})[\s:：]*(?:(?:{_FILLER})\s+){{0,2}}[\"'“«(\[]?$"
)
_BEFORE_LIKE: Final = re.compile(rf"(?:^|[^\w'’])(?:{_LIKE})[\s:：\"“'«-]*(?:(?:{_FILLER})\s+){{0,2}}$")
_SPACELESS_BEFORE: Final = re.compile(
    r"(?:适用于|適用於|适用|適用|兼容|适配|適配|用于|用於|通用于|สำหรับ|ใช้กับ|รองรับ|ใส่กับ|仿|类似|類似|不是|并非|同款非|非)\s*[:：]?\s*[\"“「【]?$"
)
_PRICED: Final = re.compile(
    r"(?:\d|[$€£¥₽₹฿₫]|price|paid|pay|swap|trade|exchange|asking|selling|sell|sale|up|go|going|retail|retails|precio|preis|prix"
    r"|prezzo|preco|цена|search|searching|looking|authenticity|market|cover|suche)\s*$"
)
_AFTER_FITS: Final = re.compile(
    r"\s*(?:[-\d]\S*\s+|pro\s+|max\s+|plus\s+|mini\s+|ultra\s+|ve\s+|series\s+|серии\s+|シリーズ|se\s*|[ァ-ヶー]+\s*|[가-힣]{0,6}\s*|\d[\d/・、,~-]*\s*){0,4}"
    r"(?:用|専用|專用|专用|対応|对应|対應|互換|适用|通用|兼容|용(?![가-힣]{2})|전용|호환|에 맞는|için|icin|uyumlu|a uygun|ile uyumlu|के लिए|"
    r"compatible|kompatibel|compatibel|compatibile|compatível|compativel|kompatybiln\w+|совместим\w+|сумісн\w+|مطابق|"
    r"aftermarket|fitment)"
)
_AFTER_LIKE: Final = re.compile(
    r"[\s-]*(?:style|styled|inspired|type|look|like|lookalike|dupe|dupes|alternative|esque|stil|stili|tarzi|tipi|benzeri|muadili"
    r"|风格|风(?![衣雨])|風(?![呂衣雨])|款式风|조아|스타일|st(?![a-z])|느낌|タイプ|スタイル|っぽい|みたいな|स्टाइल|değil|degil|nahi|नहीं|ではない|ではありません|이 아닙니다|아님|아니)"
    r"(?![a-z])"
)
_CHAIN: Final = re.compile(
    r"[\s\d.\-]*(?:(?:pro|max|plus|mini|ultra|air|se|gen|series|galaxy|[a-z]{1,2}\d{1,3}|\d+[a-z]{0,2})[\s/]*){0,6}"
    r"(?:[,/&+|、，;·]|\b(?:and|or|und|oder|y|o|e|et|ou|en|of|i|и|или|та|або|lub|ve|veya|dan|dhan|atau|và|hoặc|va)\b|و|和|或|및|や|と|और)[\s]*"
    r"(?:the\s+|a\s+|for\s+|per\s+|pour\s+|für\s+|para\s+)?"
)
_ACCESSORY_BEFORE: Final = re.compile(
    r"(?:чехол|чохол|стекло|скло|ремешок|ремінець|зарядка|кабель|funda|fundas|carcasa|capa|capinha|coque|hulle|handyhulle|schutzhulle"
    r"|hoesje|etui|kılıf|kilif|cover|custodia|pellicola|bumper|szklo|ốp|op lung|ốp lưng|casing|softcase|hardcase|tempered glass|case"
    r"|кейс|бампер|เคส|ฟิล์ม|كفر|جراب|قاب|गलास|कवर)\s+(?:(?:на|к|do|na|hp|dt|điện thoại|มือถือ)\s+)?$"
)
_ACCESSORY_AFTER: Final = re.compile(
    r"\s*(?:(?:pro|max|plus|mini|ultra|air|se|\d+\w{0,3}|watch|series|galaxy|s\d+\w*)[\s/]*){0,6}\s*"
    r"(?:cases?|covers?|hülle|hulle|huelle|screen protectors?|tempered glass|skins?|holders?|kılıfı|kilifi|kılıf|kilif|cam filmi"
    r"|케이스|강화유리|필름|ケース|カバー|フィルム|手机壳|手機殼|保护套|保護套|手机套|钢化膜|保护壳|壳|hoesje|etui|कवर|केस)(?!\w)"
)
_DEVICES: Final = frozenset({"electronics"})
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
    if _AFTER_FITS.match(right) or _AFTER_LIKE.match(right):
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
