"""What the user sees in the terminal: recognised columns, progress, tables. Everything here goes to stderr.

Listing text is hostile: it is shown without control characters and never read as markup.
"""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from nlp.cues import CUES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nlp.doctor import Finding
    from nlp.dumps import Recognised
    from nlp.records import Verdict
    from nlp.summary import Summary

__all__ = ["plain", "show_columns", "show_findings", "show_models", "show_progress", "show_summary"]

_BANDS: Final = {"act": "bold red", "queue": "yellow", "clear": "green"}
_SHOWN: Final = 10
_WORDS: Final = 60


def console() -> Console:
    """A console on stderr; width 100 where there is no terminal."""
    plain_console = Console(stderr=True, highlight=False)
    return plain_console if plain_console.is_terminal else Console(stderr=True, highlight=False, width=100)


def plain(text: str, limit: int = _WORDS) -> str:
    """``text`` on one line without control, direction or invisible characters, cut to ``limit`` characters."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    kept = "".join(char for char in kept if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def show_columns(recognised: Recognised) -> None:
    """One line a file: which column was taken for what."""
    line = Text(f"{recognised.file}: ", style="dim")
    line.append(", ".join(f"{choice.role} = {plain(choice.column)!r}" for choice in recognised.choices))
    for note in recognised.notes:
        line.append(f"; {plain(note, 120)}", style="dim")
    console().print(line)


@contextmanager
def show_progress() -> Iterator[Callable[[int, int | None], None]]:
    """A callable ``(rows done, rows in all or None)`` that draws a bar with rate and time left, on a terminal only."""
    screen = console()
    with Progress(
        TextColumn("classifying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
        transient=True,
    ) as bars:
        task = bars.add_task("rows", total=None, rate="")

        def update(done: int, total: int | None) -> None:
            elapsed = bars.tasks[task].elapsed or 0.0
            bars.update(
                task, completed=done, total=total, rate=f"{done / elapsed:,.0f} rows/s" if elapsed else ""
            )

        yield update


def show_summary(summary: Summary, *, explain: bool) -> None:
    """The tables at the end of a run."""
    screen = console()
    screen.print()
    screen.print(_headline(summary))
    titles = {cue.name: cue.title for cue in CUES}
    _print_counts(screen, "cue", summary.cues, titles)
    _print_counts(screen, "brand", summary.brands, {})
    _print_counts(screen, "seller", summary.sellers, {})
    if summary.suspects:
        screen.print(_suspects(summary.suspects[: len(summary.suspects) if explain else _SHOWN]))
    screen.print(Text(f"Verdicts: {summary.output}", style="bold"))
    if summary.rejected:
        screen.print(f"Rejected rows, with file, line and reason: {summary.output}.rejected.jsonl")
    screen.print(Text("A verdict is a lead for a person, never proof.", style="dim"))


def show_models(name: str | None) -> None:
    """The models at hand, or one model's card, on stdout."""
    from nlp.artefact import BUNDLED, model_path, open_artefact

    out = Console(highlight=False)
    if name is not None:
        artefact = open_artefact(model_path(name))
        out.print(Text((artefact.path / "README.md").read_text(encoding="utf-8")))
        return
    for folder in sorted(path for path in BUNDLED.parent.iterdir() if (path / "MANIFEST.json").is_file()):
        artefact = open_artefact(folder)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
        default = " (bundled, the default)" if folder == BUNDLED else ""
        out.print(f"{artefact.identity}  {size:.0f} MiB  {folder}{default}", soft_wrap=True)


def show_findings(findings: list[Finding]) -> int:
    """Prints the doctor's findings on stdout; 3 if one is a fault, else 0."""
    out = Console(highlight=False)
    marks = {"ok": ("ok   ", "green"), "note": ("note ", "yellow"), "fault": ("FAULT", "bold red")}
    for finding in findings:
        mark, style = marks[finding.state]
        line = Text(mark, style=style).append(f"  {finding.what}", style="default")
        out.print(line.append(f"  → {finding.advice}" if finding.advice else ""), soft_wrap=True)
    return 3 if any(finding.state == "fault" for finding in findings) else 0


def show_sellers(path: Path, sellers: int, links: int) -> None:
    """Where the sellers and links were written."""
    console().print(f"{sellers} sellers ranked in {path}, {links} links between accounts")


def _headline(summary: Summary) -> Text:
    rate = f", {summary.rows / summary.seconds:,.0f} rows/s" if summary.seconds else ""
    line = Text(f"{summary.rows:,} listings read{rate}: ", style="bold")
    line.append(f"{summary.suspected:,} suspected", style="bold red" if summary.suspected else "green")
    line.append(f" ({summary.bands['act']:,} act, {summary.bands['queue']:,} queue), ")
    line.append(f"{summary.bands['clear']:,} clear, {summary.rejected:,} rejected")
    return line


def _print_counts(screen: Console, what: str, counts: Counter[str], titles: dict[str, str]) -> None:
    if not counts:
        return
    table = Table("suspects", f"by {what}", box=None, padding=(0, 2), header_style="dim")
    table.columns[0].justify = "right"
    for name, number in counts.most_common(_SHOWN):
        label = Text(plain(name))
        if name in titles:
            label.append(f"  {titles[name]}", style="dim")
        table.add_row(f"{number:,}", label)
    screen.print(table)


def _suspects(verdicts: list[Verdict]) -> Table:
    table = Table(
        "score", "band", "listing", "brand", "evidence", box=None, padding=(0, 2), header_style="dim"
    )
    for verdict in verdicts:
        table.add_row(
            f"{verdict.score:.2f}",
            Text(verdict.band, style=_BANDS[verdict.band]),
            Text(plain(verdict.id, 28)),
            Text(plain(", ".join(dict.fromkeys(brand.brand for brand in verdict.brands)), 30)),
            _evidence(verdict),
        )
    return table


def _evidence(verdict: Verdict) -> Text:
    line = Text()
    for cue in verdict.cues:
        if len(line):
            line.append("; ")
        line.append(cue.cue, style="dim")
        if cue.text:
            line.append(" ").append(plain(cue.text, 40), style="bold black on bright_yellow")
    if verdict.price_ratio is not None:
        line.append(f"; price/genuine {verdict.price_ratio:.3f}", style="dim")
    return line
