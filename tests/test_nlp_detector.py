"""The one hot path: what it says, that it always says the same, and that its words can be found again."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp import Listing, load
from nlp.cues import CUE_NAMES
from nlp.schema import (
    LISTING,
    VERDICT,
    listings_from_batch,
    listings_to_batch,
    verdicts_from_batch,
    verdicts_to_batch,
)

SAMPLES = [
    Listing(
        id="1",
        title="LV Neverfull 1:1 mirror quality",
        description="WhatsApp +86 138 0013 5720",
        price=89,
        currency="USD",
        seller="x",
    ),
    Listing(
        id="2",
        title="Louis Vuitton Neverfull, pre-owned, no replicas please",
        price=820,
        currency="EUR",
        seller="y",
    ),
    Listing(id="3", title="古驰 腰带 高仿 1:1", description="加V信 belt8866", price=128, currency="CNY"),
    Listing(id="4", title="AAA batteries, pack of 24"),
    Listing(id="5", title="Gucci canvas bag, $2-5, MOQ 2000"),
    Listing(
        id="6", title="Сумка G*cci, копия люкс 🔥", description="Все цвета. " * 60 + "Ватсап +7 900 123-45-67"
    ),
    Listing(id="7", title="구찌 마몬트 미러급", description="<b>카톡</b> bagmirror"),
    Listing(id="8", title="x"),
]


@pytest.fixture(scope="module")
def detector():
    return load()


def spans(verdict):
    return [each for each in (*verdict.cues, *verdict.brands) if each.field] + list(verdict.contacts)


def test_the_article_s_bag_at_two_dollars_and_at_its_price(detector):
    cheap = detector.classify(Listing(title="Gucci canvas bag, $2-5, MOQ 2000"))
    cues = {cue.cue for cue in cheap.cues}
    assert {"price_too_low", "wholesale_offer"} <= cues
    assert cheap.price_ratio < 0.01
    assert cheap.suspicious
    dear = detector.classify(Listing(title="Gucci canvas bag, $795"))
    assert not {"price_too_low", "wholesale_offer"} & {cue.cue for cue in dear.cues}


def test_a_batch_in_gives_a_batch_out_row_for_row(detector):
    verdicts = detector.detect(listings_to_batch(SAMPLES))
    assert verdicts.schema.equals(VERDICT)
    assert verdicts.column("id").to_pylist() == [each.id for each in SAMPLES]


def test_batch_size_and_row_order_change_no_verdict(detector):
    together = {each.id: each for each in detector.pipe(SAMPLES)}
    shuffled = random.Random(1).sample(SAMPLES, len(SAMPLES))
    assert {each.id: each for each in detector.pipe(shuffled)} == together
    assert {each.id: detector.classify(each) for each in SAMPLES} == together


def test_records_and_batches_agree(detector):
    assert listings_from_batch(listings_to_batch(SAMPLES)) == SAMPLES
    verdicts = list(detector.pipe(SAMPLES))
    again = verdicts_from_batch(verdicts_to_batch(verdicts))
    assert [(each.id, each.band, each.brands, each.contacts) for each in again] == [
        (each.id, each.band, each.brands, each.contacts) for each in verdicts
    ]


def test_an_empty_batch_gives_an_empty_batch(detector):
    assert (
        detector.detect(
            LISTING.empty_table().to_batches()[0]
            if LISTING.empty_table().to_batches()
            else listings_to_batch([])
        ).num_rows
        == 0
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(max_size=80), description=st.text(max_size=200), price=st.none() | st.floats(allow_nan=True)
)
def test_any_listing_gets_a_verdict_whose_words_slice_back(detector, title, description, price):
    listing = Listing(title=title, description=description, price=price, currency="EUR")
    verdict = detector.classify(listing)
    assert 0 <= verdict.score <= 1
    assert verdict.suspicious == (verdict.band != "clear")
    for span in spans(verdict):
        words = getattr(listing, span.field)[span.start : span.end]
        assert words
        if hasattr(span, "text"):
            assert words == span.text


def test_every_cue_shown_is_a_known_one_and_every_reason_a_sentence(detector):
    for verdict in detector.pipe(SAMPLES):
        assert {cue.cue for cue in verdict.cues} <= set(CUE_NAMES)
        assert len(verdict.reasons) == len({cue.cue for cue in verdict.cues})
        assert "is counterfeit" not in " ".join(verdict.reasons)


def test_a_known_model_is_named_in_each_verdict(detector):
    assert detector.classify(SAMPLES[0]).model == detector.artefact.identity


def test_long_texts_are_read_to_their_end(detector):
    filler = "Versand am selben Tag, tierfreier Haushalt, keine Rücknahme. " * 40
    hidden = detector.classify(Listing(title="Tasche", description=f"{filler}Replica 1:1, mirror quality."))
    assert "replica_claim" in {cue.cue for cue in hidden.cues}
