"""Entries of PACER's court feeds (district, bankruptcy and appellate), read by their fixed form.

Title ``1:17-cr-00554-MKB USA v. Someone``, description ``[Order] (<a href="…">12</a>)``. The docket number is
given without the judges' initials, as Free Law Project's juriscraper writes it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import groupby
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from feeds.records import CourtEntry, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["court_entry", "court_filings", "court_of", "is_court_feed"]

_DOCKET: Final = re.compile(
    r"^\s*(?P<docket>(?:\d{1,2}:)?\d{2,4}-(?:[a-z]{1,4}-)?\d{1,6})(?P<judges>(?:-[A-Za-z0-9]+)*)\s*(?P<name>.*)$",
    re.DOTALL,
)
_EVENT: Final = re.compile(r"\[(?P<event>.+?)\]", re.DOTALL)
_DOCUMENT: Final = re.compile(
    r"""<a\s+href=['"](?P<url>[^'"]+)['"]\s*>(?P<number>[^<]*)</a>""", re.IGNORECASE
)
_CHAPTER: Final = re.compile(r"Chapter:\s*(?P<chapter>\d+)")
_CASE_ID: Final = re.compile(r"DktRpt\.pl\?(?P<id>\d+)")
_COURT_HOST: Final = re.compile(r"^(?:ecf|www)\.(?P<court>[a-z0-9]+)\.uscourts\.gov$")
_DOCUMENT_ID: Final = re.compile(r"/docs?1/(?P<id>\d+)")


def court_entry(entry: Entry) -> CourtEntry | None:
    """What ``entry`` says about a docket, or None when it is not in the form of a court feed."""
    title = entry.title.value.strip() if entry.title else ""
    match = _DOCKET.match(title)
    if match is None:
        return None
    described = entry.summary.value if entry.summary else ""
    event, document = _EVENT.search(described), _DOCUMENT.search(described)
    chapter, case_id = _CHAPTER.search(described), _CASE_ID.search(entry.link)
    number = document.group("number").strip() if document else ""
    target = unescape(document.group("url")) if document else ""
    identifier = _DOCUMENT_ID.search(target)
    return CourtEntry(
        docket=match.group("docket"),
        case_name=_case_name(match.group("name")),
        court=court_of(entry.link),
        case_id=case_id.group("id") if case_id else "",
        entry_number=number if number.isdigit() else "",
        short_description=" ".join(unescape(event.group("event")).split()) if event else "",
        document_url=target,
        document_id=identifier.group("id") if identifier else "",
        chapter=chapter.group("chapter") if chapter else "",
    )


def is_court_feed(entries: Sequence[Entry]) -> bool:
    """Whether every entry links into a court's filing system."""
    return bool(entries) and all(court_of(entry.link) for entry in entries)


def court_filings(entries: Sequence[Entry]) -> tuple[tuple[Entry, CourtEntry], ...]:
    """The filings among ``entries``: lines that the court wrote for one filing are put together.

    CM/ECF emits one line for each event of a filing, next to one another: same docket, same time, same
    document. Their short descriptions are joined with AND, as juriscraper does. Lines without a readable
    docket number (sealed matters) are left out.
    """
    read = [(entry, found) for entry in entries if (found := court_entry(entry))]
    return tuple(_joined(list(lines)) for _, lines in groupby(read, key=_filing_key))


def _filing_key(line: tuple[Entry, CourtEntry]) -> tuple[object, ...]:
    entry, found = line
    return (
        found.court,
        found.docket,
        found.case_id,
        entry.published,
        found.entry_number,
        entry.published is None and entry.guid,
    )


def _joined(lines: list[tuple[Entry, CourtEntry]]) -> tuple[Entry, CourtEntry]:
    entry, found = lines[0]
    if len(lines) == 1:
        return entry, found
    events = " AND ".join(sorted(one.short_description for _, one in lines))
    raw = {**entry.raw, "joined": [one.raw for one, _ in lines[1:]]}
    return replace(entry, raw=raw), replace(found, short_description=events)


def court_of(link: str) -> str:
    """The court's short name in ``link`` (``nysd``, ``ca9``), empty when it is no court's address."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return ""
    match = _COURT_HOST.match(host)
    return match.group("court") if match else ""


def _case_name(name: str) -> str:
    plain = " ".join(unescape(name).split())
    return re.sub(r"\bUSA\b(?= v\.)|(?<= v\. )USA\b", "United States", plain)
