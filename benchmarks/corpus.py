"""What the corpus holds, whether two readers agree on it, and whether its form gives the label away.

    python benchmarks/corpus.py

Prints counts by language, label, cue and capability (what a listing asks of a reader); the agreement of the first reading with
the second, blind one (training/corpus/first_reading.tsv, second_reading/) with intervals; and the ROC-AUC of a classifier that sees only form
(length, punctuation, emoji, digits, contact, price present and its size), held out by scenario. Writes
benchmarks/results/corpus.json.

The second reader is a session of the same language model that wrote the corpus, not a person: agreement says that the guide
and the texts decide the label, not that a market analyst would decide the same.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nlp.cues import CUE_NAMES
from nlp.phrases import Lexicon
from training.data import CORPUS, load_corpus
from training.markup import CUE_CODES
from training.metrics import bootstrap, roc_auc, wilson
from training.splits import clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from training.data import Example

FIRST = CORPUS / "first_reading.tsv"
SECOND = CORPUS / "second_reading"
STRONG = 0.75  # a phrase of this weight speaks for itself
LONG = 300  # characters in which a cue can be buried
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


Answer = tuple[bool, frozenset[str]]  # label and cues


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two answers to one listing: label and cues of the first reading and of the second."""

    example: Example
    first: Answer
    second: Answer

    @property
    def cues_corrected(self) -> bool:
        """Whether the corpus now holds other cues than the first reading did."""
        return self.first[1] != {cue for cue in CUE_NAMES if self.example.labels[cue]}


def main() -> int:
    corpus = load_corpus()
    langs = sorted({str(example.lang) for example in corpus})
    asked = capabilities(corpus)
    result = {
        "listings": len(corpus),
        "languages": {
            lang: counts([each for each in corpus if each.lang == lang]) | {"capabilities": asked[lang]}
            for lang in langs
        },
        "all": counts(corpus) | {"capabilities": asked["all"]},
        "second reading": second_reading(corpus),
        "form only": form_only(corpus),
    }
    path = Path(__file__).parent / "results" / "corpus.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(
        f"{'':5} {'n':>5} {'yes':>5} {'pairs':>6} {'scenarios':>9} "
        + " ".join(f"{cue[:12]:>12}" for cue in CUE_NAMES)
    )
    for lang in [*langs, "all"]:
        row = result["all"] if lang == "all" else result["languages"][lang]
        cues = " ".join(f"{row['cues'].get(cue, 0):>12}" for cue in CUE_NAMES)
        print(f"{lang:5} {row['n']:>5} {row['yes']:>5} {row['pairs']:>6} {row['scenarios']:>9} {cues}")
    for name, per_lang in {
        name: [asked[lang].get(name, 0) for lang in langs] for name in CAPABILITIES
    }.items():
        print(f"{name:52} {sum(per_lang):>5}, in a language {min(per_lang)} to {max(per_lang)}")
    show_agreement(result["second reading"])
    print(f"form only, ROC-AUC: {result['form only']}")
    return 0


def show_agreement(agreement: dict[str, Any]) -> None:
    for lang, row in agreement.items():
        share, kappa = row["agreement"], row["kappa"]
        cues = " ".join(f"{name.split('_')[0]} {value:.2f}" for name, value in row["cues"].items() if value)
        print(
            f"{lang:5} read twice {row['n']:>5}: same label {share['value']:.3f} ({share['low']:.3f}-{share['high']:.3f}), "
            f"kappa {kappa['value']:.3f} ({kappa['low']:.3f}-{kappa['high']:.3f}), {row['labels corrected']} labels and "
            f"{row['cues corrected']} cue sets corrected; cues {cues}"
        )


def counts(examples: list[Example]) -> dict[str, Any]:
    return {
        "n": len(examples),
        "yes": sum(example.counterfeit for example in examples),
        "pairs": len({example.pair for example in examples if example.pair}),
        "scenarios": len({example.group for example in examples}),
        "brands": len({name for example in examples for *_, name in example.brands}),
        "with contact": sum(bool(example.extra["contacts"]) for example in examples),
        "cues": dict(Counter(cue for each in examples for cue in CUE_NAMES if each.labels[cue])),
    }


def _named(example: Example, cue: str) -> bool:
    return bool(example.labels[cue])


def _buried(example: Example) -> bool:
    marked = {field for field, *_ in example.spans}
    return marked == {"description"} and len(example.listing.description) >= LONG


CAPABILITIES: dict[str, Callable[[Example, bool], bool]] = {
    "yes: the copy is named or implied in words": lambda e, _: e.counterfeit and _named(e, "replica_claim"),
    "yes: nothing says that it is a copy": lambda e, _: e.counterfeit and not _named(e, "replica_claim"),
    "yes: no strong phrase of the lexicon": lambda e, word: e.counterfeit and not word,
    "yes: the name is hidden": lambda e, _: e.counterfeit and _named(e, "brand_obfuscation"),
    "yes: only the price": lambda e, _: (
        e.counterfeit and {c for c in CUE_NAMES if e.labels[c]} == {"price_too_low"}
    ),
    "yes: buried in a long text": lambda e, _: e.counterfeit and _buried(e),
    "yes: a title and no more": lambda e, _: e.counterfeit and not e.listing.description,
    "no: a word of copies, denied or meaning another thing": lambda e, word: not e.counterfeit and word,
    "no: the name is disguised": lambda e, _: not e.counterfeit and _named(e, "brand_obfuscation"),
    "no: a contact elsewhere": lambda e, _: not e.counterfeit and _named(e, "off_platform_contact"),
    "no: a brand is offered or spoken of": lambda e, _: not e.counterfeit and bool(e.brands),
    "in a contrast pair": lambda e, _: e.pair is not None,
}


