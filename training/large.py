"""Large sets, and every set whose encoder is adapted: clusters held out, the channel fitted on a stream, the head on rows of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import open_artefact
from nlp.cues import COUNTERFEIT, LABELS
from nlp.detector import Detector
from nlp.head import history_key
from nlp.markup import without_markup
from training.channel import fit_channel, hashed_matrix, stream_channel
from training.encoded import encode_table
from training.evaluation import Measured, tfidf_scores
from training.groups import hold_out
from training.learning import blocks_of, fit_heads, learnable, team_thresholds
from training.metrics import pr_auc
from training.noise import probably_wrong
from training.teamhead import SELLER_PRIOR, odds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.artefact import Artefact
    from training.learning import Heads
    from training.prepare import Prepared
    from training.recipe import TeamConfig
    from training.table import LabelledTable
    from training.team import Learned, Plan, Say

__all__ = ["Parts", "divide", "fit_large", "large_seconds"]

_AT: Final = LABELS.index(COUNTERFEIT)
_STREAMED: Final = 20_000  # rows from which on the channel is fitted on a stream
_CHUNK: Final = 4_096
_BASELINE_ROWS: Final = 20_000
_STREAM_SECONDS: Final = 0.0022  # a row of the stream, four passes, measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Row numbers: to learn from, to fit the head and stop early on, to measure on."""

    train: NDArray[np.int64]
    dev: NDArray[np.int64]
    test: NDArray[np.int64]


def divide(prepared: Prepared, config: TeamConfig) -> Parts:
    """Parts by cluster, by time (test: the last rows, without texts that stood before), or, on demand, at random."""
    table, clusters = prepared.table, prepared.clusters
    truth = table.truth
    if config.split == "time":
        order = np.argsort(np.where(np.isnan(table.times), -np.inf, table.times), kind="stable")
        late = np.zeros(len(table), bool)
        late[order[int(len(order) * (1 - config.test_share)) :]] = True
        test = late & ~np.isin(prepared.texts, prepared.texts[~late])
        rest = ~late
    else:
        groups = np.arange(len(table)) if config.split == "random" else clusters
        test = hold_out(groups, truth, share=config.test_share, seed=config.seed)
        rest = ~test
    inside = np.flatnonzero(rest)
    groups = np.arange(len(table)) if config.split == "random" else clusters
    share = config.dev_share / max(1 - config.test_share, 0.1)
    dev = hold_out(groups[inside], truth[inside], share=share, seed=config.seed + 1)
    return Parts(train=inside[~dev], dev=inside[dev], test=np.flatnonzero(test))


