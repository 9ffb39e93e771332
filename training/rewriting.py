"""A labelled listing that can be rewritten in place, its spans moving with the words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nlp.cues import CUE_NAMES

if TYPE_CHECKING:
    from training.data import Example

__all__ = ["Draft", "Mark"]


@dataclass(slots=True)
class Mark:
    """A marked stretch: ``kind`` 'cue' or 'brand', its name, and where it stands now."""

    kind: str
    name: str
    field: str
    start: int
    end: int


@dataclass(slots=True)
class Draft:
    """Title and description with marks; ``finish`` gives an example again, its cue labels read off the marks."""

    example: Example
    texts: dict[str, str]
    marks: list[Mark]
    counterfeit: bool
    loose: set[str]  # cues that no words carry (a price in its column)
    price: float | None

    @classmethod
    def of(cls, example: Example) -> Draft:
        """A draft of ``example`` as it stands."""
        marks = [Mark("cue", name, field, start, end) for field, start, end, name in example.spans]
        marks += [Mark("brand", name, field, start, end) for field, start, end, name in example.brands]
        worded = {mark.name for mark in marks if mark.kind == "cue"}
        loose = {name for name in CUE_NAMES if example.labels.get(name) and name not in worded}
        texts = {"title": example.listing.title, "description": example.listing.description}
        return cls(example, texts, marks, example.counterfeit, loose, example.listing.price)

    def text_of(self, mark: Mark) -> str:
        """The words of a mark."""
        return self.texts[mark.field][mark.start : mark.end]

    def put(self, field: str, start: int, end: int, new: str) -> None:
        """Replaces ``start:end`` of ``field``; marks inside grow or shrink with it, marks cut through are dropped."""
        self.texts[field] = self.texts[field][:start] + new + self.texts[field][end:]
        shift = len(new) - (end - start)
        kept = []
        for mark in self.marks:
            if mark.field != field or mark.end <= start:
                kept.append(mark)
            elif mark.start >= end:
                kept.append(replace(mark, start=mark.start + shift, end=mark.end + shift))
            elif mark.start <= start and mark.end >= end:
                kept.append(replace(mark, end=mark.end + shift))
        self.marks = [mark for mark in kept if mark.end > mark.start]

    def add(self, field: str, at: int, words: str, cue: str | None) -> None:
        """Inserts ``words`` at ``at`` with spaces around where the script wants them; marks them as ``cue``."""
        text = self.texts[field]
        before = " " if at and not text[at - 1].isspace() else ""
        after = " " if at < len(text) and not text[at].isspace() else ""
        self.put(field, at, at, before + words + after)
        if cue:
            start = at + len(before)
            self.marks.append(Mark("cue", cue, field, start, start + len(words)))

    def finish(self, name: str, pair: str | None) -> Example:
        """The rewritten example under a new id."""
        cues = {mark.name for mark in self.marks if mark.kind == "cue"} | self.loose
        listing = replace(
            self.example.listing,
            id=name,
            title=self.texts["title"],
            description=self.texts["description"],
            price=self.price,
        )
        return replace(
            self.example,
            listing=listing,
            labels={cue: float(cue in cues) for cue in CUE_NAMES} | {"counterfeit": float(self.counterfeit)},
            pair=pair,
            spans=self._spans("cue"),
            brands=self._spans("brand"),
            extra={},
        )

    def _spans(self, kind: str) -> tuple[tuple[str, int, int, str], ...]:
        return tuple(
            (mark.field, mark.start, mark.end, mark.name) for mark in self.marks if mark.kind == kind
        )
