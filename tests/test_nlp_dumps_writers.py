"""Verdict files: three formats that agree, cells that no spreadsheet runs, nothing half-written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import resource
import signal
from contextlib import contextmanager, suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.dumps import VerdictWriter, read_verdicts
from nlp.errors import DumpError, OutputError, UsageError
from nlp.records import Brand, Contact, Cue, Rejection, Verdict
from nlp.schema import VERDICT, VERDICT_COLUMNS, verdicts_to_batch
from nlp.writers import neutral, output_format, plain

NAMES = ["v.jsonl", "v.csv", "v.parquet", "v.jsonl.gz", "v.csv.zst"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCORE = st.floats(0, 1, width=32)
OFFSET = st.integers(0, 2**31 - 1)
FIELD = st.sampled_from(["title", "description"])
CUES = st.builds(
    Cue, cue=TEXT, score=SCORE, text=TEXT | st.none(), field=FIELD | st.none(), start=OFFSET, end=OFFSET
)
BRANDS = st.builds(Brand, brand=TEXT, how=st.just("alias"), text=TEXT, field=FIELD, start=OFFSET, end=OFFSET)
CONTACTS = st.builds(Contact, kind=st.just("phone"), value=TEXT, field=FIELD, start=OFFSET, end=OFFSET)
AMOUNT = st.none() | st.floats(0, 1e12, allow_nan=False)
VERDICTS = st.builds(
    Verdict,
    id=TEXT,
    score=SCORE,
    suspicious=st.booleans(),
    band=st.sampled_from(["clear", "queue", "act"]),
    cues=st.lists(CUES, max_size=2).map(tuple),
    brands=st.lists(BRANDS, max_size=2).map(tuple),
    contacts=st.lists(CONTACTS, max_size=2).map(tuple),
    seller=TEXT.filter(bool) | st.none(),
    lang=st.none() | st.just("en"),
    price_usd=AMOUNT,
    reference_usd=AMOUNT,
    price_ratio=AMOUNT,
    reasons=st.lists(TEXT, max_size=2).map(tuple),
    model=TEXT,
)


def verdict(number=0, **changes):
    return Verdict(
        **{"id": str(number), "score": 0.5, "suspicious": True, "band": "queue", "model": "m", **changes}
    )


def written(path, batches):
    with VerdictWriter(path) as writer:
        for batch in batches:
            writer.write(None, batch)
    return pa.Table.from_batches(read_verdicts(path), VERDICT).to_pylist()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verdicts=st.lists(VERDICTS, max_size=3))
def test_every_format_gives_back_what_was_written(tmp_path, verdicts):
    batch = verdicts_to_batch(verdicts)
    for name in NAMES:
        assert written(tmp_path / name, [batch]) == batch.to_pylist()


@pytest.mark.parametrize("name", NAMES)
def test_bytes_do_not_depend_on_how_the_verdicts_came(tmp_path, name):
    batch = verdicts_to_batch([verdict(n, score=n / 100) for n in range(100)])
    written(tmp_path / name, [batch])
    once = (tmp_path / name).read_bytes()
    written(tmp_path / name, [batch.slice(n, 10) for n in range(0, 100, 10)])
    assert (tmp_path / name).read_bytes() == once


def test_the_columns_are_those_of_the_design_in_order(tmp_path):
    batch = verdicts_to_batch([verdict()])
    for name in NAMES[:3]:
        written(tmp_path / name, [batch])
    assert list(json.loads((tmp_path / "v.jsonl").read_text("utf-8"))) == list(VERDICT_COLUMNS)
    assert (tmp_path / "v.csv").read_text("utf-8").splitlines()[0].split(",") == list(VERDICT_COLUMNS)
    assert pq.read_schema(tmp_path / "v.parquet").names == list(VERDICT_COLUMNS)


def test_no_verdicts_still_make_a_file_with_columns(tmp_path):
    for name in NAMES:
        assert written(tmp_path / name, []) == []
    assert pq.read_schema(tmp_path / "v.parquet").equals(VERDICT)


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'quoted", "''"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised_and_comes_back(tmp_path, risky):
    batch = verdicts_to_batch([verdict(seller=risky, id=risky)])
    assert written(tmp_path / "v.csv", [batch]) == batch.to_pylist()
    row = next(csv.DictReader(io.StringIO((tmp_path / "v.csv").read_text("utf-8"), newline="")))
    assert row["seller"].startswith("'")


@given(text=st.text())
def test_neutralising_is_reversible(text):
    assert plain(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_scores_are_written_with_the_digits_that_they_have(tmp_path):
    score = float(np.float32(0.9))
    written(
        tmp_path / "v.csv", [verdicts_to_batch([verdict(score=score, cues=(Cue(cue="x", score=score),))])]
    )
    assert ",0.9," in (tmp_path / "v.csv").read_text("utf-8")
    assert '""score"": 0.9,' in (tmp_path / "v.csv").read_text("utf-8")


def test_rejections_stand_beside_the_verdicts_and_old_ones_go(tmp_path):
    out = tmp_path / "v.jsonl"
    with VerdictWriter(out) as writer:
        writer.reject(Rejection(file="a.csv", line=7, reason="no text", row="é\ud800"))
    beside = tmp_path / "v.jsonl.rejected.jsonl"
    assert json.loads(beside.read_text("utf-8")) == {
        "file": "a.csv",
        "line": 7,
        "reason": "no text",
        "row": "é?",
    }
    with VerdictWriter(out):
        pass
    assert not beside.exists()


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    out = tmp_path / "v.jsonl"
    out.write_text("old", "utf-8")
    writer = VerdictWriter(out)
    with suppress(KeyboardInterrupt), writer:
        writer.write(None, verdicts_to_batch([verdict()]))
        writer.reject(Rejection(file="a", line=1, reason="r"))
        writer.suspect({"id": "1"})
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["v.jsonl"]
    assert out.read_text("utf-8") == "old"


@contextmanager
def file_size_limit(size):
    """What a full disk does, for this process: writes beyond ``size`` bytes fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_an_output_error_and_leaves_nothing_half_written(tmp_path, name):
    rng = np.random.default_rng(1)
    rows = [verdict(n, model=rng.bytes(40).hex()) for n in range(2_000)]
    with file_size_limit(20_000), pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path / name, [verdicts_to_batch(rows)] * 3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v.txt", "v", "v.parquet.gz", "v.xlsx"])
def test_an_unknown_ending_is_wrong_usage(name):
    with pytest.raises(UsageError, match=r"\.jsonl"):
        output_format(name)


@pytest.mark.parametrize(
    "content", [b"hello\n", b"id,x\n1,2\n", b"PAR1....", b"{}\n", b"[1]\n", gzip.compress(b"id,")[:9]]
)
def test_a_file_that_holds_no_verdicts_is_a_dump_error(tmp_path, content):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(DumpError):
        list(read_verdicts(tmp_path / "v"))
    with pytest.raises(DumpError):
        list(read_verdicts(tmp_path / "missing"))


def test_standard_output_gets_json_lines_and_nothing_is_left_beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    held = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", held)
    with VerdictWriter("-") as writer:
        writer.write(None, verdicts_to_batch([verdict()]))
        writer.reject(Rejection(file="a", line=1, reason="r"))
    assert json.loads(held.buffer.getvalue())["id"] == "0"
    assert list(tmp_path.iterdir()) == []
