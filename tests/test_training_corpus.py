"""The corpus, the splits and the generator: what is marked stays marked, what belongs together stays together."""

import itertools

import pytest

from nlp.cues import LABELS
from training.data import load_corpus
from training.disguise import ATTACKS, disguise
from training.generator import Pools, generate
from training.splits import by_group, clusters

SHARES = {"test": 0.2, "dev": 0.15, "train": 0.65}


@pytest.fixture(scope="module")
def corpus():
    return load_corpus()


@pytest.fixture(scope="module")
def parts(corpus):
    return by_group(corpus, shares=SHARES)


def test_every_label_is_known_and_every_span_slices_back(corpus):
    for example in corpus:
        assert set(example.labels) == set(LABELS)
        for field, start, end, _ in example.spans + example.brands:
            assert getattr(example.listing, field)[start:end].strip(), example.listing.id


def test_ids_are_unique_and_begin_with_the_language_of_their_file(corpus):
    ids = [example.listing.id for example in corpus]
    assert len(set(ids)) == len(ids)
    assert [each.listing.id for each in corpus if not each.listing.id.startswith(f"{each.lang}-")] == []
    assert len({each.lang for each in corpus}) == 20


def test_pairs_have_two_sides_that_differ_in_the_label(corpus):
    sides = {}
    for example in corpus:
        if example.pair:
            sides.setdefault(example.pair, []).append(example.counterfeit)
    assert all(sorted(labels) == [False, True] for labels in sides.values())
    assert 2 * len(sides) >= len(corpus) / 2


def test_nothing_that_belongs_together_is_divided(parts):
    for left, right in itertools.combinations(parts.values(), 2):
        for key in ("group", "pair"):
            shared = {getattr(each, key) for each in left} & {getattr(each, key) for each in right} - {None}
            assert not shared


def test_a_part_does_not_change_when_the_corpus_grows(corpus):
    half = by_group(corpus[::2], shares=SHARES)
    whole = by_group(corpus, shares=SHARES)
    members = {each.listing.id: name for name, part in whole.items() for each in part}
    moved = sum(members[each.listing.id] != name for name, part in half.items() for each in part)
    assert moved < 0.1 * len(corpus)  # only clusters that were joined by the other half


def test_near_identical_texts_fall_into_one_cluster(corpus):
    from dataclasses import replace

    one = next(each for each in corpus if len(each.listing.description) > 200)
    twin = replace(
        one,
        group="another",
        pair=None,
        listing=replace(one.listing, description=one.listing.description + " Thanks!"),
    )
    first, second = clusters([replace(one, pair=None), twin])
    assert first == second


def test_generated_listings_keep_their_marks_and_their_seed(parts):
    pools = Pools.of(parts["train"])
    made = list(generate(parts["train"], pools, count=400, seed=3))
    again = list(generate(parts["train"], pools, count=400, seed=3))
    assert made == again
    assert made != list(generate(parts["train"], pools, count=400, seed=4))
    for example in made:
        for field, start, end, _ in example.spans + example.brands:
            assert 0 <= start < end <= len(getattr(example.listing, field))


def test_generated_flips_come_with_their_honest_side(parts):
    made = list(generate(parts["train"], Pools.of(parts["train"]), count=2000, seed=5))
    sides = {}
    for example in made:
        if example.pair:
            sides.setdefault(example.pair, []).append(example.counterfeit)
    whole = [labels for labels in sides.values() if len(labels) == 2]
    assert len(whole) > 50
    assert all(sorted(labels) == [False, True] for labels in whole)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_changes_the_word(name):
    import random

    assert ATTACKS[name]("Chanel", random.Random(1)) != "Chanel"
    assert disguise("Chanel", random.Random(1)) != "Chanel"
