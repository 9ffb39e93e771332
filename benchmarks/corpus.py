"""What the corpus holds, and whether its form gives the label away.

    python benchmarks/corpus.py

Prints counts by language, label and cue, and the ROC-AUC of a classifier that sees only form (length, punctuation, emoji,
digits, contact, price present and its size), held out by scenario. Writes benchmarks/results/corpus.json.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nlp.cues import CUE_NAMES
from training.data import load_corpus
from training.metrics import bootstrap, roc_auc
from training.splits import clusters

if TYPE_CHECKING:
    from training.data import Example

EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def main() -> int:
    corpus = load_corpus()
    langs = sorted({str(example.lang) for example in corpus})
    result = {
        "listings": len(corpus),
        "languages": {lang: counts([each for each in corpus if each.lang == lang]) for lang in langs},
        "all": counts(corpus),
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
    print(f"form only, ROC-AUC: {result['form only']}")
    return 0


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
