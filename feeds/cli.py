"""``fauxwatch news …``: parses, calls, prints. Results go to stdout or ``-o``, all else to stderr.

Exit codes: 0 all done, 1 done with feeds rejected, 2 wrong usage or configuration, 3 failed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from feeds.console import (
    Config,
    Db,
    EncoderFolder,
    Lines,
    Since,
    Sources,
    encoder_of,
    end,
    ids_from,
    note,
    open_store,
    plain,
    read_new,
    show,
    text,
    urls_of,
    utc,
    write,
    write_rows,
)  # fmt: skip
from feeds.digestcli import digest, doctor, outbox, unsubscribe
from nlp.errors import UsageError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Watch enforcement news and lawsuits; one digest a day.",
)


@app.command()
def poll(
    *,
    sources: Sources = None,
    db: Db = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only sources that are due, as a timer wants it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also those that asked us to wait.")] = False,
    config: Config = None,
    encoder: EncoderFolder = None,
) -> None:
    """Fetch the sources once, store what they say and read what is new."""
    from feeds.monitor import poll as poll_sources
    from feeds.settings import load_settings
    from feeds.sources import load_sources
    from feeds.terminal import poll_lines

    if due and force:
        raise UsageError("news poll: --due and --force contradict each other; give one of them")
    wanted = load_sources(sources)
    used = encoder_of(encoder, load_settings(config))
    which: Literal["due", "now", "force"] = "due" if due else "force" if force else "now"
    with open_store(db) as store:
        report = poll_sources(store, wanted, which=which)
        note(poll_lines(report))
        unread = read_new(store, used)
    end(1 if report.failures or unread else 0)


@app.command("sources")
def sources_command(
    action: Annotated[
        Literal["list", "check", "import", "export"],
        typer.Argument(
            help="list shows health; check fetches each once; import reads OPML, export writes it."
        ),
    ] = "list",
    opml: Annotated[
        Path | None, typer.Argument(metavar="[OPML]", help="The OPML file that import reads.")
    ] = None,
    *,
    sources: Sources = None,
    db: Db = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Instead of stdout.")
    ] = None,
) -> None:
    """List the sources with their health, check them by fetching, or exchange them as OPML."""
    if (opml is not None) != (action == "import"):
        raise UsageError("news sources: 'import' reads one OPML file, the other actions read none")
    if action == "import" and opml is not None:
        _import(opml, output)
    elif action == "export":
        _export(sources, output)
    elif action == "check":
        _check(sources, output)
    else:
        _list(sources, db, output)


@app.command()
def stories(*, sources: Sources = None, db: Db = None, since: Since = None, output: Lines = None) -> None:
    """Show stories: the same happening told by one source or many, last changed first."""
    from feeds.findingstore import FindingStore
    from feeds.terminal import story_lines

    with open_store(db) as store:
        found = FindingStore(store.database).stories(updated_since=utc(since))
        wanted = ids_from(store, sources)
        if wanted is not None:
            found = tuple(one for one in found if any(member.item_id in wanted for member in one.members))
        items = store.items.find(ids={member.item_id for story in found for member in story.members})
    if output is not None:
        write_rows(output, plain(found))
    else:
        show(story_lines(found, {item.id: item for item in items}))


@app.command()
def cases(*, sources: Sources = None, db: Db = None, since: Since = None, output: Lines = None) -> None:
    """Show lawsuits with their dockets and timelines, last changed first."""
    from feeds.casestore import CaseStore
    from feeds.terminal import case_lines

    with open_store(db) as store:
        found = CaseStore(store.database).cases(updated_since=utc(since))
        wanted = ids_from(store, sources)
    if wanted is not None:
        found = tuple(one for one in found if any(wanted.intersection(event.items) for event in one.events))
    if output is not None:
        write_rows(output, plain(found))
    else:
        show(case_lines(found))


@app.command()
def export(*, sources: Sources = None, db: Db = None, since: Since = None, output: Lines = None) -> None:
    """Write one JSON line an item, with everything that was understood of it."""
    from feeds.understand import export_items

    urls = urls_of(sources) if sources else None
    with open_store(db) as store:
        rows = export_items(store, since=utc(since))
        write_rows(output, (row for row in rows if urls is None or row["feed"] in urls))


app.command()(digest)
app.command()(outbox)
app.command()(unsubscribe)
app.command()(doctor)


@app.command()
def run(
    *,
    sources: Sources = None,
    db: Db = None,
    config: Config = None,
    encoder: EncoderFolder = None,
    tick: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Longest sleep between two looks.")
    ] = 60.0,
) -> None:
    """Keep polling and send each group's digest at its local hour, until told to stop."""
    from feeds.console import read_lines
    from feeds.run import RunConfig
    from feeds.run import run as keep_running
    from feeds.settings import load_settings
    from feeds.sources import load_sources

    wanted, settings = load_sources(sources), load_settings(config)
    used = encoder_of(encoder, settings)
    how = RunConfig(tick_s=tick, tell=lambda line: note([line]), read=lambda store: read_lines(store, used))
    with open_store(db) as store:
        code = keep_running(store, wanted, settings, how)
    end(code)


@app.command()
def watchlist(
    *,
    db: Db = None,
    days: Annotated[int, typer.Option(min=1, metavar="N", help="How far back enforcement counts.")] = 180,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="Instead of stdout.")
    ] = None,
) -> None:
    """Write the brands and sellers of recent enforcement, for 'fauxwatch classify --watchlist'."""
    from feeds.watchlist import as_csv, draw_watchlist

    with open_store(db) as store:
        entries = draw_watchlist(store, now=datetime.now(tz=UTC), days=days)
    write(output, as_csv(entries))


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A folder of feeds; sources.toml in it names them.")] = Path(
        "examples/feeds"
    ),
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where the digest goes.")
    ] = Path("out/news"),
) -> None:
    """Poll example feeds served on this machine and show their digest as text and as files."""
    from feeds.demo import run_demo

    show(run_demo(folder, output))


# --- what the commands share ---------------------------------------------------------------------


def _list(sources: Path | None, db: str | None, output: Path | None) -> None:
    from feeds.sources import load_sources
    from feeds.terminal import source_lines

    wanted = load_sources(sources)
    with open_store(db) as store:
        health = {one.source.url: one for one in store.health()}
    write(output, text(source_lines(wanted, health)))


def _check(sources: Path | None, output: Path | None) -> None:
    from feeds.discovery import check_sources
    from feeds.sources import load_sources
    from feeds.terminal import check_lines

    checks = check_sources([one for one in load_sources(sources) if one.enabled])
    write(output, text(check_lines(checks)))
    end(1 if any(check.problem for check in checks) else 0)


def _import(opml: Path, output: Path | None) -> None:
    from feeds.opml import import_opml
    from feeds.sources import dump_sources

    write(output, dump_sources(import_opml(opml)))


def _export(sources: Path | None, output: Path | None) -> None:
    from feeds.opml import export_opml
    from feeds.sources import load_sources

    write(output, export_opml([one for one in load_sources(sources) if one.enabled]))
