import json
import random
import subprocess
import sys

import pytest

from nlp.dumps import VerdictWriter
from nlp.errors import DumpError, UsageError
from nlp.near import NEAR_APART, sketch_texts
from nlp.records import Brand, Contact, Cue, Verdict
from nlp.schema import verdicts_to_batch
from nlp.sellers import write_sellers


def verdict(seller, score, *, contact=None, number=0):
    contacts = (Contact(kind=contact[0], value=contact[1], field="title", start=0, end=1),) if contact else ()
    return Verdict(
        id=f"{seller}-{number}",
        score=score,
        suspicious=score > 0.5,
        band="queue" if score > 0.5 else "clear",
        cues=(Cue(cue="replica_claim", score=0.9),) if score > 0.5 else (),
        brands=(Brand(brand="Gucci", how="name"),),
        contacts=contacts,
        seller=seller,
    )


def run(tmp_path, verdicts, texts=(), *, ending=".jsonl", name="verdicts.jsonl", **options):
    path = tmp_path / name
    with VerdictWriter(path) as writer:
        writer.write(None, verdicts_to_batch(verdicts))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    (tmp_path / f"{name}.suspects.jsonl").write_text(lines)
    out = tmp_path / f"sellers{ending}"
    write_sellers(path, out, **options)
    links = tmp_path / f"sellers{ending}.links.jsonl"
    return out, [json.loads(line) for line in links.read_text().splitlines()]


def rows(out):
    return {row["seller"]: row for row in map(json.loads, out.read_text().splitlines())}


def test_one_listing_does_not_condemn(tmp_path):
    steady = [verdict("steady", 0.9, number=at) for at in range(20)]
    once = [verdict("once", 0.97)]
    honest = [verdict(f"honest {at % 10}", 0.02, number=at) for at in range(100)]
    out, _ = run(tmp_path, steady + once + honest)
    found = rows(out)
    assert found["steady"]["percentile"] == 100
    assert found["honest 1"]["risk"] < found["once"]["risk"] < found["steady"]["risk"]
    assert found["steady"]["suspected"] == 20
    assert found["steady"]["cues"] == ["replica_claim"]


def test_a_shared_contact_links_accounts_and_says_why(tmp_path):
    verdicts = [
        verdict("a", 0.9, contact=("whatsapp", "+8613800135720")),
        verdict("b", 0.8, contact=("phone", "+8613800135720")),
        verdict("c", 0.8, contact=("phone", "+8613800135721")),
    ]
    out, links = run(tmp_path, verdicts, clear_contacts=True)
    assert [(link["first"], link["second"]) for link in links] == [("a", "b")]
    assert "+8613800135720" in links[0]["reason"]
    assert rows(out)["b"]["cluster"] == "a"
    assert rows(out)["c"]["cluster"] is None


def test_near_identical_texts_link_accounts(tmp_path):
    text = "Luxury handbags best quality all colours in stock, ships from our own warehouse within two days"
    texts = [
        {"seller": "a", "title": text, "description": ""},
        {"seller": "b", "title": text + "!", "description": ""},
        {
            "seller": "c",
            "title": "Winter tyres, four pieces, hardly worn, Berlin, collection only please",
            "description": "",
        },
    ]
    _, links = run(tmp_path, [verdict(name, 0.9) for name in "abc"], texts)
    assert [(link["first"], link["second"], link["kind"]) for link in links] == [("a", "b", "text")]


def test_contacts_are_hashed_with_a_key_unless_asked(tmp_path, monkeypatch):
    verdicts = [
        verdict("a", 0.9, contact=("whatsapp", "+8613800135720")),
        verdict("b", 0.9, contact=("whatsapp", "+8613800135720")),
    ]
    monkeypatch.setenv("FAUXWATCH_CONTACT_KEY", "one")
    first, links = run(tmp_path, verdicts)
    shown = rows(first)["a"]["contacts"]
    assert "138" not in first.read_text() + json.dumps(links)
    monkeypatch.setenv("FAUXWATCH_CONTACT_KEY", "two")
    assert rows(run(tmp_path, verdicts)[0])["a"]["contacts"] != shown


