"""Which currency a sign, code or word stands for: one table, and the families whose sign is shared.

``SUFFIXES`` may stand after a number, ``PREFIXES`` before it. A value is an ISO code, or a *family* (``FAMILIES``)
whose member the context decides. ``TOMAN`` is ten Iranian rials.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CASED", "CODES", "FAMILIES", "PREFIXES", "SUFFIXES", "UNIT"]

TOMAN: Final = "TOMAN"
# A family's sign is read as the hinted currency if that is a member, else as the first member (None: unknown).
FAMILIES: Final[dict[str, tuple[str | None, ...]]] = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "DOP", "BRL"),
    "¥": ("JPY", "CNY"),
    "KR": (None, "SEK", "NOK", "DKK", "ISK"),
    "RS": ("INR", "PKR", "LKR", "NPR"),
    "PESO": (None, "MXN", "ARS", "CLP", "COP", "PHP", "UYU", "DOP"),
    "DINAR": (None, "KWD", "BHD", "JOD", "IQD", "TND", "DZD", "LYD", "RSD"),
    "DIRHAM": ("AED", "MAD"),
    "RIYAL": ("SAR", "QAR", "OMR", "YER"),
    "POUND": (None, "GBP", "EGP"),
    "FRANC": (None, "CHF"),
    "YUAN": ("CNY", "TWD", "HKD"),
    "DASH": (None, "EUR", "CHF", "SEK", "NOK", "DKK", "THB", "INR", "PKR", "CZK"),
    "P": (None, "PHP"),
    "R": (None, "ZAR"),
}
# How many of the currency one unit of the sign is.
UNIT: Final[dict[str, tuple[str, float]]] = {TOMAN: ("IRR", 10.0), "MBTC": ("BTC", 0.001)}

_BOTH: Final[dict[str, str]] = {
    "USD": "us$ u$s u$d $us $usd usd$ usdt 美元 美金 美刀 ドル 달러 долл долларов دولار usd.",
    "EUR": "€ euro euros eur. евро євро 欧元 ユーロ 유로 يورو یورو ευρώ €uro",
    "GBP": "£ stg 英镑 ポンド 파운드 quid",
    "JPY": "jpy¥ jp¥ 日元 日圓 日币 日幣 엔화",
    "CNY": "rmb 人民币 人民幣 cn¥ cny¥ 人民元",
    "KRW": "₩ 韩元 韓元 韩币 ウォン",
    "INR": "₹ inr. रु. रु रुपये रुपए रूपये",
    "RUB": "₽ руб руб. рублей рубля rub.",
    "UAH": "₴ грн грн. гривень гривні uah.",
    "TRY": "₺ tl tl.",
    "THB": "฿ บาท baht",
    "VND": "₫ vnđ vnd. đồng",
    "IDR": "rp rp. rupiah idr.",
    "MYR": "rm ringgit",
    "PHP": "₱ php₱",
    "SGD": "s$ sg$ sgd$",
    "HKD": "hk$ hkd$ 港币 港元 港幣",
    "TWD": "nt$ 台币 台幣 新台币 新台幣",
    "AUD": "a$ au$ aud$",
    "CAD": "c$ ca$ cad$ can$",
    "NZD": "nz$ nzd$",
    "MXN": "mx$ mxn$ mex$",
    "ARS": "ar$ ars$",
    "CLP": "clp$ cl$",
    "COP": "cop$ col$",
    "UYU": "$u uyu$",
    "BRL": "r$ brl$ reais",
    "PEN": "s/ s/. soles",
    "PLN": "zł zl. złotych zlotych зл",
    "CZK": "kč korun",
    "CHF": "sfr sfr. franken",
    "HUF": "forint",
    "RON": "lei",
    "BGN": "лв лв.",
    "ILS": "₪ nis ש״ח שח שקל שקלים",
    "AED": "د.إ د.إ. dhs درهم إماراتي",
    "SAR": "ر.س ر.س. ﷼",
    "QAR": "ر.ق ر.ق.",
    "OMR": "ر.ع ر.ع.",
    "KWD": "د.ك د.ك.",
    "BHD": "د.ب د.ب.",
    "JOD": "د.أ",
    "EGP": "ج.م ج.م. جنيه e£",
    "IRR": "ریال",
    TOMAN: "تومان تومن تومن toman",
    "NGN": "₦ naira",
    "KES": "ksh ksh. kshs",
    "TZS": "tsh tsh.",
    "UGX": "ush ugx.",
    "GHS": "gh₵ ₵",
    "BDT": "৳ tk tk. taka টাকা",
    "KZT": "₸ тг тенге",
    "GEL": "₾ лари",
    "AZN": "₼ манат",
    "AMD": "֏ драм",
    "BTC": "₿ bitcoin bitcoins",
    "MBTC": "mbtc",
    "$": "$",
    "¥": "¥",
    "KR": "kr kr.",
    "RS": "rs rs. rupees",
    "DIRHAM": "dh درهم",
    "RIYAL": "ريال",
    "DINAR": "دينار دینار",
}
_PREFIX_ONLY: Final[dict[str, str]] = {"TWD": "nt", "P": "p", "R": "r", "FRANC": "fr fr.", "EGP": "le l.e."}
_SUFFIX_ONLY: Final[dict[str, str]] = {
    "USD": "$usd bucks dollars dollar 刀",
    "JPY": "円 yen 圓 엔",
    "CNY": "块钱 kuai yuan 块 塊",
    "KRW": "원 won",
    "VND": "đ d",
    "RUB": "р р. рур",
    "HUF": "ft",
    "EGP": "le l.e.",
    "PLN": "zl",
    "CZK": "kc",
    "RSD": "din din.",
    "HRK": "kn",
    "TRY": "lira lirası",
    "YUAN": "元 圆",
    "PESO": "pesos peso",
    "FRANC": "fr fr.",
    "IDR": "perak",
    "UZS": "сум сўм",
    "KGS": "сом",
    "DASH": ",- .- /- ,-- :- .– ,– .— ,— .--",
}
_CODES: Final = """
    USD EUR GBP JPY CNY KRW INR RUB UAH TRY THB VND IDR MYR PHP SGD HKD TWD AUD CAD
    NZD MXN ARS CLP COP UYU BRL PEN PLN CZK CHF HUF RON BGN SEK NOK DKK ISK ILS AED
    SAR QAR OMR KWD BHD JOD EGP MAD TND DZD IRR IQD PKR LKR NPR BDT NGN KES GHS ZAR
    KZT GEL AZN AMD BYN MDL RSD UZS KGS HRK DOP CRC BOB VES LBP MOP MNT KHR LAK MMK
    BTC SYP LYD YER SDG XOF XAF UGX TZS ETB GTQ PYG HNL AFN BAM MKD TMT TJS
"""
CODES: Final[tuple[str, ...]] = tuple(_CODES.split())
# Codes that are words of some language as well: only as capitals in a text that is not all capitals.
_CASED: Final = """
    try cop pen gel mad ron bob cad mop all mnt lak nt sek nok bam bam
"""
CASED: Final = frozenset(_CASED.split())


def _invert(*tables: dict[str, str]) -> dict[str, str]:
    words = {word: name for table in tables for name, line in table.items() for word in line.split()}
    return {**words, **{code.lower(): code for code in CODES}}


PREFIXES: Final[dict[str, str]] = _invert(_BOTH, _PREFIX_ONLY)
SUFFIXES: Final[dict[str, str]] = _invert(_BOTH, _SUFFIX_ONLY)
