"""Cue phrases with numbers and of many markets, and what denies them."""

from __future__ import annotations

import pytest

from nlp.letters import Page
from nlp.patterns import Pattern, PatternBook
from nlp.phrases import Lexicon


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nike tees, carton of 48 pcs", "carton of 48 pcs"),
        ("carton of 1,200 pcs", "carton of 1,200 pcs"),
        ("carton of many pcs", ""),
        ("carton of 48", ""),
    ],
)
def test_a_hash_in_a_phrase_stands_for_any_number(text, found):
    page = Page.of(text)
    book = PatternBook([Pattern("carton of # pcs", "en", "wholesale")])
    assert "".join(text[slice(*page.span(hit.start, hit.end))] for hit in book.find(page)) == found


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Сумки от 10 шт, шоурумам скидка", "wholesale_offer"),
        ("Gömlek, min 24 adet", "wholesale_offer"),
        ("Kaos bola minimal 12 pcs", "wholesale_offer"),
        ("タグと箱あり、シリアル削ってあります", "provenance_evasion"),
        ("barcode jangan discan ya", "provenance_evasion"),
        ("logo va aparte en bolsita", "provenance_evasion"),
        ("मार्का कंपनी का, डिब्बा छपा हुआ, स्कैन मत करना", "provenance_evasion"),
        ("кроссовки точь-в-точь, никто не отличит", "replica_claim"),
        ("torebka kropka w kropkę", "replica_claim"),
        ("túi y xì store, không phân biệt được", "replica_claim"),
        ("가방 정품이랑 같은 가죽, 구별 안 가요", "replica_claim"),
        ("กระเป๋าแยกไม่ออก เหมือนห้าง", "replica_claim"),
    ],
)
def test_phrases_of_each_market_are_found(lexicon, text, cue):
    assert cue in {hit.cue for hit in lexicon.find(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Genuine bag, no replicas please",
        "これはコピーではありません",
        "не реплика, чек есть",
        "AAA batteries, pack for remote",
        "Mirror with oak frame",
    ],
)
def test_honest_words_carry_no_replica_claim(lexicon, text):
    assert "replica_claim" not in {hit.cue for hit in lexicon.find(text)}
