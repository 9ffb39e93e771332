"""What several files of tests begin with."""

import pytest


@pytest.fixture(scope="module")
def detector():
    from nlp import load

    return load()


@pytest.fixture
def run(detector, monkeypatch):
    """The module of runs, with batches so small that the examples are several, and a model that is loaded once."""
    from nlp import run
    from nlp.detector import Detector
    from nlp.reading import Reader

    monkeypatch.setattr(Reader, "load", lambda **_: detector.reader)
    monkeypatch.setattr(Detector, "load", lambda *_, **__: detector)
    monkeypatch.setattr(run, "BATCH_SIZE", 10)
    return run
