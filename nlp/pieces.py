"""A batch of a dump on its way: what was read, and what became of each of its rows. Every engine deals in these.

A row that cannot be classified is a :class:`Lost` row: it becomes a rejection with its reason and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

from nlp.gate import Passage
from nlp.records import Rejection
from nlp.schema import VERDICT, VERDICT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Score: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]

__all__ = ["Done", "Lost", "Piece", "Scored", "join", "score_carefully", "settle"]

_KEPT_TEXT: Final = 4_000  # characters of a suspect's description that the report may show
_KEPT_WORDS: Final = 300  # characters of an exception's message
_SUSPECT_COLUMNS: Final = (
    "id",
    "title",
    "description",
    "price",
    "currency",
    "seller",
    "category",
    "url",
    "file",
    "line",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A batch of listings (with ``file`` and ``line``) and the rows that were rejected on the way to it."""

    listings: pa.RecordBatch
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A row of a batch, counted from 0, that no attempt could classify."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Verdicts of a batch in order, in one or several stretches, without the rows in ``lost``."""

    verdicts: tuple[pa.RecordBatch, ...] = ()
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What is kept of a piece: verdicts, rejected rows, the suspected listings, and what the model's gate did, if it has one."""

    verdicts: pa.RecordBatch
    rejections: tuple[Rejection, ...]
    suspects: tuple[dict[str, Any], ...]
    lost: int = 0
    passage: Passage | None = None

    @property
    def rows_read(self) -> int:
        """Input rows, each of which is a verdict or a rejection."""
        return int(self.verdicts.num_rows) + len(self.rejections)


def score_carefully(score: Score, batch: pa.RecordBatch) -> Scored:
    """What ``score`` says of ``batch``; where it raises, halves are tried until the row that is at fault stands alone."""
    if not batch.num_rows:
        return Scored()
    try:
        return Scored(verdicts=(score(batch),))
    except Exception as error:  # noqa: BLE001 - whatever a row does, it costs that row
        if batch.num_rows == 1:
            words = f"{type(error).__name__}: {error}"[:_KEPT_WORDS]
            return Scored(lost=(Lost(row=0, reason=f"could not be classified ({words})"),))
    middle = batch.num_rows // 2
    halves = {0: batch.slice(0, middle), middle: batch.slice(middle)}
    return join((first, score_carefully(score, half)) for first, half in halves.items())


def join(stretches: Iterable[tuple[int, Scored]]) -> Scored:
    """One whole of stretches of a batch, each with the number of its first row."""
    ordered = sorted(stretches, key=lambda stretch: stretch[0])
    return Scored(
        verdicts=tuple(batch for _, scored in ordered for batch in scored.verdicts),
        lost=tuple(
            Lost(row=first + lost.row, reason=lost.reason)
            for first, scored in ordered
            for lost in scored.lost
        ),
    )


def settle(piece: Piece, scored: Scored) -> Done:
    """What is kept of ``piece``: lost rows join the rejected ones, suspects are kept with their words."""
    tables = [
        pa.Table.from_batches([each.select(list(VERDICT_COLUMNS))]).cast(VERDICT) for each in scored.verdicts
    ]
    table = pa.concat_tables(tables) if tables else VERDICT.empty_table()
    verdicts = pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in table.columns], schema=VERDICT
    )
    reasons = {lost.row: lost.reason for lost in scored.lost}
    listings = piece.listings.to_pylist() if reasons or any(verdicts.column("suspicious").to_pylist()) else []
    rejected = tuple(
        Rejection(
            file=listings[row]["file"], line=listings[row]["line"], reason=reason, row=listings[row]["title"]
        )
        for row, reason in reasons.items()
    )
    kept = (listing for row, listing in enumerate(listings) if row not in reasons)
    suspects = (
        _words(listing)
        for listing, suspected in zip(kept, verdicts.column("suspicious").to_pylist(), strict=bool(listings))
        if suspected
    )
    return Done(
        verdicts=verdicts,
        rejections=(*piece.rejections, *rejected),
        suspects=tuple(suspects),
        lost=len(rejected),
        passage=Passage.total(filter(None, map(Passage.of, scored.verdicts))),
    )


def _words(listing: dict[str, Any]) -> dict[str, Any]:
    """The listing itself, for the report: a verdict has no text of its own."""
    row: dict[str, Any] = {name: listing[name] for name in _SUSPECT_COLUMNS if name in listing}
    return {**row, "description": row["description"][:_KEPT_TEXT]}
