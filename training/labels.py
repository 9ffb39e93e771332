"""A team's own labelled dump as examples: any format that `classify` reads, plus a label column (and one a cue, if there are).

Nothing is guessed silently: what a label means, what was left out and what looks wrong is said in ``Loaded.notes``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nlp.cues import COUNTERFEIT, CUE_NAMES
from nlp.dumps import read
from nlp.errors import UsageError
from nlp.schema import listings_from_batch
from training.data import Example

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nlp.records import Rejection

__all__ = ["Loaded", "load_labelled"]

# What people write in a label column, in the languages of the corpus.
_YES: Final = frozenset(
    "1 1.0 yes y true counterfeit fake replica suspicious positive infringing ja si sí oui sim sì tak da да так evet نعم हाँ हां ya có co ใช่ بله 是 假 はい 偽物 예 가품".split()  # noqa: SIM905
)
_NO: Final = frozenset(
    "0 0.0 no n false genuine authentic clear clean negative ok nein non não nao nie нет ні hayır hayir لا नहीं tidak không khong ไม่ใช่ خیر 否 真 いいえ 本物 아니오 정품".split()  # noqa: SIM905
)
_FEW: Final = 20
_GUESSES: Final = (
    "counterfeit",
    "label",
    "is_counterfeit",
    "is_fake",
    "fake",
    "suspicious",
    "target",
    "class",
    "y",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Examples, and what a person should know of them before training."""

    examples: list[Example]
    notes: tuple[str, ...]
    rejected: int
    has_sellers: bool


def load_labelled(
    paths: Sequence[str | Path], *, label: str | None = None, mapping: Mapping[str, str] | None = None
) -> Loaded:
    """The labelled listings of ``paths``; ``label`` names the column (else one of the usual names is looked for).

    Raises:
        DumpError: if a file is no dump of listings.
        UsageError: if there is no label column, one class only, or too few rows to hold any out.
    """
    wanted = (label,) if label else _GUESSES
    rejections: list[Rejection] = []
    examples: list[Example] = []
    unread: Counter[str] = Counter()
    for batch in read(paths, mapping=mapping, on_reject=rejections.append, extra=(*wanted, *CUE_NAMES)):
        columns = {name: batch.column(name).to_pylist() for name in (*wanted, *CUE_NAMES)}
        for at, listing in enumerate(listings_from_batch(batch)):
            given = next((columns[name][at] for name in wanted if columns[name][at]), None)
            value = _meaning(given)
            if value is None:
                unread[str(given)] += 1
                continue
            labels = {COUNTERFEIT: value} | {
                name: known for name in CUE_NAMES if (known := _meaning(columns[name][at])) is not None
            }
            group = f"seller {listing.seller}" if listing.seller else f"row {listing.id}"
            examples.append(Example(listing=listing, labels=labels, group=group))
    _refuse(examples, unread, wanted)
    return Loaded(
        examples=examples,
        notes=tuple(_notes(examples, unread)),
        rejected=len(rejections),
        has_sellers=any(example.listing.seller for example in examples),
    )


def _meaning(cell: str | None) -> float | None:
    text = (cell or "").strip().casefold()
    if text in _YES:
        return 1.0
    return 0.0 if text in _NO else None


def _refuse(examples: list[Example], unread: Counter[str], wanted: Sequence[str]) -> None:
    if not examples:
        seen = ", ".join(repr(value) for value, _ in unread.most_common(5)) or "nothing"
        raise UsageError(
            f"no row has a label that can be read in the column {' or '.join(wanted)} (found {seen}); "
            "name the column with --label COLUMN and write 1/0 or yes/no"
        )
    counts = Counter(example.counterfeit for example in examples)
    for value, name in ((True, "counterfeit"), (False, "genuine")):
        if counts[value] < _FEW:
            raise UsageError(
                f"{counts[value]} row(s) labelled {name}; at least {_FEW} of each class are needed to train and hold some out"
            )


def _notes(examples: list[Example], unread: Counter[str]) -> list[str]:
    notes = []
    if unread:
        few = ", ".join(f"{value!r} ({number})" for value, number in unread.most_common(3))
        notes.append(f"{unread.total()} rows left out, their label cannot be read: {few}")
    by_text: dict[str, set[bool]] = defaultdict(set)
    for example in examples:
        by_text[f"{example.listing.title}\n{example.listing.description}".casefold()].add(example.counterfeit)
    torn = sum(len(labels) > 1 for labels in by_text.values())
    if torn:
        notes.append(f"{torn} text(s) carry both labels: look at them before you trust any figure")
    blank = sum(not example.listing.title.strip() for example in examples)
    if blank > len(examples) / 2:
        notes.append(
            f"{blank} of {len(examples)} titles are blank: is the right column mapped (--map title=NAME)?"
        )
    sellers: dict[str, set[bool]] = defaultdict(set)
    for example in examples:
        if example.listing.seller:
            sellers[example.listing.seller].add(example.counterfeit)
    if not sellers:
        notes.append(
            "no seller column: rows of one seller may stand on both sides of the split, so figures may flatter"
        )
    elif all(len(labels) == 1 for labels in sellers.values()):
        notes.append(
            "every seller has one label only: the split is by seller, so that a seller's style cannot tell the label"
        )
    return notes
