"""Names of parties that no table knows: words with capitals beside a verb, and what stands around it in scripts without them.

>>> right_of("Puma sues Spanish shoemaker Calzados Rivera over a stripe", 9)
(28, 43)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.mentions.passages import Passage

__all__ = ["STOP", "is_nobody", "left_of", "right_of", "unspaced"]

_HAN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD: Final = r"(?:[^\W\d_a-zа-яёіїєґß-öø-ÿ][\w&.'’+-]*|\d+[A-Z]\w*)"
_LINK: Final = r"(?:&|and(?= [A-Z])|of(?= [A-Z])|de(?= [A-Z])|et al\.?)"
_RUN: Final = rf"{_WORD}(?: (?:{_WORD}|{_LINK})){{0,6}}"
_LEFT: Final = re.compile(rf"{_RUN}(?=\s*\Z)")
_ARTICLE: Final = r"(?:(?:the|el|la|los|las|le|les|l'|l’|die|der|das|den|dem|il|lo|gli|os|as|o|a|al|à|au|un|una|um|uma|une|ein|eine|einen|het|de|an)\s+)?"
# What an unknown company is called before its name: "shoemaker", "fabricante español", "ритейлера".
_DESCRIBED: Final = r"(?:(?!(?:over|for|in|on|by|after|at|against|from|to|with|as|because|about|por|para|pour|sur|wegen|nach|um|per|wegens|za|o|na|из|за|через|karena|atas|soal|vì|do|en|em|e|y|et|und|and|di|dans|que|which|that)\s)[a-zа-яёіїєґß-öø-ÿ][\w-]*\s+){0,4}"
_RIGHT: Final = re.compile(rf"\s*{_ARTICLE}{_DESCRIBED}({_RUN})")
_CUT: Final = frozenset(
    ["over", "for", "in", "on", "by", "after", "at", "against", "from", "to", "with", "as", "because", "about", "alleging",
     "will", "must", "says", "before", "amid", "the", "its", "her", "his", "their", "por", "wegen", "nach", "um"]
)  # fmt: skip
STOP: Final = frozenset(
    ["court", "judge", "jury", "the", "a", "an", "in", "after", "us", "u.s", "u.s.", "federal", "new", "fake", "counterfeit", "trademark",
     "lawsuit", "customs", "police", "report", "exclusive", "update", "breaking", "monday", "tuesday", "wednesday", "thursday", "friday",
     "counterfeiters", "sellers", "over", "it", "he", "she", "they", "according", "but", "and", "when", "as", "suit", "high", "appeals",
     "tribunal", "juez", "jueza", "juge", "gericht", "richter", "giudice", "rechter", "sąd", "суд", "суддя", "судья", "mahkeme", "hakim",
     "pengadilan", "tòa", "toà", "supremo", "supreme", "landgericht", "corte", "cour", "jurado", "juri", "júri", "jurors", "присяжные"]
)  # fmt: skip
_TRADES: Final = re.compile(
    r"(?:[\w-]*(?:hersteller|händler|händlerin|kette|konzern|anbieter|plattform|marktplatz|discounter|versandhaus|verkäufer)"
    r"|\w+(?:ische[nrms]?|sche)|firma|unternehmen|startup|start-up|brand|label|giant|rival|chain|etailer|e-tailer|shoemaker|clothier|designer)",
    re.IGNORECASE,
)


def left_of(text: str, at: int) -> tuple[int, int] | None:
    """Where the name stands that ends right before ``at``."""
    begin = max(0, at - 60)
    match = _LEFT.search(text[begin:at])
    return _trimmed(text, begin + match.start(), begin + match.end()) if match else None


def right_of(text: str, at: int) -> tuple[int, int] | None:
    """Where the name stands that begins at ``at``, behind what describes it."""
    for _ in range(3):  # what describes a name may have a capital too: "Spanish shoemaker Calzados Rivera"
        match = _RIGHT.match(text, at)
        if match is None:
            return None
        span = _trimmed(text, *match.span(1))
        if span or not _describes(match[1]):
            return span
        at = match.end()
    return None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Without nationality and trade before a name and without what follows it; None when no name is left."""
    words = [(start + one.start(), start + one.end()) for one in re.finditer(r"\S+", text[start:end])]
    cut = next((at for at, span in enumerate(words) if text[slice(*span)].lower() in _CUT), len(words))
    words = words[:cut]
    while len(words) > 1 and _describes(text[slice(*words[0])]):
        words = words[1:]
    if not words or len(words) > 5:
        return None
    start, end = words[0][0], words[-1][1]
    name = re.sub(r"['’]s$", "", text[start:end]).rstrip(" .,'’\"")
    first = text[slice(*words[0])].lower().strip(".,")
    if len(name) < 2 or first in STOP or _HAN.search(name) or _describes(name):
        return None
    return start, start + len(name)


