"""Engines that push the batches of a dump through a detector, and the journal that lets a run go on after a kill."""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from nlp.artefact import model_path, open_artefact
from nlp.detector import Detector
from nlp.dumps import read
from nlp.errors import UsageError
from nlp.formats.source import STDIN, expand
from nlp.journal import Journal
from nlp.prices import Currencies, DumpMedians
from nlp.reading import Reader
from nlp.records import Rejection
from nlp.schema import listings_from_batch, listings_to_batch, verdicts_to_batch
from nlp.summary import Summary, summarise
from nlp.watchlist import Watchlist
from nlp.workers import Lost, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from nlp.dumps import Recognised

    Score: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]
    Engine: TypeAlias = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch | Lost]]

__all__ = ["BATCH_SIZE", "Progress", "Settings", "classify_dumps"]

Progress: TypeAlias = (
    "Callable[[str, int, int | None], None]"  # what is done, rows done, rows in all if known
)

BATCH_SIZE: Final = 512  # rows between two marks of the journal: a second or two of work
_MANY: Final = 4_000  # rows from which several processes gain more than it takes to start them
_BYTES_OF_ROW: Final = 500  # of a dump whose rows were not counted
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
    workers: int | None = 1,
    on_columns: Callable[[Recognised], None] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Classifies every listing of ``dumps`` into ``output``; rejected rows go to ``OUT.rejected.jsonl``.

    Each input row becomes one verdict or one rejection. Killed at any moment and called again with ``resume`` it goes on and
    ends with the same bytes as an uninterrupted run. ``workers`` processes do the work, with the same bytes too; None takes one
    for each CPU if the dump is large. Rows over which processes die are rejected.

    Raises:
        DumpError: if an input is no dump of listings.
        OutputError: if the disk refuses; what is done is kept.
        UsageError: if settings are wrong, or not those of the run that is resumed.
    """
    settings = settings or Settings()
    if settings.engine != "local":
        raise UsageError(f"--engine {settings.engine}: only 'local' is built in so far")
    if workers is not None and workers < 1:
        raise UsageError(f"workers {workers}: at least one process does the work")
    scorer, reader, total = _scorer(dumps, settings, progress)
    count = _workers_for(dumps, total, settings.limit) if workers is None else workers
    if count > 1:
        reader = None  # each worker has its own
    facts = {
        **asdict(settings),
        "model": open_artefact(model_path(settings.model)).identity,
        "rows": BATCH_SIZE,
        "tables": _tables_digest(settings),
    }
    plain = {key: _plain(value) for key, value in facts.items()}
    with (
        Journal.open(output, dumps, plain, resume=resume) as journal,
        _engine(scorer, reader, count) as engine,
    ):
        began, kept = time.monotonic(), journal.done_rows
        _push(
            dumps,
            journal,
            engine,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scorer:
    """What makes a worker: loads a detector and a watch-list, in whichever process it is called."""

    settings: Settings
    medians: DumpMedians | None
    threads: int | None = None

    def __call__(self, reader: Reader | None = None) -> Score:
        settings = self.settings
        prices, currencies = settings.prices, settings.currencies
        reader = reader or Reader.load(prices=prices, currencies=currencies)
        if self.medians is not None:
            reader = reader.with_medians(self.medians, prices=prices, currencies=currencies)
        detector = Detector.load(settings.model, reader=reader, threads=self.threads)
        watchlist = Watchlist.load(settings.watchlist)
        return lambda batch: watchlist.mark(detector.detect(batch))


@contextmanager
def _engine(scorer: _Scorer, reader: Reader | None, workers: int) -> Iterator[Engine]:
    """What maps batches to verdicts in order: this process, or several."""
    if workers == 1:
        score = scorer(reader)
        yield lambda batches: map(score, batches)
        return
    Watchlist.load(scorer.settings.watchlist)  # its faults are told before a process is started
    with Workers(workers, replace(scorer, threads=1)) as processes:
        yield processes.map


def _workers_for(dumps: Sequence[str], rows: int | None, limit: int | None) -> int:
    """One process for each CPU that may be used, or this one alone where the dump is small or cannot be measured."""
    if rows is None:
        sizes = [path.stat().st_size for path in map(Path, expand(dumps)) if path.is_file()]
        rows = sum(sizes) // _BYTES_OF_ROW
    if min(rows, limit or rows) < _MANY:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _push(  # noqa: PLR0917 - the loop's own inside
    dumps: Sequence[str],
    journal: Journal,
    engine: Engine,
    settings: Settings,
    on_columns: Callable[[Recognised], None] | None,
    progress: Callable[[int], None],
) -> None:
    waiting: deque[tuple[pa.RecordBatch, list[Rejection]]] = deque()

    def batches() -> Iterator[pa.RecordBatch]:
        for batch, rejections in _batches(dumps, journal, settings, on_columns):
            waiting.append((batch, rejections))
            yield batch

    for verdicts in engine(batches()):
        batch, rejections = waiting.popleft()
        read_rows = batch.num_rows + len(rejections)
        if isinstance(verdicts, Lost):
            rejections += _lost(batch, verdicts.reason)
            journal.append(verdicts_to_batch([]), rejections, read_rows)
        else:
            journal.append(verdicts, rejections, read_rows, suspects=_suspects(batch, verdicts))
        progress(journal.done_rows)


def _batches(
    dumps: Sequence[str],
    journal: Journal,
    settings: Settings,
    on_columns: Callable[[Recognised], None] | None,
) -> Iterator[tuple[pa.RecordBatch, list[Rejection]]]:
    """Batches that the journal does not have yet, each with the rows rejected on the way; within ``settings.limit``."""
    rejections: list[Rejection] = []
    left = None if settings.limit is None else settings.limit - journal.counts["verdicts"]
    found = read(
        dumps,
        mapping=settings.mapping,
        batch_size=BATCH_SIZE,
        on_reject=rejections.append,
        on_columns=on_columns,
        skip=journal.done_rows,
    )
    for batch in found:
        if left is not None:
            batch, rejections[:] = _first(batch, rejections, left)  # noqa: PLW2901 - the last batch of --limit
            left -= batch.num_rows
        if batch.num_rows or rejections:
            yield batch, rejections.copy()
            rejections.clear()
        if left == 0:
            return
    if rejections:
        yield _empty(), rejections


def _lost(batch: pa.RecordBatch, reason: str) -> list[Rejection]:
    places = batch.select(["file", "line", "title"]).to_pylist() if batch.num_rows else []
    return [Rejection(file=row["file"], line=row["line"], reason=reason, row=row["title"]) for row in places]


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


def _scorer(
    dumps: Sequence[str], settings: Settings, progress: Progress | None
) -> tuple[_Scorer, Reader | None, int | None]:
    """What scores, with the dump's own median prices where it can be read twice; the reader used for these; rows in all."""
    if not settings.medians or STDIN in dumps:
        return _Scorer(settings=settings, medians=None), None, None
    reader = Reader.load(prices=settings.prices, currencies=settings.currencies)
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
    return _Scorer(settings=settings, medians=medians.freeze()), reader, rows + len(rejected)


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
