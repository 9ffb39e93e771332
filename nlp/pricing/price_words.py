"""The words beside a number that make it a price, and whose price: asked, of the genuine article, or neither."""

from __future__ import annotations

import re
from typing import Final

import ahocorasick

__all__ = ["ASKED", "FILLER", "GENUINE", "OTHER", "PRICE_AFTER", "ROLE_AFTER", "UNIT_AFTER", "PriceWords"]

# Words that announce the price that the seller asks.
ASKED: Final[tuple[str, ...]] = tuple(
    """asking price|asking|ask|price|prices|priced at|selling for|selling it for|selling at|sell for|sale price|on sale|sale|
    now|only|just|for just|yours for|letting go for|let go at|let go for|our price|my price|offer price|deal price|wholesale|
    precio|vendo por|vendo a|lo vendo por|ahora|solo|sólo|por solo|oferta|pido|lo dejo en|dejo en|rebajado a|a solo|preço|por apenas|apenas|vendo|
    agora|prix|je vends|vends|vendu à|cédé|seulement|maintenant|à partir de|preis|vb|vhb|fp|festpreis|für nur|nur|verkaufe für|jetzt|ab|
    prezzo|vendo a|solo|ora|chiedo|prijs|vraagprijs|vraag|nu voor|nu|voor|vanaf|cena|sprzedam za|sprzedam|tylko|teraz|za|
    цена|цене|ціна|продам за|продаю за|отдам за|прошу|всего|сейчас|за|лише|зараз|віддам за|fiyat|fiyatı|fiyatım|sadece|şimdi|satıyorum|
    بـ|ب|الحبة|القطعة|الجوز|السعر|سعره|بسعر|سعر|بس|فقط|الآن|مطلوب|قیمت|فروش|فقط|कीमत|दाम|मात्र|सिर्फ|harga|jual|dijual|cuma|hanya|sekarang|lepas|open|
    giá|bán|chỉ|còn|pass lại|pass|thanh lý|ราคา|ขาย|เหลือ|เพียง|แค่|ปล่อย|ลดเหลือ|
    售价|价格|價格|到手|到手价|特价|现价|只要|仅|仅需|出|售|拿货价|批发价|我卖|卖|一口价|转让价|
    価格|販売価格|値段|即決|特価|お値段|税込|わずか|今なら|セール価格|
    가격|판매가|할인가|특가|단돈|지금|만 받아요|판매|급처""".replace("\n", "").split("|")
)
# Words that announce what the genuine or new article costs elsewhere.
GENUINE: Final[tuple[str, ...]] = tuple(
    """retail|retails at|retails for|retail price|retail value|rrp|msrp|srp|mrp|list price|original price|originally|orig.|orig|new price|
    bought for|bought at|paid|i paid|compare at|compare to|compared to|worth|valued at|was|in the shop|in the store|in store|in stores|in shops|in boutique|
    in the boutique|boutique price|boutique|shop price|store price|official price|official|the real one|real one|genuine costs|genuine price|genuine|
    worth over|worth more than|tag says|tag price|price tag|label price|ticket price|before|price before|mall price|malls|in the mall|shop sells|
    store sells|shops sell|stores sell|boutique sells|authentic costs|authentic|the original costs|original costs|original is|real price|instead of|rather than|vs|versus|normally|usually|
    pvp|precio etiqueta|etiqueta|antes costaba|precio original|precio de tienda|precio oficial|en tienda|en tiendas|en la tienda|en boutique|costó|me costó|costaron|me costaron|antes|el original cuesta|original cuesta|
    original vale|nuevo cuesta|nuevo vale|valor original|valorado en|en vez de|preço original|preço de loja|na loja|nas lojas|custa na loja|custou|paguei|de r$|original custa|vale|em loja|
    prix boutique|prix neuf|prix d'origine|prix d’origine|prix public|prix magasin|prix conseillé|valeur|valeur neuf|neuf|en boutique|en magasin|acheté|achetée|acheté à|payé|payée|au lieu de|
    avant|prix barré|étiquette|sur l'étiquette|l'original coûte|original preis|etikett|vorher|statt früher|uvp|np|neupreis|ladenpreis|originalpreis|listenpreis|statt|im laden|im geschäft|neu gekostet|gekostet|gekauft für|bezahlt|wert|original kostet|
    listino|prezzo di listino|prezzo listino|in negozio|prezzo negozio|prezzo originale|in boutique|pagata|pagato|pagate|pagati|costa|anziché|invece di|valore|originale costa|
    nieuwprijs|winkelprijs|adviesprijs|in de winkel|origineel kost|gekocht voor|betaald|i.p.v.|
    w sklepie|cena sklepowa|cena katalogowa|cena w sklepie|w salonie|cena w salonie|oryginał kosztuje|nowe kosztują|nowa kosztuje|zamiast|kupione za|kupiony za|kupiona za|
    на бирке|ценник|раньше|в магазине|в магазинах|в бутике|в бутиках|в салоне|цена в магазине|цена в бутике|цена оригинала|оригинал стоит|оригинал|розничная цена|розница|ррц|новые стоят|новая стоит|новый стоит|покупал за|покупала за|брал за|брала за|вместо|стоили|
    у магазині|в магазині|ціна в магазині|у бутіку|оригінал коштує|ціна оригіналу|замість|купували за|купувала за|
    etiket fiyatı|etiketi|önceki fiyat|mağaza fiyatı|mağazada|mağaza|orijinali|orijinal fiyatı|liste fiyatı|sıfırı|yerine|aldım|
    السعر الأصلي|سعر المحل|في المحل|في المتجر|سعر الوكالة|الوكالة|في البوتيك|بدل|بدلا من|الأصلي|قیمت اصلی|قیمت فروشگاه|فروشگاه|نمایندگی|قیمت نمایندگی|اصلش|به جای|
    असली कीमत|शोरूम|असली|एमआरपी|दुकान में|harga asli|harga tag|tag harga|sebelumnya|harga toko|harga resmi|harga counter|harga konter|harga store|harga mall|di toko|di store|di mall|di counter|aslinya|ori aslinya|
    giá hãng|giá gốc|giá store|giá niêm yết|giá chính hãng|chính hãng|hàng thật|hàng auth|auth|niêm yết|trong store|ngoài store|
    ตัวจริง|ของแท้|ในช้อป|ราคาช้อป|ราคาเต็ม|หน้าช้อป|ราคาป้าย|ราคาห้าง|ห้าง|ช้อป|ซื้อมา|จาก|
    原价|原價|标价|专柜价|專櫃價|专柜|專櫃|官网价|官网|官網|正品|吊牌价|公价|公價|门店价|市场价|零售价|入手价|买的时候|购入价|
    定価|正規価格|正規品|参考価格|通常価格|店頭価格|百貨店|購入価格|購入時|新品価格|新品|市場価格|希望小売価格|
    정가|정품가|정품|백화점가|백화점|매장가|매장|공홈|공식가|출고가|소비자가|구매가|새제품|신품가|시중가""".replace(
        "\n", ""
    ).split("|")
)
# Words that announce money which is no price of the goods.
OTHER: Final[tuple[str, ...]] = tuple(
    """shipping|postage|p&p|delivery|delivery fee|ship|courier|deposit|discount|save|you save|saving|savings|coupon|voucher|cashback|cash back|fee|
    fees|salary|wage|tip|orders over|order over|orders above|over|above|spend|minimum order|refund|repair|service cost|repair cost|fine|reward|bonus|hourly|
    customs|tax|insurance|in-game|in game|coins|credits|gift card worth|gift card|bail|worth of|
    envío|envio|gastos de envío|portes|señal|descuento|ahorra|cupón|fianza|frete|entrega|desconto|economize|cupom|sinal|
    frais de port|frais d'envoi|port|livraison|envoi|remise|réduction|acompte|versand|versandkosten|porto|zzgl.|anzahlung|rabatt|gutschein|
    spedizione|spese di spedizione|sconto|acconto|verzending|verzendkosten|korting|aanbetaling|wysyłka|wysyłki|przesyłka|dostawa|rabat|zniżka|zaliczka|
    доставка|доставки|пересылка|скидка|предоплата|залог|зарплата|задаток|доставка от|знижка|передплата|kargo|kargo ücreti|indirim|kapora|
    الشحن|شحن|التوصيل|توصيل|خصم|عربون|هزینه ارسال|ارسال|تخفیف|بیعانه|शिपिंग|डिलीवरी|छूट|एडवांस|ongkir|ongkos kirim|diskon|potongan|dp|voucher|
    phí ship|ship|cọc|đặt cọc|giảm|giảm giá|ค่าส่ง|ส่ง|มัดจำ|ส่วนลด|ลด|运费|邮费|運費|定金|押金|立减|减|优惠|优惠券|红包|返现|工资|满|
    送料|割引|クーポン|引き|手付金|手数料|배송비|택배비|택배|할인|쿠폰|예약금|적립금|연봉|시급""".replace(
        "\n", ""
    ).split("|")
)


