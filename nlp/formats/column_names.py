"""What marketplaces, crawlers and shop software call their columns, in the languages they speak. Data, no logic.

Names are normalised as :func:`nlp.formats.columns.normal_name` does: small letters, no accents needed, words apart. The first
name of a role is the one to prefer when a dump has several: the selling price before the crossed-out one.
"""

from __future__ import annotations

from typing import Final

__all__ = ["AFFIXES", "LATE_PRICES", "NAMES", "NOT_TEXT"]

TITLE: Final = """
title; product title; item title; listing title; ad title; offer title; goods title; auction title; title en; subject; headline
product name; item name; goods name; listing name; name; product; item; article name; offer name; ad name; names
标题; 商品标题; 宝贝标题; 产品标题; 商品名称; 商品名; 产品名称; 产品名; 品名; 宝贝名称; 货品名称; 名称; 標題; 商品標題; 商品名稱; 產品名稱; 品項名稱; 名稱
タイトル; 商品タイトル; 商品名; 出品タイトル; 件名; 製品名; アイテム名; 品目; 名前; 名称
상품명; 제목; 상품 제목; 상품이름; 제품명; 품명; 게시글 제목; 매물명; 이름; 물품명
titulo; titulo del anuncio; titulo del producto; nombre del producto; nombre producto; nombre del articulo; nombre; producto; articulo
titulo do anuncio; titulo do produto; nome do produto; nome produto; nome do item; nome; produto
titre; titre de l annonce; titre annonce; titre du produit; nom du produit; nom produit; nom de l article; intitule; libelle; designation; nom; produit; article
titel; artikelbezeichnung; artikelname; produktname; produkttitel; produktbezeichnung; bezeichnung; anzeigentitel; angebotstitel; uberschrift; artikel; produkt
titolo; titolo annuncio; titolo del prodotto; nome prodotto; nome del prodotto; nome articolo; denominazione; prodotto; articolo
productnaam; naam; producttitel; advertentietitel; artikelnaam; naam product; omschrijving kort
tytul; tytul ogloszenia; tytul oferty; nazwa produktu; nazwa towaru; nazwa przedmiotu; nazwa
название; название товара; наименование; наименование товара; заголовок; имя товара; товар; название объявления; номенклатура
назва; назва товару; найменування; наименування; назва оголошення
baslik; urun adi; urun basligi; ilan basligi; ilan adi; urun ismi; urun; ad; isim
العنوان; عنوان; اسم المنتج; عنوان المنتج; اسم السلعة; عنوان الاعلان; الاسم; اسم; المنتج
शीर्षक; उत्पाद का नाम; नाम; उत्पाद; विज्ञापन शीर्षक; प्रोडक्ट का नाम
judul; judul produk; nama produk; nama barang; judul iklan; nama; produk; tajuk; nama item
tieu de; ten san pham; ten hang; ten; ten sp; san pham; tieu de san pham; ten hang hoa; tieu de tin
ชื่อสินค้า; ชื่อ; หัวข้อ; ชื่อผลิตภัณฑ์; ชื่อประกาศ; สินค้า
نام محصول; نام کالا; نام; عنوان محصول; عنوان کالا; عنوان آگهی; محصول; کالا
nazev; nazev produktu; nazov; nazov produktu; terméknév; termeknev; cim; megnevezes; denumire; denumire produs; nume produs; titlu; produktnavn; varenavn; navn; produktnamn; rubrik; namn; tuotenimi; otsikko; nimi; τιτλος; ονομα προιοντος; ονομα; שם המוצר; כותרת; שם; pangalan; pangalan ng produkto
post title; short title; heading; post text; caption; text; content; body; message; listing; annonce; anzeige; 内容; 文本; 正文; 本文; 내용; текст; texto; texte; testo; metin; النص
model name; model; 型号; モデル; 모델; модель; modele; modelo; modell; modello
"""

