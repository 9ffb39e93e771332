"""What the ``news`` commands share: options, the opened store, and writing results whole or not at all."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.store import Store

__all__ = [
    "Config", "Db", "Lines", "Since", "Sources", "end", "ids_from", "note", "open_store", "plain", "read_lines", "read_new", "show",
    "text", "urls_of", "utc", "write", "write_rows",
]  # fmt: skip

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


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Mail server and recipient groups (TOML); default ~/.config/fauxwatch/news.toml.",
    ),
]


def read_new(store: Store) -> None:
    """Read what no version of the analyser has read, and say how much it was."""
    note(read_lines(store))


def read_lines(store: Store) -> list[str]:
    """As :func:`read_new`, but the words are given, not printed."""
    from feeds.analyse import ANALYSER
    from feeds.understand import UnderstandReport, understand

    waiting = store.items.find(without_analysis=ANALYSER, limit=1)  # without any, no table is loaded
    read = understand(store, clock=lambda: datetime.now(UTC)) if waiting else UnderstandReport()
    line = (
        f"{read.analysed} items read, {read.relevant} relevant; {len(read.new_stories)} new stories, "
        f"{len(read.grown_stories)} grown; {len(read.new_events)} new events in {len(read.cases)} cases"
    )
    return [line]


def ids_from(store: Store, sources: Path | None) -> frozenset[int] | None:
    """The items of the sources in a file, or None where no file was named: all of them."""
    if sources is None:
        return None
    urls = urls_of(sources)
    return frozenset(item.id for item in store.items.find() if item.feed in urls)


def urls_of(sources: Path) -> frozenset[str]:
    """The addresses of the sources in a file."""
    from feeds.sources import load_sources

    return frozenset(source.url for source in load_sources(sources))


@contextmanager
def open_store(url: str | None) -> Iterator[Store]:
    """The store at ``url``, closed at the end."""
    from feeds.store import Store

    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def utc(day: datetime | None) -> datetime | None:
    """A day that was typed, as its begin in UTC."""
    return day.replace(tzinfo=UTC) if day else None


def plain(records: Iterable[Any]) -> Iterator[Any]:
    """Records as JSON values."""
    from feeds.records import to_plain

    return (to_plain(record) for record in records)


def text(lines: Iterable[str]) -> str:
    """Lines as one text."""
    return "".join(f"{line}\n" for line in lines)


def show(lines: Iterable[str]) -> None:
    """Results, to stdout."""
    for line in lines:
        typer.echo(line)


def note(lines: Iterable[str]) -> None:
    """All else, to stderr."""
    for line in lines:
        typer.echo(line, err=True)


def write_rows(output: Path | None, rows: Iterable[Any]) -> None:
    """Rows as JSON lines, to the file or to stdout."""
    write(output, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))


def write(output: Path | None, content: str | bytes) -> None:
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


def end(code: int) -> None:
    """Ends the command; a plain exit passes through whatever forwarded it."""
    raise SystemExit(code)
