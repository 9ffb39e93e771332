"""Fits the weights of :mod:`feeds.learnt` on the articles of ``feeds/corpus`` and on the cases of the tests.

    python -m feeds.learning [--cases tests/data/news_cases.tsv]

Needs scikit-learn (``pip install fauxwatch[train]``). Deterministic: the same tables and articles give the same bytes. Prints what
cross-validation says of tables alone, n-grams alone, and the weights that are written to ``feeds/words/learnt.safetensors``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from feeds.analyse import read_by_tables
from feeds.findings import NEWS_KINDS
from feeds.kinds import Kinds
from feeds.learnt import OUTPUTS
from feeds.mentions.marks import MarkFinder
from feeds.records import Item
from feeds.relevance import Relevance
from feeds.signs import Signs, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Written", "held_out", "main", "read_corpus"]

_STRENGTH: Final = 0.3
_STRENGTH_KINDS: Final = 1.5
_SEEN_BEFORE: Final = 0.4
"""What a case of the tests weighs beside an article of the corpus: the tables were tuned on it and are too good there."""
_COPIES: Final = 2
_LOST: Final = 0.5
"""Each article is learnt from three times, twice with half of what the tables found in it struck out: the tables know the
wording of the corpus better than that of tomorrow's news."""
_FOLDS: Final = 5
_SPECIFIC: Final = 0.96
"""The share of irrelevant articles of the corpus that must stay under the limit when predicted by weights that do not know them."""
_BITS: Final = 15
_NOTHING: Final = -2 / 3  # the points of an article in which the tables find no word


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An article of the corpus with what it is."""

    id: str
    lang: str
    title: str
    summary: str
    relevant: bool
    kind: str | None
    brands: tuple[str, ...]
    why: str

    def item(self) -> Item:
        """The article as a feed brings it."""
        seen = datetime(2026, 1, 1, tzinfo=UTC)
        return Item(
            id=1, source_id=1, feed="", source_name="", guid="", url="", title=self.title, text=self.summary, summary="",
            lang=self.lang, first_seen=seen, last_seen=seen,
        )  # fmt: skip


def read_corpus() -> Iterator[Written]:
    """The articles of ``feeds/corpus``, by language."""
    for path in sorted(files("feeds").joinpath("corpus").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".jsonl"):
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                yield Written(**row | {"brands": tuple(row["brands"])})


def held_out(name: str) -> bool:
    """Whether an article belongs to the third that was not looked at while tables were mended."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 3 == 0


@dataclass(frozen=True, slots=True)
class _Set:
    """Signs ``[articles, signs]`` and thinned copies of them, hashed n-grams, what the tables alone say, and the truth.

    Kinds are -1 where there is none.
    """

    signs: NDArray[np.float32]
    thinned: tuple[NDArray[np.float32], ...]
    ngrams: Any
    points: NDArray[np.float32]
    said: NDArray[np.int64]
    relevant: NDArray[np.bool_]
    kinds: NDArray[np.int64]
    weights: NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, compares, writes. Returns 0."""
    from safetensors.numpy import save

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=Path, default=Path("tests/data/news_cases.tsv"))
    parser.add_argument(
        "--out", type=Path, default=Path(str(files("feeds.words").joinpath("learnt.safetensors")))
    )
    options = parser.parse_args(arguments)
    articles = list(read_corpus())
    cases = list(_cases(options.cases))
    made = _read([*articles, *cases], seen_before=len(cases))
    held = np.array([held_out(one.id) for one in articles])
    shift = _compare(made, len(articles), held)
    weights, bias = _fit([made.signs, *made.thinned], made, np.arange(len(made.relevant)))
    bias[0] -= shift
    options.out.write_bytes(save({"weights": weights, "bias": bias}))
    return 0


def _cases(path: Path) -> Iterator[Written]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    header = lines[0].split("\t")
    for number, line in enumerate(lines[1:]):
        row = dict(zip(header, line.split("\t"), strict=True))
        yield Written(
            id=f"case-{number}", lang=row["lang"], title=row["title"], summary=row["text"], relevant=row["relevant"] == "1",
            kind=row["kind"] or None, brands=tuple(name for name in row["brands"].split(";") if name), why="",
        )  # fmt: skip


def _read(articles: Sequence[Written], *, seen_before: int) -> _Set:
    marks, relevance, kinds, signs = MarkFinder.load(), Relevance.load(), Kinds.load(), Signs.load()
    seen = [
        read_by_tables(one.item(), marks=marks, relevance=relevance, kinds=kinds).seen for one in articles
    ]
    weights = np.ones(len(articles), np.float32)
    weights[len(articles) - seen_before :] = _SEEN_BEFORE
    counts = [signs.count(one) for one in seen]
    chance = random.Random(0)
    return _Set(
        signs=np.stack([together(one) for one in counts]),
        thinned=tuple(np.stack([together(_thinned(one, chance)) for one in counts]) for _ in range(_COPIES)),
        ngrams=_hashed([f"{one.title} {one.title} {one.lead}" for one in seen]),
        points=np.array([one.points for one in seen], np.float32),
        said=np.array([NEWS_KINDS.index(one.said) for one in seen]),
        relevant=np.array([one.relevant for one in articles]),
        kinds=np.array([NEWS_KINDS.index(one.kind) if one.kind else -1 for one in articles]),
        weights=weights,
    )


def _thinned(found: Mapping[str, float], chance: random.Random) -> dict[str, float]:
    """``found`` as if the tables did not know half of the words."""
    kept = {
        name: value
        for name, value in found.items()
        if not (name.startswith(("title:", "lead:", "kind:")) and chance.random() < _LOST)
    }
    if chance.random() < _LOST:
        kept |= {"points": _NOTHING, "relevant": 0.0}
    if chance.random() < _LOST:
        kept = {name: value for name, value in kept.items() if not name.startswith("said:")}
        kept["said:other"] = 1.0
    return kept


def _hashed(texts: Sequence[str]) -> Any:
    """Sparse rows of hashed character n-grams."""
    from scipy.sparse import csr_matrix

    from nlp.ngrams import hashed_ngrams

    rows = [hashed_ngrams(text, bits=_BITS) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix(
        (values, np.concatenate([buckets for buckets, _ in rows]), ends), shape=(len(rows), 2**_BITS)
    )


def _fit(
    copies: Sequence[Any], made: _Set, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias of all outputs, fitted on ``rows`` of every copy of the inputs."""
    from scipy.sparse import issparse, vstack
    from sklearn.linear_model import LogisticRegression

    stack = vstack if issparse(copies[0]) else np.vstack
    inputs = stack([one[rows] for one in copies])
    relevant, kinds = np.tile(made.relevant[rows], len(copies)), np.tile(made.kinds[rows], len(copies))
    share = np.tile(made.weights[rows], len(copies)) * (2 / len(copies) if len(copies) > 1 else 1)
    one = LogisticRegression(C=_STRENGTH, max_iter=1000, class_weight="balanced")
    one.fit(inputs, relevant, sample_weight=share)
    told = np.flatnonzero(kinds >= 0)
    many = LogisticRegression(C=_STRENGTH_KINDS, max_iter=1000)
    many.fit(inputs[told], kinds[told], sample_weight=share[told])
    weights = np.zeros((inputs.shape[1], OUTPUTS), np.float32)
    bias = np.full(OUTPUTS, -30.0, np.float32)
    weights[:, 0], bias[0] = one.coef_[0], one.intercept_[0]
    weights[:, 1 + many.classes_], bias[1 + many.classes_] = many.coef_.T, many.intercept_
    return weights, bias


