"""Worker processes that score batches: order kept, memory bounded, a process that dies costs a retry, a row costs itself.

Each worker has one batch at a time and a pipe of its own, so a process that dies (out of memory, a fault in native code) tells
which batch it had. That batch goes to a fresh process once more; if this one dies as well, its halves are tried apart, down to
the row over which processes die, which is lost alone. Workers end when the pipe is closed, also when the main process is killed.
"""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, Self

from nlp.errors import FauxwatchError
from nlp.pieces import Lost, Scored, join, score_carefully

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    import pyarrow as pa

    from nlp.pieces import Score

__all__ = ["Workers"]

_TRIES: Final = 2
_STARTS: Final = 4  # processes in a row that may die while they load; more will not do better
_AHEAD: Final = 2  # batches for each worker that may be read or scored and wait for one before them
_PATIENCE: Final = 5.0  # seconds in which a worker that was told to end does so


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """An exception of a worker while it loads, in words: not every exception survives pickling."""

    words: str


class _Loaded:
    """What a worker says first."""


@dataclass(slots=True, kw_only=True)
class _Task:
    """A batch, or a stretch of it that begins at its row ``first``."""

    number: int
    batch: pa.RecordBatch
    first: int = 0
    tries: int = 0

    def halves(self) -> list[_Task]:
        """Two tasks with one try left each."""
        middle = self.batch.num_rows // 2
        return [
            _Task(number=self.number, batch=rows, first=self.first + at, tries=_TRIES - 1)
            for at, rows in ((0, self.batch.slice(0, middle)), (middle, self.batch.slice(middle)))
        ]


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: _Task | None = None
    loaded: bool = False


class _Queue:
    """Tasks in order of their batches; those whose worker died come first again."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._source = enumerate(batches)
        self._taken = 0
        self.again: list[_Task] = []
        self.results = _Results()

    def next(self, *, below: int) -> _Task | None:
        """The next task, None if there is none or it is not ``below`` that number."""
        if self.again:
            return self.again.pop()
        item = next(self._source, None) if self._taken < below else None
        if item is None:
            return None
        self._taken += 1
        self.results.expect(item[0])
        return _Task(number=item[0], batch=item[1])


class _Results:
    """What became of the stretches of each batch; a batch is ready when none is outstanding."""

    def __init__(self) -> None:
        self._outstanding: Counter[int] = Counter()
        self._found: defaultdict[int, list[tuple[int, Scored]]] = defaultdict(list)

    def expect(self, number: int) -> None:
        """One stretch more of that batch is on its way."""
        self._outstanding[number] += 1

    def enter(self, task: _Task, scored: Scored) -> None:
        """A stretch came back."""
        self._outstanding[task.number] -= 1
        self._found[task.number].append((task.first, scored))

    def take(self, number: int) -> Scored | None:
        """The whole batch, None if it is not ready."""
        if number not in self._found or self._outstanding[number]:
            return None
        del self._outstanding[number]
        return join(self._found.pop(number))


class Workers:
    """``count`` processes; each calls ``make`` once and then what it returned for each batch. ``make`` must pickle.

    A context manager: leaving it ends the processes, at once if an exception (Ctrl-C too) is on its way.
    """

    def __init__(self, count: int, make: Callable[[], Score]) -> None:
        self._context = get_context("spawn")  # fork would copy locks that threads of native code hold
        self._make = make
        self._stillborn = 0
        self._workers = [self._start() for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
            if kind is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def map(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Scored]:
        """What became of each of ``batches``, in their order; they are taken as workers come free.

        Raises:
            FauxwatchError: workers cannot load what scores.
        """
        queue, given = _Queue(batches), 0
        while True:
            for worker in self._workers:
                task = None if worker.task else queue.next(below=given + _AHEAD * len(self._workers))
                if task:
                    _give(worker, task)
            busy = [worker for worker in self._workers if worker.task]
            if not busy:
                return
            ready = wait([worker.pipe for worker in busy])
            for worker in busy:
                if worker.pipe in ready:
                    self._take(worker, queue)
            while (scored := queue.results.take(given)) is not None:
                yield scored
                given += 1

    def _take(self, worker: _Worker, queue: _Queue) -> None:
        """Enter the result that ``worker`` has, or see what to do with its task if it died."""
        try:
            result = worker.pipe.recv()
        except (EOFError, OSError):
            self._after_death(worker, queue)
            return
        if isinstance(result, _Fault):
            raise FauxwatchError(f"a worker process failed: {result.words}")
        if isinstance(result, _Loaded):
            worker.loaded, self._stillborn = True, 0
            return
        task, worker.task = worker.task, None
        if task is not None:
            queue.results.enter(task, result)

    def _after_death(self, worker: _Worker, queue: _Queue) -> None:
        worker.pipe.close()
        worker.process.join()
        code = worker.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        task, loaded = worker.task, worker.loaded
        if not loaded:
            self._bury(how)
        self._workers[self._workers.index(worker)] = self._start()
        if task is None:
            return
        if not loaded:
            task.tries -= 1  # the rows are not at fault
        if task.tries < _TRIES:
            queue.again.append(task)
        elif task.batch.num_rows > 1:
            queue.results.expect(task.number)
            queue.again += reversed(task.halves())
        else:
            reason = f"{_TRIES} worker processes died over this row ({how})"
            queue.results.enter(task, Scored(lost=(Lost(row=0, reason=reason),) * task.batch.num_rows))

    def _bury(self, how: str) -> None:
        self._stillborn += 1
        if self._stillborn >= _STARTS:
            raise FauxwatchError(
                f"worker processes die while they load the model ({how}); "
                "if memory is short, use fewer of them (--workers)"
            )

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._make), daemon=True)
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return _Worker(process=process, pipe=ours)


def _give(worker: _Worker, task: _Task) -> None:
    task.tries += 1
    worker.task = task
    with suppress(OSError):  # it died while it was idle: its pipe will say so
        worker.pipe.send(task.batch)


def _work(pipe: Connection, make: Callable[[], Score]) -> None:
    """What a worker process does until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one decides
    with suppress(EOFError, OSError):
        try:
            score = make()
        except Exception as error:  # noqa: BLE001 - told to the main process, which ends the run
            pipe.send(_Fault(words=f"{type(error).__name__}: {error}"))
            return
        pipe.send(_Loaded())
        while True:
            pipe.send(score_carefully(score, pipe.recv()))
