"""What is wrong with a labelled set before anything is trained on it: refusals, and warnings that are printed and kept in the card."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from nlp.cues import COUNTERFEIT, CUE_NAMES, LABELS
from nlp.errors import UsageError
from training.groups import dominated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.columns import Giveaway
    from training.label_columns import Layout
    from training.table import LabelledTable, LoadedTable

__all__ = ["FEWEST", "Finding", "check_table", "contradictions", "findings_of", "refuse_unusable"]

FEWEST: Final = 20  # rows of a class under which nothing is trained
_FEW: Final = 50
_TORN_LIMIT: Final = 0.2
_BLANK_LIMIT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a person should know; ``code`` is stable, ``level`` "warning" is loud, "note" is not."""

    code: str
    level: Literal["warning", "note"]
    text: str

    def as_json(self) -> dict[str, Any]:
        """As it stands in ``metrics.json``."""
        return {"code": self.code, "level": self.level, "text": self.text}


def refuse_unusable(loaded: LoadedTable, layout: Layout) -> None:
    """Stops where no honest model can come out.

    Raises:
        UsageError: no readable label, one class, too few rows of a class.
    """
    column = repr(layout.label) if layout.label else "the cue columns"
    known = ~np.isnan(loaded.table.labels[:, LABELS.index(COUNTERFEIT)])
    seen = ", ".join(f"{value!r} ({number})" for value, number in loaded.unread.most_common(5)) or "nothing"
    if not known.any():
        raise UsageError(
            f"no row has a label that can be read in {column} (found {seen}); write 1/0 or yes/no, "
            "or say which values mean counterfeit: --positive VALUE"
        )
    truth = loaded.table.truth[known]
    for name, number in (("counterfeit", int(truth.sum())), ("genuine", int((~truth).sum()))):
        if number == 0:
            rest = (
                f"; not read as a label: {seen}; if one of these is the other class, say --positive VALUE"
                if loaded.unread
                else ""
            )
            raise UsageError(
                f"all {len(truth):,} labels in {column} are the same: none says {name}. A model needs both{rest}"
            )
        if number < FEWEST:
            raise UsageError(
                f"only {number} row(s) labelled {name} in {column}; at least {FEWEST} of each class are needed to train and hold "
                "some out. Label more ('fauxwatch train … --suggest 50' says which rows pay most)"
            )


def findings_of(loaded: LoadedTable, layout: Layout) -> list[Finding]:
    """What reading the dump has shown: unreadable labels, blank titles, damaged text, columns that give the label away."""
    findings = [_note("layout", text) for text in layout.notes]
    total = len(loaded.table)
    if loaded.rejected:
        reasons = Counter(each.reason for each in loaded.rejected).most_common(2)
        why = "; ".join(f"{reason} ({number:,})" for reason, number in reasons)
        make = _warning if len(loaded.rejected) > 0.1 * (total + len(loaded.rejected)) else _note
        findings.append(make("rejected", f"{len(loaded.rejected):,} rows could not be read: {why}"))
    if loaded.unread:
        few = ", ".join(f"{value!r} ({number:,})" for value, number in loaded.unread.most_common(3))
        make = _warning if loaded.unread.total() > 0.05 * total else _note
        findings.append(
            make(
                "unread", f"{loaded.unread.total():,} rows have a label that cannot be read, left out: {few}"
            )
        )
    findings += [_giveaway(each) for each in loaded.columns.giveaways()]
    for table in loaded.recognised:
        findings += [_note("dump", f"{table.file}: {text}") for text in table.notes]
    return findings


def check_table(table: LabelledTable, clusters: NDArray[np.int64]) -> list[Finding]:
    """What the labelled rows themselves show: few rows, blank titles, broken encodings, sellers, clusters, languages."""
    truth = table.truth
    findings = [*_sizes(truth), *_texts(table), *_sellers(table, truth)]
    for name, share in zip(("genuine", "counterfeit"), dominated(clusters, truth), strict=True):
        if share > 0.5:
            findings.append(
                _warning(
                    "one_cluster",
                    f"{share:.0%} of the {name} rows belong to one seller or to near-identical texts: held-out figures "
                    "rest on few others; add rows of other sellers",
                )
            )
    for cue in CUE_NAMES:
        column = table.labels[:, LABELS.index(cue)]
        known, marked = int((~np.isnan(column)).sum()), int((column > 0.5).sum())
        if known and min(marked, known - marked) < FEWEST:
            findings.append(
                _warning(
                    "few_cue",
                    f"{cue}: {marked} of {known:,} rows marked, too few to learn; the base model's answer stays",
                )
            )
    return findings