class PriceWords:
    """Finds the words above with their role; the longest wins, the role order decides between equal ones."""

    def __init__(self) -> None:
        self._automaton = ahocorasick.Automaton()
        roles: dict[str, str] = {}
        for role, words in (("asked", ASKED), ("other", OTHER), ("genuine", GENUINE)):
            roles.update({word.strip(): role for word in words if word.strip()})
        for word, role in roles.items():
            self._automaton.add_word(word, (len(word), role, _is_spaceless(word)))
        self._automaton.make_automaton()

    def last(self, window: str) -> tuple[str, int] | None:
        """Role and end of the last whole price word in the flattened ``window``."""
        best: tuple[int, int, str] | None = None
        for at, (length, role, spaceless) in self._automaton.iter(window):
            start, end = at + 1 - length, at + 1
            whole = spaceless or not (_letter(window, start - 1) or _letter(window, end))
            if whole and (best is None or start >= best[0] + best[1] or length > best[1]):
                best = (start, length, role)
        return (best[2], best[0] + best[1]) if best else None


def _letter(window: str, at: int) -> bool:
    return 0 <= at < len(window) and window[at].isalpha() and not _is_spaceless(window[at])


def _is_spaceless(word: str) -> bool:
    return any("\u0e00" <= char <= "\u0e7f" or "\u2e80" <= char <= "\ud7ff" for char in word)


