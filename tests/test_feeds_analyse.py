"""What an article names: parties, courts, dockets, money, dates, doubts, each with the words that say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from feeds_articles import analysed, analyser, article, cases

from feeds.mentions.dockets import docket_key

if TYPE_CHECKING:
    from feeds.records import Analysis, Item

NEWS = Path("../shared/data/news")


def evidence_of(analysis: Analysis) -> list[tuple[str, int, int, str]]:
    named = (
        *analysis.brands, *analysis.parties, *analysis.places, *analysis.quantities, *analysis.amounts,
        *analysis.dates, *analysis.dockets,
    )  # fmt: skip
    found = [one.evidence for one in named if one.evidence is not None] + list(analysis.reasons)
    return [(one.field, one.start, one.end, one.text) for one in found]


def assert_slices(item: Item, analysis: Analysis) -> None:
    texts = {"title": item.title, "text": item.text}
    for field, start, end, text in evidence_of(analysis):
        assert texts[field][start:end] == text


# --- the badly translated article ----------------------------------------------------------------


@pytest.fixture(scope="module")
def kering() -> tuple[Item, Analysis]:
    path = NEWS / "alibaba_kering_article.txt"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    text = path.read_text("utf-8")
    title = text.split("\n\n")[1].strip()
    item = article(title, text, "en", day="2014-08-12")
    return item, analyser().analyse(item)


def test_the_translated_article_is_a_withdrawal_against_some_defendants(
    kering: tuple[Item, Analysis],
) -> None:
    item, analysis = kering
    assert analysis.relevant
    assert analysis.kind == "withdrawn_some"
    assert (analysis.court, analysis.jurisdiction) == ("New York", "US")
    assert_slices(item, analysis)


def test_the_translated_article_names_both_sides_and_the_brands(kering: tuple[Item, Analysis]) -> None:
    _, analysis = kering
    sides = {(one.name, one.side) for one in analysis.parties}
    assert sides == {("Gucci", "plaintiff"), ("Kering", "plaintiff"), ("Alibaba Group", "defendant")}
    brands = {one.brand for one in analysis.brands}
    assert brands == {"Gucci", "Yves Saint Laurent", "Bottega Veneta", "Balenciaga", "Kering"}
    assert "back_form" in {one.how for one in analysis.brands if one.brand == "Kering"}


def test_the_translated_article_gives_prices_dates_and_doubt(kering: tuple[Item, Analysis]) -> None:
    _, analysis = kering
    prices = {(one.value, one.high, one.currency, one.meaning) for one in analysis.amounts if not one.doubt}
    assert (2.0, 5.0, "USD", "price_fake") in prices
    assert (795.0, None, "USD", "price_genuine") in prices
    [huge] = [one for one in analysis.amounts if one.value > 1e9]
    assert huge.doubt
    assert huge.currency != "USD"
    assert set(analysis.doubts) == {"machine_translated", "implausible_figure"}
    filed = [one.value.isoformat() for one in analysis.dates if one.meaning == "filed"]
    assert filed == ["2014-07-09"]


def test_the_translated_article_gives_nothing_that_it_must_not(kering: tuple[Item, Analysis]) -> None:
    item, analysis = kering
    expected = json.loads((NEWS / "alibaba_kering_expected.json").read_text("utf-8"))
    names = {one.name.lower() for one in analysis.parties} | {one.brand.lower() for one in analysis.brands}
    assert not any("cloud" in name or "jajzbbod" in name for name in names)
    assert analysis.kind not in {"dismissal", "partial_dismissal"}
    form = item.text.index("Leave a Reply")
    assert all(start < form for field, start, _, _ in evidence_of(analysis) if field == "text")
    assert len(expected["facts"]["must_not"]) == 5


# --- tables of rules -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1:14-cv-05119-PKC", "14 Civ. 5119 (PKC)"),
        ("2:22-CV-00983 (VEC)", "22-cv-983"),
        ("C-148/21", "C‑148/21"),
        ("(2019)最高法知民终12号", "（2019）最高法知民终12号"),
        ("CS(COMM) 123/2020", "CS (COMM) No. 123 of 2020"),
        ("[2016] EWHC 1271 (Ch)", "[2016]EWHC 1271 (Ch)"),
    ],
)
def test_spellings_of_one_docket_have_one_key(one: str, other: str) -> None:
    assert docket_key(one) == docket_key(other)


@pytest.mark.parametrize(
    ("lang", "text", "key", "jurisdiction"),
    [
        ("en", "Filed as 1:22-cv-00983 in Manhattan federal court.", "us:22-cv-983", "US"),
        ("de", "Der EuGH entschied in der Rechtssache C-148/21.", "eu:C-148/21", "EU"),
        ("en", "The London High Court ruled in [2016] EWHC 1271 (Ch).", "uk:[2016]ewhc1271(ch)", "GB"),
        ("zh", "法院作出（2014）浦民三（知）初字第1131号民事判决。", "cn:(2014)浦民三(知)初字1131号", "CN"),
        ("en", "In CS(COMM) 123/2020 the Delhi High Court restrained it.", "in:cscomm-123/2020", "IN"),
        ("ko", "서울중앙지법 2020가합12345 사건", "kr:2020가합12345", "KR"),
        (
            "en",
            "See Tiffany (NJ) Inc. v. eBay Inc., 600 F.3d 93 (2d Cir. 2010).",
            "us-reporter:600f3d93",
            "US",
        ),
    ],
)
def test_dockets_give_their_system(lang: str, text: str, key: str, jurisdiction: str) -> None:
    analysis = analysed("Trademark case", text, lang)
    assert key in [one.key for one in analysis.dockets]
    if not key.startswith("us-reporter"):
        assert analysis.jurisdiction == jurisdiction


@pytest.mark.parametrize(
    ("lang", "text", "value", "currency", "meaning"),
    [
        ("en", "Fake bags worth $1.2 million were seized.", 1.2e6, "USD", "seized_value"),
        ("en", "The court ordered it to pay £250,000 in damages.", 250_000, "GBP", "damages"),
        ("zh", "涉案金额约1200万元。", 1.2e7, "CNY", "seized_value"),
        ("ja", "正規品なら約1億円相当という。", 1e8, "JPY", "price_genuine"),
        ("ko", "정품 시가 45억원어치로 추산된다.", 4.5e9, "KRW", "seized_value"),
        ("es", "El valor superaría los 1,2 millones de euros.", 1.2e6, "EUR", "seized_value"),
        ("pt", "A loja vai indenizar a marca em R$ 80 mil.", 80_000, "BRL", "damages"),
        ("fr", "La valeur est estimée à 130 000 euros.", 130_000, "EUR", "seized_value"),
        ("de", "Der Warenwert läge bei 700.000 Euro.", 700_000, "EUR", "seized_value"),
        ("it", "Per un valore di 4 milioni di euro.", 4e6, "EUR", "seized_value"),
        ("nl", "De winkelwaarde is € 1,5 miljoen.", 1.5e6, "EUR", "seized_value"),
        ("pl", "Wartość towaru to 6 mln zł.", 6e6, "PLN", "seized_value"),
        ("ru", "Ущерб оценили в 9 млн рублей.", 9e6, "RUB", "seized_value"),
        ("uk", "Ринкова вартість сягає 10 млн грн.", 1e7, "UAH", "seized_value"),
        ("tr", "Piyasa değeri 45 milyon lira.", 4.5e7, "TRY", "seized_value"),
        ("ar", "قدرت قيمة البضائع بنحو 4 ملايين درهم", 4e6, "AED", "seized_value"),
        ("hi", "कीमत 2 करोड़ रुपये बताई गई।", 2e7, "INR", "seized_value"),
        ("id", "Barang senilai Rp 3,2 miliar disita.", 3.2e9, "IDR", "seized_value"),
        ("vi", "Lô hàng trị giá khoảng 400 triệu đồng.", 4e8, "VND", "seized_value"),
        ("th", "มูลค่ากว่า 20 ล้านบาท", 2e7, "THB", "seized_value"),
        ("fa", "ارزش محموله ۱۰ میلیارد تومان برآورد شد", 1e10, "IRT", "seized_value"),
    ],
)
def test_amounts_have_currency_and_meaning(  # noqa: PLR0917 - one column of the table each
    lang: str, text: str, value: float, currency: str, meaning: str
) -> None:
    [amount] = analysed("", text, lang).amounts
    assert (amount.value, amount.currency, amount.meaning) == (value, currency, meaning)


@pytest.mark.parametrize(
    ("lang", "text", "when", "how"),
    [
        ("en", "They were seized on July 9 in Newark.", "2014-07-09", "year_from_item"),
        ("en", "Officers seized them on December 30.", "2013-12-30", "year_from_item"),
        ("en", "Customs said on Friday that they seized shoes.", "2014-08-08", "weekday"),
        ("vi", "Ngày 23/6, Đội QLTT thu giữ túi giả.", "2014-06-23", "year_from_item"),
        ("zh", "7月9日，海关查获假包。", "2014-07-09", "year_from_item"),
        ("th", "วันที่ 9 กรกฎาคม 2557 ยึดรองเท้าปลอม", "2014-07-09", "stated"),
        ("ja", "平成26年7月9日、偽物を差し止めた。", "2014-07-09", "stated"),
        ("de", "Der Zoll beschlagnahmte sie am 9. Juli 2014.", "2014-07-09", "stated"),
        ("ru", "Вчера таможня изъяла духи.", "2014-08-11", "relative"),
        ("es", "Ayer se incautaron bolsos.", "2014-08-11", "relative"),
    ],
)
def test_the_day_of_the_news_and_how_it_is_known(lang: str, text: str, when: str, how: str) -> None:
    analysis = analysed("", text, lang, day="2014-08-12")
    assert analysis.event_date is not None
    assert (analysis.event_date.isoformat(), analysis.event_how) == (when, how)


def test_a_text_posted_again_years_later_keeps_its_own_year() -> None:
    text = "Ngày 23/6, lực lượng chức năng thu giữ túi giả. Trước đó, ngày 20/5/2019, cơ sở này đã bị phạt."
    analysis = analysed("", text, "vi", day="2022-03-01")
    assert analysis.event_date is not None
    assert (analysis.event_date.isoformat(), analysis.event_how) == ("2019-06-23", "year_from_text")


@pytest.mark.parametrize(
    ("lang", "title", "plaintiff", "defendant"),
    [
        ("en", "Nike sues StockX over sneaker tokens", "Nike", "StockX"),
        ("en", "Chanel wins verdict against What Goes Around Comes Around", "Chanel", "What Goes Around Comes Around"),
        ("zh", "开云集团诉阿里巴巴案达成和解", "Kering", "Alibaba Group"),
        ("ko", "나이키, 쿠팡 상대로 상표권 소송 제기", "Nike", "Coupang"),
        ("fr", "Chanel attaque Amazon en justice", "Chanel", "Amazon"),
        ("ru", "Adidas подал в суд на Wildberries", "adidas", "Wildberries"),
        ("id", "Eiger gugat Tokopedia atas pelanggaran merek", "Eiger", "Tokopedia"),
        ("th", "Nike ฟ้อง Shopee ละเมิดเครื่องหมายการค้า", "Nike", "Shopee"),
        ("ar", "شانيل ترفع دعوى ضد أمازون", "Chanel", "Amazon"),
    ],
)  # fmt: skip
def test_the_order_around_a_verb_tells_the_sides(
    lang: str, title: str, plaintiff: str, defendant: str
) -> None:
    sides = {(one.name, one.side) for one in analysed(title, "", lang).parties}
    assert sides == {(plaintiff, "plaintiff"), (defendant, "defendant")}


def test_a_marketplace_that_sues_sellers_is_no_defendant() -> None:
    sides = {
        (one.name, one.side)
        for one in analysed("Amazon sues dozens of sellers over fake Gucci belts").parties
    }
    assert sides == {("Amazon", "plaintiff")}


def test_a_cloud_firm_is_not_taken_for_a_luxury_group() -> None:
    analysis = analysed(
        "Open Cloud Group launches new servers", "The cloud group will sell storage to banks."
    )
    assert analysis.brands == ()
    assert analysis.doubts == ()


def test_counts_of_goods_are_found_and_money_and_years_are_not() -> None:
    text = "Officers seized 4,000 fake handbags and 1,250 pairs of shoes worth $2 million in 2023."
    counted = {(one.value, one.of) for one in analysed("", text).quantities}
    assert counted == {(4000.0, "fake handbags"), (1250.0, "pairs of shoes")}


def test_evidence_slices_back_in_every_language() -> None:
    for row in cases():
        item = article(row["title"], row["text"], row["lang"], day="2026-03-05")
        assert_slices(item, analyser().analyse(item))


@pytest.mark.parametrize(
    "title", ["", "\x00", "€" * 3000, "1" * 5000, "٣" * 800, "🙂" * 900, "ﬁ" * 500, "$" * 400]
)
def test_strange_texts_give_a_record_and_no_error(title: str) -> None:
    item = article(title, title * 3)
    assert_slices(item, analyser().analyse(item))
