"""Who trains, who tunes, who tests: by group, never by row.

Rows that share a group (seller, scenario), a pair or a near-identical text are joined first; what is joined stays on one side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from nlp.ngrams import shingles

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from training.data import Example

__all__ = ["by_group", "clusters"]

_BANDS: Final = 16
_ROWS_PER_BAND: Final = (
    5  # with 16 bands: joined by even odds where the texts share about half of their shingles
)
_SHINGLE: Final = 6  # characters
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SALTS: Final = np.random.default_rng(7).integers(0, 2**63, _BANDS * _ROWS_PER_BAND, dtype=np.uint64)
_MIN_TEXT: Final = 30  # shorter titles are alike by chance


def by_group(
    examples: Sequence[Example], *, shares: dict[str, float], seed: str = "1"
) -> dict[str, list[Example]]:
    """Parts named as in ``shares`` (which sum to 1), each cluster wholly in one part, chosen by a hash of its name.

    The hash does not depend on the other rows, so that a group keeps its part when the corpus grows.
    """
    parts: dict[str, list[Example]] = {name: [] for name in shares}
    for example, cluster in zip(examples, clusters(examples), strict=True):
        parts[_part(f"{seed}:{cluster}", shares)].append(example)
    return parts


def clusters(examples: Sequence[Example]) -> list[str]:
    """For each example the name of its cluster: the least group name among all that are joined with it."""
    links: dict[Hashable, list[int]] = defaultdict(list)
    for at, example in enumerate(examples):
        for key in _keys(example):
            links[key].append(at)
    roots = _join(len(examples), links.values())
    names: dict[int, str] = {}
    for at, root in enumerate(roots):
        names[root] = min(names.get(root, examples[at].group), examples[at].group)
    return [names[root] for root in roots]


def _keys(example: Example) -> Iterable[Hashable]:
    yield ("group", example.group)
    if example.pair:
        yield ("pair", example.pair)
    text = f"{example.listing.title} {example.listing.description}"
    if len(text) >= _MIN_TEXT:
        yield from (("near", band) for band in _bands(text))


def _bands(text: str) -> list[tuple[int, ...]]:
    """Locality-sensitive keys: near-identical texts share at least one (MinHash, Broder 1997)."""
    hashes = shingles(text, _SHINGLE)
    mixed = (hashes[:, None] ^ _SALTS[None, :]) * _PRIME
    least = (mixed ^ (mixed >> np.uint64(31))).min(axis=0).tolist()
    return [(band, *least[band * _ROWS_PER_BAND : (band + 1) * _ROWS_PER_BAND]) for band in range(_BANDS)]


def _join(size: int, groups: Iterable[list[int]]) -> list[int]:
    parent = list(range(size))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for members in groups:
        for other in members[1:]:
            left, right = sorted((root(members[0]), root(other)))
            parent[right] = left
    return [root(at) for at in range(size)]


def _part(name: str, shares: dict[str, float]) -> str:
    point = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
    for part, share in shares.items():
        if point < share:
            return part
        point -= share
    return next(reversed(shares))
