"""Which column of a dump is which, by its name in many languages and by what stands in it.

A name that is known wins if the content does not contradict it (a "title" that holds links is none). What no name
tells is told by content: links on one site are the URL, amounts with a currency the price, the longest varied text
the description, the shorter one the title, a different value in every row the id. A dump often has several prices,
and in each row another one is filled; so ``price`` and ``title`` may list further columns to look into.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from nlp.errors import DumpError, UsageError
from nlp.formats.column_names import AFFIXES, LATE_PRICES, NAMES, NOT_TEXT
from nlp.formats.column_stats import Look, look
from nlp.schema import LISTING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nlp.formats.table import Table

__all__ = ["Choice", "Recognised", "header_currency", "normal_name", "recognise"]

_CURRENCY: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£¥₩₽₹₫฿₺₴₪₦₱]|R\$|RM|Rp|zł|元|円|원|руб")
_ORDER: Final = ("url", "price", "currency", "title", "description", "brand", "seller", "category", "id")
_FURTHER: Final = {"price": 4, "title": 1}
_LETTERS: Final = str.maketrans(
    {"đ": "d", "ł": "l", "ø": "o", "أ": "ا", "إ": "ا", "آ": "ا", "ي": "ی", "ك": "ک"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``role`` (a column of ``LISTING``) is read from ``column``; ``otherwise`` lists where to look if it is blank."""

    role: str
    column: str
    why: str
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What was understood of one table, for printing. ``unused`` names the columns that are not read.

    ``currency`` is set if the header of the price column states one.
    """

    file: str
    layout: str
    encoding: str
    choices: tuple[Choice, ...]
    unused: tuple[str, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def column(self, role: str) -> str | None:
        """The column that ``role`` is read from, or None."""
        return next((choice.column for choice in self.choices if choice.role == role), None)


def recognise(file: str, table: Table, mapping: Mapping[str, str] | None = None) -> Recognised | None:
    """What each column is; None if no title can be found. ``mapping`` decides for the roles in it, '' meaning none.

    Raises:
        UsageError: if ``mapping`` names something that is no column of ``LISTING``.
        DumpError: if ``mapping`` names a column that the table lacks.
    """
    given = _given(file, table, mapping or {})
    looks = {name: look(values) for name, values in _by_column(table).items()}
    taken: dict[str, Choice] = {role: choice for role, choice in given.items() if choice is not None}
    for role in _ORDER:
        if role not in given:
            choice = _by_name(role, looks, taken)
            if choice is not None:
                taken[role] = choice
    for role in ("url", "price", "description", "title", "id"):
        if role not in given and role not in taken:
            choice = _by_content(role, looks, taken)
            if choice is not None:
                taken[role] = choice
    _lend_title(taken, given)
    if "title" not in taken:
        return None
    return _recognised(file, table, taken)


@lru_cache(maxsize=16_384)
def normal_name(name: str) -> str:
    """A column name for comparison: no case, no accents on Latin letters, words separated by one space."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("ı", "i").replace("İ", "I"))
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", apart).casefold())
    bare = "".join(char for at, char in enumerate(folded) if not _is_accent(folded, at))
    kept = unicodedata.normalize("NFC", bare).translate(_LETTERS)
    spaced = "".join(char if char.isalnum() or _joins(char) else " " for char in kept)
    return " ".join(spaced.split())


def header_currency(name: str) -> str | None:
    """The currency that a column name states: ``price (MYR)`` gives 'MYR', ``Preis in €`` gives '€'."""
    match = _CURRENCY.search(name)
    if match is None or match.group() in ("URL", "SKU", "MIN", "MAX", "VAT", "ALL", "PER", "NEW", "OLD"):
        lowered = re.search(
            r"(?:^|[_ (])(usd|eur|gbp|jpy|cny|rmb|krw|myr|idr|thb|vnd|php|sgd|inr|brl|mxn|try|rub)\b",
            name.lower(),
        )
        return lowered.group(1).upper() if lowered else None
    return None if match.group() == name else match.group()


