"""The command ``fauxwatch``: parses, calls, prints. Results go to stdout or ``-o``, all else to stderr.

Exit codes: 0 all done, 1 done with rows or feeds rejected, 2 wrong usage or configuration, 3 failed.
No heavy library is imported before a command runs: ``fauxwatch --help`` is as quick as Python.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from nlp.errors import FauxwatchError, Interrupted, MissingExtra, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="fauxwatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads dumps of marketplace listings for suspected counterfeits, trains on your labels, watches enforcement news.\n\n"
    "A verdict is a lead for a person, never proof.",
)
_STOPPED: Final = "stopped; what was finished is kept, --resume goes on from there"
_FORWARD: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

Dumps = Annotated[
    list[str],
    typer.Argument(
        metavar="DUMP...",
        help="CSV, TSV, JSON lines, JSON, Parquet or XLSX, also .gz and .zst; globs; s3:// and gs://; - is stdin.",
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="Verdicts, by its ending: .jsonl, .csv, .parquet, or a folder/ of Parquet files; also s3://, gs://.",
    ),
]
Model = Annotated[str, typer.Option(metavar="DIR", help="A model folder, or 'bundled'.")]
Verdicts = Annotated[Path, typer.Argument(metavar="VERDICTS", help="A file that 'fauxwatch classify' wrote.")]


@app.command()
def classify(  # noqa: PLR0913 - a command has as many options as it has
    dumps: Dumps,
    output: Output,
    *,
    mapping: Annotated[
        list[str],
        typer.Option(
            "--map", metavar="COLUMN=NAME", help="Which column is the title, description, price …; repeat it."
        ),
    ] = [],  # noqa: B006 - typer copies it
    model: Model = "bundled",
    engine: Annotated[str, typer.Option(metavar="local|ray", help="Where the work is done.")] = "local",
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own table of genuine prices (brand, kind, new_usd, …)."),
    ] = None,
    currencies: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own table of exchange rates (currency, usd, date)."),
    ] = None,
    medians: Annotated[
        bool, typer.Option(help="Learn this dump's own median prices by brand and category first.")
    ] = True,
    watchlist: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Suspects that match it come first: 'fauxwatch news watchlist'."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N listings.")] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Only N rows drawn at random, the same each time: for a first look."
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Ask the encoder about every row, also those the gate would spare it."),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Processes that do the work; left out, one for each CPU on a large dump."
        ),
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="With --engine ray: a running cluster, 'auto' to find it."),
    ] = None,
    ray_temp: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --engine ray on this machine: a short path for its files."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print each suspect with its text and the words that count.")
    ] = False,
) -> None:
    """Classify listing dumps: how likely does each text offer a counterfeit, and which words say so."""
    from nlp.run import Engine, Settings, classify_dumps
    from nlp.terminal import show_columns, show_progress, show_summary

    settings = Settings(
        model=model,
        mapping=_mapping(mapping),
        prices=prices,
        currencies=currencies,
        medians=medians,
        watchlist=watchlist,
        limit=limit,
        sample=sample,
        exact=exact,
    )
    try:
        with show_progress() as progress:
            summary = classify_dumps(
                dumps,
                output,
                settings=settings,
                engine=Engine(name=engine, workers=workers, ray_address=ray_address, ray_temp=ray_temp),
                resume=resume,
                on_columns=show_columns,
                progress=progress,
            )
    except KeyboardInterrupt as stop:  # typer would end with its own exit code and say nothing
        raise Interrupted(_STOPPED) from stop
    show_summary(summary, explain=explain)
    raise typer.Exit(1 if summary.rejected else 0)


@app.command()
def sellers(
    verdicts: Verdicts,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Sellers, as .jsonl, .csv or .parquet.")
    ],
    *,
    links: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where links between accounts go; default OUT.links.jsonl."),
    ] = None,
    show_contacts: Annotated[
        bool, typer.Option("--show-contacts", help="Contacts in clear instead of hashed.")
    ] = False,
) -> None:
    """Rank sellers by their suspected share and link accounts that share a contact or near-identical texts."""
    from nlp.sellers import write_sellers
    from nlp.terminal import show_sellers

    show_sellers(*write_sellers(verdicts, output, links=links, clear_contacts=show_contacts))


@app.command()
def report(
    verdicts: Verdicts,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.html", help="One self-contained page.")
    ],
) -> None:
    """Write one self-contained page for the person who decides."""
    from nlp.report import write_report

    typer.echo(str(write_report(verdicts, output)))


@app.command()
def models(
    action: Annotated[
        str, typer.Argument(metavar="[show]", help="Nothing lists; 'show' prints one model's card.")
    ] = "list",
    name: Annotated[str, typer.Argument(metavar="[NAME]")] = "bundled",
) -> None:
    """List the models at hand, or show one model's card."""
    from nlp.terminal import show_models

    if action not in ("list", "show"):
        raise UsageError(f"models {action}: there is 'fauxwatch models' and 'fauxwatch models show NAME'")
    show_models(None if action == "list" else name)


@app.command()
def doctor() -> None:
    """Check this installation: versions, optional parts, the bundled model, packages that would overwrite ours."""
    from nlp.doctor import examine
    from nlp.terminal import show_findings

    raise typer.Exit(show_findings(examine()))


@app.command(context_settings=_FORWARD, add_help_option=False)
def train(context: typer.Context) -> None:
    """Train a model from your own labelled listings."""
    _forward("training.cli", "train", context.args, extra="train")


@app.command(context_settings=_FORWARD, add_help_option=False)
def evaluate(context: typer.Context) -> None:
    """Measure a model on labelled listings, with intervals and baselines."""
    _forward("training.cli", "evaluate", context.args, extra="train")


@app.command(context_settings=_FORWARD, add_help_option=False)
def card(context: typer.Context) -> None:
    """Render a model's card from its measured figures, or check that it is up to date."""
    _forward("training.cli", "card", context.args, extra="train")


@app.command(context_settings=_FORWARD, add_help_option=False)
def news(context: typer.Context) -> None:
    """Watch enforcement news and lawsuits; one digest a day."""
    _forward("feeds.cli", None, context.args, extra="news")


def main() -> None:
    """Entry point: runs the command and ends with its exit code; errors are one clear message on stderr."""
    try:
        app()
    except FauxwatchError as error:
        typer.echo(f"fauxwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo(f"fauxwatch: {_STOPPED}", err=True)
        sys.exit(3)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, sign, name = pair.partition("=")
        if not sign:
            raise UsageError(f"--map {pair}: write --map COLUMN=NAME, for example --map title=Name")
        mapping[column.strip()] = name.strip()
    return mapping


def _forward(module: str, command: str | None, args: list[str], *, extra: str) -> None:
    """Runs a command of another package, which is imported only now (and may not be installed in full)."""
    try:
        target = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in ("training", "feeds"):
            raise
        raise MissingExtra(f"fauxwatch {command or 'news'}", extra) from error
    group = typer.main.get_command(target.app)
    prefix = [command] if command else []
    group.main(
        args=[*prefix, *args], prog_name="fauxwatch" if command else "fauxwatch news", standalone_mode=False
    )
