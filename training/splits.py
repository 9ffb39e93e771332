"""Who trains, who tunes, who tests: by group, never by row.

Rows that share a group (seller, scenario), a pair or a near-identical text are joined first; what is joined stays on one side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from nlp.near import near_keys

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from training.data import Example

__all__ = ["by_group", "clusters"]


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
    yield from (("near", key) for key in near_keys(f"{example.listing.title} {example.listing.description}"))


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
