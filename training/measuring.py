"""``fauxwatch evaluate``: a finished model on labelled rows, and whether it has seen them before."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import COUNTERFEIT, LABELS
from nlp.detector import Detector
from nlp.markup import without_markup
from training.assemble import read_seen, write_json
from training.checks import Finding, language_finding
from training.compare import compare_scores
from training.encoded import encode_table, reader_for
from training.evaluation import Measured, false_alarms, figures_of, tfidf_out_of_fold
from training.groups import folds_of
from training.plots import write_plots
from training.prepare import prepare
from training.team import baseline_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlp.reading import Reader
    from training.prepare import Prepared, Source
    from training.table import LabelledTable
    from training.team import Say

__all__ = ["Evaluation", "measure_model"]

_AT: Final = LABELS.index(COUNTERFEIT)
_CHUNK: Final = 256
_BASELINE_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures as they stand in ``metrics.json``, what is wrong with the rows, and the worst false alarms."""

    metrics: dict[str, Any]
    findings: tuple[Finding, ...]
    alarms: list[dict[str, Any]]


def measure_model(
    model: Path, source: Source, target: Path, *, compare: Path | None = None, say: Say
) -> Evaluation:
    """Scores every labelled row as ``classify`` would; writes figures, plots and false alarms into ``target``.

    Raises:
        UsageError, DumpError, ArtefactError: with what to do about it.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepared = prepare(
            source, work, target, least=False, progress=lambda rows: say.bar("reading", rows, 0)
        )
        reader = reader_for(prepared.table)
        detector = Detector.load(model, reader=reader)
        measured = _measured(prepared, detector, reader, work, say)
        findings = [
            *_seen(model, prepared),
            *prepared.findings,
            *language_finding(measured.langs, measured.truth),
        ]
        metrics = {"model": detector.artefact.identity, **figures_of(measured)}
        metrics["findings"] = [each.as_json() for each in findings]
        if compare is not None:
            metrics["compare"] = _compare(compare, prepared, measured, reader, say)
        alarms = false_alarms(prepared.table, measured)
    target.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target / "plots", ignore_errors=True)
    write_plots(measured, target / "plots")
    write_json(target / "false_alarms.json", alarms)
    write_json(target / "metrics.json", metrics)
    return Evaluation(metrics=metrics, findings=tuple(findings), alarms=alarms)


def _measured(  # noqa: PLR0917 - the command's own inside
    prepared: Prepared, detector: Detector, reader: Reader, work: Path, say: Say
) -> Measured:
    table = prepared.table
    bundled = (
        detector
        if detector.artefact.detector.get("head") is None
        else Detector.load("bundled", reader=reader)
    )
    encoded = encode_table(
        table, bundled, work / "encoded", progress=lambda done, total: say.bar("baselines", done, total)
    )
    baselines = baseline_scores(encoded, bundled.artefact.name)
    if bundled is detector:
        baselines = {name: scores for name, scores in baselines.items() if not name.startswith("base model")}
    if len(table) <= _BASELINE_ROWS and 0 < table.truth.sum() < len(table):
        folds = folds_of(
            prepared.clusters, table.truth, folds=min(5, len(np.unique(prepared.clusters))), seed=1
        )
        baselines["TF-IDF + logistic regression (cross-validated here)"] = tfidf_out_of_fold(
            encoded.texts, table.truth, folds
        )
    return Measured(
        labels=table.labels,
        probabilities=_scores(table, detector, say),
        thresholds=detector.thresholds,
        clusters=prepared.clusters,
        sellers=table.sellers,
        langs=encoded.langs,
        baselines=baselines,
    )


def _scores(table: LabelledTable, detector: Detector, say: Say) -> NDArray[np.float64]:
    parts = []
    for start, listings in table.chunks(_CHUNK):
        parts.append(
            detector.probabilities([detector.reader.read(without_markup(each)[0]) for each in listings])
        )
        say.bar("scoring", start + len(listings), len(table))
    return np.concatenate(parts)


def _seen(model: Path, prepared: Prepared) -> list[Finding]:
    """A warning where the model learnt from the very rows that it is measured on."""
    seen = read_seen(model)
    known = 0 if seen is None else int(np.isin(prepared.table.texts, seen).sum())
    if not known:
        return []
    return [
        Finding(
            code="seen",
            level="warning",
            text=(
                f"{known:,} of {len(prepared.table):,} rows are texts that this model learned from: these figures flatter. "
                "The honest ones (held out by seller) stand in the model's card; measure on new labels"
            ),
        )
    ]


def _compare(  # noqa: PLR0917 - the same
    other: Path, prepared: Prepared, measured: Measured, reader: Reader, say: Say
) -> dict[str, Any]:
    detector = Detector.load(other, reader=reader)
    scores = _scores(prepared.table, detector, say)[:, _AT]
    thresholds = (measured.thresholds.queue, detector.thresholds.queue)
    return {
        "other": detector.artefact.identity,
        "other_seen": [each.text for each in _seen(other, prepared)],
        "differences": compare_scores(
            measured.truth, measured.scores, scores, prepared.clusters, thresholds=thresholds
        ),
    }
