"""What a run does, apart from who does it: its settings, what makes a scorer, what reads the dump. All of it pickles."""

from __future__ import annotations

import hashlib
import random
import sys
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.detector import Detector
from nlp.dumps import read
from nlp.errors import UsageError
from nlp.formats.source import STDIN
from nlp.pieces import Piece
from nlp.prices import Currencies, DumpMedians
from nlp.reading import Reader
from nlp.schema import listings_from_batch, listings_to_batch
from nlp.watchlist import Watchlist

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    import pyarrow as pa

    from nlp.dumps import Recognised
    from nlp.pieces import Score
    from nlp.records import Rejection

__all__ = ["FirstPass", "Scorer", "Settings", "Source", "first_pass"]

_READ: Final = 4_096  # rows of a batch that is only counted
_SEED: Final = 20_261  # of --sample: the same rows each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the verdicts of a run, apart from the dump.

    ``mapping`` names columns; ``limit`` is in listings, from the first; ``sample`` is in rows, drawn at random; ``exact``
    asks the encoder about every row.
    """

    model: str = "bundled"
    mapping: dict[str, str] = field(default_factory=dict)
    prices: Path | None = None
    currencies: Path | None = None
    medians: bool = True
    watchlist: Path | None = None
    limit: int | None = None
    sample: int | None = None
    exact: bool = False

    def facts(self) -> dict[str, Any]:
        """The settings as JSON, with a digest of the tables that they name: equal facts, equal verdicts."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        return {**plain, "tables": self._tables()}

    def _tables(self) -> str:
        """Tells one state of the packaged and the user's tables from another: both change verdicts."""
        digest = hashlib.sha256()
        packaged = sorted(
            path for path in Path(str(files("nlp.lexicon"))).iterdir() if path.suffix in (".tsv", ".txt")
        )
        for path in (*packaged, self.prices, self.currencies, self.watchlist):
            if path is not None:
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """What makes a worker: loads a detector and a watch-list, in whichever process it is called."""

    settings: Settings
    medians: DumpMedians | None = None
    threads: int | None = None

    def __call__(self, reader: Reader | None = None) -> Score:
        """A function from listings to verdicts; ``reader`` spares loading the tables again."""
        settings = self.settings
        prices, currencies = settings.prices, settings.currencies
        reader = reader or Reader.load(prices=prices, currencies=currencies)
        if self.medians is not None:
            reader = reader.with_medians(self.medians, prices=prices, currencies=currencies)
        detector = Detector.load(settings.model, reader=reader, threads=self.threads, exact=settings.exact)
        watchlist = Watchlist.load(settings.watchlist)
        return lambda batch: watchlist.mark(detector.detect(batch))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Reads the pieces of a dump that are not done yet: without the first ``skip`` rows, at most ``limit`` listings.

    ``rows`` are the numbers, from 0, of the input rows to take; None takes all.
    """

    dumps: tuple[str, ...]
    mapping: dict[str, str]
    batch_size: int
    skip: int = 0
    limit: int | None = None
    rows: frozenset[int] | None = None

    def __call__(self, on_columns: Callable[[Recognised], None] | None = None) -> Iterator[Piece]:
        """The pieces in order; rejections stand in the piece that follows them.

        Raises:
            DumpError: if an input is no dump of listings.
        """
        rejections: list[Rejection] = []
        left = self.limit
        if left is not None and left <= 0:
            return
        found = read(
            self.dumps,
            mapping=self.mapping,
            batch_size=self.batch_size,
            on_reject=rejections.append,
            on_columns=on_columns,
            only=self._wanted(),
        )
        for batch in found:
            if left is not None:
                batch, rejections[:] = _first(batch, rejections, left)  # noqa: PLW2901 - the last batch of the limit
                left -= batch.num_rows
            if batch.num_rows or rejections:
                yield Piece(listings=batch, rejections=tuple(rejections))
                rejections.clear()
            if left == 0:
                return
        if rejections:
            yield Piece(listings=listings_to_batch([]), rejections=tuple(rejections))

    def look(self, on_columns: Callable[[Recognised], None]) -> None:
        """Says which columns of the first table will be read, as a reader elsewhere cannot.

        Raises:
            DumpError: if an input is no dump of listings.
        """
        first = read(
            self.dumps, mapping=self.mapping, batch_size=1, on_reject=lambda _: None, on_columns=on_columns
        )
        next(first, None)

    def _wanted(self) -> Container[int]:
        if self.rows is None:
            return range(self.skip, sys.maxsize)
        return frozenset(sorted(self.rows)[self.skip :])


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPass:
    """What was learnt by reading a dump once before classifying it; ``total`` counts its rows, None if it was not read."""

    medians: DumpMedians | None = None
    reader: Reader | None = None
    total: int | None = None
    rows: frozenset[int] | None = None


def first_pass(
    dumps: Sequence[str],
    settings: Settings,
    *,
    on_rows: Callable[[int], None],
    on_columns: Callable[[Recognised], None] | None = None,
) -> FirstPass:
    """Learns the dump's own median prices and draws the sample, where the settings ask for it; ``on_rows`` hears of progress.

    Raises:
        UsageError: if standard input is to be sampled, or a sample and a limit are asked for.
        DumpError: if an input is no dump of listings.
    """
    if settings.sample is not None and settings.limit is not None:
        raise UsageError("--sample draws rows at random, --limit takes the first: give one of them")
    if STDIN in dumps:
        if settings.sample is not None:
            raise UsageError("--sample reads the dump twice, which standard input cannot; write it to a file")
        return FirstPass()
    if not settings.medians and settings.sample is None:
        return FirstPass()
    reader = Reader.load(prices=settings.prices, currencies=settings.currencies) if settings.medians else None
    medians = DumpMedians(Currencies.load(settings.currencies)) if settings.medians else None
    rejected: list[None] = []
    rows = 0
    found = read(
        dumps,
        mapping=settings.mapping,
        batch_size=_READ,
        on_reject=lambda _: rejected.append(None),
        on_columns=on_columns,
    )
    for batch in found:
        if reader is not None and medians is not None:
            _learn(batch, reader, medians)
        rows += batch.num_rows
        on_rows(rows + len(rejected))
    total = rows + len(rejected)
    return FirstPass(
        medians=medians.freeze() if medians else None,
        reader=reader,
        total=total if settings.sample is None else min(total, settings.sample),
        rows=None if settings.sample is None else drawn(total, settings.sample),
    )


def drawn(total: int, sample: int) -> frozenset[int]:
    """``sample`` of the numbers below ``total``, each as likely as the others, the same ones each time."""
    return frozenset(random.Random(_SEED).sample(range(total), min(sample, total)))


def _learn(batch: pa.RecordBatch, reader: Reader, medians: DumpMedians) -> None:
    for listing in listings_from_batch(batch):
        if listing.price is not None:
            medians.add(listing, reader.brand_of(listing))


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


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | dict | None) else str(value)
