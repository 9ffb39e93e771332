"""The cascade: what the gate spares the encoder, what it leaves as it is, and when its promise is seen to be broken."""

import dataclasses
import json

import numpy as np
import pytest

from nlp import Listing
from nlp.cues import COUNTERFEIT
from nlp.decide import Stack, feature_names
from nlp.detector import Detector
from nlp.errors import ArtefactError
from nlp.gate import Gate, Passage
from nlp.schema import listings_to_batch, verdicts_from_batch

LISTINGS = [
    Listing(id=str(at), title=title)
    for at, title in enumerate(
        ["LV Neverfull 1:1 mirror quality, WhatsApp +86 138 0013 5720", "garden chair", "blue kettle, 1.7 l"]
        + [f"wooden spoon number {number}" for number in range(120)]
    )
]


@pytest.fixture(scope="module")
def exact():
    return Detector.load(exact=True)


def gated(exact, below):
    """The same detector with a gate that lets through what holds a strong phrase."""
    labels = exact.artefact.labels
    weights = np.zeros((len(labels), len(feature_names(labels))))
    at = labels.index(COUNTERFEIT)
    weights[at, feature_names(labels).index("weight:replica_claim")] = 8.0
    stack = Stack(labels=labels, weights=weights, bias=np.full(len(labels), -4.0))
    table = Gate(stack=stack, below=below).to_json()
    artefact = dataclasses.replace(exact.artefact, detector={**exact.artefact.detector, "gate": table})
    return Detector(artefact, exact.reader, exact.classifier)


def detect(detector, listings):
    batch = detector.detect(listings_to_batch(listings))
    return verdicts_from_batch(batch), Passage.of(batch)


def test_spared_rows_cost_no_encoder_and_the_rest_is_as_exact(exact, monkeypatch):
    detector = gated(exact, 0.5)
    whole = {verdict.id: verdict for verdict in detect(exact, LISTINGS)[0]}
    seen = []
    real = exact.classifier.encoder_logits
    monkeypatch.setattr(exact.classifier, "encoder_logits", lambda views: seen.extend(views) or real(views))
    verdicts, passage = detect(detector, LISTINGS)
    assert verdicts[0] == whole["0"]
    assert verdicts[0].suspicious
    assert passage.rows == len(LISTINGS)
    assert passage.spared == len(LISTINGS) - 1
    assert 0 < passage.sampled < 12
    titles = {view.title for view in seen} & {listing.title for listing in LISTINGS}  # not those of evidence
    assert len(titles) == 1 + passage.sampled


def test_company_and_batch_size_change_nothing(exact):
    detector = gated(exact, 0.5)
    whole, passage = detect(detector, LISTINGS)
    parts, total = [], Passage()
    for at in range(0, len(LISTINGS), 7):
        verdicts, each = detect(detector, LISTINGS[at : at + 7])
        parts += verdicts
        total += each
    assert parts == whole
    assert total == passage


def test_an_exact_detector_has_no_gate(exact):
    assert detect(exact, LISTINGS[:2])[1] is None


def test_the_bundled_model_s_gate_spares_most_of_what_nobody_doubts(exact):
    detector = Detector(exact.artefact, exact.reader, exact.classifier)
    verdicts, passage = detect(detector, LISTINGS)
    assert passage.spared > len(LISTINGS) * 0.8
    assert [verdict.suspicious for verdict in verdicts[:3]] == [True, False, False]


def test_a_broken_promise_is_seen_in_the_sample():
    kept = Passage(rows=100_000, spared=90_000, sampled=1_800, missed=0, flagged=2_000)
    assert kept.lost() == (0.0, 0.0)
    broken = Passage(rows=100_000, spared=90_000, sampled=1_800, missed=30, flagged=2_000)
    estimate, least = broken.lost()
    assert 0.3 < least < estimate < 0.5


@pytest.mark.parametrize("damage", [{"below": 7}, {"stack": {}}, {"below": "x"}])
def test_a_damaged_gate_is_refused(exact, damage):
    table = gated(exact, 0.5).artefact.detector["gate"] | damage
    artefact = dataclasses.replace(exact.artefact, detector={**exact.artefact.detector, "gate": table})
    with pytest.raises(ArtefactError, match="gate"):
        Gate.load(artefact)


def test_a_run_counts_what_the_gate_did_and_says_so(exact, tmp_path, monkeypatch, capsys):
    from nlp.reading import Reader
    from nlp.run import Settings, classify_dumps
    from nlp.terminal import show_summary

    detector = gated(exact, 0.5)
    monkeypatch.setattr(Reader, "load", lambda *_, **__: detector.reader)
    monkeypatch.setattr(Detector, "load", lambda *_, **given: exact if given.get("exact") else detector)
    dump = tmp_path / "dump.csv"
    dump.write_text("id,title\n" + "".join(f'{each.id},"{each.title}"\n' for each in LISTINGS), "utf-8")
    summary = classify_dumps([str(dump)], tmp_path / "out.jsonl")
    assert summary.passage.spared == len(LISTINGS) - 1
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text("utf-8"))
    assert manifest["gate"]["rows"] == len(LISTINGS)
    show_summary(summary, explain=False)
    assert "without the encoder" in capsys.readouterr().err
    whole = classify_dumps([str(dump)], tmp_path / "exact.jsonl", settings=Settings(exact=True))
    assert whole.passage is None
    assert whole.suspected == summary.suspected


def test_a_dump_that_breaks_the_promise_is_told(capsys):
    from nlp.summary import Summary
    from nlp.terminal import show_summary

    broken = Passage(rows=100_000, spared=90_000, sampled=1_800, missed=30, flagged=2_000)
    show_summary(Summary(output="out.jsonl", passage=broken), explain=False)
    assert "--exact" in capsys.readouterr().err
