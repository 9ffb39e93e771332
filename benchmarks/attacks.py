"""What a disguise costs: the give-away words of held-out listings hidden by one attack at a time, and scored again.

    python benchmarks/attacks.py [--model DIR] [--work DIR] [--rows N]

Of listings that the model flags rightly, every word that gives them away is disguised: words marked in the corpus as evidence
or brand, and words that the verdict itself shows (prices are left as they are: a buyer must read them). Of honest listings, the
brand words. An attack counts only where it changes the listing. The attacks of ``training.disguise`` are also made by the
generator, so the model has met them on other words; the other five were never shown to it. Prints a table and writes
benchmarks/results/attacks.json.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections import defaultdict
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from held_out import Bench, options_of, show

from nlp.entities.names import LEXICON, Alias, read_aliases
from nlp.letters import word_group
from training.disguise import ATTACKS
from training.metrics import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nlp.reading import Reading
    from nlp.records import Listing, Verdict
    from training.data import Example

    Places = list[tuple[str, int, int]]
    Attack = Callable[[str, random.Random], str]

ROWS: Final = 500
_PIECE: Final = 6  # characters at a time where words have no spaces between them
_GREEK: Final = str.maketrans("aopviktnABEHIKMNOPTXYZ", "αορνικτηΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")


def _mathematical(word: str, _: random.Random) -> str:
    """Bold letters of mathematics, which many posts are written with."""
    letters = {
        **{chr(97 + at): chr(0x1D41A + at) for at in range(26)},
        **{chr(65 + at): chr(0x1D400 + at) for at in range(26)},
    }
    return word.translate(str.maketrans(letters))


def _struck(word: str, _: random.Random) -> str:
    return "".join(f"{char}\u0336" for char in word)


def _greek(word: str, _: random.Random) -> str:
    return word.translate(_GREEK)


def _doubled(word: str, rng: random.Random) -> str:
    """One letter typed twice."""
    at = rng.randrange(1, len(word)) if len(word) > 3 else 0
    return word[:at] + word[at - 1] + word[at:] if at else word


UNSEEN: Final[dict[str, Attack]] = {
    "mathematical letters": _mathematical,
    "struck through": _struck,
    "Greek look-alikes": _greek,
    "doubled letter": _doubled,
}


def main() -> int:
    options = options_of(__doc__, "attacks.json", rows=ROWS)
    bench = Bench.load(options.model, options.work)
    part, verdicts = bench.part("test"), bench.verdicts("test")
    rows = list(zip(part.examples, part.readings, verdicts, strict=True))
    caught = _some([row for row in rows if row[0].counterfeit and row[2].suspicious], options.rows)
    honest = _some([row for row in rows if not row[0].counterfeit], options.rows)
    natives = native_names(read_aliases(LEXICON))
    result: dict[str, Any] = {
        "model": bench.model,
        "threshold": bench.detector.thresholds.queue,
        "caught": len(caught),
        "honest": len(honest),
        "attacks": {},
    }
    every: list[tuple[str, bool, Callable[..., Listing]]] = [
        *((name, True, _by_words(attack)) for name, attack in ATTACKS.items()),
        *((name, False, _by_words(attack)) for name, attack in UNSEEN.items()),
        ("transliterated brand", False, lambda example, _, rng: _transliterate(example, natives, rng)),
    ]
    for name, seen, attack in every:
        make = partial(measure, bench, caught, honest, name=name, attack=attack)
        figures = bench.kept(f"attack-{name}-{options.rows}".replace(" ", "-"), make)
        result["attacks"][name] = {"in the generator": seen} | figures
        print(line(name, result["attacks"][name]), flush=True)
    every_one = list(result["attacks"].values())
    result["all together"] = together(every_one)
    for title, seen in (("in the generator", True), ("not in the generator", False)):
        result[title] = together(row for row in every_one if row["in the generator"] == seen)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for title in ("in the generator", "not in the generator", "all together"):
        print(line(title, result[title]))
    return 0


Row = tuple["Example", "Reading", "Verdict"]


def measure(
    bench: Bench, caught: list[Row], honest: list[Row], *, name: str, attack: Callable[..., Listing]
) -> dict[str, Any]:
    """Recall kept, and false alarms before and after, over the listings that the attack changes."""
    bad = changed(caught, give_aways, name, attack)
    good = changed(honest, brand_words, name, attack)
    queue = bench.detector.thresholds.queue
    scores = bench.scores([listing for _, listing in bad])
    after = bench.scores([listing for _, listing in good]) >= queue
    before = np.array([row[2].suspicious for row, _ in good], bool)
    return {
        "kept": wilson(int((scores >= queue).sum()), len(bad)).as_json(),
        "false alarms before": wilson(int(before.sum()), len(good)).as_json(),
        "false alarms after": wilson(int(after.sum()), len(good)).as_json(),
        "newly flagged": int((after & ~before).sum()),
        "newly cleared": int((~after & before).sum()),
        "lost by language": _lost(
            [row for (row, _), score in zip(bad, scores, strict=True) if score < queue]
        ),
    }


def changed(
    rows: list[Row], words: Callable[[Row], Places], name: str, attack: Callable[..., Listing]
) -> list[tuple[Row, Listing]]:
    """The listings that the attack changes, as it leaves them."""
    pairs = []
    for row in rows:
        listing = attack(row[0], words(row), random.Random(f"{name}:{row[0].listing.id}"))
        if (listing.title, listing.description) != (row[0].listing.title, row[0].listing.description):
            pairs.append((row, listing))
    return pairs


def give_aways(row: Row) -> Places:
    """Where the words stand that give the listing away, for the corpus's readers or for the model."""
    example, _, verdict = row
    places = [place[:3] for place in example.spans if place[3] != "price_too_low"]
    places += [
        (cue.field, cue.start or 0, cue.end or 0)
        for cue in verdict.cues
        if cue.field is not None and cue.cue != "price_too_low"
    ]
    return merged([*places, *brand_words(row)])