# What may stand between a price word and its number: one filler word, a colon, a dash.
FILLER: Final = re.compile(
    r"(?: ?(?:is|of|was|at|for|de|от|from|เพียง|แค่|は|是|为|為|仅|ist|è|est|é|a|por|à|um|für|per|za|за))?[ \xa0]*[:=~]?[ \xa0-]*\Z"
)
PRICE_AFTER: Final = re.compile(
    r"[ \xa0]?(?:obo|ono|firm|shipped|\+ ?ship|\+ ?post|plus shipping|net\b|vb\b|vhb\b|fixed|negotiable|non[- ]negotiable|"
    r"包邮|包郵|不包邮|送料込|선제|에 팝니다|에 팔아요|부터|ถ้วน|ส่งฟรี|รวมส่ง|ส่งไว)"
)
ROLE_AFTER: Final = re.compile(
    r"[ \xa0,(/|]*(?:(?P<genuine>(?:in (?:the )?(?:shops?|stores?|boutiques?|mall)|at (?:the )?(?:boutique|store|shop)|retail|msrp|rrp|mrp|new\b|at retail|"
    r"en (?:la )?(?:tiendas?|boutique|magasin)|na loja|nas lojas|em loja|neuf|im laden|neupreis|np\b|uvp|in negozio|di listino|in de winkel|nieuw\b|w sklepie|w salonie|"
    r"в (?:магазине|магазинах|бутике|бутиках|салоне)|у магазині|в магазині|mağazada|في المحل|في المتجر|di (?:toko|store|mall)|ngoài store|trong store|ในช้อป|หน้าช้อป))|"
    r"(?P<other>(?:for )?(?:shipping|postage|delivery|p&p|off\b|discount|deposit|cashback|voucher|gift card|fee\b|per hour|an hour|de descuento|de envío|de frete|de desconto|"
    r"de réduction|de port|versand|rabatt|porto|di sconto|di spedizione|korting|verzend|zniżki|rabatu|wysyłk|скидк|за доставку|доставк|знижк|indirim|kargo|خصم|شحن|تخفیف|diskon|ongkir|off\b|"
    r"优惠券|运费|邮费|红包|引き|オフ|割引|クーポン|送料|할인|쿠폰|배송|ค่าส่ง|ส่วนลด)))"
)
# What makes a bare number a measure, a size, a count or a date, not a price.
UNIT_AFTER: Final = re.compile(r"[ \xa0]?(?:%|°|″|\"|'|[/:.]\d|[^\W\d_])|-\d")
