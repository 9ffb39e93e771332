"""The two texts of an article, folded once, and evidence that slices back into them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.plaintext import without_form
from feeds.records import Evidence
from feeds.scan import flat

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeds.records import Item

__all__ = ["Passage", "passages_of", "plain_digits"]

_MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text of an item; ``folded`` is as long as ``text``, in lower case, with plain digits."""

    field: Literal["title", "text"]
    text: str
    folded: str
    langs: frozenset[str]
    lang: str

    def evidence(self, start: int, end: int) -> Evidence:
        """The words at ``start:end``."""
        return Evidence(field=self.field, start=start, end=end, text=self.text[start:end])


def passages_of(item: Item, lang: str, langs: Collection[str]) -> tuple[Passage, Passage]:
    """Title and text of ``item``, the text as far as the article goes."""
    return (
        _passage("title", item.title[:2000], lang, langs),
        _passage("text", without_form(item.text[:_MOST]), lang, langs),
    )


def plain_digits(text: str) -> str:
    """``text`` with the digits of all scripts as 0 to 9, of the same length."""
    return text if text.isascii() else text.translate(_digits())


def _passage(field: Literal["title", "text"], text: str, lang: str, langs: Collection[str]) -> Passage:
    return Passage(field=field, text=text, folded=plain_digits(flat(text)), langs=frozenset(langs), lang=lang)


@lru_cache(maxsize=1)
def _digits() -> dict[int, str]:
    codes = range(0x660, 0x1FBFA)
    return {code: str(int(chr(code))) for code in codes if chr(code).isdecimal()}