def contradictions(table: LabelledTable) -> NDArray[np.int64]:
    """Numbers of the rows whose text (but for case and spacing) carries both labels.

    Raises:
        UsageError: if they are more than a fifth of the rows.
    """
    order = np.argsort(table.texts, kind="stable")
    keys, truth = table.texts[order], table.truth[order]
    starts = np.r_[0, np.flatnonzero(keys[1:] != keys[:-1]) + 1]
    lengths = np.diff(np.r_[starts, len(keys)])
    positive = np.add.reduceat(truth.astype(np.int64), starts) if len(keys) else np.zeros(0, np.int64)
    torn = np.repeat((positive > 0) & (positive < lengths), lengths)
    rows = np.sort(order[torn])
    if len(rows) > _TORN_LIMIT * len(table):
        example = table.select(rows[:1]).listings()[0].title[:60]
        raise UsageError(
            f"{len(rows):,} of {len(table):,} rows have a text that carries both labels (as “{example}”): no model can be right "
            "on both. Settle the labels first, or give the column that tells these rows apart (price, brand)"
        )
    return rows


def torn_finding(rows: NDArray[np.int64], where: str) -> list[Finding]:
    """The warning about contradicting labels."""
    if not len(rows):
        return []
    return [
        _warning(
            "contradictions",
            f"{len(rows):,} rows have a text that carries both labels; they train and test nothing and stand in {where}",
        )
    ]


def _sizes(truth: NDArray[np.bool_]) -> list[Finding]:
    least = int(min(truth.sum(), (~truth).sum()))
    if least >= _FEW:
        return []
    return [
        _warning("few_rows", f"only {least} rows of the rarer class: every figure below has a wide interval")
    ]


def _texts(table: LabelledTable) -> list[Finding]:
    blank = broken = long_enough = 0
    for _, listings in table.chunks(4_096):
        for each in listings:
            blank += not each.title.strip()
            text = each.title + each.description
            broken += "\ufffd" in text or any(mark in text for mark in ("Ã©", "Ã¨", "â€™", "Ð°", "Ã¤", "Ã¶"))
            long_enough += len(text) >= 15
    findings = []
    if blank > _BLANK_LIMIT * len(table):
        findings.append(
            _warning(
                "blank_titles",
                f"{blank:,} of {len(table):,} titles are blank: is the right column mapped (--map title=NAME)?",
            )
        )
    if broken > 0.01 * len(table):
        findings.append(
            _warning(
                "encoding",
                f"{broken:,} texts hold characters of a broken encoding (“Ã©”, “�”): export the dump again as UTF-8; the model "
                "would learn the damage",
            )
        )
    if long_enough < 0.5 * len(table):
        findings.append(
            _warning(
                "short",
                f"{len(table) - long_enough:,} texts are shorter than 15 characters; little can be read from them",
            )
        )
    return findings


def _sellers(table: LabelledTable, truth: NDArray[np.bool_]) -> list[Finding]:
    missing = int((table.sellers < 0).sum())
    if missing == len(table):
        return [
            _warning(
                "no_seller",
                "no seller column: rows of one seller may stand on both sides of the split, so figures may flatter; "
                "map it with --map seller=NAME",
            )
        ]
    findings = []
    if missing > 0.2 * len(table):
        findings.append(
            _warning(
                "seller_gaps",
                f"{missing:,} of {len(table):,} rows name no seller: they are held apart by text only",
            )
        )
    known = table.sellers >= 0
    count = np.bincount(table.sellers[known])
    positive = np.bincount(table.sellers[known], weights=truth[known])
    mixed = int(((positive > 0) & (positive < count)).sum())
    if mixed == 0:
        findings.append(
            _note(
                "pure_sellers",
                "every seller has one label only: split by row, a model could learn the seller; it is split by seller",
            )
        )
    return findings


def language_finding(langs: Sequence[str | None], truth: NDArray[np.bool_]) -> list[Finding]:
    """A warning where the language alone tells the label: then figures say more of the language than of the goods."""
    table: dict[str | None, list[int]] = {}
    for lang, label in zip(langs, truth, strict=True):
        table.setdefault(lang, [0, 0])[int(label)] += 1
    right = sum(max(sides) for sides in table.values()) / max(len(truth), 1)
    base = max(truth.mean(), 1 - truth.mean())
    if len(table) < 2 or right < 0.9 or 1 - right > 0.3 * (1 - base):
        return []
    return [
        _warning(
            "language",
            f"the language alone tells {right:.0%} of the labels: the model may learn languages; read the figures by language",
        )
    ]


def _giveaway(found: Giveaway) -> Finding:
    if found.how == "word":
        return _warning(
            "leak_word",
            f"the word {found.value!r} alone tells {found.accuracy:.1%} of the labels: was the label written into the text? "
            "Remove it and train again",
        )
    how = f"whether {found.column!r} is filled" if found.how == "filled" else f"the column {found.column!r}"
    if found.read:
        return _warning(
            "leak_column",
            f"{how} alone tells {found.accuracy:.1%} of the labels: it is left out of the features "
            f"(--trust {found.column} if it will say the same of new listings)",
        )
    return _warning(
        "leak_unread",
        f"{how} alone tells {found.accuracy:.1%} of the labels: it repeats the label; the model does not read it",
    )


def _warning(code: str, text: str) -> Finding:
    return Finding(code=code, level="warning", text=text)


def _note(code: str, text: str) -> Finding:
    return Finding(code=code, level="note", text=text)
