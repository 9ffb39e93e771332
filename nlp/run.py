"""Runs: the pieces of a dump go through an engine into a journal, which lets the run go on after a kill."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from nlp.artefact import model_path, open_artefact
from nlp.errors import FauxwatchError, UsageError
from nlp.formats.source import STDIN, expand
from nlp.gate import Passage
from nlp.job import FirstPass, Scorer, Settings, Source, first_pass
from nlp.journal import Journal
from nlp.manifest import encoded, manifest_of, now
from nlp.pieces import Piece, score_carefully, settle
from nlp.places import local_name, state_of
from nlp.summary import Summary, summarise
from nlp.watchlist import Watchlist
from nlp.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from nlp.dumps import Recognised
    from nlp.pieces import Done, Scored

    OnColumns: TypeAlias = Callable[[Recognised], None]
    Push: TypeAlias = Callable[[OnColumns | None], Generator[Done]]

__all__ = ["BATCH_SIZE", "Engine", "Progress", "Settings", "Step", "classify_dumps"]

BATCH_SIZE: Final = 512  # rows between two marks of the journal: a second or two of work
_MANY: Final = 4_000  # rows from which several processes gain more than it takes to start them
_BYTES_OF_ROW: Final = 500  # of a dump whose rows were not counted
_HOPELESS: Final = 1_000  # rows of which not one could be classified: the fault is not theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a run is: what is done, input rows done, rows in all and suspects so far, where they are known."""

    what: str
    done: int
    total: int | None = None
    suspects: int | None = None


Progress: TypeAlias = "Callable[[Step], None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Who does the work: ``local`` or ``ray``. It changes no verdict, so a run may be resumed on another one.

    ``workers`` processes do it; None takes one for each CPU, on this machine only if the dump is large. ``ray_address`` is that of
    a cluster, left out for one on this machine; ``ray_temp`` where the latter keeps its sockets and logs.
    """

    name: str = "local"
    workers: int | None = 1
    ray_address: str | None = None
    ray_temp: Path | None = None

    def __post_init__(self) -> None:
        if self.name not in ("local", "ray"):
            raise UsageError(f"--engine {self.name}: there are 'local' and 'ray'")
        if self.name == "local" and (self.ray_address or self.ray_temp):
            raise UsageError("--ray-address and --ray-temp go with --engine ray")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers {self.workers}: at least one process does the work")


def classify_dumps(
    dumps: Sequence[str],
    output: str | Path,
    *,
    settings: Settings | None = None,
    engine: Engine | None = None,
    resume: bool = False,
    on_columns: Callable[[Recognised], None] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Classifies every listing of ``dumps`` into ``output``; rejected rows go to ``OUT.rejected.jsonl``.

    Each input row becomes one verdict or one rejection. Killed at any moment and called again with ``resume`` it goes on and
    ends with the same bytes as an uninterrupted run, on whichever engine. A row that raises, or over which processes die, is
    rejected. ``OUT.manifest.json`` says how the verdicts came about.

    Raises:
        DumpError: if an input is no dump of listings.
        OutputError: if the disk refuses; what is done is kept.
        UsageError: if settings are wrong, or inputs or settings are not those of the run that is resumed.
        FauxwatchError: if nothing can be classified at all.
    """
    settings, engine, output = settings or Settings(), engine or Engine(), local_name(str(output))
    told = progress or (lambda _: None)
    artefact = open_artefact(model_path(settings.model))
    facts = settings.facts() | {"model": artefact.identity, "rows": BATCH_SIZE}
    with Journal.open(output, dumps, facts, resume=resume) as journal:
        learnt = first_pass(
            dumps, settings, on_rows=lambda rows: told(Step(what="reading prices", done=rows))
        )
        began, kept = time.monotonic(), journal.done_rows
        source = _source(dumps, settings, learnt, journal)
        with _pushing(engine, source, settings, learnt) as (workers, push):
            about = {"began": now(), "engine": engine.name, "workers": workers, "rows_before": kept}
            journal.begin_session(about)
            with closing(push(on_columns)) as pieces:
                _keep(pieces, journal, _total(learnt, settings), told)
        summary = summarise(
            output,
            journal.batches(),
            journal.suspects(),
            rejected=journal.counts["rejected"],
            passage=Passage.total(Passage(**each["gate"]) for each in journal.summaries if "gate" in each),
            rate=(journal.done_rows - kept) / max(time.monotonic() - began, 0.001),
        )
        journal.finish(lambda: encoded(manifest_of(journal, summary, model_fingerprint=artefact.fingerprint)))
    return summary


