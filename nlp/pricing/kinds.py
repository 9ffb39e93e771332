"""What kind of goods a text speaks of (bag, watch, phone …), and whether it calls them new or used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nlp.automata import automaton_of
from nlp.pricing.numerals import flatten
from nlp.pricing.tables import PACKAGED, read_table

__all__ = ["Kinds", "KindsFound"]

_ANY: Final = "*"
_PLURALS: Final = ("", "s", "es", "n", "en", "e", "i", "y")
_STEM_TAIL: Final = 5  # letters that may follow a stem


@dataclass(frozen=True, slots=True, kw_only=True)
class KindsFound:
    """Kinds in the order of the text; ``parts`` are accessories, samples and the like; conditions as words say.

    ``original``: words call the goods the maker's own.
    """

    goods: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    new: bool = False
    used: bool = False
    bulk: bool = False
    damaged: bool = False
    original: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    role: str
    body: str
    open_start: bool
    open_end: bool


class Kinds:
    """Finds kinds of goods by the words of ``nlp/lexicon/kinds.tsv``.

    There a word is matched whole, with a plural ending; ``сумк-`` is a stem that any ending may follow, ``-tasche`` the
    last part of a compound.
    """

    def __init__(self, words: dict[str, list[_Word]], of: dict[str, frozenset[str]]) -> None:
        self._automaton = automaton_of(
            {body: tuple(meanings) for body, meanings in words.items()}, nothing=()
        )
        self._of = of
        self.names: Final = frozenset(word.kind for meanings in words.values() for word in meanings)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Kinds:
        """The packaged words."""
        words: dict[str, list[_Word]] = {}
        of: dict[str, frozenset[str]] = {}
        for row in read_table(PACKAGED / "kinds.tsv", ("kind", "role", "lang", "words")):
            role, _, kinds = row["role"].partition(":")
            if role == "part" or kinds:
                of[row["kind"]] = frozenset(kinds.split(",") if kinds else (_ANY,))
            for given in row["words"].split("|"):
                body = flatten(given.strip())
                bare = body.strip("-")
                if bare:
                    word = _Word(row["kind"], role, bare, body.startswith("-"), body.endswith("-"))
                    words.setdefault(bare, []).append(word)
        return cls(words, of)

    def find(self, text: str) -> KindsFound:
        """What the words of ``text`` say."""
        flat = flatten(text)
        hits = [
            (last + 1 - len(word.body), last + 1, word)
            for last, meanings in self._automaton.iter(flat)
            for word in meanings
            if _fits(flat, last + 1 - len(word.body), last + 1, word)
        ]
        longest = (
            [hit for hit in hits if not any(_covers(other, hit) for other in hits)]
            if len(hits) < 200
            else hits
        )
        ordered = sorted(longest, key=lambda hit: hit[0])
        by_role: dict[str, dict[str, None]] = {}
        for _, _, word in ordered:
            by_role.setdefault(word.role, {})[word.kind] = None
        return KindsFound(
            goods=tuple(by_role.get("goods", ())),
            parts=tuple(by_role.get("part", ())),
            new="new" in by_role.get("condition", ()),
            used="used" in by_role.get("condition", ()),
            bulk="bulk" in by_role.get("condition", ()),
            damaged="damage" in by_role.get("condition", ()),
            original="original" in by_role.get("condition", ()),
        )

    def part_counts(self, part: str, kinds: frozenset[str]) -> bool:
        """Whether the accessory ``part`` belongs to one of the goods that a brand makes (``kinds``)."""
        of = self._of.get(part, frozenset())
        return _ANY in of or bool(of & kinds)

    def hosts(self, kind: str) -> frozenset[str]:
        """The goods that an accessory of this kind is made for; none for what stands by itself."""
        return self._of.get(kind, frozenset()) - {_ANY}


def _covers(other: tuple[int, int, _Word], hit: tuple[int, int, _Word]) -> bool:
    wider = other[0] <= hit[0] and other[1] >= hit[1] and other[1] - other[0] > hit[1] - hit[0]
    return wider and other[2].role != "condition"


def _fits(flat: str, start: int, end: int, word: _Word) -> bool:
    if _spaceless(word.body):
        return True
    if not word.open_start and start and flat[start - 1].isalnum() and not _spaceless(flat[start - 1]):
        return False
    stop = end
    while (
        stop < len(flat) and stop - end <= _STEM_TAIL and flat[stop].isalpha() and not _spaceless(flat[stop])
    ):
        stop += 1
    if word.open_end:
        return stop - end <= _STEM_TAIL
    return flat[end:stop] in _PLURALS or not flat[end:stop]


@lru_cache(maxsize=8192)
def _spaceless(word: str) -> bool:
    return any("\u0e00" <= char <= "\u0e7f" or "\u2e80" <= char <= "\ud7ff" for char in word)
