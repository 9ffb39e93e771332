"""Entries of PACER's court feeds (district, bankruptcy and appellate), read by their fixed form.

Title ``1:17-cr-00554-MKB USA v. Someone``, description ``[Order] (<a href="…">12</a>)``. The docket number is
given without the judges' initials, as Free Law Project's juriscraper writes it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from feeds.records import CourtEntry, Entry

__all__ = ["court_entry", "court_of"]

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
_SEALED: Final = re.compile(r"sealed", re.IGNORECASE)


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
    target = document.group("url").replace("&amp;", "&") if document else ""
    identifier = _DOCUMENT_ID.search(target)
    return CourtEntry(
        docket=match.group("docket"),
        case_name=_case_name(match.group("name")),
        court=court_of(entry.link),
        case_id=case_id.group("id") if case_id else "",
        entry_number=number if number.isdigit() else "",
        short_description=" ".join(event.group("event").split()) if event else "",
        document_url=target,
        document_id=identifier.group("id") if identifier else "",
        chapter=chapter.group("chapter") if chapter else "",
    )


def court_of(link: str) -> str:
    """The court's short name in ``link`` (``nysd``, ``ca9``), empty when it is no court's address."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return ""
    match = _COURT_HOST.match(host)
    return match.group("court") if match else ""


def _case_name(name: str) -> str:
    plain = " ".join(name.replace("&amp;", "&").split())
    return re.sub(r"\bUSA\b(?= v\.)|(?<= v\. )USA\b", "United States", plain)
