"""Fits the weights of :mod:`feeds.learnt` on the articles of ``feeds/corpus`` and on the cases of the tests.

    python -m feeds.learning [--cases tests/data/news_cases.tsv]

Needs scikit-learn (``pip install fauxwatch[train]``). Deterministic: the same tables and articles give the same bytes. Prints what
cross-validation says of tables alone, n-grams alone, and the weights that are written to ``feeds/words/learnt.safetensors``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
from feeds.signs import Signs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Written", "held_out", "main", "read_corpus"]

_STRENGTH: Final = 0.3
_STRENGTH_KINDS: Final = 1.5
_SEEN_BEFORE: Final = 0.4
"""What a case of the tests weighs beside an article of the corpus: the tables were tuned on it and are too good there."""
_FOLDS: Final = 5
_BITS: Final = 15


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
    """Signs ``[articles, signs]``, hashed n-grams, what the tables alone say, and the truth; kinds are -1 where there is none."""

    signs: NDArray[np.float32]
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
    _compare(made, len(articles), held)
    weights, bias = _fit(made.signs, made, np.arange(len(made.relevant)))
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
    return _Set(
        signs=np.stack([signs.read(one) for one in seen]),
        ngrams=_hashed([f"{one.title} {one.title} {one.lead}" for one in seen]),
        points=np.array([one.points for one in seen], np.float32),
        said=np.array([NEWS_KINDS.index(one.said) for one in seen]),
        relevant=np.array([one.relevant for one in articles]),
        kinds=np.array([NEWS_KINDS.index(one.kind) if one.kind else -1 for one in articles]),
        weights=weights,
    )


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


def _fit(inputs: Any, made: _Set, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias of all outputs, fitted on ``rows``."""
    from sklearn.linear_model import LogisticRegression

    one = LogisticRegression(C=_STRENGTH, max_iter=1000, class_weight="balanced")
    one.fit(inputs[rows], made.relevant[rows], sample_weight=made.weights[rows])
    told = rows[made.kinds[rows] >= 0]
    many = LogisticRegression(C=_STRENGTH_KINDS, max_iter=1000)
    many.fit(inputs[told], made.kinds[told], sample_weight=made.weights[told])
    weights = np.zeros((inputs.shape[1], OUTPUTS), np.float32)
    bias = np.full(OUTPUTS, -30.0, np.float32)
    weights[:, 0], bias[0] = one.coef_[0], one.intercept_[0]
    weights[:, 1 + many.classes_], bias[1 + many.classes_] = many.coef_.T, many.intercept_
    return weights, bias


def _compare(made: _Set, corpus: int, held: NDArray[np.bool_]) -> None:
    """Prints figures of the corpus, each article predicted by weights that were fitted without it."""
    from scipy.sparse import csr_matrix, hstack

    _say("of the corpus", "n", "relevance F1", "specificity", "kind")
    groups = {"all": np.arange(corpus), "held out": np.flatnonzero(held)}
    inputs = {
        "signs": made.signs,
        "n-grams": csr_matrix(made.ngrams * 4),
        "both": hstack([csr_matrix(made.signs), made.ngrams * 2]).tocsr(),
    }
    said = {"tables alone": (made.points >= 0, made.said)}
    said |= {name: _crossed(matrix, made) for name, matrix in inputs.items()}
    for name, (relevant, kinds) in said.items():
        for group, rows in groups.items():
            _say(f"{name}, {group}", str(len(rows)), *_figures(made, rows, relevant, kinds))


def _say(*cells: str) -> None:
    sys.stdout.write("\t".join(cells) + "\n")


def _crossed(inputs: Any, made: _Set) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    fold = np.random.RandomState(0).randint(0, _FOLDS, len(made.relevant))
    logits = np.zeros((len(fold), OUTPUTS), np.float32)
    for number in range(_FOLDS):
        weights, bias = _fit(inputs, made, np.flatnonzero(fold != number))
        rows = np.flatnonzero(fold == number)
        logits[rows] = inputs[rows] @ weights + bias
    return logits[:, 0] >= 0, logits[:, 1:].argmax(1)


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
