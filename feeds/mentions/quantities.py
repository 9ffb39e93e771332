"""Counts of goods and of people: "4,000 fake handbags", "1500点", "5 Verdächtige", with what was counted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.mentions.numbers import numbers_in
from feeds.records import Quantity
from feeds.scan import Scanner
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from feeds.mentions.passages import Passage
    from feeds.scan import WordHit

__all__ = ["find_quantities"]

_REACH: Final = 34
_MOST: Final = 30
_COUNTER: Final = re.compile(
    r"\s?(?:余|多|余り|여)?\s?(?:双|雙|件|个|個|瓶|箱|只|隻|台|部|块|塊|盒|支|条|條|批|吨|噸|万件|点|足|枚|本|袋|점|개|켤레|병|벌|대|정|상자|건|"
    r"ชิ้น|คู่|ใบ|ขวด|กล่อง|เรือน|อัน|ตัว|เครื่อง|รายการ)"
)
_PEOPLE: Final = re.compile(
    r"\s?(?:人|名|명|คน|ราย|people|persons?|men|women|suspects?|sellers?|defendants?|arrests?|personas|detenid[oa]s|pessoas|suspeitos|"
    r"personnes|suspects|personen|verdächtige|verdachtige|verdachten|persone|osób|osoby|podejrzanych|человек|подозреваемых|осіб|kişi|şüpheli|zanlı|"
    r"orang|tersangka|đối tượng|người|bị can|bị cáo|أشخاص|اشخاص|متهمين|متهما|लोग|लोगों|आरोपी|आरोपियों|نفر|متهم)"
)
_COUNTED: Final = re.compile(
    r"\s?(?:\w+ ){0,2}(?:businesses|merchants|shops|stores|orders|websites|domains|cases|listings|accounts|stalls|boxes|pairs|pieces|units|"
    r"cartons|containers|parcels|packages|bottles|unidades|piezas|pares|peças|unités|pièces|paires|articles|stück|paar|pezzi|paia|stuks|sztuk|par|"
    r"штук|пар|единиц|пар|adet|çift|buah|pasang|unit|botol|chiếc|đôi|sản phẩm|hộp|chai|قطعة|عبوة|زوج|नग|पीस|جفت|عدد|عدل)(?![^\W_])"
)
_BREAK: Final = re.compile(r"[.;:!?。；！？\n]|, ")
_UNIT: Final = re.compile(
    r"\s?(?:%|percent|per cent|por ciento|por cento|prozent|процент|km|kg|°|ml|mm|cm|gb|:\d|[-/]\d|st\b|nd\b|rd\b|th\b)"
)


def find_quantities(passage: Passage, *, taken: Collection[tuple[int, int]] = ()) -> list[Quantity]:
    """Counts in order; ``taken`` are the places of amounts and dates, which are none."""
    goods = _goods().find_flat(passage.folded, passage.langs)
    found: list[Quantity] = []
    for number in numbers_in(passage):
        if any(number.start < end and start < number.end for start, end in taken):
            continue
        if number.value < 1 or _UNIT.match(passage.folded, number.end):
            continue
        end = _counted(passage, number.end, goods)
        if end and not (
            1900 <= number.value <= 2050 and not number.multiplied and not _close(passage, number.end)
        ):
            words = passage.text[number.end : end].strip()
            people = _PEOPLE.match(passage.folded, number.end)
            found.append(
                Quantity(
                    value=number.value,
                    of="people" if people else words,
                    evidence=passage.evidence(number.start, end),
                )
            )
        if len(found) == _MOST:
            break
    return found


def _close(passage: Passage, at: int) -> bool:
    return bool(_COUNTER.match(passage.folded, at) or _PEOPLE.match(passage.folded, at))


def _counted(passage: Passage, at: int, goods: Sequence[WordHit]) -> int:
    """Where the name of what is counted ends, 0 if nothing is."""
    people = _PEOPLE.match(passage.folded, at)
    if people:
        return people.end()
    counter = _COUNTER.match(passage.folded, at)
    reach = 14 if counter else _REACH
    base = counter.end() if counter else at
    for hit in goods:
        start, end = hit.start, hit.end
        if base <= start <= base + reach and not _BREAK.search(passage.folded[base:start]):
            return end
    plain = _COUNTED.match(passage.folded, at)
    return counter.end() if counter else plain.end() if plain else 0


@lru_cache(maxsize=1)
def _goods() -> Scanner:
    return Scanner(
        (row["lang"], "goods", row["patterns"])
        for row in read_words("relevance.tsv")
        if row["class"] == "goods"
    )
