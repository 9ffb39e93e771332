"""A team's labels in, a verified model folder out: check, say how long, encode, fit, measure, doubt, suggest, write the card.

Small sets (up to ``TeamConfig.small`` rows) are measured by cross-validation over clusters and learn from every row; large ones hold
clusters out (see ``training.large``). What is done is kept under ``DIR.work``; killed and called again, a run ends with the same figures.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import open_artefact
from nlp.cues import COUNTERFEIT, LABELS
from nlp.detector import Detector
from nlp.head import COLUMN_FEATURES
from nlp.markup import without_markup
from training.assemble import assemble, move_into_place, verify, write_json
from training.checks import Finding, language_finding
from training.encoded import encode_table, reader_for, seconds_per_row
from training.evaluation import Measured, false_alarms, figures_of, tfidf_out_of_fold
from training.learning import blocks_of, fit_heads, out_of_fold, team_thresholds
from training.metrics import pr_auc
from training.noise import Doubt, probably_wrong, write_doubts
from training.plots import write_plots
from training.prepare import Prepared, Source, prepare, split_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.artefact import Artefact
    from training.encoded import Encoded
    from training.learning import Heads
    from training.recipe import TeamConfig
    from training.table import LabelledTable

__all__ = ["Outcome", "Plan", "Say", "fit_team", "plan_team", "reports_folder"]

_AT: Final = LABELS.index(COUNTERFEIT)
_FIT_SECONDS: Final = 0.02, 0.0006  # one fit of a channel and a head, measured: a constant, and for each row
_FULL_SEEDS: Final = (
    600  # rows up to which every seed is run; up to three times as many three of them, above one
)


@dataclass(frozen=True, slots=True)
class Say:
    """How a run speaks: ``line`` prints, ``bar(stage, done, total)`` moves a progress bar."""

    line: Callable[[str], None]
    bar: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was read, and what training would do. ``minutes`` is an estimate from a few rows timed here and now."""

    prepared: Prepared
    findings: tuple[Finding, ...]
    detector: Detector
    checkpoint: Path
    small: bool
    seeds: tuple[int, ...]
    minutes: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was fitted and how it did on rows that it did not see. ``crossed`` are probabilities out of fold, ``None``: see ``measured``."""

    source: Artefact
    heads: Heads
    measured: Measured
    rows: LabelledTable
    seeds: dict[str, list[float | None]]
    procedure: str
    seen: NDArray[np.uint64]
    doubts: tuple[Doubt, ...]
    doubted: LabelledTable
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The model folder, its figures, and the reports beside it."""

    folder: Path
    metrics: dict[str, Any]
    reports: Path
    doubts: int
    alarms: list[dict[str, Any]]


def reports_folder(output: Path) -> Path:
    """Where texts go that a model folder must not hold: rejected rows, contradictions, doubtful labels, suggestions."""
    return output.with_name(f"{output.name}.reports")


def plan_team(
    source: Source, output: Path, *, base: Path, config: TeamConfig, say: Say, checkpoint: Path | None = None
) -> Plan:
    """Reads and checks the labels and says how long training will take.

    ``base`` is the model folder whose answers are built on; ``checkpoint`` the encoder that is adapted, if another one.

    Raises:
        UsageError, DumpError, ArtefactError: with what to do about it.
    """
    artefact = open_artefact(base)
    work = output.with_name(f"{output.name}.work")
    prepared = prepare(
        source,
        work,
        reports_folder(output),
        trust=config.trust,
        progress=lambda rows: say.bar("reading", rows, 0),
    )
    findings = [*split_findings(prepared, config.split, share=config.test_share), *prepared.findings]
    _start_over_if_changed(work, prepared, artefact, config, say)
    small = (
        len(prepared.table) <= config.small and config.method in ("auto", "frozen") and config.split != "time"
    )
    detector = Detector.load(base, reader=reader_for(prepared.table))
    seeds = _seeds(len(prepared.table), config)
    seconds = _seconds(prepared, detector, checkpoint or base, small=small, seeds=len(seeds), config=config)
    return Plan(
        prepared=prepared,
        findings=tuple(findings),
        detector=detector,
        checkpoint=checkpoint or base,
        small=small,
        seeds=seeds,
        minutes=seconds / 60,
        text=_plan_text(prepared, small=small, seeds=len(seeds), config=config, minutes=seconds / 60),
    )


