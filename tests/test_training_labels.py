"""Labelled dumps as teams bring them: what is understood, what is refused, and in which words."""

import csv
import json
import random

import numpy as np
import pytest

from nlp.cues import LABELS
from nlp.errors import DumpError, UsageError
from training.exports import flatten_export
from training.label_columns import find_layout, meaning
from training.prepare import Source, prepare, split_findings

FAKE = ("replica watch mirror grade", "copy of the bag, factory batch", "aaa quality sneakers no box")
REAL = ("worn once, receipt included", "grandfather's watch, runs well", "bought at the store in May")


def rows_of(count=80, *, yes="1", no="0", seller=True, seed=0):
    rng = random.Random(seed)
    rows = []
    for at in range(count):
        fake = at % 2 == 0
        text = rng.choice(FAKE if fake else REAL)
        words = " ".join(rng.choice(("blue", "large", "boxed", "leather", "steel", "rare")) for _ in range(6))
        row = {
            "title": f"{text} {words} {at}",
            "description": f"item {at} {words}",
            "price": f"{rng.randint(5, 900)}",
        }
        if seller:
            row["seller"] = f"shop{at % 16}"
        rows.append(row | {"label": yes if fake else no})
    return rows


def write(path, rows, encoding="utf-8"):
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def ready(tmp_path):
    def run(rows=None, *, file=None, **options):
        least = options.pop("least", True)
        trust = options.pop("trust", ())
        path = file or write(tmp_path / "labels.csv", rows)
        return prepare(
            Source(paths=(path,), **options),
            tmp_path / "work",
            tmp_path / "reports",
            trust=trust,
            least=least,
        )

    return run


def codes(prepared):
    return {each.code for each in prepared.findings}


def text_of(prepared, code):
    return next(each.text for each in prepared.findings if each.code == code)


def test_no_label_column_lists_the_columns_and_the_option(ready):
    rows = [{key: value for key, value in row.items() if key != "label"} for row in rows_of()]
    with pytest.raises(
        UsageError, match=r"no column holds labels; columns are title, description, price, seller.*--label"
    ):
        ready(rows)


def test_a_label_column_that_does_not_exist_is_named(ready):
    with pytest.raises(UsageError, match="--label verdikt: no such column; columns are title"):
        ready(rows_of(), label="verdikt")


def test_one_class_only_is_refused(ready):
    with pytest.raises(UsageError, match=r"all 80 labels in 'label' are the same: none says genuine"):
        ready([row | {"label": "1"} for row in rows_of()])


def test_too_few_of_a_class_is_refused_with_the_number(ready):
    rows = [row | {"label": "1" if at < 7 else "0"} for at, row in enumerate(rows_of())]
    with pytest.raises(UsageError, match=r"only 7 row\(s\) labelled counterfeit.*at least 20"):
        ready(rows)


def test_labels_that_mean_nothing_are_shown_and_the_way_out_is_told(ready):
    with pytest.raises(
        UsageError, match=r"may be the label, but holds 'A' \(40\), 'B' \(40\).*--positive VALUE"
    ):
        ready(rows_of(yes="A", no="B"))


def test_the_value_that_means_counterfeit_can_be_told(ready):
    assert ready(rows_of(yes="A", no="B"), label="label", positive=("a",)).table.truth.sum() == 40


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Fälschung", "echt"),
        ("contrefaçon", "authentique"),
        ("falsificado", "auténtico"),
        ("подделка", "оригинал"),
        ("假货", "正品"),
        ("偽物", "本物"),
        ("가품", "정품"),
        ("sahte", "orijinal"),
        ("hàng giả", "chính hãng"),
        ("TRUE", "False"),
    ],
)
def test_labels_in_many_languages_are_read(ready, yes, no):
    assert ready(rows_of(yes=yes, no=no)).table.truth.sum() == 40


def test_true_and_false_in_spanish_are_asked_about_not_guessed(ready):
    with pytest.raises(UsageError, match=r"'verdadero'.*--positive"):
        ready(rows_of(yes="verdadero", no="falso"))


def test_titles_that_are_nearly_all_blank_are_a_warning(ready):
    rows = [row | {"title": row["title"] if at == 0 else ""} for at, row in enumerate(rows_of())]
    assert "79 of 80 titles are blank" in text_of(ready(rows), "blank_titles")


