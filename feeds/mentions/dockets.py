"""Docket numbers in the forms of many courts, with a key that is equal for every spelling of one number.

>>> [(one.number, one.key) for one in read_dockets("Case No. 1:14-cv-05119-PKC")]
[('1:14-cv-05119-PKC', 'us:14-cv-5119')]
>>> docket_key("14 Civ. 5119 (PKC)")
'us:14-cv-5119'
"""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from feeds.records import Docket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feeds.mentions.passages import Passage

__all__ = ["Found", "docket_key", "find_dockets", "read_dockets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A number as it stands at ``start:end``; ``system`` is the country or court system whose form it has."""

    number: str
    key: str
    system: str
    start: int
    end: int


def read_dockets(text: str) -> list[Found]:
    """Every docket number of ``text``, in order, none inside another."""
    found: list[Found] = []
    if not _DIGITS.search(text):
        return found
    for system, pattern, key in _FORMS:
        needles = _NEEDLES.get(system, ())
        if needles and not any(needle in text for needle in needles):
            continue
        for match in pattern.finditer(text):
            start, end = match.span("n") if "n" in pattern.groupindex else match.span()
            if not any(start < other.end and other.start < end for other in found):
                found.append(
                    Found(
                        number=" ".join(text[start:end].split()),
                        key=f"{system}:{key(match)}",
                        system=system,
                        start=start,
                        end=end,
                    )
                )
    return sorted(found, key=lambda one: one.start)


def docket_key(number: str) -> str:
    """The key of a number that stands alone, as a court feed gives it; the folded number where no form fits."""
    found = read_dockets(number)
    return found[0].key if found else _plain(number)


def find_dockets(passages: Iterable[Passage]) -> list[Docket]:
    """Each docket once, in the order of the article."""
    dockets: dict[str, Docket] = {}
    for passage in passages:
        for one in [*read_dockets(passage.text), *_cited(passage.text)]:
            dockets.setdefault(
                one.key,
                Docket(
                    number=one.number,
                    key=one.key,
                    system=one.system,
                    evidence=passage.evidence(one.start, one.end),
                ),
            )
    return list(dockets.values())


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s.]+", "", folded)


def _civil(match: re.Match[str]) -> str:
    kind = {"civ": "cv", "cr": "cr", "crim": "cr"}.get(match["kind"].lower(), match["kind"].lower())
    return f"{match['year'][-2:]}-{kind}-{int(match['serial'])}"


def _whole(match: re.Match[str]) -> str:
    return _plain(match["n"] if "n" in match.re.groupindex else match[0])


def _european(match: re.Match[str]) -> str:
    return f"{match['court'].upper()}-{int(match['serial'])}/{match['year']}"


def _neutral(match: re.Match[str]) -> str:
    division = f"({match['division']})" if match["division"] else ""
    return _plain(f"[{match['year']}]{match['court']}{match['serial']}{division}")


def _chinese(match: re.Match[str]) -> str:
    return _plain(unicodedata.normalize("NFKC", match[0])).replace("第", "")


def _indian(match: re.Match[str]) -> str:
    kind = re.sub(r"[^a-z]", "", match["kind"].lower())
    return f"{kind}-{int(match['serial'])}/{match['year']}"


