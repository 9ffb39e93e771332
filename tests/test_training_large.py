"""Large sets: parts, the streamed channel, memory that does not hold texts."""

import csv
import random

import numpy as np
import pytest

from nlp.ngrams import NgramChannel
from training.channel import fit_channel, hashed_matrix, stream_channel
from training.large import divide
from training.prepare import Source, prepare
from training.recipe import TeamConfig
from training.table import text_key

GOOD = ["worn", "receipt", "boutique", "leather", "strap", "warm", "colour", "second", "hand"]
BAD = ["mirror", "grade", "copy", "factory", "batch", "replica", "clone", "quality"]


def text(rng, *, fake):
    return " ".join(rng.choice(BAD if fake and rng.random() < 0.4 else GOOD) for _ in range(9))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    rng = random.Random(2)
    path = folder / "labels.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["title", "seller", "listed_at", "label"])
        for at in range(600):
            fake = at % 3 == 0
            day = f"2026-{1 + at // 60:02d}-{1 + at % 28:02d}"
            writer.writerow(
                [f"{text(rng, fake=fake)} {rng.random():.9f}{at}", f"s{rng.randrange(90)}", day, int(fake)]
            )
    return prepare(Source(paths=(str(path),), time="listed_at"), folder / "work", folder / "reports")


def test_parts_by_seller_share_no_cluster(prepared):
    parts = divide(prepared, TeamConfig())
    sides = [set(prepared.clusters[rows].tolist()) for rows in (parts.train, parts.dev, parts.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert sum(map(len, (parts.train, parts.dev, parts.test))) == len(prepared.table)


def test_parts_by_time_test_on_what_came_later(prepared):
    parts = divide(prepared, TeamConfig(split="time"))
    times = prepared.table.times
    assert times[np.r_[parts.train, parts.dev]].max() <= times[parts.test].min()


def test_a_streamed_channel_tells_what_a_whole_one_tells():
    rng = random.Random(4)
    truth = np.array([at % 3 == 0 for at in range(900)])
    texts = [text(rng, fake=bool(each)) for each in truth]
    learn, rest = slice(0, 700), slice(700, 900)

    def chunks():
        for start in range(0, 700, 128):
            stop = min(start + 128, 700)
            yield texts[start:stop], truth[start:stop]

    weights, bias = stream_channel(chunks, rows=700, positives=int(truth[learn].sum()), seed=1)
    whole, whole_bias = fit_channel(hashed_matrix(texts[learn]), truth[learn])
    for each, offset in ((weights, bias), (whole, whole_bias)):
        channel = NgramChannel(each[:, None], np.array([offset], np.float32))
        scores = channel.logits(texts[rest])[:, 0]
        order = scores[truth[rest]][:, None] > scores[~truth[rest]][None, :]
        assert order.mean() > 0.9


def test_a_channel_without_both_classes_says_nothing():
    weights, bias = fit_channel(hashed_matrix(["a bag", "a watch"]), np.array([True, True]))
    assert not weights.any()
    assert bias == 0


def test_listings_come_back_as_they_stood_and_stay_on_disk(prepared):
    table = prepared.table
    some = table.select(np.array([5, 3, 400]))
    assert [each.title for each in some.listings()] == [
        table.listings(at, at + 1)[0].title for at in (5, 3, 400)
    ]
    assert [text_key(each) for each in some.listings()] == some.texts.tolist()
    assert some.fingerprint != table.fingerprint
    assert table.rows.cache_files
