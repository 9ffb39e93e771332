"""Dumps that are broken or made to break us: a clear error or a rejected row, never a lost one."""

from __future__ import annotations

import gzip
import json
import random
import zipfile

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.dumps import Limits, read
from nlp.errors import DumpError


def run(path, **options):
    rejected = []
    batches = list(read([path], on_reject=rejected.append, **options))
    return [row for batch in batches for row in batch.to_pylist()], rejected


def dump(tmp_path, content, name="dump.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(DumpError, match="is empty"):
        run(dump(tmp_path, b""))
    with pytest.raises(DumpError, match="holds no row"):
        run(dump(tmp_path, b"\n \n\n"))


def test_a_header_alone_gives_no_listing_and_no_error(tmp_path):
    assert run(dump(tmp_path, "title,price\n")) == ([], [])


def test_no_title_column_names_the_columns_and_the_way_out(tmp_path):
    with pytest.raises(DumpError, match=r"columns are qty, when\. Say which one it is: --map title=COLUMN"):
        run(dump(tmp_path, "qty,when\n1,2024-01-01\n2,2024-01-02\n"))


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ('2,"never closed,5', [1, 3, 4]),
        ('2,"closed"wrong",5', [1, 2, 3, 4]),
        ('2,"a 12" bag",5', [1, 2, 3, 4]),
        ('2,"two\nlines,5', [1, 3, 4]),
        ("2,too,many,cells,5", [1, 3, 4]),
        ("2,few", [1, 3, 4]),
    ],
)
def test_a_broken_quote_costs_its_own_row_only(tmp_path, broken, kept):
    text = f'id,title,price\n1,One shoe,5\n{broken}\n3,"Three, shoes",5\n4,"Four\nshoes",6\n'
    found, rejected = run(dump(tmp_path, text))
    assert [int(row["id"]) for row in found] == kept
    assert bool(rejected) == (2 not in kept)
    if rejected:
        assert rejected[0].line == 3


def test_an_unclosed_quote_before_a_million_characters_is_found_out(tmp_path):
    rows = "".join(f"{n},Shoe number {n},5\n" for n in range(60_000))
    found, rejected = run(dump(tmp_path, 'id,title,price\nx,"open,5\n' + rows), limits=Limits(row=100_000))
    assert len(found) == 60_000
    assert [bad.line for bad in rejected] == [2]


def test_nul_bytes_are_left_out_of_the_text(tmp_path):
    found, _ = run(dump(tmp_path, b"id,title\n1,Gu\0cci bag\n2,\0\0\n3,plain\n"))
    assert [row["title"] for row in found] == ["Gucci bag", "plain"]
    found, _ = run(dump(tmp_path, '[{"title": "a\\u0000b c"}]'))
    assert found[0]["title"] == "ab c"


def test_a_cell_of_50_mb_is_rejected_with_its_line(tmp_path):
    huge = b"x" * 50_000_000
    found, rejected = run(dump(tmp_path, b"id,title\n1,One shoe\n2," + huge + b"\n3,Three shoes\n"))
    assert [row["id"] for row in found] == ["1", "3"]
    assert [(bad.line, len(bad.row) <= 2000) for bad in rejected] == [(3, True)]
    assert "50,000,0" in rejected[0].reason


def test_a_json_line_of_50_mb_is_rejected_with_its_line(tmp_path):
    lines = [json.dumps({"title": text}) for text in ("One shoe", "x" * 50_000_000, "Three shoes")]
    found, rejected = run(dump(tmp_path, "\n".join(lines)))
    assert [row["title"] for row in found] == ["One shoe", "Three shoes"]
    assert [bad.line for bad in rejected] == [2]


def test_a_text_over_the_cell_limit_is_rejected(tmp_path):
    found, rejected = run(dump(tmp_path, "title\n" + "long " * 30 + "\nshort one\n"), limits=Limits(cell=100))
    assert [row["title"] for row in found] == ["short one"]
    assert "150 characters" in rejected[0].reason


def test_mixed_encodings_in_one_file_are_read_line_by_line(tmp_path):
    lines = [b"id,title"]
    for number in range(20):
        text = f"{number},Sac à main brodé n°{number}"
        lines.append(text.encode("cp1252" if number % 3 == 0 else "utf-8"))
    found, rejected = run(dump(tmp_path, b"\n".join(lines)))
    assert not rejected
    assert [row["title"] for row in found] == [f"Sac à main brodé n°{number}" for number in range(20)]


def test_utf8_cut_in_a_character_is_shown_where_it_is_damaged(tmp_path):
    cut = "二,革のバッグです".encode()[:-1]
    found, _ = run(dump(tmp_path, "id,title\n一,靴と帽子\n".encode() + cut + "\n三,財布\n".encode()))
    assert [row["title"] for row in found] == ["靴と帽子", "革のバッグで\ufffd", "財布"]


def test_a_gzip_bomb_is_refused(tmp_path):
    bomb = gzip.compress(b"title\nA shoe\n" + b"A shoe like any other " * 8_000_000)
    with pytest.raises(DumpError, match="unpacks to more than 200 times its size"):
        list(read([dump(tmp_path, bomb, "dump.csv.gz")], on_reject=lambda _: None))


def test_a_zstd_bomb_in_one_line_is_refused(tmp_path):
    bomb = zstandard.ZstdCompressor().compress(b"title\n" + b"a" * 200_000_000)
    with pytest.raises(DumpError, match="unpacks to more than 200 times its size"):
        list(read([dump(tmp_path, bomb)], on_reject=lambda _: None))


