"""``fauxwatch train``, ``evaluate`` and ``card``."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from nlp.errors import UsageError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)

Data = Annotated[
    list[str], typer.Argument(metavar="DATA...", help="Labelled listings, in any format that classify reads.")
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The label column: 1/0 or yes/no; usual names are found by themselves."
    ),
]
Mapping = Annotated[
    list[str],
    typer.Option("--map", metavar="COLUMN=NAME", help="Which column is the title, description, seller …"),
]


@app.command()
def train(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The model folder to write.")],
    *,
    base: Annotated[
        str,
        typer.Option(
            metavar="bundled|DIR", help="Where training starts: the bundled model or a checkpoint folder."
        ),
    ] = "bundled",
    label: Label = None,
    mapping: Mapping = [],  # noqa: B006 - typer copies it
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recipe (TOML), see training/configs.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, split and say how long it would take.")
    ] = False,
) -> None:
    """Train a model from your own labelled listings; killed and called again it goes on."""
    from nlp.artefact import model_path
    from nlp.config import load_config
    from training.build import BuildConfig, build, plan
    from training.labels import load_labelled

    loaded = load_labelled(data, label=label, mapping=_pairs(mapping))
    settings = load_config(BuildConfig, config) if config else BuildConfig(name=output.name, generated=0)
    _say(f"{len(loaded.examples)} labelled listings, {loaded.rejected} rows rejected")
    for note in loaded.notes:
        _say(f"note: {note}")
    _say(plan(loaded.examples, settings))
    if dry_run:
        return
    start = model_path(base)
    if base.startswith("hub:"):
        raise UsageError("--base hub:… is not built in so far; download the checkpoint and give its folder")
    build(loaded.examples, base=start, output=output, config=settings, report=_say)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or 'bundled'.")],
    data: Data,
    *,
    label: Label = None,
    mapping: Mapping = [],  # noqa: B006 - typer copies it
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where the figures go as JSON; default stdout."),
    ] = None,
) -> None:
    """Measure a model on labelled listings, with intervals over sellers and the baselines beside it."""
    from training.build import evaluate_on
    from training.labels import load_labelled

    loaded = load_labelled(data, label=label, mapping=_pairs(mapping))
    for note in loaded.notes:
        _say(f"note: {note}")
    figures = json.dumps(evaluate_on(model, loaded.examples), indent=1, ensure_ascii=False)
    if output:
        output.write_text(figures + "\n", encoding="utf-8")
    else:
        typer.echo(figures)


@app.command()
def card(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or 'bundled'.")] = "bundled",
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the card is what its figures give.")
    ] = False,
    copy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A second copy that must be equal (model_cards/…).")
    ] = None,
) -> None:
    """Render a model's card from its measured figures, or check that it is up to date."""
    from nlp.artefact import model_path
    from training.card import card_is_current, render_card

    folder = model_path(model)
    if not check:
        typer.echo(render_card(folder), nl=False)
        return
    if not card_is_current(folder, copy):
        raise UsageError(
            f"{folder}: the card is not what metrics.json gives; build the model again or copy its README.md"
        )
    _say("the card is what the figures give")


def _pairs(pairs: list[str]) -> dict[str, str]:
    return {column.strip(): name.strip() for column, _, name in (pair.partition("=") for pair in pairs)}


def _say(line: str) -> None:
    typer.echo(line, err=True)
