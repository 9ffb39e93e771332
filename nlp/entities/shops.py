"""Sellers that a text names: handles (@shop, "by @x") and shop names after a word for shop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["SellerMatch", "find_sellers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerMatch:
    """A seller at ``start:end`` of the original text; ``value`` in lower case, a handle without its @."""

    kind: Literal["handle", "shop"]
    value: str
    start: int
    end: int


_HANDLE: Final = re.compile(
    r"(?<![\w.@/])[@＠] ?([a-z0-9][a-z0-9._]{1,31}(?:-[a-z0-9._]{2,20})?)(?![a-z0-9@])", re.IGNORECASE
)
_WORDS: Final = (
    r"shop(?: name)?|store(?: name)?|seller|sold by|boutique|tienda|vendedor|loja|vendedora|vendeur|verkäufer|laden|negozio|"
    r"venditore|winkel|verkoper|sklep|sprzedawca|магазин|продавец|продавець|крамниця|mağaza|mağazası|satıcı|dükkan|متجر|محل|"
    r"البائع|فروشگاه|فروشنده|दुकान|विक्रेता|स्टोर|toko|penjual|lapak|cửa hàng|người bán|tiệm|ร้าน|店名|店铺|店舖|本店|ショップ名|"
    r"ショップ|お店|出品者|상호|상점|가게|샵|판매자|店铺名|卖家"
)
_QUOTED: Final = re.compile(
    rf"(?<!\w)(?:{_WORDS})\s?[:：=]?\s?[\"“«„「『【‹']([^\"”»“」』】›'\n]{{2,40}})[\"”»“」』】›']",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    rf"(?<!\w)(?:{_WORDS})\s?[:：=]\s?([^\n,.;|!?。，、！？()（）]{{2,40}})", re.IGNORECASE
)
_CAPITAL: Final = re.compile(
    r"(?<!\w)(?:[Тт]иенда|[Tt]ienda|[Ll]oja|[Bb]outique|[Nn]egozio|[Мм]агазин|[Mm]ağaza|[Ss]klep|[Tt]oko|[Ss]hop)\s"
    r"([A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐİŞĞ][\w'&-]{1,24}(?:\s[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐİŞĞ][\w'&-]{1,24}){0,2})"
)
_FREE_NAME: Final = re.compile(
    r"(?:店名|店铺名|ショップ名|상호명?|ร้าน)\s?(?:叫|是|は|:|：)?\s?([\w&'·-]{2,24})"
)


def find_sellers(text: str) -> list[SellerMatch]:
    """Sellers of ``text`` in order, none inside another."""
    found = [
        SellerMatch(
            kind="handle",
            value=match.group(1).rstrip("._").lower(),
            start=match.start(),
            end=match.start(1) + len(match.group(1).rstrip("._")),
        )
        for match in _HANDLE.finditer(text)
        if not match.group(1).isdigit()
    ]
    for pattern in (_QUOTED, _NAMED, _CAPITAL, _FREE_NAME):
        found.extend(_shop(match) for match in pattern.finditer(text) if match.group(1).strip(" @＠"))
    kept: list[SellerMatch] = []
    for item in sorted(found, key=lambda one: (one.start, one.start - one.end)):
        if not kept or item.start >= kept[-1].end:
            kept.append(item)
    return kept


def _shop(match: re.Match[str]) -> SellerMatch:
    name = match.group(1)
    shown = name.strip()
    start = match.start(1) + name.index(shown)
    return SellerMatch(kind="shop", value=shown.lower().lstrip("@＠"), start=start, end=start + len(shown))
