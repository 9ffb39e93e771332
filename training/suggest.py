"""Which rows pay most if a person labels them next: near the threshold, and unlike each other; written as Label Studio tasks.

Uncertainty sampling (Lewis and Gale, SIGIR 1994) with a greedy spread over character n-grams, one row of each near-identical text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.cues import CUES
from nlp.head import logit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.records import Listing

__all__ = ["LABEL_CONFIG", "choose", "write_tasks"]

_CANDIDATES: Final = 20  # for each row that is wanted
_CHOICES: Final = "\n".join(f'      <Choice value="{cue.name}" hint="{cue.definition}"/>' for cue in CUES)
# What a labelling project in Label Studio is set up with; "fauxwatch train" reads its JSON export as it is.
LABEL_CONFIG: Final = f"""<View>
  <Header value="$title"/>
  <Text name="title" value="$title"/>
  <Text name="description" value="$description"/>
  <Text name="price" value="$price_text"/>
  <Choices name="counterfeit" toName="title" choice="single" required="true">
      <Choice value="counterfeit"/>
      <Choice value="genuine"/>
  </Choices>
  <Choices name="cues" toName="title" choice="multiple">
{_CHOICES}
  </Choices>
</View>
"""


def choose(
    scores: NDArray[np.float64],
    matrix: Any,
    clusters: NDArray[np.int64],
    *,
    count: int,
    threshold: float,
    seed: int = 1,
) -> list[int]:
    """Numbers of ``count`` rows (fewer if there are not so many texts), the most useful first.

    ``matrix`` are hashed n-grams (unit rows), ``clusters`` join near-identical texts, ``threshold`` is where decisions turn.
    """
    gap = np.abs(logit(scores) - logit(np.array([threshold])))
    order = np.lexsort((np.random.default_rng(seed).random(len(scores)), gap))
    _, first = np.unique(clusters[order], return_index=True)
    candidates = order[np.sort(first)][: count * _CANDIDATES]
    worth = np.exp(-gap[candidates] / 2)
    rows = matrix[candidates]
    alike = np.zeros(len(candidates))
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        at = int(np.argmax(worth * (1 - alike)))
        chosen.append(int(candidates[at]))
        similar = np.asarray((rows @ rows[at].T).todense()).ravel()
        alike = np.maximum(alike, np.clip(similar, 0.0, 1.0))
        worth[at] = -1.0
    return chosen


def write_tasks(listings: Sequence[Listing], scores: Sequence[float], path: Path, *, model: str) -> None:
    """Tasks for Label Studio, with the model's present guess, and the labelling set-up beside them (``.xml``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tasks = [_task(listing, float(score), model) for listing, score in zip(listings, scores, strict=True)]
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".xml").write_text(LABEL_CONFIG, encoding="utf-8")


def _task(listing: Listing, score: float, model: str) -> dict[str, Any]:
    guess = "counterfeit" if score >= 0.5 else "genuine"
    price = "" if listing.price is None else f"{listing.price:g} {listing.currency or ''}".strip()
    names = ("id", "title", "description", "price", "currency", "brand", "seller", "category", "url")
    return {
        "data": {name: getattr(listing, name) for name in names} | {"price_text": price},
        "predictions": [
            {
                "model_version": model,
                "score": round(score, 4),
                "result": [
                    {
                        "from_name": "counterfeit",
                        "to_name": "title",
                        "type": "choices",
                        "value": {"choices": [guess]},
                    }
                ],
            }
        ],
    }
