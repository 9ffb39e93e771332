"""What each input of the model's last step is worth: the stack fitted again without it, on the held-out fifth.

    python benchmarks/ablation.py [--model DIR] [--work DIR] [--channel]

The stack (``training.heads.fit_stack``) is fitted on the dev part without an input and its threshold chosen by the rule of the
build; the encoder and the n-gram channel stay as they were trained. The encoder also reads what the rules say, as signal tokens
before the text (dropped at random while training, so that it can do without): "nor its tokens" leaves these out too. Not ablated
here are what the encoder was trained on (base training, generator, size of the corpus). ``--channel`` fits the n-gram channel
alone on less, which is a learning curve of that channel and no more. Prints a table and writes
benchmarks/results/ablation.json; intervals are 95 %, bootstrapped over clusters, differences over the same draws.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from held_out import AT, Bench, Part, options_of, show

from nlp.cues import CUE_NAMES, LABELS
from nlp.decide import feature_names
from nlp.reading import view_of
from training.generator import Pools, generate
from training.heads import cross_probabilities, fit_ngrams, fit_stack, fit_thresholds
from training.metrics import f1, pr_auc, recall_at_precision
from training.splits import by_group

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nlp.classifier import View
    from training.data import Example

DRAWS: Final = 500
NAMES: Final = feature_names(LABELS)
# What may be left out, by the beginnings of the features' names.
INPUTS: Final[dict[str, tuple[str, ...]]] = {
    "encoder": ("encoder:",),
    "n-grams": ("ngrams:",),
    "lexicon hits": ("<hit:", "<neg:", "weight:"),
    "price": ("<price:", "log_ratio"),
    "brand signals": ("<brand:", "brands"),
    "contact": ("<contact>",),
}
RULES: Final = ("lexicon hits", "price", "brand signals", "contact")
FIGURES: Final = ("f1", "pr_auc", "recall at precision 0.95", "pairs", "false alarms")


def main() -> int:
    channel = "--channel" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--channel"]
    options = options_of(__doc__, "ablation.json")
    bench = Bench.load(options.model, options.work)
    dev, test = bench.part("dev"), bench.part("test")
    draws = drawn(test.clusters)
    tables: dict[str, dict[str, NDArray[np.float64]]] = {}
    for name, columns in variants(bench, dev, test):
        tables[name] = measured(name, columns, dev, test, bench=bench, draws=draws)
    tables["keyword list alone"] = keywords(test, draws)
    if channel:
        for name, columns in less_channel(bench, dev, test):
            tables[name] = measured(name, columns, dev, test, bench=bench, draws=draws)
    result = {
        "model": bench.model,
        "dev": len(dev.examples),
        "n": len(test.examples),
        "clusters": len(set(test.clusters)),
        "pairs": int(np.isfinite(pairs_right(test, test.truth)).sum()),
        "not ablated": [
            "what the base encoder was trained on",
            "the generator and the corpus's size for the encoder",
        ],
        "variants": {name: summary(table, tables["everything"]) for name, table in tables.items()},
    }
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print_table(result)
    return 0


Columns = tuple["NDArray[np.float64]", "NDArray[np.float64]"]  # features of dev and of test


def variants(bench: Bench, dev: Part, test: Part) -> list[tuple[str, Columns]]:
    """Each way to leave something out: its name and the features of dev and test."""
    full = (dev.features, test.features)
    result = [("everything", full)]
    result += [(f"without {name}", without(full, name)) for name in INPUTS]
    for name in ("lexicon hits", "price", "brand signals"):
        silent = heard_less(bench, dev, test, INPUTS[name])
        result.append((f"without {name}, nor its tokens", without(silent, name)))
    silent = heard_less(bench, dev, test, ("<",))
    result += [
        ("encoder and n-grams, no rules", without(silent, *RULES)),
        ("rules only", without(full, "encoder", "n-grams")),
        ("n-grams only", without(full, "encoder", *RULES)),
        ("encoder only, with rules as tokens", without(full, "n-grams", *RULES)),
        ("encoder only, text alone", without(silent, "n-grams", *RULES)),
    ]
    return result


def without(columns: Columns, *names: str) -> Columns:
    """Features in which the named inputs say nothing."""
    gone = tuple(start for name in names for start in INPUTS[name])
    kept = np.array([not name.startswith(gone) for name in NAMES], float)
    return columns[0] * kept, columns[1] * kept


def heard_less(bench: Bench, dev: Part, test: Part, gone: tuple[str, ...]) -> Columns:
    """Features whose encoder scores come from views without the signal tokens that begin so."""

    def one(name: str, part: Part) -> NDArray[np.float64]:
        views = [_silenced(view_of(reading), gone) for reading in part.readings]
        logits = bench.kept(
            f"silent-{name}-{'-'.join(gone).replace('<', '').replace(':', '')}",
            lambda: bench.detector.classifier.encoder_logits(views),
        )
        features = part.features.copy()
        features[:, : len(LABELS)] = np.clip(logits, -12, 12)
        return features

    return one("dev", dev), one("test", test)


def _silenced(view: View, gone: tuple[str, ...]) -> View:
    from dataclasses import replace

    return replace(view, signals=tuple(token for token in view.signals if not token.startswith(gone)))


def measured(
    name: str, columns: Columns, dev: Part, test: Part, *, bench: Bench, draws: list[NDArray[np.int64]]
) -> dict[str, NDArray[np.float64]]:
    """Figures on the whole held-out part (first) and on each draw, of a stack fitted on these features."""
    labels = np.full_like(dev.labels, np.nan)
    labels[:, AT] = dev.labels[:, AT]  # the other labels' regressions are not needed
    crossed = cross_probabilities(columns[0], labels, dev.clusters)
    thresholds = fit_thresholds(
        crossed, labels, act_precision=bench.config.act_precision, false_alarms=bench.config.false_alarms
    )
    scores = fit_stack(columns[0], labels, dev.clusters).probabilities(columns[1])[:, AT]
    print(f"{name}: queue from {thresholds.queue}", file=sys.stderr, flush=True)
    return resampled(test, scores, scores >= thresholds.queue, draws)


def keywords(test: Part, draws: list[NDArray[np.int64]]) -> dict[str, NDArray[np.float64]]:
    """The lexicon as a list: a strong phrase anywhere, nothing fitted."""
    weights = np.max([test.features[:, NAMES.index(f"weight:{cue}")] for cue in CUE_NAMES], axis=0)
    return resampled(test, weights, weights >= 0.75, draws)


def less_channel(bench: Bench, dev: Part, test: Part) -> list[tuple[str, Columns]]:
    """The n-gram channel alone, fitted on less of the train part, on all of it, and with generated listings."""
    train = bench.parts["train"]
    tenth = by_group(train, shares={"a": 0.1, "rest": 0.9}, seed="tenth")["a"]
    third = by_group(train, shares={"a": 1 / 3, "rest": 2 / 3}, seed="third")["a"]
    made = list(generate(train, Pools.of(train), count=bench.config.generated, seed=bench.config.seed))
    sets = {
        "channel from a tenth of the corpus": tenth,
        "channel from a third": third,
        "channel from the whole train part": train,
        "channel from train part and generator": [*train, *made],
    }
    return [
        (f"{name} ({len(rows)})", _channel_columns(bench, rows, (dev, test))) for name, rows in sets.items()
    ]


def _channel_columns(bench: Bench, rows: Sequence[Example], parts: tuple[Part, Part]) -> Columns:
    labels = np.full((len(rows), len(LABELS)), np.nan)
    labels[:, AT] = [float(row.counterfeit) for row in rows]
    texts = [f"{row.listing.title}\n{row.listing.description}" for row in rows]
    channel = fit_ngrams(texts, labels, bits=bench.config.ngram_bits)
    result = []
    for part in parts:
        features = np.zeros_like(part.features)
        logits = channel.logits([view_of(reading).text for reading in part.readings])
        features[:, NAMES.index(f"ngrams:{LABELS[AT]}")] = logits[:, AT]
        result.append(features)
    return result[0], result[1]


def drawn(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    """Row numbers of the whole part, then of each bootstrap draw over clusters."""
    rows: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        rows.setdefault(group, []).append(at)
    members = [np.array(each) for each in rows.values()]
    rng = np.random.default_rng(1)
    draws = [
        np.concatenate([members[at] for at in rng.integers(0, len(members), len(members))])
        for _ in range(DRAWS)
    ]
    return [np.arange(len(groups)), *draws]


def resampled(
    test: Part, scores: NDArray[np.float64], flagged: NDArray[np.bool_], draws: list[NDArray[np.int64]]
) -> dict[str, NDArray[np.float64]]:
    truth, right = test.truth, pairs_right(test, flagged)
    figures: dict[str, Callable[[NDArray[np.int64]], float]] = {
        "f1": lambda at: f1(truth[at], flagged[at]) or 0.0,
        "pr_auc": lambda at: pr_auc(truth[at], scores[at]) or 0.0,
        "recall at precision 0.95": lambda at: recall_at_precision(truth[at], scores[at], 0.95),
        "pairs": lambda at: float(np.nanmean(right[at])),
        "false alarms": lambda at: float(flagged[at][~truth[at]].mean()),
    }
    return {name: np.array([figure(at) for at in draws]) for name, figure in figures.items()}


def pairs_right(test: Part, flagged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By row: whether its pair is right on both sides, on the first row of each pair; NaN elsewhere."""
    sides: dict[str, list[int]] = {}
    for at, example in enumerate(test.examples):
        if example.pair:
            sides.setdefault(example.pair, []).append(at)
    result = np.full(len(flagged), np.nan)
    for rows in sides.values():
        if len(rows) > 1:
            result[rows[0]] = float((flagged[rows] == test.truth[rows]).all())
    return result


def summary(
    table: dict[str, NDArray[np.float64]], full: dict[str, NDArray[np.float64]]
) -> dict[str, dict[str, Any]]:
    """Each figure with its interval, and its difference from the full model with the interval of the same draws."""
    return {
        name: _interval(values) | {"difference": _interval(values - full[name])}
        for name, values in table.items()
    }


def _interval(values: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return {
        "value": round(float(values[0]), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def print_table(result: dict[str, Any]) -> None:
    print(
        f"model {result['model']}; {result['n']} held-out listings, {result['clusters']} clusters, {result['pairs']} pairs"
    )
    print(f"{'':48}" + "".join(f"{name:>26}" for name in FIGURES) + f"{'F1 against everything':>26}")
    for name, row in result["variants"].items():
        print(
            f"{name:48}"
            + "".join(f"{show(row[figure]):>26}" for figure in FIGURES)
            + f"{show(row['f1']['difference']):>26}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
