"""An article that breaks the reading of it costs itself and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from feeds_fixtures import database_url, postgresql_server, store
from feeds_items import analyser, bring
from typer.testing import CliRunner

from feeds.cli import app
from feeds.console import read_lines
from feeds.health import examine
from feeds.settings import NewsSettings
from feeds.understand import export_items, findings, stories, understand

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest
    from numpy.typing import NDArray

    from feeds.records import Analysis, Item
    from feeds.store import Store

__all__ = ["database_url", "postgresql_server", "store"]

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ROWS = [
    {"title": f"Customs seize {count} fake {brand} bags", "text": "", "date": "2026-06-30", "lang": "en"}
    for count, brand in ((100, "Gucci"), (200, "Nike"), (300, "Prada"))
]


class Choking:
    """The analyser, which cannot read articles about Nike."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def analyse(self, item: Item) -> Analysis:
        self.tried.append(item.title)
        if "Nike" in item.title:
            raise IndexError("string index out of range")
        return analyser().analyse(item)


class ChokingEncoder:
    """An encoder that cannot encode articles about Nike."""

    name = "choking"
    multilingual = False

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("Nike" in text for text in texts):
            raise ValueError("no tokens")
        return np.ones((len(texts), 4), dtype=np.float32) / 2


def read(store: Store, reader: Any = None, encoder: Any = None) -> Any:
    return understand(store, clock=lambda: NOW, analyser=reader or analyser(), encoder=encoder)


def test_an_article_that_cannot_be_analysed_costs_only_itself(store: Store) -> None:
    ids = bring(store, ROWS)
    report = read(store, Choking())
    assert (report.analysed, report.relevant, len(report.new_stories)) == (3, 2, 2)
    assert len(report.failed) == 1
    assert "200 fake Nike bags" in report.failed[0]
    assert "IndexError: string index out of range" in report.failed[0]
    assert [one.relevant for one in findings(store).values()] == [True, False, True]
    assert ids[1] not in {member.item_id for story in stories(store) for member in story.members}


def test_what_could_not_be_read_is_not_tried_for_ever_but_again_when_it_changes(store: Store) -> None:
    bring(store, ROWS)
    reader = Choking()
    read(store, reader)
    assert read(store, reader).analysed == 0
    assert len(reader.tried) == 3
    from feeds import tables

    with store.database.write() as connection:
        connection.execute(
            tables.items.update().where(tables.items.c.title.contains("Nike")).values(revision=2)
        )
    assert read(store).relevant == 1
    assert all(not one.failure for one in findings(store).values())


def test_an_article_that_cannot_be_placed_costs_only_itself(store: Store) -> None:
    bring(store, ROWS)
    report = read(store, encoder=ChokingEncoder())
    assert (report.analysed, report.relevant, len(report.failed)) == (3, 2, 1)
    assert len(stories(store)) == 2


def test_what_could_not_be_read_is_told_by_poll_doctor_and_export(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(store, ROWS)
    monkeypatch.setattr("feeds.understand.Analyser.load", Choking)
    lines = read_lines(store)
    assert "1 items could not be read and are set aside:" in lines
    assert "IndexError" in lines[-1]
    said = [one.what for one in examine(store, NewsSettings(), NOW) if not one.sound]
    assert any("1 items could not be read" in one for one in said)
    assert any("200 fake Nike bags" in one and "IndexError" in one for one in said)
    assert [row["relevant"] for row in export_items(store)] == [True, None, True]
    assert [row["kind"] for row in export_items(store)] == ["seizure", None, "seizure"]


def test_a_folder_without_an_encoder_is_named_before_anything_is_polled(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path / 'news.db'}"
    for arguments in (["poll"], ["run"]):
        result = CliRunner().invoke(app, [*arguments, "--db", db, "--encoder", str(tmp_path)])
        assert "config.json cannot be read" in str(result.exception)
    config = tmp_path / "news.toml"
    config.write_text(f'[stories]\nencoder = "{tmp_path}"\n')
    result = CliRunner().invoke(app, ["poll", "--db", db, "--config", str(config)])
    assert "config.json cannot be read" in str(result.exception)
    assert not (tmp_path / "news.db").exists()
