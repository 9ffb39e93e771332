"""The ``news`` commands as a user runs them: real servers, real databases, exit codes, what goes where."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from feeds_fixtures import server
from feeds_server import Server, item, rss
from typer.testing import CliRunner

from feeds.casestore import put_case
from feeds.cli import app
from feeds.findingstore import leave_stories, put_story
from feeds.records import Case, CaseEvent, Docket, Story, StoryMember
from feeds.sources import read_sources
from feeds.store import Store
from nlp.errors import FauxwatchError, OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

__all__ = ["server"]

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
SEIZED = item(
    title="Customs seizes 500 fake Gucci bags",
    link="http://n.example/500",
    text="Officers found counterfeit bags in Hamburg.",
)
COLUMNS = {
    "feed", "title", "url", "text", "lang", "published", "relevant", "score", "kind", "brands", "plaintiffs",
    "defendants", "court", "docket", "jurisdiction", "amounts", "event_date", "story", "case", "first_seen", "revisions",
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'news.db'}"


@pytest.fixture
def sources(server: Server, tmp_path: Path) -> Path:
    server.feed("/feed", rss(SEIZED))
    return _file(tmp_path, f"{server.url}/feed")


def _file(folder: Path, *urls: str) -> Path:
    path = folder / "sources.toml"
    tables = [
        f'[[source]]\nurl = "{url}"\nname = "Source {number}"\nlang = "en"\nprivate = true\n'
        for number, url in enumerate(urls, 1)
    ]
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


def news(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_polling_stores_items_and_writes_nothing_to_stdout(sources: Path, db: str) -> None:
    done = news("poll", "--sources", sources, "--db", db)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "1 sources polled" in done.stderr
    assert "1 new items" in done.stderr


def test_a_dead_feed_gives_exit_code_one_and_the_others_are_kept(
    server: Server, tmp_path: Path, db: str
) -> None:
    server.feed("/feed", rss(SEIZED))
    file = _file(tmp_path, f"{server.url}/feed", f"{server.url}/gone")
    done = news("poll", "--sources", file, "--db", db)
    assert done.exit_code == 1
    assert "failed: Source 2" in done.stderr
    assert Store.open(db).items.count() == 1


def test_the_whole_command_ends_with_the_same_exit_code(server: Server, tmp_path: Path, db: str) -> None:
    file = _file(tmp_path, f"{server.url}/gone")
    run = [sys.executable, "-c", "from nlp.cli import main; main()", "news", "poll"]
    done = subprocess.run(
        [*run, "--sources", str(file), "--db", db], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["poll", "--due", "--force"], 2),
        (["poll", "--sources", "no-such-file.toml"], 2),
        (["sources", "import"], 2),
        (["sources", "export", "file.opml"], 2),
        (["stories", "--db", "nosuchdialect://x"], 3),
    ],
)
def test_wrong_usage_has_its_exit_code(arguments: list[str], code: int) -> None:
    done = news(*arguments)
    assert isinstance(done.exception, FauxwatchError)
    assert done.exception.exit_code == code
    assert done.stdout == ""


def test_sources_show_their_health(server: Server, tmp_path: Path, db: str) -> None:
    server.feed("/feed", rss(SEIZED))
    file = _file(tmp_path, f"{server.url}/feed", f"{server.url}/gone")
    before = news("sources", "--sources", file, "--db", db)
    assert before.exit_code == 0
    assert before.stdout.count("never read") == 2
    news("poll", "--sources", file, "--db", db)
    first, second = news("sources", "--sources", file, "--db", db).stdout.splitlines()
    assert first.startswith("ok")
    assert "1 items" in first
    assert second.startswith("failing")
    assert "404" in second


def test_checking_sources_stores_nothing_and_says_which_fail(server: Server, tmp_path: Path) -> None:
    server.feed("/feed", rss(SEIZED))
    file = _file(tmp_path, f"{server.url}/feed", f"{server.url}/gone")
    done = news("sources", "check", "--sources", file)
    assert done.exit_code == 1
    good, bad = done.stdout.splitlines()
    assert good.startswith("ok ")
    assert "1 entries" in good
    assert bad.startswith("FAIL")


def test_sources_survive_opml_and_back(sources: Path, tmp_path: Path) -> None:
    opml, back = tmp_path / "list.opml", tmp_path / "back.toml"
    assert news("sources", "export", "--sources", sources, "-o", opml).exit_code == 0
    assert news("sources", "import", opml, "-o", back).exit_code == 0
    (first,), (second,) = read_sources(sources.read_text()), read_sources(back.read_text())
    assert (first.url, first.name, first.lang, first.private) == (
        second.url, second.name, second.lang, second.private,
    )  # fmt: skip


def _filled(db: str) -> None:
    store = Store.open(db)
    (stored,) = store.items.find()
    member = StoryMember(item_id=stored.id, joined_at=NOW, reason="first")
    story = Story(
        id="st-1", title="Fake bags", kind="seizure", created_at=NOW, updated_at=NOW, members=(member,)
    )
    event = CaseEvent(
        id="ev-1",
        kind="lawsuit_filed",
        when=date(2014, 7, 1),
        precision="month",
        summary="Complaint",
        items=(stored.id,),
    )
    case = Case(
        id="ca-1", name="Gucci v. Alibaba", status="open", created_at=NOW, updated_at=NOW, plaintiffs=("Gucci",),
        dockets=(Docket(number="1:14-cv-05119", key="k", court="S.D.N.Y."),), events=(event,),
    )  # fmt: skip
    with store.database.write() as connection:
        leave_stories(connection, [stored.id])
        put_story(connection, story, story.members)
        put_case(connection, case, [stored.id], NOW)
    store.close()


def test_stories_and_cases_are_shown_and_written(sources: Path, db: str, tmp_path: Path) -> None:
    news("poll", "--sources", sources, "--db", db)
    _filled(db)
    shown = news("stories", "--db", db).stdout
    assert "seizure: Fake bags [st-1]" in shown
    assert "http://n.example/500" in shown
    timeline = news("cases", "--db", db).stdout
    assert "1:14-cv-05119 S.D.N.Y." in timeline
    assert "    2014-07     lawsuit_filed: Complaint" in timeline
    out = tmp_path / "cases.jsonl"
    assert news("cases", "--db", db, "-o", out).stdout == ""
    (row,) = map(json.loads, out.read_text().splitlines())
    assert row["events"][0]["when"] == "2014-07-01"


def test_a_sources_file_restricts_what_is_shown(sources: Path, db: str, tmp_path: Path) -> None:
    news("poll", "--sources", sources, "--db", db)
    _filled(db)
    other = tmp_path / "other"
    other.mkdir()
    file = _file(other, "http://elsewhere.example/feed")
    for command in ("stories", "cases", "export"):
        assert news(command, "--db", db, "--sources", sources).stdout != ""
        assert news(command, "--db", db, "--sources", file).stdout == ""
    assert news("stories", "--db", db, "--since", "2026-11-04").stdout == ""


def test_export_has_the_stable_columns(sources: Path, db: str, tmp_path: Path) -> None:
    news("poll", "--sources", sources, "--db", db)
    out = tmp_path / "items.jsonl"
    done = news("export", "--db", db, "--sources", sources, "-o", out)
    assert done.exit_code == 0, done.output
    (row,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert set(row) == COLUMNS
    assert row["title"] == "Customs seizes 500 fake Gucci bags"
    assert row["relevant"] is True
    assert row["kind"] == "seizure"
    assert row["brands"] == ["Gucci"]


def test_what_was_polled_stands_in_the_digest_of_the_day(sources: Path, db: str) -> None:
    news("poll", "--sources", sources, "--db", db)
    shown = news("digest", "--sources", sources, "--db", db)
    assert shown.exit_code == 0, shown.output
    assert "Customs seizes 500 fake Gucci bags" in shown.stdout
    assert "Brands: Gucci" in shown.stdout
    again = news("poll", "--sources", sources, "--db", db)
    assert "0 items read" in again.stderr


def test_what_cannot_be_written_is_a_clear_failure(db: str, tmp_path: Path) -> None:
    done = news("cases", "--db", db, "-o", tmp_path / "no" / "x")
    assert isinstance(done.exception, OutputError)
    assert "cannot be written" in str(done.exception)


def test_the_help_loads_no_heavy_library() -> None:
    code = "import feeds.cli, sys; print([n for n in ('sqlalchemy', 'httpx', 'lxml', 'feedparser') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
