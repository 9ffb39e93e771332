"""What a finished run amounts to: counts, top cues, brands and sellers, the first suspects. Read from the written files."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nlp.schema import verdicts_from_batch
from nlp.watchlist import rank_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    import pyarrow as pa

    from nlp.gate import Passage
    from nlp.records import Verdict

__all__ = ["Summary", "Suspect", "summarise"]

_SUSPECTS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A suspected listing: its verdict and its words."""

    verdict: Verdict
    title: str
    description: str


@dataclass(slots=True, kw_only=True)
class Summary:
    """Counts over all verdicts of a run; ``suspects`` are the highest scores, highest first; ``rate`` is in rows a second.

    ``passage`` counts what the model's gate did, None without one.
    """

    output: str
    rejected: int = 0
    rows: int = 0
    rate: float = 0.0
    bands: Counter[str] = field(default_factory=Counter)
    cues: Counter[str] = field(default_factory=Counter)
    brands: Counter[str] = field(default_factory=Counter)
    langs: Counter[str] = field(default_factory=Counter)
    sellers: Counter[str] = field(default_factory=Counter)
    suspects: list[Suspect] = field(default_factory=list)
    passage: Passage | None = None

    @property
    def suspected(self) -> int:
        """Rows in the bands 'queue' and 'act'."""
        return self.bands["queue"] + self.bands["act"]


def summarise(
    output: str,
    batches: Iterable[pa.RecordBatch],
    listings: Iterable[Mapping[str, Any]],
    *,
    rejected: int,
    rate: float,
    passage: Passage | None = None,
) -> Summary:
    """The summary of verdict batches; ``listings`` are the suspected ones, in the order of their verdicts.

    Memory does not grow with the number of verdicts, apart from names of suspected sellers.
    """
    summary = Summary(output=output, rejected=rejected, rate=rate, passage=passage)
    best: list[tuple[float, int, Suspect]] = []
    words = iter(listings)
    for batch in batches:
        for verdict in verdicts_from_batch(batch):
            summary.rows += 1
            summary.bands[verdict.band] += 1
            if not verdict.suspicious:
                continue
            _count(summary, verdict)
            listing = next(words, {"title": "", "description": ""})
            suspect = Suspect(verdict=verdict, title=listing["title"], description=listing["description"])
            heapq.heappush(best, (rank_of(verdict), -summary.rows, suspect))
            if len(best) > _SUSPECTS:
                heapq.heappop(best)
    summary.suspects = [suspect for _, _, suspect in sorted(best, key=lambda item: item[:2], reverse=True)]
    return summary


def _count(summary: Summary, verdict: Verdict) -> None:
    summary.cues.update({cue.cue for cue in verdict.cues})
    summary.brands.update({brand.brand for brand in verdict.brands} or {"(no brand found)"})
    summary.langs[verdict.lang or "?"] += 1
    if verdict.seller:
        summary.sellers[verdict.seller] += 1
