"""From files to rows that may be learnt from: read, checked, settled, clustered; with all that a person should know first."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from nlp.cues import COUNTERFEIT, LABELS
from nlp.errors import UsageError
from nlp.writers import neutral
from training.checks import Finding, check_table, contradictions, findings_of, refuse_unusable, torn_finding
from training.exports import flatten_export
from training.groups import cluster_rows, shared_rows
from training.label_columns import find_layout
from training.table import load_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.records import Rejection
    from training.table import LabelledTable

__all__ = ["Prepared", "Source", "prepare", "split_findings"]

_AT: Final = LABELS.index(COUNTERFEIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The labelled dump and what the user says of it."""

    paths: tuple[str, ...]
    label: str | None = None
    positive: tuple[str, ...] = ()
    time: str | None = None
    mapping: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``table`` holds the rows to learn from, ``pool`` those without a label; ``dropped`` are columns that give the label away."""

    table: LabelledTable
    pool: LabelledTable
    clusters: NDArray[np.int64]
    texts: NDArray[np.int64]
    findings: tuple[Finding, ...]
    dropped: frozenset[str]
    has_time: bool


def prepare(
    source: Source,
    work: Path,
    reports: Path,
    *,
    trust: Sequence[str] = (),
    least: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Prepared:
    """Reads and checks ``source``; contradictions and rejected rows are written under ``reports``.

    ``least`` False leaves out the demand for rows of both classes (a set that only tests).

    Raises:
        DumpError, UsageError: as the parts say.
    """
    plain, notes = _plain_files(source.paths, work)
    layout = find_layout(
        plain, label=source.label, positive=source.positive, time=source.time, mapping=source.mapping
    )
    loaded = load_table(plain, layout, work / "data", progress=progress)
    if least or np.isnan(loaded.table.labels[:, _AT]).all():
        refuse_unusable(loaded, layout)
    known = ~np.isnan(loaded.table.labels[:, _AT])
    labelled = loaded.table.select(np.flatnonzero(known))
    torn = contradictions(labelled)
    findings = [*notes, *findings_of(loaded, layout), *torn_finding(torn, f"{reports}/contradictions.csv")]
    if len(torn):
        _write_torn(labelled.select(torn), reports / "contradictions.csv")
    if loaded.rejected:
        _write_rejected(loaded.rejected, reports / "rejected.jsonl")
    table = labelled.select(np.setdiff1d(np.arange(len(labelled)), torn))
    clusters = cluster_rows(table)
    findings += check_table(table, clusters)
    leaks = {each.column for each in loaded.columns.giveaways() if each.read and each.how != "word"}
    return Prepared(
        table=table,
        pool=loaded.table.select(np.flatnonzero(~known)),
        clusters=clusters,
        texts=cluster_rows(table, sellers=False),
        findings=tuple(findings),
        dropped=frozenset(leaks - set(trust)),
        has_time=layout.time is not None and not bool(np.isnan(table.times).all()),
    )


def split_findings(prepared: Prepared, split: str, *, share: float) -> list[Finding]:
    """What is said of a split that was asked for: a random one leaks, one by time needs times.

    Raises:
        UsageError: for a split by time without a column of times, or a split that does not exist.
    """
    if split == "seller":
        return []
    if split == "time":
        if not prepared.has_time:
            raise UsageError("--split time: no column with dates was found; name it with --time COLUMN")
        return []
    if split != "random":
        raise UsageError(f"--split {split}: there is seller, time and random")
    inside = np.random.default_rng(0).random(len(prepared.table)) < share
    leaking = shared_rows(prepared.clusters, inside)
    return [
        Finding(
            code="random_split",
            level="warning",
            text=(
                f"RANDOM SPLIT: {leaking / max(int(inside.sum()), 1):.0%} of the held-out rows have the seller, or a near-identical text, of a "
                "row that is learnt from. The figures will flatter; both splits are measured and shown side by side"
            ),
        )
    ]


def _plain_files(paths: Sequence[str], work: Path) -> tuple[list[str], list[Finding]]:
    plain, notes = [], []
    for path in paths:
        flat = flatten_export(path, work / "exports")
        plain.append(str(flat.path) if flat else str(path))
        if flat:
            text = f"{path}: an export of {flat.tool}; {flat.disagreed:,} rows with annotators who disagree, {flat.tied:,} tied and left out"
            notes.append(Finding(code="export", level="warning" if flat.tied else "note", text=text))
    return plain, notes


def _write_torn(table: LabelledTable, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label", "title", "description", "seller"])
        for each, truth in zip(table.listings(), table.truth, strict=True):
            cells = [
                each.id,
                "counterfeit" if truth else "genuine",
                each.title,
                each.description,
                each.seller or "",
            ]
            writer.writerow([neutral(cell) for cell in cells])


def _write_rejected(rejected: Sequence[Rejection], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for each in rejected:
            row = {"file": each.file, "line": each.line, "reason": each.reason, "row": each.row}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
