"""Worker processes: order, bounds, deaths, faults, and the same bytes as one process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from nlp import run
from nlp.errors import FauxwatchError
from nlp.pieces import Lost, Scored
from nlp.workers import Workers

EXAMPLES = Path(__file__).parent.parent / "examples" / "listings.csv"
SCORERS = """
import os, time

def make():
    return score

def unloadable():
    raise OSError("no model")

def stillborn():
    os._exit(7)

def score(batch):
    for word in batch.column("word").to_pylist():
        if word.startswith("sleep"):
            time.sleep(0.4)
        if word.startswith("die"):
            os._exit(9)
        if word.startswith("once:") and not os.path.exists(word[5:]):
            open(word[5:], "w").close()
            os._exit(9)
        if word.startswith("fault"):
            raise ValueError("no such word")
    return batch.append_column("process", [os.getpid()])
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    (tmp_path / "scorers_of_the_test.py").write_text(SCORERS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import scorers_of_the_test

    yield scorers_of_the_test.make
    del sys.modules["scorers_of_the_test"]


def batches(*words):
    return [pa.record_batch({"word": word if isinstance(word, list) else [word]}) for word in words]


def words(results):
    """The words that came back, batch by batch, "lost" where there is none."""
    found = []
    for scored in results:
        batch = [word for verdicts in scored.verdicts for word in verdicts.column("word").to_pylist()]
        for lost in scored.lost:
            batch.insert(lost.row, "lost")
        found.append(batch)
    return [batch[0] if len(batch) == 1 else batch for batch in found]


def test_results_come_in_order_from_several_processes_and_reading_does_not_run_ahead(make):
    asked = ["sleep", *map(str, range(9))]
    given, most = [], 0

    def source():
        nonlocal most
        for taken, batch in enumerate(batches(*asked), 1):
            most = max(most, taken - len(given))
            yield batch

    with Workers(2, make) as workers:
        for result in workers.map(source()):
            given.append(result)  # noqa: PERF402 - the source looks at its length meanwhile
    assert words(given) == asked
    assert len({each.verdicts[0].column("process")[0].as_py() for each in given}) == 2
    assert 2 <= most <= 5


def test_a_process_that_dies_costs_a_retry(make, tmp_path):
    asked = ["a", f"once:{tmp_path / 'died'}", "b"]
    with Workers(1, make) as workers:
        assert words(workers.map(batches(*asked))) == asked
    assert (tmp_path / "died").exists()


def test_of_a_batch_over_which_processes_die_only_the_row_at_fault_is_lost(make):
    with Workers(2, make) as workers:
        results = list(workers.map(batches("a", ["b", "c", "die", "d", "e"], [], "f")))
    assert words(results) == ["a", ["b", "c", "lost", "d", "e"], [], "f"]
    [lost] = results[1].lost
    assert "died over this row" in lost.reason
    assert "exit code 9" in lost.reason


def test_a_row_that_raises_is_lost_with_its_words(make):
    with Workers(1, make) as workers:
        results = list(workers.map(batches(["a", "fault", "b", "fault"])))
    assert words(results) == [["a", "lost", "b", "lost"]]
    assert "ValueError: no such word" in results[0].lost[0].reason


@pytest.mark.parametrize(
    ("maker", "says"), [("unloadable", "OSError: no model"), ("stillborn", "exit code 7")]
)
def test_workers_that_cannot_load_end_the_run(make, maker, says):
    import scorers_of_the_test

    with (
        pytest.raises(FauxwatchError, match=says),
        Workers(1, getattr(scorers_of_the_test, maker)) as workers,
    ):
        list(workers.map(batches("a", "b")))


def test_rows_over_which_processes_die_are_rejected_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "BATCH_SIZE", 20)
    plain = run.score_carefully

    def dying(score, batch):
        scored = plain(score, batch.slice(1))
        return Scored(verdicts=scored.verdicts, lost=(Lost(row=0, reason="2 worker processes died"),))

    monkeypatch.setattr(run, "score_carefully", dying)
    summary = run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl")
    assert (summary.rows, summary.rejected) == (37, 2)
    rejected = (tmp_path / "v.jsonl.rejected.jsonl").read_text(encoding="utf-8")
    assert rejected.count("2 worker processes died") == 2
    suspects = [
        json.loads(line) for line in Path(f"{tmp_path}/v.jsonl.suspects.jsonl").read_text().splitlines()
    ]
    assert "ex-01" not in {row["id"] for row in suspects}  # the lost row shifts no suspect's words
    assert {row["id"] for row in suspects} == {one.verdict.id for one in summary.suspects}


def gone(group):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_two_processes_write_the_same_bytes_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "BATCH_SIZE", 7)
    dump = tmp_path / "dump.csv"
    dump.write_text(EXAMPLES.read_text(encoding="utf-8") + ",,,10,USD,,nobody,,\n", encoding="utf-8")
    for workers in (1, 2):
        run.classify_dumps([str(dump)], tmp_path / f"{workers}.jsonl", engine=run.Engine(workers=workers))
    for ending in ("", ".rejected.jsonl", ".suspects.jsonl"):
        one, two = (tmp_path / f"{workers}.jsonl{ending}" for workers in (1, 2))
        assert one.read_bytes() == two.read_bytes()


def test_ctrl_c_ends_all_processes(make, tmp_path):
    code = (
        "import signal, sys, pyarrow as pa\n"
        "from nlp.workers import Workers\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from scorers_of_the_test import make\n"
        "words = ['a', *['sleep'] * 500]\n"
        "with Workers(2, make) as workers:\n"
        "    for _ in workers.map(pa.record_batch({'word': [word]}) for word in words):\n"
        "        print('ready', flush=True)\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", code], text=True, start_new_session=True, **pipes)
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert said.count("Traceback") == 1  # the main process's own; the workers say nothing
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert gone(process.pid)


def test_ctrl_c_is_told_with_the_way_to_go_on(monkeypatch, capsys):
    from nlp.cli import main

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "classify_dumps", stopped)
    monkeypatch.setattr(sys, "argv", ["fauxwatch", "classify", "dump.csv", "-o", "v.jsonl"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "--resume goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "limit", "several"), [(100, None, False), (9_000, 50, False), (9_000, None, True)]
)
def test_small_dumps_are_done_by_one_process(rows, limit, several, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert run._workers_for([], rows, limit) == (2 if several else 1)


def test_a_dump_that_was_not_counted_is_measured_by_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    (tmp_path / "big.csv").write_bytes(b"x" * 3_000_000)
    assert run._workers_for([str(tmp_path / "big.csv")], None, None) == 2
    assert run._workers_for([str(EXAMPLES)], None, None) == 1
