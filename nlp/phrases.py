"""Cue phrases in a text: which words say so, how sure they are, and which look-alikes and denials do not count.

>>> lexicon = Lexicon.load()
>>> [(hit.cue, hit.phrase) for hit in lexicon.find("1:1 mirror quality, not a toy")]
[('replica_claim', '1:1'), ('replica_claim', 'mirror quality')]
>>> [(hit.cue, hit.cls) for hit in lexicon.find("genuine bag, no replicas please")]
[(None, 'denied')]

The phrases are data (``lexicon/cues.tsv``), and so is what turns them round (``lexicon/negation.tsv``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nlp.cues import CUE_NAMES
from nlp.disguise import Disguises
from nlp.errors import ConfigError
from nlp.hits import Hit
from nlp.letters import Page
from nlp.lexicon import read_rows
from nlp.negation import Scopes
from nlp.patterns import Found, Pattern, PatternBook

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Hit", "Lexicon"]

_COLUMNS: Final = ("lang", "phrase", "class", "cue", "weight", "note", "source")
_LOOK_ALIKE: Final = "neg_"
_MOST: Final = 4_000  # phrases of one text, overlaps counted: keeps hostile text cheap
_KILOWATTS: Final = re.compile(r"kw\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d ?$")
_CYRILLIC: Final = re.compile("[а-яіїєґ]", re.IGNORECASE)
_ARABIC: Final = re.compile("[\u0620-\u06d3]")
_HOMES: Final = {
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ja": re.compile("[\u3040-\u30ff\uff66-\uff9f]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "th": re.compile("[\u0e01-\u0e5b]"),
    "vi": re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]"),
    "ru": _CYRILLIC,
    "uk": _CYRILLIC,
    "bg": _CYRILLIC,
    "ar": _ARABIC,
    "fa": _ARABIC,
    "ur": _ARABIC,
}


class Lexicon:
    """Finds cue phrases. Immutable after loading; may be shared between threads."""

    def __init__(self, rows: Iterable[Hit]) -> None:
        kept = list(rows)
        self._book = PatternBook(Pattern(row.phrase, row.lang, row) for row in kept)
        self._disguises = Disguises(kept)
        self._scopes = Scopes.load()

    @classmethod
    def load(cls, extra: Path | None = None) -> Lexicon:
        """The packaged table, with the rows of ``extra`` (same columns) added. Raises ConfigError on faults."""
        rows = _read("cues.tsv")
        return cls([*rows, *(_read(extra) if extra else [])])

    def find(self, text: str, *, page: Page | None = None) -> list[Hit]:
        """Hits in order of their start. Denied, asked about or look-alike words come with ``cue=None``.

        Of a text with thousands of phrases, which no listing is, only the first are judged. ``page``: the text made plain, if
        that was done before.
        """
        page = page or Page.of(text)
        found = [item for item in self._book.find(page) if _counts(item, page)]
        found.extend(self._disguises.find(page))
        found.extend(self._scopes.confessions(page))
        if not found:
            return []
        found = _longest(sorted(found, key=lambda item: item.start)[:_MOST])
        judged = self._scopes.judge(page, found)
        return sorted((_placed(item, page) for item in judged), key=lambda hit: (hit.start, hit.end))


def _counts(found: Found[Hit], page: Page) -> bool:
    """Whether the words mean what the table says: not another language's, not "25 kW super" of an engine."""
    row = found.item
    if (
        row.cue
        and _KILOWATTS.match(row.phrase)
        and _NUMBER.search(page.text, max(found.start - 6, 0), found.start)
    ):
        return False
    return _at_home(row, page)


def _at_home(row: Hit, page: Page) -> bool:
    """Whether a phrase in plain Latin letters may be of its language here: "sf" is Vietnamese only among Vietnamese."""
    home = _HOMES.get(row.lang)
    return home is None or not row.phrase.isascii() or home.search(page.original) is not None


def _read(table: str | Path) -> list[Hit]:
    rows, faults = [], []
    for number, row in enumerate(read_rows(table, columns=_COLUMNS), 1):
        try:
            rows.append(_row(row))
        except ValueError as error:
            faults.append(f"row {number} ({row['phrase']!r}): {error}")
    if faults:
        raise ConfigError(str(table), faults)
    return rows


def _row(row: dict[str, str]) -> Hit:
    cue, weight = row["cue"] or None, float(row["weight"])
    if cue is not None and cue not in CUE_NAMES:
        raise ValueError(f"unknown cue {cue!r}; known: {', '.join(CUE_NAMES)}")
    if (cue is None) != row["class"].startswith(_LOOK_ALIKE):
        raise ValueError("a look-alike (class neg_…) has no cue, every other row has one")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight {weight} is not between 0 and 1")
    if not row["source"]:
        raise ValueError("no source")
    return Hit(
        cue=cue, cls=row["class"], phrase=row["phrase"], lang=row["lang"], weight=weight, start=0, end=0
    )


def _longest(found: list[Found[Hit]]) -> list[Found[Hit]]:
    """Of hits that overlap, the longest of each cue; none that a look-alike of the same length or longer covers."""
    ranked = sorted(
        found,
        key=lambda item: (item.start - item.end, item.item.cue is not None, -item.item.weight, item.start),
    )
    taken: dict[int, set[str | None]] = {}
    kept: list[Found[Hit]] = []
    for item in ranked:
        cue = item.item.cue
        marks = [taken.get(at, _NOTHING) for at in range(item.start, item.end)]
        if any(cue in mark for mark in marks) or all(None in mark for mark in marks):
            continue
        kept.append(item)
        for at in range(item.start, item.end):
            taken.setdefault(at, set()).add(cue)
    return kept


_NOTHING: Final[frozenset[str | None]] = frozenset()


def _placed(found: Found[Hit], page: Page) -> Hit:
    start, end = page.span(found.start, found.end)
    hit = found.item
    return Hit(
        cue=hit.cue, cls=hit.cls, phrase=hit.phrase, lang=hit.lang, weight=hit.weight, start=start, end=end
    )
