"""What the user sees in the terminal: recognised columns, progress, tables. Everything here goes to stderr.

Listing text is hostile: it is shown without control characters and never read as markup.
"""

from __future__ import annotations

import time
import unicodedata
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from nlp.cues import CUES
from nlp.gate import LOSS
from nlp.markup import has_markup, html_to_text

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nlp.doctor import Finding
    from nlp.dumps import Recognised
    from nlp.gate import Passage
    from nlp.records import Verdict
    from nlp.run import Step
    from nlp.summary import Summary, Suspect

__all__ = ["plain", "show_columns", "show_findings", "show_models", "show_progress", "show_summary"]

_BANDS: Final = {"act": "bold red", "queue": "yellow", "clear": "green"}
_SHOWN: Final = 10
_WORDS: Final = 60
_TITLE: Final = 120  # characters of a text that are shown
_QUIET: Final = 30.0  # seconds between two lines of a log
_WHOLE: Final = 600  # the same, with --explain


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
    for at, choice in enumerate(recognised.choices):
        line.append(f"{', ' if at else ''}{choice.role} = {plain(choice.column)!r}")
        if choice.otherwise:
            line.append(" or " + " or ".join(repr(plain(name)) for name in choice.otherwise), style="dim")
    for note in recognised.notes:
        line.append(f"; {plain(note, 120)}", style="dim")
    console().print(line)


@contextmanager
def show_progress() -> Iterator[Callable[[Step], None]]:
    """Draws a bar with rate, time left and suspects so far on a terminal; elsewhere a line every half minute, for the log."""
    screen = console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[suspects]}", style="red"),
        console=screen,
        disable=not screen.is_terminal,
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}
        pace = Pace()

        def update(step: Step) -> None:
            if step.what not in tasks:
                for other in tasks.values():
                    bars.update(other, visible=False)
                tasks[step.what] = bars.add_task(
                    step.what, total=step.total, rate="", suspects="", completed=step.done
                )
            rate = pace.rate(step, time.monotonic())
            bars.update(
                tasks[step.what],
                completed=step.done,
                total=step.total,
                rate=f"{rate:,.0f} rows/s" if rate else "",
                suspects=_suspected(step),
            )
            if not screen.is_terminal and pace.due(time.monotonic()):
                screen.print(_line(step, rate))

        yield update


class Pace:
    """Rows a second since this process began its work: what a resumed run had done before does not count."""

    def __init__(self) -> None:
        self._began: dict[str, tuple[float, int]] = {}
        self._told = time.monotonic()

    def rate(self, step: Step, moment: float) -> float:
        """Rows a second of this kind of work, 0 if it has only begun."""
        began, done = self._began.setdefault(step.what, (moment, step.done))
        return (step.done - done) / (moment - began) if moment > began else 0.0

    def due(self, moment: float) -> bool:
        """Whether a line of the log is due."""
        if moment - self._told < _QUIET:
            return False
        self._told = moment
        return True


def _suspected(step: Step) -> str:
    return f"{step.suspects:,} suspected" if step.suspects is not None else ""


def _line(step: Step, rate: float) -> str:
    of = f" of {step.total:,}" if step.total is not None else ""
    parts = [f"{step.what}: {step.done:,}{of} rows", f"{rate:,.0f} rows/s" if rate else "", _suspected(step)]
    if step.total is not None and rate:
        parts.append(f"{timedelta(seconds=round((step.total - step.done) / rate))} left")
    return ", ".join(filter(None, parts))


def show_summary(summary: Summary, *, explain: bool) -> None:
    """The tables at the end of a run."""
    screen = console()
    screen.print()
    screen.print(_headline(summary))
    if summary.passage:
        _print_passage(screen, summary.passage)
    titles = {cue.name: cue.title for cue in CUES}
    _print_counts(screen, "cue", summary.cues, titles)
    _print_counts(screen, "brand", summary.brands, {})
    _print_counts(screen, "seller", summary.sellers, {})
    for suspect in summary.suspects[: len(summary.suspects) if explain else _SHOWN]:
        screen.print(_suspect(suspect, explain=explain))
    if not explain and len(summary.suspects) > _SHOWN:
        screen.print(Text("The rest: --explain, or fauxwatch report", style="dim"))
    screen.print(Text(f"Verdicts: {summary.output}", style="bold"))
    if summary.rejected:
        screen.print(f"Rejected rows, with file, line and reason: {summary.output}.rejected.jsonl")
    screen.print(Text("A verdict is a lead for a person, never proof.", style="dim"))


def _print_passage(screen: Console, passage: Passage) -> None:
    """What the gate did; a warning where its sample says that it loses more suspects than it promises."""
    share = passage.spared / max(passage.rows, 1)
    line = f"{share:.0%} of the rows were decided without the encoder"
    if passage.sampled:
        line += f"; it flagged {passage.missed:,} of {passage.sampled:,} of them that it was asked about all the same"
    screen.print(Text(line + ".", style="dim"))
    estimate, least = passage.lost()
    if least > LOSS:
        screen.print(
            Text(
                f"Warning: the gate may lose {estimate:.1%} of this dump's suspects (at least {least:.1%}); "
                "run it again with --exact.",
                style="bold yellow",
            )
        )


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
    rate = f", {summary.rate:,.0f} rows/s" if summary.rate >= 1 else ""
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


def _suspect(suspect: Suspect, *, explain: bool) -> Text:
    """What stands against one listing: score, brand and price, its title with the evidence marked, the cues."""
    verdict = suspect.verdict
    line = Text("\n")
    line.append(f"{verdict.score:.2f} {verdict.band}", style=_BANDS[verdict.band])
    brands = ", ".join(dict.fromkeys(brand.brand for brand in verdict.brands))
    line.append(f"  {plain(brands, 40)}", style="bold") if brands else None
    if verdict.price_ratio is not None:
        line.append(f"  price/genuine {verdict.price_ratio:.3f}")
    line.append(f"  {plain(verdict.id, 60)}", style="dim")
    line.append("\n  ").append(_marked(suspect.title, _spans(verdict, "title"), _TITLE))
    spans = _spans(verdict, "description")
    if suspect.description and (spans or explain):
        line.append("\n  ").append(_marked(suspect.description, spans, _WHOLE if explain else _TITLE))
    for reason in verdict.reasons:
        line.append(f"\n    · {plain(reason, 160)}", style="dim")
    return line


def _spans(verdict: Verdict, field: str) -> list[tuple[int, int]]:
    """Places of evidence in order, none overlapping."""
    places = [
        (cue.start, cue.end)
        for cue in verdict.cues
        if cue.field == field and cue.start is not None and cue.end is not None
    ]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _marked(text: str, spans: list[tuple[int, int]], limit: int) -> Text:
    """``text`` on one line with its evidence highlighted; a long one is cut around the first piece of evidence."""
    left = max(0, spans[0][0] - limit // 3) if spans and spans[0][1] > limit else 0
    right = left + limit
    line = Text("…" if left else "")
    at = left
    for start, end in spans:
        if end > right:
            break
        line.append(_piece(text[at:start]))
        line.append(plain(text[start:end]), style="bold black on bright_yellow")
        at = end
    line.append(_piece(text[at:right]))
    return line.append("…" if right < len(text) else "")


def _piece(text: str) -> str:
    """``text`` made plain with the spaces at its edges, of which there is one at most."""
    if has_markup(text):
        text = html_to_text(text).text
    kept = plain(text, len(text))
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * before}{kept}{' ' * after}" if kept else " " * (before or after)
