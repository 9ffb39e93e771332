import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.near import near_keys
from nlp.ngrams import BITS, NgramChannel, hashed_ngrams

LONG = "Selling my leather bag, bought in Milan two years ago, with dust bag and receipt, hardly worn"


@given(st.text())
def test_every_text_has_buckets_in_range_and_unit_length(text):
    buckets, values = hashed_ngrams(text)
    assert len(buckets) == len(values) > 0
    assert buckets.min() >= 0
    assert buckets.max() < 2**BITS
    assert np.isclose(np.linalg.norm(values), 1, atol=1e-5)


def test_the_channel_is_linear_in_its_weights():
    weights = np.random.default_rng(1).normal(size=(2**BITS, 2)).astype(np.float32)
    once = NgramChannel(weights, np.zeros(2, np.float32)).logits(["gucci bag", "nike"])
    twice = NgramChannel(2 * weights, np.ones(2, np.float32)).logits(["gucci bag", "nike"])
    assert np.allclose(2 * once + 1, twice, atol=1e-4)


def test_case_and_invisible_characters_change_nothing():
    assert np.array_equal(hashed_ngrams("GUC\u200bCI")[0], hashed_ngrams("gucci")[0])


def test_near_identical_texts_share_a_key_and_others_do_not():
    keys = set(near_keys(LONG))
    assert keys & set(near_keys(LONG + "!!"))
    assert not keys & set(
        near_keys("Winter tyres for sale, four pieces, 205/55 R16, used for one season only, Berlin")
    )
    assert near_keys("short") == []


def test_a_channel_comes_back_from_its_tensors_as_it_was_within_a_step_of_int8():
    rng = np.random.default_rng(2)
    channel = NgramChannel(
        rng.normal(size=(2**10, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    )
    back = NgramChannel.from_tensors(channel.to_tensors(), 3)
    assert np.abs(back.weights - channel.weights).max() <= np.abs(channel.weights).max() / 127
    assert np.allclose(back.logits(["gucci bag"]), channel.logits(["gucci bag"]), atol=0.2)


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"weights": np.zeros((2**10, 3)), "bias": np.zeros(2)},
        {"weights": np.zeros((1000, 3)), "bias": np.zeros(3)},
        {"weights": np.zeros(2**10), "bias": np.zeros(3)},
        {"weights": np.zeros((2**10, 3)), "bias": np.zeros(3), "scale": np.zeros(1)},
    ],
)
def test_tensors_of_other_shapes_are_refused(tensors):
    with pytest.raises(ValueError, match=r"(it|its) "):
        NgramChannel.from_tensors(tensors, 3)
