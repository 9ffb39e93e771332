"""Columns are found by name in the languages of marketplaces, and by content where names say nothing."""

from __future__ import annotations

import pytest

from nlp.formats.column_names import NAMES
from nlp.formats.columns import header_currency, normal_name, recognise
from nlp.formats.table import Table

TITLES = ["Canvas tote bag, beige", "Red leather belt", "Running shoes 42", "Silk scarf with dots"]
VALUES = {
    "title": TITLES,
    "description": [
        f"{title}, worn twice, with box and receipt; ships from a smoke-free home. " * 2 for title in TITLES
    ],
    "price": ["12,50", "30", "99.99", "1 200"],
    "currency": ["EUR", "USD", "EUR", "EUR"],
    "brand": ["Acme", "Bolt", "Acme", "Cora"],
    "seller": ["mia", "ken", "zoe", "mia"],
    "category": ["Bags", "Belts", "Shoes", "Scarves"],
    "url": [f"https://shop.example/item/{n}" for n in range(4)],
    "id": ["1001", "1002", "1003", "1004"],
}
HEADERS = {
    "en": "title=Product Title; description=Item Description; price=Selling Price; brand=Brand Name; seller=Shop Name; url=Link",
    "zh": "id=商品ID; title=商品标题; description=商品描述; price=价格; brand=品牌; seller=店铺名称; category=类目; url=商品链接",
    "zh-tw": "title=商品名稱; description=商品說明; price=售價; brand=品牌; seller=賣家; category=分類; url=網址",
    "ja": "id=商品番号; title=商品名; description=商品説明; price=販売価格; brand=ブランド; seller=出品者; category=カテゴリー",
    "ko": "id=상품번호; title=상품명; description=상세설명; price=판매가; brand=브랜드; seller=판매자; category=카테고리; url=링크",
    "es": "title=Título; description=Descripción; price=Precio; brand=Marca; seller=Vendedor; category=Categoría; url=Enlace",
    "pt": "id=Código; title=Título do anúncio; description=Descrição; price=Preço; brand=Marca; seller=Loja; category=Categoria",
    "fr": "title=Titre de l'annonce; description=Descriptif; price=Prix; brand=Marque; seller=Vendeur; category=Catégorie; url=Lien",
    "de": "id=Artikelnummer; title=Titel; description=Beschreibung; price=Preis; brand=Marke; seller=Verkäufer; category=Kategorie",
    "it": "title=Titolo; description=Descrizione; price=Prezzo; brand=Marchio; seller=Venditore; category=Categoria",
    "nl": "title=Productnaam; description=Omschrijving; price=Prijs; brand=Merk; seller=Verkoper; category=Categorie",
    "pl": "title=Nazwa produktu; description=Opis; price=Cena; brand=Marka; seller=Sprzedający; category=Kategoria; currency=Waluta",
    "ru": "id=Артикул; title=Название товара; description=Описание; price=Цена; brand=Бренд; seller=Продавец; url=Ссылка",
    "uk": "title=Назва товару; description=Опис; price=Ціна; brand=Бренд; seller=Продавець; category=Категорія; url=Посилання",
    "tr": "title=Ürün Adı; description=Açıklama; price=Fiyat; brand=Marka; seller=Satıcı; category=Kategori; currency=Para Birimi",
    "ar": "title=العنوان; description=الوصف; price=السعر; brand=العلامة التجارية; seller=البائع; category=الفئة; url=الرابط",
    "hi": "title=शीर्षक; description=विवरण; price=मूल्य; brand=ब्रांड; seller=विक्रेता; category=श्रेणी",
    "id": "title=Nama Produk; description=Deskripsi; price=Harga; brand=Merek; seller=Nama Toko; category=Kategori; url=Tautan",
    "vi": "title=Tiêu đề; description=Mô tả; price=Giá bán; brand=Thương hiệu; seller=Người bán; category=Danh mục",
    "th": "title=ชื่อสินค้า; description=รายละเอียด; price=ราคา; brand=แบรนด์; seller=ร้านค้า; category=หมวดหมู่",
    "fa": "title=نام محصول; description=توضیحات; price=قیمت; brand=برند; seller=فروشنده; category=دسته‌بندی",
    "crawler": "title=productTitle; price=price_usd; brand=brandName; seller=sellerName; url=productUrl; id=productId",
    "nested": "title=item.name; price=offers.price; currency=offers.priceCurrency; brand=brand.name; seller=seller.name",
    "shouting": "TITLE; DESCRIPTION; PRICE; CURRENCY; BRAND; SELLER; CATEGORY; URL; ID",
}


