"""The whole way: dumps in, files out, killed and resumed, wrong and hostile input."""

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

    def kill(what, done, total):
        raise Killed

    with pytest.raises(Killed):
        classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", settings=settings, progress=kill)
    prices.write_text(f"{header}Gucci,*,9000,5000,3000,ours,2026\n", encoding="utf-8")
    with pytest.raises(UsageError, match="tables"):
        classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl", settings=settings, resume=True)


def test_progress_knows_how_many_rows_are_left(tmp_path):
    from nlp.run import classify_dumps

    seen = []
    dump = tmp_path / "dump.csv"
    dump.write_text(EXAMPLES.read_text(encoding="utf-8") + ",,,10,USD,,nobody,,\n", encoding="utf-8")
    summary = classify_dumps(
        [str(dump)], tmp_path / "v.jsonl", progress=lambda what, done, total: seen.append((what, done, total))
    )
    assert seen[0] == ("reading prices", 40, None)
    assert seen[-1] == ("classifying", 40, 40)
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
