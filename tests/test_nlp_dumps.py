"""Every kind of dump, with no mapping: rows in are listings out plus rejections."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from nlp.dumps import PLACED_LISTING, Limits, read
from nlp.errors import DumpError, UsageError

RAW = Path(__file__).parents[1] / ".." / "shared" / "data" / "listings" / "raw"
ROWS = [
    {"id": "a1", "title": "Canvas tote, beige", "price": 12.5, "currency": "USD", "seller": "mia"},
    {"id": "a2", "title": "革のバッグ", "price": 9800, "currency": "JPY", "seller": "ken"},
    {"id": "a3", "title": 'Belt "classic"\nsecond line', "price": 40, "currency": "EUR", "seller": "zoë"},
]


def listings(*paths, **options):
    rejected = []
    batches = list(read(paths, on_reject=rejected.append, **options))
    assert all(batch.schema.equals(PLACED_LISTING) for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()], rejected


def columns(path, **options):
    found = []
    list(read([path], on_reject=lambda _: None, on_columns=found.append, **options))
    return found


def as_csv(delimiter=","):
    rows = [['"' + str(value).replace('"', '""') + '"' for value in row.values()] for row in ROWS]
    return "".join(delimiter.join(row) + "\r\n" for row in [list(ROWS[0]), *rows])


def as_xlsx():
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append(list(row.values()))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def as_parquet():
    held = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), held)
    return held.getvalue()


def dumped(value, **options):
    return json.dumps(value, ensure_ascii=False, **options).encode()


KINDS = {
    "comma": as_csv().encode(),
    "tab": as_csv("\t").encode(),
    "semicolon": as_csv(";").encode(),
    "bar": as_csv("|").encode(),
    "sep line": ("sep=;\r\n" + as_csv(";")).encode(),
    "bom": b"\xef\xbb\xbf" + as_csv().encode(),
    "utf-16": as_csv().encode("utf-16"),
    "utf-16 without mark": as_csv().encode("utf-16-le"),
    "old mac": as_csv().replace("\r\n", "\r").replace("\n", "\r").encode(),
    "json lines": b"\n".join(map(dumped, ROWS)),
    "json array": dumped(ROWS),
    "json array, indented": dumped(ROWS, indent=2),
    "json, one level down": dumped({"total": 3, "items": ROWS}),
    "json, two levels down": dumped({"status": "ok", "data": {"page": 1, "results": ROWS}}),
    "parquet": as_parquet(),
    "xlsx": as_xlsx(),
}


@pytest.mark.parametrize("packing", [None, "gzip", "zstd"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_dump_is_known_by_its_content(tmp_path, kind, packing):
    pack = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}.get(packing, bytes)
    path = tmp_path / "dump.without.ending"
    path.write_bytes(pack(KINDS[kind]))
    found, rejected = listings(path)
    assert not rejected
    assert [row["id"] for row in found] == ["a1", "a2", "a3"]
    assert [row["title"].replace("\r", "\n") for row in found] == [row["title"] for row in ROWS]
    assert [(row["price"], row["currency"]) for row in found] == [(12.5, "USD"), (9800, "JPY"), (40, "EUR")]
    assert found[2]["seller"] == "zoë"


def test_lines_are_those_that_an_editor_shows(tmp_path):
    (tmp_path / "a.csv").write_text('title,price\n"one\ntwo",1\n\nthree,3\n', "utf-8")
    (tmp_path / "b.json").write_text('[\n {"title": "x y"},\n\n {"title": "z w"}\n]', "utf-8")
    found, _ = listings(tmp_path / "a.csv", tmp_path / "b.json")
    assert [row["line"] for row in found] == [2, 5, 2, 4]


def test_a_row_without_an_id_is_called_by_its_place(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,title\n,Shoe one\n7,Shoe two\n7,Shoe three\n", "utf-8")
    found, _ = listings(path)
    assert [row["id"] for row in found] == [f"{path}:2", "7", "7"]


def test_globs_folders_and_repeats_give_each_file_once(tmp_path):
    for name in ("b.csv", "a.csv", "notes.md"):
        (tmp_path / name).write_text("title\nA shoe\n", "utf-8")
    found, _ = listings(tmp_path / "*.csv", tmp_path, tmp_path / "a.csv")
    assert [Path(row["file"]).name for row in found] == ["a.csv", "b.csv"]


def test_stdin_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(as_csv().encode())))
    found, _ = listings("-")
    assert [row["file"] for row in found] == ["-"] * 3


def test_batches_have_the_size_asked_for_and_skip_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "title,price\n" + "".join(f"Shoe {n},{n}\n" if n % 5 else ",\n" + f"NA,{n}\n" for n in range(1, 40)),
        "utf-8",
    )
    whole, rejected = listings(path, batch_size=7)
    assert len(rejected) == 7
    for skip in range(len(whole) + len(rejected) + 3):
        rest, again = listings(path, batch_size=7, only=range(skip, 10**9))
        assert rest == whole[len(whole) - len(rest) :]
        assert len(rest) + len(again) == max(0, len(whole) + len(rejected) - skip)


def test_sheets_are_tables_and_one_without_a_title_is_reported(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Shoes"
    for row in (["My shop"], ["title", "price"], ["Red shoe", "12 €"], ["Blue shoe", 13]):
        book.active.append(row)
    notes = book.create_sheet("Totals")
    for row in (["n", "sum"], [2, 25]):
        notes.append(row)
    book.save(tmp_path / "a.xlsx")
    found, rejected = listings(tmp_path / "a.xlsx")
    assert [(row["title"], row["price"], row["line"]) for row in found] == [
        ("Red shoe", 12, 3),
        ("Blue shoe", 13, 4),
    ]
    assert found[0]["file"].endswith("a.xlsx[Shoes]")
    assert "Totals" in rejected[0].reason


def test_a_mapping_overrides_and_can_say_none(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("title,description,Etikett\nA shoe,long,Real name\n", "utf-8")
    found, _ = listings(path, mapping={"title": "etikett", "description": ""})
    assert (found[0]["title"], found[0]["description"]) == ("Real name", "")
    found, _ = listings(path, mapping={"title": "#2"})
    assert found[0]["title"] == "long"
    with pytest.raises(DumpError, match=r"no such column; there are title, description, Etikett"):
        listings(path, mapping={"title": "Nmae"})
    with pytest.raises(UsageError, match="no such field"):
        listings(path, mapping={"titel": "title"})


def test_a_blank_price_gives_way_to_the_next_price_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        'title,price,old_price,discount_price\nA b,,129 TL,"122,55 TL"\nC d,2.700 TL,,\nE f,,50 TL,\n',
        "utf-8",
    )
    found, _ = listings(path)
    assert [(row["price"], row["currency"]) for row in found] == [(122.55, "TRY"), (2700, "TRY"), (50, "TRY")]


def test_a_currency_comes_from_the_column_the_sign_or_the_header(tmp_path):
    (tmp_path / "a.csv").write_text("title,price (MYR)\nA b,12.50\n", "utf-8")
    (tmp_path / "b.csv").write_text('title,price,currency\nA b,"1.299,00 €",\nC d,5,usd\n', "utf-8")
    (tmp_path / "c.csv").write_text("title,price_gbp\nA b,7\n", "utf-8")
    found, _ = listings(tmp_path / "*.csv")
    assert [(row["price"], row["currency"]) for row in found] == [
        (12.5, "MYR"),
        (1299, "EUR"),
        (5, "USD"),
        (7, "GBP"),
    ]


def test_a_category_path_is_joined_and_nested_brand_is_found(tmp_path):
    row = {
        "title": "A shoe",
        "breadcrumb": ["Women", "Shoes"],
        "brand": {"name": "Acme"},
        "description": ["x", "y"],
    }
    (tmp_path / "a.json").write_text(json.dumps([row]), "utf-8")
    found, _ = listings(tmp_path / "a.json")
    assert (found[0]["category"], found[0]["brand"], found[0]["description"]) == (
        "Women > Shoes",
        "Acme",
        "x\ny",
    )


def test_a_blank_title_gives_way_to_the_brand_and_a_row_without_text_is_rejected(tmp_path):
    (tmp_path / "a.csv").write_text(
        "Designer,Model,Price_sold\nAcme,NA,5 €\nAcme,Tote,6 €\nNA,NA,NA\n", "utf-8"
    )
    found, rejected = listings(tmp_path / "a.csv")
    assert [row["title"] for row in found] == ["Acme", "Tote"]
    assert [(bad.line, bad.reason) for bad in rejected] == [(4, "no text: title and description are blank")]


def test_memory_does_not_grow_with_the_dump(tmp_path):
    import tracemalloc

    def rows():
        for number in range(60_000):
            yield f'{{"title": "Shoe number {number}", "description": "{"words " * 40}"}}'

    (tmp_path / "a.json").write_text("[" + ",\n".join(rows()) + "]", "utf-8")
    assert (tmp_path / "a.json").stat().st_size > 16e6
    tracemalloc.start()
    count = sum(batch.num_rows for batch in read([tmp_path / "a.json"], on_reject=print, batch_size=500))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 14e6


def test_long_rows_make_short_batches(tmp_path):
    (tmp_path / "a.csv").write_text("title\n" + f"{'word ' * 100}\n" * 50, "utf-8")
    sizes = [
        batch.num_rows
        for batch in read([tmp_path / "a.csv"], on_reject=print, limits=Limits(batch_characters=2_000))
    ]
    assert max(sizes) == 4
    assert sum(sizes) == 50


EXPECTED = {
    "shopee-products.csv": (
        1000,
        0,
        "id title description price=final_price currency brand seller=seller_name url",
    ),
    "shein-products.csv": (
        1000,
        0,
        "id=product_id title=product_name description price=final_price currency brand url",
    ),
    "products.xlsx": (600, 0, "title price=discount_price brand url=link"),
    "full_designer_catalog.csv": (
        4939,
        11,
        "id=Reference title=Model price=Price_sold brand=Designer seller=Seller",
    ),
}


@pytest.mark.skipif(not RAW.is_dir(), reason="the dumps beside the checkout are not there")
@pytest.mark.parametrize("name", EXPECTED)
def test_real_dumps_are_understood_without_a_mapping(name):
    rows, bad, wanted = EXPECTED[name]
    seen = []
    found, rejected = listings(RAW / name, on_columns=seen.append)
    assert (len(found), len(rejected)) == (rows, bad)
    for choice in wanted.split():
        role, _, column = choice.partition("=")
        actual = seen[0].column(role)
        assert actual == (column or actual)
        assert actual is not None
    assert sum(row["price"] is not None for row in found) > 0.99 * rows


@pytest.mark.skipif(not RAW.is_dir(), reason="the dumps beside the checkout are not there")
def test_a_price_statistic_is_no_dump_of_listings():
    with pytest.raises(DumpError, match="no column could be the title"):
        listings(RAW / "mercari_brand_category_price.csv")
