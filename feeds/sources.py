"""Sources as a TOML file says them: read with every fault at once, written back, checked by fetching.

::

    [[source]]
    url = "https://www.example.gov/news/rss.xml"
    name = "Example customs"
    lang = "en"                 # optional: helps with dates and encodings
    kind = "feed"               # or "page", then with select = { item = "…" }
    private = false             # true allows loopback and private addresses
    fulltext = false            # true fetches the article of a short item
    robots = true
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlsplit

from feeds.pages import selector_fault
from feeds.records import PageSelectors, Source
from nlp.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "courtlistener_search",
    "dump_sources",
    "google_news_search",
    "load_sources",
    "pacer_court",
    "read_sources",
]

_TYPES: Final[dict[str, type]] = {
    "url": str,
    "name": str,
    "lang": str,
    "kind": str,
    "style": str,
    "private": bool,
    "fulltext": bool,
    "robots": bool,
    "verified": bool,
    "enabled": bool,
    "note": str,
    "jurisdiction": str,
    "min_interval_s": int,
    "select": dict,
}
_CHOICES: Final = {"kind": ("feed", "page"), "style": ("plain", "google_news", "courtlistener", "pacer")}
_SELECTORS: Final = tuple(field.name for field in fields(PageSelectors))


def load_sources(path: str | Path | None = None) -> tuple[Source, ...]:
    """The sources in the file at ``path``, or the packaged ones.

    Raises:
        ConfigError: the file cannot be read or has faults; all of them are listed.
    """
    if path is None:
        text = resources.files("feeds").joinpath("sources.toml").read_text(encoding="utf-8")
        return read_sources(text, name="feeds/sources.toml")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"cannot be read: {error}"]) from error
    return read_sources(text, name=str(path))


def read_sources(text: str, *, name: str = "sources") -> tuple[Source, ...]:
    """The sources in a TOML text.

    Raises:
        ConfigError: every fault with its dotted path.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, [f"not TOML: {error}"]) from error
    faults = [f"{key}: unknown; a sources file holds [[source]] tables" for key in data if key != "source"]
    tables = data.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(name, [*faults, "source: must be [[source]] tables"])
    sources = []
    for number, table in enumerate(tables, 1):
        found = _faults(table, f"source[{number}]")
        faults.extend(found)
        if not found:
            sources.append(_source(table))
    urls = [source.url for source in sources]
    faults.extend(
        f"source: {url} stands there twice" for url in sorted({url for url in urls if urls.count(url) > 1})
    )
    if faults:
        raise ConfigError(name, faults)
    return tuple(sources)


def dump_sources(sources: Sequence[Source]) -> str:
    """A TOML text that :func:`read_sources` reads back to the same sources."""
    return "\n".join(_table(source) for source in sources)


def google_news_search(query: str, *, lang: str, country: str) -> Source:
    """The Google News search feed for ``query`` in one language and country (``lang="vi", country="VN"``)."""
    edition = f"hl={lang}&gl={country}&ceid={country}:{lang}"
    url = f"https://news.google.com/rss/search?q={quote_plus(query)}&{edition}"
    return Source(url=url, name=f"Google News {lang}: {query}", lang=lang, style="google_news")


def courtlistener_search(query: str, *, what: str = "r") -> Source:
    """CourtListener's search feed: ``what`` is ``r`` for dockets, ``o`` for opinions, ``oa`` for arguments."""
    order = quote_plus("dateFiled desc")
    url = f"https://www.courtlistener.com/feed/search/?q={quote_plus(query)}&type={what}&order_by={order}"
    return Source(
        url=url, name=f"CourtListener: {query}", lang="en", style="courtlistener", jurisdiction="US"
    )


def pacer_court(court: str) -> Source:
    """The RSS feed of one US court by its short name (``nysd``, ``cand``, ``ca9``)."""
    appellate = re.fullmatch(r"ca(?:\d{1,2}|dc|fc)", court) is not None
    path = "n/beam/servlet/TransportRoom?servlet=RSSGenerator" if appellate else "cgi-bin/rss_outside.pl"
    url = f"https://ecf.{court}.uscourts.gov/{path}"
    return Source(
        url=url, name=f"PACER {court}", lang="en", style="pacer", jurisdiction="US", min_interval_s=1800
    )


def _faults(table: dict[str, Any], where: str) -> list[str]:
    faults = [f"{where}.{key}: unknown; known are {', '.join(_TYPES)}" for key in table if key not in _TYPES]
    for key, kind in _TYPES.items():
        if key in table and type(table[key]) is not kind:
            faults.append(f"{where}.{key}: must be {kind.__name__}, is {table[key]!r}")
        elif key in table and key in _CHOICES and table[key] not in _CHOICES[key]:
            faults.append(f"{where}.{key}: must be one of {', '.join(_CHOICES[key])}, is {table[key]!r}")
    if faults:
        return faults
    return _url_faults(table, where) + _select_faults(table, where)


def _url_faults(table: dict[str, Any], where: str) -> list[str]:
    if not table.get("url"):
        return [f"{where}.url: is missing"]
    try:
        parts = urlsplit(table["url"])
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        sound = False
    return [] if sound else [f"{where}.url: {table['url']!r} is no http or https address"]


def _select_faults(table: dict[str, Any], where: str) -> list[str]:
    select = table.get("select")
    if select is None:
        return [f'{where}.select: kind = "page" needs it'] if table.get("kind") == "page" else []
    faults = [
        f"{where}.select.{key}: unknown; known are {', '.join(_SELECTORS)}"
        for key in select
        if key not in _SELECTORS
    ]
    faults += [
        f"{where}.select.{key}: must be str" for key, value in select.items() if not isinstance(value, str)
    ]
    if not select.get("item"):
        faults.append(f"{where}.select.item: is missing")
    if faults:
        return faults
    for key, value in select.items():
        problem = (
            _pattern_fault(value) if key == "date_in_url" else (selector_fault(value) if value else None)
        )
        if problem:
            faults.append(f"{where}.select.{key}: {problem}")
    return faults


def _pattern_fault(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"no regular expression: {error}"
    return None


def _source(table: dict[str, Any]) -> Source:
    values = dict(table)
    if "select" in values:
        values["select"] = PageSelectors(**values["select"])
    values.setdefault("name", urlsplit(values["url"]).hostname)
    source = Source(**values)
    return source if "style" in table else replace(source, style=_style(source.url))


def _style(url: str) -> Any:
    host = urlsplit(url).hostname or ""
    if host.endswith(".uscourts.gov"):
        return "pacer"
    if host == "news.google.com":
        return "google_news"
    return "courtlistener" if host.endswith("courtlistener.com") else "plain"


def _table(source: Source) -> str:
    plain = Source(url="", name="")
    lines = ["[[source]]"]
    for field in fields(Source):
        value = getattr(source, field.name)
        if field.name == "select" and value is not None:
            pairs = [(key, getattr(value, key)) for key in _SELECTORS]
            value = "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in pairs if one is not None) + " }"
            lines.append(f"select = {value}")
        elif field.name in {"url", "name"} or value != getattr(plain, field.name):
            lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | bool | int) -> str:
    """JSON's strings, booleans and numbers are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
