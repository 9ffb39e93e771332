"""``fauxwatch news …``: parses, calls, prints. Results go to stdout or ``-o``, all else to stderr.

Exit codes: 0 all done, 1 done with feeds rejected, 2 wrong usage or configuration, 3 failed.
"""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nlp.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.store import Store

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Watch enforcement news and lawsuits; one digest a day.",
)

Sources = Annotated[
    Path | None,
    typer.Option(
        "--sources", metavar="FILE", help="Your [[source]] tables (TOML); default the packaged ones."
    ),
]
Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="sqlite:///FILE or postgresql://…; default in your data folder."
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="DATE", formats=["%Y-%m-%d"], help="Only from this day on (UTC)."),
]
Lines = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="OUT.jsonl", help="JSON lines; - is stdout.")
]


@app.command()
def poll(
    *,
    sources: Sources = None,
    db: Db = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only sources that are due, as a timer wants it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also those that asked us to wait.")] = False,
) -> None:
    """Fetch the sources once, store what they say and read what is new."""
    from feeds.monitor import poll as poll_sources
    from feeds.sources import load_sources
    from feeds.terminal import poll_lines

    if due and force:
        raise UsageError("news poll: --due and --force contradict each other; give one of them")
    wanted = load_sources(sources)
    which: Literal["due", "now", "force"] = "due" if due else "force" if force else "now"
    with _store(db) as store:
        report = poll_sources(store, wanted, which=which)
        _note(poll_lines(report))
        _read_new(store)
    _end(1 if report.failures else 0)


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

    with _store(db) as store:
        found = FindingStore(store.database).stories(updated_since=_utc(since))
        wanted = _ids_from(store, sources)
        if wanted is not None:
            found = tuple(one for one in found if any(member.item_id in wanted for member in one.members))
        items = store.items.find(ids={member.item_id for story in found for member in story.members})
    if output is not None:
        _write_rows(output, _plain(found))
    else:
        _show(story_lines(found, {item.id: item for item in items}))


@app.command()
def cases(*, sources: Sources = None, db: Db = None, since: Since = None, output: Lines = None) -> None:
    """Show lawsuits with their dockets and timelines, last changed first."""
    from feeds.casestore import CaseStore
    from feeds.terminal import case_lines

    with _store(db) as store:
        found = CaseStore(store.database).cases(updated_since=_utc(since))
        wanted = _ids_from(store, sources)
    if wanted is not None:
        found = tuple(one for one in found if any(wanted.intersection(event.items) for event in one.events))
    if output is not None:
        _write_rows(output, _plain(found))
    else:
        _show(case_lines(found))


@app.command()
def export(*, sources: Sources = None, db: Db = None, since: Since = None, output: Lines = None) -> None:
    """Write one JSON line an item, with everything that was understood of it."""
    from feeds.skim import skimmed_rows

    reader = _understanding()
    export_items = reader.export_items if reader else skimmed_rows
    urls = _urls(sources) if sources else None
    with _store(db) as store:
        rows = export_items(store, since=_utc(since))
        _write_rows(output, (row for row in rows if urls is None or row["feed"] in urls))


@app.command()
def digest(
    *,
    sources: Sources = None,
    db: Db = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", metavar="DATE", formats=["%Y-%m-%d"], help="The day (UTC); default today."),
    ] = None,
    brands: Annotated[
        list[str], typer.Option("--brand", metavar="NAME", help="Only news of this brand; repeat it.")
    ] = [],  # noqa: B006 - typer copies it
    group: Annotated[str, typer.Option(metavar="NAME", help="The group of recipients.")] = "default",
    recipient: Annotated[str, typer.Option("--to", metavar="ADDRESS")] = "digest@localhost",
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS")] = "fauxwatch@localhost",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.eml", help="Write the mail to a file.")
    ] = None,
) -> None:
    """Show the digest of a day as text, or write it as a mail. Nothing is sent."""
    from feeds.digest import compose
    from feeds.render import mail, render
    from feeds.state import digest_state

    now = datetime.now(UTC)
    urls = _urls(sources) if sources else None
    with _store(db) as store:
        state = digest_state(store, (day or now).date(), urls=urls)
    rendered = render(compose(state, (day or now).date(), brands=brands), group=group)
    if output is None:
        typer.echo(rendered.text, nl=False)
        return
    content = mail(rendered, recipient=recipient, sender=sender, made_at=now)
    _write(output, content)


# --- what the commands share ---------------------------------------------------------------------


def _list(sources: Path | None, db: str | None, output: Path | None) -> None:
    from feeds.sources import load_sources
    from feeds.terminal import source_lines

    wanted = load_sources(sources)
    with _store(db) as store:
        health = {one.source.url: one for one in store.health()}
    _write(output, _text(source_lines(wanted, health)))


def _check(sources: Path | None, output: Path | None) -> None:
    from feeds.discovery import check_sources
    from feeds.sources import load_sources
    from feeds.terminal import check_lines

    checks = check_sources([one for one in load_sources(sources) if one.enabled])
    _write(output, _text(check_lines(checks)))
    _end(1 if any(check.problem for check in checks) else 0)


def _import(opml: Path, output: Path | None) -> None:
    from feeds.opml import import_opml
    from feeds.sources import dump_sources

    _write(output, dump_sources(import_opml(opml)))


def _export(sources: Path | None, output: Path | None) -> None:
    from feeds.opml import export_opml
    from feeds.sources import load_sources

    _write(output, export_opml([one for one in load_sources(sources) if one.enabled]))


def _read_new(store: Store) -> None:
    reader = _understanding()
    if reader is None:
        from feeds.skim import skim

        done, relevant = skim(store, clock=lambda: datetime.now(UTC))
        _note([f"{done} items read, {relevant} relevant"])
        return
    read = reader.understand(store, clock=lambda: datetime.now(UTC))
    line = (
        f"{read.analysed} items read, {read.relevant} relevant; {len(read.new_stories)} new stories, "
        f"{len(read.grown_stories)} grown; {len(read.new_events)} new events in {len(read.cases)} cases"
    )
    _note([line])


def _understanding() -> Any:
    """The full reading with stories and cases, or None where its parts are not installed."""
    try:
        return importlib.import_module("feeds.understand")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("feeds."):
            raise
        return None


def _ids_from(store: Store, sources: Path | None) -> frozenset[int] | None:
    """The items of the sources in a file, or None where no file was named: all of them."""
    if sources is None:
        return None
    urls = _urls(sources)
    return frozenset(item.id for item in store.items.find() if item.feed in urls)


def _urls(sources: Path) -> frozenset[str]:
    from feeds.sources import load_sources

    return frozenset(source.url for source in load_sources(sources))


@contextmanager
def _store(url: str | None) -> Iterator[Store]:
    from feeds.store import Store

    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _plain(records: Iterable[Any]) -> Iterator[Any]:
    from feeds.records import to_plain

    return (to_plain(record) for record in records)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _note(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)


def _write_rows(output: Path | None, rows: Iterable[Any]) -> None:
    _write(output, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))


def _write(output: Path | None, content: str | bytes) -> None:
    """``content`` to the file, whole or not at all, or to stdout."""
    data = content.encode() if isinstance(content, str) else content
    if output is None or str(output) == "-":
        typer.echo(data, nl=False)
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(output)
    except OSError as error:
        raise OutputError(str(output), f"cannot be written: {error.strerror}; name another place") from error


def _end(code: int) -> None:
    """Ends the command; a plain exit passes through whatever forwarded it."""
    raise SystemExit(code)