def _compare(made: _Set, corpus: int, held: NDArray[np.bool_]) -> np.float32:
    """Prints figures of the corpus, each article predicted by weights that were fitted without it.

    Returns by how much the log-odds of relevance must be lowered to leave the wanted share of irrelevant articles alone.
    """
    from scipy.sparse import csr_matrix, hstack

    _say("of the corpus", "n", "relevance F1", "specificity", "kind")
    groups = {"all": np.arange(corpus), "held out": np.flatnonzero(held)}
    inputs = {
        "signs": [made.signs],
        "signs, thinned": [made.signs, *made.thinned],
        "n-grams": [csr_matrix(made.ngrams * 4)],
        "signs and n-grams": [hstack([csr_matrix(made.signs), made.ngrams * 2]).tocsr()],
    }
    said = {"tables alone": (made.points >= 0, made.said)}
    crossed = {name: _crossed(copies, made) for name, copies in inputs.items()}
    said |= {name: (logits[:, 0] >= 0, logits[:, 1:].argmax(1)) for name, logits in crossed.items()}
    chosen = crossed["signs, thinned"]
    others = chosen[:corpus, 0][~made.relevant[:corpus]]
    shift = np.float32(max(0.0, round(float(np.quantile(others, _SPECIFIC)), 3)))
    said[f"the same, lowered by {shift:.2f}"] = (chosen[:, 0] >= shift, chosen[:, 1:].argmax(1))
    for name, (relevant, kinds) in said.items():
        for group, rows in groups.items():
            _say(f"{name}, {group}", str(len(rows)), *_figures(made, rows, relevant, kinds))
    return shift


def _say(*cells: str) -> None:
    sys.stdout.write("\t".join(cells) + "\n")


def _crossed(copies: Sequence[Any], made: _Set) -> NDArray[np.float32]:
    fold = np.random.RandomState(0).randint(0, _FOLDS, len(made.relevant))
    logits = np.zeros((len(fold), OUTPUTS), np.float32)
    for number in range(_FOLDS):
        weights, bias = _fit(copies, made, np.flatnonzero(fold != number))
        rows = np.flatnonzero(fold == number)
        logits[rows] = copies[0][rows] @ weights + bias
    return logits


def _figures(
    made: _Set, rows: NDArray[np.int64], relevant: NDArray[np.bool_], kinds: NDArray[np.int64]
) -> tuple[str, ...]:
    """F1 and specificity of relevance, share of kinds that are right."""
    truth, answer = made.relevant[rows], relevant[rows]
    right = kinds[rows][truth] == made.kinds[rows][truth]
    both = 2 * (truth & answer).sum() / (truth.sum() + answer.sum())
    return f"{both:.3f}", f"{1 - answer[~truth].mean():.3f}", f"{right.mean():.3f}"


if __name__ == "__main__":
    sys.exit(main())
