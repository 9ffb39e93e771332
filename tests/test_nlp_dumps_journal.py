"""A run that is killed goes on and ends with the bytes of one that was not."""

from __future__ import annotations

import os
import random
import signal
import time

import pyarrow as pa
import pytest

from nlp.dumps import read
from nlp.errors import OutputError, UsageError
from nlp.journal import Journal
from nlp.records import Verdict
from nlp.schema import verdicts_to_batch

SETTINGS = {"model": "m", "batch_size": 10}


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "in.csv"
    rows = (f"{n},Shoe number {n}\n" if n % 7 else f"{n},\n" for n in range(200))
    path.write_text("id,title\n" + "".join(rows), "utf-8")
    return path


def judged(batch):
    """A stand-in for the detector: a pure function of the row."""
    rows = zip(batch.column("id").to_pylist(), batch.column("title").to_pylist(), strict=True)
    return verdicts_to_batch(
        [
            Verdict(id=key, score=len(title) / 100, suspicious=False, band="clear", reasons=(title,))
            for key, title in rows
        ]
    )


def run(out, dump, *, resume=False, settings=SETTINGS, stop_after=None):
    with Journal.open(out, [dump], settings, resume=resume) as journal:
        rejected = []
        for number, batch in enumerate(
            read([dump], on_reject=rejected.append, batch_size=10, only=range(journal.done_rows, 10**9))
        ):
            if number == stop_after:
                return journal.done_rows
            journal.append(
                judged(batch),
                rejected,
                batch.num_rows + len(rejected),
                {"n": batch.num_rows},
                suspects=[{"id": batch.column("id")[0].as_py()}],
            )
            rejected.clear()
        journal.append(verdicts_to_batch([]), rejected, len(rejected))
        counts = dict(journal.counts)
        journal.finish()
        return counts


def outputs(out):
    return {path.name: path.read_bytes() for path in out.parent.iterdir() if path.name.startswith(out.name)}


@pytest.mark.parametrize(("name", "trials"), [("v.jsonl", 3), ("v.csv.gz", 3), ("v.parquet", 20)])
def test_a_run_killed_at_a_random_moment_ends_with_the_same_bytes(tmp_path, dump, name, trials):
    begun = time.perf_counter()
    assert run(tmp_path / "a" / name, dump) == {"verdicts": 171, "rejected": 29, "suspects": 18}
    whole = time.perf_counter() - begun
    expected = outputs(tmp_path / "a" / name)
    assert set(expected) == {name, f"{name}.rejected.jsonl", f"{name}.suspects.jsonl"}
    rng = random.Random(name)
    for trial in range(trials):
        out = tmp_path / f"b{trial}" / name
        for _ in range(2):
            kill_after(rng.uniform(0, whole * 1.1), out, dump)
        run(out, dump, resume=True)
        assert outputs(out) == expected


def kill_after(seconds, out, dump):
    child = os.fork()
    if child == 0:
        try:
            run(out, dump, resume=True)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_what_is_done_is_not_done_again(tmp_path, dump):
    done = run(tmp_path / "v.jsonl", dump, stop_after=9)
    with Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS, resume=True) as journal:
        assert journal.done_rows == done > 90
        assert journal.counts["verdicts"] == 90
        assert [summary["n"] for summary in journal.summaries] == [10] * 9
        assert sum(batch.num_rows for batch in journal.batches()) == 90


def test_without_resume_a_run_begins_anew(tmp_path, dump):
    run(tmp_path / "v.jsonl", dump, stop_after=9)
    with Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS) as journal:
        assert journal.done_rows == 0


def test_a_changed_input_is_refused(tmp_path, dump):
    run(tmp_path / "v.jsonl", dump, stop_after=3)
    dump.write_text(dump.read_text("utf-8").replace("number", "numero"), "utf-8")
    with pytest.raises(UsageError, match=r"in\.csv.*run again without --resume"):
        run(tmp_path / "v.jsonl", dump, resume=True)


def test_changed_settings_are_refused_by_name(tmp_path, dump):
    run(tmp_path / "v.jsonl", dump, stop_after=3)
    with pytest.raises(UsageError, match=r"\(batch_size, prices\)"):
        run(
            tmp_path / "v.jsonl",
            dump,
            resume=True,
            settings={"model": "m", "batch_size": 11, "prices": "p.csv"},
        )


def test_standard_input_cannot_be_resumed(tmp_path):
    Journal.open(tmp_path / "v.jsonl", ["-"], {}).close()
    with pytest.raises(UsageError, match="standard input"):
        Journal.open(tmp_path / "v.jsonl", ["-"], {}, resume=True)


def test_two_runs_cannot_write_the_same_output(tmp_path, dump):
    with (
        Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS),
        pytest.raises(OutputError, match="another run"),
    ):
        Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS)


@pytest.mark.parametrize("torn", [b"", b"junk", None])
def test_a_torn_part_is_made_again(tmp_path, dump, torn):
    run(tmp_path / "whole.jsonl", dump)
    run(tmp_path / "v.jsonl", dump, stop_after=5)
    part = tmp_path / "v.jsonl.parts" / "000002.arrow"
    part.write_bytes(part.read_bytes()[:-20] if torn is None else torn)
    with Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS, resume=True) as journal:
        assert journal.counts["verdicts"] == 20
    run(tmp_path / "v.jsonl", dump, resume=True)
    for ending in ("", ".rejected.jsonl", ".suspects.jsonl"):
        found = (tmp_path / f"v.jsonl{ending}").read_bytes()
        assert found == (tmp_path / f"whole.jsonl{ending}").read_bytes()


def test_a_part_that_is_damaged_while_the_run_lives_is_an_output_error(tmp_path, dump):
    with Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS) as journal:
        journal.append(verdicts_to_batch([]), [], 1)
        (tmp_path / "v.jsonl.parts" / "000000.arrow").write_bytes(b"junk")
        with pytest.raises(OutputError, match="is damaged"):
            journal.finish()


def test_a_full_disk_keeps_what_is_done_for_later(tmp_path, dump):
    from test_nlp_dumps_writers import file_size_limit

    out = tmp_path / "v.jsonl"
    with file_size_limit(6_000), pytest.raises(OutputError):
        run(out, dump)
    assert not out.exists()
    assert run(out, dump, resume=True) == {"verdicts": 171, "rejected": 29, "suspects": 18}
    assert outputs(out).keys() == {"v.jsonl", "v.jsonl.rejected.jsonl", "v.jsonl.suspects.jsonl"}


def test_the_schema_of_parts_is_exactly_that_of_verdicts(tmp_path, dump):
    extra = judged(pa.RecordBatch.from_pydict({"id": ["1"], "title": ["x"]})).append_column(
        "more", pa.array([1])
    )
    with Journal.open(tmp_path / "v.jsonl", [dump], SETTINGS) as journal:
        journal.append(extra, [], 1)
        assert "more" not in next(journal.batches()).schema.names
