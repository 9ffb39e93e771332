"""What the genuine article costs: a table of brands and kinds of goods, and the user's own table before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from nlp.errors import ConfigError
from nlp.pricing.kinds import Kinds, KindsFound
from nlp.pricing.numerals import flatten
from nlp.pricing.tables import PACKAGED, Row, positive, read_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Reference", "References"]

_COLUMNS: Final = ("brand", "kind", "new_usd", "new_low_usd", "used_low_usd", "source", "date")
_ANY: Final = "*"
# A new article is not sold under this share of the cheapest new one: sales, outlets and grey imports lie above.
NEW_FLOOR: Final = 0.4
# Small goods that bear a model's name ("Serpenti wallet") are not the model.
_SMALL: Final = frozenset(
    {
        "wallet",
        "belt",
        "keychain",
        "charger",
        "perfume",
        "scarf",
        "sunglasses",
        "t-shirt",
        "hat",
        "slides",
        "controller",
        "figure",
        "makeup",
        "tracker",
    }
)
_MODELS_READ: Final = 400  # characters of a text in which a model's name is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What one kind of goods of a brand costs, in US dollars.

    ``new_usd`` is typical, ``new_low_usd`` the cheapest new genuine one, ``used_usd`` the lowest plausible second-hand
    price; ``low_usd`` is what the genuine article in the condition asked for is not seen under.
    """

    brand: str
    kind: str
    new_usd: float
    new_low_usd: float
    used_usd: float
    low_usd: float
    source: str
    date: str
    table: Literal["table", "user table"] = "table"

    @property
    def name(self) -> str:
        """How a verdict names it: "table:Gucci/bag 2025" or "user table"."""
        return "user table" if self.table == "user table" else f"table:{self.brand}/{self.kind} {self.date}"


@dataclass(slots=True)
class _Shelf:
    """The rows of one brand: by kind, and a pattern over the names of single models."""

    kinds: dict[str, Reference]
    models: dict[str, Reference]
    pattern: re.Pattern[str] | None = None