def _describes(word: str) -> bool:
    return _TRADES.fullmatch(word) is not None or is_nobody(word)


# --- scripts without capitals --------------------------------------------------------------------

_NOT: Final = r"[^\s，,。！？!?：:；;、“”\"「」《》()（）]"
_SIDES: Final = {
    "zh": (
        (rf"(?:^|[，,。！？：:；;\s])(?P<plaintiff>{_NOT}{{2,18}}?)(?:正式|再次|近日|在\w{{1,6}})?(?:起诉|起訴|状告|狀告|控告|提告|怒告|诉|訴)(?!讼|訟|至|诸|求)"
        rf"(?P<defendant>{_NOT}{{2,20}}?)(?=售|销|制售|制造|侵|案|商标|商標|涉|索|等|的|抄|假|盗|胜|勝|败|敗|一案|获|獲|[,，。、;；:：\s]|$)"),
        rf"(?:^|[，,。！？：:；;\s])(?P<defendant>{_NOT}{{2,18}}?)被(?P<plaintiff>{_NOT}{{2,18}}?)(?:起诉|起訴|诉至|告上|控告|提告|告)",
        rf"(?:与|與|和|对|對)(?P<defendant>{_NOT}{{2,18}}?)(?:达成|達成|和解|的(?:起诉|起訴|指控|诉讼|訴訟|索赔))",
        rf"(?:判|令|判令|判决|判決)(?P<defendant>{_NOT}{{2,16}}?)(?:须|須|应|應|需)?(?:赔偿|賠償|赔|賠|向)",
        rf"将(?P<defendant>{_NOT}{{2,18}}?)告上",
    ),
    "ja": (
        rf"(?P<plaintiff>{_NOT}{{2,18}}?)(?:社|側)?(?:が|は|、)、?(?P<defendant>[^\s、。がはを「」]{{2,22}}?)(?:社|側|など|ら)?を[^。をはが]{{0,18}}?(?:提訴|訴え|相手取)",
        rf"(?P<plaintiff>{_NOT}{{2,18}}?)(?:社|側)?(?:が|は|、)、?(?P<defendant>[^\s、。がはを「」]{{2,22}}?)(?:社|側|など|ら)?(?:に対し|に対する(?:訴|請求)|に賠償|に損害賠償|と和解)",
        r"(?:^|[、。\s])(?P<defendant>[^\s、。がはを「」]{2,20}?)(?:社|側)?に(?:賠償|支払い?|[^。、にはが]{0,12}支払い?)(?:を)?命",
    ),
    "ko": (
        r"(?:^|[\s,])(?P<plaintiff>\S{2,16}?)(?:이|가|은|는|,)\s+(?P<defendant>[^\s,.]{2,18}?(?:\s[^\s,.]{2,12}?)?)(?:을|를)?\s*상대로",
        r"(?:^|[\s,])(?P<plaintiff>\S{2,16}?)(?:이|가|은|는|,)\s+(?P<defendant>[^\s,.]{2,18}?)(?:에|을|를|와|과)\s*(?:대한\s*)?(?:상표권?\s*)?(?:침해\s*)?(?:소송|손배|제소|고소|합의)",
        r"(?:^|[\s,])(?P<defendant>[^\s,.]{2,18}?)(?:을|를)\s*상대로",
        r"(?:^|[\s,])(?P<defendant>[^\s,.]{2,18}?)(?:을|를)?\s상대(?:로)?\s(?:소송|손배|손해|법적|상표)",
        r"(?:^|[\s,])(?P<defendant>[^\s,.]{2,18}?)(?:이|가|은|는)?,?\s(?P<plaintiff>[^\s,.]{2,16}?)에\s[^.]{0,16}?(?:배상|피소)",
    ),
    "th": (
        (r"(?:^|\s)(?P<plaintiff>(?!ถูก)[^\s\"]{2,24}?)\s?(?:ยื่น)?ฟ้อง(?:ร้อง)?\s?(?:บริษัท\s?|ห้าง\s?|ร้าน\s?)?"
        r"(?P<defendant>(?!ศาล|ร้อง|คดี|ผู้|แพ่ง|อาญา|เรียก|ละเมิด)[^\s\"]{2,24}?)(?=ละเมิด|เรียก|ฐาน|ข้อหา|คดี|ต่อศาล|เหตุ|ปม|กรณี|ขาย|\s|$)"),
        r"(?:ถอนฟ้อง|ยอมความกับ|ตกลงกับ|สั่ง(?:ให้)?)\s?(?:บริษัท\s?|ห้าง\s?|ร้าน\s?)?(?P<defendant>(?!ศาล|คดี|ผู้)[^\s\"]{2,20}?)(?=ชดใช้|จ่าย|ละเมิด|คดี|แต่|\s|$)",
    ),
    "ar": (
        r"(?:تقاضي|ضد|على|تلاحق|مقاضاة|بحق)\s(?:شركة|متجر|منصة|موقع|سلسلة|مصنع|مؤسسة)\s(?P<defendant>\S+(?:\s(?!في|بسبب|بتهمة|بدعوى|بعد|امام|أمام|ب|ل|و|ت|ي)\S+)?)",
    ),
    "fa": (r"(?:علیه|از)\s(?:شرکت|فروشگاه|سایت|کارخانه)\s(?P<defendant>\S+)",),
    "hi": (r"(?P<defendant>[^\s,।]+)\s(?:कंपनी\s)?(?:के खिलाफ|पर)\s(?:मुकदमा|केस|याचिका|दावा)",),
}  # fmt: skip
_PLAIN: Final = re.compile(
    r"^(?:国际|國際|知名|著名|法国|法國|美国|美國|意大利|義大利|德国|德國|日本|韩国|韓國|英国|英國|奢侈品牌|奢侈品|运动品牌|運動品牌|品牌|巨头|大牌)+|"
    r"^.{1,12}(?:メーカー|会社|業者|大手|企業|ブランド|チェーン|店)の|^(?:米|仏|独|伊|英|韓国の|米国の|フランスの|イタリアの|高級ブランドの?|ブランド)(?=[ァ-ヶA-Z])|(?:공식|측|社|社側|公司方)$"
)


