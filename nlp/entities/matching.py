"""Finds the lexicon's names in a text: one automaton over its letters, gaps and word boundaries checked after."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from nlp.automata import automaton_of
from nlp.entities.boundaries import family, free_left, free_right, stem_of
from nlp.entities.names import STEPS, Alias, Key, is_letter, key_of, quick_fold
from nlp.text import INVISIBLE, Folded, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nlp.records import How

__all__ = ["Candidate", "Matcher", "View", "gap_verdict", "word_pattern"]

_MARKS: Final = "\u0300-\u036f\u0591-\u05bd\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_HIDDEN_GAP: Final = re.compile(r"[^\w\s\"“”()\[\]{}:;,?！？，。、]{1,6}|[*＊○〇●•]{1,6}")
_UNSEEN: Final = INVISIBLE - {"\xad"}
_WIDE_HOME: Final = re.compile(
    "[\u3040-\u30ff\u4e00-\u9fff]"
)  # Chinese and Japanese write full-width letters
_ASCII: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_SHORT_GAPS: Final = frozenset("-.*/|_•·~+")
_SOFT_GAP: Final = re.compile(r"[ \u00a0]?[-‐‑–.·・•'&_/+®™ \u00a0]?[ \u00a0]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A text ready for matching: ``letters[i]`` stands at ``places[i]`` of ``folded.text``."""

    folded: Folded
    letters: str
    places: list[int]
    words: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str, *, keep: re.Pattern[str]) -> View:
        """The view of ``text``; ``keep`` matches its runs of letters."""
        folded = quick_fold(text)
        words = [match.span() for match in keep.finditer(folded.text)]
        places: list[int] = []
        for start, end in words:
            places.extend(range(start, end))
        plain = folded.text
        return cls(folded=folded, letters="".join([plain[a:b] for a, b in words]), places=places, words=words)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original text of the folded characters ``start:end``."""
        return self.folded.span(start, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place where an alias may stand: ``start:end`` in the original text, ``at:to`` in the folded one."""

    alias: Alias
    how: How
    start: int
    end: int
    at: int
    to: int
    weight: int
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    alias: Alias
    key: Key
    stem: bool
    rank: int
    accented: bool = False


def word_pattern(keep: Iterable[str] = ()) -> re.Pattern[str]:
    """Runs of letters, digits and marks, and of the characters ``keep`` (emoji that name a brand)."""
    return re.compile(rf"(?:[^\W_]|[{_MARKS}{''.join(map(re.escape, sorted(keep)))}])+")


class Matcher:
    """All aliases in one automaton; :meth:`find` gives every place where one stands as a word of its own."""

    def __init__(self, aliases: Iterable[Alias]) -> None:
        listed = [alias for alias in aliases if "never" not in alias.uses]
        symbols = frozenset(
            char
            for alias in listed
            if alias.kind == "code"
            for char in fold(alias.text, *STEPS).text
            if ord(char) > 0x2190 and not is_letter(char)
        )
        self.kept: Final = word_pattern(symbols)
        entries: dict[str, list[_Entry]] = {}
        for rank, alias in enumerate(listed):
            for entry in _entries(alias, rank, symbols):
                entries.setdefault(_letters(entry), []).append(entry)
        self._automaton = automaton_of(
            {letters: (len(letters), _best(_with_accents(group))) for letters, group in entries.items()},
            nothing=(2, ()),
        )

    def find(self, view: View) -> Iterator[Candidate]:
        """Candidates in no order; they may overlap."""
        text, places = view.folded.text, view.places
        for last, (length, group) in self._automaton.iter(view.letters):
            at = places[last - length + 1]
            if at and text[at - 1] in _ASCII and text[at] in _ASCII:
                continue  # in the middle of a word, as most of what the automaton sees
            if not free_left(text, at, length=length):
                continue
            for entry in group:
                candidate = _candidate(view, entry, last - length + 1)
                if candidate:
                    yield candidate
                    break


def dressed_up(original: str, name: str, view: View) -> bool:
    """Whether ``original`` spells ``name`` with letters in fancy dress.

    That is: invisible ones between, circled or mathematical ones, accents that the name does not have.
    """
    if original.isascii() or original == name:
        return False
    if any(char in _UNSEEN for char in original[1:-1]) and family(original[0]) in (
        "latin",
        "cyrillic",
        "han",
    ):
        return True
    for char in original:
        if char.isascii():
            continue
        form = unicodedata.decomposition(char).split(" ", 1)[0]
        if form in ("<circle>", "<font>", "<square>", "<super>", "<sub>", "<compat>"):
            return True
        if form == "<wide>" and not _WIDE_HOME.search(view.folded.original):
            return True
    return name.isascii() and _accented(original)


def _accented(word: str) -> bool:
    return any(
        unicodedata.decomposition(char)[:1] not in ("", "<") or unicodedata.combining(char)
        for char in word
        if char not in "İı" and family(char) in ("latin", "")
    )


def _accents_at_home(view: View, start: int, end: int) -> bool:
    """Whether other words of the text carry accents too, so that 'bạch' is a word of its own and no hidden 'Bach'."""
    original = view.folded.original
    return _accented(original[:start]) or _accented(original[end:])


def gap_verdict(view: View, key: Key, first: int) -> str | None:
    """How the gaps of the text at letter ``first`` suit those of ``key``: 'plain', 'hidden' or None (they do not)."""
    places, text = view.places, view.folded.text
    size = len(key.letters)
    extra: list[str] = []
    for index in range(1, size):
        start, end = places[first + index - 1] + 1, places[first + index]
        gap = text[start:end]
        known = key.gaps.get(index)
        if known is None:
            if gap:
                extra.append(gap)
        elif not _suits(gap, known, size):
            return None
    if not extra:
        return "plain"
    return "hidden" if _hides(extra, view, first, key) else None