class References:
    """Looks up references by brand, and by the kind that text or category name."""

    def __init__(self, rows: list[Reference], kinds: Kinds) -> None:
        self._kinds = kinds
        self._known = kinds.names
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        for row in rows:
            self._put(row)
        for shelf in self._shelves.values():
            names = sorted(shelf.models, key=len, reverse=True)
            if names:
                shelf.pattern = re.compile(
                    "|".join(rf"(?<!\w){re.escape(name)}(?![^\W\d_]|\d)" for name in names)
                )

    @classmethod
    def load(cls, path: Path | None = None) -> References:
        """The packaged table, with the user's own (TSV or CSV, same columns) before it if ``path`` is given.

        In a user's table only ``brand`` and ``new_usd`` must be filled: the kind is then any ("*"), the cheapest new
        one 60 % and the lowest second-hand price 15 % of ``new_usd``.

        Raises:
            ConfigError: with every fault of the user's table.
        """
        rows = _read(PACKAGED / "prices.tsv", "table", _COLUMNS)
        if path is not None:
            rows += _read(path, "user table", ("brand", "new_usd"))
        return cls(rows, Kinds.load())

    def find(self, brand: str, text: str, category: str | None, used: bool) -> Reference | None:
        """The reference of ``brand`` for the goods in ``text`` (a title), else for the ``category``; None if unknown.

        Parts, boxes, samples, children's goods and the like get a row of their own kind or none.
        """
        found = self._kinds.find(text)
        return self.choose(
            brand, text, found=found, category=category, used=used, new=found.new or found.bulk
        )

    def choose(
        self, brand: str, text: str, *, found: KindsFound, category: str | None, used: bool, new: bool
    ) -> Reference | None:
        """As ``find``, for words that were found already."""
        for table in ("user table", "table"):
            shelf = self._shelves.get((table, brand.casefold()))
            reference = shelf and self._on_shelf(shelf, text, found, category)
            if shelf and not reference and table == "user table" and not found.parts:
                reference = shelf.kinds.get(_ANY)  # the user's "*" means any goods of the brand
            if reference:
                floor = (
                    reference.used_usd
                    if used or not new
                    else max(reference.used_usd, NEW_FLOOR * reference.new_low_usd)
                )
                return replace(reference, low_usd=floor)
        return None

    def made_by(self, brand: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``kinds`` that the tables know of the brand; all of them of a brand that they do not know."""
        shelves = [self._shelves.get((table, brand.casefold())) for table in ("user table", "table")]
        known = {kind for shelf in shelves if shelf for kind in shelf.kinds}
        return tuple(kind for kind in kinds if kind in known) if known else kinds

    def _put(self, row: Reference) -> None:
        shelf = self._shelves.setdefault((row.table, row.brand.casefold()), _Shelf({}, {}))
        first, *others = row.kind.split("|")
        for name in (first, *others):
            known = name == _ANY or name in self._known
            (shelf.kinds if known else shelf.models)[name if known else flatten(name)] = replace(
                row, kind=first
            )

    def _on_shelf(
        self, shelf: _Shelf, text: str, found: KindsFound, category: str | None
    ) -> Reference | None:
        makes = frozenset(shelf.kinds) | {_ANY}
        parts = [part for part in found.parts if self._kinds.part_counts(part, makes)]
        if parts:
            return shelf.kinds.get(parts[0])
        flat = flatten(text[:_MODELS_READ])
        named = shelf.pattern and shelf.pattern.search(flat)
        if named:
            beside = self._kinds.find(f"{flat[: named.start()]} | {flat[named.end() :]}").goods
            small = [shelf.kinds[kind] for kind in beside if kind in _SMALL and kind in shelf.kinds]
            return min([shelf.models[named[0]], *small], key=lambda row: row.used_usd)
        goods = found.goods or (self._kinds.find(category).goods if category else ())
        rows = [shelf.kinds[kind] for kind in goods if kind in shelf.kinds]
        if rows:
            return min(rows, key=lambda row: row.used_usd)
        return None if goods else shelf.kinds.get(_ANY)


def _read(path: Path, table: Literal["table", "user table"], required: tuple[str, ...]) -> list[Reference]:
    faults: list[str] = []
    rows = [_reference(row, table, faults) for row in read_table(path, required)]
    seen: dict[tuple[str, str], int] = {}
    for at, row in enumerate(rows, 2):
        if row and (row.brand.casefold(), row.kind) in seen:
            faults.append(f"{row.brand}, {row.kind}: stands twice; keep one row")
        elif row:
            seen[row.brand.casefold(), row.kind] = at
    if faults:
        raise ConfigError(str(path), faults)
    return [row for row in rows if row]


def _reference(row: Row, table: Literal["table", "user table"], faults: list[str]) -> Reference | None:
    numbers = [positive(row, column, faults) for column in ("new_usd", "new_low_usd", "used_low_usd")]
    new, new_low, used_low = numbers
    if not row.get("brand"):
        faults.append(f"line {row.line}, brand: is empty; name the brand as in the verdicts' brands column")
        return None
    if new is None:
        if not row.get("new_usd"):
            faults.append(
                f"line {row.line}, new_usd: is empty; give the usual price of a new one in US dollars"
            )
        return None
    new_low = new_low or min(0.6 * new, new)
    used_low = used_low or min(0.15 * new, new_low)
    if not used_low <= new_low <= new:
        faults.append(
            f"line {row.line}: used_low_usd <= new_low_usd <= new_usd does not hold ({used_low:g}, {new_low:g}, {new:g})"
        )
        return None
    return Reference(
        brand=row["brand"],
        kind=row.get("kind") or _ANY,
        new_usd=new,
        new_low_usd=new_low,
        used_usd=used_low,
        low_usd=used_low,
        source=row.get("source", ""),
        date=row.get("date", ""),
        table=table,
    )