DESCRIPTION: Final = """
description; product description; item description; full description; long description; goods description; listing description; seller description; body html; html description; description html; details; product details; item details; detail; desc; short description; about; about this item; overview; features; body; content; text; post content; caption; comments
描述; 商品描述; 产品描述; 宝贝描述; 详情; 商品详情; 宝贝详情; 商品介绍; 产品介绍; 详细描述; 简介; 说明; 商品说明; 內容; 內文; 商品說明; 商品描述; 描述內容; 詳情; 说明文
説明; 商品説明; 商品の説明; 商品説明文; 詳細; 商品詳細; 説明文; 紹介文; 本文
설명; 상품설명; 상품 설명; 상세설명; 상세 설명; 상품상세; 내용; 본문; 제품설명; 제품 설명; 상세정보
descripcion; descripcion del producto; descripcion producto; detalle; detalles; descripcion larga; descripcion del anuncio
descricao; descricao do produto; descricao do anuncio; descricao produto; detalhes
descriptif; description du produit; description produit; description de l annonce; texte de l annonce; details produit; descriptif produit; detail
beschreibung; artikelbeschreibung; produktbeschreibung; langbeschreibung; kurzbeschreibung; artikeltext; anzeigentext; langtext
descrizione; descrizione prodotto; descrizione del prodotto; descrizione annuncio; dettagli
beschrijving; omschrijving; productbeschrijving; productomschrijving; advertentietekst
opis; opis produktu; opis przedmiotu; opis towaru; opis oferty; opis ogloszenia; tresc
описание; описание товара; подробное описание; текст объявления; описание объявления; детали; о товаре; характеристики
опис; опис товару; опис оголошення
aciklama; urun aciklamasi; ilan aciklamasi; urun aciklama; detay; urun detayi; detaylar; tanim
الوصف; وصف; وصف المنتج; التفاصيل; تفاصيل; وصف الاعلان; تفاصيل المنتج
विवरण; उत्पाद विवरण; वर्णन; उत्पाद का विवरण
deskripsi; deskripsi produk; keterangan; deskripsi barang; rincian; penerangan; penerangan produk; butiran
mo ta; mo ta san pham; noi dung; chi tiet; mo ta chi tiet; chi tiet san pham; gioi thieu
รายละเอียด; คำอธิบาย; รายละเอียดสินค้า; คำอธิบายสินค้า; เนื้อหา
توضیحات; توضیح; شرح; توضیحات محصول; توضیحات کالا; شرح کالا; مشخصات
popis; popis produktu; leiras; termekleiras; descriere; descriere produs; beskrivelse; beskrivning; kuvaus; περιγραφη; περιγραφη προιοντος; תיאור; תיאור המוצר; paglalarawan
"""

