"""Finds names of five and more letters with one letter wrong: 'Adidsa', 'Guccci', 'Channel' beside bags.

Every name is indexed with each of its letters left out, and so is every word looked at: two words that meet differ
by one edit or by two neighbours swapped. Words of our languages that come as near to a brand by chance are listed in
``lexicon/near_words.txt`` and never count.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.entities.boundaries import family
from nlp.entities.matching import Candidate
from nlp.entities.names import Alias, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nlp.entities.matching import View
    from nlp.records import How

__all__ = ["NEAR_WORDS", "Typos", "one_edit"]

NEAR_WORDS: Final = Path(__file__).parent.parent / "lexicon" / "near_words.txt"
_SHORTEST: Final = 5
_LONGEST: Final = 16
_REMEMBERED: Final = 32_768  # words: listings share most of theirs
# Names of five letters that are mistyped so often that even these short ones are looked for.
_FAMOUS: Final = frozenset({"Gucci", "Prada", "Rolex", "Fendi", "Hermès", "Loewe", "Crocs"})


class Typos:
    """Names by their letters with one left out."""

    def __init__(self, aliases: Iterable[Alias], common: frozenset[str] | None = None) -> None:
        self._common = _read_words() if common is None else common
        self._names: dict[str, Alias] = {}
        self._known: set[str] = set()
        self._lacking: dict[str, set[str]] = {}
        for alias in aliases:
            key = key_of(alias.text)
            self._known.add(key.letters)
            self._known.update(key_of(part).letters for part in alias.text.split())
            if _indexed(alias, key.letters) and not key.gaps:
                self._names.setdefault(key.letters, alias)
        for name in self._names:
            for shorter in _shortened(name):
                self._lacking.setdefault(shorter, set()).add(name)
        self._nearest = lru_cache(_REMEMBERED)(self._look_up)

    def find(self, view: View, *, taken: list[Candidate]) -> Iterator[Candidate]:
        """Candidates among the words that no candidate of ``taken`` covers."""
        text = view.folded.text
        covered = {place for item in taken for place in range(item.at, item.to)}
        for at, to in view.words:
            if not _SHORTEST <= to - at <= _LONGEST or at in covered:
                continue
            word = text[at:to]
            if word in self._common or word in self._known or not word.isalpha():
                continue
            name = self._nearest(word)
            if name is None:
                continue
            start, end = view.original(at, to)
            how: How = "disguise" if _on_purpose(word, name) else "alias"
            yield Candidate(
                alias=self._names[name], how=how, start=start, end=end, at=at, to=to, weight=to - at - 1
            )

    def _look_up(self, word: str) -> str | None:
        for shorter in (word, *_shortened(word)):
            for name in sorted(self._lacking.get(shorter, ())) if shorter in self._lacking else ():
                if one_edit(word, name):
                    return name
            if shorter in self._names and len(shorter) < len(word):
                return shorter
        return None


def one_edit(left: str, right: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour makes ``left`` of ``right``.

    The first letter must agree.
    """
    if left[0] != right[0] or abs(len(left) - len(right)) > 1 or left == right:
        return False
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    if len(left) == len(right):
        swapped = (
            left[same : same + 2] == right[same : same + 2][::-1] and left[same + 2 :] == right[same + 2 :]
        )
        return swapped or left[same + 1 :] == right[same + 1 :]
    longer, shorter = (left, right) if len(left) > len(right) else (right, left)
    return longer[same + 1 :] == shorter[same:]


def _indexed(alias: Alias, letters: str) -> bool:
    return (
        alias.free
        and not alias.uses & {"never", "exact", "capital"}
        and (
            alias.kind in ("official", "variant", "transliteration")
            or (len(letters) >= _SHORTEST + 2 and letters.isascii())
        )
        and len(letters)
        >= (_SHORTEST if alias.kind == "official" and alias.brand in _FAMOUS else _SHORTEST + 1)
        and family(letters[0]) in ("latin", "cyrillic")
        and letters.isalpha()
    )


def _shortened(word: str) -> list[str]:
    return [word[:index] + word[index + 1 :] for index in range(1, len(word))]


def _on_purpose(word: str, name: str) -> bool:
    return any(letter * 3 in word and letter * 3 not in name for letter in set(word))


def _read_words() -> frozenset[str]:
    lines = NEAR_WORDS.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
