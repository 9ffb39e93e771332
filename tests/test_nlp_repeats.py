"""Texts that come again: read and scored once, with the verdicts that they would have had alone."""

from dataclasses import replace

import pytest

from nlp import Listing
from nlp.detector import Detector
from nlp.letters import Page
from nlp.phrases import Lexicon
from nlp.reading import Reader
from nlp.repeats import Remembered, digest

LISTINGS = [
    Listing(id="1", title="Rolex Submariner superclone", description="WhatsApp +86 138 0013 5720", price=190),
    Listing(id="2", title="Cotton tea towel, set of three", price=9, currency="EUR"),
    Listing(id="3", title="Сумка G*cci, копия люкс", description="Все цвета. " * 40),
]


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


def test_repeats_have_the_verdicts_that_they_have_alone(reader):
    repeated = [replace(each, id=f"{each.id}-{turn}") for turn in range(3) for each in LISTINGS]
    together = list(Detector.load(reader=reader).pipe(repeated))
    alone = [Detector.load(reader=Reader.load()).classify(each) for each in LISTINGS]
    assert together == [replace(verdict, id=f"{verdict.id}-{turn}") for turn in range(3) for verdict in alone]


def test_the_encoder_sees_each_text_once(reader, monkeypatch):
    detector = Detector.load(reader=reader, exact=True)
    seen = []
    score = detector.classifier.encoder_logits
    monkeypatch.setattr(
        detector.classifier, "encoder_logits", lambda views: seen.extend(views) or score(views)
    )
    honest = LISTINGS[1]
    for _ in range(2):
        list(detector.pipe([replace(honest, id=str(number), seller=str(number)) for number in range(5)]))
    assert len(seen) == 1


def test_the_same_text_at_another_price_is_another_reading(reader):
    bag = Listing(title="Gucci Marmont bag", price=1900, currency="USD")
    dear, cheap = reader.read(bag), reader.read(replace(bag, price=19))
    assert dear.brands == cheap.brands
    assert cheap.price.low
    assert not dear.price.low


def test_a_page_made_before_gives_the_same_phrases():
    lexicon, text = Lexicon.load(), "1:1 mirror quality — no  replicas, AAA"
    assert lexicon.find(text, page=Page.of(text)) == lexicon.find(text)


def test_of_more_values_than_there_is_room_for_the_oldest_is_forgotten():
    memory = Remembered(2)
    for number in range(3):
        memory.put(digest(str(number)), number)
    assert [memory.get(digest(str(number))) for number in range(3)] == [None, 1, 2]
    assert len(memory) == 2
    assert memory.of(digest("0"), lambda: 7) == 7
    assert memory.of(digest("0"), lambda: 8) == 7


def test_none_is_remembered_as_well():
    memory = Remembered(2)
    assert memory.of(b"k", lambda: None) is None
    assert memory.of(b"k", lambda: 1) is None


def test_a_digest_tells_where_one_text_ends():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a", "") != digest("a")
    assert digest("\ud800")
