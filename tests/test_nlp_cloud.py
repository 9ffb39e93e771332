"""Object storage: dumps are read from it, verdicts and the journal are kept in it."""

import json
import threading
from pathlib import Path

import pytest

from nlp.dumps import read, read_verdicts
from nlp.errors import DumpError, MissingExtra, UsageError

EXAMPLES = Path(__file__).parent.parent / "examples" / "listings.csv"


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    storage = fsspec.filesystem("memory")
    storage.store.clear()
    storage.pseudo_dirs[:] = [""]
    yield storage
    storage.store.clear()


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of a server on this machine that speaks S3."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server")
    serving = pytest.importorskip("werkzeug.serving")
    import fsspec

    http = serving.make_server("127.0.0.1", 0, server.DomainDispatcherApplication(server.create_backend_app))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{http.server_port}")
    storage = fsspec.filesystem("s3", skip_instance_cache=True)
    storage.mkdir("shop")
    yield storage
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    http.shutdown()


def stopped_after_the_first(step):
    if step.what == "classifying" and step.done:
        raise KeyboardInterrupt


def upload(storage, root):
    """The examples as two dumps of a folder, and something beside them that is no dump."""
    head, *rows = EXAMPLES.read_bytes().splitlines(keepends=True)
    storage.pipe_file(f"{root}/in/a.csv", b"".join([head, *rows[:25]]))
    storage.pipe_file(f"{root}/in/b.csv", b"".join([head, *rows[25:], b",,,10,USD,,nobody,,\n"]))
    storage.pipe_file(f"{root}/in/notes.pdf", b"%PDF")


def check_a_run(storage, url, run, tmp_path):
    root = url.partition("://")[2]
    upload(storage, root)
    out = f"{url}/out/v.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps([f"{url}/in"], out, progress=stopped_after_the_first)
    assert storage.exists(f"{root}/out/v.jsonl.parts/000000.arrow")
    assert not storage.exists(f"{root}/out/v.jsonl")
    summary = run.classify_dumps([f"{url}/in/*.csv"], out, resume=True)
    assert (summary.rows, summary.rejected) == (39, 1)
    run.classify_dumps([str(EXAMPLES)], tmp_path / "v.jsonl")
    assert storage.cat_file(f"{root}/out/v.jsonl") == (tmp_path / "v.jsonl").read_bytes()
    manifest = json.loads(storage.cat_file(f"{root}/out/v.jsonl.manifest.json"))
    assert [each["path"] for each in manifest["inputs"]] == [
        f"{url}/in/a.csv",
        f"{url}/in/b.csv",
    ]
    assert [session["rows_before"] for session in manifest["sessions"]] == [0, 10]
    storage.invalidate_cache()
    assert not storage.exists(f"{root}/out/v.jsonl.parts")
    assert storage.exists(f"{root}/out/v.jsonl.rejected.jsonl")


def test_a_run_from_s3_to_s3_that_was_stopped_goes_on(bucket, run, tmp_path):
    check_a_run(bucket, "s3://shop", run, tmp_path)


def test_a_run_from_any_storage_to_it_that_was_stopped_goes_on(memory, run, tmp_path):
    check_a_run(memory, "memory:///shop", run, tmp_path)


def test_an_object_that_changed_is_refused(memory, run):
    upload(memory, "/shop")
    with pytest.raises(KeyboardInterrupt):
        run.classify_dumps(["memory://shop/in"], "memory://shop/v.csv", progress=stopped_after_the_first)
    memory.pipe_file("/shop/in/b.csv", memory.cat_file("/shop/in/b.csv"))  # written anew: nobody can tell
    with pytest.raises(UsageError, match=r"b\.csv.*run again without --resume"):
        run.classify_dumps(["memory://shop/in"], "memory://shop/v.csv", resume=True)


def test_parquet_in_storage_is_read_and_written(memory, run):
    import pyarrow.csv
    import pyarrow.parquet

    upload(memory, "/shop")
    with memory.open("/shop/p.parquet", "wb") as file:
        pyarrow.parquet.write_table(pyarrow.csv.read_csv(EXAMPLES), file)
    run.classify_dumps(["memory://shop/p.parquet"], "memory://shop/v.parquet")
    with memory.open("/shop/v.parquet", "rb") as file:
        assert pyarrow.parquet.read_table(file).num_rows == 39
    memory.pipe_file("/shop/v/part-00007.parquet", b"of an older, larger run")
    run.classify_dumps(["memory://shop/p.parquet"], "memory://shop/v/")
    assert [each["name"] for each in memory.ls("/shop/v")] == ["/shop/v/part-00000.parquet"]
    assert sum(batch.num_rows for batch in read_verdicts("memory://shop/v/")) == 39


def test_a_file_url_is_this_machine(run, tmp_path):
    run.classify_dumps([f"file://{EXAMPLES}"], f"file://{tmp_path}/v.jsonl")
    assert len((tmp_path / "v.jsonl").read_text(encoding="utf-8").splitlines()) == 39


@pytest.mark.parametrize("name", ["memory://shop/none.csv", "memory://shop/none-*.csv"])
def test_a_missing_object_is_one_clear_error(memory, name):
    with pytest.raises(DumpError, match="no such file in this storage"):
        list(read([name], on_reject=print))


def test_a_storage_that_nobody_knows_is_wrong_usage(memory):
    with pytest.raises(UsageError, match="nowhere"):
        list(read(["nowhere://shop/a.csv"], on_reject=print))


def test_without_the_extra_the_way_to_install_it_is_told(monkeypatch):
    from nlp import places

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(places, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"fauxwatch\[cloud\]"):
        list(read(["s3://shop/a.csv"], on_reject=print))
