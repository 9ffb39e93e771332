"""The learnt part of reading news: its corpus, its weights, and what they may and may not decide."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from feeds_articles import analysed

from feeds.findings import NEWS_KINDS
from feeds.learning import held_out, read_corpus
from feeds.learnt import OUTPUTS, Learnt
from feeds.signs import NAMES, Seen, Signs, together


def seen(title: str, **more: object) -> Seen:
    return Seen(title=title, lead="", langs=frozenset({"en"}), **more)  # type: ignore[arg-type]


def test_the_corpus_covers_twenty_languages_every_kind_and_both_answers() -> None:
    articles = list(read_corpus())
    assert len({one.id for one in articles}) == len(articles)
    assert {one.kind for one in articles if one.relevant} == set(NEWS_KINDS)
    assert all(one.kind is None for one in articles if not one.relevant)
    for relevant in (True, False):
        counts = Counter(one.lang for one in articles if one.relevant is relevant)
        assert len(counts) == 20
        assert min(counts.values()) >= 20
    assert 0.28 < sum(held_out(one.id) for one in articles) / len(articles) < 0.38


def test_signs_have_one_name_each_and_lie_between_bounds() -> None:
    assert len(set(NAMES)) == len(NAMES)
    signs = Signs.load()
    row = signs.read(
        seen("Fake fake fake Gucci bags seized, seized, seized", kinds={"seizure": 99.0}, points=99)
    )
    assert np.abs(row).max() <= 2
    assert row[NAMES.index("kind:seizure")] == 2


def test_signs_that_stand_together_are_products() -> None:
    row = together({"crime": 0.5, "brand": 1.0, "title:genuine": 0.5})
    assert row[NAMES.index("crime*brand")] == 0.5
    assert row[NAMES.index("crime*genuine")] == 0.25
    assert row[NAMES.index("civil*brand")] == 0


def test_a_word_means_the_same_in_two_languages() -> None:
    signs = Signs.load()
    english = signs.read(seen("Judge dismisses patent case"))
    german = signs.read(Seen(title="Richter: Patent ist nichtig", lead="", langs=frozenset({"de"})))
    assert english[NAMES.index("title:patent")] == german[NAMES.index("title:patent")] > 0


def test_weights_for_other_signs_are_refused() -> None:
    tensors = {"weights": np.zeros((len(NAMES) - 1, OUTPUTS)), "bias": np.zeros(OUTPUTS)}
    with pytest.raises(ValueError, match=r"python -m feeds\.learning"):
        Learnt.from_tensors(tensors)


def test_in_a_long_text_the_tables_decide() -> None:
    learnt = Learnt.load()
    for points, right in ((-3.0, False), (3.0, True)):
        score, kind = learnt.judge(seen("Anything at all", points=points, said="raid", length=5000))
        assert (score >= 0.5) is right
        assert kind == "raid"


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("en", "Truckload of lookalike Dyson hairdryers never makes it past port", ""),
        ("de", "Handschellen für Uhrenhändler: Seine Breitling waren Nachbauten", ""),
        ("ja", "ユニクロ、SHEINを提訴 バッグ「そっくり」", ""),
    ],
)
def test_an_article_without_a_deciding_word_is_found_and_says_why(lang: str, title: str, text: str) -> None:
    read = analysed(title, text, lang)
    assert read.relevant
    assert read.reasons
    assert all(title[one.start : one.end] == one.text for one in read.reasons if one.field == "title")


def test_the_plaintiff_of_a_suit_over_a_mark_is_a_brand_where_no_table_knows_one() -> None:
    read = analysed(
        "Quillfeather sues toymaker over copied trademark", "The complaint was filed on Monday.", "en"
    )
    assert [one.brand for one in read.brands] == ["Quillfeather"]


@pytest.mark.slow
def test_fitting_again_gives_the_packaged_weights(tmp_path, capsys) -> None:
    pytest.importorskip("sklearn")
    from safetensors.numpy import load_file

    from feeds.learning import main

    again = tmp_path / "learnt.safetensors"
    assert main(["--out", str(again)]) == 0
    assert "tables alone, held out" in capsys.readouterr().out
    packaged = Learnt.load()
    assert np.allclose(load_file(again)["weights"], packaged.weights, atol=2e-3)
