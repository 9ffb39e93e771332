"""Where a name ends and a word goes on: boundaries by script, and the endings that languages hang on a name.

"구찌의", "Gucci'nin", "адидаса", "do Nike'a" and "والغوتشي" name brands; "troubadour" and "パイナップル" do not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from nlp.text import script_of

__all__ = ["family", "free_left", "free_right", "stem_of"]

_FAMILY: Final = {
    "LATIN": "latin",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "DEVANAGARI": "devanagari",
    "HANGUL": "hangul",
    "KATAKANA": "katakana",
    "KATAKANA-HIRAGANA": "katakana",
    "HIRAGANA": "hiragana",
    "HAN": "han",
    "THAI": "thai",
}
_OPEN: Final = frozenset({"", "han", "thai", "hiragana"})
_LATIN_ENDING: Final = re.compile(
    r"(?:e?s|nya|ku|lar|ler|larin|lerin|nin|nun|in|un|yi|yu|ye|ya|na|ne|den|dan|ten|tan|de|da|te|ta|li|lu|ci|cu"
    r"|si|su|sinin|leri|lari|a|em|owi|y|i|ow|om|ami|ach|u|e|ie|owe|owa|owy|owski[a-z]{0,3}|n|en|o|ov|owych)"
)
_CYRILLIC_ENDING: Final = re.compile(
    r"(?:а|у|ю|я|ом|ем|ой|ою|ей|ею|е|и|ы|і|ї|ов|ев|ів|їв|ам|ям|ами|ями|ах|ях|ови|еві|єю|ью|ь|й|"
    r"(?:овск|евск|ск|овськ|івськ|ськ)[а-яіїє]{1,3}|ик|ики|иков|ика|ка|ки|ку)"
)
_HANGUL_ENDING: Final = re.compile(
    r"(?:의|은|는|이|가|을|를|에|에서|로|으로|와|과|도|만|랑|이랑|나|이나|까지|부터|처럼|보다|라고|입니다|예요|이에요|인데|꺼|것|템"
    r"|용|급|풍|st|스타일|맛|짭|찐|정품|레플|미러|가방|백|지갑|신발|운동화|스니커즈|시계|벨트|옷|반지|목걸이|팔찌|귀걸이|향수|모자|반팔"
    r"|티|티셔츠|맨투맨|후드|자켓|패딩|바지|코트|니트|카디건|가디건|선글라스|안경|스카프|머플러|립스틱|립|쿠션|매장|제품|상품|브랜드|로고"
    r"|폰|충전기|케이스|박스|쇼핑백|더스트백|크로스백|미니백|토트백|숄더백|클러치|카드지갑|반지갑|장지갑|슬리퍼|샌들|부츠|로퍼|구두|단화"
    r"|[가-힣]{0,4}(?:의|은|는|을|를|에서|으로|용))"
)
_ARABIC_OPENING: Final = frozenset(
    "ال و وال ب بال ل لل ول ولل ف فال ك كال کال وب م من".replace(" من", "").split(" ")
)
_ARABIC_ENDING: Final = re.compile(r"(?:ي|يه|يات|ات|ها|هاي|هايي|ه|ک|ا)")
_HEBREW_OPENING: Final = frozenset(["ה", "ב", "ל", "מ", "ש", "ו", "כ", "של", "וה", "בה", "לה"])
_DEVANAGARI_ENDING: Final = re.compile(r"(?:का|की|के|को|में|से|ों|ो)")
_KATAKANA_GOODS: Final = re.compile(
    "(?:ミニ|ナイロン|レザー)?(?:バッグ|バック|スニーカー|シューズ|リング|ネックレス|ピアス|サンダル|ブーツ|コピー|マーク|ロゴ|ブレス(?:レット)|ウォッチ"
    "|キャップ|パーカー?|ジャージ|ポーチ|トート|ベルト|スカーフ|コスメ|リップ|チーク|タンブラー|カード|フィギュア|ケース|シリーズ|タイプ|スタイル|ソックス"
    "|タオル|ショルダー|デニム|アウトレット|ジャケット|シャツ|ダウン|リュック|ウォレット|サングラス|ストール|マフラー|ブランド|ファン|ジャパン|パリ)"
)
_GREEK_ENDING: Final = re.compile(r"[ςσ]")
_ENDINGS: Final = {
    "latin": _LATIN_ENDING,
    "cyrillic": _CYRILLIC_ENDING,
    "hangul": _HANGUL_ENDING,
    "arabic": _ARABIC_ENDING,
    "devanagari": _DEVANAGARI_ENDING,
    "greek": _GREEK_ENDING,
}
_SHORTEST_STEM: Final = {"latin": 5, "hangul": 2, "cyrillic": 4, "arabic": 5, "devanagari": 3, "greek": 4}
_CLITIC: Final = re.compile(r"['’ʼ`´-]\w{1,8}")


@lru_cache(maxsize=65_536)
def family(char: str) -> str:
    """The family of scripts whose letters form words together ('latin', 'hangul' …), 'digit', or '' for the rest."""
    if char.isdigit():
        return "digit"
    return _FAMILY.get(script_of(char), "other" if char.isalpha() else "")


def free_left(text: str, start: int, *, length: int) -> bool:
    """Whether a name of ``length`` letters that begins at ``start`` of the folded ``text`` begins a word there."""
    if start == 0:
        return True
    own, before = family(text[start]), family(text[start - 1])
    if before == "digit":
        return own != "digit" and (length >= 4 or own in _OPEN)
    if own in _OPEN or before != own:
        return True
    if own == "arabic":
        opening = _word_before(text, start, own)
        return opening in _ARABIC_OPENING and (length >= 5 or opening not in ("ب", "ف", "ك", "بال"))
    if own == "hebrew":
        return _word_before(text, start, own) in _HEBREW_OPENING
    if own == "hangul":
        return _word_before(text, start, own) in {
            "짭",
            "찐",
            "새",
            "정품",
            "중고",
            "명품",
            "가품",
            "미니",
            "여성",
            "남성",
        }
    return False


def free_right(text: str, end: int, *, length: int, plain: bool = True) -> bool:
    """Whether the name that ends at ``end`` ends a word there, or goes on with an ending of its script.

    ``plain`` is false for names that are also common words: these take no ending.
    """
    if end >= len(text):
        return True
    own, after = family(text[end - 1]), family(text[end])
    if length <= 3 and text[end] in "*○〇●":
        return False  # a longer name goes on behind the mask
    if after == "digit":
        return own != "digit" and (length >= 3 or own in _OPEN)
    if own in _OPEN or after != own:
        return True
    rest = _word_after(text, end, own)
    if own == "katakana":
        return plain and (length >= 5 or _KATAKANA_GOODS.match(rest) is not None)
    ending = _ENDINGS.get(own)
    if ending is None or length < _SHORTEST_STEM[own]:
        return False
    return (plain or own == "hangul") and bool(ending.fullmatch(rest))


def stem_of(letters: str) -> str | None:
    """The stem that Russian, Ukrainian and Polish endings replace the last vowel of ('прада' → 'прад'), if any."""
    if len(letters) >= 5 and family(letters[-1]) == "cyrillic" and letters[-1] in "аяьй":
        return letters[:-1]
    return None


def _word_before(text: str, start: int, own: str) -> str:
    at = start
    while at > 0 and start - at < 8 and family(text[at - 1]) == own:
        at -= 1
    return text[at:start]


def _word_after(text: str, end: int, own: str) -> str:
    at = end
    while at < len(text) and at - end < 16 and family(text[at]) == own:
        at += 1
    return text[end:at]