def fit_team(plan: Plan, output: Path, *, config: TeamConfig, say: Say, facts: str | None = None) -> Outcome:
    """The model folder ``output``, trained as planned, verified by loading it.

    Raises:
        ArtefactError: if the finished folder does not say what was fitted.
    """
    began = time.monotonic()
    work = output.with_name(f"{output.name}.work")
    if plan.small:
        learned = _fit_small(plan, work, config, say)
    else:
        from training.large import fit_large

        learned = fit_large(plan, work, config, say)
    findings = [*plan.findings, *language_finding(learned.measured.langs, learned.measured.truth)]
    metrics = _metrics(plan, learned, findings, config, minutes=(time.monotonic() - began) / 60)
    folder = work / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    write_plots(learned.measured, folder / "plots")
    assemble(
        folder,
        learned.source,
        learned.heads,
        learned.measured.thresholds,
        config=config,
        metrics=metrics,
        facts=facts,
        seen=learned.seen,
    )
    _verify(folder, plan, learned)
    reports = reports_folder(output)
    if learned.doubts:
        write_doubts(learned.doubted, list(learned.doubts), reports / "probably_wrong.csv")
    alarms = false_alarms(learned.rows, learned.measured)
    if alarms:
        reports.mkdir(parents=True, exist_ok=True)
        write_json(reports / "false_alarms.json", alarms)
    move_into_place(folder, output)
    shutil.rmtree(work, ignore_errors=True)
    return Outcome(folder=output, metrics=metrics, reports=reports, doubts=len(learned.doubts), alarms=alarms)


def baseline_scores(encoded: Encoded, name: str = "bundled") -> dict[str, NDArray[np.float64]]:
    """What simpler means say of the same rows: the base model as it is, the strongest phrase, whether a brand is named."""
    columns = {feature: encoded.columns[:, at] for at, feature in enumerate(COLUMN_FEATURES)}
    return {
        f"base model ({name})": 1 / (1 + np.exp(-encoded.base[:, _AT])),
        "keyword list": columns["phrases"],
        "any brand": np.maximum(columns["brand:title"], columns["brand:column"]),
    }


def _fit_small(plan: Plan, work: Path, config: TeamConfig, say: Say) -> Learned:
    prepared, table = plan.prepared, plan.prepared.table
    encoded = encode_table(
        table, plan.detector, work / "encoded", progress=lambda done, total: say.bar("encoding", done, total)
    )
    blocks = blocks_of(encoded, prepared.clusters, prepared.texts)
    rows = np.arange(len(table)) if config.split == "random" else None
    crossed, seeds = [], []
    for number, seed in enumerate(plan.seeds):
        make = partial(
            out_of_fold,
            blocks,
            table.labels,
            seed=seed,
            config=config,
            dropped=prepared.dropped,
            clusters=rows,
        )
        found = _cached(work / f"crossed-{seed}.npz", make)
        crossed.append(found)
        seeds.append(pr_auc(table.truth, found[0][:, _AT]))
        say.bar("cross-validating", number + 1, len(plan.seeds))
    probabilities, folds = crossed[0]
    thresholds = team_thresholds(probabilities, table.labels, plan.detector.thresholds, config)
    heads = fit_heads(blocks, table.labels, seed=config.seed, dropped=prepared.dropped)
    say.bar("fitting", 1, 1)
    measured = Measured(
        labels=table.labels,
        probabilities=probabilities,
        thresholds=thresholds,
        clusters=prepared.clusters,
        sellers=table.sellers,
        langs=encoded.langs,
        baselines=baseline_scores(encoded, plan.detector.artefact.name)
        | {"TF-IDF + logistic regression": tfidf_out_of_fold(encoded.texts, table.truth, folds)},
    )
    # A wrong label shows best against the seller's other rows, so that doubts come from folds of rows, unlike figures.
    single = partial(
        out_of_fold, blocks, table.labels, seed=config.seed, config=config, dropped=prepared.dropped
    )
    doubts, _ = _cached(work / "doubts.npz", partial(single, clusters=np.arange(len(table))))
    other = _other_split(plan, blocks, config) if config.split == "random" else {}
    kind = "random rows (LEAKING)" if config.split == "random" else "sellers and near-identical texts"
    return Learned(
        source=plan.detector.artefact,
        heads=heads,
        measured=measured,
        rows=table,
        seeds={"pr_auc": [None if value is None else round(value, 4) for value in seeds]},
        procedure=(
            f"Cross-validated over {kind}: each of {len(table):,} rows was scored by models that saw nothing of its part "
            f"({len(set(folds.tolist()))} parts); the model in this folder then learned from all rows. Intervals are 95 % (bootstrap over clusters)."
        ),
        seen=table.texts,
        doubts=tuple(probably_wrong(table.truth, doubts[:, _AT])),
        doubted=table,
        extra=other,
    )


def _other_split(plan: Plan, blocks: Any, config: TeamConfig) -> dict[str, Any]:
    """The honest figure beside the one of a random split."""
    table = plan.prepared.table
    honest, _ = out_of_fold(
        blocks, table.labels, seed=config.seed, config=config, dropped=plan.prepared.dropped
    )
    value = pr_auc(table.truth, honest[:, _AT])
    return {"split_by_seller": {"pr_auc": None if value is None else round(value, 4)}}


