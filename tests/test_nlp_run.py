"""The whole way: dumps in, files out, killed and resumed, wrong and hostile input."""

import csv
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "listings.csv"
RAW = ROOT.parent / "shared" / "data" / "listings" / "raw"


def fauxwatch(*arguments, **options):
    command = [sys.executable, "-c", "from nlp.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def test_the_examples_end_in_a_table_of_suspects_with_their_evidence(tmp_path):
    dump = tmp_path / "dump.csv"
    dump.write_text(EXAMPLES.read_text(encoding="utf-8") + "ex-39,,,10,USD,,nobody,,\n", encoding="utf-8")
    done = fauxwatch("classify", dump, "-o", tmp_path / "v.jsonl")
    assert done.returncode == 1  # one row without text is rejected
    assert done.stdout == ""
    assert "39 listings read" in done.stderr
    assert "1 rejected" in done.stderr
    verdicts = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text(encoding="utf-8").splitlines()]
    rejected = [json.loads(line) for line in (tmp_path / "v.jsonl.rejected.jsonl").read_text().splitlines()]
    assert len(verdicts) + len(rejected) == 40
    assert rejected[0]["line"] == 41
    suspects = {row["id"] for row in verdicts if row["suspicious"]}
    assert {"ex-01", "ex-03", "ex-08", "ex-12", "ex-17"} <= suspects
    assert not {"ex-23", "ex-24", "ex-29", "ex-31", "ex-37", "ex-38"} & suspects


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet", ".jsonl.gz", ".csv.zst"])
def test_output_formats_agree(tmp_path, ending):
    from nlp.dumps import read_verdicts
    from nlp.schema import verdicts_from_batch

    def verdicts(path):
        return [verdict for batch in read_verdicts(path) for verdict in verdicts_from_batch(batch)]

    assert fauxwatch("classify", EXAMPLES, "-o", tmp_path / "v.jsonl").returncode == 0
    assert fauxwatch("classify", EXAMPLES, "-o", tmp_path / f"w{ending}").returncode == 0
    assert verdicts(tmp_path / f"w{ending}") == verdicts(tmp_path / "v.jsonl")


