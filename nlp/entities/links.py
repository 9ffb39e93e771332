"""Web addresses and e-mail addresses in a text, also broken up ("www . shop . com", "name at mail dot com")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Address", "find_addresses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``kind`` email, link or the messenger that the host belongs to; ``value`` canonical; offsets into the text."""

    kind: str
    value: str
    start: int
    end: int


# Endings taken at their word; the others double as words ("condition.in") and need a scheme, www or a path.
_SURE: Final = (
    "com|net|org|shop|store|ru|cn|top|xyz|vip|cc|info|online|site|club|biz|pro|app|link|asia|eu|uk|de|fr|es|nl|pl|pt|br|"
    "mx|ar|cl|pe|kr|jp|tw|hk|vn|th|tr|ua|kz|ir|ae|sa|eg|ma|dz|ph|sg|my|au|nz|za|ng|ke|pk|bd|lk|se|dk|fi|cz|sk|hu|ro|bg|gr|"
    "rs|hr|lt|lv|ee|ch|at|example|test|invalid|shopping|fashion|live|space|website|market|ink|bio|gg|ee"
)
_UNSURE: Final = "me|io|co|in|it|no|is|to|so|be|by|my|us|id|ly|la|tv|ws|ai|am|do|im|page|one|style|direct"
_NAME: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PATH: Final = r"(?::\d{2,5})?(?:/[!#-&(-;=?-Z\\^-z~]{0,200})?"  # printable ASCII without quotes and brackets
_URL: Final = re.compile(
    rf"https?\s?://\s?(?P<host>(?:{_NAME}\.){{1,5}}[a-z]{{2,12}})(?P<path>{_PATH})", re.IGNORECASE
)
_BARE: Final = re.compile(
    rf"(?<![a-z0-9_.@/＠-])(?P<www>www\.)?(?P<host>(?:{_NAME}\.){{1,4}}(?:(?P<sure>{_SURE})|{_UNSURE}))(?![a-z0-9_@＠-])(?!\.[a-z0-9])"
    rf"(?P<path>{_PATH})",
    re.IGNORECASE,
)
_BROKEN: Final = re.compile(
    r"(?<![\w.@])(?:www\s?[.。•·]\s?)?(?P<host>[a-z0-9-]{3,40}(?:\s?\(?(?:dot|punto|ponto|point|punkt|точка|点|點|kropka|nokta|دات|नुक्ता|titik|chấm|จุด|닷|ドット)\)?\s?|"
    r"\s?\[\.\]\s?|\s?\(\.\)\s?)(?:com|net|org|ru|shop|store|cn|br|es|fr|de|it|pl|kr|jp|vn|id|ua|tr|nl|co))(?![\w-])",
    re.IGNORECASE,
)
# What must stand somewhere in a text that one of these matches, in small letters.
_SPELT_DOTS: Final = (
    *(
        "dot",
        "punto",
        "ponto",
        "point",
        "punkt",
        "точка",
        "点",
        "點",
        "kropka",
        "nokta",
        "دات",
        "नुक्ता",
        "titik",
    ),
    *("chấm", "จุด", "닷", "ドット", "[.]", "(.)"),
)
_DOTTED: Final = re.compile(r"\.[a-z]", re.IGNORECASE)
_SPACED_WWW: Final = re.compile(
    rf"(?<!\w)www\s?[.。]\s?(?P<host>[a-z0-9-]{{2,40}}(?:\s?[.。]\s?[a-z0-9-]{{2,20}})?\s?[.。]\s?(?:{_SURE}|{_UNSURE}))(?!\w)",
    re.IGNORECASE,
)
_AT: Final = (
    r"(?:[@＠★]|\s[@＠★]\s|\s?[(\[{<]\s?(?:at|arroba|a|@|chiocciola|malpa|małpa|собака|арроба|kukac|et|圈a|アット|골뱅이)\s?[)\]}>]\s?|"
    r"\s(?:at|arroba|chiocciola|małpa|malpa|собака|арроба|aet|골뱅이|อแอท|แอท|ات|آت|圈a|艾特|এট|एट|a còng|a móc)\s)"
)
_DOT: Final = (
    r"(?:\.|\s?[(\[{]\s?(?:dot|\.|punto|ponto|point|punkt|точка|点)\s?[)\]}]\s?|"
    r"\s(?:dot|punto|ponto|point|punkt|точка|点|點|kropka|nokta|крапка|دات|نقطة|نقطه|डॉट|titik|chấm|จุด|닷|ドット)\s|\s\.\s?)"
)
_EMAIL: Final = re.compile(
    rf"(?<![a-z0-9_.+-])[a-z0-9](?:[a-z0-9_+-]|\.(?=[a-z0-9_])){{0,62}}{_AT}[a-z0-9-]{{2,40}}(?:{_DOT}[a-z0-9-]{{2,24}}){{1,3}}(?![a-z0-9_@])",
    re.IGNORECASE,
)
_EMAIL_HINT: Final = re.compile(rf"{_AT}[a-z0-9-]{{2,40}}{_DOT}", re.IGNORECASE)
_AT_SIGN: Final = re.compile(
    r"[@＠★(\[{]|\s(?:at|arroba|chiocciola|ma[łl]pa|собака|골뱅이|แอท|ات|آت|艾特|एट|a còng)\s", re.IGNORECASE
)
_EMAIL_DOT: Final = re.compile(_DOT, re.IGNORECASE)
_EMAIL_AT: Final = re.compile(_AT, re.IGNORECASE)
_TRAIL: Final = ".,;:!?)]}>'\"»”…*"
_MESSENGERS: Final = {
    "wa.me": "whatsapp",
    "wa.link": "whatsapp",
    "api.whatsapp.com": "whatsapp",
    "chat.whatsapp.com": "whatsapp",
    "whatsapp.com": "whatsapp",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "telegram.dog": "telegram",
    "line.me": "line",
    "lin.ee": "line",
    "page.line.me": "line",
    "zalo.me": "zalo",
    "chat.zalo.me": "zalo",
    "open.kakao.com": "kakaotalk",
    "pf.kakao.com": "kakaotalk",
    "qr.kakao.com": "kakaotalk",
    "instagram.com": "instagram",
    "instagr.am": "instagram",
    "ig.me": "instagram",
    "yupoo.com": "yupoo",
    "u.wechat.com": "wechat",
    "weixin.qq.com": "wechat",
    "m.me": "other",
    "facebook.com": "other",
    "fb.com": "other",
    "fb.me": "other",
    "discord.gg": "other",
    "discord.com": "other",
    "vk.com": "other",
    "vk.me": "other",
    "signal.me": "other",
    "signal.group": "other",
    "viber.com": "other",
    "snapchat.com": "other",
    "tiktok.com": "other",
}
# Marketplaces: a listing that points to them keeps the buyer where he is.
_INNER: Final = re.compile(
    r"(?:^|\.)(?:amazon|ebay|etsy|shopee|lazada|tokopedia|bukalapak|aliexpress|alibaba|taobao|tmall|goofish|mercari|rakuten|"
    r"vinted|wallapop|leboncoin|avito|ozon|wildberries|trendyol|hepsiburada|sahibinden|allegro|olx|mercadolivre|mercadolibre|"
    r"depop|poshmark|grailed|vestiairecollective|kleinanzeigen|marktplaats|subito|bunjang|coupang|carousell|flipkart|divar|"
    r"dubizzle|opensooq|haraj|noon|youla|prom|rozetka|kaidee|chotot|tiki|jd|pinduoduo|2dehands|dolap|letgo|facebook\.com/marketplace)"
    r"\.[a-z.]{2,8}$"
)


