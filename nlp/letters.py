"""A listing as the phrase matchers see it: letters made plain, offsets kept.

>>> page = Page.of("Ré\u200bplicas   1：1")
>>> page.text
'replicas 1:1'
>>> page.span(0, 8)
(0, 9)

On top of :mod:`nlp.text` this joins what people write in several ways: Arabic and Persian letters, digits of every
script, traditional Chinese characters that occur in cue phrases, hyphens and runs of spaces. A text whose characters
all map one to one goes through ``str.translate``; everything else through :func:`nlp.text.fold`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from nlp.text import drop_invisible, fold, lower, nfkc, script_of, strip_accents

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Page", "plain", "with_accents", "word_group"]

_SENTINEL: Final = "\ue000"  # private use: stands for "not one to one, take the long way"
_SPACES: Final = re.compile(r" {2,}")
_HYPHENS: Final = "-‐‑"
_THAI_AM: Final = "\u0e33"  # NFKC would split it in two; everybody writes it as one
_VIETNAMESE: Final = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_SAME: Final = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیېۍ", "ي"),
        "ک": "ك",
        "ة": "ه",
        "ۀ": "ه",
        "ە": "ه",
        "ـ": "",
        "\u0670": "",
        **dict.fromkeys(map(chr, range(0x064B, 0x0653)), ""),
        "\u093c": "",  # nukta: फ़ and फ are written for each other
        **dict.fromkeys("’‘`´ʼ′", "'"),
        **dict.fromkeys("∶ː։꞉︓", ":"),
        **dict.fromkeys(_HYPHENS, " "),
        "\t": " ",
        "\r": " ",
        **dict(
            zip(
                "復貨級單廠專櫃質仿貳製標銷發關稅門過驗驢愛馬處遠檔號碼這個們類鏡麵國際頂級訂購買賣價錶為與無勿"
                "員紙讓種樣間聯繫電話賬號圖冊點擊連結帳戶賠萬絕對證書齊盒飛機隱私寶掃瑕損壞補選請說實體現會區斷",
                "复货级单厂专柜质仿贰制标销发关税门过验驴爱马处远档号码这个们类镜面国际顶级订购买卖价表为与无勿"
                "员纸让种样间联系电话账号图册点击连结帐户赔万绝对证书齐盒飞机隐私宝扫瑕损坏补选请说实体现会区断",
                strict=True,
            )
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``text`` is what matchers search; :meth:`span` leads back into ``original``."""

    original: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Page:
        """``text`` made plain."""
        quick = text.translate(_TABLE)
        if _SENTINEL in quick:
            folded = fold(text, plain_cluster)
            return cls._squeezed(text, folded.text, folded.starts, folded.ends)
        return cls._squeezed(text, quick, range(len(text)), range(1, len(text) + 1))

    @classmethod
    def _squeezed(cls, original: str, text: str, starts: Sequence[int], ends: Sequence[int]) -> Page:
        if "  " not in text:
            return cls(original=original, text=text, starts=starts, ends=ends)
        pieces: list[str] = []
        kept_starts: list[int] = []
        kept_ends: list[int] = []
        at = 0
        for run in _SPACES.finditer(text):
            stop = run.start() + 1
            pieces.append(text[at:stop])
            kept_starts.extend(starts[at:stop])
            kept_ends.extend(ends[at:stop])
            at = run.end()
        kept_starts.extend(starts[at:])
        kept_ends.extend(ends[at:])
        return cls(original=original, text="".join([*pieces, text[at:]]), starts=kept_starts, ends=kept_ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in ``original`` of the characters ``start:end`` of ``text`` (``end > start``)."""
        return self.starts[start], self.ends[end - 1]

    def surface(self, start: int, end: int) -> str:
        """The original words that stand behind ``text[start:end]``."""
        return self.original[self.starts[start] : self.ends[end - 1]]

    def written(self) -> str:
        """``text`` with its hyphens back, for handles and addresses."""
        if not any(hyphen in self.original for hyphen in _HYPHENS):
            return self.text
        return "".join(
            "-" if char == " " and self.original[start] in _HYPHENS else char
            for char, start in zip(self.text, self.starts, strict=True)
        )

    def is_vietnamese(self) -> bool:
        """Whether the original is written with letters that only Vietnamese has (or shares with few)."""
        return bool(_VIETNAMESE.search(self.original))


def plain(text: str) -> str:
    """``text`` as :class:`Page` shows it, for phrases of the lexicon."""
    return Page.of(text).text


def with_accents(text: str) -> str:
    """``text`` in lower case and compatibility form, accents kept: tells 'giả' from 'gia'."""
    folded = (
        text.lower() if text.isascii() else unicodedata.normalize("NFKC", drop_invisible(text)).casefold()
    )
    return _SPACES.sub(" ", folded.translate(_SAME))


@lru_cache(maxsize=65_536)
def plain_cluster(cluster: str) -> str:
    """One character with its marks made plain: a step for :func:`nlp.text.fold`."""
    if _THAI_AM in cluster:
        return drop_invisible(cluster)
    if unicodedata.category(cluster[0]) == "Nd":
        return str(unicodedata.decimal(cluster[0]))
    piece = drop_invisible(lower(nfkc(cluster)))
    if not piece:
        return ""
    return strip_accents(piece).translate(_SAME)


class _Table(dict[int, str]):
    """Fills itself: code point → its one plain character, or the sentinel."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        mark = unicodedata.combining(char) and 0x0300 <= point < 0x0370
        piece = _SENTINEL if mark else plain_cluster(char)
        if len(piece) != 1 or (unicodedata.combining(char) and piece != char):
            piece = _SENTINEL
        self[point] = piece
        return piece


_TABLE: Final = _Table()


@lru_cache(maxsize=65_536)
def word_group(char: str) -> str:
    """Which kind of word ``char`` belongs to.

    'latin' (with digits), 'free' where words have no spaces between them (Chinese, Japanese, Thai), another script's
    name, or '' for spaces, punctuation and symbols.
    """
    if char.isdigit():
        return "latin"
    is_mark = unicodedata.category(char) in ("Mn", "Mc")
    if not (char.isalpha() or is_mark):
        return ""
    script = unicodedata.name(char, "OTHER").split(" ", 1)[0] if is_mark else script_of(char)
    if script == "HAN" or script.startswith(("HIRAGANA", "KATAKANA", "THAI")):
        return "free"
    return "latin" if script == "LATIN" else script
