"""feedparser's own suite and real court feeds through our parser, when the fixtures stand beside the checkout."""

from __future__ import annotations

import ast
import codecs
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feeds.pacer import court_filings
from feeds.parse import parse_feed
from feeds.records import Content, Entry, Link, ParsedFeed, ParseFailure

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "news" / "fixtures"
SUITE = DATA / "feedparser-tests" / "tests"
COURTS = DATA / "juriscraper-rss" / "tests" / "examples" / "pacer" / "rss_feeds"

needs_data = pytest.mark.skipif(not SUITE.is_dir(), reason=f"no fixtures at {SUITE}")

DATED = {"published", "updated", "modified", "date", "issued"}
DATED |= {f"{name}_parsed" for name in DATED}
TEXTS = {"title", "title_detail", "description", "link", "links", "id", "guid", "author"} | DATED
FEED_KEYS = TEXTS | {"subtitle", "subtitle_detail", "tagline", "tagline_detail", "language"}
ENTRY_KEYS = TEXTS | {
    "summary",
    "summary_detail",
    "content",
    "guidislink",
    "created",
    "created_parsed",
    "comments",
}
INNER_KEYS = {"value", "type", "language", "base", "href", "rel", "title", "length"}


def cases(folder: str) -> list[Path]:
    return sorted((SUITE / folder).glob("**/*.xml"))


def header(path: Path) -> tuple[dict[str, str], str | None, bool]:
    """Response headers, expectation and whether this Python can run the case."""
    data = path.read_bytes()
    for bom, codec in (
        (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF16_LE, "utf-16"),
    ):  # fmt: skip
        if data.startswith(bom):
            text = data.decode(codec)
            break
    else:
        wide = {
            b"<\x00\x00\x00": "utf-32le",
            b"\x00\x00\x00<": "utf-32be",
            b"<\x00?\x00": "utf-16le",
            b"\x00<\x00?": "utf-16be",
        }
        text = data.decode(wide.get(data[:4], "ascii"), "replace")
    headers = dict(re.findall(r"^Header:\s+([^:\s]+):(.+?)\s*$", text, re.MULTILINE))
    found = re.search(r"Expect:\s+(.*?)\s*-->", text, re.DOTALL)
    skip = re.search(r"SkipUnless:\s+(.+)", text)
    runs = True
    if skip and "codecs" in skip.group(1):
        try:
            codecs.lookup(re.findall(r"'([^']+)'\)$", skip.group(1).strip())[0])
        except (LookupError, IndexError):
            runs = False
    return (
        {name.lower(): value.strip() for name, value in headers.items()},
        found.group(1) if found else None,
        runs,
    )


def kept(expect: str) -> bool:
    """Whether the expectation speaks of nothing but what our records hold."""
    tree = ast.parse(" ".join(expect.split()), mode="eval")
    paths = [path for node in ast.walk(tree) if (path := key_path(node))]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names <= {"bozo", "encoding", "version", "feed", "entries", "len"} or names <= {"bozo"}:
        return False
    return all(allowed(path) for path in paths)


def key_path(node: ast.AST) -> list[Any]:
    """``["entries", 0, "title"]`` of ``entries[0]["title"]``; empty for other expressions."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*key_path(node.value), node.attr]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return [*key_path(node.value), node.slice.value]
    return []


def allowed(path: list[Any]) -> bool:
    keys = [key for key in path[1:] if isinstance(key, str)]
    if path[0] not in {"feed", "entries"} or not keys:
        return True
    return keys[0] in (FEED_KEYS if path[0] == "feed" else ENTRY_KEYS) and set(keys[1:]) <= INNER_KEYS


def detail(content: Content | None) -> Any:
    if content is None:
        return None
    return feedparser.FeedParserDict(
        value=content.value, type=content.type, language=content.language, base=content.base
    )


def as_dict(record: ParsedFeed | Entry) -> feedparser.FeedParserDict:
    """Our record under feedparser's names, so that its expectations can be asked of it."""
    node = feedparser.FeedParserDict(links=[link_dict(link) for link in record.links])
    for name in ("published", "updated", "created"):
        stamp = getattr(record, name, None)
        node[f"{name}_parsed"] = stamp.utctimetuple() if stamp else None
        node[name] = getattr(record, f"{name}_raw", None)
    for name in ("id", "link", "author", "comments", "language"):
        node[name] = getattr(record, "guid" if name == "id" else name, None)
    if isinstance(record, Entry):
        node["guidislink"] = record.guid_is_link
        node["content"] = [detail(one) for one in record.contents]
    for name in [name for name in node if dict.get(node, name) in (None, "", [])]:
        del node[name]
    for name in ("title", "subtitle", "summary"):
        content = getattr(record, name, None)
        if content is not None:
            node[name], node[f"{name}_detail"] = content.value, detail(content)
    return node