def test_sellers_and_report_follow_from_the_verdicts(tmp_path):
    fauxwatch("classify", EXAMPLES, "-o", tmp_path / "v.parquet")
    assert fauxwatch("sellers", tmp_path / "v.parquet", "-o", tmp_path / "s.csv").returncode == 0
    assert fauxwatch("report", tmp_path / "v.parquet", "-o", tmp_path / "r.html").returncode == 0
    assert "luxmirror88" in (tmp_path / "s.csv").read_text(encoding="utf-8")
    assert "mirror quality" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["classify", "nothing.csv", "-o", "v.jsonl"], 3, "no such file"),
        (["classify", EXAMPLES, "-o", "v.docx"], 2, ".jsonl"),
        (["classify", EXAMPLES, "-o", "v.jsonl", "--map", "title"], 2, "--map COLUMN=NAME"),
        (["classify", EXAMPLES, "-o", "v.jsonl", "--map", "colour=title"], 2, "colour"),
        (["classify", EXAMPLES, "-o", "v.jsonl", "--model", "/nowhere"], 3, "no such folder"),
        (["classify", EXAMPLES, "-o", "v.jsonl", "--engine", "spark"], 2, "--engine spark"),
        (["classify", EXAMPLES, "-o", "/proc/nowhere/v.jsonl"], 3, "/proc/nowhere"),
        (["classify"], 2, "DUMP"),
        (["report", "nothing.jsonl", "-o", "r.html"], 3, "nothing.jsonl"),
        (["models", "shew"], 2, "models show NAME"),
    ],
)
def test_wrong_usage_gets_one_clear_message_and_its_exit_code(tmp_path, arguments, code, says):
    done = fauxwatch(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_models_and_doctor_speak(tmp_path):
    assert "bundled, the default" in fauxwatch("models").stdout
    assert "never proof" in fauxwatch("models", "show", "bundled").stdout
    doctor = fauxwatch("doctor")
    assert doctor.returncode == 0
    assert "every file matches its sha256" in doctor.stdout


def test_limit_reads_only_the_first_listings(tmp_path):
    assert fauxwatch("classify", EXAMPLES, "-o", tmp_path / "v.jsonl", "--limit", "5").returncode == 0
    assert len((tmp_path / "v.jsonl").read_text().splitlines()) == 5


def test_a_user_s_own_prices_win(tmp_path):
    prices = tmp_path / "prices.csv"
    prices.write_text(
        "brand,kind,new_usd,new_low_usd,used_low_usd,source,date\nGucci,*,10,5,3,our own,2026-11\n"
    )
    done = fauxwatch("classify", EXAMPLES, "-o", tmp_path / "v.jsonl", "--prices", prices)
    assert done.returncode == 0, done.stderr
    rows = {
        row["id"]: row
        for row in map(json.loads, (tmp_path / "v.jsonl").read_text(encoding="utf-8").splitlines())
    }
    assert rows["ex-12"]["reference_usd"] == 10


def test_a_run_killed_twenty_times_ends_with_the_same_bytes(tmp_path):
    dump = tmp_path / "dump.csv"
    head, *rows = EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)
    blank = "nobody,,,10,USD,,nobody,,\n"
    dump.write_text(
        head + "".join(f"{at}-{row}" for at in range(60) for row in [*rows, blank]), encoding="utf-8"
    )
    code = (
        "import sys, nlp.run as run; run.BATCH_SIZE = 48\n"
        "from pathlib import Path\n"
        "s = run.classify_dumps([sys.argv[1]], Path(sys.argv[2]), resume=True)\n"
    )
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code, dump, whole], check=True)
    seconds = time.monotonic() - began
    rng = random.Random(7)
    kills = 0
    while kills < 20:
        process = subprocess.Popen([sys.executable, "-c", code, dump, broken])
        time.sleep(rng.uniform(0.2, seconds))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        if broken.exists() and kills < 20:
            assert broken.read_bytes() == whole.read_bytes()
            broken.unlink()
    subprocess.run([sys.executable, "-c", code, dump, broken], check=True)
    assert broken.read_bytes() == whole.read_bytes()
    assert Path(f"{broken}.rejected.jsonl").read_bytes() == Path(f"{whole}.rejected.jsonl").read_bytes()


@pytest.mark.skipif(not RAW.is_dir(), reason="the raw dumps are not beside this checkout")
def test_the_raw_dumps_classify_together_with_no_map(tmp_path):
    dumps = [
        RAW / "shopee-products.csv",
        RAW / "shein-products.csv",
        RAW / "products.xlsx",
        RAW / "full_designer_catalog.csv",
    ]
    done = fauxwatch("classify", *dumps, "-o", tmp_path / "v.parquet")
    assert done.returncode == 1, done.stderr
    verdicts = pq.read_table(tmp_path / "v.parquet").num_rows
    rejected = len((tmp_path / "v.parquet.rejected.jsonl").read_text(encoding="utf-8").splitlines())
    assert verdicts + rejected == 1000 + 1000 + 600 + 4950
    prices = pq.read_table(tmp_path / "v.parquet", columns=["price_usd"]).column(0)
    assert prices.null_count == 0  # pesos, rupiah, lira, dollars and the euro signs that are no UTF-8
    for recognised in (
        "title = 'product_name'",
        "title = 'title' or 'brand', description = 'Product Description', price = 'final_price'",
        "price = 'discount_price' or 'price' or 'old_price', brand = 'brand', url = 'link'",
        "id = 'Reference', title = 'Model' or 'Designer', price = 'Price_sold', brand = 'Designer', seller = 'Seller'",
    ):
        assert recognised in " ".join(done.stderr.split())


