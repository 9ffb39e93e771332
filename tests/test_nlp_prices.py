"""Prices in every notation, whose price it is, and how it compares with the genuine article's."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.errors import ConfigError
from nlp.prices import Currencies, DumpMedians, PriceReader, References, find_prices, parse_amount
from nlp.records import Listing

# One cell a line: text | low | high (empty: the same) | currency.
CELLS = """
1.299,00 €|1299||EUR
¥1,299|1299||JPY
￥199.00|199||CNY
Rp 1.299.000|1299000||IDR
Rp1.299.000,-|1299000||IDR
1 299 ₽|1299||RUB
1\u202f299,50 ₽|1299.5||RUB
PRICE 450+SHIPPING|450||
2-5 USD|2|5|USD
$2-5|2|5|USD
$2 - $5|2|5|USD
$2 to $5|2|5|USD
US$ 12.50|12.5||USD
US$12.50|12.5||USD
12.50 US$|12.5||USD
USD 1,299.00|1299||USD
USD1299|1299||USD
RM 7.25|7.25||MYR
RM725|725||MYR
12k|12000||
1.2 jt|1200000||IDR
1,2 juta|1200000||IDR
500rb|500000||IDR
500 ribu|500000||IDR
1 jt 200 rb|1200000||IDR
1tr2|1200000||VND
1tr250|1250000||VND
850 nghìn|850000||VND
350k|350000||
350k vnđ|350000||VND
3 triệu|3000000||VND
1.5万|15000||
1万2千円|12000||JPY
1万2000円|12000||JPY
12,800円|12800||JPY
１２，８００円|12800||JPY
5만원|50000||KRW
3만5천원|35000||KRW
₩35,000|35000||KRW
35,000원|35000||KRW
15 lakh|1500000||INR
₹1,299/-|1299||INR
₹1,29,999|129999||INR
Rs. 1,299|1299||INR
Rs 1299/-|1299||INR
1’299.-|1299||
CHF 1'299.00|1299||CHF
1'299.50 CHF|1299.5||CHF
HK$ 300|300||HKD
NT$1,200|1200||TWD
R$ 1.299,90|1299.9||BRL
MX$ 450|450||MXN
S$ 45|45||SGD
A$45|45||AUD
C$45.99|45.99||CAD
NZ$45|45||NZD
S/ 120|120||PEN
AED 300|300||AED
300 AED|300||AED
Dhs 300|300||AED
SAR 45|45||SAR
د.إ 300|300||AED
٣٠٠ د.إ|300||AED
١٢٣ ر.س|123||SAR
١٬٢٣٤٫٥ ر.س|1234.5||SAR
۱۲۳٬۰۰۰ تومان|1230000||IRR
۲٫۵ میلیون تومان|25000000||IRR
۱۲۳٬۰۰۰ ریال|123000||IRR
١٥٠ ريال|150||SAR
१,२९९ रुपये|1299||INR
๑,๒๙๙ บาท|1299||THB
฿450|450||THB
5,800 baht|5800||THB
450 บาท|450||THB
450.000đ|450000||VND
450.000 vnđ|450000||VND
450.000 ₫|450000||VND
€45,-|45||EUR
45,- €|45||EUR
450:-|450||
€1.299|1299||EUR
€1.29|1.29||EUR
€1,29|1.29||EUR
€1,299|1299||EUR
€ 1 299|1299||EUR
1.234.567,89 €|1234567.89||EUR
1,234,567.89|1234567.89||
0.99 €|0.99||EUR
0,99 €|0.99||EUR
450 kr|450||
45 zł|45||PLN
1 299,00 zł|1299||PLN
45₴|45||UAH
3 500 грн|3500||UAH
1.250₺|1250||TRY
1.250,50 TL|1250.5||TRY
100 TL|100||TRY
5 тыс. руб|5000||RUB
5 т.р.|5000||RUB
5к руб|5000||RUB
3500р|3500||RUB
3500 р.|3500||RUB
3500 рублей|3500||RUB
от 500 до 1000 руб|500|1000|RUB
1-2k €|1000|2000|EUR
100~200元|100|200|CNY
100-200元|100|200|CNY
680元|680||CNY
RMB 680|680||CNY
680块|680||CNY
12.500 KWD|12.5||KWD
0.015 BTC|0.015||BTC
12 mBTC|0.012||BTC
$20 USD|20||USD
450$|450||USD
450 $|450||USD
£25|25||GBP
25 GBP|25||GBP
৳500|500||BDT
₦55,000|55000||NGN
KSh 4,500|4500||KES
₪120|120||ILS
120 ש״ח|120||ILS
120 lei|120||RON
12 990 Ft|12990||HUF
1 290 Kč|1290||CZK
₸12 000|12000||KZT
₱1,299|1299||PHP
1.5 crore|15000000||INR
2 ล้าน|2000000||
78,73 \x80|78.73||EUR
20€ 30€|20||EUR
Was $50, now $30|50||USD
1299|1299||
1299.99|1299.99||
1,299|1299||
12.3456|12.3456||
0|0||
free|0||
бесплатно|0||
無料|0||
""".strip()
NO_AMOUNT = [
    "",
    "   ",
    "negotiable",
    "договорная",
    "-50",
    "-50 €",
    "1e30",
    "9" * 40,
    "nan",
    "inf",
    "€",
    "price on request",
]


@pytest.mark.parametrize("line", CELLS.splitlines())
def test_a_cell_is_read_in_its_notation(line):
    text, low, high, currency = line.split("|")
    amount = parse_amount(text)
    assert amount is not None
    assert (amount.low, amount.high, amount.currency) == (
        pytest.approx(float(low)),
        pytest.approx(float(high or low)),
        currency or None,
    )


@pytest.mark.parametrize("text", NO_AMOUNT)
def test_a_cell_without_amount_is_none(text):
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "hint", "currency"),
    [
        ("$ 450", "MXN", "MXN"),
        ("$450", "EUR", "USD"),
        ("¥1,299", "CNY", "CNY"),
        ("¥99", "JPY", "JPY"),
        ("450 kr", "SEK", "SEK"),
        ("450 kr", "DKK", "DKK"),
        ("1299", "EUR", "EUR"),
        ("45 €", "USD", "EUR"),
        ("Rs 300", "PKR", "PKR"),
        ("R450", "ZAR", "ZAR"),
        ("1'299.-", "CHF", "CHF"),
        ("350k", "VND", "VND"),
    ],
)
def test_a_shared_sign_is_read_by_the_hint(text, hint, currency):
    amount = parse_amount(text, currency=hint)
    assert amount is not None
    assert amount.currency == currency


# Text, then each expected mention as (words, high, role).
ROLES = [
    (
        "hi end 1:1, 5,800 baht, in the shop $2,700",
        [("5,800 baht", 5800, "asked"), ("$2,700", 2700, "genuine")],
    ),
    ("PRICE 450+SHIPPING", [("450", 450, "asked")]),
    ("Gucci canvas bag, $2-5, MOQ 2000", [("$2-5", 5, "asked")]),
    ("retail $2,700, asking $300", [("$2,700", 2700, "genuine"), ("$300", 300, "asked")]),
    ("$300 (retail $2,700)", [("$300", 300, "asked"), ("$2,700", 2700, "genuine")]),
    ("专柜价12800，现在只要680元", [("12800", 12800, "genuine"), ("680元", 680, "asked")]),
    ("定価 258,000円 → 15,800円", [("258,000円", 258000, "genuine"), ("15,800円", 15800, "asked")]),
    ("정가 450만원, 판매가 25만원", [("450만원", 4500000, "genuine"), ("25만원", 250000, "asked")]),
    ("PVP 450€, lo vendo por 40€", [("450€", 450, "genuine"), ("40€", 40, "asked")]),
    ("Prix boutique 1 250 €, je vends 120 €", [("1 250 €", 1250, "genuine"), ("120 €", 120, "asked")]),
    ("UVP 120€, VB 45€", [("120€", 120, "genuine"), ("45€", 45, "asked")]),
    ("NP 899 €, jetzt 99 €", [("899 €", 899, "genuine"), ("99 €", 99, "asked")]),
    ("listino 890 €, chiedo 90 €", [("890 €", 890, "genuine"), ("90 €", 90, "asked")]),
    ("w sklepie 2000 zł, sprzedam za 150 zł", [("2000 zł", 2000, "genuine"), ("150 zł", 150, "asked")]),
    ("в магазине 45 000 ₽, отдам за 3 500 ₽", [("45 000 ₽", 45000, "genuine"), ("3 500 ₽", 3500, "asked")]),
    ("ราคา 1,290 บาท ตัวจริง 45,000", [("1,290 บาท", 1290, "asked"), ("45,000", 45000, "genuine")]),
    ("giá hãng 25tr, bên em 850k", [("25tr", 25e6, "genuine"), ("850k", 850000, "asked")]),
    ("harga asli 5jt, kami jual 350rb", [("5jt", 5e6, "genuine"), ("350rb", 350000, "asked")]),
    ("etiket fiyatı 12.000 TL, bizde 950 TL", [("12.000 TL", 12000, "genuine"), ("950 TL", 950, "asked")]),
    ("السعر الأصلي 2000 ريال، السعر 150 ريال", [("2000 ريال", 2000, "genuine"), ("150 ريال", 150, "asked")]),
    ("MRP ₹12,999 now ₹999/-", [("₹12,999", 12999, "genuine"), ("₹999/-", 999, "asked")]),
    ("de R$ 899 por R$ 99", [("R$ 899", 899, "genuine"), ("R$ 99", 99, "asked")]),
    ("~~$200~~ $50", [("$200", 200, "genuine"), ("$50", 50, "asked")]),
    ("worth $900, my price $60", [("$900", 900, "genuine"), ("$60", 60, "asked")]),
    ("free shipping on orders over $50", [("$50", 50, "other")]),
    ("$20 shipping", [("$20", 20, "other")]),
    ("$95 shipped", [("$95", 95, "asked")]),
    ("save $200 today", [("$200", 200, "other")]),
    ("Versand 4,50€, Preis 30€", [("4,50€", 4.5, "other"), ("30€", 30, "asked")]),
    ("运费10元，售价99元", [("10元", 10, "other"), ("99元", 99, "asked")]),
    ("size 42 120 €", [("120 €", 120, "asked")]),
    ("iPhone 15 Pro Max 256GB 5G 2024 model", []),
    ("Call 081-234-5678 or +86 138 0000 0000", []),
    ("size EUR 42, UK 8", []),
    ("25/26 Leeds United jersey S-4XL", []),
    ("10 pcs pack 3 x 5 cm, 50% off, 2.4 GHz, 5000 mAh, 100 ml", []),
    ("Richard Mille RM 011, bought 12/05/2023, 3 times used", []),
    ("销量1万+ 好评 100%", []),
    ("only 2 left, sale 50% off 3 items, now 4 colours", []),
    ("Ref. 116610LN, serial 8842013, year 2019, 12:30 to 18:00", []),
]


@pytest.mark.parametrize(("text", "expected"), ROLES)
def test_prices_in_text_are_found_with_their_role(text, expected):
    found = [(text[item.start : item.end], item.amount.high, item.role) for item in find_prices(text)]
    assert found == [(words, pytest.approx(high), role) for words, high, role in expected]


_PIECES = st.sampled_from(
    [
        "$",
        "€",
        " ",
        "1",
        "2.5",
        "1,299",
        "٣",
        "万",
        "k",
        "tr",
        "-",
        "RM",
        "retail",
        "价",
        "円",
        "\u202f",
        "İ",
        "ß",
        "๑",
        "円",
        "💲",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=30).map("".join)))
def test_any_text_gives_ordered_mentions_that_slice_back(text):
    end = 0
    for item in find_prices(text):
        assert end <= item.start < item.end <= len(text)
        assert any(char.isdecimal() for char in text[item.start : item.end])
        assert 0 < item.amount.low <= item.amount.high
        end = item.end
    amount = parse_amount(text)
    assert amount is None or 0 <= amount.low <= amount.high


def _in(value: float, group: str, point: str) -> str:
    return f"{value:,.2f}".replace(",", "\0").replace(".", point).replace("\0", group)


@given(
    st.integers(min_value=1, max_value=10**11).map(lambda cents: cents / 100),
    st.sampled_from(
        [
            (",", ".", "${}", "USD"),
            (".", ",", "{} €", "EUR"),
            ("\u202f", ",", "{} ₽", "RUB"),
            ("'", ".", "CHF {}", "CHF"),
        ]
    ),
)
def test_a_formatted_amount_is_read_back(value, locale):
    group, point, template, currency = locale
    amount = parse_amount(template.format(_in(value, group, point)))
    assert amount is not None
    assert amount.low == pytest.approx(value, abs=0.001)
    assert amount.currency == currency


@pytest.mark.parametrize(
    "piece", ["1 ", "1,", "1-", "¥1 ", "1万", "1k", "$", "price ", "9", "$1 retail ", "~", "1.1.", "بـ"]
)
def test_hostile_texts_take_linear_time(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece)) + "5 €"
        start = time.process_time()
        find_prices(text)
        return time.process_time() - start

    seconds(2_000)
    assert seconds(80_000) < 16 * max(seconds(10_000), 0.02)


@pytest.fixture(scope="module")
def reader():
    return PriceReader(Currencies.load(), References.load())


def test_the_gucci_bag_of_the_lawsuit_is_far_too_cheap_and_the_genuine_one_is_not(reader):
    fake = reader.read(Listing(title="Gucci canvas bag, $2-5, MOQ 2000"), "Gucci")
    genuine = reader.read(Listing(title="Gucci canvas bag, $795"), "Gucci")
    assert fake.low
    assert fake.ratio < 0.01
    assert fake.field == "title"
    assert not genuine.low
    assert genuine.ratio > 0.3


LOW = [
    ("iPhone 15 Pro Max 512GB sealed", 110, "USD", "Apple", True),
    ("iPhone 15 Pro Max 256GB", 750, "USD", "Apple", False),
    ("case for iPhone 15 Pro Max", 3, "USD", "Apple", True),
    ("iPhone 15 Pro Max screen cracked, for parts", 110, "USD", "Apple", False),
    ("Rolex Submariner, all sizes, new", 180, "USD", "Rolex", True),
    ("Rolex Submariner 16610", 8900, "USD", "Rolex", False),
    ("Louis Vuitton 长款钱包 全新", 180, "CNY", "Louis Vuitton", True),
    ("Louis Vuitton empty box", 20, "EUR", "Louis Vuitton", False),
    ("Chanel perfume sample 2ml", 4, "EUR", "Chanel", False),
    ("Gucci dress size 8 years", 15, "EUR", "Gucci", False),
    ("Nike Air Force 1 getragen, Sohle gelb", 18, "EUR", "Nike", False),
    ("Nike Air Force 1 all sizes 36-45 new in stock", 15, "EUR", "Nike", True),
    ("How to spot a fake Gucci bag", 5, "USD", "Gucci", False),
    ("Сумка Gucci новая, все цвета", 3500, "RUB", "Gucci", True),
    ("グッチ バッグ 新品", 3980, "JPY", "Gucci", True),
    ("Gucci bag", 60, None, "Gucci", False),
    ("Nameless bag", 3, "USD", None, False),
]


@pytest.mark.parametrize("row", LOW, ids=lambda row: row[0])
def test_low_means_under_what_the_genuine_article_costs_in_its_condition(reader, row):
    title, price, currency, brand, low = row
    if title.startswith("case for"):
        brand, low = None, False  # the brand is not offered: the caller passes none
    assert reader.read(Listing(title=title, price=price, currency=currency), brand).low is low


def test_a_genuine_price_in_the_text_is_the_reference(reader):
    reading = reader.read(Listing(title="Chanel flap bag hi end, 5,800 baht, in the shop $2,700"), "Chanel")
    assert reading.reference == "stated in the text"
    assert reading.reference_usd == 2700
    assert reading.low


def test_what_a_used_thing_once_cost_does_not_condemn_it(reader):
    assert not reader.read(
        Listing(title="Unknownbrand coat used", description="NP 450 €, jetzt 60 €"), "Unknownbrand"
    ).low


@pytest.mark.parametrize("price", [1, 0.01, 123456])
def test_a_placeholder_in_the_price_column_gives_way_to_the_text(reader, price):
    reading = reader.read(Listing(title="Gucci bag new, $40", price=price, currency="USD"), "Gucci")
    assert reading.price_usd == 40
    assert reading.low


def test_a_column_with_lost_decimals_is_doubtful_not_low(reader):
    reading = reader.read(Listing(title="Apple AirPods Pro", price=7.25, currency="MYR"), "Apple")
    assert reading.doubtful
    assert not reading.low
    assert reading.ratio is None


def test_a_text_that_agrees_with_a_tiny_column_price_is_believed(reader):
    listing = Listing(title="Gucci bag $3 each, MOQ 100", price=3, currency="USD")
    assert reader.read(listing, "Gucci").low


def test_a_price_without_currency_gives_no_ratio(reader):
    assert reader.read(Listing(title="Gucci bag", price=20), "Gucci").ratio is None


def test_reading_knows_nothing_without_a_price(reader):
    reading = reader.read(Listing(title="Gucci bag"), "Gucci")
    assert (reading.price_usd, reading.ratio, reading.reference, reading.low) == (None, None, None, False)


def test_the_users_table_comes_first(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text(
        "brand,kind,new_usd,new_low_usd,used_low_usd,source,date\nGucci,bag,3000,2500,1000,our list,2026-11\n",
        "utf-8",
    )
    own = PriceReader(Currencies.load(), References.load(table))
    reading = own.read(Listing(title="Gucci bag", price=900, currency="USD"), "Gucci")
    assert (reading.reference, reading.reference_usd, reading.low) == ("user table", 3000, True)
    assert own.read(Listing(title="Gucci belt", price=400, currency="USD"), "Gucci").reference.startswith(
        "table:Gucci/belt"
    )


def test_all_faults_of_a_users_table_are_told_at_once(tmp_path):
    table = tmp_path / "mine.tsv"
    table.write_text(
        "brand\tkind\tnew_usd\n\tbag\t5\nGucci\tbag\tmany\nPrada\tbag\t-1\nFendi\tbag\t10\nFendi\tbag\t11\nDior\tbag\t\n",
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        References.load(table)
    assert len(caught.value.faults) == 5


def test_a_users_table_without_its_columns_is_refused(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("name,price\nGucci,5\n", "utf-8")
    with pytest.raises(ConfigError, match="new_usd"):
        References.load(table)


def test_currencies_are_dated_and_can_be_replaced(tmp_path):
    packaged = Currencies.load()
    assert packaged.to_usd(10, "USD") == 10
    assert packaged.to_usd(10, "eur") == pytest.approx(11.6, rel=0.2)
    assert packaged.to_usd(10, None) is None
    assert packaged.to_usd(10, "XXX") is None
    assert packaged.dates["EUR"]
    own = tmp_path / "rates.tsv"
    own.write_text("currency\tusd\tdate\tsource\nEUR\t2\t2026-11-01\tours\n", "utf-8")
    assert Currencies.load(own).to_usd(10, "EUR") == 20
    own.write_text("currency\tusd\tdate\tsource\nEURO\t2\t\t\nGBP\tx\t\t\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        Currencies.load(own)
    assert len(caught.value.faults) == 2


def test_medians_do_not_depend_on_the_order_of_rows():
    rows = [
        Listing(title="x", price=float(price), currency="EUR", category="Bags") for price in range(50, 250)
    ]
    readings = []
    for seed in (1, 2):
        random.Random(seed).shuffle(rows)
        medians = DumpMedians(Currencies.load())
        for row in rows:
            medians.add(row, "Nobody")
        reader = PriceReader(Currencies.load(), References.load(), medians.freeze())
        readings.append(reader.read(Listing(title="x", price=20, currency="EUR", category="Bags"), "Nobody"))
    assert readings[0] == readings[1]
    assert readings[0].reference == "median of this dump"
    assert readings[0].ratio == pytest.approx(20 / 149.5, rel=0.03)
    assert readings[0].low


def test_nineteen_prices_are_no_median():
    medians = DumpMedians(Currencies.load())
    row = Listing(title="x", price=100.0, currency="USD", category="Bags")
    for _ in range(19):
        medians.add(row, "Nobody")
    assert medians.freeze().find(row, "Nobody") is None


def test_the_packaged_table_is_consistent_and_large():
    references = References.load()
    gucci = references.find("gucci", "leather bag", None, False)
    used = references.find("Gucci", "leather bag used", None, True)
    assert gucci is not None
    assert used is not None
    assert used.low_usd <= used.new_low_usd <= used.new_usd
    assert gucci.name == f"table:Gucci/bag {gucci.date}"
    assert references.find("Nobody at all", "bag", None, False) is None


def test_a_brand_named_in_passing_needs_goods_that_it_makes(reader):
    listing = Listing(title="Milk powder 850 g", description="as good as a Rolex", price=65, currency="USD")
    assert not reader.read(listing, "Rolex", in_passing=True).low
    assert reader.read(Listing(title="Rolex date", price=65, currency="USD"), "Rolex").low