def link_dict(link: Link) -> feedparser.FeedParserDict:
    said = {"href": link.href, "rel": link.rel, "type": link.type, "title": link.title, "length": link.length}
    return feedparser.FeedParserDict({name: value for name, value in said.items() if value})


def holds(expect: str, result: ParsedFeed) -> bool:
    names = {
        "feed": as_dict(result),
        "entries": [as_dict(entry) for entry in result.entries],
        "encoding": result.encoding,
        "version": result.version,
        "bozo": bool(result.warnings),
    }
    try:
        return bool(eval(expect.replace("\n", " "), {}, names))  # noqa: S307 - feedparser's own test files
    except (KeyError, IndexError, AttributeError, TypeError):
        return False


def outcome(path: Path) -> tuple[str, str]:
    headers, expect, runs = header(path)
    if expect is None or not runs:
        return "without expectation", ""
    if not kept(expect):
        return "about other fields", ""
    url = ""
    if headers or path.name.startswith("http"):  # as feedparser's test server serves them
        headers.setdefault("content-type", "application/xml")
        url = f"http://127.0.0.1:8097/{path.relative_to(SUITE.parent).as_posix()}"
    result = parse_feed(path.read_bytes(), url=url, headers=headers)
    if isinstance(result, ParseFailure):
        result = result.partial or ParsedFeed(version="", encoding="", warnings=("failed",))
    return ("as expected", "") if holds(expect, result) else ("different", expect)


@needs_data
@pytest.mark.parametrize(("folder", "at_least"), [("wellformed", 1256), ("encoding", 71), ("entities", 256)])
def test_every_case_about_a_kept_field_gives_the_expected_value(folder: str, at_least: int) -> None:
    outcomes = {path: outcome(path) for path in cases(folder)}
    different = {
        str(path.relative_to(SUITE)): said for path, (kind, said) in outcomes.items() if kind == "different"
    }
    counts = Counter(kind for kind, _ in outcomes.values())
    print(folder, dict(counts))  # noqa: T201 - the numbers are the point
    assert not different, different
    assert counts["as expected"] >= at_least


@needs_data
def test_every_ill_formed_case_ends_in_items_or_a_named_failure() -> None:
    for path in cases("illformed"):
        result = parse_feed(path.read_bytes(), headers=header(path)[0])
        assert isinstance(result, ParseFailure) or result.entries, path


@pytest.mark.skipif(not COURTS.is_dir(), reason=f"no fixtures at {COURTS}")
@pytest.mark.parametrize("path", sorted(COURTS.glob("*.xml")), ids=lambda path: path.stem)
def test_a_court_feed_gives_the_counts_and_docket_numbers_of_juriscraper(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    feed = parse_feed(path.read_bytes(), url="https://ecf.example.uscourts.gov/rss")
    assert isinstance(feed, ParsedFeed)
    filings = [found for _, found in court_filings(feed.entries)]
    assert [one.docket for one in filings] == [one["docket_number"] for one in expected]
    said = [one["docket_entries"][0]["short_description"].strip() for one in expected]
    assert [one.short_description for one in filings] == said
