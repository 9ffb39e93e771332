"""What turns a cue phrase round: denials, warnings, questions, wanted advertisements, and confessions.

All words are data (``lexicon/negation.tsv``: lang, words, kind, side, note, source). The kinds:

==========  ==========================================================================================
deny        "no", "not a", "не", "bukan", "ではありません": the phrase beside it does not count (``denied``)
undo        "とは限らない", "not only", "не только": a denial that holds it does not deny
warn        "beware of", "остерегайтесь", "出回って": ``neg_warning``
guide       "how to spot", "legit check guide": ``neg_guide``
wanted      "looking for", "куплю", "求购": ``neg_wanted``
dismiss     "go elsewhere", "do not offer me", "勿扰": ``neg_dismissal``
victim      "I was sold a", "resultó ser": ``neg_complaint``
if          "if it is", "偽物なら", "if not": ``neg_condition``
ask         "is it a", "¿es": with a question mark at the end of the sentence, ``neg_question``
authentic   "original", "正規品", "ori": denied, it becomes a ``confession`` (replica_claim)
part        "box", "strap": after an authentic word ("not the original box") there is no confession
break       "but", "aber", "но": ends a clause as a comma does
absorb      "returns", "box": what stands between takes the denial upon itself ("no returns replica AAA")
join        "or", "nor", "ni": carries a denial on to the next phrase ("no copies or fakes")
==========  ==========================================================================================

``side`` says where the words stand seen from the phrase: ``before``, ``after`` or ``both``; a number after it
(``before:6``) how many words (in Chinese, Japanese and Thai: three characters each) may lie between.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nlp.errors import ConfigError
from nlp.hits import Hit
from nlp.letters import with_accents, word_group
from nlp.lexicon import read_rows
from nlp.patterns import Found, Pattern, PatternBook

if TYPE_CHECKING:
    from nlp.letters import Page

__all__ = ["Scopes", "Turn"]

_COLUMNS: Final = ("lang", "words", "kind", "side", "note", "source")
_CLASSES: Final = {
    "deny": "denied",
    "warn": "neg_warning",
    "guide": "neg_guide",
    "wanted": "neg_wanted",
    "dismiss": "neg_dismissal",
    "victim": "neg_complaint",
    "if": "neg_condition",
    "ask": "neg_question",
}
_KINDS: Final = frozenset([*_CLASSES, "undo", "authentic", "part", "break", "absorb", "join"])
_REACH: Final = {"deny": 3, "warn": 6, "guide": 8, "wanted": 6, "dismiss": 10, "victim": 6, "if": 4, "ask": 4}
_WIDEST: Final = 110  # characters: no words turn a phrase round from farther away
_AHEAD: Final = _WIDEST + 40  # the words may hold, or be held by, words that undo them
_BEHIND: Final = 3 * _WIDEST
_CLAUSE: Final = re.compile(r"[,;:!?。！？，、；：،؛।…\n()\[\]|•·–—]|\.(?=\s|$)|\s-\s")
_SENTENCE: Final = re.compile(r"[!?。！？\n।|•]|\.(?=\s|$)")
_QUESTION: Final = re.compile(r"[?？؟]")
_LISTED: Final = re.compile(r"[\s,/&、，،+]*")
_WORD: Final = re.compile(r"[^\W_][^\s.,;:!?()，。、]*")


@dataclass(frozen=True, slots=True)
class Turn:
    """Words that turn phrases round: what they do, on which side, over how many words."""

    kind: str
    lang: str
    before: bool
    after: bool
    reach: int


class Scopes:
    """Judges hits by the words around them. Time grows with hits times the few words near each."""

    def __init__(self, rows: list[tuple[str, Turn]]) -> None:
        self._turns = PatternBook(Pattern(words, turn.lang, turn) for words, turn in _distinct(rows))
        self._authentic = PatternBook(
            Pattern(words, turn.lang, _authentic(words, turn))
            for words, turn in rows
            if turn.kind == "authentic"
        )

    @classmethod
    def load(cls) -> Scopes:
        """The packaged table. Raises ConfigError with every fault."""
        rows, faults = [], []
        for number, row in enumerate(read_rows("negation.tsv", columns=_COLUMNS), 1):
            try:
                rows.append((row["words"], _turn(row)))
            except ValueError as error:
                faults.append(f"row {number} ({row['words']!r}): {error}")
        if faults:
            raise ConfigError("negation.tsv", faults)
        return cls(rows)

    def confessions(self, page: Page) -> list[Found[Hit]]:
        """Words of authenticity, as hits that count only if they turn out to be denied."""
        return list(self._authentic.find(page))

    def judge(self, page: Page, found: list[Found[Hit]]) -> list[Found[Hit]]:
        """``found`` with ``cue=None`` and the reason as class where the words around turn a hit round."""
        context = _Context(
            page, self._turns_near(page, [item for item in found if item.item.cue is not None])
        )
        judged: list[Found[Hit]] = []
        denied: Found[Hit] | None = None
        for item in sorted(found, key=lambda one: (one.start, one.end)):
            if item.item.cue is None:
                judged.append(item)
                continue
            if item.item.cls == _AUTHENTIC:
                confession = _confession(context, item)
                judged.extend([confession] if confession else [])
                continue
            reason = context.reason(item)
            if not reason and denied is not None and context.carried(denied, item):
                reason = "denied"
            if reason == "denied":
                denied = item
            judged.append(_turned(item, reason) if reason else item)
        return judged

    def _turns_near(self, page: Page, found: list[Found[Hit]]) -> list[Found[Turn]]:
        """The turning words from which any of ``found`` can be reached, however long they are."""
        spans: list[tuple[int, int]] = []
        for item in sorted(found, key=lambda one: one.start):
            start, end = max(item.start - _AHEAD, 0), item.end + _BEHIND
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            else:
                spans.append((start, end))
        return [turn for start, end in spans for turn in self._turns.find(page, start, end)]


_AUTHENTIC: Final = "authentic"


def _authentic(words: str, turn: Turn) -> Hit:
    return Hit(cue="replica_claim", cls=_AUTHENTIC, phrase=words, lang=turn.lang, weight=0.7, start=0, end=0)


def _distinct(rows: list[tuple[str, Turn]]) -> list[tuple[str, Turn]]:
    """Each combination of words and effect once: "no" is the same in five languages."""
    seen: dict[tuple[str, Turn], tuple[str, Turn]] = {}
    for words, turn in rows:
        seen.setdefault((with_accents(words), replace(turn, lang="")), (words, turn))
    return list(seen.values())


def _turned(item: Found[Hit], reason: str) -> Found[Hit]:
    return Found(replace(item.item, cue=None, cls=reason), item.start, item.end)


def _confession(context: _Context, item: Found[Hit]) -> Found[Hit] | None:
    denial = context.denial(item)
    if denial is None or context.is_part(item) or context.reason(item) != "denied":
        return None
    start, end = min(item.start, denial.start), max(item.end, denial.end)
    return Found(replace(item.item, cls="confession"), start, end)


class _Context:
    """The turning words of one page, and what lies between them and a phrase."""

    def __init__(self, page: Page, turns: list[Found[Turn]]) -> None:
        self._page = page
        self._turns = sorted(turns, key=lambda turn: (turn.start, turn.end))
        self._starts = [turn.start for turn in self._turns]
        self._undone = [turn for turn in self._turns if turn.item.kind == "undo"]
        self._undo_starts = [turn.start for turn in self._undone]

    def reason(self, item: Found[Hit]) -> str | None:
        """Why the phrase does not count, None if it does."""
        for turn in self._near(item):
            if turn.item.kind in _CLASSES and self._reaches(turn, item):
                return _CLASSES[turn.item.kind]
        return None

    def denial(self, item: Found[Hit]) -> Found[Turn] | None:
        """The words that deny the phrase."""
        for turn in self._near(item):
            if turn.item.kind == "deny" and self._reaches(turn, item):
                return turn
        return None

    def is_part(self, item: Found[Hit]) -> bool:
        """Whether a part is named beside an authentic word: 'the original box'."""
        return any(
            turn.item.kind == "part"
            and (0 <= turn.start - item.end <= 12 or (turn.item.before and 0 <= item.start - turn.end <= 6))
            and not _CLAUSE.search(self._between(turn, item))
            for turn in self._near(item)
        )

    def carried(self, denied: Found[Hit], item: Found[Hit]) -> bool:
        """Whether a denial goes on over 'or', 'nor' or, between names of copies, a comma."""
        if item.start < denied.end or item.start - denied.end > 24:
            return False
        between = self._page.text[denied.end : item.start]
        joined = any(
            turn.item.kind == "join" and denied.end <= turn.start and turn.end <= item.start
            for turn in self._near(item)
        )
        if joined:
            return len(_WORD.findall(between)) <= 3
        same = item.item.cls == denied.item.cls == "replica_term"
        return same and _LISTED.fullmatch(between) is not None

    def _near(self, item: Found[Hit]) -> list[Found[Turn]]:
        first = bisect_left(self._starts, item.start - _WIDEST)
        last = bisect_right(self._starts, item.end + _WIDEST)
        return self._turns[first : min(last, first + _MOST)]

    def _reaches(self, turn: Found[Turn], item: Found[Hit]) -> bool:
        what = turn.item
        if turn.start < item.end and item.start < turn.end:
            return False
        ahead = turn.end <= item.start
        if not (what.before if ahead else what.after):
            return False
        between = self._between(turn, item)
        if _length(between) > what.reach or self._stopped(what.kind, turn, item, between):
            return False
        return not (what.kind == "deny" and self._is_undone(turn, item))

    def _between(self, turn: Found[Turn], item: Found[Hit]) -> str:
        """The original text between the two, where signs still stand."""
        page = self._page
        start, end = (turn.end, item.start) if turn.end <= item.start else (item.end, turn.start)
        return page.surface(start, end) if end > start else ""

    def _stopped(self, kind: str, turn: Found[Turn], item: Found[Hit], between: str) -> bool:
        if kind in ("deny", "if") and (_CLAUSE.search(between) or self._holds(_STOPPERS, turn, item)):
            return True
        if kind == "ask":
            rest = self._page.original[self._page.ends[item.end - 1] :][:60]
            end = _SENTENCE.search(rest)
            return not (end and _QUESTION.match(end.group()))
        return _SENTENCE.search(between) is not None

    def _holds(self, kinds: frozenset[str], turn: Found[Turn], item: Found[Hit]) -> bool:
        start, end = (turn.end, item.start) if turn.end <= item.start else (item.end, turn.start)
        return any(
            other.item.kind in kinds and start <= other.start and other.end <= end
            for other in self._near(item)
        )

    def _is_undone(self, turn: Found[Turn], item: Found[Hit]) -> bool:
        first = bisect_left(self._undo_starts, min(turn.start, item.start) - 24)
        last = bisect_right(self._undo_starts, max(turn.end, item.end) + 8)
        return any(
            (undo.start <= turn.start and turn.end <= undo.end) or 0 <= undo.start - turn.end <= 6
            for undo in self._undone[first:last]
        )


_STOPPERS: Final = frozenset({"break", "absorb"})
_MOST: Final = 400  # words near one phrase that are looked at: hostile text holds more, listings never


def _turn(row: dict[str, str]) -> Turn:
    if row["kind"] not in _KINDS:
        raise ValueError(f"unknown kind {row['kind']!r}; known: {', '.join(sorted(_KINDS))}")
    side, _, reach = row["side"].partition(":")
    if side not in ("before", "after", "both"):
        raise ValueError(f"side {side!r} is not before, after or both")
    if not row["source"]:
        raise ValueError("no source")
    return Turn(
        kind=row["kind"],
        lang=row["lang"],
        before=side in ("before", "both"),
        after=side in ("after", "both"),
        reach=int(reach) if reach else _REACH.get(row["kind"], 0),
    )


def _length(between: str) -> int:
    """Words in ``between``; three characters of a script without spaces count as one."""
    free = sum(word_group(char) == "free" for char in between)
    return -(-free // 3) + sum(word_group(word[0]) not in ("free", "") for word in _WORD.findall(between))