@pytest.mark.skipif(not RAW.is_dir(), reason="the raw dumps are not beside this checkout")
def test_mean_prices_without_a_title_are_no_listings(tmp_path):
    done = fauxwatch("classify", RAW / "mercari_brand_category_price.csv", "-o", tmp_path / "v.jsonl")
    assert done.returncode == 3
    assert "--map title=COLUMN" in done.stderr
    assert "ブランド" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_refuses_tables_that_changed_in_between(tmp_path):
    from nlp.errors import UsageError
    from nlp.run import Settings, classify_dumps

    prices = tmp_path / "prices.csv"
    header = "brand,kind,new_usd,new_low_usd,used_low_usd,source,date\n"
    prices.write_text(f"{header}Gucci,*,10,5,3,ours,2026\n", encoding="utf-8")
    settings = Settings(prices=prices, medians=False)

    class Killed(Exception):  # noqa: N818 - a stop, not an error
        pass

    def kill(step):
        if step.what == "classifying" and step.done:
            raise Killed

    with pytest.raises(Killed):
        classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", settings=settings, progress=kill)
    prices.write_text(f"{header}Gucci,*,9000,5000,3000,ours,2026\n", encoding="utf-8")
    with pytest.raises(UsageError, match="tables"):
        classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", settings=settings, resume=True)


def test_progress_knows_how_many_rows_are_left_and_how_many_are_suspected(tmp_path):
    from nlp.run import Step, classify_dumps

    seen = []
    dump = tmp_path / "dump.csv"
    dump.write_text(EXAMPLES.read_text(encoding="utf-8") + ",,,10,USD,,nobody,,\n", encoding="utf-8")
    summary = classify_dumps([str(dump)], tmp_path / "v.jsonl", progress=seen.append)
    assert seen[0] == Step(what="reading prices", done=40)
    assert seen[-1] == Step(what="classifying", done=40, total=40, suspects=summary.suspected)
    assert (summary.rows, summary.rejected) == (39, 1)
    assert [suspect.title for suspect in summary.suspects] == [
        row["title"]
        for suspect in summary.suspects
        for row in map(
            json.loads,
            (tmp_path / "v.jsonl.suspects.jsonl").read_text(encoding="utf-8").splitlines(),
        )
        if row["id"] == suspect.verdict.id
    ]


def test_a_dump_of_rejected_rows_alone_is_counted_in_bounded_memory(tmp_path):
    from nlp.dumps import read
    from nlp.run import classify_dumps

    dump = tmp_path / "dump.csv"
    dump.write_text("id,title,price\n" + "1,,5\n" * 20_000 + "2,bag,5\n", encoding="utf-8")
    held, most = [], 0
    for _ in read([dump], on_reject=held.append):
        most = max(most, len(held))
        held.clear()
    assert most < 10_000
    summary = classify_dumps([str(dump)], tmp_path / "v.jsonl")
    assert (summary.rows, summary.rejected) == (1, 20_000)


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stopped_after(pieces):
    """A progress that stops the run, as Ctrl-C does, after that many pieces."""
    seen = []

    def stop(step):
        if step.what == "classifying" and step.done and not (seen and step.done == seen[-1].done):
            seen.append(step)
            if len(seen) == pieces:
                raise KeyboardInterrupt

    return stop


def test_the_manifest_says_how_the_verdicts_came_about(tmp_path, run):
    out = tmp_path / "v.jsonl"
    summary = run.classify_dumps([str(EXAMPLES)], out)
    manifest = read_json(tmp_path / "v.jsonl.manifest.json")
    [source] = manifest["inputs"]
    assert source["path"] == str(EXAMPLES)
    assert source["size"] == EXAMPLES.stat().st_size
    assert source["sha256"] == hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()
    assert manifest["output"][0]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert rows_of(out)[0]["model"].partition("@")[2] == manifest["model"]["sha256"][:12]
    assert manifest["counts"] == {
        "rows": 39,
        "verdicts": 39,
        "rejected": 0,
        **{band: summary.bands[band] for band in ("clear", "queue", "act")},
    }
    assert [session["engine"] for session in manifest["sessions"]] == ["local"]
    assert manifest["inputs_changed_meanwhile"] == []
    assert manifest["versions"]["onnxruntime"]
    assert manifest["began"] <= manifest["ended"]


def test_a_resumed_run_notes_each_session_and_scores_in_a_process_apart(tmp_path, run, monkeypatch):
    out = tmp_path / "v.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps([str(EXAMPLES)], out, progress=stopped_after(2))
    started = []
    workers = run.Workers
    monkeypatch.setattr(run, "Workers", lambda *given: started.append(given) or workers(*given))
    run.classify_dumps([str(EXAMPLES)], out, resume=True)
    assert [count for count, _ in started] == [1]
    sessions = read_json(tmp_path / "v.jsonl.manifest.json")["sessions"]
    assert [session["rows_before"] for session in sessions] == [0, 20]
    run.classify_dumps([str(EXAMPLES)], tmp_path / "w.jsonl")
    assert out.read_bytes() == (tmp_path / "w.jsonl").read_bytes()


