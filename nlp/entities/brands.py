"""Which brands a text names, also hidden, and whether it offers them or only speaks of what a part fits.

>>> finder = BrandFinder.load()
>>> [(match.brand, match.how, match.text) for match in finder.find("bolso G*cci, como nuevo")]
[('Gucci', 'disguise', 'G*cci')]
>>> [(match.brand, match.offered) for match in finder.find("leather case for iPhone 15")]
[('Apple', False)]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from nlp.entities.ambiguity import Judge, listed_together
from nlp.entities.disguises import Disguises
from nlp.entities.matching import Candidate, Matcher, View
from nlp.entities.names import LEXICON, Alias, key_of, parse_aliases, read_aliases
from nlp.entities.offers import offered_flags
from nlp.entities.typos import Typos

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nlp.records import How

__all__ = ["BrandFinder", "BrandMatch"]

_BORROWING: Final = 12
_HEADLINE: Final = 90  # characters of a text that reads like a title
_REMEMBERED: Final = 8_192  # names of a dump's brand column, which repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandMatch:
    """A brand in a text: ``text`` is ``original[start:end]``.

    ``offered`` is false where the words say that something only fits the brand, resembles it or is not it.
    """

    brand: str
    how: How
    text: str
    start: int
    end: int
    offered: bool = True


class BrandFinder:
    """Finds brands by a lexicon of names, aliases, scripts, nicknames and code words, and sees through disguises."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        self._aliases: Final = tuple(aliases)
        self._matcher = Matcher(self._aliases)
        self._disguises = Disguises(self._aliases)
        self._typos = Typos(self._aliases)
        self._judge = Judge.load()
        self._columns: dict[str, str] = {}
        for alias in self._aliases:
            if alias.kind not in ("obfuscation", "code"):
                self._columns.setdefault(key_of(alias.text).letters, alias.brand)
        self._canonical = lru_cache(_REMEMBERED)(self._look_up)

    @classmethod
    def load(cls, extra: Path | None = None) -> BrandFinder:
        """The packaged lexicon, with the rows of the user's file ``extra`` (same columns) before it.

        Raises:
            ConfigError: ``extra`` has faulty rows; all are listed.
        """
        own = read_aliases(extra) if extra else ()
        return cls([*own, *read_aliases(LEXICON)])

    @classmethod
    def load_rows(cls, rows: str) -> BrandFinder:
        """As :meth:`load`, with the further rows as the text of such a file ('' for none)."""
        own = parse_aliases(rows.splitlines(), "own brands") if rows else ()
        return cls([*own, *read_aliases(LEXICON)])

    @property
    def brands(self) -> frozenset[str]:
        """The canonical names."""
        return frozenset(alias.brand for alias in self._aliases)

    def find(self, text: str, *, plain: bool = False) -> list[BrandMatch]:
        """The brands of ``text`` in order, not overlapping, longest first where they compete.

        ``plain``: only as the lexicon writes them, for texts that hide nothing, such as news; no disguises, no typos.
        """
        view = View.of(text, keep=self._matcher.kept)
        candidates = list(self._matcher.find(view))
        if not plain:
            candidates += self._disguises.find(view, taken=candidates)
            candidates += self._typos.find(view, taken=candidates)
        if not candidates:
            return []
        headline = not plain and len(text) <= _HEADLINE and "\n" not in text
        chosen = _told(self._choose(view, candidates, headline=headline))
        flags = offered_flags(view, chosen)
        return [
            BrandMatch(
                brand=item.alias.brand,
                how=item.how,
                text=text[item.start : item.end],
                start=item.start,
                end=item.end,
                offered=flag,
            )
            for item, flag in zip(chosen, flags, strict=True)
        ]

    def canonical(self, name: str) -> str | None:
        """The lexicon's name for ``name`` as a brand column has it ('Dior Homme' → 'Dior'), None if unknown."""
        return self._canonical(name)

    def _look_up(self, name: str) -> str | None:
        letters = key_of(name).letters
        if not letters:
            return None
        if letters in self._columns:
            return self._columns[letters]
        view = View.of(name, keep=self._matcher.kept)
        found = sorted(
            (item for item in self._matcher.find(view) if item.alias.kind != "product"),
            key=lambda item: (not item.alias.free, item.start, -item.weight),
        )
        return found[0].alias.brand if found and found[0].alias.free else None

    def _choose(self, view: View, candidates: list[Candidate], *, headline: bool) -> list[Candidate]:
        sure = [
            item
            for item in candidates
            if item.alias.free or (item.how == "disguise" and item.alias.kind != "code")
        ]
        chosen: list[Candidate] = []
        for item in sorted(candidates, key=lambda one: (-one.weight, one.rank, one.start)):
            if any(item.start < other.end and other.start < item.end for other in chosen):
                continue
            if not _borrowed(view, item, sure) and self._judge.counts(
                view, item, candidates, headline=headline
            ):
                chosen.append(item)
        return sorted(chosen, key=lambda one: one.start)


def _told(items: list[Candidate]) -> list[Candidate]:
    """Code words hide nothing where the brand is named as well: "Nike Swoosh tee"."""
    named = {item.alias.brand for item in items if item.how != "disguise"}
    return [
        replace(item, how="alias") if item.alias.kind == "code" and item.alias.brand in named else item
        for item in items
    ]


def _borrowed(view: View, item: Candidate, sure: list[Candidate]) -> bool:
    """Whether ``item`` is a product's name behind another maker's ("Epiphone Les Paul", "Anker MagSafe")."""
    return item.alias.kind == "product" and any(
        0 < item.at - other.to <= _BORROWING
        and other.alias.brand != item.alias.brand
        and other.alias.kind != "product"
        and not listed_together(view, other, item)
        for other in sure
    )