def fit_large(plan: Plan, work: Path, config: TeamConfig, say: Say) -> Learned:
    """Adapts the encoder if asked, fits channel and head, measures on the held-out part."""
    from training.team import Learned, baseline_scores

    table, prepared = plan.prepared.table, plan.prepared
    parts = divide(prepared, config)
    say.line(f"parts: train {len(parts.train):,}, dev {len(parts.dev):,}, test {len(parts.test):,}")
    dev, test = (_sample(rows, config.encoder_rows // 4, config.seed) for rows in (parts.dev, parts.test))
    source = _encoder(plan, parts, dev, work, config, say)
    detector = (
        Detector.load(source.path, reader=plan.detector.reader)
        if source is not plan.detector.artefact
        else plan.detector
    )
    dev_rows, test_rows = table.select(dev), table.select(test)
    encoded = {
        name: encode_table(
            rows,
            detector,
            work / f"encoded-{name}",
            progress=lambda done, total: say.bar("encoding", done, total),
        )
        for name, rows in (("dev", dev_rows), ("test", test_rows))
    }
    train = table.select(parts.train)
    heads = _fit_heads(plan, dev, encoded["dev"], train, dev_rows, config, say)
    blocks = blocks_of(encoded["test"], prepared.clusters[test], prepared.texts[test])
    probabilities = heads.probabilities(blocks, history=config.split != "seller")
    dev_blocks = blocks_of(encoded["dev"], prepared.clusters[dev], prepared.texts[dev])
    thresholds = team_thresholds(
        heads.probabilities(dev_blocks, history=False), dev_rows.labels, plan.detector.thresholds, config
    )
    base = (
        encoded["test"]
        if detector is plan.detector
        else encode_table(test_rows, plan.detector, work / "encoded-base")
    )
    measured = Measured(
        labels=test_rows.labels,
        probabilities=probabilities,
        thresholds=thresholds,
        clusters=prepared.clusters[test],
        sellers=test_rows.sellers,
        langs=encoded["test"].langs,
        baselines=baseline_scores(base, plan.detector.artefact.name)
        | {"TF-IDF + logistic regression": _tfidf(train, encoded["test"].texts, config)},
    )
    value = pr_auc(measured.truth, measured.scores)
    return Learned(
        source=source,
        heads=heads,
        measured=measured,
        rows=test_rows,
        seeds={"pr_auc": [None if value is None else round(value, 4)]},
        procedure=_procedure(parts, test, config),
        seen=np.concatenate([train.texts, table.texts[parts.dev]]),
        doubts=tuple(probably_wrong(measured.truth, measured.scores)),
        doubted=test_rows,
        extra={"parts": {"train": len(parts.train), "dev": len(parts.dev), "test": len(parts.test)}},
    )


def large_seconds(prepared: Prepared, each: float, config: TeamConfig, checkpoint: Path) -> float:
    """About how many seconds: rows through the encoder, the stream, and the adaptation of the encoder."""
    rows = len(prepared.table)
    read = min(rows * config.dev_share, config.encoder_rows // 4) + min(
        rows * config.test_share, config.encoder_rows // 4
    )
    total = read * each + rows * _STREAM_SECONDS + 20
    if config.method in ("finetune", "lora", "fewshot"):
        from training.adapt import adapt_seconds

        share = 1 - config.test_share - config.dev_share
        total += adapt_seconds(min(int(rows * share), config.encoder_rows), checkpoint, config)
    return total


def _encoder(  # noqa: PLR0917 - the run's own inside
    plan: Plan, parts: Parts, dev: NDArray[np.int64], work: Path, config: TeamConfig, say: Say
) -> Artefact:
    """The folder whose encoder is used: the base's, or that of an adapted copy under ``work``."""
    if config.method in ("auto", "frozen"):
        return plan.detector.artefact
    from training.adapt import adapt_encoder

    table = plan.prepared.table
    rows = _sample(parts.train, config.encoder_rows, config.seed)
    folder = adapt_encoder(
        table.select(rows), table.select(dev), plan, work / "adapted", config=config, say=say
    )
    return open_artefact(folder)


def _fit_heads(  # noqa: PLR0917 - the run's own inside
    plan: Plan,
    dev: NDArray[np.int64],
    encoded: Any,
    train: LabelledTable,
    dev_rows: LabelledTable,
    config: TeamConfig,
    say: Say,
) -> Heads:
    names = tuple(label for label in learnable(train.labels) if label in learnable(dev_rows.labels))
    channels = {label: _channel(train, label, config, say) for label in names}
    categories, sellers = _counts(train)
    share = float(train.truth.mean())
    heads = fit_heads(
        blocks_of(encoded, plan.prepared.clusters[dev], plan.prepared.texts[dev]),
        dev_rows.labels,
        seed=config.seed,
        dropped=plan.prepared.dropped,
        only=names,
        channels=channels,
        odds={} if "category" in plan.prepared.dropped else odds_of(categories, share),
    )
    last = heads.by_label[COUNTERFEIT]
    if not last.seller:
        return heads
    known = replace(last, seller=odds_of(sellers, share, SELLER_PRIOR) | last.seller)
    return replace(heads, by_label=heads.by_label | {COUNTERFEIT: known})


def _channel(
    train: LabelledTable, label: str, config: TeamConfig, say: Say
) -> tuple[NDArray[np.float32], float]:
    column = train.labels[:, LABELS.index(label)]
    rows = train.select(np.flatnonzero(~np.isnan(column))) if np.isnan(column).any() else train
    truth = rows.labels[:, LABELS.index(label)] > 0.5
    if len(rows) <= _STREAMED:
        return fit_channel(hashed_matrix([text for _, texts in _texts(rows) for text in texts]), truth)
    shuffled = rows.select(np.random.default_rng(config.seed).permutation(len(rows)))
    answers = shuffled.labels[:, LABELS.index(label)] > 0.5

    def chunks() -> Iterator[tuple[Sequence[str], NDArray[np.bool_]]]:
        for start, texts in _texts(shuffled):
            yield texts, answers[start : start + len(texts)]

    return stream_channel(
        chunks,
        rows=len(rows),
        positives=int(truth.sum()),
        seed=config.seed,
        progress=lambda done: say.bar("n-grams", done, 3 * len(rows)),
    )


def _texts(table: LabelledTable) -> Iterator[tuple[int, list[str]]]:
    for start, listings in table.chunks(_CHUNK):
        plain = [without_markup(each)[0] for each in listings]
        yield start, [f"{each.title}\n{each.description}" for each in plain]


def _counts(table: LabelledTable) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Genuine and counterfeit rows by hashed category and seller, in one pass."""
    categories: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    sellers: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    truth = table.truth
    for start, listings in table.chunks(_CHUNK):
        for at, each in enumerate(listings, start):
            for name, counts in ((each.category, categories), (each.seller, sellers)):
                if name:
                    counts[history_key(name)][int(truth[at])] += 1
    return dict(categories), dict(sellers)


def _tfidf(train: LabelledTable, test: Sequence[str], config: TeamConfig) -> NDArray[np.float64]:
    rows = train.select(_sample(np.arange(len(train)), _BASELINE_ROWS, config.seed))
    return tfidf_scores([text for _, texts in _texts(rows) for text in texts], rows.truth, test)


def _sample(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _procedure(parts: Parts, test: NDArray[np.int64], config: TeamConfig) -> str:
    how = {
        "seller": "no seller and no near-identical text stands on both sides",
        "time": "the latest rows, without texts that stood before; sellers may be known",
        "random": "RANDOM rows (LEAKING): sellers and near-identical texts stand on both sides",
    }[config.split]
    return (
        f"Held out: {len(parts.test):,} rows ({how}), {len(test):,} of them scored. Learned from {len(parts.train):,}, head and thresholds "
        f"fitted on {len(parts.dev):,} others. Intervals are 95 % (bootstrap over clusters)."
    )