PRICE: Final = """
final price; sale price; selling price; discount price; discounted price; price discounted; price discount; current price; offer price; special price; promo price; promotion price; deal price; now price; price now; price sold; sold price; asking price; buy now price; price final; price current; price sale; current bid
price; unit price; item price; product price; listing price; price value; price amount; offers price; amount; price usd; price eur; price local; prices; price range; min price; price min; lowest price; low price; cost; price text; price string; value; retail price; regular price; price original; minimum price
现价; 售价; 折扣价; 促销价; 到手价; 券后价; 优惠价; 销售价; 成交价; 价格; 单价; 商品价格; 价钱; 金额; 現價; 售價; 特價; 優惠價; 價格; 價錢; 單價
販売価格; 現在価格; セール価格; 割引価格; 即決価格; 価格; 値段; 金額; 税込価格; 単価; 売価; 出品価格
판매가; 판매가격; 할인가; 현재가; 최종가; 할인가격; 가격; 금액; 단가; 상품가격; 즉시구매가
precio final; precio de venta; precio oferta; precio con descuento; precio actual; precio rebajado; precio; precio unitario; importe; precio eur
preco final; preco de venda; preco promocional; preco com desconto; preco atual; preco por; preco; valor; preco unitario
prix de vente; prix promo; prix remise; prix actuel; prix solde; prix final; prix ttc; prix; prix unitaire; montant; tarif; prix eur
verkaufspreis; angebotspreis; aktionspreis; sonderpreis; aktueller preis; endpreis; preis; einzelpreis; stuckpreis; sofortkaufpreis; vk preis; bruttopreis; betrag; preis eur
prezzo finale; prezzo di vendita; prezzo scontato; prezzo offerta; prezzo attuale; prezzo; prezzo unitario; importo
verkoopprijs; actieprijs; aanbiedingsprijs; huidige prijs; prijs; vraagprijs; stukprijs
cena sprzedazy; cena promocyjna; cena koncowa; cena aktualna; cena; cena brutto; kwota; cena jednostkowa
цена со скидкой; цена продажи; текущая цена; итоговая цена; цена; стоимость; цена руб; сумма
ціна зі знижкою; ціна продажу; поточна ціна; ціна; вартість
indirimli fiyat; satis fiyati; guncel fiyat; kampanyali fiyat; fiyat; fiyati; tutar; urun fiyati; birim fiyat
سعر البيع; السعر بعد الخصم; السعر الحالي; السعر; سعر; سعر المنتج; الثمن; القيمة
विक्रय मूल्य; बिक्री मूल्य; मूल्य; कीमत; दाम; भाव
harga jual; harga diskon; harga promo; harga akhir; harga; harga satuan; harga produk; nilai
gia ban; gia khuyen mai; gia sale; gia hien tai; gia giam; gia; gia tien; don gia; gia san pham
ราคาขาย; ราคาลด; ราคาโปรโมชั่น; ราคา; ราคาสินค้า; ราคาต่อหน่วย
قیمت فروش; قیمت با تخفیف; قیمت نهایی; قیمت; قیمت محصول; قیمت کالا; مبلغ; بها
cena s dph; prodejni cena; ar; eladasi ar; pret; pret final; pris; salgspris; forsaljningspris; hinta; τιμη; τιμη πωλησης; מחיר; מחיר מכירה; presyo
"""

# Crossed out, recommended, before the discount: taken for a row only if it has no other price.
LATE_PRICE: Final = """
initial price; original price; list price; old price; regular price; retail price; market price; msrp; rrp; price before discount; was price; price was; compare at price; full price; price original; base price; strikethrough price; max price; price max; highest price; high price; previous price; first price; reference price; recommended price
原价; 市场价; 吊牌价; 划线价; 原價; 市價; 定价; 定價; 元の価格; 定価; 参考価格; 通常価格; 希望小売価格; メーカー希望小売価格; 정가; 원가; 소비자가; 시중가; 출시가
precio original; precio anterior; precio antes; precio de lista; precio regular; preco original; preco de; preco antigo; preco anterior; preco de tabela; preco cheio; prix barre; prix initial; prix d origine; prix conseille; ancien prix; prix public; prix catalogue
uvp; originalpreis; alter preis; listenpreis; streichpreis; statt preis; neupreis; ursprungspreis; regularer preis; prezzo originale; prezzo di listino; prezzo precedente; prezzo pieno; adviesprijs; oude prijs; originele prijs; van prijs; cena regularna; stara cena; cena katalogowa; cena przed; cena oryginalna
старая цена; цена без скидки; первоначальная цена; рекомендованная цена; цена до скидки; стара ціна; ціна без знижки; eski fiyat; liste fiyati; indirimsiz fiyat; piyasa fiyati; orijinal fiyat; السعر الاصلي; السعر القديم; السعر قبل الخصم
मूल कीमत; पुराना मूल्य; अधिकतम मूल्य; mrp; harga asli; harga coret; harga awal; harga normal; harga sebelum diskon; gia goc; gia cu; gia niem yet; gia thi truong; ราคาเต็ม; ราคาเดิม; ราคาปกติ; قیمت اصلی; قیمت قبل از تخفیف; قیمت قبلی; قیمت بدون تخفیف
"""

CURRENCY: Final = """
currency; currency code; price currency; currency symbol; curr; currencycode; offers pricecurrency; iso currency; currency iso; cur; ccy; valuta
货币; 币种; 貨幣; 幣別; 通貨; 通貨コード; 통화; 화폐; moneda; divisa; moeda; devise; monnaie; wahrung; valuta; munt; waluta; валюта; para birimi; doviz; العملة; عملة; मुद्रा; mata uang; kurs; tien te; don vi tien te; สกุลเงิน; ارز; واحد پول; واحد پولی; mena; penznem; moneda pret; νομισμα; מטבע
"""

