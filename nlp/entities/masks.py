"""Reads names with some letters masked: 'N*ke', 'V*n Cl**f', 'ヴ○トン', '古*', '卡x亞'.

A mask stands for one to four letters. In scripts without spaces the name has no edges to find, so there every name is
indexed with each of its letters masked in turn; elsewhere whole words are compared with names of the same beginning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nlp.entities.boundaries import family
from nlp.entities.names import Alias, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Masks"]

_MASK: Final = "*＊✱○〇●◯⚪•×#□■☆★✖&^"
_CLASS: Final = re.escape(_MASK)
_TOKEN: Final = (
    rf"[^\W_]+(?:(?:[{_CLASS}]{{1,6}}|\.{{1,3}}|_{{1,4}})[^\W_]+)+[{_CLASS}]{{0,6}}|[^\W_]+[{_CLASS}]{{1,6}}"
)
_MASKED: Final = re.compile(  # from the head of a word, for what fails there fails at each of its letters
    rf"(?<![^\W_])(?:{_TOKEN})(?: (?:{_TOKEN}))?"
)
_MASKS: Final = re.compile(rf"[{_CLASS}._]+")
_COMPACT: Final = "[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
# Inside such scripts a lone Latin letter, a circle or "某" ("a certain") covers a character as well.
_COVER: Final = re.compile(
    rf"(?<={_COMPACT})(?:[xod{_CLASS}某叉✕]\ufe0e?){{1,2}}(?={_COMPACT})|(?<={_COMPACT})[*＊○〇]"
)
_MOST: Final = 24
_HINT: Final = re.compile(rf"[{_CLASS}_]|\w\.{{1,3}}\w|{_COMPACT}[xod某叉✕]")
_SPACELESS: Final = frozenset({"han", "katakana", "hiragana", "hangul"})


class Masks:
    """Names as they look with letters masked."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        self._by_first: dict[str, dict[int, list[tuple[int, str, Alias]]]] = {}  # and by length
        self._covered: dict[str, Alias | None] = {}
        seen: set[str] = set()
        for alias in aliases:
            letters = key_of(alias.text).letters
            if letters in seen or not _fit(alias, letters):
                continue
            seen.add(letters)
            if family(letters[0]) in _SPACELESS:
                self._cover(alias, letters)
            elif len(letters) >= 4:
                same = self._by_first.setdefault(letters[0], {}).setdefault(len(letters), [])
                same.append((len(seen), letters, alias))

    def find(self, text: str) -> Iterator[tuple[Alias, int, int]]:
        """Aliases with where they stand in the folded ``text``; at most 24 masked places are looked at."""
        if not _HINT.search(text):
            return
        for count, match in enumerate(_MASKED.finditer(text)):
            if count >= _MOST:
                break
            yield from self._in_words(match.group(), match.start())
        for count, match in enumerate(_COVER.finditer(text)):
            if count >= _MOST:
                break
            found = self._around(text, match.start(), match.end())
            if found:
                yield found

    def _cover(self, alias: Alias, letters: str) -> None:
        for index in range(len(letters)):
            if len(letters) < 3 and (
                index == 0 or family(letters[0]) != "han" or alias.kind == "transliteration"
            ):
                continue
            form = letters[:index] + "*" + letters[index + 1 :]
            other = self._covered.get(form)
            known = form in self._covered and (other is None or other.brand != alias.brand)
            self._covered[form] = None if known else alias

    def _in_words(self, masked: str, start: int) -> Iterator[tuple[Alias, int, int]]:
        whole = self._behind(masked.replace(" ", ""))
        if whole:
            yield whole, start, start + len(masked)
            return
        at = start
        for word in masked.split(" "):
            alias = self._behind(word) if " " in masked else None
            if alias:
                yield alias, at, at + len(word)
            at += len(word) + 1

    def _behind(self, masked: str) -> Alias | None:
        bare = _MASKS.sub("", masked)
        dotted = not any(char in _MASK for char in masked)
        if len(bare) < 2 or len(masked) < (5 if dotted else 4):
            return None
        if dotted and len(bare) < 3:
            return None
        share = 3 if masked[-1] in _MASK else 2  # of five letters so many are shown
        longest = min(len(bare) + 1 if dotted else len(masked) + 1, len(bare) * 5 // share)
        lengths = self._by_first.get(masked[0], {})
        names = [name for size in range(len(bare) + 1, longest + 1) for name in lengths.get(size, ())]
        if not names:
            return None
        pattern = re.compile(_MASKS.sub(".{1,4}", masked))
        fitting = [(rank, alias) for rank, letters, alias in names if pattern.fullmatch(letters)]
        return min(fitting, key=lambda item: item[0])[1] if fitting else None

    def _around(self, text: str, start: int, end: int) -> tuple[Alias, int, int] | None:
        best: tuple[Alias, int, int] | None = None
        for before in range(5):
            for after in range(5):
                at, to = start - before, end + after
                if at < 0 or to > len(text) or before + after == 0:
                    continue
                alias = self._covered.get(text[at:start] + "*" + text[end:to])
                if alias and (best is None or to - at > best[2] - best[1]):
                    best = (alias, at, to)
        return best


def _fit(alias: Alias, letters: str) -> bool:
    return (
        alias.free
        and not alias.traps
        and "never" not in alias.uses
        and alias.kind in ("official", "variant", "transliteration")
        and len(letters) >= 2
    )
