"""``fauxwatch train --suggest N``: the new model looks for the rows that pay most if a person labels them next."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import numpy as np

from nlp.cues import COUNTERFEIT, LABELS
from nlp.detector import Detector
from nlp.errors import UsageError
from nlp.markup import without_markup
from training.channel import hashed_matrix
from training.encoded import reader_for
from training.groups import cluster_rows
from training.label_columns import Layout
from training.suggest import choose, write_tasks
from training.table import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.table import LabelledTable
    from training.team import Say

__all__ = ["suggest_rows"]

_AT: Final = LABELS.index(COUNTERFEIT)
_CHUNK: Final = 256


def suggest_rows(
    model: Path,
    dumps: Sequence[str],
    unlabelled: LabelledTable,
    target: Path,
    *,
    count: int,
    mapping: Mapping[str, str],
    most: int,
    say: Say,
) -> int:
    """Writes ``count`` rows of ``dumps`` (or, without dumps, of ``unlabelled``) as Label Studio tasks; gives their number.

    Raises:
        UsageError: if there is no row without a label to choose from.
    """
    work = target.parent / "pool"
    try:
        pool = (
            load_table(dumps, Layout(label=None, mapping=dict(mapping)), work).table if dumps else unlabelled
        )
        if not len(pool):
            raise UsageError("--suggest: no row without a label; give a dump to choose from with --pool DUMP")
        if len(pool) > most:
            pool = pool.select(np.sort(np.random.default_rng(1).choice(len(pool), most, replace=False)))
        detector = Detector.load(model, reader=reader_for(pool))
        texts, scores = _scored(pool, detector, say)
        rows = choose(
            scores,
            hashed_matrix(texts),
            cluster_rows(pool, sellers=False),
            count=count,
            threshold=detector.thresholds.queue,
        )
        listings = pool.select(np.array(rows, np.int64)).listings()
        write_tasks(listings, [float(scores[at]) for at in rows], target, model=detector.artefact.identity)
        return len(rows)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _scored(pool: LabelledTable, detector: Detector, say: Say) -> tuple[list[str], np.ndarray]:
    texts: list[str] = []
    parts = []
    for start, listings in pool.chunks(_CHUNK):
        plain = [without_markup(each)[0] for each in listings]
        parts.append(detector.probabilities([detector.reader.read(each) for each in plain])[:, _AT])
        texts += [f"{each.title}\n{each.description}" for each in plain]
        say.bar("scoring the pool", start + len(listings), len(pool))
    return texts, np.concatenate(parts)
