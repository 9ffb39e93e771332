"""Labelled listings: the project's corpus, or a team's own file, as examples with labels by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nlp.cues import COUNTERFEIT, CUE_NAMES
from nlp.errors import DumpError
from nlp.records import Listing

__all__ = ["CORPUS", "Example", "load_corpus"]

CORPUS: Final = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A listing with its labels: 1.0 or 0.0 by name; a label that is not known is absent.

    ``group`` is never divided between training and testing (a seller, a scenario); ``pair`` joins the two sides of a
    contrast pair. ``spans`` are evidence: (field, start, end, cue).
    """

    listing: Listing
    labels: dict[str, float]
    group: str
    lang: str | None = None
    pair: str | None = None
    spans: tuple[tuple[str, int, int, str], ...] = ()
    brands: tuple[tuple[str, int, int, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def counterfeit(self) -> bool:
        """The label that counts."""
        return self.labels.get(COUNTERFEIT, 0.0) >= 0.5


def load_corpus(folder: Path = CORPUS, *, langs: tuple[str, ...] | None = None) -> list[Example]:
    """Every listing of ``<lang>.jsonl`` in ``folder``, in the order of the files.

    Raises:
        DumpError: if the folder holds no corpus file or a line is no labelled listing.
    """
    files = [file for file in sorted(folder.glob("*.jsonl")) if langs is None or file.stem in langs]
    if not files:
        raise DumpError(str(folder), "holds no corpus file <lang>.jsonl")
    return [_example(row, file, at) for file in files for at, row in enumerate(_rows(file), 1)]


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _example(row: dict[str, Any], file: Path, line: int) -> Example:
    try:
        cues = {cue["cue"] for cue in row["cues"]}
        return Example(
            listing=Listing(
                id=row["id"],
                title=row["title"],
                description=row["description"],
                price=row["price"],
                currency=row["currency"],
                seller=row["seller"],
            ),
            labels={name: float(name in cues) for name in CUE_NAMES}
            | {COUNTERFEIT: float(row["counterfeit"])},
            group=f"{row['lang']}:{row['scenario']}",
            lang=row["lang"],
            pair=row["pair"],
            spans=_spans(row["cues"], "cue"),
            brands=_spans(row["brands"], "brand"),
            extra={"scenario": row["scenario"], "why": row["why"], "contacts": row["contacts"]},
        )
    except (KeyError, TypeError) as error:
        raise DumpError(f"{file}:{line}", f"is no labelled listing of the corpus ({error!r})") from error


def _spans(rows: list[dict[str, Any]], key: str) -> tuple[tuple[str, int, int, str], ...]:
    return tuple((row["field"], row["start"], row["end"], row[key]) for row in rows if row["field"])