def test_an_input_that_changed_in_the_middle_is_refused_even_with_its_old_size_and_time(tmp_path, run):
    from nlp.errors import UsageError

    dump = tmp_path / "dump.csv"
    rows = EXAMPLES.read_text(encoding="utf-8") + "".join(f"x{n},A plain bag\n" for n in range(20_000))
    dump.write_text(rows, encoding="utf-8")
    before = dump.stat()
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps([str(dump)], tmp_path / "v.jsonl", progress=stopped_after(1))
    dump.write_text(rows.replace("x9999,A plain", "x9999,A stolen"[: len("x9999,A plain")]), encoding="utf-8")
    os.utime(dump, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert dump.stat().st_size == before.st_size
    with pytest.raises(UsageError, match=r"dump\.csv.*run again without --resume"):
        run.classify_dumps([str(dump)], tmp_path / "v.jsonl", resume=True)


def test_a_copy_of_an_input_with_another_time_is_the_same_input(tmp_path, run):
    dump = tmp_path / "dump.csv"
    dump.write_bytes(EXAMPLES.read_bytes())
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps([str(dump)], tmp_path / "v.jsonl", progress=stopped_after(1))
    os.utime(dump, (1, 1))
    assert run.classify_dumps([str(dump)], tmp_path / "v.jsonl", resume=True).rows == 39


def test_an_input_that_changes_while_it_is_read_is_named_in_the_manifest(tmp_path, run):
    dump = tmp_path / "dump.csv"
    dump.write_bytes(EXAMPLES.read_bytes())

    def touch(step):
        if step.what == "classifying":
            os.utime(dump, (1, 1))

    run.classify_dumps([str(dump)], tmp_path / "v.jsonl", progress=touch)
    assert read_json(tmp_path / "v.jsonl.manifest.json")["inputs_changed_meanwhile"] == [str(dump)]


@pytest.mark.parametrize("medians", [True, False])
def test_a_sample_is_the_same_rows_each_time_with_the_verdicts_of_the_whole_run(tmp_path, run, medians):
    dump = tmp_path / "dump.csv"
    dump.write_text(EXAMPLES.read_text(encoding="utf-8") + ",,,10,USD,,nobody,,\n" * 21, encoding="utf-8")
    settings = run.Settings(sample=30, medians=medians)
    summary = run.classify_dumps([str(dump)], tmp_path / "s.jsonl", settings=settings)
    assert summary.rows + summary.rejected == 30
    assert summary.rejected > 3
    run.classify_dumps([str(dump)], tmp_path / "again.jsonl", settings=settings)
    assert (tmp_path / "s.jsonl").read_bytes() == (tmp_path / "again.jsonl").read_bytes()
    run.classify_dumps([str(dump)], tmp_path / "v.jsonl", settings=run.Settings(medians=medians))
    whole = rows_of(tmp_path / "v.jsonl")
    sample = rows_of(tmp_path / "s.jsonl")
    assert [row for row in whole if row in sample] == sample
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps([str(dump)], tmp_path / "r.jsonl", settings=settings, progress=stopped_after(1))
    run.classify_dumps([str(dump)], tmp_path / "r.jsonl", settings=settings, resume=True)
    assert (tmp_path / "r.jsonl").read_bytes() == (tmp_path / "s.jsonl").read_bytes()


def test_each_row_is_as_likely_in_a_sample():
    from nlp.job import drawn

    numbers = sorted(drawn(100_000, 10_000))
    assert len(numbers) == 10_000
    assert 4_800 < sum(number < 50_000 for number in numbers) < 5_200
    assert drawn(5, 10) == frozenset(range(5))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-", "--sample", "5"], "standard input"),
        ([EXAMPLES, "--sample", "5", "--limit", "5"], "one of them"),
    ],
)
def test_samples_that_cannot_be_drawn_are_wrong_usage(tmp_path, arguments, says):
    done = fauxwatch("classify", *arguments, "-o", tmp_path / "v.jsonl", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_row_that_raises_costs_itself(tmp_path, run, monkeypatch):
    poison(monkeypatch, lambda title: "Gucci canvas tote" in title)
    summary = run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl")
    [rejected] = rows_of(tmp_path / "v.jsonl.rejected.jsonl")
    assert (summary.rows, summary.rejected) == (38, 1)
    assert rejected["line"] == 3
    assert "ValueError: poison" in rejected["reason"]
    ids = [row["id"] for row in csv.DictReader(EXAMPLES.read_text(encoding="utf-8").splitlines())]
    assert [row["id"] for row in rows_of(tmp_path / "v.jsonl")] == [each for each in ids if each != "ex-02"]


def test_a_detector_that_fails_on_all_rows_ends_the_run(tmp_path, run, monkeypatch):
    from nlp.errors import FauxwatchError

    monkeypatch.setattr(run, "_HOPELESS", 20)
    poison(monkeypatch, bool)
    with pytest.raises(FauxwatchError, match=r"none of the first 20 listings .*poison"):
        run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl")


def poison(monkeypatch, poisoned):
    from nlp.detector import Detector

    detect = Detector.detect

    def dies(self, batch):
        if any(map(poisoned, batch.column("title").to_pylist())):
            raise ValueError("poison")
        return detect(self, batch)

    monkeypatch.setattr(Detector, "detect", dies)


def test_a_log_gets_rate_time_left_and_suspects_and_what_was_done_before_does_not_count():
    from nlp.run import Step
    from nlp.terminal import Pace, _line

    pace = Pace()
    assert pace.rate(Step(what="classifying", done=10_000, total=40_000), 100.0) == 0
    step = Step(what="classifying", done=11_000, total=40_000, suspects=1_234)
    assert pace.rate(step, 110.0) == 100
    assert _line(step, 100) == "classifying: 11,000 of 40,000 rows, 100 rows/s, 1,234 suspected, 0:04:50 left"


def test_a_folder_of_parquet_files_holds_the_same_verdicts_and_takes_the_place_of_an_older_one(
    tmp_path, run, monkeypatch
):
    from nlp import shards
    from nlp.dumps import read_verdicts

    monkeypatch.setattr(shards, "ROWS_OF_SHARD", 16)
    run.classify_dumps([str(EXAMPLES)], tmp_path / "v.parquet")
    for limit, sizes in ((None, [16, 16, 7]), (17, [16, 1])):
        run.classify_dumps([str(EXAMPLES)], f"{tmp_path}/v/", settings=run.Settings(limit=limit))
        files = sorted((tmp_path / "v").iterdir())
        assert [pq.read_metadata(file).num_rows for file in files] == sizes
        together = [row for batch in read_verdicts(tmp_path / "v") for row in batch.to_pylist()]
        assert together == pq.read_table(tmp_path / "v.parquet").to_pylist()[: sum(sizes)]
        manifest = read_json(tmp_path / "v.manifest.json")
        assert [each["path"] for each in manifest["output"]] == [str(file) for file in files]
    assert {path.name for path in tmp_path.iterdir()} >= {"v", "v.suspects.jsonl"}
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".partial", ".old", ".parts")]


def test_a_disk_that_is_full_in_the_middle_or_at_the_end_ends_with_words_and_the_run_goes_on(tmp_path, run):
    from test_nlp_dumps_writers import file_size_limit

    from nlp.errors import OutputError

    run.classify_dumps([str(EXAMPLES)], tmp_path / "whole.jsonl")
    largest = 0
    for size in (2_000, 12_000, 20_000):  # not one piece, pieces but not the output
        with file_size_limit(size), pytest.raises(OutputError, match="cannot be written"):
            run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", resume=True)
        assert {path.name for path in tmp_path.iterdir() if path.name.startswith("v.")} <= {"v.jsonl.parts"}
        parts = list((tmp_path / "v.jsonl.parts").glob("*.arrow*"))
        assert all(part.suffix == ".arrow" for part in parts)
        largest = max(largest, len(parts))
    assert largest > 1
    run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", resume=True)
    assert (tmp_path / "v.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