def _suits(gap: str, known: str, size: int) -> bool:
    if size <= 4 and known.strip() not in ("", "'", ".", "-"):
        return gap.strip() == known.strip()
    if size <= 3:
        return gap.strip() == known.strip() and bool(gap) == bool(known)
    return _SOFT_GAP.fullmatch(gap) is not None or gap.strip() == known.strip()


def _hides(extra: list[str], view: View, first: int, key: Key) -> bool:
    size, known, letters, places = len(key.letters), len(key.gaps), key.letters, view.places
    if any("\n" in gap or len(gap) > 6 for gap in extra):
        return False
    if size == 2:
        return extra[0].strip() in _SHORT_GAPS or ord(extra[0].strip()[:1] or " ") > 0x2190
    if len(extra) >= size - 1 - known and size >= 3:
        return len({gap.strip() for gap in extra}) == 1 and all(len(gap) <= 3 for gap in extra)
    if family(letters[0]) == "han":
        return all(_HIDDEN_GAP.fullmatch(gap.strip() or "*") for gap in extra)
    return (
        size >= 4
        and all(_HIDDEN_GAP.fullmatch(gap) for gap in extra)
        and not (len(extra) == 1 and _two_words(places, first, size))
    )


def _two_words(places: list[int], first: int, size: int) -> bool:
    """Whether the one gap leaves four letters and more on both sides: "black/pink" is no hidden "Blackpink"."""
    cut = next(index for index in range(1, size) if places[first + index] - places[first + index - 1] > 1)
    return cut >= 4 and size - cut >= 4


def _candidate(view: View, entry: _Entry, first: int) -> Candidate | None:
    size = len(entry.key.letters)
    at, to = view.places[first], view.places[first + size - 1] + 1
    if not _ended(view.folded.text, entry, to):
        return None
    gaps = "plain" if to - at == size and not entry.key.gaps else gap_verdict(view, entry.key, first)
    start, end = view.original(at, to)
    how = _how(view, entry, gaps, (start, end))
    if how is None:
        return None
    return Candidate(
        alias=entry.alias, how=how, start=start, end=end, at=at, to=to, weight=size, rank=entry.rank
    )


def _ended(text: str, entry: _Entry, to: int) -> bool:
    """Whether the word ends at ``to``, where the letters of the name end."""
    size = len(entry.key.letters)
    if entry.stem:  # a stem needs its ending
        return to < len(text) and family(text[to]) == "cyrillic" and free_right(text, to, length=size)
    plain = entry.alias.free and not ("exact" in entry.alias.uses and family(text[to - 1]) == "latin")
    return free_right(text, to, length=size, plain=plain)


def _how(view: View, entry: _Entry, gaps: str | None, span: tuple[int, int]) -> How | None:
    """How the words at ``span`` of the original name the brand; None if they do not."""
    alias, size = entry.alias, len(entry.key.letters)
    original = view.folded.original[slice(*span)]
    capitals = original.isupper() and alias.text.isupper()
    if gaps is None or ("case" in alias.uses and original != alias.text and not capitals):
        return None
    if "capital" in alias.uses and not original[0].isupper():
        return None
    if gaps == "hidden":
        told = alias.free or size >= 5 or (size <= 3 and original.isupper())
        return "disguise" if told and alias.kind not in ("obfuscation", "code") else None
    if not dressed_up(original, "é" if entry.accented else alias.text, view):
        return alias.how
    own_word = (
        not alias.free or size < 4 or "exact" in alias.uses or (size < 6 and _accents_at_home(view, *span))
    )
    return None if own_word else "disguise"


def _entries(alias: Alias, rank: int, symbols: frozenset[str]) -> Iterator[_Entry]:
    key = key_of(alias.text, keep=symbols) if alias.kind == "code" else key_of(alias.text)
    if not key.letters or (len(key.letters) == 1 and key.letters.isascii()):
        return
    yield _Entry(alias=alias, key=key, stem=False, rank=rank)
    stem = stem_of(key.letters) if alias.free else None
    if stem:
        yield _Entry(alias=alias, key=Key(letters=stem, gaps=key.gaps), stem=True, rank=rank)


def _letters(entry: _Entry) -> str:
    return entry.key.letters


def _best(group: list[_Entry]) -> tuple[_Entry, ...]:
    ordered: list[_Entry] = sorted(
        group,
        key=lambda entry: (entry.stem, entry.alias.kind == "obfuscation", not entry.alias.free, entry.rank),
    )
    plain = [entry for entry in ordered if entry.alias.kind != "obfuscation"]
    hidden = [
        entry for entry in ordered if entry.alias.kind == "obfuscation" and (entry.key.gaps or not plain)
    ]
    return tuple(_distinct([*plain, *hidden]))


def _with_accents(group: list[_Entry]) -> list[_Entry]:
    if not any(_accented(entry.alias.text) for entry in group):
        return group
    return [replace(entry, accented=True) for entry in group]


def _distinct(entries: list[_Entry]) -> Iterator[_Entry]:
    seen: set[Any] = set()
    for entry in entries:
        mark = (tuple(entry.key.gaps.items()), entry.alias.uses, entry.alias.brand)
        if mark not in seen:
            seen.add(mark)
            yield entry
