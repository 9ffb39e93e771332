"""Stories: the same happening across sources and languages together, look-alikes apart, whatever the order."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from feeds_fixtures import database_url, postgresql_server, store
from feeds_items import analyser, bring

from feeds import tables
from feeds import understand as understanding
from feeds.figures import figures_of, near
from feeds.names import names_of
from feeds.store import Store
from feeds.understand import findings, stories, understand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feeds.records import Story

__all__ = ["database_url", "postgresql_server", "store"]

NOW = datetime(2026, 7, 1, tzinfo=UTC)
WRITTEN = Path(__file__).parent / "data" / "news_stories.jsonl"
HAUL = [
    {"lang": "en", "date": "2026-03-03", "title": "Customs at Antwerp seize 3,000 fake Louis Vuitton bags",
     "text": "Officers found 3,000 counterfeit handbags in a container from China at the port of Antwerp."},
    {"lang": "fr", "date": "2026-03-04", "title": "Anvers : plus de 3 000 faux sacs Louis Vuitton saisis par la douane",
     "text": "Les sacs contrefaits venaient de Chine."},
    {"lang": "zh", "date": "2026-03-04", "title": "比利时安特卫普海关查获3000个假冒路易威登手袋", "text": "货物来自中国。"},
]  # fmt: skip
APART = {
    "the same port a month later": {"lang": "en", "date": "2026-04-07", "title": "Customs at Antwerp seize 2,400 fake Louis Vuitton bags",
        "text": "Officers found the counterfeit handbags in a container from China at the port of Antwerp."},
    "the same day in another city": {"lang": "en", "date": "2026-03-03", "title": "Customs in Genoa seize 900 fake Louis Vuitton bags",
        "text": "Officers found 900 counterfeit handbags in a container from China at the port of Genoa."},
    "the same port and count, another brand": {"lang": "en", "date": "2026-03-03", "title": "Antwerp customs destroy 3,000 fake Rolex watches",
        "text": "The counterfeit watches had been held since autumn."},
    "the same port and week, another count": {"lang": "nl", "date": "2026-03-06", "title": "Douane Antwerpen vindt 12.500 valse Nike-schoenen",
        "text": "De namaakschoenen kwamen uit Turkije."},
}  # fmt: skip


@pytest.fixture
def memory() -> Iterator[Store]:
    opened = Store.open("sqlite:///:memory:")
    yield opened
    opened.close()


def read(store: Store, rows: Sequence[dict[str, Any]], *, feed: str = "news") -> list[str]:
    """The story of each row, in the order of ``rows``."""
    ids = bring(store, rows, feed=feed)
    understand(store, clock=lambda: NOW, analyser=analyser())
    held = {member.item_id: story.id for story in stories(store) for member in story.members}
    return [held.get(one, "") for one in ids]


def test_one_happening_in_three_languages_is_one_story_with_reasons(store: Store) -> None:
    assert len(set(read(store, HAUL))) == 1
    (story,) = stories(store)
    assert (story.title, story.kind) == (HAUL[0]["title"], "seizure")
    first, *later = story.members
    assert first.reason == "first to tell"
    assert all("Louis Vuitton" in member.reason and "figure 3,000" in member.reason for member in later)


@pytest.mark.parametrize("name", APART)
def test_look_alikes_stay_apart(memory: Store, name: str) -> None:
    *haul, other = read(memory, [*HAUL, APART[name]])
    assert len(set(haul)) == 1
    assert other not in haul


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_does_not_matter(memory: Store, order: tuple[int, ...]) -> None:
    for number in order:
        read(memory, [HAUL[number]])
    (story,) = stories(memory)
    assert len(story.members) == 3


def test_a_story_keeps_its_id_as_it_grows(memory: Store) -> None:
    (first,) = read(memory, HAUL[:1])
    assert read(memory, HAUL[1:], feed="later") == [first, first]


def test_what_two_stories_share_joins_them_into_the_older(memory: Store) -> None:
    told = [
        {"lang": "en", "date": "2026-05-01", "title": "Fake Gucci handbags found in warehouse near Leeds", "text": "Officers acted on a tip."},
        {"lang": "it", "date": "2026-05-01", "title": "Sequestrate 4.217 borse contraffatte", "text": "Arrestati in Inghilterra Tom Marlowe e Ann Pickering."},
        {"lang": "en", "date": "2026-05-01", "title": "4,217 fake Gucci handbags found in warehouse near Leeds", "text": "Officers acted on a tip. Ann Pickering and Tom Marlowe were arrested."},
    ]  # fmt: skip
    first, second = read(memory, told[:2])
    assert first != second
    (third,) = read(memory, told[2:])
    (story,) = stories(memory)
    assert third == story.id == min(first, second, key=lambda one: int(one[1:]))
    assert len(story.members) == 3


def test_an_article_that_turns_out_to_be_about_something_else_leaves_and_its_id_stays_unused(
    memory: Store,
) -> None:
    ids = bring(memory, HAUL[:1])
    understand(memory, clock=lambda: NOW, analyser=analyser())
    (before,) = stories(memory)
    with memory.database.write() as connection:
        changed = {
            "title": "City council votes on bicycle lanes",
            "text": "The vote is on Monday.",
            "revision": 2,
        }
        connection.execute(sa.update(tables.items).where(tables.items.c.id == ids[0]).values(changed))
    understand(memory, clock=lambda: NOW, analyser=analyser())
    assert stories(memory) == ()
    with memory.database.write() as connection:
        connection.execute(
            sa.update(tables.items)
            .where(tables.items.c.id == ids[0])
            .values({"title": HAUL[0]["title"], "text": HAUL[0]["text"], "revision": 3})
        )
    understand(memory, clock=lambda: NOW, analyser=analyser())
    (after,) = stories(memory)
    assert after.id != before.id


def test_an_edited_article_stays_in_its_story(memory: Store) -> None:
    ids = bring(memory, HAUL)
    understand(memory, clock=lambda: NOW, analyser=analyser())
    (before,) = stories(memory)
    with memory.database.write() as connection:
        title = "Customs at Antwerp seize over 3,000 fake Louis Vuitton handbags"
        connection.execute(
            sa.update(tables.items).where(tables.items.c.id == ids[0]).values(title=title, revision=2)
        )
    report = understand(memory, clock=lambda: NOW, analyser=analyser())
    (after,) = stories(memory)
    assert report.analysed == 1
    assert (after.id, len(after.members)) == (before.id, 3)


# --- crash safety --------------------------------------------------------------------------------


def test_a_batch_is_stored_altogether_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(store, HAUL)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the machine went away")

    monkeypatch.setattr(understanding, "follow", broken)
    with pytest.raises(RuntimeError):
        understand(store, clock=lambda: NOW, analyser=analyser())
    assert findings(store) == {}
    assert stories(store) == ()
    with store.database.read() as connection:
        for table in (tables.fingerprints, tables.story_keys, tables.embeddings):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
    monkeypatch.undo()
    assert understand(store, clock=lambda: NOW, analyser=analyser()).analysed == 3


def _understand(url: str) -> None:
    opened = Store.open(url)
    understand(opened, clock=lambda: NOW, analyser=analyser())
    opened.close()


def test_two_at_once_do_no_harm(database_url: str) -> None:
    opened = Store.open(database_url)
    rows = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines()][:60]
    ids = bring(opened, rows)
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_understand, args=(database_url,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(500)
        assert one.exitcode == 0
    assert len(findings(opened)) == len(ids)
    members = [member.item_id for story in stories(opened) for member in story.members]
    assert len(members) == len(set(members))
    alone = Store.open("sqlite:///:memory:")
    bring(alone, rows)
    understand(alone, clock=lambda: NOW, analyser=analyser())
    assert _partition(stories(opened)) == _partition(stories(alone))
    opened.close()
    alone.close()


def _partition(found: Sequence[Story]) -> set[frozenset[int]]:
    return {frozenset(member.item_id for member in story.members) for story in found}


# --- quality and cost ----------------------------------------------------------------------------


def test_the_stories_written_for_this_project_are_found(memory: Store) -> None:
    rows = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines()]
    random.Random(3).shuffle(rows)
    said, true = read(memory, rows), [row["story"] for row in rows]
    pairs = list(itertools.combinations(range(len(rows)), 2))
    together = {pair for pair in pairs if said[pair[0]] and said[pair[0]] == said[pair[1]]}
    wanted = {pair for pair in pairs if true[pair[0]] == true[pair[1]]}
    assert len(together & wanted) / len(together) > 0.9
    assert len(together & wanted) / len(wanted) > 0.7


def test_a_full_index_is_asked_for_a_bounded_number_of_articles(memory: Store) -> None:
    from feeds.storyindex import sharing

    ids = bring(
        memory,
        [{"title": f"Article {n}", "text": "x", "date": "2026-03-03", "lang": "en"} for n in range(400)],
    )
    with memory.database.write() as connection:
        rows = [{"key": key, "day": 1000 + item % 9, "item_id": item} for item in ids for key in (1, 2, 3)]
        connection.execute(sa.insert(tables.story_keys), rows)
        found = sharing(connection, [1, 2, 3], 1004)
        assert len(found) == 40
        assert set(found.values()) == {3}
        assert sharing(connection, [9], 1004) == {}
        assert sharing(connection, [1], 2000) == {}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("over 3,000 bags worth $1.9 million", {3000, 1_900_000}),
        ("plus de 3 000 sacs, 12 milliards d'euros", {3000, 12e9}),
        ("3.000 valse tassen, drieduizend", {3000}),
        ("查获2.6万双,案值1800万元,抓获15名", {26_000, 18_000_000, 15}),
        ("1万2000点を押収", {12_000}),
        ("위조 시계 1,850점 (420억원)", {1850, 42e9}),
        ("изъято 26 тысяч пар на 90 млн рублей", {26_000, 90e6}),
        ("۱۵۰ هزار قطعه", {150_000}),
        ("Rs 38 lakh, 1.1 crore", {3_800_000, 11_000_000}),
        ("case 2:26-cv-04117 of 2026, at 10:30", set()),
        ("12mila capi, 5,2 tonnellate", {12_000, 5.2}),
    ],
)  # fmt: skip
def test_figures_are_read_in_every_notation(text: str, wanted: set[float]) -> None:
    assert {value for value in figures_of(text) if value > 4} == wanted


def test_figures_told_roughly_are_near_and_others_not() -> None:
    assert near(3000, 3041)
    assert near(11_000, 11_134)
    assert not near(3000, 4000)
    assert not near(2450, 2451)
    assert not near(20, 21)


def test_names_carry_between_alphabets() -> None:
    assert names_of("Nike verklagt Solestead", "de") & names_of("耐克起诉Solestead公司", "zh")
    assert names_of("In Nashville, Dwayne Holt sold fakes", "en") & names_of("продавец Холт", "ru")


def test_old_understanding_of_a_window_is_not_compared(memory: Store) -> None:
    late = [
        row | {"date": (datetime.fromisoformat(row["date"]) + timedelta(days=365)).date().isoformat()}
        for row in HAUL
    ]
    both = read(memory, [*HAUL, *late])
    assert len(set(both[:3])) == len(set(both[3:])) == 1
    assert both[0] != both[3]