def table(header, values=None):
    """A table whose columns are named in ``header`` and hold what their role would."""
    pairs = [each.strip().partition("=") for each in header.split(";")]
    roles = [(role.lower() if not name else role, name or role) for role, _, name in pairs]
    held = [(values or VALUES).get(role, ["x"] * 4) for role, _ in roles]
    rows = [list(row) for row in zip(*held, strict=True)]
    return Table(columns=[name for _, name in roles], sample=rows, rows=lambda _: iter(())), dict(roles)


@pytest.mark.parametrize("language", HEADERS)
def test_columns_are_known_by_name_in_many_languages(language):
    given, expected = table(HEADERS[language])
    found = recognise("f", given)
    assert {role: found.column(role) for role in expected} == expected


@pytest.mark.parametrize("role", NAMES)
def test_every_name_of_a_role_is_found_beside_a_plain_title(role):
    for name in NAMES[role]:
        header = f"title={name}" if role == "title" else f"title=product title; {role}={name}"
        assert recognise("f", table(header)[0]).column(role) == name


@pytest.mark.parametrize(
    ("header", "role", "expected"),
    [
        ("title; price=original_price; price=sale_price", "price", "sale_price"),
        ("title; price=List Price; price=Price", "price", "Price"),
        ("title; price=原价; price=现价", "price", "现价"),
        ("title; price=initial_price; price=final_price", "price", "final_price"),
        ("title=name; seller=seller name; brand=brand name", "title", "name"),
        ("seller=Seller Name; title=Name", "seller", "Seller Name"),
        ("title; url=image_url; url=url", "url", "url"),
        ("title; url=category_url; url=product_url", "url", "product_url"),
        ("title; id=category_id; id=listing_id", "id", "listing_id"),
        ("title; brand=brand_id; brand=brand", "brand", "brand"),
        ("title=title_length; title=title_en", "title", "title_en"),
        ("title; price=shipping price; price=price (MYR)", "price", "price (MYR)"),
    ],
)
def test_the_better_of_two_columns_is_taken(header, role, expected):
    assert recognise("f", table(header)[0]).column(role) == expected


def test_a_name_that_the_content_contradicts_is_not_believed():
    given, _ = table("title=title; other=text", {"title": VALUES["url"], "other": TITLES})
    assert recognise("f", given).column("title") == "text"


def test_columns_without_telling_names_are_known_by_content():
    given, _ = table(
        "id=a; url=b; price=c; description=d; title=e", {**VALUES, "price": ["$12", "$3.50", "$9", "$1,200"]}
    )
    found = recognise("f", given)
    assert {role: found.column(role) for role in ("title", "description", "price", "url", "id")} == {
        "title": "e",
        "description": "d",
        "price": "c",
        "url": "b",
        "id": "a",
    }
    assert all(choice.why != "by its name" for choice in found.choices)


def test_unused_columns_are_named():
    found = recognise("f", table("title; other=Weight")[0])
    assert found.unused == ("Weight",)


@pytest.mark.parametrize(
    ("name", "currency"),
    [
        ("price (MYR)", "MYR"),
        ("Preis in €", "€"),
        ("price_usd", "USD"),
        ("Price RM", "RM"),
        ("PRICE", None),
        ("price", None),
        ("URL", None),
    ],
)
def test_a_header_may_state_the_currency(name, currency):
    assert header_currency(name) == currency


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("productTitle", "product title"),
        ("Ürün Adı", "urun adi"),
        ("TÍTULO_del-Anuncio", "titulo del anuncio"),
        ("ชื่อสินค้า", "ชื่อสินค้า"),
    ],
)
def test_names_are_compared_without_case_accents_and_joints(name, normal):
    assert normal_name(name) == normal
