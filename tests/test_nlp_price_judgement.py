"""Which prices count as too low, and which comparisons are never made."""

from dataclasses import replace

import pytest

from nlp.prices import Currencies, DumpMedians, PriceReader, References, find_prices, parse_amount
from nlp.reading import Reader
from nlp.records import Listing


@pytest.fixture(scope="module")
def reader():
    return PriceReader(Currencies.load(), References.load())


@pytest.mark.parametrize(
    ("title", "price"),
    [
        ("iPhone 15 Pro Max case, shockproof", 3.5),
        ("Silikon Kılıf iPhone 13 Mat Siyah", 2.4),
        ("เคสซิลิโคน iPhone 14 กันกระแทก", 2.0),
        ("Чехол для iPhone 12 прозрачный", 2.0),
        ("Funda iPhone 11 silicona", 2.5),
        ("iPhone 18W/20W Simli Fiyonk Şarj Aleti Koruyucu", 2.9),
        ("USB-C cable for iPhone 15, fast charging, 2 m", 3.0),
        ("Apple Watch strap 45 mm silicone", 4.0),
    ],
)
def test_an_accessory_for_goods_of_the_brand_is_not_held_against_the_brand_s_own(reader, title, price):
    reading = reader.read(Listing(title=title, price=price, currency="USD"), "Apple")
    assert reading.ratio is None
    assert not reading.low


@pytest.mark.parametrize(
    ("title", "price"),
    [
        ("Original Apple silicone case for iPhone 15 Pro", 3.5),
        ("Apple MagSafe silicone case", 3.0),
        ("Genuine Apple 20W charger for iPhone", 2.5),
        ("Оригинальный чехол Apple для iPhone 14", 2.0),
        ("iPhone 15 Pro Max 256GB with case, brand new", 90.0),
        ("AirPods Pro 2 with MagSafe case, sealed", 12.0),
    ],
)
def test_what_is_called_the_brand_s_own_is_held_against_it(reader, title, price):
    assert reader.read(Listing(title=title, price=price, currency="USD"), "Apple").low


def _medians(prices, *, category="toys", title="Box {}"):
    medians = DumpMedians(Currencies.load())
    for at, price in enumerate(prices):
        medians.add(Listing(title=title.format(at), price=price, currency="EUR", category=category), "Nobody")
    return PriceReader(Currencies.load(), References.load(), medians.freeze())


def test_a_price_far_under_a_narrow_median_is_low():
    reading = _medians([95, 100, 105, 110] * 10).read(
        Listing(title="Box", price=20, currency="EUR", category="toys"), "Nobody"
    )
    assert reading.reference == "median of this dump"
    assert reading.low


def test_a_price_among_widely_scattered_ones_is_not_low():
    scattered = _medians([5, 12, 30, 80, 150, 300, 700, 20] * 5)
    reading = scattered.read(Listing(title="Box", price=9, currency="EUR", category="toys"), "Nobody")
    assert reading.ratio < 0.3
    assert not reading.low


@pytest.mark.parametrize("title", ["Empty box only", "Kids' box, 4 years", "Sticker", "Manual"])
def test_parts_and_children_s_goods_are_not_held_against_the_median(title):
    listing = Listing(title=title, price=10, currency="EUR", category="toys")
    assert not _medians([95, 100, 105, 110] * 10).read(listing, "Nobody").low


def test_without_categories_the_kind_of_goods_makes_the_group():
    medians = DumpMedians(Currencies.load())
    for at in range(30):
        medians.add(Listing(title=f"Leather bag {at}", price=500 + at, currency="EUR"), "Nobody")
        medians.add(Listing(title=f"Silk scarf {at}", price=40 + at, currency="EUR"), "Nobody")
    reader = PriceReader(Currencies.load(), References.load(), medians.freeze())
    assert not reader.read(Listing(title="Silk scarf", price=40, currency="EUR"), "Nobody").low
    assert reader.read(Listing(title="Leather bag", price=40, currency="EUR"), "Nobody").low


@pytest.mark.parametrize(
    ("cell", "hint", "amount", "currency"),
    [
        ("39€99", None, 39.99, "EUR"),
        ("2 für 30€", None, 30, "EUR"),
        ("1.299rb", None, 1_299_000, "IDR"),
        ("1,3jt", None, 1_300_000, "IDR"),
        ("1.250k", "VND", 1_250_000, "VND"),
        ("Tsh 45,000", None, 45_000, "TZS"),
        ("12.500 KWD", None, 12.5, "KWD"),
        ("R1 299.00", "ZAR", 1299, "ZAR"),
        ("GH₵ 450", None, 450, "GHS"),
        ("1'299.- CHF", None, 1299, "CHF"),
    ],
)
def test_cells_of_further_markets(cell, hint, amount, currency):
    found = parse_amount(cell, currency=hint)
    assert (found.low, found.currency) == (pytest.approx(amount), currency)


