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
    *[
        "for",
        "4",
        "fit",
        "fits",
        "fitting",
        "compatible with",
        "suitable for",
        "works with",
        "work with",
        "made for",
        "designed for",
        "replacement for",
        "replaces",
    ],
    *[
        "für",
        "fuer",
        "passend für",
        "passend zu",
        "passt zu",
        "kompatibel mit",
        "geeignet für",
        "passend",
        "pour",
        "compatible avec",
        "compatibles avec",
        "compatible",
        "compatibles",
        "quedan a",
        "queda a",
        "sirve para",
        "va con",
        "encaja en",
        "encajan en",
    ],
    *[
        "para",
        "pra",
        "compatible con",
        "compatibles con",
        "compatível com",
        "compativel com",
        "compatível",
        "serve em",
        "per",
        "compatibile con",
        "compatibili con",
    ],
    *[
        "voor",
        "geschikt voor",
        "past op",
        "passend voor",
        "compatibel met",
        "do",
        "dla",
        "pasuje do",
        "pasujący do",
        "kompatybilny z",
        "zamiennik do",
    ],
    *[
        "для",
        "под",
        "совместим с",
        "совместимый с",
        "совместимо с",
        "совместимы с",
        "подходит для",
        "подходит к",
        "подходят к",
        "на замену",
    ],
    *[
        "під",
        "сумісний з",
        "сумісна з",
        "підходить до",
        "підходить для",
        "untuk",
        "buat",
        "utk",
        "cocok untuk",
        "kompatibel dengan",
        "cho",
        "vừa",
        "vừa với",
        "vừa charm",
        "dành cho",
        "dùng cho",
    ],
    *[
        "tương thích",
        "tương thích với",
        "phù hợp với",
        "dung cho",
        "danh cho",
        "till",
        "pentru",
        "compatibil cu",
    ],
    *[
        "ل",
        "لل",
        "لكل",
        "لساعة",
        "لساعات",
        "لطابعات",
        "لطابعة",
        "لهواتف",
        "لجوال",
        "لسيارات",
        "لسيارة",
        "لمكنسة",
        "لسماعة",
        "لأجهزة",
        "يركب على",
        "تركب على",
        "يشغل",
        "متوافق مع",
        "متوافقة مع",
        "مناسب ل",
        "يناسب",
        "لجهاز",
        "لهاتف",
        "لاجهزة",
        "برای",
        "مناسب",
        "مناسب برای",
        "سازگار با",
        "عבור",
        "תואם ל",
        "ל",
        "עבור",
    ],
    *["के लिए फिट", "compatible for"],
)
_LIKE: Final = _folded(
    *[
        "inspired by",
        "inspiration",
        "similar to",
        "alternative to",
        "alternative for",
        "dupe of",
        "dupe for",
        "dupe",
        "unlike",
        "not",
        "no",
        "non",
        "endorsed by",
        "affiliated with",
        "associated with",
        "sponsored by",
        "authorised by",
        "authorized by",
        "connected with",
        "isn't",
        "is not",
        "not a",
        "not an",
    ],
    *[
        "resembles",
        "reminiscent of",
        "in the style of",
        "style of",
        "type",
        "a la",
        "à la",
        "ala",
        "looks like",
        "smells like",
        "interpretation of",
        "our version of",
    ],
    *[
        "estilo",
        "tipo",
        "inspirado en",
        "inspirada en",
        "inspirado em",
        "inspirada em",
        "parecido a",
        "parecida a",
        "similar a",
        "no es",
        "no son",
        "não é",
        "nao e",
    ],
    *[
        "alternativa a",
        "stile",
        "ispirato a",
        "ispirata a",
        "simile a",
        "simil",
        "non è",
        "style",
        "inspiré de",
        "inspirée de",
        "inspire par",
        "façon",
        "genre",
        "pas",
    ],
    *[
        "inspiriert von",
        "ähnlich wie",
        "im stil von",
        "kein",
        "keine",
        "nicht",
        "geïnspireerd op",
        "lijkt op",
        "geen",
        "niet",
        "inspirowane",
        "inspirowany",
        "w stylu",
        "nie",
    ],
    *[
        "в стиле",
        "по мотивам",
        "аналог",
        "похож на",
        "похожи на",
        "похожа на",
        "не",
        "у стилі",
        "натхненний",
        "типа",
        "тип",
        "схожий на",
        "gaya",
        "mirip",
        "terinspirasi",
        "bukan",
    ],
    *[
        "kiểu",
        "giống",
        "giống như",
        "không phải",
        "ทรง",
        "สไตล์",
        "แนว",
        "คล้าย",
        "ไม่ใช่",
        "ستايل",
        "مستوحى من",
        "مستوحاه من",
        "شبيه",
        "يشبه",
        "ليس",
        "ليست",
        "مش",
        "شبیه",
        "الهام گرفته از",
        "طرح",
    ],
    *["仿", "类似", "類似", "非", "不是", "非正規", "媲美"],
)
_FILLER: Final = _folded(
    *[
        "the",
        "a",
        "an",
        "my",
        "your",
        "all",
        "any",
        "most",
        "new",
        "old",
        "other",
        "both",
        "our",
        "original",
        "genuine",
        "either",
        "apple",
        "models",
        "model",
        "type",
        "series",
        "with",
    ],
    *[
        "el",
        "la",
        "los",
        "las",
        "le",
        "les",
        "il",
        "lo",
        "gli",
        "o",
        "os",
        "as",
        "un",
        "una",
        "uno",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "alle",
        "het",
        "de",
        "del",
        "da",
        "do",
        "todos",
        "tous",
        "tutti",
        "всех",
        "любой",
    ],
    *[
        "новый",
        "моделей",
        "телефона",
        "смартфона",
        "часов",
        "машины",
        "авто",
        "gsm",
        "hp",
        "điện thoại",
        "máy",
        "phones",
        "watches",
        "smartphone",
        "handy",
        "telefon",
    ],
)
_BEFORE_FITS: Final = re.compile(
    rf"(?:^|[^\w'’]|\d)(?P<mark>{_FITS})[\s:：]*(?:(?:{_FILLER})\s+){{0,2}}[\"'“«(\[]?$"
)
_BEFORE_LIKE: Final = re.compile(rf"(?:^|[^\w'’])(?:{_LIKE})[\s:：\"“'«-]*(?:(?:{_FILLER})\s+){{0,2}}$")
_SPACELESS_BEFORE: Final = re.compile(
    r"(?:适用于?|適用於?|兼容|适配|適配|用于|用於|通用于?|能和|可配|สำหรับ|ใช้กับ|รองรับ|ใส่กับ|เข้ากับ|เทียบ|仿|类似|類似|不是|并非|非)"
    r"\s*[:：]?\s*[\"“「【]?$"
)
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
_ACCESSORY: Final = _folded(
    *[
        "чехол",
        "чохол",
        "стекло",
        "скло",
        "ремешок",
        "ремінець",
        "зарядка",
        "кабель",
        "funda",
        "fundas",
        "carcasa",
        "capa",
        "capinha",
        "pelicula",
        "coque",
        "hülle",
        "handyhülle",
        "schutzhülle",
        "hoesje",
        "etui",
    ],
    *[
        "kılıf",
        "cover",
        "custodia",
        "pellicola",
        "bumper",
        "szkło",
        "ốp",
        "ốp lưng",
        "casing",
        "softcase",
        "hardcase",
        "tempered glass",
        "case",
        "кейс",
        "бампер",
        "เคส",
        "ฟิล์ม",
        "كفر",
        "جراب",
        "قاب",
        "गलास",
        "कवर",
    ],
    *[
        "케이스",
        "ケース",
        "手机壳",
        "手機殼",
        "手机套",
        "보호필름",
        "kabel",
        "charger",
        "strap",
        "correa",
        "bracelet",
        "zubehör",
        "akku",
        "батарея",
        "фильтр",
        "فلتر",
        "كفرات",
        "سيور",
    ],
)
_ACCESSORY_BEFORE: Final = re.compile(rf"(?:{_ACCESSORY})\s+(?:(?:на|к|do|na|hp|dt|dien thoai|มือถือ)\s+)?$")
_PARTS_ON: Final = re.compile(r"(?:^|\s)(?:на|к|под)\s+$")
_AFTER_WORDS: Final = _folded(
    *[
        "case",
        "cases",
        "cover",
        "covers",
        "hülle",
        "hüllen",
        "screen protector",
        "screen protectors",
        "tempered glass",
        "skin",
        "skins",
        "holder",
        "kılıfı",
        "kılıf",
        "cam filmi",
        "ekran koruyucu",
    ],
    *["strap", "straps", "charger", "charging cable", "dock", "stand", "hoesje", "etui", "कवर", "केस"],
)
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
