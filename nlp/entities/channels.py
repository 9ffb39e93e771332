"""Words that name a way to reach somebody ("WhatsApp", "薇信", "тг", "zalo") and the handles that follow them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from nlp.lexicon import read_rows
from nlp.patterns import Pattern, PatternBook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nlp.letters import Page

__all__ = ["Handle", "Word", "find_handles", "find_words"]


@dataclass(frozen=True, slots=True)
class Word:
    """A channel word at ``start:end`` of the page: ``kind`` is a contact kind, 'call', 'reach', 'code' or 'unit'."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle that belongs to a channel, without its @; ``start:end`` in the page's text."""

    kind: str
    value: str
    start: int
    end: int


_CHANNELS: Final = frozenset(
    ["whatsapp", "wechat", "telegram", "line", "zalo", "kakaotalk", "instagram", "yupoo", "other"]
)
_ID_WORDS: Final = (
    r"id|i\.d\.|user(?:name)?|nick(?:name)?|handle|acc(?:ount)?|is|me(?:\s(?:at|on))?|at|on|to|handle|no|nr|app|"
    r"号|账号|帐号|号码|搜|搜索|加|群|我|报|频道|主|客服|アカウント|は|で|に|の|を|追加|登録|아이디|채널|계정|추가|은|는|ไอดี|แอด|ร้าน|"
    r"ник|аккаунт|акк|канал|канале|нам|мне|в|по|на|магазина|менеджера|айди|нік|акаунт|id:|"
    r"usuario|usuário|cuenta|conta|canal|al|por|kanal|hesap|hesabı|adres|kullanıcı adı|unter|auf|su|op|profiel|profil|"
    r"compte|sur|pseudo|sous|حساب|حسابنا|على|عالـ|قناة|القناة|يوزر|آیدی|ایدی|پیج|کانال|آی دی|आईडी|पर|akun|di|kênh|trang"
)
_LINK: Final = re.compile(
    rf"(?:[ :=\-–—>→.،,;|/*~·「『【(\[“\"'》«👉➡⬇☞🆔💬📲📩💌❤♥]|(?P<id>(?<![a-z])(?:{_ID_WORDS})(?![a-z]))){{0,7}}(?P<at>@ ?)?"
)
_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9._]{2,31}(?:-[a-z0-9._]{2,20}){0,2}")
_SPACED: Final = re.compile(r"(?:[a-z0-9_] ){4,30}[a-z0-9_](?![a-z0-9_])")
_HANDLE_NEXT: Final = re.compile(r" ?[:@+]| ?\(?(?:8|7) ?\(?9")
_LOCAL_NAME: Final = re.compile(r"[가-힣]{2,10}")
_PRODUCT_LINE: Final = re.compile(
    r"(?:product|on|first|second|in|of|the|clothing|fishing|a|new|full|top|each|this|that|dress|waist|bottom|sub|air|"
    r"collection|zip|last|fall|your|by|straight|clothes|washing|dotted|fine|dead|time|base|neck|premium|luxury) $"
)


def find_words(page: Page) -> list[Word]:
    """Channel, call, contact, code and unit words, by their start."""
    words = [Word(found.item, found.start, found.end) for found in _book().find(page)]
    return sorted((word for word in words if _means_it(page, word)), key=lambda word: (word.start, -word.end))


def find_handles(page: Page, words: list[Word]) -> Iterator[Handle]:
    """A handle for each channel word that one follows; the nearest channel word has it."""
    text = page.written() if words else ""
    for at, word in enumerate(words):
        if word.kind in _CHANNELS:
            handle = _handle_after(text, word)
            if handle and not any(
                other.kind in _CHANNELS and word.end <= other.start < handle.start
                for other in words[at + 1 : at + 6]
            ):
                yield handle


def _handle_after(text: str, word: Word) -> Handle | None:
    link = _LINK.match(text, word.end, word.end + 40)
    if not link:
        return None
    spaced = _SPACED.match(text, link.end(), link.end() + 64)
    if spaced:
        value = spaced.group().replace(" ", "")
        return None if value.isdigit() else Handle(word.kind, value, link.end(), spaced.end())
    token = _TOKEN.match(text, link.end(), link.end() + 80)
    if token:
        return _handle(text, word, link, token)
    return _korean_name(text, word, link)


def _handle(text: str, word: Word, link: re.Match[str], token: re.Match[str]) -> Handle | None:
    value = token.group().rstrip("._")
    joined = link.group()
    if link.end() == word.end and word.end - word.start < 3 and text[word.end - 1].isascii():
        return None
    if value.isdigit() or len(value) < 3 or value in _plain_words() or _goes_on(text, token.end()):
        return None
    pointed = bool(link["at"]) or ":" in joined or "id" in joined or "号" in joined
    marked = any(char.isdigit() or char in "_." for char in value)
    foreign = (
        not text[max(word.start - 6, 0) : word.start].strip().isascii()
        or not text[word.start : word.end].isascii()
    )
    shaped = marked and not re.fullmatch(r"\d+[a-z]{1,4}|[\d.]+|[a-z]{1,3}\d{1,2}", value)
    if not (pointed and (len(value) >= 4 or link["at"])) and not shaped and not (foreign and len(value) >= 5):
        return None
    return Handle(word.kind, value, link.end(), link.end() + len(value))


def _korean_name(text: str, word: Word, link: re.Match[str]) -> Handle | None:
    """KakaoTalk channels have Korean names: '카톡채널 동네약사'."""
    named = "채널" in text[word.start : link.end()] or "오픈" in text[word.start : word.end]
    if word.kind != "kakaotalk" or not named or link.end() == word.end:
        return None
    name = _LOCAL_NAME.match(text, link.end())
    if not name or name.group().startswith(
        ("추가", "문의", "으로", "에서", "주세요", "링크", "검색", "에", "로", "입장", "방")
    ):
        return None
    return Handle(word.kind, name.group(), name.start(), name.end())


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1] == "@" or text[end : end + 3] == "://"


def _means_it(page: Page, word: Word) -> bool:
    """'line' is a messenger in capitals or before a colon, 'id', '@'; never in 'product line'."""
    shown = page.text[word.start : word.end]
    if shown == "max":
        return _HANDLE_NEXT.match(page.text, word.end) is not None  # a messenger, but also "Air Max 90"
    if shown.strip(" :@") == "line":
        surface = page.surface(word.start, word.end)
        before = page.text[max(word.start - 12, 0) : word.start]
        if not before.isascii():
            return True
        if _PRODUCT_LINE.search(before) and not surface.startswith("LINE"):
            return False
        return (
            surface.startswith("LINE")
            or re.match(r" ?(?:id|@|:)", page.text[word.end : word.end + 4]) is not None
            or (shown != "line")
        )
    return True


@cache
def _book() -> PatternBook[str]:
    rows = read_rows("channels.tsv", columns=("kind", "lang", "word", "source"))
    return PatternBook(Pattern(row["word"], row["lang"], row["kind"], digits=True) for row in rows)


@cache
def _plain_words() -> frozenset[str]:
    """Words that follow a messenger's name without being a handle: "WhatsApp only", "telegram group"."""
    return frozenset(row["word"] for row in read_rows("not_handles.tsv", columns=("word", "source")))
