"""The watch-list: who stands on it, why, and that classifying can read it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from feeds_news import NOW, add_item
from typer.testing import CliRunner

from feeds.cli import app
from feeds.store import Store
from feeds.watchlist import as_csv, draw_watchlist
from nlp.watchlist import Watchlist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'news.db'}")
    yield opened
    opened.close()


def test_brands_and_sellers_of_recent_enforcement_stand_on_it_and_nobody_else(
    store: Store, tmp_path: Path
) -> None:
    add_item(store, "One", seller="Harbour Lane Trading")
    add_item(store, "Two", kind="raid", when=NOW - timedelta(days=3), url="https://n.example/two")
    add_item(store, "Old", when=NOW - timedelta(days=400), brand="Rolex")
    add_item(store, "A report", kind="report", brand="Nike", seller="Nobody")
    add_item(store, "Weather", relevant=False, brand="Apple")
    add_item(store, "Formula", brand="Dior", seller='=HYPERLINK("http://evil.example")')
    entries = draw_watchlist(store, now=NOW, days=180)
    assert [(one.kind, one.name, one.items) for one in entries] == [
        ("brand", "Gucci", 2), ("brand", "Dior", 1), ("seller", '=HYPERLINK("http://evil.example")', 1),
        ("seller", "Harbour Lane Trading", 1),
    ]  # fmt: skip
    assert (entries[0].news, entries[0].last) == (("raid", "seizure"), NOW.date())
    text = as_csv(entries)
    assert all(not cell.startswith(("=", "+", "@")) for row in csv.reader(io.StringIO(text)) for cell in row)
    path = tmp_path / "watch.csv"
    path.write_text(text, encoding="utf-8")
    assert ("seller", "harbour lane trading") in Watchlist.load(path).reasons


def test_the_command_writes_it(store: Store, tmp_path: Path) -> None:
    add_item(store, "One")
    out = tmp_path / "watch.csv"
    db = f"sqlite:///{tmp_path / 'news.db'}"
    done = CliRunner().invoke(app, ["watchlist", "--db", db, "--days", "36500", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text(encoding="utf-8").startswith(
        "kind,name,items,last,news,url\nbrand,Gucci,1,2026-11-03,seizure,"
    )