def unspaced(passage: Passage, until: int) -> Iterator[tuple[int, int, Literal["plaintiff", "defendant"]]]:
    """Where parties stand around the verbs of languages whose script has no capitals, known to a table or not."""
    for pattern in _patterns(passage.lang):
        for match in pattern.finditer(passage.text[:until]):
            for side in ("plaintiff", "defendant"):
                if side in pattern.groupindex and match[side]:
                    span = _bare(passage.text, *match.span(side))
                    if span:
                        yield *span, side


def _bare(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Without what describes a company; None when that was all."""
    words = text[start:end]
    head = _PLAIN.match(words)
    if head and head.end() < len(words):
        start += head.end()
    name = text[start:end].strip()
    generic = is_nobody(name) or _GENERIC.search(name)
    return None if len(name) < 2 or generic else (start, start + len(text[start:end].rstrip()))


_GENERIC: Final = re.compile(
    r"法院|法官|海关|海關|警方|检方|檢方|检察|消费者|消費者|男子|女子|网店|網店|卖家|賣家|店主|老板|两家|多家|一家|被告|原告|侵权|侵權|地裁|高裁|裁判|"
    r"業者|販売店|出品者|税関|男性|女性|법원|판매자|업체|업자|세관|검찰|경찰|피고|원고|소비자|ศาล|ผู้ขาย|ร้านค้า|ตำรวจ|ศุลกากร|พ่อค้า|แม่ค้า|ราย$"
)


@lru_cache(maxsize=8)
def _patterns(lang: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.MULTILINE) for one in _SIDES.get(lang, ()))


# --- nobody --------------------------------------------------------------------------------------


def is_nobody(plain: str) -> bool:
    """Whether a name says no more than that there are sellers."""
    left = plain
    for hit in sorted(_nobody().find(plain, {"en", "es", "pt", "fr", "de"}), key=lambda one: -one.start):
        left = left[: hit.start] + " " + left[hit.end :]
    return not re.search(r"[^\W\d_]{2,}", left)


@lru_cache(maxsize=1)
def _nobody() -> Scanner:
    rows = [row for row in read_words("steps.tsv") if row["class"] == "nobody"]
    return Scanner((row["lang"], row["class"], row["patterns"]) for row in rows)