def capabilities(examples: list[Example]) -> dict[str, dict[str, int]]:
    """How many listings ask for each of ``CAPABILITIES``, by language and for ``all``."""
    lexicon = Lexicon.load()
    found: dict[str, Counter[str]] = {}
    for example in examples:
        word = speaks_of_copies(lexicon, f"{example.listing.title}\n{example.listing.description}")
        names = [name for name, holds in CAPABILITIES.items() if holds(example, word)]
        for key in (str(example.lang), "all"):
            found.setdefault(key, Counter()).update(names)
    return {key: {name: tally[name] for name in CAPABILITIES} for key, tally in found.items()}


def speaks_of_copies(lexicon: Lexicon, text: str) -> bool:
    """Whether a phrase of copies stands in the text, also a denied one and one that only looks like it."""
    return any(
        (hit.cue == "replica_claim" and hit.weight >= STRONG)
        or hit.cls == "denied"
        or hit.cls.startswith("neg_")
        for hit in lexicon.find(text)
    )


def second_reading(examples: list[Example]) -> dict[str, Any]:
    """Agreement of the two readings by language and for ``all``: labels by share and kappa, cues by F1."""
    known = {example.listing.id: example for example in examples}
    first = dict(_answers(FIRST))
    pairings = {
        file.stem: [
            Pairing(example=known[key], first=first[key], second=second)
            for key, second in _answers(file)
            if key in known and key in first
        ]
        for file in sorted(SECOND.glob("*.tsv"))
    }
    pairings["all"] = [each for read in list(pairings.values()) for each in read]
    return {lang: agreement(read) for lang, read in pairings.items() if read}


def agreement(pairings: list[Pairing]) -> dict[str, Any]:
    first = np.array([each.first[0] for each in pairings])
    second = np.array([each.second[0] for each in pairings])
    groups = [each.example.group for each in pairings]
    return {
        "n": len(pairings),
        "agreement": wilson(int((first == second).sum()), len(pairings)).as_json(),
        "kappa": bootstrap(kappa, first, second.astype(float), groups=groups).as_json(),
        "labels corrected": sum(each.first[0] != each.example.counterfeit for each in pairings),
        "cues corrected": sum(each.cues_corrected for each in pairings),
        "cues": {cue: _cue_f1(pairings, cue) for cue in CUE_NAMES},
    }


def kappa(first: NDArray[np.bool_], second: NDArray[np.float64]) -> float | None:
    """Cohen's kappa of two yes-or-no readings; None where chance alone would agree always."""
    other = second >= 0.5
    chance = first.mean() * other.mean() + (1 - first.mean()) * (1 - other.mean())
    return float(((first == other).mean() - chance) / (1 - chance)) if chance < 1 else None


def _cue_f1(pairings: list[Pairing], cue: str) -> float | None:
    """Of all marks of the cue in both readings the share that stands in both; None if neither marks it."""
    marks = sum((cue in each.first[1]) + (cue in each.second[1]) for each in pairings)
    both = sum(cue in each.first[1] and cue in each.second[1] for each in pairings)
    return 2 * both / marks if marks else None


def _answers(file: Path) -> Iterator[tuple[str, Answer]]:
    """Rows of a reading by the listing's id; cues are codes (``r,x``) or names, comma between."""
    with file.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            words = [word.strip() for word in (row["cues"] or "").split(",") if word.strip()]
            cues = frozenset(CUE_CODES.get(word, word) for word in words)
            yield row["id"], (row["counterfeit"].startswith("y"), cues)


def form_only(examples: list[Example]) -> dict[str, Any]:
    """Grouped cross-validation of a random forest over features of form."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GroupKFold, cross_val_predict

    features = np.array([form(example) for example in examples])
    truth = np.array([example.counterfeit for example in examples])
    groups = clusters(examples)
    model = RandomForestClassifier(150, min_samples_leaf=10, random_state=1)
    folds = GroupKFold(5, shuffle=True, random_state=1)
    scores = cross_val_predict(model, features, truth, groups=groups, cv=folds, method="predict_proba")[:, 1]
    return bootstrap(roc_auc, truth, scores, groups=groups).as_json()


def form(example: Example) -> list[float]:
    listing = example.listing
    text = f"{listing.title} {listing.description}"
    return [
        len(listing.title),
        len(listing.description),
        sum(char.isdigit() for char in text),
        sum(not char.isalnum() and not char.isspace() for char in text),
        len(EMOJI.findall(text)),
        text.count("!") + text.count("\uff01"),
        text.count("#"),
        sum(char.isupper() for char in text),
        float(bool(example.extra["contacts"])),
        float(listing.price is not None),
        math.log1p(listing.price or 0.0),
        float(listing.seller is not None),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