def test_sellers_are_written_as_parquet_too(tmp_path):
    import pyarrow.parquet as pq

    out, _ = run(tmp_path, [verdict("a", 0.9), verdict("b", 0.1)], ending=".parquet")
    assert pq.read_table(out).column("seller").to_pylist() == ["a", "b"]


def test_a_csv_cell_that_a_spreadsheet_would_run_is_neutralised(tmp_path):
    out, _ = run(tmp_path, [verdict("=cmd|'/c calc'!A1", 0.9)], ending=".csv")
    assert "\n'=cmd" in out.read_text() or ",\"'=cmd" in out.read_text()


def test_a_contact_of_hundreds_is_a_chain_not_a_square(tmp_path):
    verdicts = [verdict(f"s{at:03}", 0.9, contact=("telegram", "shop")) for at in range(300)]
    _, links = run(tmp_path, verdicts)
    assert len(links) == 299


def test_no_seller_anywhere_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="--map seller=NAME"):
        run(tmp_path, [verdict(None, 0.9)])


SOME = [
    verdict("a", 0.9, contact=("whatsapp", "+8613800135720")),
    verdict('\'b, "quoted"', 0.8, contact=("phone", "+8613800135720")),
    verdict('\'b, "quoted"', 0.1, number=1),
    verdict("", 0.7),
    verdict("李四", 0.3),
]
TEXT = "Luxury handbags best quality all colours in stock, ships from our own warehouse within two days"


@pytest.mark.parametrize(
    "name", ["v.csv", "v.csv.gz", "v.parquet", "v.jsonl.gz", "v.jsonl.zst", "v.ndjson", "v*[1].jsonl"]
)
def test_every_format_of_verdicts_gives_the_same(tmp_path, name):
    texts = [{"seller": seller, "title": TEXT, "description": ""} for seller in ("a", "李四")]
    plain, links = run(tmp_path, SOME, texts, clear_contacts=True)
    expected = plain.read_bytes()
    assert len(links) == 2
    (tmp_path / "v1.jsonl").write_text("a pattern would match this")
    out, found = run(tmp_path, SOME, texts, name=name, clear_contacts=True)
    assert out.read_bytes() == expected
    assert found == links


@pytest.mark.parametrize("name", ["v.parquet", "v.jsonl", "v.jsonl.gz", "v.jsonl.zst"])
def test_what_is_well_formed_is_read_without_python(tmp_path, monkeypatch, name):
    monkeypatch.setattr(
        "nlp.seller_tables.read_verdicts", lambda path: pytest.fail(f"{path} was read slowly")
    )
    assert len(rows(run(tmp_path, SOME, name=name)[0])) == 3


def test_a_folder_of_verdicts_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "nlp.seller_tables.read_verdicts", lambda path: pytest.fail(f"{path} was read slowly")
    )
    (tmp_path / "verdicts").mkdir()
    for number, name in enumerate("abc"):
        with VerdictWriter(tmp_path / "verdicts" / f"part-{number}.parquet") as writer:
            writer.write(None, verdicts_to_batch([verdict(name, 0.5)]))
    assert write_sellers(tmp_path / "verdicts", tmp_path / "out.jsonl")[1:] == (3, 0)


def test_equal_risks_share_a_percentile_and_stand_in_the_order_of_names(tmp_path):
    out, _ = run(tmp_path, [verdict(name, 0.5) for name in "bca"] + [verdict("z", 0.1)])
    assert [(name, row["percentile"]) for name, row in rows(out).items()] == [
        ("c", 33.3),
        ("b", 33.3),
        ("a", 33.3),
        ("z", 0.0),
    ]


def test_sums_do_not_depend_on_the_order_of_rows(tmp_path):
    verdicts = [verdict(f"s{at % 40}", 0.1 + at % 83 / 100, number=at) for at in range(4_000)]
    first = run(tmp_path, verdicts)[0].read_bytes()
    random.Random(1).shuffle(verdicts)
    assert run(tmp_path, verdicts)[0].read_bytes() == first


