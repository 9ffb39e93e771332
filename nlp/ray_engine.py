"""Ray Data as an engine: one task reads the dump, a pool of actors scores, verdicts come back in order.

A piece of the dump travels as one row of one block, so Ray can neither split nor merge it. Each actor keeps its detector in a
process of its own (:class:`nlp.workers.Workers`): a row that kills this process is found and lost alone as on one machine,
and an actor or a machine that dies costs Ray a retry. Ray itself is imported here and nowhere else.
"""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import socket
import tempfile
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from nlp.errors import FauxwatchError, MissingExtra, UsageError
from nlp.pieces import Piece, settle
from nlp.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from nlp.pieces import Done, Score

__all__ = ["cluster", "ray_results"]

_COLUMN: Final = "piece"
_LONGEST: Final = 40  # bytes of the temporary folder's path: Unix sockets in it may have 107
_STORE: Final = 512 * 2**20  # bytes of a local cluster's object store; what does not fit is spilled to disk
_PATIENCE: Final = 10.0  # seconds in which a cluster answers
_DEATHS: Final = 4  # actors in a row that may die before they are ready
_READER: Final = 0.1  # CPUs that reading is counted as


@contextmanager
def cluster(*, address: str | None, temp: Path | None, workers: int) -> Iterator[None]:
    """Ray, connected to the cluster at ``address``, or a cluster on this machine's loopback that ends with the block.

    ``temp`` is the local cluster's folder for sockets, logs and spilled blocks; left out, a new one that is removed afterwards.
    Ray's usage reports are off unless ``RAY_USAGE_STATS_ENABLED`` is set.

    Raises:
        MissingExtra: if Ray is not installed.
        UsageError: if the path of ``temp`` is too long for sockets.
        FauxwatchError: if the cluster cannot be started or reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its faults reach us as exceptions
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it warns of a coming default
    if address:
        _reach(address)
        if (Path.home() / ".ray" / "auth_token").exists() or os.environ.get("RAY_AUTH_TOKEN"):
            os.environ.setdefault("RAY_AUTH_MODE", "token")  # what 'ray start' asks for nowadays
    ray = _ray()  # reads the environment
    folder = None if address else _folder(temp)
    given: dict[str, Any] = {"address": address}
    local: dict[str, Any] = {
        "address": "local",
        "num_cpus": workers + 1,
        "include_dashboard": False,
        "object_store_memory": _STORE,
        "_node_ip_address": "127.0.0.1",
        "_temp_dir": str(folder),
    }
    try:
        try:
            ray.init(**(given if address else local), log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises bare ones too, and waits 30 s at most
            where = address or folder
            raise FauxwatchError(f"Ray cannot be started or reached ({where}): {error}; try again") from error
        try:
            yield
        finally:
            ray.shutdown()
    finally:
        if folder is not None and temp is None:
            shutil.rmtree(folder, ignore_errors=True)


def cpus_of_cluster() -> int:
    """CPUs of the cluster that is connected, at least 1."""
    return max(1, int(_ray().cluster_resources().get("CPU", 1)))


def ray_results(
    read: Callable[[], Iterator[Piece]], make: Callable[[], Score], workers: int
) -> Generator[Done]:
    """What became of each piece that ``read`` gives, in order. Both functions must pickle; ``read`` runs on this machine.

    Raises:
        FauxwatchError: if Ray fails, or the dump or the model cannot be read on the cluster.
    """
    ray, _ = _ray(), import_module("ray.data")
    _quiet(ray)
    dataset = ray.data.read_datasource(
        _source(read), override_num_blocks=1, num_cpus=_READER, label_selector=_here(ray)
    ).map_batches(
        _Actor,
        fn_constructor_args=[make],
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
        num_cpus=1,
    )
    try:
        batches = dataset.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0)
        with closing(
            iter(batches)
        ) as rows:  # closed, it ends what still runs; left open, Ray hangs at its end
            for row in rows:
                yield _unpacked(row)
    except Exception as error:  # Ray has several families of them
        cause = getattr(error, "cause", None) or error
        last = str(cause).strip().splitlines()[-1:] or [type(cause).__name__]
        raise FauxwatchError(f"Ray: {last[0]}; what is done is kept, --resume goes on from there") from error


class _Actor:
    """Scores one piece at a time in a process of its own."""

    def __init__(self, make: Callable[[], Score]) -> None:
        self._workers = Workers(1, make)

    def __call__(self, row: pa.Table) -> pa.Table:
        piece: Piece = _unpacked(row)
        (scored,) = self._workers.map([piece.listings])
        return _packed(settle(piece, scored))


def _ray() -> Any:
    """Ray, without its types: they change from version to version."""
    try:
        return import_module("ray")
    except ModuleNotFoundError as error:
        raise MissingExtra("--engine ray", "ray") from error


def _reach(address: str) -> None:
    """Ray ends the whole process where nobody listens; this asks first."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return  # 'auto' and the like, which Ray resolves
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise FauxwatchError(f"Ray cannot be reached at {address}: {error.strerror or error}") from error


def _source(read: Callable[[], Iterator[Piece]]) -> Any:
    """A Ray datasource of one task. Its class is made here, since its base is Ray's."""
    data: Any = import_module("ray.data")
    block: Any = import_module("ray.data.block")

    def tasks(_self: object, *_: Any, **__: Any) -> list[Any]:
        about = block.BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        return [data.ReadTask(lambda: map(_packed, read()), about)]

    methods = {"get_read_tasks": tasks, "estimate_inmemory_data_size": lambda _: None}
    return type("Pieces", (data.Datasource,), methods)()


def _quiet(ray: Any) -> None:
    """Order kept, each piece a block of its own, nothing said on the terminal."""
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # bytes: a block ends after each row
    context.enable_progress_bars = False
    context.max_consecutive_actor_init_deaths = _DEATHS
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # faults come as exceptions


def _here(ray: Any) -> dict[str, str]:
    """The dump lies on this machine: it is read here."""
    return {"ray.io/node-id": ray.get_runtime_context().get_node_id()}


def _packed(item: Piece | Done) -> pa.Table:
    return pa.table({_COLUMN: pa.array([pickle.dumps(item)], pa.large_binary())})


def _unpacked(row: pa.Table) -> Any:
    return pickle.loads(row.column(_COLUMN)[0].as_py())  # noqa: S301 - packed by this run, on its way between its processes


def _folder(temp: Path | None) -> Path:
    if temp is None:
        short = tempfile.gettempdir() if len(tempfile.gettempdir()) < _LONGEST // 2 else "/tmp"  # noqa: S108 - sockets need it short
        return Path(tempfile.mkdtemp(prefix="fw-", dir=short))
    folder = temp.absolute()
    if len(os.fsencode(folder)) > _LONGEST:
        raise UsageError(
            f"--ray-temp {folder}: sockets lie in it, so its path may have at most {_LONGEST} bytes"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder
