"""The words that are shown: whole words in every script, and enough of them."""

import pytest

from nlp import Listing
from nlp.detector import Detector
from nlp.evidence import _words, blanked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Gucci, like-new!", ["Gucci", ",", "like", "-", "new", "!"]),
        ("हिंदी कॉपी", ["हिंदी", "कॉपी"]),
        ("กระเป๋ก๊อป", ["กระเป๋", "ก๊อป"]),
        ("高仿包包一比一顶级", ["高仿包包一比", "一顶级"]),
    ],
)
def test_words_are_not_cut_at_marks(text, words):
    assert [text[start:end] for start, end in _words(text, 0, len(text))] == words


def test_what_is_blanked_moves_nothing():
    listing = Listing(title="LV bag 1:1", description="mirror quality, ask")
    rest = blanked(listing, [("title", 7, 10), ("description", 0, 6)])
    assert rest.title == "LV bag    "
    assert rest.description == "       quality, ask"
    assert len(rest.description) == len(listing.description)


@pytest.mark.parametrize(
    "title",
    [
        "LV Neverfull 1:1 mirror quality, best replica from the factory, all colours",
        "古驰 腰带 高仿 1:1 原单 同厂 批发",
    ],
)
def test_without_what_is_shown_nothing_would_be_flagged(title):
    detector = Detector.load(exact=True)
    listing = Listing(title=title, description="WhatsApp +86 138 0013 5720")
    verdict = detector.classify(listing)
    assert verdict.suspicious
    shown = [(cue.field, cue.start, cue.end) for cue in verdict.cues if cue.field]
    assert not detector.classify(blanked(listing, shown)).suspicious
