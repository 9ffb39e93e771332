"""Who stands against whom: captions, names around the verbs of a lawsuit, and known brands and companies by their place.

In "A sues B", "A诉B", "A verklagt B" the order tells the sides. Where no verb does, the owner of the marks is taken for
the plaintiff and the marketplace or shop for the defendant, in articles about civil cases only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from feeds.mentions.freenames import STOP, left_of, right_of, unspaced
from feeds.records import Party
from feeds.scan import Scanner, flat
from feeds.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feeds.mentions.companies import Company
    from feeds.mentions.passages import Passage
    from feeds.records import BrandMention, Evidence

__all__ = ["find_parties"]

Side = Literal["plaintiff", "defendant", "authority", "other"]
_CAPTION: Final = re.compile(
    r"(?P<left>[A-Z][\w&.'’-]*(?:,? (?:[A-Z][\w&.'’-]*|&|of|de|et al\.?|and [A-Z][\w&.'’-]*)){0,7}) v(?:s|ersus)?\.? "
    r"(?P<right>[A-Z][\w&.'’-]*(?:,? (?:[A-Z][\w&.'’-]*|&|of|de|et al\.?|and [A-Z][\w&.'’-]*)){0,7})"
)
_WINDOW: Final = 120
_READ: Final = 3000
_CAPTIONED: Final = 9.0
_TITLED: Final = 4.0
_WRITTEN: Final = 1.0
_PRIOR: Final = 1.5
_EARLY: Final = 600
_NEAR: Final = 60
_LISTED: Final = re.compile(
    r"[\s,;/&、，·()（）\"“”']*(?:and|y|e|et|und|en|i|и|і|та|ve|dan|và|与|與|和|と|과|와|กับ|و|और)?[\s,;/&、，·()（）\"“”']*(?:the |la |le |el )?"
)
_WEAK_VERBS: Final = frozenset(
    ["and", "y", "e", "et", "und", "en", "i", "и", "і", "та", "ve", "ile", "dan", "và", "与", "與", "和", "が", "は", "と", "、", ",",
     "against", "contra", "contro", "contre", "gegen", "tegen", "против", "проти", "przeciw", "przeciwko", "kontra", "ضد", "علیه",
     "terhadap", "melawan", "đối với", "chống lại", "kiện với", "대", "対", "·", "과", "와", "이", "가", "은", "는", "กับ", "و", "और", "ने", "hits", "a", "к", "до", "от", "از", "على", "مع", "en", "对", "告"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Named:
    """A known brand or company in a text."""

    name: str
    kind: str
    evidence: Evidence


def find_parties(
    passages: Sequence[Passage], brands: Sequence[BrandMention], companies: Sequence[Company], *, civil: bool
) -> list[Party]:
    """Parties, each once; ``civil`` says that the article is about a civil case."""
    found: dict[str, _Tally] = {}
    for passage in passages:
        for name, side, evidence in _captions(passage):
            _weigh(found, name, side, evidence, worth=_CAPTIONED)
    if civil:
        known = [one for passage in passages for one in _known(passage, brands, companies)]
        for passage in passages:
            own = [one for one in known if one.evidence.field == passage.field]
            worth = _TITLED if passage.field == "title" else _WRITTEN
            told = [*_around_verbs(passage, own), *_filing(passage, own), *_turned(passage, own)]
            for name, side, evidence in [*told, *_unspaced(passage, own)]:
                _weigh(found, name, side, evidence, worth=worth)
        _by_kind(found, known)
    return [
        Party(
            name=name,
            side="plaintiff" if one.score > 0 else "defendant",
            role=one.role,
            evidence=one.evidence,
        )
        for name, one in found.items()
        if one.score
    ]


@dataclass(slots=True)
class _Tally:
    """What speaks for a name: above zero it sues, below it is sued."""

    evidence: Evidence
    score: float = 0.0
    role: str = ""


def _weigh(found: dict[str, _Tally], name: str, side: Side, evidence: Evidence, *, worth: float) -> None:
    tally = found.setdefault(name, _Tally(evidence))
    tally.score += worth if side == "plaintiff" else -worth


def _known(passage: Passage, brands: Iterable[BrandMention], companies: Iterable[Company]) -> list[_Named]:
    named = [
        _Named(one.name, one.kind, one.evidence) for one in companies if one.evidence.field == passage.field
    ]
    spans = [(one.evidence.start, one.evidence.end) for one in named]
    named += [
        _Named(one.brand, "brand", one.evidence)
        for one in brands
        if one.evidence.field == passage.field
        and not any(one.evidence.start < end and start < one.evidence.end for start, end in spans)
    ]
    return sorted(named, key=lambda one: one.evidence.start)


def _captions(passage: Passage) -> list[tuple[str, Side, Evidence]]:
    found: list[tuple[str, Side, Evidence]] = []
    for match in _CAPTION.finditer(passage.text[:_READ]):
        sides: tuple[tuple[str, Side], ...] = (("left", "plaintiff"), ("right", "defendant"))
        for group, side in sides:
            start, end = match.span(group)
            name = match[group].strip(" .,")
            if name.lower() not in STOP:
                found.append(
                    (name, side, passage.evidence(start, start + len(match[group].rstrip(" .,")) or end))
                )
    return found


def _around_verbs(passage: Passage, known: Sequence[_Named]) -> list[tuple[str, Side, Evidence]]:
    """The names before and after each verb of a lawsuit in one sentence."""
    found: list[tuple[str, Side, Evidence]] = []
    folded = passage.folded[:_READ]
    pattern = _verbs(passage.lang, "verbs")
    turned = [match.span() for match in _turns(passage)]
    for match in pattern.finditer(folded) if pattern else ():
        if any(start < match.end() and match.start() < end for start, end in turned):
            continue
        strong = match[0].strip() not in _WEAK_VERBS
        start = max(_sentence_start(folded, match.start()), match.start() - _WINDOW)
        over = _OVER.search(folded, match.end())
        end = min(
            _sentence_end(folded, match.end()), match.end() + _WINDOW, over.start() if over else len(folded)
        )
        left = [one for one in known if start <= one.evidence.start and one.evidence.end <= match.start()]
        right = [one for one in known if match.end() <= one.evidence.start and one.evidence.end <= end]
        if not strong and not (left and right and _against(match, left, right)):
            continue
        plaintiffs = _listed(passage, left, last=True) or (
            _free_name(passage, match.start(), left=True) if strong else []
        )
        defendants = _listed(passage, right, last=False) or (
            _free_name(passage, match.end(), left=False) if strong else []
        )
        found += [(name, "plaintiff", evidence) for name, evidence in plaintiffs]
        found += [(name, "defendant", evidence) for name, evidence in defendants]
    sued = [one for one in known if _SUED.match(folded, one.evidence.end)]
    return [*(one for one in found if one[0] not in {each.name for each in sued}),
        *((one.name, "defendant", one.evidence) for one in sued)]  # fmt: skip


def _listed(passage: Passage, known: Sequence[_Named], *, last: bool) -> list[tuple[str, Evidence]]:
    """The name nearest to a verb, with those that stand beside it in one list."""
    ordered = list(reversed(known)) if last else list(known)
    kept = ordered[:1]
    for one in ordered[1:]:
        first, second = sorted((kept[-1].evidence, one.evidence), key=lambda each: each.start)
        if not _LISTED.fullmatch(passage.folded[first.end : second.start]):
            break
        kept.append(one)
    return [(one.name, one.evidence) for one in kept]


def _against(match: re.Match[str], left: Sequence[_Named], right: Sequence[_Named]) -> bool:
    """Whether an owner of marks stands right before a weak word and a marketplace or shop right after it."""
    near = 8 if len(match[0]) <= 4 else 40
    return (
        left[-1].kind in {"brand", "group"}
        and right[0].kind in {"platform", "retailer"}
        and match.start() - left[-1].evidence.end <= near
        and right[0].evidence.start - match.end() <= near
    )


def _filing(passage: Passage, known: Sequence[_Named]) -> list[tuple[str, Side, Evidence]]:
    """The owner of marks that stands before "filed a lawsuit" in one sentence, in any language."""
    found: list[tuple[str, Side, Evidence]] = []
    folded = passage.folded[:_READ]
    turned = [match.span() for match in _turns(passage)]
    for hit in _filings().find_flat(folded, passage.langs):
        start = max(_sentence_start(folded, hit.start), hit.start - _WINDOW // 2)
        before = [one for one in known if start <= one.evidence.start and one.evidence.end <= hit.start]
        passive = any(begin < hit.end and hit.start < end for begin, end in turned)
        if before and not passive and before[-1].kind in {"brand", "group"}:
            found.append((before[-1].name, "plaintiff", before[-1].evidence))
    return found


def _free_name(passage: Passage, at: int, *, left: bool) -> list[tuple[str, Evidence]]:
    """A name that no table knows, right beside a verb, in scripts with capitals."""
    if passage.lang in {"ar", "fa", "hi"}:
        return []
    span = left_of(passage.text, at) if left else right_of(passage.text, at)
    return [(passage.text[slice(*span)], passage.evidence(*span))] if span else []


def _unspaced(passage: Passage, known: Sequence[_Named]) -> list[tuple[str, Side, Evidence]]:
    """Parties around verbs of scripts without capitals; what a table knows inside a name stands for it."""
    found: list[tuple[str, Side, Evidence]] = []
    for start, end, side in unspaced(passage, _EARLY):
        inside = [one for one in known if start < one.evidence.end and one.evidence.start < end]
        if inside:
            found += [(one.name, side, one.evidence) for one in inside]
        else:
            found.append((passage.text[start:end], side, passage.evidence(start, end)))
    return found


def _turned(passage: Passage, known: Sequence[_Named]) -> list[tuple[str, Side, Evidence]]:
    """Whoever is sued, or has to pay, and after it who sues: "A is sued by B", "orders A to pay B"."""
    found: list[tuple[str, Side, Evidence]] = []
    for match in _turns(passage):
        start = max(_sentence_start(passage.folded, match.start()), match.start() - _WINDOW)
        end = min(_sentence_end(passage.folded, match.end()), match.end() + _WINDOW)
        left = [one for one in known if start <= one.evidence.start and one.evidence.end <= match.start()]
        right = [one for one in known if match.end() <= one.evidence.start and one.evidence.end <= end]
        named = not match[0].endswith(("over", "for", "again", "of", "suit"))
        reach = _NEAR if passage.lang not in {"zh", "ja", "ko", "th"} else _NEAR // 6
        near = left[-1:] if left and match.start() - left[-1].evidence.end <= reach else []
        accused = _listed(passage, near, last=True) or _free_name(passage, match.start(), left=True)
        suing = _listed(passage, right[:1], last=False) or _free_name(passage, match.end(), left=False)
        found += [(name, "defendant", evidence) for name, evidence in accused]
        found += [(name, "plaintiff", evidence) for name, evidence in suing if named]
    return found


def _turns(passage: Passage) -> list[re.Match[str]]:
    pattern = _verbs(passage.lang, "turned")
    return list(pattern.finditer(passage.folded[:_READ])) if pattern else []


def _by_kind(found: dict[str, _Tally], known: Sequence[_Named]) -> None:
    """Known names by what they are: groups and brands mostly sue, marketplaces and shops are mostly sued."""
    early = [one for one in known if one.evidence.field == "title" or one.evidence.start < 600]
    titled = [one for one in early if one.evidence.field == "title" and one.kind == "brand"]
    sued = {one.name for one in early if one.kind in {"platform", "retailer"}}
    placed = set(found)
    suing = any(tally.score > 0 for tally in found.values())
    owners = titled[:3] or [one for one in early if one.kind == "brand"][:2]
    for one in {each.name: each for each in reversed(known)}.values():
        if one.kind == "group":
            _weigh(found, one.name, "plaintiff", one.evidence, worth=_PRIOR)
        elif one.kind in {"platform", "retailer"} and (one.name in placed or one.name in sued):
            _weigh(found, one.name, "defendant", one.evidence, worth=_PRIOR)
        elif one.name in placed or (not suing and one.name in {each.name for each in owners}):
            _weigh(found, one.name, "plaintiff", one.evidence, worth=_PRIOR / 2)
        if one.name in found:
            found[one.name].role = one.kind


def _sentence_start(text: str, at: int) -> int:
    found = [match.end() for match in _ENDS.finditer(text, max(0, at - _WINDOW), at)]
    return found[-1] if found else max(0, at - _WINDOW)


def _sentence_end(text: str, at: int) -> int:
    match = _ENDS.search(text, at)
    return match.start() if match else len(text)


_OVER: Final = re.compile(
    r"(?<![^\W_])(?:over|for|alleging|after|because|about|por|pour|pelo|pela|wegen|nach|um|per|wegens|om|za|o|из-за|за|через|için|karena|atas|soal|vì|do)(?![^\W_])"
)
# What stands right behind the one who is sued, in languages where the verb comes last.
_SUED: Final = re.compile(
    r"\s?(?:을|를|에|와)?\s?(?:상대로|상대|에 소송|제소|고소)|\s?(?:社|側|など|ら)?\s?(?:を提訴|を訴え|を相手|に対し|に対する訴)"
    r"|['’]?\w{0,3}\s(?:hakkinda|aleyhine|karsi|aleyhindeki)|['’](?:a|e|ya|ye)\sdava|\s?(?:के खिलाफ|पर मुकदमा|पर केस)|\s?(?:را به دادگاه)"
)
_ENDS: Final = re.compile(r"[.!?] |[。！？\n]")


@lru_cache(maxsize=1)
def _filings() -> Scanner:
    rows = [row for row in read_words("kinds.tsv") if row["kind"] == "lawsuit_filed"]
    return Scanner((row["lang"], row["kind"], row["patterns"]) for row in rows)


@lru_cache(maxsize=64)
def _verbs(lang: str, column: str) -> re.Pattern[str] | None:
    """The verbs of a language and of English; ``{D}`` in the table stands where the defendant is."""
    rows = [row for row in read_words("parties.tsv") if row["lang"] in {lang, "en"}]
    spaced = lang not in {"zh", "ja", "ko", "th"}
    parts = [part.split("{D}")[0].strip() for row in rows for part in _split(row[column])]
    if spaced:
        verbs = "|".join(sorted((_folded(part) for part in parts if part), key=len, reverse=True))
        return re.compile(rf"(?<![^\W_])(?:{verbs})(?![^\W_])") if verbs else None
    latin = [_folded(part) for part in parts if part and part.isascii()]
    native = [_folded(part) for part in parts if part and not part.isascii()]
    choices = [f"(?:{'|'.join(native)})"] if native else []
    choices += [rf"(?<![^\W_])(?:{'|'.join(latin)})(?![^\W_])"] if latin else []
    return re.compile("|".join(choices)) if choices else None


def _folded(part: str) -> str:
    """A pattern folded, but for the classes of characters in it."""
    return re.sub(r"\\[ws]", lambda one: one[0].lower(), flat(part))


def _split(verbs: str) -> list[str]:
    """The alternatives at the top level: those in brackets stay together."""
    parts, depth, current = [], 0, ""
    for char in verbs:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]