def _metrics(
    plan: Plan, learned: Learned, findings: Sequence[Finding], config: TeamConfig, *, minutes: float
) -> dict[str, Any]:
    table = plan.prepared.table
    return {
        "kind": "team",
        "procedure": learned.procedure,
        **figures_of(learned.measured),
        "seeds": learned.seeds,
        **learned.extra,
        "findings": [each.as_json() for each in findings],
        "data": {
            "rows": len(table),
            "positives": int(table.truth.sum()),
            "sellers": len(set(table.sellers.tolist()) - {-1}),
            "clusters": len(set(plan.prepared.clusters.tolist())),
            "unlabelled": len(plan.prepared.pool),
            "doubtful": len(learned.doubts),
            "fingerprint": table.fingerprint[:16],
        },
        "training": {
            "method": "frozen" if config.method == "auto" else config.method,
            "split": config.split,
            "minutes": round(minutes, 1),
            "base": learned.source.identity,
            "labels": list(learned.heads.by_label),
            "dropped_columns": sorted(plan.prepared.dropped),
        },
    }


def _verify(folder: Path, plan: Plan, learned: Learned) -> None:
    """The folder, loaded as ``classify`` loads it, must say of a few rows what the fitted heads say."""
    sample = learned.rows.select(
        np.linspace(0, len(learned.rows) - 1, min(20, len(learned.rows))).astype(np.int64)
    )
    detector = Detector.load(learned.source.path, reader=plan.detector.reader)
    readings = [detector.reader.read(without_markup(each)[0]) for each in sample.listings()]
    work = folder.parent / f"verify-{hashlib.sha256(sample.fingerprint.encode()).hexdigest()[:8]}"
    encoded = encode_table(sample, detector, work)
    blocks = blocks_of(encoded, np.arange(len(sample)), np.arange(len(sample)))
    verify(folder, detector.reader, readings, learned.heads.probabilities(blocks))


def _seeds(rows: int, config: TeamConfig) -> tuple[int, ...]:
    count = config.seeds if rows <= _FULL_SEEDS else min(config.seeds, 3) if rows <= 3 * _FULL_SEEDS else 1
    return tuple(config.seed + each for each in range(max(count, 1)))


def _seconds(
    prepared: Prepared, detector: Detector, checkpoint: Path, *, small: bool, seeds: int, config: TeamConfig
) -> float:
    rows = len(prepared.table)
    each = seconds_per_row(prepared.table, detector)
    constant, growing = _FIT_SECONDS
    if small:
        fits = seeds * config.folds * (config.folds + 2)
        return rows * each + fits * (constant + growing * rows) + 20
    from training.large import large_seconds

    return large_seconds(prepared, each, config, checkpoint)


def _plan_text(prepared: Prepared, *, small: bool, seeds: int, config: TeamConfig, minutes: float) -> str:
    table = prepared.table
    positives = int(table.truth.sum())
    clusters = len(set(prepared.clusters.tolist()))
    sellers = len(set(table.sellers.tolist()) - {-1})
    how = (
        f"cross-validation over {clusters:,} clusters, {seeds} seed(s), then a fit on all rows"
        if small
        else f"{config.test_share:.0%} held out by {config.split}, method {config.method}"
    )
    about = "less than a minute" if minutes < 1 else f"about {minutes:.0f} minute(s)"
    return (
        f"{len(table):,} labelled rows ({positives:,} counterfeit, {len(table) - positives:,} genuine) of {sellers:,} sellers, "
        f"{len(prepared.pool):,} without a label; {how}; {about} on this machine"
    )


def _start_over_if_changed(  # noqa: PLR0917 - the run's own inside
    work: Path, prepared: Prepared, base: Artefact, config: TeamConfig, say: Say
) -> None:
    """What is under ``work`` counts only for the same rows, base and recipe."""
    recipe = json.dumps(asdict(replace(config, name="")), sort_keys=True, default=str)
    key = hashlib.sha256(f"{prepared.table.fingerprint}|{base.fingerprint}|{recipe}".encode()).hexdigest()
    file = work / "key.txt"
    known = file.read_text() if file.exists() else None
    if known == key:
        say.line(f"going on with what is under {work}")
        return
    for each in work.iterdir():
        if each.name not in ("data", "exports"):
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()
    file.write_text(key)


def _cached(
    file: Path, make: Callable[[], tuple[NDArray[np.float64], NDArray[np.int64]]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if file.exists():
        with np.load(file, allow_pickle=False) as saved:
            return saved["probabilities"], saved["folds"]
    probabilities, folds = make()
    unfinished = file.with_suffix(".partial")
    with unfinished.open("wb") as stream:
        np.savez(stream, probabilities=probabilities, folds=folds)
    unfinished.replace(file)
    return probabilities, folds