def test_rows_without_any_text_are_rejected_and_written_out(ready, tmp_path):
    rows = rows_of(100)
    blank = [{**row, "title": "", "description": ""} for row in rows[:15]]
    found = ready(rows[15:] + blank)
    assert "15 rows could not be read" in text_of(found, "rejected")
    assert len((tmp_path / "reports" / "rejected.jsonl").read_text().splitlines()) == 15


def test_texts_with_both_labels_train_nothing_and_are_written_out(ready, tmp_path):
    rows = rows_of()
    torn = [{**rows[at], "label": str(1 - int(rows[at]["label"]))} for at in range(4)]
    found = ready(rows + torn)
    assert "8 rows have a text that carries both labels" in text_of(found, "contradictions")
    assert len(found.table) == 76
    assert len((tmp_path / "reports" / "contradictions.csv").read_text().splitlines()) == 9


def test_mostly_contradicting_labels_are_refused(ready):
    rows = rows_of()
    with pytest.raises(UsageError, match=r"80 of 120 rows have a text that carries both labels"):
        ready(rows + [{**row, "label": str(1 - int(row["label"]))} for row in rows[:40]])


def test_a_column_that_repeats_the_label_is_told_and_not_read(ready):
    rows = [row | {"review_state": "removed" if row["label"] == "1" else "kept"} for row in rows_of()]
    assert "'review_state' alone tells 100.0% of the labels" in text_of(ready(rows), "leak_unread")


def test_a_feature_column_that_gives_the_label_away_is_left_out_unless_trusted(ready):
    rows = [row | {"brand": "" if row["label"] == "1" else "Gucci"} for row in rows_of()]
    found = ready(rows)
    assert "whether 'brand' is filled alone tells 100.0%" in text_of(found, "leak_column")
    assert found.dropped == {"brand"}
    assert ready(rows, trust=("brand",)).dropped == set()


def test_a_label_written_into_the_text_is_told(ready):
    rows = [
        row | {"title": row["title"] + (" [FLAGGED]" if row["label"] == "1" else "")} for row in rows_of()
    ]
    assert "the word '[flagged]' alone tells 100.0%" in text_of(ready(rows), "leak_word")


def test_a_missing_seller_column_is_a_warning(ready):
    assert "rows of one seller may stand on both sides" in text_of(ready(rows_of(seller=False)), "no_seller")


def test_mostly_missing_sellers_are_a_warning(ready):
    rows = [row | {"seller": row["seller"] if at < 20 else ""} for at, row in enumerate(rows_of())]
    assert "60 of 80 rows name no seller" in text_of(ready(rows), "seller_gaps")


def test_one_seller_with_most_of_a_class_is_a_warning(ready):
    rows = [row | {"seller": "bigfake" if row["label"] == "1" else row["seller"]} for row in rows_of()]
    told = [each.text for each in ready(rows).findings if each.code == "one_cluster"]
    assert any("100% of the counterfeit rows belong to one seller" in text for text in told)


def test_a_broken_encoding_is_a_warning(ready):
    rows = [row | {"title": "montre d'occasion trÃ¨s belle Ã©tat " + row["title"]} for row in rows_of()]
    assert "broken encoding" in text_of(ready(rows), "encoding")


def test_a_dump_in_another_encoding_is_read(ready, tmp_path):
    rows = [
        row | {"title": "часы с коробкой " + row["title"]} for row in rows_of(yes="подделка", no="оригинал")
    ]
    found = ready(file=write(tmp_path / "cp1251.csv", rows, encoding="cp1251"))
    assert found.table.truth.sum() == 40
    assert found.table.listings(0, 1)[0].title.startswith("часы")


def test_an_empty_file_is_refused(ready, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DumpError, match="empty"):
        ready(file=str(tmp_path / "empty.csv"))


def test_a_file_that_is_no_table_is_refused(ready, tmp_path):
    (tmp_path / "labels.pdf").write_bytes(b"%PDF-1.7 ...")
    with pytest.raises(DumpError, match="PDF document; export the table"):
        ready(file=str(tmp_path / "labels.pdf"))


def test_a_missing_file_is_refused(ready):
    with pytest.raises(DumpError, match="no such file"):
        ready(file="nowhere.csv")


def test_unreadable_labels_in_some_rows_are_left_out_and_counted(ready):
    rows = [row | {"label": "maybe" if at < 10 else row["label"]} for at, row in enumerate(rows_of())]
    found = ready(rows)
    assert len(found.table) == 70
    assert len(found.pool) == 10
    assert "'maybe' (10)" in text_of(found, "unread")