BRAND: Final = """
brand; brand name; product brand; item brand; designer; designer name; brand title; manufacturer; maker; make; label; brands; mark; trademark; brandname
品牌; 品牌名称; 品牌名; 牌子; 商标; 品牌名稱; 廠牌; 厂商; 制造商; ブランド; ブランド名; メーカー; メーカー名; 브랜드; 브랜드명; 제조사; 상표
marca; fabricante; nombre de marca; marca do produto; marque; nom de la marque; fabricant; createur; marke; hersteller; markenname; produzent; marchio; produttore; nome marca; merk; merknaam; fabrikant; marka; producent; nazwa marki
бренд; марка; производитель; торговая марка; название бренда; бренд товара; виробник; торгова марка; uretici; marka adi; urun markasi; العلامة التجارية; الماركة; ماركة; البراند; المصنع; الشركة المصنعة
ब्रांड; ब्रांड का नाम; निर्माता; merek; merk produk; brand produk; jenama; thuong hieu; nhan hieu; hang; hang san xuat; nha san xuat; แบรนด์; ยี่ห้อ; ผู้ผลิต; برند; نام برند; سازنده; شرکت سازنده; مارک
znacka; vyrobce; gyarto; producator; marca produs; maerke; marke namn; varumarke; merkki; tuotemerkki; μαρκα; κατασκευαστης; מותג; יצרן; tatak
"""

SELLER: Final = """
seller; seller name; shop name; store name; vendor; vendor name; merchant; merchant name; shop; store; seller username; username; user name; seller nickname; seller id; shop id; store id; vendor id; merchant id; user; user id; owner; posted by; author; account; supplier; supplier name; seller title; shop title; sold by; nickname; nick; seller login; retailer; dealer; member
卖家; 卖家昵称; 卖家名称; 店铺; 店铺名称; 店铺名; 店名; 商家; 商家名称; 供应商; 掌柜; 旺旺; 卖家id; 賣家; 賣家名稱; 店家; 賣場; 賣場名稱; 賣家帳號; 商店名稱
出品者; 出品者名; 販売者; ショップ名; 店舗名; ショップ; 店舗; セラー; ストア名; 出品者id; 판매자; 판매자명; 판매자 이름; 상점명; 스토어명; 상점; 스토어; 판매처; 셀러; 판매자 id; 판매자아이디; 닉네임
vendedor; nombre del vendedor; tienda; nombre de la tienda; nombre vendedor; nome do vendedor; nome vendedor; loja; nome da loja; lojista; vendeur; nom du vendeur; nom vendeur; boutique; nom de la boutique; magasin; pseudo; marchand
verkaufer; verkaufername; handler; anbieter; shopname; handlername; anbietername; mitgliedsname; venditore; nome venditore; negozio; nome negozio; verkoper; naam verkoper; winkel; winkelnaam; aanbieder; sprzedawca; sprzedajacy; nazwa sprzedawcy; nazwa sklepu; sklep
продавец; имя продавца; название магазина; магазин; поставщик; ник продавца; id продавца; автор; продавець; имя автора; назва магазину; ім я продавця; satici; satici adi; magaza; magaza adi; satici ismi; dukkan
البائع; اسم البائع; المتجر; اسم المتجر; التاجر; بائع; متجر; विक्रेता; विक्रेता का नाम; दुकान; दुकान का नाम; penjual; nama penjual; toko; nama toko; penjual id; lapak; kedai; nama kedai; nguoi ban; ten nguoi ban; ten shop; cua hang; ten cua hang; gian hang; nha cung cap
ผู้ขาย; ชื่อผู้ขาย; ร้านค้า; ชื่อร้าน; ร้าน; ชื่อร้านค้า; คนขาย; فروشنده; نام فروشنده; فروشگاه; نام فروشگاه; غرفه; prodejce; prodavajici; predajca; elado; vanzator; nume vanzator; magazin; saelger; saljare; myyja; πωλητης; καταστημα; מוכר; שם המוכר; חנות; nagbebenta
"""