_HYPHEN: Final = r"[-‐‑–]"
_FORMS: Final[tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    ("us", re.compile(rf"(?<![\d-])(?P<n>(?:\d{{1,2}}:)?(?:20)?(?P<year>\d\d){_HYPHEN}(?P<kind>cv|cr|mc|md|mj|bk|ap|ml){_HYPHEN}0*(?P<serial>\d{{1,6}})"
        rf"(?:{_HYPHEN}[A-Z]{{2,4}})*(?:[ ]?\([A-Z]{{2,4}}\)(?:\([A-Z]{{2,4}}\))?)?)(?![\d-])", re.IGNORECASE), _civil),
    ("us", re.compile(r"(?<![\d-])(?P<n>(?:20)?(?P<year>\d\d)[ -](?P<kind>Civ|CV|Crim|CR)\.?[ -](?:No\. )?0*(?P<serial>\d{2,6})(?:[ ]?\([A-Z]{2,4}\)(?:[ ]?\([A-Z]{2,4}\))?)?)(?![\d-])"), _civil),
    ("us-itc", re.compile(r"337-TA-\d{3,4}"), _whole),
    ("us-ttab", re.compile(r"(?:Opposition|Cancellation)(?: Proceeding)? No\.? (?P<n>9\d{7})"), _whole),
    ("us-app", re.compile(r"(?:Circuit|Cir\.|Court of Appeals|Supreme Court)[^.\n]{0,60}?No\.? (?P<n>\d\d-\d{2,5})(?![\d-])"), _whole),
    ("us-app", re.compile(r"(?:Nos?\.) (?P<n>\d\d-\d{3,5})(?=[^.\n]{0,40}(?:Cir\.|Circuit))"), _whole),
    ("eu", re.compile(rf"(?<![A-Za-z])(?P<n>(?P<court>[CTF])\s?{_HYPHEN}\s?(?P<serial>\d{{1,4}})/(?P<year>\d\d)(?: P(?:-R)?)?)(?![\d/])"), _european),
    ("euipo", re.compile(r"(?<![A-Za-z])R ?\d{1,4}/\d{4}-[1-5G](?!\d)"), _whole),
    ("uk", re.compile(r"\[(?P<year>(?:19|20)\d\d)\] ?(?P<court>EWHC|EWCA Civ|EWCA Crim|UKSC|UKPC|CSOH|EWPCC|EWIPEC) ?(?P<serial>\d{1,5})(?: ?\((?P<division>Ch|Pat|IPEC|QB|KB|Comm|Admin)\))?"), _neutral),
    ("uk", re.compile(r"(?<![A-Z])(?P<n>(?:IP|IL|HP|HC|BL|CA|CH|QB|KB)-(?:20\d\d)-\d{6})(?!\d)"), _whole),
    ("cn", re.compile(r"[（(]20\d\d[)）]\s?[\u4e00-\u9fff][\u4e00-\u9fff0-9（）()]{1,15}?第?\d{1,7}(?:[-、]\d+)?号"), _chinese),
    ("tw", re.compile(r"\d{2,3}年度[\u4e00-\u9fff]{2,8}字第\d{1,6}號"), _whole),
    ("in", re.compile(r"(?P<n>(?P<kind>(?:CS|FAO|RFA|O\.?M\.?P\.?|W\.?P\.?|CO|C\.?O\.?|LPA|IPD)\s?\((?:COMM|OS|C|T|IPD|LJ)\)(?:\s?\((?:COMM|OS|IPD|TM)\))?(?:-IPD)?)\s?(?:No\.? ?)?(?P<serial>\d{1,5})\s?(?:/|of)\s?(?P<year>(?:19|20)\d\d))", re.IGNORECASE), _indian),
    ("in", re.compile(r"(?P<n>(?P<kind>Commercial IP(?:R)? Suit|Civil Suit|COMIP Suit|Civil Appeal|Notice of Motion)(?: \(L\))? Nos?\.? ?(?P<serial>\d{1,5}) of (?P<year>(?:19|20)\d\d))", re.IGNORECASE), _indian),
    ("ecli", re.compile(r"ECLI:[A-Z]{2}:[A-Z]+:\d{4}:[A-Z0-9.]+\w"), _whole),
    ("de", re.compile(r"(?<!\w)(?:[IVX]{1,4} ?ZR ?\d{1,4}/\d\d|\d{1,3} ?[OU] ?\d{1,5}/\d\d)(?!\d)"), _whole),
    ("fr", re.compile(r"(?:RG|n° ?RG|pourvoi)\s?(?:n°|nº|no\.?|:)?\s?(?P<n>\d\d[-/.]\d\d?[.]?\d{3,4})"), _whole),
    ("jp", re.compile(r"(?:昭和|平成|令和)(?:元|\d{1,2})年[（(][^）)]{1,4}[）)]第?\d{1,6}号"), _whole),
    ("kr", re.compile(r"(?<!\d)20\d\d(?:가합|가단|나|다|카합|허|후|고단|고합|노|도|구합)\d{1,7}"), _whole),
    ("ru", re.compile(r"(?<![А-Яа-яA-Za-z])[АA]\d{2}-\d{1,6}/\d{2,4}"), _whole),
    ("br", re.compile(r"(?<!\d)\d{7}-\d{2}\.\d{4}\.\d\.\d{2}\.\d{4}"), _whole),
    ("br", re.compile(r"(?:REsp|AREsp|Recurso Especial)\s?(?:n[ºo.°]*)?\s?(?P<n>\d[.\d]{5,9}\d)"), _whole),
    ("tr", re.compile(r"(?P<n>\d{4}/\d{1,5}\s?(?:E\.|Esas|K\.))"), _whole),
    ("id", re.compile(r"\d{1,4}\s?(?:/PDT\.SUS|K/PDT\.SUS)[-\w./ ]{0,14}/\d{4}(?:/PN[. ]\w+(?:[. ]\w+)?)?", re.IGNORECASE), _whole),
    ("ua", re.compile(r"(?:справ[аиі] |№ ?)(?P<n>9\d{2}/\d{2,6}/\d{2})"), _whole),
    ("vn", re.compile(r"(?P<n>\d{1,4}/20\d\d/(?:KDTM|DS|HS)-(?:ST|PT|GĐT))"), _whole),
)  # fmt: skip

