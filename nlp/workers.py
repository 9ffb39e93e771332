"""Worker processes that score batches: order kept, memory bounded, a process that dies costs a retry.

Each worker has one batch at a time and a pipe of its own, so a process that dies (out of memory, a fault in native code) tells
which batch it had. That batch goes to a fresh process once more; if this one dies as well, the batch comes back as
:class:`Lost` and the run goes on. Workers end when the pipe is closed, also when the main process is killed.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from nlp.errors import FauxwatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    import pyarrow as pa

    Score: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]

__all__ = ["Lost", "Workers"]

_TRIES: Final = 2
_AHEAD: Final = 2  # batches for each worker that may be read or scored and wait for one before them
_PATIENCE: Final = 5.0  # seconds in which a worker that was told to end does so


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A batch that no process could score: each that tried died."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """An exception of a worker, in words: not every exception survives pickling."""

    words: str


@dataclass(slots=True, kw_only=True)
class _Task:
    number: int
    batch: pa.RecordBatch
    tries: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: _Task | None = None


class _Queue:
    """Tasks in order of their batches; those whose worker died come first again."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._source = enumerate(batches)
        self._taken = 0
        self.again: list[_Task] = []

    def next(self, *, below: int) -> _Task | None:
        """The next task, None if there is none or it is not ``below`` that number."""
        if self.again:
            return self.again.pop()
        item = next(self._source, None) if self._taken < below else None
        if item is None:
            return None
        self._taken += 1
        return _Task(number=item[0], batch=item[1])


class Workers:
    """``count`` processes; each calls ``make`` once and then what it returned for each batch. ``make`` must pickle.

    A context manager: leaving it ends the processes, at once if an exception (Ctrl-C too) is on its way.
    """

    def __init__(self, count: int, make: Callable[[], Score]) -> None:
        self._context = get_context("spawn")  # fork would copy locks that threads of native code hold
        self._make = make
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

    def map(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch | Lost]:
        """What became of each of ``batches``, in their order; they are taken as workers come free.

        Raises:
            FauxwatchError: a worker failed with an exception, which would end a run in one process as well.
        """
        queue, done, given = _Queue(batches), dict[int, "pa.RecordBatch | Lost"](), 0
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
                    done.update(self._taken(worker, queue))
            while given in done:
                yield done.pop(given)
                given += 1

    def _taken(self, worker: _Worker, queue: _Queue) -> dict[int, pa.RecordBatch | Lost]:
        """The result that ``worker`` has, by the number of its task; none if it died and the task has a try left."""
        task, worker.task = worker.task, None
        if task is None:
            return {}
        try:
            result = worker.pipe.recv()
        except (EOFError, OSError):
            return self._after_death(worker, task, queue)
        if isinstance(result, _Fault):
            raise FauxwatchError(f"a worker process failed: {result.words}")
        return {task.number: result}

    def _after_death(self, worker: _Worker, task: _Task, queue: _Queue) -> dict[int, pa.RecordBatch | Lost]:
        worker.pipe.close()
        worker.process.join()
        code = worker.process.exitcode
        self._workers[self._workers.index(worker)] = self._start()
        if task.tries < _TRIES:
            queue.again.append(task)
            return {}
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return {
            task.number: Lost(reason=f"{_TRIES} worker processes died over the rows of its batch ({how})")
        }

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
            while True:
                pipe.send(score(pipe.recv()))
        except (EOFError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - told to the main process, which ends the run
            pipe.send(_Fault(words=f"{type(error).__name__}: {error}"))
