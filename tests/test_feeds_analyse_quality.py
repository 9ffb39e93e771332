"""Relevance, kind and brands on the items written for this project: floors that a change must not go under."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from feeds_articles import DATA, analysed, analyser, cases

REAL = Path("../shared/data/news/real_items.jsonl")


def f1(right: int, wrong: int, missed: int) -> float:
    return 2 * right / (2 * right + wrong + missed)


def test_the_written_items_cover_every_language_and_kind_and_near_misses() -> None:
    rows = cases()
    assert len({row["lang"] for row in rows}) == 20
    assert len({row["kind"] for row in rows if row["relevant"] == "1"}) == 20
    assert len([row for row in rows if row["relevant"] == "0"]) >= 150


def test_relevance_is_told_from_near_misses() -> None:
    said = [
        (row["relevant"] == "1", analysed(row["title"], row["text"], row["lang"]).relevant) for row in cases()
    ]
    right = sum(truth and answer for truth, answer in said)
    wrong = sum(answer and not truth for truth, answer in said)
    missed = sum(truth and not answer for truth, answer in said)
    clear = [answer for truth, answer in said if not truth]
    assert f1(right, wrong, missed) >= 0.97
    assert 1 - sum(clear) / len(clear) >= 0.97


def test_kinds_of_relevant_items_are_told() -> None:
    rows = [row for row in cases() if row["relevant"] == "1"]
    right = sum(analysed(row["title"], row["text"], row["lang"]).kind == row["kind"] for row in rows)
    assert right / len(rows) >= 0.95


def test_brands_of_relevant_items_are_named() -> None:
    right = wrong = missed = 0
    for row in (row for row in cases() if row["relevant"] == "1"):
        names = [name for name in row["brands"].split(";") if name]
        truth = {analyser().canonical(name) or name for name in names}
        said = {one.brand for one in analysed(row["title"], row["text"], row["lang"]).brands}
        right += len(truth & said)
        wrong += len(said - truth)
        missed += len(truth - said)
    assert f1(right, wrong, missed) >= 0.92


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("en", "Teen held for passing fake $20 bills", ""),
        ("en", "Fans turned away with counterfeit tickets", ""),
        ("en", "Pirate Party loses last seat in parliament", ""),
        ("de", "Piratenpartei verliert letzten Sitz", ""),
        ("en", "Winger's fake sends defender the wrong way", ""),
        ("vi", "Siêu thị giảm giá 50% nhiều mặt hàng", ""),
        ("en", "Court upholds patent on inhaler", "The generic maker had infringed the patent."),
        ("en", "Studios sue pirate film site", "It streamed pirated movies."),
        ("es", "Noticias falsas sobre una marca de vacunas", ""),
        ("en", "Smuggled genuine cigarettes seized at port", "No duty had been paid."),
        ("zh", "警方破获假币案", ""),
        ("ja", "偽造パスポートで入国、男を逮捕", ""),
    ],
)
def test_a_near_miss_is_not_relevant(lang: str, title: str, text: str) -> None:
    assert not analysed(title, text, lang).relevant


def test_a_passing_remark_in_a_long_article_is_not_what_it_is_about() -> None:
    text = (
        "The tour bus stopped in Chinatown, where visitors buy counterfeit bags. " + "It then drove on. " * 60
    )
    assert not analysed("A day on a double-decker bus", text).relevant


def test_two_analyses_of_one_article_are_equal() -> None:
    row = cases()[0]
    assert analysed(row["title"], row["text"], row["lang"]) == analysed(
        row["title"], row["text"], row["lang"]
    )


def test_labels_point_to_items_and_hold_no_text() -> None:
    lines = (DATA / "news_labels.jsonl").read_text("utf-8").splitlines()
    labels = [json.loads(line) for line in lines]
    assert len(labels) >= 300
    assert len({one["key"] for one in labels}) == len(labels)
    assert all(len(value) < 60 for one in labels for value in one.values() if isinstance(value, str))
    if not REAL.exists():
        pytest.skip(f"{REAL} is not there")
    rows = [json.loads(line) for line in REAL.read_text("utf-8").split("\n") if line]
    keys = {hashlib.sha256(f"{row['corpus']}\n{row['id']}".encode()).hexdigest()[:16] for row in rows}
    assert {one["key"] for one in labels} <= keys