def test_texts_that_share_only_their_opening_link_nobody(tmp_path):
    words, rng = [f"{at:x}{at * 7919 % 4096:03x}" for at in range(3_000)], random.Random(1)
    opening = "free shipping on all orders from our shop, write to us before you buy, we answer within a day"
    texts = [
        {"seller": f"s{at}", "title": opening, "description": " ".join(rng.choices(words, k=30))}
        for at in range(400)
    ]
    sketches = sketch_texts([f"{text['title']} {text['description']}" for text in texts])
    assert any(len(set(column)) < 400 for column in sketches.keys.T.tolist())  # some meet in a band by chance
    assert run(tmp_path, [verdict(f"s{at}", 0.9) for at in range(400)], texts)[1] == []


def test_a_text_of_hundreds_is_a_chain_not_a_square(tmp_path):
    texts = [{"seller": f"s{at:03}", "title": TEXT, "description": ""} for at in range(300)]
    out, links = run(tmp_path, [verdict(f"s{at:03}", 0.9) for at in range(300)], texts)
    assert len(links) == 299
    assert {row["cluster"] for row in rows(out).values()} == {"s000"}


def test_sketches_agree_as_far_as_the_texts_do():
    near, far = sketch_texts([TEXT, TEXT + " now"]), sketch_texts([TEXT, TEXT[::-1]])
    apart = [sum(a != b for a, b in zip(*each.letters, strict=True)) for each in (near, far)]
    assert apart[0] < 16 < NEAR_APART < 70 < apart[1]
    assert (near.keys[0] == near.keys[1]).any()
    assert not (far.keys[0] == far.keys[1]).any()
    assert not sketch_texts(["short", TEXT]).keys[0].any()


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "x", "score"\n',
        b"\xff\xfe\n",
        b'{"title": "a listing, no verdict"}\n',
        b"[1, 2]\n",
        b'{"id": "' + b"x" * 40_000_000 + b"\n",
    ],
    ids=["torn", "no text", "a listing", "a list", "huge"],
)
def test_a_broken_line_is_a_clear_error_and_leaves_what_stood_there(tmp_path, line):
    out, _ = run(tmp_path, SOME)
    before, names = out.read_bytes(), {each.name for each in tmp_path.iterdir()}
    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(DumpError, match=r"verdicts\.jsonl: does not hold the verdicts of fauxwatch"):
        write_sellers(path, out)
    assert out.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == names


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(DumpError, match="cannot be read"):
        write_sellers(tmp_path / "none.jsonl", tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("score", ["NaN", "1e30", "-0.5", "null"])
def test_a_score_that_is_no_probability_is_a_clear_error(tmp_path, score):
    run(tmp_path, SOME)
    path = tmp_path / "verdicts.jsonl"
    path.write_text(path.read_text().replace('"score": 0.3', f'"score": {score}'))
    with pytest.raises(DumpError, match="1 scores are not between 0 and 1"):
        write_sellers(path, tmp_path / "out.jsonl")


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"seller": "a"}', '{"seller": 5, "title": "", "description": ""}']
)
def test_a_broken_line_among_the_suspects_is_named(tmp_path, line):
    run(tmp_path, SOME, [{"seller": "a", "title": TEXT, "description": ""}])
    with (tmp_path / "verdicts.jsonl.suspects.jsonl").open("a") as stream:
        stream.write(line)
    with pytest.raises(DumpError, match=r"suspects\.jsonl: line 2 is no suspected listing"):
        write_sellers(tmp_path / "verdicts.jsonl", tmp_path / "out.jsonl")


def test_an_ending_that_is_not_known_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(UsageError, match=r"links\.txt"):
        run(tmp_path, SOME, links=tmp_path / "links.txt")
    assert not (tmp_path / "sellers.jsonl").exists()


def test_links_are_written_as_csv_and_parquet_with_all_columns_though_there_are_none(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "verdicts.jsonl"
    with VerdictWriter(path) as writer:
        writer.write(None, verdicts_to_batch([verdict("a", 0.9)]))
    write_sellers(path, tmp_path / "out.csv", links=tmp_path / "links.csv")
    write_sellers(path, tmp_path / "out.parquet", links=tmp_path / "links.parquet")
    assert (tmp_path / "links.csv").read_text().split() == ["first,second,kind,reason"]
    assert pq.read_table(tmp_path / "links.parquet").column_names == ["first", "second", "kind", "reason"]


def test_help_loads_no_database():
    code = "import sys, nlp.cli; print({'duckdb', 'rensa'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
