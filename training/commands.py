"""What ``fauxwatch train`` and ``evaluate`` do, and what a person sees while they do it. Everything but results goes to stderr."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from nlp.artefact import model_path, open_artefact, write_manifest
from nlp.config import load_config
from nlp.errors import ArtefactError, UsageError
from nlp.terminal import console, plain
from training.bases import base_folder, is_model_folder
from training.card import write_card
from training.prepare import Source
from training.recipe import METHODS, TeamConfig
from training.team import Say, fit_team, plan_team, reports_folder
from training.team_card import read_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.checks import Finding

__all__ = ["TrainOptions", "renew_card", "run_evaluate", "run_train"]

_POOL_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """The command line of ``fauxwatch train``; None: as the recipe says."""

    data: tuple[str, ...]
    output: Path
    base: str | None = None
    method: str | None = None
    split: str | None = None
    label: str | None = None
    positive: tuple[str, ...] = ()
    time: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    trust: tuple[str, ...] = ()
    config: Path | None = None
    facts: Path | None = None
    suggest: int = 0
    pool: tuple[str, ...] = ()
    seed: int | None = None
    dry_run: bool = False


def run_train(options: TrainOptions) -> None:
    """Plans, trains, suggests and prints a summary."""
    config = _config(options)
    facts = read_facts(options.facts) if options.facts else None
    folder = base_folder(config.base)
    source = Source(
        paths=options.data,
        label=options.label,
        positive=options.positive,
        time=options.time,
        mapping=options.mapping,
    )
    with _speaking() as say:
        base, config = _start(folder, config)
        plan = plan_team(source, options.output, base=base, checkpoint=folder, config=config, say=say)
        _show_findings(plan.findings)
        say.line(plan.text)
        if options.dry_run:
            return
        pool = plan.prepared.pool
        if options.suggest and not options.pool and not len(pool):
            raise UsageError("--suggest: no row without a label; give a dump to choose from with --pool DUMP")
        outcome = fit_team(plan, options.output, config=config, say=say, facts=facts)
        _show_figures(outcome.metrics, "held-out rows")
        if options.suggest:
            _suggest(options, pool, say)
    screen = console()
    screen.print(
        f"model folder: {outcome.folder} (its card: {outcome.folder}/README.md, plots: {outcome.folder}/plots)"
    )
    if outcome.doubts:
        screen.print(f"{outcome.doubts} labels look wrong: {outcome.reports}/probably_wrong.csv")
    if outcome.alarms:
        screen.print(f"genuine rows with the highest scores: {outcome.reports}/false_alarms.json")
    screen.print(f"next: fauxwatch classify DUMP -o verdicts.jsonl --model {outcome.folder}")


def run_evaluate(
    model: str,
    data: Sequence[str],
    *,
    label: str | None = None,
    positive: Sequence[str] = (),
    mapping: dict[str, str] | None = None,
    output: Path | None = None,
    compare: str | None = None,
) -> None:
    """Measures, prints tables, writes ``metrics.json``, plots and false alarms into a folder.

    ``output`` may be a folder or a file ``.json`` (plots then go beside it); a pipe on stdout gets the figures as JSON.
    """
    from training.measuring import measure_model

    folder = model_path(model)
    file = output if output is not None and output.suffix == ".json" else None
    target = (file.with_suffix("") if file else output) or Path(f"{folder.name}.evaluation")
    source = Source(paths=tuple(data), label=label, positive=tuple(positive), mapping=mapping)
    with _speaking() as say:
        result = measure_model(
            folder, source, target, compare=model_path(compare) if compare else None, say=say
        )
    if file is not None:
        shutil.move(target / "metrics.json", file)
    if not sys.stdout.isatty():
        sys.stdout.write(json.dumps(result.metrics, indent=1, ensure_ascii=False) + "\n")
    _show_findings(result.findings)
    _show_figures(result.metrics, f"{result.metrics['held_out']['n']:,} rows")
    _show_groups(result.metrics)
    _show_alarms(result.alarms)
    if "compare" in result.metrics:
        _show_comparison(result.metrics["compare"])
    console().print(
        f"figures: {file or target / 'metrics.json'}, plots: {target}/plots, false alarms: {target}/false_alarms.json"
    )


def renew_card(folder: Path, facts: Path) -> None:
    """Puts a team's facts into a model folder and writes its card and manifest anew.

    Raises:
        ArtefactError: if the folder is not as its manifest says, or is no team's.
    """
    artefact = open_artefact(folder)
    if "head" not in artefact.detector:
        raise ArtefactError(
            str(folder), "has no card with a team's facts; it was not made by 'fauxwatch train'"
        )
    (folder / "facts.toml").write_text(read_facts(facts), encoding="utf-8")
    write_card(folder)
    write_manifest(folder)


def _config(options: TrainOptions) -> TeamConfig:
    config = load_config(TeamConfig, options.config) if options.config else TeamConfig()
    given: dict[str, Any] = {
        name: value
        for name in ("base", "method", "split", "seed")
        if (value := getattr(options, name)) is not None
    }
    config = replace(config, **given, trust=options.trust or config.trust, name=options.output.name)
    if config.method not in METHODS:
        raise UsageError(f"--method {config.method}: there is {', '.join(METHODS)}")
    unknown = sorted(set(config.trust) - {"price", "brand", "category", "currency"})
    if unknown:
        raise UsageError(f"--trust {unknown[0]}: there is price, brand, category, currency")
    return config


def _start(folder: Path, config: TeamConfig) -> tuple[Path, TeamConfig]:
    """The model folder whose answers are built on. A bare checkpoint is adapted; the bundled model tells it the cues."""
    if is_model_folder(folder):
        return folder, config
    if config.method in ("auto", "frozen"):
        config = replace(config, method="finetune")
    return model_path("bundled"), config


def _suggest(options: TrainOptions, unlabelled: Any, say: Say) -> None:
    from training.suggesting import suggest_rows

    target = reports_folder(options.output) / "suggested.json"
    count = suggest_rows(
        options.output,
        options.pool,
        unlabelled,
        target,
        count=options.suggest,
        mapping=options.mapping,
        most=_POOL_ROWS,
        say=say,
    )
    say.line(
        f"{count} rows to label next, as Label Studio tasks: {target} (set-up: {target.with_suffix('.xml')})"
    )


@contextmanager
def _speaking() -> Iterator[Say]:
    """Lines, and bars that move on a terminal only."""
    screen = console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
        transient=True,
    ) as bars:
        known: dict[str, Any] = {}

        def bar(stage: str, done: int, total: int) -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage, total=total or None)
                if not screen.is_terminal:
                    screen.print(f"{stage} …")
            bars.update(known[stage], completed=done, total=total or None)

        yield Say(lambda line: screen.print(plain(line, 600)), bar)


def _show_findings(findings: Sequence[Finding]) -> None:
    screen = console()
    for each in findings:
        style = "bold yellow" if each.level == "warning" else "dim"
        screen.print(f"{each.level}: {plain(each.text, 600)}", style=style, markup=False)


def _show_figures(metrics: dict[str, Any], what: str) -> None:
    held = metrics["held_out"]
    table = Table(box=None, padding=(0, 1))
    table.add_column(what, min_width=max(len(name) for name in ("this model", *metrics["baselines"])))
    for column in ("PR-AUC", "ROC-AUC", "R@P0.9", "F1", "ECE"):
        table.add_column(column)
    table.add_row(
        "this model",
        _figure(held["pr_auc"]),
        _figure(held["roc_auc"]),
        _figure(held["recall_at_precision_0.9"]),
        _figure(held["f1"]),
        str(held["ece"]),
        style="bold",
    )
    for name, each in metrics["baselines"].items():
        table.add_row(
            name,
            _figure(each["pr_auc"]),
            _figure(each["roc_auc"]),
            f"{each['recall_at_precision_0.9']:.3f}",
            "",
            "",
        )
    screen = console()
    screen.print(table)
    screen.print(
        "in brackets 95 % intervals; R@P0.9: the share of counterfeits found while nine of ten flagged are right",
        style="dim",
    )
    bases = [
        each["pr_auc"]["value"] for name, each in metrics["baselines"].items() if name.startswith("base")
    ]
    own = held["pr_auc"]["value"]
    if own is not None and any(base is not None and own <= base for base in bases):
        screen.print(
            "on these rows not above the base model: more labels, or rows of another kind than it has learnt from, may change that"
        )
    if "split_by_seller" in metrics:
        random, honest = held["pr_auc"]["value"], metrics["split_by_seller"]["pr_auc"]
        screen.print(
            f"split at random: PR-AUC {random}; split by seller: {honest}. Believe the second",
            style="bold yellow",
        )


def _show_groups(metrics: dict[str, Any]) -> None:
    for key, name in (
        ("by_language", "language"),
        ("by_seller_size", "listings of the seller"),
        ("by_cue", "cue"),
    ):
        rows = metrics[key]
        if not rows:
            continue
        table = Table(name, "n", "counterfeit", "PR-AUC", "recall", box=None, padding=(0, 2))
        for group, each in rows.items():
            table.add_row(
                group,
                str(each["n"]),
                str(each["positives"]),
                _figure(each["pr_auc"]),
                _figure(each["recall"]),
            )
        console().print(table)


def _show_alarms(alarms: Sequence[dict[str, Any]]) -> None:
    if not alarms:
        return
    table = Table("score", "false alarms (labelled genuine)", "seller", box=None, padding=(0, 2))
    for each in alarms[:10]:
        table.add_row(f"{each['score']:.2f}", plain(each["title"], 60), plain(each["seller"] or "", 20))
    console().print(table)


def _show_comparison(found: dict[str, Any]) -> None:
    screen = console()
    for name, each in found["differences"].items():
        screen.print(
            f"{name}: this model {each['this']}, {found['other']} {each['other']}; difference {each['difference']} "
            f"[{each['low']}, {each['high']}]: {each['verdict']}",
            markup=False,
        )


def _figure(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.2f}-{figure['high']:.2f})"
