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

    from feeds.settings import NewsSettings
    from feeds.store import Store
    from feeds.understand import UnderstandReport
    from feeds.vectors import Encoder

__all__ = [
    "Config", "Db", "EncoderFolder", "Lines", "Since", "Sources", "encoder_of", "end", "ids_from", "note", "open_store", "plain", "read_lines", "read_new", "show",
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


EncoderFolder = Annotated[
    Path | None,
    typer.Option(
        "--encoder",
        metavar="DIR",
        help="A folder of sentence-transformers (BERT) whose vectors compare stories; default the configuration's, else none.",
    ),
]


def read_new(store: Store, encoder: Encoder | None = None) -> int:
    """Read what this version of the analyser has not read and say how much it was; how many items failed."""
    read = _understood(store, encoder)
    note(_read_lines(read))
    return len(read.failed)


def read_lines(store: Store, encoder: Encoder | None = None) -> list[str]:
    """As :func:`read_new`, but the words are given, not printed."""
    return _read_lines(_understood(store, encoder))


def encoder_of(folder: Path | None, settings: NewsSettings) -> Encoder | None:
    """The encoder of texts in ``folder``, else the one that the configuration names, else None: the one without a model."""
    from feeds.vectors import load_encoder

    named = folder or (Path(settings.stories.encoder).expanduser() if settings.stories.encoder else None)
    return load_encoder(named) if named else None


def _understood(store: Store, encoder: Encoder | None) -> UnderstandReport:
    from feeds.analyse import ANALYSER
    from feeds.understand import UnderstandReport, understand

    if not store.items.find(without_analysis=ANALYSER, limit=1):  # without any, no table is loaded
        return UnderstandReport()
    return understand(store, clock=lambda: datetime.now(UTC), encoder=encoder)


def _read_lines(read: UnderstandReport) -> list[str]:
    line = (
        f"{read.analysed} items read, {read.relevant} relevant; {len(read.new_stories)} new stories, "
        f"{len(read.grown_stories)} grown; {len(read.new_events)} new events in {len(read.cases)} cases"
    )
    failed = [f"{len(read.failed)} items could not be read and are set aside:"] if read.failed else []
    return [line, *failed, *(f"  {one}" for one in read.failed)]


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