@pytest.mark.parametrize(
    ("text", "currency", "genuine", "asked"),
    [
        ("Retail: 750 Sale: 65", "USD", 750, 65),
        ("only R450, in stores R6 999", "ZAR", 6999, 450),
        ("Before: AED 3500 After: AED 200", None, 3500, 200),
        ("AED 120 only, mall price AED 2,300", None, 2300, 120),
        ("NP 2.300 €, für 95 € abzugeben", None, 2300, 95),
        ("Original Preis 450 Euro jetzt nur 39 Euro", None, 450, 39),
        ("Worth over $2000! selling cheap 90$", None, 2000, 90),
        ("Selling at 35usd, shop sells 900usd", None, 900, 35),
        ("Цена на бирке 45 000 ₽, отдам за 3 500 ₽", None, 45_000, 3500),
    ],
)
def test_the_genuine_price_and_the_asked_one_are_told_apart(text, currency, genuine, asked):
    found = {mention.role: mention.amount.low for mention in find_prices(text, currency=currency)}
    assert found == {"genuine": genuine, "asked": asked}


@pytest.mark.parametrize("text", ["Only 10 pcs left", "price: 12 pcs", "sale 50 pieces", "Now: 3 colours"])
def test_counted_things_after_a_price_word_are_no_price(text):
    assert find_prices(text, currency="USD") == []


@pytest.mark.parametrize(
    ("brand", "title", "price", "currency"),
    [
        ("Coach", "Coach leather bag", 7.25, "MYR"),
        ("Nike", "Nike Air Max sneakers", 1.99, "EUR"),
        ("Michael Kors", "Michael Kors leather bag", 3.49, "SGD"),
    ],
)
def test_a_column_that_lost_its_decimals_gives_no_ratio(reader, brand, title, price, currency):  # noqa: PLR0917 - columns of a table
    reading = reader.read(Listing(title=title, price=price, currency=currency), brand)
    assert reading.doubtful
    assert reading.ratio is None
    assert not reading.low


@pytest.mark.parametrize(
    ("brand", "title", "price", "currency"),
    [("Balenciaga", "Balenciaga t-shirt", 159, "THB"), ("Gucci", "Gucci leather bag", 229, "THB")],
)
def test_a_whole_price_is_taken_at_its_word(reader, brand, title, price, currency):  # noqa: PLR0917 - columns of a table
    assert reader.read(Listing(title=title, price=price, currency=currency), brand).low


def test_between_a_used_and_a_new_one_the_price_is_questionable_unless_called_used(reader):
    plain = reader.read(Listing(title="Chanel flap bag", price=700, currency="USD"), "Chanel")
    assert (plain.low, plain.questionable) == (False, True)
    used = reader.read(Listing(title="Chanel flap bag, vintage, worn", price=700, currency="USD"), "Chanel")
    assert (used.low, used.questionable) == (False, False)
    assert not reader.read(
        Listing(title="Chanel flap bag", price=9000, currency="USD"), "Chanel"
    ).questionable


@pytest.mark.parametrize(
    "title",
    [
        "Empty Rolex box, no watch",
        "Leere Flasche Hennessy Paradis",
        "Rolex Echtheitsprüfung per Foto",
        "Expertise de sacs Chanel, certificat en 24 h",
        "Samsung Galaxy Z Flip Dummy, Attrappe",
        "空箱 ロレックス デイトナ",
        "롤렉스 빈박스",
    ],
)
def test_empty_packaging_and_services_are_no_goods_of_the_brand(reader, title):
    for brand in ("Rolex", "Chanel", "Hennessy", "Samsung"):
        assert not reader.read(Listing(title=title, price=25, currency="EUR"), brand).low


def test_a_brand_alone_is_compared_with_nothing():
    reader = Reader.load()
    bare = Listing(title="Cartier", price=89.0, currency="EUR")
    assert reader.read(bare).price.ratio is None
    assert reader.read(replace(bare, title="Cartier watch")).price.ratio is not None
    assert reader.read(replace(bare, category="Watches")).price.ratio is not None