def test_blank_labels_are_the_pool_to_label_next(ready):
    rows = [row | {"label": "" if at < 10 else row["label"]} for at, row in enumerate(rows_of())]
    found = ready(rows)
    assert (len(found.table), len(found.pool)) == (70, 10)
    assert "unread" not in codes(found)


def test_a_split_by_time_without_dates_is_refused(ready):
    with pytest.raises(UsageError, match="no column with dates was found; name it with --time COLUMN"):
        split_findings(ready(rows_of()), "time", share=0.2)


def test_a_random_split_is_told_to_leak_and_how_much(ready):
    found = split_findings(ready(rows_of()), "random", share=0.2)
    assert "RANDOM SPLIT: 100% of the held-out rows have the seller" in found[0].text


def test_an_unknown_split_is_refused(ready):
    with pytest.raises(UsageError, match="there is seller, time and random"):
        split_findings(ready(rows_of()), "rows", share=0.2)


def test_a_column_for_each_cue_is_read(ready):
    rows = [row | {"replica_claim": row["label"], "wholesale_offer": "0"} for row in rows_of()]
    table = ready(rows).table
    assert (table.labels[:, LABELS.index("replica_claim")] > 0.5).sum() == 40
    assert np.isnan(table.labels[:, LABELS.index("price_too_low")]).all()


def test_cue_columns_alone_make_the_label(ready):
    rows = [{**row, "replica_claim": row["label"]} for row in rows_of()]
    for row in rows:
        del row["label"]
    found = ready(rows)
    assert found.table.truth.sum() == 40
    assert "any of its cues is marked" in text_of(found, "layout")


def test_label_as_a_word_for_brand_does_not_become_a_feature(tmp_path):
    layout = find_layout([write(tmp_path / "labels.csv", rows_of())])
    assert layout.label == "label"
    assert layout.mapping == {"brand": ""}


def studio_task(at, answers):
    return {
        "id": at,
        "data": {
            "title": f"bag number {at} in blue leather",
            "description": f"text {at}",
            "seller": f"s{at % 9}",
        },
        "annotations": [
            {
                "was_cancelled": False,
                "result": [{"type": "choices", "value": {"choices": [answer, "replica_claim"]}}],
            }
            for answer in answers
        ],
    }


def test_an_export_of_label_studio_is_read_with_majority_and_ties(ready, tmp_path):
    tasks = [studio_task(at, ["counterfeit"] if at % 2 else ["genuine"]) for at in range(60)]
    tasks.append(studio_task(60, ["counterfeit", "genuine"]))
    tasks.append(studio_task(61, ["counterfeit", "genuine", "counterfeit"]))
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    found = ready(file=str(tmp_path / "export.json"))
    assert (len(found.table), len(found.pool), found.table.truth.sum()) == (61, 1, 31)
    assert "2 rows with annotators who disagree, 1 tied" in text_of(found, "export")


def test_an_export_of_argilla_is_read(ready, tmp_path):
    with (tmp_path / "argilla.jsonl").open("w") as stream:
        for at in range(60):
            answer = {"value": "yes" if at % 2 else "no", "status": "submitted", "user_id": "u"}
            record = {
                "id": f"r{at}",
                "fields": {"title": f"watch number {at} steel"},
                "responses": {"label": [answer]},
            }
            stream.write(json.dumps(record) + "\n")
    assert ready(file=str(tmp_path / "argilla.jsonl")).table.truth.sum() == 30


def test_a_plain_json_dump_is_no_export(tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps([{"title": "a", "label": 1}]))
    assert flatten_export(tmp_path / "rows.json", tmp_path) is None


@pytest.mark.parametrize(
    ("cell", "value"), [("  YES ", 1.0), ("n", 0.0), ("Not  Counterfeit", 0.0), ("?", None), (None, None)]
)
def test_meaning_of_a_cell(cell, value):
    assert meaning(cell) == value


def test_near_identical_texts_of_two_sellers_are_one_cluster(ready):
    rows = rows_of()
    long = "A long description of a handbag with gold hardware, dust bag and authenticity card, shipped in two days"
    rows += [
        {"title": "Bag", "description": f"{long} {end}", "price": "9", "seller": end, "label": "1"}
        for end in ("x1", "x2")
    ]
    found = ready(rows)
    assert found.clusters[-1] == found.clusters[-2]