def find_addresses(text: str) -> Iterator[Address]:
    """E-mail addresses and links of ``text``, none inside another, links to marketplaces left out."""
    found = [*_emails(text), *_links(text)]
    if not found or not _worth_looking(text):
        return
    taken: list[tuple[int, int]] = []
    for address in found:
        if all(address.end <= start or end <= address.start for start, end in taken[-40:]):
            taken.append((address.start, address.end))
            yield address


def _worth_looking(text: str) -> bool:
    return (
        re.search(
            r"[.@＠★。\[(]|\s(?:dot|at|arroba|punto|точка|ponto|chiocciola|собака|małpa|点)\s",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def _emails(text: str) -> Iterator[Address]:
    if not (_EMAIL_HINT.search(text) and _AT_SIGN.search(text)):
        return
    for match in _EMAIL.finditer(text):
        found = match.group()
        local, _, host = _EMAIL_AT.sub("@", found, count=1).partition("@")
        parts = [part for part in _EMAIL_DOT.sub(".", host).split(".") if part]
        spelled = "@" not in found and "＠" not in found
        if len(parts) < 2 or not parts[-1].isalpha() or (spelled and not _known_end(parts[-1])):
            continue
        value = f"{local.strip()}@{'.'.join(part.strip() for part in parts)}".lower()
        yield Address(kind="email", value=value, start=match.start(), end=match.end())


def _known_end(part: str) -> bool:
    return re.fullmatch(f"{_SURE}|{_UNSURE}", part, re.IGNORECASE) is not None


def _links(text: str) -> Iterator[Address]:
    small = text.lower().replace("ı", "i").replace("i\u0307", "i")  # as the patterns see it, who ignore case
    if "://" in small:
        for match in _URL.finditer(text):
            yield from _address(match, sure=True)
    if _DOTTED.search(text):
        for match in _BARE.finditer(text):
            sure = bool(match["www"] or match["sure"]) or len(match["path"]) > 1
            yield from _address(match, sure=sure)
    if "www" in small:
        for match in _SPACED_WWW.finditer(text):
            yield from _address(match, sure=True)
    if any(dot in small for dot in _SPELT_DOTS):
        for match in _BROKEN.finditer(text):
            yield from _address(match, sure=True)


def _address(match: re.Match[str], *, sure: bool) -> Iterator[Address]:
    host = re.sub(
        r"\s?[(\[]?(?<![a-z0-9])(?:dot|punto|ponto|point|punkt|точка|点|點|kropka|nokta|titik|chấm|จุด|닷|ドット)(?![a-z0-9])[)\]]?\s?|\s?[(\[]?[.。][)\]]?\s?",
        ".",
        match["host"].lower(),
    ).strip(".")
    host = host.removeprefix("www.").removeprefix("m.")
    path = (match.groupdict().get("path") or "").rstrip(_TRAIL)
    kind = _MESSENGERS.get(host) or _by_label(host)
    if not kind and (not sure or _INNER.search(host) or not _looks_like_host(host)):
        return
    end = match.end() - (len(match.groupdict().get("path") or "") - len(path))
    value = _messenger_value(kind, host, path) if kind else f"{host}{_canonical(path)}"
    if value:
        yield Address(kind=kind or "link", value=value, start=match.start(), end=end)


def _by_label(host: str) -> str | None:
    if re.search(r"(?:^|\.)(?:x\.)?yupoo\.", host):
        return "yupoo"
    return "kakaotalk" if host.startswith(("open.kakao.", "pf.kakao.")) else None


def _looks_like_host(host: str) -> bool:
    labels = host.split(".")
    return all(len(label) <= 63 for label in labels) and any(
        len(label) > 1 and not label.isdigit() for label in labels[:-1]
    )


def _canonical(path: str) -> str:
    return re.sub(r"[?#].*$", "", path).rstrip("/").lower()


def _messenger_value(kind: str, host: str, path: str) -> str:
    """The handle or number that a messenger's link leads to; the link itself where it is opaque."""
    number = re.search(r"(?:phone=|/)\+?(\d{7,15})(?!\d)", path)
    if kind == "whatsapp":
        return f"+{number.group(1)}" if number and "chat." not in host else _opaque(host, path)
    if kind == "zalo" and number:
        return number.group(1)
    parts = [part for part in _canonical(path).split("/") if part]
    if kind == "telegram" and parts and not parts[0].startswith(("+", "joinchat")):
        return parts[1] if parts[0] == "s" and len(parts) > 1 else parts[0].lstrip("@")
    if kind == "instagram" and parts and parts[0] not in ("p", "reel", "stories"):
        return parts[0].lstrip("@")
    if kind == "line" and parts and parts[-1][:1] in "~@":
        return parts[-1].lstrip("~@")
    return _opaque(host, path) if kind == "yupoo" or parts else ""


def _opaque(host: str, path: str) -> str:
    return f"{host}{re.sub(r'[?#].*$', '', path).rstrip('/')}"