def test_a_spreadsheet_bomb_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    with pytest.raises(DumpError, match="too much for a spreadsheet"):
        run(path)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_packed_file_that_breaks_off_gives_what_came_before(tmp_path, pack):
    rng = random.Random(1)
    rows = "".join(f"{n},Shoe {rng.random()}\n" for n in range(200_000))
    packed = pack(b"id,title\n" + rows.encode())
    found, rejected = run(dump(tmp_path, packed[: len(packed) * 2 // 3]))
    assert len(found) > 50_000
    assert "break off" in rejected[-1].reason


def test_duplicate_ids_are_kept_as_they_are(tmp_path):
    found, rejected = run(dump(tmp_path, "id,title\n7,One shoe\n7,Two shoes\n"))
    assert [row["id"] for row in found] == ["7", "7"]
    assert not rejected


def test_5000_columns_are_read(tmp_path):
    names = [f"c{n}" for n in range(4_999)]
    text = ",".join([*names, "title"]) + "\n" + ",".join(["1"] * 4_999 + ["A shoe"]) + "\n"
    found, _ = run(dump(tmp_path, text))
    assert found[0]["title"] == "A shoe"
    with pytest.raises(DumpError, match="columns, more than"):
        run(dump(tmp_path, text), limits=Limits(columns=100))


@pytest.mark.parametrize(
    "text",
    [
        '{"title": {"0": "a", "1": "b"}, "price": {"0": 1}}',
        '[["title", "price"], ["a", 1]]',
        "[1, 2]",
        "{}",
        "[]",
        "[[[[",
    ],
)
def test_json_of_another_shape_is_an_error(tmp_path, text):
    with pytest.raises(DumpError):
        run(dump(tmp_path, text, "dump.json"))


def test_broken_json_lines_cost_themselves_only(tmp_path):
    deep = "[" * 100_000
    lines = [
        '{"title": "One shoe"}',
        '{"title": "Two',
        '{"title": ' + deep,
        "[1]",
        "7",
        '{"title": "Six \\ud800"}',
    ]
    found, rejected = run(dump(tmp_path, "\n".join(lines)))
    assert [row["title"] for row in found] == ["One shoe", "Six \ufffd"]
    assert [bad.line for bad in rejected] == [2, 3, 4, 5]


def test_a_json_array_that_breaks_off_gives_what_came_before(tmp_path):
    found, rejected = run(dump(tmp_path, '[{"title": "One shoe"},\n{"title": "Two shoes"},\n{"title": "Th'))
    assert len(found) == 2
    assert "breaks off" in rejected[0].reason
    assert rejected[0].line == 3


def test_an_unreadable_file_is_an_error_before_any_batch(tmp_path):
    good = dump(tmp_path, "title\nA shoe\n", "a.csv")
    for bad in (
        tmp_path / "missing.csv",
        dump(tmp_path, b"%PDF-1.7 ...", "b.csv"),
        dump(tmp_path, b"PK\x03\x04junk", "c.xlsx"),
    ):
        with pytest.raises(DumpError, match=bad.name):
            next(read([good, bad], on_reject=print))
    with pytest.raises(DumpError, match="no file matches"):
        next(read([tmp_path / "*.nothing"], on_reject=print))
    with pytest.raises(DumpError, match="cannot be read"):
        next(read(["/proc/self/mem"], on_reject=print))


def test_quotes_in_every_line_do_not_take_quadratic_time(tmp_path):
    rows = "".join(f'{n},"Shoe {n}\n' for n in range(30_000))
    found, rejected = run(dump(tmp_path, "id,title\n" + rows))
    assert len(found) + len(rejected) == 30_000


ALPHABET = st.sampled_from(
    [
        b"title",
        b",",
        b'"',
        b"\n",
        b"\r\n",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b'"title":',
        b"\0",
        b"\xff\xfe",
        b"PAR1",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"shoe bag",
        b"1,5",
        b"\xe3\x81",
        b"\x80",
        b"\\",
        b"\t",
        b";",
        b"null",
        b" ",
        "é".encode(),
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.lists(ALPHABET, max_size=60).map(b"".join)))
def test_any_bytes_end_in_listings_or_a_clear_error(tmp_path, content):
    path = dump(tmp_path, content)
    found, rejected, error = outcome(path)
    assert error is None or error.path == str(path)
    assert all(row["title"].strip() or row["description"].strip() for row in found)
    assert all(bad.reason and bad.line >= 1 for bad in rejected)


def outcome(path):
    """Listings, rejections and the error, if there is one; any other exception fails the test."""
    try:
        return *run(path), None
    except DumpError as error:
        return [], [], error


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_dump_of_any_format_ends_in_listings_or_a_clear_error(tmp_path, data, whole_dumps):
    content = bytearray(data.draw(st.sampled_from(whole_dumps)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = dump(tmp_path, bytes(content[: data.draw(st.integers(1, len(content)))]))
    _, _, error = outcome(path)
    assert error is None or str(path) in str(error)


@pytest.fixture(scope="module")
def whole_dumps():
    from test_nlp_dumps import KINDS

    return [
        *KINDS.values(),
        gzip.compress(KINDS["comma"]),
        zstandard.ZstdCompressor().compress(KINDS["json array"]),
    ]
