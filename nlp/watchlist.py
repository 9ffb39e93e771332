"""A watch-list of brands and sellers (``fauxwatch news watchlist`` draws one): suspects that match it come first, with the reason.

A CSV file with the columns ``kind`` (``brand`` or ``seller``) and ``name``; ``items``, ``last``, ``news`` and ``url`` say why
the name stands there. Matching makes nothing suspicious that was not suspicious before.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from nlp.errors import ConfigError
from nlp.schema import verdicts_from_batch, verdicts_to_batch

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from nlp.records import Verdict

__all__ = ["Watchlist", "rank_of"]

_MARK: Final = "watch-list: "
_KINDS: Final = ("brand", "seller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """Reasons by kind and folded name; an empty list matches nothing."""

    reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> Watchlist:
        """The list in the file at ``path``, or an empty one.

        Raises:
            ConfigError: the file cannot be read or has faults; all of them are listed with their line.
        """
        if path is None:
            return cls()
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(str(path), [f"cannot be read: {error}"]) from error
        faults = [
            f"line {line}: kind must be brand or seller and name a text, not {row.get('kind')!r}, {row.get('name')!r}"
            for line, row in enumerate(rows, 2)
            if row.get("kind") not in _KINDS or not (row.get("name") or "").strip()
        ]
        if faults:
            raise ConfigError(str(path), faults)
        return cls(reasons={(row["kind"], _folded(row["name"])): _reason(row) for row in rows})

    def mark(self, verdicts: pa.RecordBatch) -> pa.RecordBatch:
        """``verdicts`` where each suspect that matches has the reason first."""
        if not self.reasons or not any(verdicts.column("suspicious").to_pylist()):
            return verdicts
        marked = verdicts_to_batch([self._marked(one) for one in verdicts_from_batch(verdicts)])
        return marked.replace_schema_metadata(verdicts.schema.metadata)

    def _marked(self, verdict: Verdict) -> Verdict:
        if not verdict.suspicious:
            return verdict
        named = [("seller", verdict.seller or ""), *(("brand", brand.brand) for brand in verdict.brands)]
        found = [self.reasons[key] for kind, name in named if (key := (kind, _folded(name))) in self.reasons]
        return replace(verdict, reasons=(*dict.fromkeys(found), *verdict.reasons)) if found else verdict


def rank_of(verdict: Verdict) -> float:
    """What suspects are ordered by: those on a watch-list first, then the score."""
    return verdict.score + any(reason.startswith(_MARK) for reason in verdict.reasons)


def _reason(row: dict[str, str]) -> str:
    kinds = (row.get("news") or "").replace("_", " ")
    told = ", ".join(
        filter(None, (kinds, f"last {row['last']}" if row.get("last") else "", row.get("url") or ""))
    )
    name = row["name"].strip().removeprefix("'")
    return f"{_MARK}{row['kind']} {name} in recent enforcement" + (f" ({told})" if told else "")


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name.removeprefix("'")).casefold().split())
