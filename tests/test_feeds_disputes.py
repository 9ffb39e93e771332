"""Lawsuits of brands count as enforcement of their marks unless something says what else they are about; parties by name."""

from __future__ import annotations

import pytest
from feeds_articles import analysed


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Cartier drops claims against Markethall"),
        ("en", "Jury orders Trendmax to pay Burberry $4 million"),
        ("en", "Judge dismisses part of Lacoste's complaint"),
        ("de", "Lacoste zieht gegen Textilkette Modano vor Gericht"),
        ("zh", "新百伦起诉广州锐风鞋业"),
        ("ko", "나이키가 솔레스테드를 상대로 소송"),
        ("ja", "グッチがマルケティアを提訴"),
    ],
)
def test_a_brand_as_plaintiff_makes_a_lawsuit_relevant(lang: str, title: str) -> None:
    assert analysed(title, "", lang).relevant


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("en", "Nike sued by former store staff over unpaid breaks", ""),
        ("en", "Nike sues its former sponsor over a contract", ""),
        ("en", "Jury orders Adidas to pay designer $4 million", ""),
        ("en", "Samsung appeals verdict", "The jury had found that its phones infringe three patents."),
        ("de", "Adidas klagt gegen Finanzamt", "Es geht um Steuern aus dem Jahr 2019."),
        ("zh", "苹果公司被员工起诉", ""),
    ],
)
def test_other_lawsuits_of_brands_are_not_relevant(lang: str, title: str, text: str) -> None:
    assert not analysed(title, text, lang).relevant


@pytest.mark.parametrize(
    ("lang", "title", "plaintiff", "defendant"),
    [
        ("en", "Puma sues Spanish shoemaker Calzados Rivera", "Puma", "Calzados Rivera"),
        ("en", "Puma Sues Spanish Shoemaker Calzados Rivera Over Stripe", "Puma", "Calzados Rivera"),
        ("en", "Jury orders Trendmax to pay Burberry $4 million", "Burberry", "Trendmax"),
        ("zh", "新百伦起诉广州锐风鞋业", "New Balance", "广州锐风鞋业"),
        ("ja", "バーバリー、制服メーカーの坂本被服を提訴", "Burberry", "坂本被服"),
        ("ko", "나이키가 솔레스테드를 상대로 소송", "Nike", "솔레스테드"),
        ("th", "อาดิดาสฟ้องบริษัท สปอร์ตไลน์ ละเมิดเครื่องหมายการค้า", "adidas", "สปอร์ตไลน์"),
    ],
)
def test_parties_that_no_table_knows_are_named(lang: str, title: str, plaintiff: str, defendant: str) -> None:
    parties = {one.name: one.side for one in analysed(title, "", lang).parties}
    assert parties == {plaintiff: "plaintiff", defendant: "defendant"}


def test_who_is_sued_is_no_plaintiff() -> None:
    parties = {one.name: one.side for one in analysed("Nike sued by StockX over resale limits").parties}
    assert parties == {"Nike": "defendant", "StockX": "plaintiff"}


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Milan court orders fake Gucci bags destroyed"),
        ("en", "Fake Prada bags sold near Milan market"),
        ("ru", "В Туле изъяли поддельные кроссовки Nike"),
    ],
)
def test_a_town_is_no_brand(lang: str, title: str) -> None:
    assert {one.brand for one in analysed(title, "", lang).brands} <= {"Gucci", "Prada", "Nike"}