def brand_words(row: Row) -> Places:
    """Where brands stand, as the corpus marks them or as the rules find them."""
    example, reading, _ = row
    places = [place[:3] for place in example.brands]
    places += [(field, match.start, match.end) for field, match in reading.brands]
    return merged(places)


def merged(places: Iterable[tuple[str, int, int]]) -> Places:
    """Places without overlaps, in order."""
    result: Places = []
    for field, start, end in sorted(places):
        if result and result[-1][0] == field and start < result[-1][2]:
            result[-1] = (field, result[-1][1], max(end, result[-1][2]))
        else:
            result.append((field, start, end))
    return result


def _by_words(attack: Attack) -> Callable[[Example, Places, random.Random], Listing]:
    def run(example: Example, places: Places, rng: random.Random) -> Listing:
        return rewritten(example.listing, places, lambda words: _each_word(words, attack, rng))

    return run


def _each_word(text: str, attack: Attack, rng: random.Random) -> str:
    """``text`` with the attack on each word; where words have no spaces between them, on each few characters."""
    pieces = []
    for kind, run in groupby(text, key=word_group):
        word = "".join(run)
        step = _PIECE if kind == "free" else max(len(word), 1)
        parts = [word[at : at + step] for at in range(0, len(word), step)]
        pieces += [attack(part, rng) if kind and len(part) > 1 else part for part in parts]
    return "".join(pieces)


def rewritten(listing: Listing, places: Places, change: Callable[[str], str]) -> Listing:
    """The listing with each place changed."""
    texts = {"title": listing.title, "description": listing.description}
    for field, start, end in sorted(places, key=lambda place: -place[1]):
        texts[field] = texts[field][:start] + change(texts[field][start:end]) + texts[field][end:]
    return replace(listing, **texts)


def native_names(aliases: Iterable[Alias]) -> dict[tuple[str, str], list[str]]:
    """Names of a brand in a language's own script, by language and brand."""
    names = defaultdict(list)
    for alias in aliases:
        if alias.kind in {"official", "variant", "transliteration"} and alias.how == "script":
            names[alias.lang, alias.brand.casefold()].append(alias.text)
    return dict(names)


def _transliterate(
    example: Example, natives: dict[tuple[str, str], list[str]], rng: random.Random
) -> Listing:
    listing = example.listing
    for field, start, end, brand in sorted(example.brands, key=lambda place: -place[1]):
        text = getattr(listing, field)
        names = natives.get((example.lang or "", brand.casefold()))
        if names and _latin(text[start:end]):
            listing = replace(listing, **{field: text[:start] + rng.choice(names) + text[end:]})
    return listing


def _latin(words: str) -> bool:
    letters = [char for char in words if char.isalpha()]
    return bool(letters) and all(unicodedata.name(char, "").startswith("LATIN") for char in letters)


def _some(rows: list[Row], limit: int) -> list[Row]:
    return rows[:: max(1, -(-len(rows) // limit))] if limit else rows


def _lost(rows: list[Row]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for example, _, _ in rows:
        counts[example.lang or "?"] += 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def together(figures: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All attacks as one sample: one row is one listing under one attack, so the interval is a little too narrow."""
    every = list(figures)

    def pooled(key: str) -> dict[str, Any]:
        hits = sum(round((row[key]["value"] or 0) * row[key]["n"]) for row in every)
        return wilson(hits, sum(row[key]["n"] for row in every)).as_json()

    result: dict[str, Any] = {
        key: pooled(key) for key in ("kept", "false alarms before", "false alarms after")
    }
    return result | {key: sum(row[key] for row in every) for key in ("newly flagged", "newly cleared")}


def line(name: str, row: dict[str, Any]) -> str:
    return (
        f"{name:22} kept {show(row['kept'])} of {row['kept']['n']:>5};  false alarms {show(row['false alarms before'])} -> "
        f"{show(row['false alarms after'])} of {row['false alarms after']['n']:>5}  (+{row['newly flagged']} -{row['newly cleared']})"
    )


if __name__ == "__main__":
    raise SystemExit(main())
