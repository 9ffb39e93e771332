"""Laws of the detector and of a whole run, whatever the listings and the dumps hold."""

import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp import Listing, load
from nlp.errors import DumpError
from nlp.schema import listings_to_batch

PHRASES = (
    "Gucci",
    "G*cci",
    "LV",
    "1:1 mirror quality",
    "no replica",
    "$2-5, MOQ 2000",
    "原单 古驰",
    "スーパーコピー",
    "정품 아님",
    "копия 1в1",
    "чехол для iPhone 15",
    "كوبي اصلي",
    "ก๊อปเกรด A",
    "WhatsApp +86 138 0013 5720",
    "<b>bag</b> &amp; box",
    "\u200bN\u200bike\u200b",
    "🅽🅸🅺🅴",
    "retail 2.490 €",
    "👜",
    "\u202eabc",
)
TEXTS = st.lists(st.sampled_from(PHRASES) | st.text(max_size=12), max_size=6).map(" ".join)
LISTINGS = st.builds(
    Listing,
    id=st.uuids().map(str),
    title=TEXTS,
    description=TEXTS,
    price=st.none() | st.floats(min_value=0, max_value=1e6),
    currency=st.sampled_from([None, "EUR", "USD", "IDR", "XXX"]),
    brand=st.none() | st.sampled_from(["Gucci", "Apple", "NoName"]),
    seller=st.none() | st.text(max_size=8),
)
FEW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def detector():
    return load()


@FEW
@given(listings=st.lists(LISTINGS, min_size=1, max_size=9), data=st.data())
def test_company_order_and_batch_size_change_no_verdict(detector, listings, data):
    alone = {listing.id: detector.classify(listing) for listing in listings}
    order = data.draw(st.permutations(listings))
    assert [verdict.id for verdict in detector.pipe(order)] == [listing.id for listing in order]
    assert {verdict.id: verdict for verdict in detector.pipe(order)} == alone
    size = data.draw(st.integers(min_value=1, max_value=len(order)))
    parts = [order[at : at + size] for at in range(0, len(order), size)]
    rows = [row for part in parts for row in detector.detect(listings_to_batch(part)).to_pylist()]
    whole = detector.detect(listings_to_batch(order)).to_pylist()
    assert rows == whole


@FEW
@given(listing=LISTINGS)
def test_words_in_a_verdict_slice_back_and_its_band_follows_from_its_score(detector, listing):
    verdict = detector.classify(listing)
    assert 0 <= verdict.score <= 1
    assert verdict.band == detector.thresholds.band(verdict.score)
    for span in (*verdict.cues, *verdict.brands):
        if span.field:
            assert getattr(listing, span.field)[span.start : span.end] == span.text
    for contact in verdict.contacts:
        assert getattr(listing, contact.field)[contact.start : contact.end]


@pytest.fixture
def classify(detector, monkeypatch):
    """A whole run that does not load model and tables again."""
    from nlp.detector import Detector
    from nlp.reading import Reader
    from nlp.run import classify_dumps

    monkeypatch.setattr(Reader, "load", lambda *_, **__: detector.reader)
    monkeypatch.setattr(Detector, "load", lambda *_, **__: detector)
    return classify_dumps


def _csv(rows):
    held = io.StringIO()
    csv.writer(held).writerows(rows)
    return held.getvalue().encode()


HOSTILE = {
    "empty.csv": (b"", None),
    "header.csv": (b"id,title,price\n", 0),
    "no-title.csv": (b"a,b\n1,2\n3,4\n", None),
    "quotes.csv": (b'id,title\n1,"open\n2,fine\n3,"closed"\n', 3),
    "nul.csv": (b"id,title\n1,G\x00ucci bag\n2,\x00\n", 2),
    "big.csv": (b"id,title\n1,bag\n2," + b"x" * 50_000_000 + b"\n3,shoe\n", 3),
    "mixed.csv": (
        "id,title\n1,größe\n".encode() + "2,größe\n".encode("latin-1") + "3,сумка\n".encode("cp1251"),
        3,
    ),
    "bomb.csv.gz": (gzip.compress(b"id,title\n" + b"0" * 150_000_000), None),
    "ids.csv": (b"id,title\n1,bag\n1,bag\n1,shoe\n", 3),
    "wide.csv": (
        _csv([["title", *(f"c{at}" for at in range(5000))], ["bag", *("x" for _ in range(5000))]]),
        1,
    ),
    "shape.json": (b'{"a": {"b": [1, 2, 3]}}', None),
}


@pytest.mark.parametrize("name", [name for name, (_, rows) in HOSTILE.items() if rows is not None])
def test_every_row_of_a_hostile_dump_ends_in_a_verdict_or_a_rejection(tmp_path, classify, name):
    content, rows = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    summary = classify([str(tmp_path / name)], tmp_path / "v.jsonl")
    assert summary.rows + summary.rejected == rows
    assert len((tmp_path / "v.jsonl").read_bytes().splitlines()) == summary.rows


@pytest.mark.parametrize("name", [name for name, (_, rows) in HOSTILE.items() if rows is None])
def test_what_is_no_dump_is_one_clear_error_and_leaves_no_output(tmp_path, classify, name):
    (tmp_path / name).write_bytes(HOSTILE[name][0])
    with pytest.raises(DumpError, match=name):
        classify([str(tmp_path / name)], tmp_path / "v.jsonl")
    assert not (tmp_path / "v.jsonl").exists()