def _is_accent(text: str, at: int) -> bool:
    """Whether the character is a mark that such names are also written without: on Latin and Greek, in Arabic."""
    if not unicodedata.combining(text[at]):
        return False
    if "\u064b" <= text[at] <= "\u0655":
        return True
    while at and unicodedata.combining(text[at]):
        at -= 1
    return unicodedata.name(text[at], "").startswith(("LATIN", "GREEK"))


def _joins(char: str) -> bool:
    """Vowel signs of Indic and Thai scripts belong to their word."""
    return unicodedata.category(char)[0] == "M"


def _given(file: str, table: Table, mapping: Mapping[str, str]) -> dict[str, Choice | None]:
    given: dict[str, Choice | None] = {}
    for role, wanted in mapping.items():
        if role not in LISTING_COLUMNS:
            raise UsageError(f"--map {role}=…: no such field; known are {', '.join(LISTING_COLUMNS)}")
        given[role] = (
            Choice(role=role, column=_find(file, table, role, wanted), why="given") if wanted else None
        )
    return given


def _find(file: str, table: Table, role: str, wanted: str) -> str:
    if wanted in table.columns:
        return wanted
    number = re.fullmatch(r"#(\d+)", wanted)
    if number and 0 < int(number.group(1)) <= len(table.columns):
        return table.columns[int(number.group(1)) - 1]
    same = [name for name in table.columns if normal_name(name) == normal_name(wanted)]
    if len(same) == 1:
        return same[0]
    raise DumpError(file, f"--map {role}={wanted}: no such column; there are {listed(table.columns)}")


def listed(columns: Sequence[str]) -> str:
    """The names for a message, at most forty of them."""
    shown = ", ".join(name if len(name) <= 60 else name[:57] + "…" for name in columns[:40])
    return shown + (f" and {len(columns) - 40:,} more" if len(columns) > 40 else "")


def _by_column(table: Table) -> dict[str, list[Any]]:
    """Sample values of each column, the first of equal names."""
    return {
        name: [row[index] if index < len(row) else None for row in table.sample]
        for index, name in reversed(list(enumerate(table.columns)))
    }


def _by_name(role: str, looks: Mapping[str, Look], taken: Mapping[str, Choice]) -> Choice | None:
    used = {choice.column for choice in taken.values()}
    scored = [
        (score, -position, name)
        for position, name in enumerate(_in_order(looks))
        if name not in used and (score := _name_score(role, name, looks[name])) > 0
    ]
    if not scored:
        return None
    ranked = [name for _, _, name in sorted(scored, reverse=True)]
    further = tuple(ranked[1 : 1 + _FURTHER["price"]]) if role == "price" else ()
    return Choice(role=role, column=ranked[0], why="by its name", otherwise=further)


def _in_order(looks: Mapping[str, Look]) -> list[str]:
    return list(reversed(list(looks)))


def _name_score(role: str, name: str, seen: Look) -> float:
    """How surely the name means ``role``: 0 not at all; a column that is blank or of the wrong kind counts less."""
    normal = normal_name(re.sub(r"[(\[（【].*?[)\]）】]", " ", name)) or normal_name(name)
    base = _exact(role, normal)
    if not base:
        base = _loose(role, normal)
    if not base or not seen.may_be(role):
        return 0.0
    return (
        base - (60.0 if seen.filled == 0 else 0.0) if base > 60 else base * (0.1 if seen.filled == 0 else 1.0)
    )


def _exact(role: str, normal: str) -> float:
    if role == "price" and normal in _known()[_LATE]:
        return 30.0
    known = _known()[role]
    for spelling in (normal, normal.replace(" ", "")):
        rank = known.get(spelling)
        if rank is not None:
            return 200.0 - 100.0 * rank / len(known)
    return 0.0


_LATE: Final = "late price"


@cache
def _known() -> dict[str, dict[str, int]]:
    """Normalised names of each role with their rank."""
    named = {**NAMES, _LATE: LATE_PRICES}
    return {
        role: {normal_name(name): rank for rank, name in reversed(list(enumerate(names)))}
        for role, names in named.items()
    }


