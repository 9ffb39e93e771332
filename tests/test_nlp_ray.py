"""Ray as an engine: the bytes of one process, retries after deaths, runs that change engines."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from nlp import ray_engine
from nlp.errors import FauxwatchError, MissingExtra, UsageError

EXAMPLES = Path(__file__).parent.parent / "examples" / "listings.csv"
# Classifies sys.argv[1] into sys.argv[2] by engine sys.argv[3]; does sys.argv[4] after the first piece.
RUN = """
import os, signal, sys
from pathlib import Path
from nlp import run

def after_first(step):
    global first
    if step.what == "classifying" and step.done > start and first:
        first = False
        {"stop": stop, "kill": kill, "go": lambda: None}[sys.argv[4]]()

def stop():
    raise KeyboardInterrupt

def kill():
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and (process / "cmdline").read_bytes().startswith(b"ray::MapWorker"):
            if os.getpgid(int(process.name)) != 0 and ours(int(process.name)):
                os.kill(int(process.name), signal.SIGKILL)
                print("killed", flush=True)
                return

def ours(pid):
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if pid == os.getpid():
            return True
    return False

if __name__ == "__main__":
    run.BATCH_SIZE = 5
    first, start = True, int(sys.argv[5])
    address = sys.argv[6] if len(sys.argv) > 6 else None
    engine = run.Engine(name=sys.argv[3], workers=1, ray_address=address)
    run.classify_dumps(
        [sys.argv[1]], Path(sys.argv[2]), engine=engine, resume=True, progress=after_first
    )
"""
POISONED = """
import os, pyarrow as pa
from nlp.pieces import Piece
from nlp.records import Verdict
from nlp.schema import verdicts_to_batch

def make():
    return score

def score(batch):
    ids = batch.column("id").to_pylist()
    if "poison" in ids:
        os._exit(9)
    return verdicts_to_batch([Verdict(id=each, score=0, suspicious=False, band="clear") for each in ids])

def read():
    for names in (["a", "b"], ["c", "poison", "d"], ["e"]):
        rows = {name: names for name in ("id", "title", "description", "file")}
        yield Piece(listings=pa.record_batch({**rows, "line": list(range(len(names)))}))
"""
LOSES = """
import os
from poisoned import make, read
from nlp.ray_engine import cluster, ray_results
if __name__ == "__main__":
    with cluster(address=None, temp=None, workers=1):
        from ray._common.usage.usage_lib import usage_stats_enabled
        assert not usage_stats_enabled()
        for done in ray_results(read, make, 1):
            print(done.verdicts.column("id").to_pylist(), [each.row for each in done.rejections])
