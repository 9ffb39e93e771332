"""What each column says of the label, counted while a dump streams by: a column that gives the label away is found here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nlp.records import Listing

__all__ = ["ColumnCounts", "Giveaway"]

_MOST_VALUES: Final = 200
_MOST_WORDS: Final = 20_000
_WORD_ROWS: Final = 50_000
_FEW: Final = 5
_SURE: Final = 0.98
_READ: Final = ("brand", "category", "currency", "price")  # columns that a head reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Giveaway:
    """A column (or a word) that alone tells the label of nearly every row. ``how`` is "value", "filled" or "word"."""

    column: str
    how: str
    accuracy: float
    base: float
    value: str
    read: bool


@dataclass(slots=True)
class ColumnCounts:
    """Label counts by value of every column, by whether it is filled, and by word of the text."""

    positives: int = 0
    negatives: int = 0
    _values: dict[str, dict[str, list[int]] | None] = field(default_factory=dict)
    _filled: dict[str, list[list[int]]] = field(default_factory=dict)
    _words: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _word_rows: list[int] = field(default_factory=lambda: [0, 0])

    def add(
        self, listing: Listing, row: Mapping[str, str | None], *, counterfeit: bool, watched: Iterable[str]
    ) -> None:
        """Counts one labelled row."""
        side = int(counterfeit)
        self.positives += side
        self.negatives += 1 - side
        for name in _READ:
            cell = getattr(listing, name)
            self._count(
                name, None if cell is None or name == "price" else str(cell), side, filled=cell is not None
            )
        for name in watched:
            if name not in _READ:
                self._count(name, row.get(name), side, filled=row.get(name) is not None)
        if sum(self._word_rows) < _WORD_ROWS:
            self._word_rows[side] += 1
            for word in set(f"{listing.title} {listing.description}"[:600].casefold().split()):
                if word in self._words or len(self._words) < _MOST_WORDS:
                    self._words[word][side] += 1

    def giveaways(self) -> list[Giveaway]:
        """Columns and words that alone are right in at least 98 % of the rows, and far better than always the commoner label."""
        total = self.positives + self.negatives
        if not min(self.positives, self.negatives):
            return []
        base = max(self.positives, self.negatives) / total
        found = [*self._by_value(total, base), *self._by_filled(total, base)]
        told = {each.column for each in found}
        return [*found, *(each for each in self._by_word() if "text" not in told)]

    def filled(self, column: str) -> tuple[float, float]:
        """Share of genuine and of counterfeit rows in which the column is filled."""
        counts = self._filled.get(column, [[0, 0], [0, 0]])
        return tuple(full / max(full + blank, 1) for blank, full in zip(*counts, strict=True))

    def _count(self, name: str, cell: str | None, side: int, *, filled: bool) -> None:
        self._filled.setdefault(name, [[0, 0], [0, 0]])[int(filled)][side] += 1
        values = self._values.setdefault(name, {})
        if values is None or cell is None:
            return
        key = cell[:80].casefold()
        if key not in values and len(values) >= _MOST_VALUES:
            self._values[name] = None
            return
        values.setdefault(key, [0, 0])[side] += 1

    def _by_value(self, total: int, base: float) -> list[Giveaway]:
        found = []
        for name, values in self._values.items():
            covered = sum(map(sum, values.values())) if values else 0
            if not values or len(values) < 2 or covered < 0.5 * total or covered / len(values) < _FEW:
                continue
            blank = self._filled[name][0]
            right = sum(max(sides) for sides in values.values()) + max(blank)
            if _tells(right / total, base):
                value = max(values, key=lambda key: values[key][1])
                found.append(
                    Giveaway(
                        column=name,
                        how="value",
                        accuracy=right / total,
                        base=base,
                        value=value,
                        read=name in _READ,
                    )
                )
        return found

    def _by_filled(self, total: int, base: float) -> list[Giveaway]:
        found = []
        for name, (blank, full) in self._filled.items():
            right = max(blank[0] + full[1], blank[1] + full[0])
            if sum(blank) and sum(full) and _tells(right / total, base):
                found.append(
                    Giveaway(
                        column=name,
                        how="filled",
                        accuracy=right / total,
                        base=base,
                        value="",
                        read=name in _READ,
                    )
                )
        return found

    def _by_word(self) -> list[Giveaway]:
        negatives, positives = self._word_rows
        total = max(negatives + positives, 1)
        base = max(negatives, positives) / total
        best = max(
            (
                (max(yes + negatives - no, no + positives - yes) / total, word)
                for word, (no, yes) in self._words.items()
            ),
            default=(0.0, ""),
        )
        if not _tells(best[0], base):
            return []
        return [Giveaway(column="text", how="word", accuracy=best[0], base=base, value=best[1], read=True)]


def _tells(accuracy: float, base: float) -> bool:
    return accuracy >= _SURE and 1 - accuracy <= 0.1 * (1 - base)
