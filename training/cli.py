"""``fauxwatch train``, ``evaluate`` and ``card``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from nlp.errors import UsageError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)

Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Labelled listings in any format that classify reads, or exports of Label Studio or Argilla.",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The label column; usual names are found by themselves in twenty languages."
    ),
]
Positive = Annotated[
    list[str],
    typer.Option(
        metavar="VALUE",
        help="A value of the label column that means counterfeit (all others genuine); repeat it.",
    ),
]
Mapping = Annotated[
    list[str],
    typer.Option("--map", metavar="COLUMN=NAME", help="Which column is the title, description, seller …"),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or 'bundled'.")]


@app.command()
def train(  # noqa: PLR0913 - a command has as many options as it has
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The model folder to write.")],
    *,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="bundled|DIR|hub:ORG/NAME@COMMIT",
            help="Where training starts; default: the bundled model.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="auto|frozen|finetune|lora|fewshot",
            help="How much of the encoder learns; auto leaves it as it is and fits what stands on it.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="seller|time|random", help="How rows are held out; random leaks and says so."),
    ] = None,
    label: Label = None,
    positive: Positive = [],  # noqa: B006 - typer copies it
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column of dates, for --split time.")
    ] = None,
    mapping: Mapping = [],  # noqa: B006 - typer copies it
    trust: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN", help="Use price, brand or category although it gives the label away; repeat it."
        ),
    ] = [],  # noqa: B006 - typer copies it
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recipe (TOML), see training/configs.")
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What the card should tell of your data (TOML); 'fauxwatch card --write-facts' asks.",
        ),
    ] = None,
    suggest: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Write the N rows that pay most if labelled next, for Label Studio."
        ),
    ] = 0,
    pool: Annotated[
        list[str],
        typer.Option(metavar="DUMP", help="Where --suggest looks; default: rows of DATA without a label."),
    ] = [],  # noqa: B006 - typer copies it
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Another seed gives other parts and folds.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, check, split and say how long it would take.")
    ] = False,
) -> None:
    """Train a model from your own labelled listings; killed and called again it goes on."""
    from training.commands import TrainOptions, run_train

    run_train(
        TrainOptions(
            data=tuple(data),
            output=output,
            base=base,
            method=method,
            split=split,
            label=label,
            positive=tuple(positive),
            time=time,
            mapping=_pairs(mapping),
            trust=tuple(trust),
            config=config,
            facts=facts,
            suggest=suggest,
            pool=tuple(pool),
            seed=seed,
            dry_run=dry_run,
        )
    )


@app.command()
def evaluate(
    model: Model,
    data: Data,
    *,
    label: Label = None,
    positive: Positive = [],  # noqa: B006 - typer copies it
    mapping: Mapping = [],  # noqa: B006 - typer copies it
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Where figures, plots and false alarms go; default: MODEL.evaluation.",
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="OTHER", help="A second model on the same rows, with a paired bootstrap."),
    ] = None,
) -> None:
    """Measure a model on labelled listings, with intervals over sellers and the baselines beside it."""
    from training.commands import run_evaluate

    run_evaluate(
        model,
        tuple(data),
        label=label,
        positive=tuple(positive),
        mapping=_pairs(mapping),
        output=output,
        compare=compare,
    )


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
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Put a team's facts (TOML) into the folder and write the card anew."
        ),
    ] = None,
    write_facts: Annotated[
        bool,
        typer.Option("--write-facts", help="Print an empty facts file with every question that a card asks."),
    ] = False,
) -> None:
    """Render a model's card from its measured figures, or check that it is up to date."""
    from nlp.artefact import model_path
    from training.card import card_is_current, render_card
    from training.commands import renew_card
    from training.team_card import FACTS_TEMPLATE

    folder = model_path(model)
    if write_facts:
        typer.echo(FACTS_TEMPLATE, nl=False)
        return
    if facts is not None:
        renew_card(folder, facts)
    if not check:
        typer.echo(render_card(folder), nl=False)
        return
    if not card_is_current(folder, copy):
        raise UsageError(
            f"{folder}: the card is not what metrics.json gives; build the model again or copy its README.md"
        )
    typer.echo("the card is what the figures give", err=True)


def _pairs(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, sign, name = pair.partition("=")
        if not sign:
            raise UsageError(f"--map {pair}: write --map COLUMN=NAME, for example --map title=Name")
        mapping[column.strip()] = name.strip()
    return mapping
