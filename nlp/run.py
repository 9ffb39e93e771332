"""Engines that push the batches of a dump through a detector, and the journal that lets a run go on after a kill."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from nlp.detector import Detector
from nlp.dumps import read
from nlp.errors import UsageError
from nlp.formats.source import STDIN
from nlp.journal import Journal
from nlp.prices import Currencies, DumpMedians
from nlp.reading import Reader
from nlp.schema import listings_from_batch, listings_to_batch
from nlp.summary import Summary, summarise
from nlp.watchlist import Watchlist

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from nlp.dumps import Recognised
    from nlp.records import Rejection

__all__ = ["BATCH_SIZE", "Progress", "Settings", "classify_dumps"]

Progress: TypeAlias = (
    "Callable[[str, int, int | None], None]"  # what is done, rows done, rows in all if known
)

BATCH_SIZE: Final = 512  # rows between two marks of the journal: a second or two of work
_KEPT_TEXT: Final = 4_000  # characters of a suspect's description that the report may show
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
class Settings:
    """What decides the verdicts of a run, apart from the dump. ``mapping`` names columns, ``limit`` is in listings."""

    model: str = "bundled"
    engine: str = "local"
    mapping: dict[str, str] = field(default_factory=dict)
    prices: Path | None = None
    currencies: Path | None = None
    medians: bool = True
    watchlist: Path | None = None
    limit: int | None = None


def classify_dumps(
    dumps: Sequence[str],
    output: Path,
    *,
    settings: Settings | None = None,
    resume: bool = False,
    on_columns: Callable[[Recognised], None] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Classifies every listing of ``dumps`` into ``output``; rejected rows go to ``OUT.rejected.jsonl``.

    Each input row becomes one verdict or one rejection. Killed at any moment and called again with ``resume`` it goes on and
    ends with the same bytes as an uninterrupted run.

    Raises:
        DumpError: if an input is no dump of listings.
        OutputError: if the disk refuses; what is done is kept.
        UsageError: if settings are wrong, or not those of the run that is resumed.
    """
    settings = settings or Settings()
    if settings.engine != "local":
        raise UsageError(f"--engine {settings.engine}: only 'local' is built in so far")
    reader, total = _reader(dumps, settings, progress)
    detector, watchlist = Detector.load(settings.model, reader=reader), Watchlist.load(settings.watchlist)
    facts = {
        **asdict(settings),
        "model": detector.artefact.identity,
        "rows": BATCH_SIZE,
        "tables": _tables_digest(settings),
    }
    with Journal.open(
        output, dumps, {key: _plain(value) for key, value in facts.items()}, resume=resume
    ) as journal:
        began, kept = time.monotonic(), journal.done_rows
        _push(
            dumps,
            journal,
            lambda batch: watchlist.mark(detector.detect(batch)),
            settings,
            on_columns,
            _counted(progress, total, settings.limit),
        )
        summary = summarise(
            output,
            journal.batches(),
            journal.suspects(),
            rejected=journal.counts["rejected"],
            rate=(journal.done_rows - kept) / max(time.monotonic() - began, 0.001),
        )
        journal.finish()
    return summary


def _push(  # noqa: PLR0917 - the loop's own inside
    dumps: Sequence[str],
    journal: Journal,
    detect: Callable[[pa.RecordBatch], pa.RecordBatch],
    settings: Settings,
    on_columns: Callable[[Recognised], None] | None,
    progress: Callable[[int], None],
) -> None:
    rejections: list[Rejection] = []
    left = None if settings.limit is None else settings.limit - journal.counts["verdicts"]
    batches = read(
        dumps,
        mapping=settings.mapping,
        batch_size=BATCH_SIZE,
        on_reject=rejections.append,
        on_columns=on_columns,
        skip=journal.done_rows,
    )
    for batch in batches:
        if left is not None:
            batch, rejections[:] = _first(batch, rejections, left)  # noqa: PLW2901 - the last batch of --limit
            left -= batch.num_rows
        if batch.num_rows or rejections:
            verdicts = detect(batch)
            journal.append(
                verdicts, rejections, batch.num_rows + len(rejections), suspects=_suspects(batch, verdicts)
            )
            rejections.clear()
        progress(journal.done_rows)
        if left == 0:
            return
    if rejections:
        journal.append(detect(_empty()), rejections, len(rejections))


def _first(
    batch: pa.RecordBatch, rejections: list[Rejection], left: int
) -> tuple[pa.RecordBatch, list[Rejection]]:
    """The first ``left`` rows of a batch, and the rejections that stood before their end."""
    if batch.num_rows <= left:
        return batch, rejections
    batch = batch.slice(0, left)
    places = list(zip(batch.column("file").to_pylist(), batch.column("line").to_pylist(), strict=True))
    last = dict(places)  # of each file the last line that is kept
    return batch, [each for each in rejections if each.line < last.get(each.file, 0)]


def _reader(dumps: Sequence[str], settings: Settings, progress: Progress | None) -> tuple[Reader, int | None]:
    """The reader with the user's tables and, where the dump can be read twice, its own median prices; rows in all."""
    reader = Reader.load(prices=settings.prices, currencies=settings.currencies)
    if not settings.medians or STDIN in dumps:
        return reader, None
    medians = DumpMedians(Currencies.load(settings.currencies))
    rejected: list[None] = []
    rows = 0
    for batch in read(
        dumps, mapping=settings.mapping, batch_size=4096, on_reject=lambda _: rejected.append(None)
    ):
        for listing in listings_from_batch(batch):
            if listing.price is not None:
                medians.add(listing, reader.brand_of(listing))
        rows += batch.num_rows
        if progress:
            progress("reading prices", rows + len(rejected), None)
    loaded = Reader.load(prices=settings.prices, currencies=settings.currencies, medians=medians.freeze())
    return loaded, rows + len(rejected)


def _counted(progress: Progress | None, total: int | None, limit: int | None) -> Callable[[int], None]:
    if total is not None and limit is not None:
        total = min(total, limit)

    def update(done: int) -> None:
        if progress:
            progress("classifying", done, total)

    return update


def _tables_digest(settings: Settings) -> str:
    """What tells one state of the packaged and the user's tables from another: both change verdicts."""
    digest = hashlib.sha256()
    packaged = sorted(
        path for path in Path(str(files("nlp.lexicon"))).iterdir() if path.suffix in (".tsv", ".txt")
    )
    for path in (*packaged, settings.prices, settings.currencies, settings.watchlist):
        if path is not None:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _suspects(listings: pa.RecordBatch, verdicts: pa.RecordBatch) -> list[dict[str, Any]]:
    """The suspected listings themselves, for the report: a verdict has no text of its own."""
    rows = listings.select([name for name in _SUSPECT_COLUMNS if name in listings.schema.names]).filter(
        verdicts.column("suspicious")
    )
    return [{**row, "description": row["description"][:_KEPT_TEXT]} for row in rows.to_pylist()]


def _empty() -> pa.RecordBatch:
    return listings_to_batch([])


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | dict | None) else str(value)