def _loose(role: str, normal: str) -> float:
    """Names with words around them: "goods_title_cn", "price_usd", "offers.0.price"."""
    if any(_exact(other, normal) for other in NAMES if other != role):
        return 0.0
    words = [word for word in normal.split() if not word.isdigit()]
    core = [word for word in words if word not in AFFIXES and not _is_currency(role, word)]
    if not core or (len(core) > 1 and set(core) & NOT_TEXT):
        return 0.0
    stripped = " ".join(core)
    if stripped != normal and (score := _exact(role, stripped)):
        return score * 0.8
    if role == "id" or (role == "seller" and "id" in words):
        return 0.0
    last, first = core[-1], core[0]
    if len(core) <= 3 and any(_exact(role, word) > 100 for word in (last, first)):
        return 25.0 if role != "price" else 28.0
    return 0.0


def _is_currency(role: str, word: str) -> bool:
    return role == "price" and len(word) == 3 and header_currency(f"_{word}") is not None


def _by_content(role: str, looks: Mapping[str, Look], taken: Mapping[str, Choice]) -> Choice | None:
    used = {choice.column for choice in taken.values()} | {
        name for choice in taken.values() for name in choice.otherwise
    }
    title = looks[taken["title"].column] if "title" in taken else None
    scored = [
        (score, -position, name)
        for position, name in enumerate(_in_order(looks))
        if name not in used and (score := _content_score(role, name, looks[name], title)) > 0
    ]
    return Choice(role=role, column=max(scored)[2], why=_WHY[role]) if scored else None


_WHY: Final = {
    "url": "links, another one in each row",
    "price": "amounts with a currency",
    "description": "the longest text",
    "title": "short text that differs from row to row",
    "id": "another value in each row",
}


def _content_score(role: str, name: str, seen: Look, title: Look | None) -> float:
    words = set(normal_name(name).split())
    if role == "url":
        wrong = words & {
            "image",
            "img",
            "photo",
            "picture",
            "category",
            "shop",
            "store",
            "seller",
            "thumbnail",
            "video",
        }
        return seen.links * seen.distinct if seen.links > 0.8 and seen.distinct > 0.8 and not wrong else 0.0
    if role == "price":
        return seen.amounts if seen.amounts > 0.6 else 0.0
    if role == "id":
        return seen.codes if seen.distinct > 0.98 and seen.filled > 0.98 and seen.codes > 0.9 else 0.0
    if seen.prose < 0.6 or (words & NOT_TEXT and len(words) <= 3):
        return 0.0
    if role == "description":
        above = 2 * title.length if title else 0.0
        varied = seen.distinct > 0.3 and seen.length > max(80.0, above)
        return seen.length if varied else 0.0
    title_like = seen.distinct > 0.5 and 6 <= seen.length <= 400 and seen.filled > 0.5
    return seen.distinct * min(seen.length, 60.0) * seen.filled if title_like else 0.0


def _lend_title(taken: dict[str, Choice], given: Mapping[str, Choice | None]) -> None:
    """Without a title the description takes its place; a brand stands in for a blank title."""
    if "title" in given:
        return
    if "title" not in taken and "description" in taken and "description" not in given:
        lent = taken.pop("description")
        taken["title"] = Choice(role="title", column=lent.column, why="the only text")
    if "title" in taken and "brand" in taken:
        title = taken["title"]
        taken["title"] = Choice(
            role="title", column=title.column, why=title.why, otherwise=(taken["brand"].column,)
        )


def _recognised(file: str, table: Table, taken: Mapping[str, Choice]) -> Recognised:
    choices = tuple(taken[role] for role in LISTING_COLUMNS if role in taken)
    used = {choice.column for choice in choices} | {name for choice in choices for name in choice.otherwise}
    price = taken.get("price")
    return Recognised(
        file=file,
        layout=table.layout,
        encoding=table.encoding,
        choices=choices,
        unused=tuple(name for name in table.columns if name not in used),
        currency=header_currency(price.column) if price else None,
        notes=tuple(table.notes),
    )
