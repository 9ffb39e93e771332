import json

import pytest

from nlp.dumps import VerdictWriter
from nlp.errors import UsageError
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


def run(tmp_path, verdicts, texts=(), ending=".jsonl", **options):
    path = tmp_path / "verdicts.jsonl"
    with VerdictWriter(path) as writer:
        writer.write(None, verdicts_to_batch(verdicts))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    (tmp_path / "verdicts.jsonl.suspects.jsonl").write_text(lines)
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
