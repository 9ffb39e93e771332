from __future__ import annotations

import json
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.entities.boundaries import free_left, free_right
from nlp.entities.brands import BrandFinder, BrandMatch
from nlp.entities.disguises import skeleton
from nlp.entities.names import LEXICON, key_of, quick_fold, read_aliases
from nlp.entities.typos import one_edit
from nlp.errors import ConfigError
from nlp.text import fold

CASES = Path(__file__).parent / "data" / "brand_cases.tsv"
LISTINGS = Path(__file__).parents[1].parent / "shared" / "data" / "listings"


def cases() -> list[tuple[str, str, str]]:
    rows = [line.split("\t") for line in CASES.read_text("utf-8").splitlines()]
    return [(lang, text, expected) for lang, text, expected in rows]


@pytest.fixture(scope="session")
def finder() -> BrandFinder:
    return BrandFinder.load()


def shown(match: BrandMatch) -> str:
    return f"{match.brand}/{match.how}{'' if match.offered else '-'}"


@pytest.mark.parametrize(("lang", "text", "expected"), cases())
def test_the_table_of_names_disguises_and_traps(finder, lang, text, expected):
    assert " ".join(shown(match) for match in finder.find(text)) == expected


def test_the_table_is_as_wide_as_promised():
    languages = Counter(lang for lang, _, _ in cases())
    assert sum(languages.values()) >= 250
    assert len(languages) >= 15


def test_the_lexicon_holds_hundreds_of_brands_with_a_source_on_every_row():
    rows = [line.split("\t") for line in LEXICON.read_text("utf-8").splitlines()[1:]]
    assert len({row[0] for row in rows}) > 300
    assert all(row[-1] for row in rows)


PIECES = [
    "Gucci",
    "G*cci",
    "香***奈儿",
    " ",
    "구찌의",
    "ﬁ",
    "İ",
    "👑",
    "é",
    "Ｇ",
    "\u200b",
    "ル〇トン",
    "for ",
    "グッチ",
    "अ",
    "ا",
    "0",
    "*",
    "V*n Cl**f",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_offsets_slice_back_and_matches_do_not_overlap(finder, text):
    matches = finder.find(text)
    assert all(text[match.start : match.end] == match.text for match in matches)
    assert all(one.end <= two.start for one, two in pairwise(matches))


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_folding_by_table_gives_the_same_letters_as_folding_by_clusters(text):
    from nlp.entities.names import STEPS

    quick, slow = quick_fold(text), fold(text, *STEPS)
    assert quick.text == slow.text


@pytest.mark.parametrize(
    ("column", "brand"),
    [
        ("Dior Homme", "Dior"),
        ("BVLGARI", "Bulgari"),
        ("Hermes", "Hermès"),
        ("古驰", "Gucci"),
        ("Tiffany & Co", "Tiffany & Co."),
        ("mango", "Mango"),
        ("Apple", "Apple"),
        ("no brand", None),
        ("", None),
    ],
)
def test_a_brand_column_is_read_without_doubt(finder, column, brand):
    assert finder.canonical(column) == brand


def test_every_canonical_name_is_canonical(finder):
    assert {name for name in finder.brands if finder.canonical(name) != name} == set()


def test_own_rows_come_before_the_packaged_ones(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text(
        "canonical\talias\nMarlow & Finch\tMarlow & Finch\nMarlow & Finch\tM&Finch\n", encoding="utf-8"
    )
    finder = BrandFinder.load(path)
    assert [match.brand for match in finder.find("Marlow and Finch? No: M&Finch bag, Gucci belt")] == [
        "Marlow & Finch",
        "Gucci",
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("name\tother\nx\ty\n", "columns are missing: alias, canonical"),
        ("canonical\talias\tuse\nX\tx\tsometimes\n\tz\t\n", "line 2"),
    ],
)
def test_faulty_rows_are_all_reported(tmp_path, content, fault):
    path = tmp_path / "own.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=fault):
        BrandFinder.load(path)


def test_hostile_text_takes_no_longer_than_its_length_asks(finder):
    hostile = (
        "G*" * 4_000,
        "l1I!" * 4_000,
        "for " * 8_000,
        "á" * 20_000,
        "a." * 8_000,
        "香*" * 8_000,
        "gucci " * 4_000,
    )
    for text in hostile:
        start = time.process_time()
        finder.find(text)
        assert time.process_time() - start < 4


def test_a_name_ends_where_its_script_says():
    assert not free_left("troubador", 5, length=4)
    assert free_right("구찌의 가방", 2, length=2)
    assert not free_right("пумамир", 4, length=4)


def test_look_alikes_share_a_skeleton_of_the_same_length():
    assert skeleton("r0iex") == skeleton("rolex")
    assert len(skeleton("ѕ0$!")) == 4


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("adidsa", "adidas", True),
        ("gucccci", "gucci", False),
        ("rolex", "rolex", False),
        ("rolx", "rolex", True),
    ],
)
def test_one_edit_means_one(left, right, near):
    assert one_edit(left, right) is near


def test_a_key_knows_where_gaps_stand():
    assert key_of("D&G").letters == "dg"
    assert key_of("D&G").gaps == {1: "&"}


def test_aliases_of_the_lexicon_are_read():
    assert {alias.lang for alias in read_aliases(LEXICON)} >= {
        "la",
        "zh",
        "ja",
        "ko",
        "ru",
        "uk",
        "ar",
        "fa",
        "hi",
        "th",
        "he",
    }


@pytest.mark.parametrize(
    ("name", "precision", "recall"), [("vestiaire_en", 0.95, 0.90), ("noble_ko", 0.95, 0.90)]
)
def test_real_listings_are_read_as_their_brand_column_says(finder, name, precision, recall):
    path = LISTINGS / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout")
    right = wrong = missed = 0
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if not row["brand"]:
            continue
        column = {match.brand for match in finder.find(row["brand"])} | {finder.canonical(row["brand"])}
        texts = (row["title"], row["description"])
        found = {match.brand for text in texts for match in finder.find(text) if match.offered}
        right += bool(found & column)
        missed += not found & column
        wrong += len(found - column)
    assert right / (right + wrong) >= precision
    assert right / (right + missed) >= recall
