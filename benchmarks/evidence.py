"""Whether the words that a verdict shows carry it: taken out of each flagged held-out listing, and scored again.

    python benchmarks/evidence.py [--model DIR] [--work DIR]

All words shown with the cues are taken out, and the price where the price column is what is shown; then as many other words, drawn
at random, as a control (the price stays in it). A listing counts where its score falls under the queue's threshold. Prints a
table and writes benchmarks/results/evidence.json.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from held_out import Bench, options_of, show

from nlp.decide import rule_cues
from nlp.letters import word_group
from training.metrics import wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nlp.reading import Reading
    from nlp.records import Listing, Verdict
    from training.data import Example

Place = tuple[str, int, int]
Row = tuple["Example", "Verdict"]


def main() -> int:
    options = options_of(__doc__, "evidence.json")
    bench = Bench.load(options.model, options.work)
    part = bench.part("test")
    rows = zip(part.examples, bench.verdicts("test"), part.readings, strict=True)
    chosen = [row for row in rows if row[1].suspicious]
    flagged = [(example, verdict) for example, verdict, _ in chosen]
    found = np.array([_attributed(verdict, reading) for _, verdict, reading in chosen], bool)
    queue = bench.detector.thresholds.queue
    shown = bench.scores([without_evidence(*row) for row in flagged]) < queue
    control = bench.scores([without_others(*row) for row in flagged]) < queue
    none = np.array([not _removes(verdict) for _, verdict in flagged], bool)
    result = {
        "model": bench.model,
        "threshold": queue,
        "flagged": len(flagged),
        "nothing shown": int(none.sum()),
        "falls without the shown words": share(shown),
        "the same, where words are shown": share(shown[~none]),
        "falls without as many other words": share(control),
        "marked words that are shown": marked_and_shown(flagged),
        "by kind": {
            name: {"shown": share(shown[rows]), "control": share(control[rows])}
            for name, rows in (
                kinds(flagged) | {"all words by rules": ~found, "some words by attribution": found}
            ).items()
        },
        "stays": [example.listing.id for (example, _), fell in zip(flagged, shown, strict=True) if not fell],
    }
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(
        f"model {result['model']}: {len(flagged)} flagged held-out listings, {result['nothing shown']} show nothing"
    )
    print(
        f"falls under {queue} without the shown words {show(result['falls without the shown words'])} "
        f"(where any are shown {show(result['the same, where words are shown'])}), "
        f"without as many others {show(result['falls without as many other words'])}"
    )
    print(f"words marked in the corpus that meet shown ones {show(result['marked words that are shown'])}")
    for name, row in result["by kind"].items():
        print(
            f"  {name:44} n {row['shown']['n']:>5}  shown {show(row['shown'])}  control {show(row['control'])}"
        )
    return 0


def share(fell: NDArray[np.bool_]) -> dict[str, Any]:
    return wilson(int(fell.sum()), len(fell)).as_json()


def kinds(flagged: list[Row]) -> dict[str, NDArray[np.bool_]]:
    """Rows by what the verdict shows, by band, label and script."""
    tests: dict[str, Callable[[Row], bool]] = {
        "band act": lambda row: row[1].band == "act",
        "band queue": lambda row: row[1].band == "queue",
        "rightly flagged": lambda row: row[0].counterfeit,
        "false alarm": lambda row: not row[0].counterfeit,
        "one cue only": lambda row: len({cue.cue for cue in row[1].cues}) == 1,
        "three cues and more": lambda row: len({cue.cue for cue in row[1].cues}) > 2,
        "no replica_claim shown": lambda row: all(cue.cue != "replica_claim" for cue in row[1].cues),
        "only off_platform_contact or brand_obfuscation": lambda row: (
            bool(row[1].cues)
            and {cue.cue for cue in row[1].cues} <= {"off_platform_contact", "brand_obfuscation"}
        ),
        "price shown": lambda row: any(cue.cue == "price_too_low" for cue in row[1].cues),
        "under 60 characters": lambda row: _length(row[0].listing) < 60,
        "300 characters and more": lambda row: _length(row[0].listing) >= 300,
        "words without spaces (zh ja th)": lambda row: row[0].lang in {"zh", "ja", "th"},
    }
    return {name: np.array([test(row) for row in flagged], bool) for name, test in tests.items()}


def _length(listing: Listing) -> int:
    return len(listing.title) + len(listing.description)


def without_evidence(example: Example, verdict: Verdict) -> Listing:
    """The listing without the words that the verdict shows, and without its price where the column is shown."""
    listing = _cut(example.listing, _places(verdict))
    if _price_column(verdict):
        listing = replace(listing, price=None, currency=None)
    return listing


def without_others(example: Example, verdict: Verdict) -> Listing:
    """The listing without as many words as the verdict shows, none of them shown (all the others where they are fewer)."""
    places = _places(verdict)
    words = _words(example.listing)
    shown = [word for word in words if any(_meet(word, place) for place in places)]
    others = [word for word in words if word not in shown]
    rng = random.Random(f"control:{example.listing.id}")
    return _cut(example.listing, rng.sample(others, min(len(shown), len(others))))


def _places(verdict: Verdict) -> list[Place]:
    return [(cue.field, cue.start or 0, cue.end or 0) for cue in verdict.cues if cue.field is not None]


def marked_and_shown(flagged: list[Row]) -> dict[str, Any]:
    """Of the stretches that the corpus marks as evidence in rightly flagged listings: how many meet a shown one."""
    met = [
        any(_meet((field, start, end), place) for place in _places(verdict))
        for example, verdict in flagged
        if example.counterfeit
        for field, start, end, _ in example.spans
    ]
    return wilson(sum(met), len(met)).as_json()


def _attributed(verdict: Verdict, reading: Reading) -> bool:
    """Whether some shown words were found by attribution, where no rule could show any."""
    by_rules = {(cue.cue, cue.field, cue.start, cue.end) for cue in rule_cues(reading)}
    return any(
        cue.field is not None and (cue.cue, cue.field, cue.start, cue.end) not in by_rules
        for cue in verdict.cues
    )


def _price_column(verdict: Verdict) -> bool:
    return any(cue.cue == "price_too_low" and cue.field is None for cue in verdict.cues)


def _removes(verdict: Verdict) -> bool:
    return bool(_places(verdict)) or _price_column(verdict)


def _words(listing: Listing) -> list[Place]:
    """Every word; where words have no spaces between them, every two characters."""
    words: list[Place] = []
    for field in ("title", "description"):
        at = 0
        for kind, run in groupby(getattr(listing, field), key=word_group):
            end = at + len(list(run))
            step = 2 if kind == "free" else max(end - at, 1)
            if kind:
                words += [(field, start, min(start + step, end)) for start in range(at, end, step)]
            at = end
    return words


def _meet(one: Place, other: Place) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _cut(listing: Listing, places: list[Place]) -> Listing:
    """The listing with a space for each stretch of the places."""
    gone: dict[str, set[int]] = defaultdict(set)
    for field, start, end in places:
        gone[field].update(range(start, end))
    texts = {"title": listing.title, "description": listing.description}
    for field, text in texts.items():
        marked = ((char, at in gone[field]) for at, char in enumerate(text))
        runs = groupby(marked, key=lambda item: item[1])
        texts[field] = "".join(" " if cut else "".join(char for char, _ in run) for cut, run in runs)
    return replace(listing, **texts)


if __name__ == "__main__":
    raise SystemExit(main())