CATEGORY: Final = """
category; category name; product category; item category; category path; categories; category title; full category; breadcrumb; breadcrumbs; category tree; category full path; leaf category; main category; root category; sub category; subcategory; product type; item type; type; department; section; product group; group; google product category; taxonomy; class; categoria
类目; 类别; 分类; 商品分类; 商品类目; 产品类别; 品类; 類別; 分類; 商品分類; カテゴリ; カテゴリー; 商品カテゴリ; カテゴリ名; 分野; 카테고리; 분류; 상품분류; 상품 카테고리; 카테고리명; 품목
categoria del producto; rubro; categoria do produto; categorie; categorie produit; rayon; rubrique; kategorie; warengruppe; produktkategorie; rubrik; artikelgruppe; produkttyp; categoria prodotto; reparto; categorie product; productcategorie; productgroep; kategoria; kategoria produktu; dzial
категория; категория товара; раздел; рубрика; тип товара; группа товаров; категорія; розділ; kategori; kategori adi; urun kategorisi; urun tipi; الفئة; فئة; القسم; التصنيف; تصنيف; فئة المنتج; श्रेणी; वर्ग; उत्पाद श्रेणी
kategori produk; nama kategori; jenis; jenis produk; danh muc; loai; nganh hang; loai san pham; danh muc san pham; phan loai; หมวดหมู่; ประเภท; หมวดหมู่สินค้า; หมวด; ประเภทสินค้า; دسته بندی; دسته; گروه; دسته بندی محصول; گروه کالا
kategorie produktu; kategoria termek; kategori navn; kategoria nev; luokka; tuoteryhma; κατηγορια; קטגוריה; kategorya
"""

URL: Final = """
url; product url; item url; listing url; link; product link; item link; offer url; page url; canonical url; permalink; href; web url; detail url; ad url; source url; uri; product page; listing link; share url; hyperlink; goods url; page link; web address
链接; 商品链接; 宝贝链接; 产品链接; 网址; 详情链接; 连结; 鏈接; 商品連結; 網址; 連結; リンク; 商品リンク; 商品ページ; 링크; 상품링크; 상품 링크; 주소; 상품주소; 상품url; 商品url; 商品ページurl
enlace; enlace del producto; url del producto; vinculo; link do produto; url do produto; lien; lien du produit; lien annonce; url produit; produktlink; artikel url; produkt url; collegamento; link prodotto; productlink; odnosnik; link do produktu; adres url; ссылка; ссылка на товар; ссылка на объявление; адрес; посилання; посилання на товар
baglanti; urun linki; urun url; adres; الرابط; رابط; رابط المنتج; लिंक; उत्पाद लिंक; यूआरएल; tautan; link produk; url produk; pautan; lien ket; duong dan; link san pham; ลิงก์; ลิงค์; ลิงค์สินค้า; ลิงก์สินค้า; پیوند; لینک; لینک محصول; نشانی; odkaz; lank; lenke; linkki; συνδεσμος; קישור
"""

