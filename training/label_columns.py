"""Which columns of a labelled dump hold the labels, and what their values mean. Nothing is guessed silently."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nlp.cues import COUNTERFEIT, CUE_NAMES
from nlp.errors import UsageError
from nlp.formats.cells import label_of
from nlp.formats.columns import listed, normal_name, recognise
from nlp.formats.source import STDIN, expand
from nlp.formats.table import Limits
from nlp.formats.tables import tables
from training.label_words import LABEL_NAMES, NO, TIME_NAMES, YES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nlp.formats.table import Table

__all__ = ["Layout", "find_layout", "meaning"]

_CUE_LISTS: Final = ("cues", "cue", "cue labels")
_MOST_WATCHED: Final = 60
_LISTING_ROLES: Final = (
    "title",
    "description",
    "price",
    "currency",
    "brand",
    "seller",
    "category",
    "url",
    "id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the labels stand. ``label`` None: only cue columns; ``cues`` maps a cue to its column, ``cue_list`` is one column of names.

    ``mapping`` is what ``nlp.dumps.read`` is to be told; ``watched`` are the columns that neither are labels nor read by the model.
    """

    label: str | None
    cues: dict[str, str] = field(default_factory=dict)
    cue_list: str | None = None
    time: str | None = None
    positive: frozenset[str] = frozenset()
    mapping: dict[str, str] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every further column that a batch has to carry."""
        wanted = (self.label, *self.cues.values(), self.cue_list, self.time, *self.watched)
        return tuple(dict.fromkeys(name for name in wanted if name))

    def labels_of(self, row: Mapping[str, str | None]) -> dict[str, float]:
        """Labels by name of one row; absent where they cannot be read."""
        labels = {
            cue: value for cue, column in self.cues.items() if (value := meaning(row.get(column))) is not None
        }
        if self.cue_list:
            labels |= _listed_cues(row.get(self.cue_list))
        if self.label is None:
            known = [value for cue, value in labels.items() if cue in CUE_NAMES]
            return labels | ({COUNTERFEIT: max(known)} if known else {})
        value = meaning(row.get(self.label), self.positive)
        return labels if value is None else labels | {COUNTERFEIT: value}


def find_layout(
    paths: Sequence[str | Path],
    *,
    label: str | None = None,
    positive: Sequence[str] = (),
    time: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Layout:
    """The layout of the labelled dump at ``paths``; ``label``, ``time`` and ``positive`` are what the user says of it.

    Raises:
        DumpError: if a file cannot be read.
        UsageError: if no column can be the label, or a named one stands in no table.
    """
    names = expand(paths)
    if STDIN in names:
        raise UsageError("labelled listings are read twice; write stdin to a file first")
    seen = [table for name in names if (table := _peek(name, mapping)) is not None]
    columns = list(dict.fromkeys(column for table in seen for column in table.columns))
    meant = frozenset(value.strip().casefold() for value in positive)
    found = _label_column(seen, columns, label, meant)
    cues = {cue: column for column in columns for cue in CUE_NAMES if normal_name(column) == normal_name(cue)}
    cue_list = next((column for column in columns if normal_name(column) in _CUE_LISTS), None)
    if found is None and not cues and not cue_list:
        raise UsageError(
            f"{', '.join(map(str, paths))}: no column holds labels; columns are {listed(columns)}. "
            "Name it with --label COLUMN (1/0, yes/no or words such as fake/genuine)"
        )
    if time and time not in columns:
        raise UsageError(f"--time {time}: no such column; columns are {listed(columns)}")
    notes = []
    if found is None:
        notes.append("no label column: a row counts as counterfeit if any of its cues is marked")
    taken = {name for name in (found, cue_list, *cues.values()) if name}
    full = dict(mapping or {}) | _released(seen, taken, mapping)
    return Layout(
        label=found,
        cues=cues,
        cue_list=cue_list,
        time=time
        or next((column for column in columns if normal_name(column) in map(normal_name, TIME_NAMES)), None),
        positive=meant,
        mapping=full,
        watched=_watched(seen, columns, taken, full),
        notes=tuple(notes),
    )


def meaning(cell: str | None, positive: frozenset[str] = frozenset()) -> float | None:
    """1.0 counterfeit, 0.0 genuine, None if it cannot be read. With ``positive`` every other value is genuine."""
    text = " ".join((cell or "").split()).casefold()
    if positive:
        return None if not text else float(text in positive)
    if text in YES:
        return 1.0
    return 0.0 if text in NO else None


def _listed_cues(cell: str | None) -> dict[str, float]:
    """All cues are known where the column is filled: those that it names are present, the others absent."""
    if cell is None:
        return {}
    text = cell.casefold()
    return {cue: float(cue in text) for cue in CUE_NAMES}


def _peek(name: str, mapping: Mapping[str, str] | None) -> Table | None:
    """The first table of a file that holds listings (else its first), without reading on."""
    first: Table | None = None
    with tables(name, Limits()) as found:
        for table in found:
            if recognise(name, table, _known(table, mapping)) is not None:
                return table
            first = first or table
            for _ in table.rows([]):
                pass
    return first


def _label_column(
    seen: Sequence[Table], columns: Sequence[str], wanted: str | None, positive: frozenset[str]
) -> str | None:
    if wanted is not None:
        same = [column for column in columns if column == wanted] or [
            column for column in columns if normal_name(column) == normal_name(wanted)
        ]
        if not same:
            raise UsageError(f"--label {wanted}: no such column; columns are {listed(columns)}")
        return same[0]
    by_name = {normal_name(column): column for column in reversed(columns)}
    for name in LABEL_NAMES:
        column = by_name.get(normal_name(name))
        if column is not None and _mostly_read(_values(seen, column), positive):
            return column
    named = [by_name[key] for name in LABEL_NAMES if (key := normal_name(name)) in by_name]
    if named:
        shown = ", ".join(f"{value!r} ({n})" for value, n in Counter(_values(seen, named[0])).most_common(5))
        raise UsageError(
            f"the column {named[0]!r} may be the label, but holds {shown or 'nothing'}; say what means counterfeit: "
            f"--label {named[0]!r} --positive VALUE"
        )
    return None


def _values(seen: Sequence[Table], column: str) -> list[str]:
    return [
        value
        for table in seen
        if column in table.columns
        for row in table.sample
        if (at := list(table.columns).index(column)) < len(row) and (value := label_of(row[at])) is not None
    ]


def _mostly_read(values: Sequence[str], positive: frozenset[str]) -> bool:
    return bool(values) and sum(meaning(value, positive) is not None for value in values) >= len(values) / 2


def _released(seen: Sequence[Table], taken: set[str], mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Roles that would be read from a label column ("label" is also a word for a brand) are read from none."""
    released: dict[str, str] = {}
    for table in seen:
        known = recognise("", table, _known(table, mapping))
        for choice in known.choices if known else ():
            if choice.column in taken and choice.role not in (mapping or {}):
                released[choice.role] = ""
    return released


def _known(table: Table, mapping: Mapping[str, str] | None) -> dict[str, str]:
    return {role: name for role, name in (mapping or {}).items() if not name or name in table.columns}


def _watched(
    seen: Sequence[Table], columns: Sequence[str], taken: set[str], mapping: Mapping[str, str]
) -> tuple[str, ...]:
    used: set[str] = set()
    for table in seen:
        known = recognise(
            "", table, {role: name for role, name in mapping.items() if not name or name in table.columns}
        )
        used |= {choice.column for choice in known.choices} if known else set()
    rest = [column for column in columns if column not in used | taken and column not in _LISTING_ROLES]
    return tuple(rest[:_MOST_WATCHED])