"""
needs_ray = pytest.mark.usefixtures("ray_is_there")


@pytest.fixture(scope="module")
def ray_is_there():
    pytest.importorskip("ray.data")


def python(code, folder, *arguments):
    (folder / "script.py").write_text(code, encoding="utf-8")
    command = [sys.executable, folder / "script.py", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=300)


def classify(folder, out, engine, then="go", *more):
    return python(RUN, folder, folder / "dump.csv", folder / out, engine, then, *(more or [0]))


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "dump.csv"
    rows = EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*rows[:20], ",,,10,USD,,nobody,,\n", *rows[20:25]]), encoding="utf-8")
    return path


def same(folder, *names):
    for ending in ("", ".rejected.jsonl", ".suspects.jsonl"):
        contents = {(folder / f"{name}{ending}").read_bytes() for name in names}
        assert len(contents) == 1
    return True


@needs_ray
@pytest.mark.slow
def test_a_run_begun_here_goes_on_with_ray_and_back_and_a_killed_actor_costs_a_retry(tmp_path, dump):
    assert classify(tmp_path, "whole.jsonl", "local").returncode == 0
    killed = classify(tmp_path, "killed.jsonl", "ray", "kill")
    assert "killed" in killed.stdout
    assert killed.returncode == 0, killed.stderr
    for engine, done in (("local", 0), ("ray", 5)):
        stopped = classify(tmp_path, "mixed.jsonl", engine, "stop", done)
        assert stopped.returncode != 0
        assert "KeyboardInterrupt" in stopped.stderr
        assert (tmp_path / "mixed.jsonl.parts").is_dir()
    assert classify(tmp_path, "mixed.jsonl", "local").returncode == 0
    assert same(tmp_path, "whole.jsonl", "killed.jsonl", "mixed.jsonl")
    assert not (tmp_path / "mixed.jsonl.parts").exists()


@contextmanager
def running_cluster(folder):
    import ray

    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    start = [
        *("start", "--head", "--block", f"--port={port}", "--num-cpus=3"),
        *("--include-dashboard=false", f"--temp-dir={folder}", "--object-store-memory=100000000"),
    ]
    env = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    process = subprocess.Popen(
        [Path(sys.executable).parent / "ray", *start], env=env, text=True, stdout=subprocess.PIPE
    )
    try:
        assert any("runtime started" in line for line in process.stdout)
        yield f"{ray.util.get_node_ip_address()}:{port}"  # what Ray makes of 127.0.0.1, too
    finally:
        process.terminate()
        process.communicate(timeout=60)


@needs_ray
@pytest.mark.slow
def test_a_running_cluster_is_used_by_its_address(tmp_path, dump, tmp_path_factory):
    folder = ray_engine._folder(None)
    with running_cluster(folder) as address:
        done = classify(tmp_path, "r.jsonl", "ray", "go", 0, address)
        assert done.returncode == 0, done.stderr
    assert classify(tmp_path, "l.jsonl", "local").returncode == 0
    assert same(tmp_path, "r.jsonl", "l.jsonl")


@needs_ray
@pytest.mark.slow
def test_a_row_that_kills_is_lost_alone_and_nothing_is_reported_to_anybody(tmp_path):
    (tmp_path / "poisoned.py").write_text(POISONED, encoding="utf-8")
    done = python(LOSES, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['a', 'b'] []", "['c', 'd'] ['poison']", "['e'] []"]


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_one_clear_message(tmp_path):
    command = [
        *("-c", "from nlp.cli import main; main()", "classify", EXAMPLES),
        *("-o", tmp_path / "v.jsonl"),
    ]
    options = ["--engine", "ray", "--ray-address", "127.0.0.1:1", "--no-medians"]
    done = subprocess.run([sys.executable, *command, *options], check=False, capture_output=True, text=True)
    assert done.returncode == 3
    assert "fauxwatch: Ray cannot be reached at 127.0.0.1:1" in done.stderr


def test_without_ray_the_way_to_install_it_is_told(monkeypatch, tmp_path):
    def missing(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(ray_engine, "import_module", missing)
    with (
        pytest.raises(MissingExtra, match=r"fauxwatch\[ray\]"),
        ray_engine.cluster(address=None, temp=None, workers=1),
    ):
        pass


def test_whatever_ray_raises_at_its_start_is_one_message_and_leaves_no_folder(monkeypatch, tmp_path):
    class Ray:
        @staticmethod
        def init(**_):
            raise Exception("The current node timed out during startup.")  # noqa: TRY002 - as Ray does

    monkeypatch.setattr(ray_engine, "_ray", lambda: Ray)
    monkeypatch.setattr(ray_engine, "_folder", lambda _: tmp_path)
    with (
        pytest.raises(FauxwatchError, match=r"cannot be started or reached .*timed out during startup"),
        ray_engine.cluster(address=None, temp=None, workers=1),
    ):
        pass
    assert not tmp_path.exists()


def test_a_temporary_folder_too_long_for_sockets_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--ray-temp"):
        ray_engine._folder(tmp_path / ("x" * 60))


@pytest.mark.parametrize("options", [{"name": "spark"}, {"ray_address": "auto"}, {"ray_temp": Path("t")}])
def test_engines_that_do_not_fit_are_wrong_usage(options):
    from nlp.run import Engine

    with pytest.raises(UsageError, match="--"):
        Engine(**options)