ID: Final = """
id; listing id; item id; product id; goods id; offer id; ad id; advert id; auction id; sku id; article id; listing number; item number; sku; product sku; asin; product code; item code; reference; ref; reference number; product number; article number; spu id; num iid; itemid; productid; goodsid; listingid; adid; uid; uuid; guid; key; code; handle; ean; gtin; row id; record id; post id; identifier
商品id; 宝贝id; 产品id; 商品编号; 商品编码; 货号; 编号; 序号; 產品編號; 商品編號; 編號; 貨號; 商品番号; 品番; 管理番号; 商品コード; 出品id; オークションid; 상품번호; 상품코드; 상품 id; 상품아이디; 품번; 제품번호; 번호; 상품id
identificador; id producto; id del producto; referencia; codigo; codigo del producto; id anuncio; id do produto; codigo do produto; id do anuncio; identifiant; id produit; id annonce; numero d annonce; code produit; numero
artikelnummer; artikel nr; art nr; produkt id; produktnummer; angebotsnummer; anzeigennummer; anzeigen id; nummer; bestellnummer; codice; codice prodotto; codice articolo; id prodotto; id annuncio; riferimento; artikelcode; productnummer; advertentienummer; product id nummer; numer; numer oferty; id oferty; kod produktu; numer ogloszenia; id produktu; numer aukcji
артикул; код товара; номер; идентификатор; id товара; номер объявления; ид; код; номер товара; id объявления; код товару; urun id; urun kodu; ilan no; ilan numarasi; stok kodu; urun numarasi; kod; numara; الرقم; رقم المنتج; المعرف; رقم الاعلان; معرف المنتج; رمز المنتج; كود المنتج
आईडी; उत्पाद आईडी; उत्पाद कोड; id produk; kode produk; kode barang; nomor produk; id barang; kode; ma san pham; ma; ma sp; ma hang; id san pham; ma tin; รหัสสินค้า; รหัส; ไอดี; หมายเลขสินค้า; شناسه; کد محصول; کد کالا; کد; شناسه محصول; شماره; شناسه کالا
cislo produktu; kod produktu katalog; cikkszam; termek azonosito; cod produs; varenummer; tuotenumero; κωδικος; κωδικος προιοντος; מזהה; מספר פריט; מקט
"""

# Words around the name proper: "product name", "nom du produit", "商品名称".
AFFIXES: Final = frozenset(
    [
        "product",
        "item",
        "goods",
        "listing",
        "offer",
        "ad",
        "the",
        "of",
        "original",
        "raw",
        "full",
        "main",
        "producto",
        "produit",
        "produkt",
        "prodotto",
        "produto",
        "artikel",
        "article",
        "articulo",
        "en",
        "ko",
        "ja",
        "zh",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "ru",
        "tr",
        "cn",
        "jp",
        "kr",
        "us",
        "uk",
        "translated",
        "text",
        "data",
        "field",
        "p",
        "v",
    ]
)
# A column whose name holds one of these is about something else: "title length", "image url", "brand id".
NOT_TEXT: Final = frozenset(
    [
        "image",
        "images",
        "img",
        "imgs",
        "photo",
        "photos",
        "picture",
        "pictures",
        "pic",
        "pics",
        "thumbnail",
        "thumb",
        "icon",
        "logo",
        "video",
        "videos",
        "count",
        "counts",
        "number",
        "num",
        "qty",
        "quantity",
        "rating",
        "ratings",
        "review",
        "reviews",
        "score",
        "rank",
        "ranking",
        "date",
        "time",
        "timestamp",
        "created",
        "updated",
        "length",
        "size",
        "sizes",
        "color",
        "colour",
        "width",
        "height",
        "depth",
        "weight",
        "stock",
        "sold",
        "sales",
        "likes",
        "views",
        "clicks",
        "flag",
        "is",
        "has",
        "lang",
        "language",
        "country",
        "shipping",
        "delivery",
        "discount",
        "percent",
        "percentage",
        "rate",
        "hash",
        "status",
        "type",
        "variation",
        "variations",
        "followers",
        "joined",
        "feedback",
        "avatar",
        "location",
        "city",
        "state",
        "zip",
        "address",
        "phone",
        "email",
        "seo",
        "meta",
        "alt",
        "slug",
        "position",
        "related",
        "similar",
        "cost",
        "tax",
        "fee",
        "unit",
        "category",
        "seller",
        "shop",
        "store",
        "brand",
        "user",
        "vendor",
        "merchant",
        "parent",
        "group",
        "warranty",
        "return",
        "returns",
        "policy",
        "bid",
        "bids",
    ]
)


def _split(block: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(name.strip() for line in block.splitlines() for name in line.split(";") if name.strip())
    )


LATE_PRICES: Final[tuple[str, ...]] = _split(LATE_PRICE)
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "title": _split(TITLE),
    "description": _split(DESCRIPTION),
    "price": _split(PRICE),
    "currency": _split(CURRENCY),
    "brand": _split(BRAND),
    "seller": _split(SELLER),
    "category": _split(CATEGORY),
    "url": _split(URL),
    "id": _split(ID),
}