@contextmanager
def _pushing(
    engine: Engine, source: Source, settings: Settings, learnt: FirstPass
) -> Iterator[tuple[int, Push]]:
    """How many processes do the work, and what gives what is kept of each piece of the source, in order.

    A resumed run scores in processes apart: what ended the run before may be a row of the dump.
    """
    scorer = Scorer(settings=settings, medians=learnt.medians)
    if engine.name == "ray":
        with _ray(engine, source, replace(scorer, threads=1)) as pushing:
            yield pushing
        return
    count = engine.workers or _workers_for(source.dumps, learnt.total, settings.limit)
    if count == 1 and not source.skip:
        score = scorer(learnt.reader)
        yield count, lambda told: _through(partial(map, partial(score_carefully, score)), source(told))
        return
    Watchlist.load(settings.watchlist)  # its faults are told before a process is started
    with Workers(count, replace(scorer, threads=1 if count > 1 else None)) as processes:
        yield count, lambda told: _through(processes.map, source(told))


@contextmanager
def _ray(engine: Engine, source: Source, scorer: Scorer) -> Iterator[tuple[int, Push]]:
    from nlp.ray_engine import cluster, cpus_of_cluster, ray_results

    if STDIN in source.dumps:
        raise UsageError(
            "--engine ray reads the dump in a process of its own, which cannot read this standard input"
        )
    Watchlist.load(scorer.settings.watchlist)
    with cluster(address=engine.ray_address, temp=engine.ray_temp, workers=engine.workers or _cpus()):
        count = engine.workers or (cpus_of_cluster() if engine.ray_address else _cpus())

        def push(told: OnColumns | None) -> Generator[Done]:
            if told is not None:
                source.look(told)
            return ray_results(source, scorer, count)

        yield count, push


def _through(
    score: Callable[[Iterable[pa.RecordBatch]], Iterator[Scored]], pieces: Iterable[Piece]
) -> Generator[Done]:
    waiting: deque[Piece] = deque()

    def batches() -> Iterator[pa.RecordBatch]:
        for piece in pieces:
            waiting.append(piece)
            yield piece.listings

    for scored in score(batches()):
        yield settle(waiting.popleft(), scored)


def _source(dumps: Sequence[str], settings: Settings, learnt: FirstPass, journal: Journal) -> Source:
    limit = None if settings.limit is None else settings.limit - journal.counts["verdicts"]
    return Source(
        dumps=tuple(dumps),
        mapping=settings.mapping,
        batch_size=BATCH_SIZE,
        skip=journal.done_rows,
        limit=limit,
        rows=learnt.rows,
    )


def _keep(pieces: Iterable[Done], journal: Journal, total: int | None, progress: Progress) -> None:
    lost = 0
    progress(
        Step(what="classifying", done=journal.done_rows, total=total, suspects=journal.counts["suspects"])
    )
    for done in pieces:
        lost += done.lost
        if lost >= _HOPELESS and not journal.counts["verdicts"] and not done.verdicts.num_rows:
            raise FauxwatchError(
                f"none of the first {lost:,} listings could be classified; the last one: {done.rejections[-1].reason}"
            )
        gate = {"gate": asdict(done.passage)} if done.passage else None
        journal.append(done.verdicts, done.rejections, done.rows_read, gate, suspects=done.suspects)
        progress(
            Step(
                what="classifying",
                done=journal.done_rows,
                total=total,
                suspects=journal.counts["suspects"],
            )
        )


def _workers_for(dumps: Sequence[str], rows: int | None, limit: int | None) -> int:
    """One process for each CPU that may be used, or this one alone where the dump is small or cannot be measured."""
    if rows is None:
        states = [state_of(name) for name in expand(dumps) if name != STDIN]
        rows = sum(state[0] for state in states if state) // _BYTES_OF_ROW
    if min(rows, limit or rows) < _MANY:
        return 1
    return _cpus()


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _total(learnt: FirstPass, settings: Settings) -> int | None:
    if learnt.total is None or settings.limit is None:
        return learnt.total
    return min(learnt.total, settings.limit)