_DIGITS: Final = re.compile(r"\d\d")
# Without one of these a text holds no number of the system: most texts are done with after a glance.
_NEEDLES: Final = {
    "us": ("cv", "CV", "Cv", "civ", "Civ", "CIV", "cr-", "CR-", "-md", "-mc", "-mj", "-MD", "Crim", " CR", "-bk", "-ap", "-ml"),
    "us-itc": ("337-TA",), "us-ttab": ("Opposition", "Cancellation"), "us-app": ("No.", "Nos.", "No "),
    "eu": ("C-", "T-", "F-", "C‑", "T‑", "C–", "T–", "C‐", "T‐", "C -", "T -"), "euipo": ("R ", "R1", "R2"), "uk": ("[", "IP-", "IL-", "HP-", "HC-", "BL-", "CA-", "CH-", "QB-", "KB-"),
    "cn": ("号",), "tw": ("年度",), "ecli": ("ECLI",), "de": ("ZR", "O", "U"), "fr": ("RG", "pourvoi"), "jp": ("年",), "kr": ("20",),
    "ru": ("А", "A"), "tr": ("E.", "Esas", "K."), "id": ("Sus", "SUS", "sus"), "ua": ("справ", "№"), "vn": ("ST", "PT", "GĐT"),
}  # fmt: skip
_CITATION: Final = re.compile(r"\d{1,3} (?:F\.|U\.S\.|S\. ?Ct|U\.S\.P\.Q|F\. ?Supp)")


def _cited(text: str) -> list[Found]:
    """Decisions cited by reporter ("600 F.3d 93"), found by eyecite where something looks like one."""
    if not _CITATION.search(text):
        return []
    from eyecite import get_citations
    from eyecite.models import FullCaseCitation

    logging.getLogger("eyecite").setLevel(logging.ERROR)
    found = []
    for citation in get_citations(text[:8000]):
        if isinstance(citation, FullCaseCitation):
            start, end = citation.span()  # type: ignore[no-untyped-call]
            number = str(citation.corrected_citation())  # type: ignore[no-untyped-call]
            found.append(
                Found(
                    number=number,
                    key=f"us-reporter:{_plain(number)}",
                    system="us-reporter",
                    start=start,
                    end=end,
                )
            )
    return found
