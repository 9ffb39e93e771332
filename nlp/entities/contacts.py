"""Ways to reach the seller that a text names: numbers, handles, links, addresses; normalised so that equals are equal.

>>> [(match.kind, match.value) for match in find_contacts("wasap +34 611 20 30 41, tg @Bolsos_Lu")]
[('whatsapp', '+34611203041'), ('telegram', 'bolsos_lu')]

A number is a contact only if something says so: a plus and a country code, the shape of a mobile number that nothing
else has, every digit apart or in words, or a word beside it (call, WhatsApp, 电话). Sizes, prices, dates, article
numbers are none. A messenger without an address ("add me on WhatsApp") is a phrase of the lexicon, not a contact.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from nlp.entities.channels import find_handles, find_words
from nlp.entities.links import find_addresses
from nlp.entities.numbers import find_runs
from nlp.entities.shops import SellerMatch, find_sellers
from nlp.letters import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nlp.entities.channels import Word
    from nlp.entities.numbers import Run
    from nlp.records import ContactKind

__all__ = ["ContactMatch", "SellerMatch", "find_contacts", "find_sellers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMatch:
    """A contact at ``start:end`` of the original text.

    ``value``: for numbers digits, with a plus where the country is known; for handles lower case without @; for links
    host and path without scheme, ``www`` and query; for e-mail the address in lower case.
    """

    kind: ContactKind
    value: str
    start: int
    end: int


def find_contacts(text: str, *, page: Page | None = None) -> list[ContactMatch]:
    """Contacts of ``text`` in order, none inside another; ``page``: the text made plain, if that was done before."""
    page = page or Page.of(text)
    matches = [
        ContactMatch(kind=cast("ContactKind", item.kind), value=item.value, start=item.start, end=item.end)
        for item in find_addresses(text)
    ]
    words = find_words(page)
    matches.extend(_numbers(page, words))
    matches.extend(_handles(page, words))
    return _apart(matches)


_NEAR: Final = 26  # characters between a word and the number it announces
_BEHIND: Final = 14
_NUMERIC: Final = frozenset(["whatsapp", "zalo", "wechat", "telegram", "line", "kakaotalk", "other", "yupoo"])
_MONEY: Final = r"[$€£¥₽₹₩฿₫₺₴﷼]|\b(?:usd|eur|gbp|rs|rp|inr|руб|грн|tl|kr|zł|zl|pln|brl|r\$|ریال|تومان|元|円|원|บาท|đ|vnd|idr|sar|aed)\b"
_MONEY_BEFORE: Final = re.compile(rf"(?:{_MONEY})\s?\.?\s?$")
_MONEY_AFTER: Final = re.compile(
    r"\s?(?:[$€£¥₽₹₩฿₫₺₴﷼%]|(?:usd|eur|euros?|gbp|rs|руб\w*|р\.|р\b|грн|tl\b|zł|pln|ریال|تومان|تومن|元|円|원|บาท|đ\b|vnd|mah|mm|cm|kg|ml|pcs|만원|万円|ريال|درهم|دينار|جنيه|views|sold|km\b))"
)
_DATE: Final = re.compile(
    r"^(?:19|20)\d\d[.\-/ ](?:0?[1-9]|1[0-2])[.\-/ ](?:[0-2]?\d|3[01])$|^(?:[0-2]?\d|3[01])[.\-/ ](?:0?\d|1[0-2])[.\-/ ](?:19|20)?\d\d$"
)


def _numbers(page: Page, words: list[Word]) -> Iterator[ContactMatch]:
    starts = [word.start for word in words]
    last_end = 0
    for run in find_runs(page):
        near = words[
            bisect_left(starts, max(run.start - 60, last_end)) : bisect_left(starts, run.end + _BEHIND)
        ]
        kind = _kind_of(page, run, near)
        if kind is not None:
            start, end = page.span(run.start, run.end)
            yield ContactMatch(kind=cast("ContactKind", kind), value=_normal(run, page), start=start, end=end)
        last_end = run.end


def _kind_of(page: Page, run: Run, near: list[Word]) -> str | None:
    """The contact kind of a run of digits, None if it is no contact."""
    text = page.text
    shown = text[run.start : run.end]
    before = [
        word
        for word in near
        if word.end <= run.start and _close(text[word.end : run.start], _NEAR, word.kind)
    ]
    after = [
        word for word in near if run.end <= word.start and _close(text[run.end : word.start], _BEHIND, "")
    ]
    if _is_other_number(text, run, shown, before):
        return None
    channel = next((word.kind for word in reversed(before) if word.kind in _NUMERIC), None) or next(
        (word.kind for word in after if word.kind in _NUMERIC), None
    )
    announced = any(word.kind in ("call", *_NUMERIC) for word in before) or channel is not None
    invited = announced or any(word.kind in ("reach", "instagram") for word in before)
    length = len(run.digits)
    if run.plus and 8 <= length <= 15 and run.digits[0] != "0":
        return channel or "phone"
    if _has_mobile_shape(run) or (run.is_spaced_out and 7 <= length <= 15 and not _counts_up(run.digits)):
        return channel or "phone"
    if announced and 7 <= length <= 15 and _fits(run):
        return channel or "phone"
    if channel == "other" and length >= 5 and len(run.groups) <= 4 and "qq" in _names(text, before):
        return "other"
    if invited and 8 <= length <= 13 and _fits(run) and not _looks_like_amount(shown):
        return channel or "phone"
    return None


def _names(text: str, words: list[Word]) -> str:
    shown = " ".join(text[word.start : word.end] for word in words)
    return shown.replace("扣扣", "qq").replace("企鹅", "qq").replace("群号", "qq").replace("加q", "qq")


def _close(between: str, reach: int, kind: str) -> bool:
    if len(between) > (reach if kind != "code" else 14) or "\n\n" in between:
        return False
    return not re.search(r"\d{3}|[.!?。！？]\s+\S+\s+\S+", between)


def _is_other_number(text: str, run: Run, shown: str, before: list[Word]) -> bool:
    """Prices, dates, article numbers, rows of sizes."""
    if run.plus:
        return False
    if before and max(before, key=lambda word: (word.end, word.end - word.start)).kind == "code":
        return True
    if _MONEY_BEFORE.search(text[max(run.start - 8, 0) : run.start]) or _MONEY_AFTER.match(text, run.end):
        return True
    if _DATE.match(shown) or (
        re.search(r"[#№n]\s?°?$", text[max(run.start - 3, 0) : run.start]) and len(run.groups) == 1
    ):
        return True
    if run.start and text[run.start - 1].isascii() and text[run.start - 1].isalpha() and not before:
        return True  # the tail of an article number: AB12345678
    return _is_row(run) or bool(re.match(r"-?[a-z]{1,3}\d|[a-z](?![a-z])", text[run.end : run.end + 5]))


def _is_row(run: Run) -> bool:
    """36 37 38 39 40 41, or 2019-2020-2021: a row of sizes or years, each group of the same two or four digits, rising."""
    if len(run.groups) < 3 or len(set(run.groups)) != 1 or run.groups[0] not in (2, 4):
        return False
    size = run.groups[0]
    values = [int(run.digits[at : at + size]) for at in range(0, len(run.digits), size)]
    steps = {two - one for one, two in pairwise(values)}
    return all(0 < step <= 10 for step in steps) or all(-10 <= step < 0 for step in steps)


def _counts_up(digits: str) -> bool:
    """1 2 3 4 5 6 7, 0 0 0 0 0 0 0: no telephone number."""
    return len(set(digits)) <= 2 or digits in "01234567890123456789" or digits in "9876543210"


def _has_mobile_shape(run: Run) -> bool:
    """Shapes that hardly anything but a telephone number has."""
    digits, groups = run.digits, run.groups
    if (
        len(digits) == 11
        and re.match(r"1[3-9]\d", digits)
        and groups in ((11,), (3, 4, 4), (3, 8), (3, 3, 5), (7, 4))
    ):
        return not re.fullmatch(r"(\d)\1+", digits[3:])
    if re.match(r"01[016789]", digits) and groups in ((3, 4, 4), (3, 3, 4), (11,)):
        return True
    if re.match(r"0[5789]0", digits) and groups == (3, 4, 4):
        return True
    if re.match(r"[78][3-9]\d\d", digits) and len(digits) == 11 and len(groups) >= 4:
        return True
    if digits.startswith("00") and 11 <= len(digits) <= 15 and re.match(r"00[1-9]", digits):
        return len(groups) >= 2
    return (
        digits.startswith("0")
        and digits[1] != "0"
        and len(digits) in (10, 11)
        and (len(groups) in (3, 4, 5) or digits[:2] in ("09", "07", "05"))
    )


def _fits(run: Run) -> bool:
    return len(run.groups) <= 16 and not _is_row(run)


def _looks_like_amount(shown: str) -> bool:
    """1.299.000 or 1,299,000: groups of three behind a short first one."""
    return re.fullmatch(r"\d{1,3}([.,  ])\d{3}(?:\1\d{3})*", shown) is not None


def _normal(run: Run, page: Page) -> str:
    """Digits, with + and country code where the writing tells the country."""
    digits, groups = run.digits, run.groups
    if run.plus:
        return "+" + re.sub(
            r"^(44|49|33|39|31|34|61|66|62|84|7|82|81|86|90|98|20|966|971|380)0(?=\d{8,})", r"\1", digits
        )
    if digits.startswith("00") and len(digits) >= 11:
        return "+" + digits[2:]
    if len(digits) == 11 and re.match(r"1[3-9]\d", digits) and (groups != (3, 8)):
        return "+86" + digits
    if (
        re.match(r"01[016789]", digits)
        and len(digits) in (10, 11)
        and (groups in ((3, 4, 4), (3, 3, 4)) or _has(page, "가-힣"))
    ):
        return "+82" + digits[1:]
    if re.match(r"0[5789]0", digits) and len(digits) == 11 and (_has(page, "ぁ-ヿ") or groups == (3, 4, 4)):
        return "+81" + digits[1:]
    if len(digits) == 11 and re.match(r"[78]9", digits) and _has(page, "а-я"):
        return "+7" + digits[1:]
    if len(digits) == 10 and re.match(r"0[3-9]\d", digits) and _has(page, "іїєґ"):
        return "+380" + digits[1:]
    if len(digits) == 11 and digits.startswith("09") and _has(page, "پچژگیک"):
        return "+98" + digits[1:]
    return digits


def _has(page: Page, letters: str) -> bool:
    return re.search(f"[{letters}]", page.original, re.IGNORECASE) is not None


def _handles(page: Page, words: list[Word]) -> Iterator[ContactMatch]:
    taken: set[int] = set()
    for handle in find_handles(page, words):
        taken.add(handle.start)
        start, end = page.span(handle.start, handle.end)
        yield ContactMatch(
            kind=cast("ContactKind", handle.kind),
            value=_handle_value(handle.kind, handle.value),
            start=start,
            end=end,
        )
    for match in _LONE.finditer(page.written() if "@" in page.text else ""):
        if match.start(1) in taken:
            continue
        kind = _lone_kind(page, match, words)
        if kind:
            start, end = page.span(match.start(), match.end())
            yield ContactMatch(
                kind=cast("ContactKind", kind), value=match.group(1).rstrip("._"), start=start, end=end
            )


def _handle_value(kind: str, value: str) -> str:
    return f"{value}.x.yupoo.com" if kind == "yupoo" and "." not in value else value


_LONE: Final = re.compile(r"(?<![\w.@/])@ ?([a-z0-9][a-z0-9._]{2,31}(?:-[a-z0-9._]{2,20})?)(?![\w@])")


def _lone_kind(page: Page, match: re.Match[str], words: list[Word]) -> str | None:
    """An @handle without a messenger's name beside it: Telegram where Cyrillic or Persian is written, else Instagram."""
    value = match.group(1).rstrip("._")
    if value.isdigit() or len(value) < 4:
        return None
    behind = next(
        (
            word.kind
            for word in words
            if 0 <= word.start - match.end() <= 10 and word.kind in _NUMERIC | {"instagram"}
        ),
        None,
    )
    if behind:
        return behind
    if "." not in value and "-" not in value and _has(page, "а-яіїєپچژگ"):
        return "telegram"
    return "instagram" if "-" not in value else None


def _apart(matches: list[ContactMatch]) -> list[ContactMatch]:
    """The longer of two that overlap; addresses, which come first, before numbers and handles."""
    kept: list[ContactMatch] = []
    for match in sorted(matches, key=lambda item: (item.start, item.start - item.end)):
        if kept and match.start < kept[-1].end:
            if match.end - match.start > kept[-1].end - kept[-1].start:
                kept[-1] = match
            continue
        kept.append(match)
    return kept
