"""What a group is told: everything once, nothing twice, late things later; and two processes that do not collide."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from feeds_fixtures import database_url, postgresql_server, store
from feeds_news import NOW, THREE, add_item, analyse, settings_for

from feeds import tables
from feeds.casestore import put_case
from feeds.digeststore import DigestStore
from feeds.findingstore import put_story
from feeds.issue import Made, body_of, make_digest, preview_digest
from feeds.outbox import Outbox, Result
from feeds.records import Case, CaseEvent, Story, StoryMember
from feeds.store import Store, lease_owner

if TYPE_CHECKING:
    from feeds.records import OutboxMail

__all__ = ["database_url", "postgresql_server", "store"]

SETTINGS = settings_for(25, "")
DAY = timedelta(days=1)


def make(store: Store, now: datetime = NOW, *, quiet: str = "send", brands: tuple[str, ...] = ()) -> Made:
    group = replace(SETTINGS.group("legal"), quiet=quiet, brands=brands)
    return make_digest(store, SETTINGS, group, day=now.date(), now=now)


def told(made: Made) -> list[str]:
    return sorted(story.title for section in body_of(made.digest).sections for story in section.stories)


def test_each_item_is_told_once_and_what_comes_late_is_told_next(store: Store) -> None:
    add_item(store, "One")
    first = make(store)
    assert (told(first), first.fresh, first.mails) == (["One"], True, 3)
    add_item(store, "Two", when=NOW + timedelta(minutes=1))
    late = add_item(store, "Read late", when=NOW - timedelta(hours=2), read=False)
    again = make(store, NOW + timedelta(hours=3))
    assert (again.fresh, again.digest) == (False, first.digest)
    analyse(store, late)
    assert told(make(store, NOW + DAY)) == ["Read late", "Two"]
    assert told(make(store, NOW + 2 * DAY)) == []


def test_the_first_digest_of_a_group_looks_back_a_day_and_later_ones_leave_nothing_behind(
    store: Store,
) -> None:
    add_item(store, "Last year", when=NOW - 300 * DAY)
    add_item(store, "This morning", when=NOW - timedelta(hours=5))
    assert told(make(store)) == ["This morning"]
    add_item(store, "While nobody sent", when=NOW + 2 * DAY)
    assert told(make(store, NOW + 9 * DAY)) == ["While nobody sent"]


def test_an_edited_article_is_not_told_again(store: Store) -> None:
    number = add_item(store, "One")
    make(store)
    with store.database.write() as connection:
        connection.execute(sa.update(tables.items).where(tables.items.c.id == number).values(revision=2))
    analyse(store, number, revision=2)
    assert told(make(store, NOW + DAY)) == []


def test_what_a_filter_left_out_comes_when_the_article_turns_out_to_be_about_the_brand(store: Store) -> None:
    number = add_item(store, "One", brand="Rolex")
    assert told(make(store, brands=("Gucci",))) == []
    assert told(make(store, NOW + DAY)) == []  # the filter changed: no flood of old news
    with store.database.write() as connection:
        connection.execute(sa.update(tables.items).where(tables.items.c.id == number).values(revision=2))
    analyse(store, number, revision=2)
    assert told(make(store, NOW + 2 * DAY, brands=("Gucci",))) == ["One"]
    assert told(make(store, NOW + 3 * DAY, brands=("Gucci",))) == []


def test_a_preview_stores_nothing_and_shows_what_would_be_sent(store: Store) -> None:
    add_item(store, "One")
    group = SETTINGS.group("legal")
    shown = preview_digest(store, SETTINGS, group, day=NOW.date(), now=NOW)
    assert "One" in shown.payload["text"]
    assert DigestStore(store.database).days("legal") == ()
    made = make(store)
    assert made.digest.payload["text"] == shown.payload["text"]


@pytest.mark.parametrize(
    ("rule", "failing", "mails"),
    [
        ("send", False, 3),
        ("skip", False, 0),
        ("skip", True, 0),
        ("problems", False, 0),
        ("problems", True, 3),
    ],
)
def test_a_quiet_day_follows_its_rule(rule: str, failing: bool, mails: int, store: Store) -> None:
    add_item(store, "Weather", relevant=False)
    if failing:
        with store.database.write() as connection:
            connection.execute(sa.update(tables.fetch_states).values(status="failing", error="HTTP 500"))
    made = make(store, quiet=rule)
    assert (body_of(made.digest).quiet, made.mails) == (True, mails)
    assert make(store, quiet=rule).fresh is False


def test_a_story_that_goes_on_is_an_update_with_the_new_link_only(store: Store) -> None:
    one = add_item(store, "One")
    _tell_story(store, one)
    assert [s.update for s in body_of(make(store).digest).sections[0].stories] == [False]
    two = add_item(store, "Two", when=NOW + timedelta(hours=1))
    _tell_story(store, one, two)
    (story,) = body_of(make(store, NOW + DAY).digest).sections[0].stories
    assert (story.update, story.items) == (True, (two,))


def _tell_story(store: Store, *items: int) -> None:
    members = tuple(StoryMember(item_id=one, joined_at=NOW, reason="r") for one in items)
    story = Story(id="s1", title="Story", kind="seizure", created_at=NOW, updated_at=NOW, members=members)
    with store.database.write() as connection:
        put_story(connection, story, members[-1:])


def test_case_events_are_told_once(store: Store) -> None:
    one = add_item(store, "Filed", kind="lawsuit_filed")
    filed = CaseEvent(id="e1", kind="lawsuit_filed", when=date(2026, 11, 2), precision="day", items=(one,))
    case = Case(
        id="c1",
        name="Gucci v. Shop",
        status="open",
        created_at=NOW,
        updated_at=NOW,
        events=(filed,),
        brands=("Gucci",),
    )
    with store.database.write() as connection:
        put_case(connection, case, [one], NOW)
    assert [event.new for case in body_of(make(store).digest).cases for event in case.events] == [True]
    two = add_item(store, "Settled", kind="settlement", when=NOW + timedelta(hours=1))
    settled = CaseEvent(id="e2", kind="settlement", when=date(2026, 11, 3), precision="day", items=(one, two))
    with store.database.write() as connection:
        put_case(connection, replace(case, events=(filed, settled)), [one, two], NOW)
    assert [event.new for case in body_of(make(store, NOW + DAY).digest).cases for event in case.events] == [
        False,
        True,
    ]
    assert body_of(make(store, NOW + 2 * DAY).digest).cases == ()


def test_many_processes_make_one_digest(database_url: str) -> None:
    stores = [Store.open(database_url) for _ in range(4)]
    for number in range(5):
        add_item(stores[0], f"Item {number}")
    made: list[Made] = []
    threads = [threading.Thread(target=lambda one=one: made.append(make(one))) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.fresh for one in made) == [False, False, False, True]
    assert len({one.digest.id for one in made}) == 1
    assert len(Outbox(stores[0].database).mails(made[0].digest.id)) == 3
    for one in stores:
        one.close()


def test_no_mail_is_claimed_by_two(database_url: str) -> None:
    stores = [Store.open(database_url) for _ in range(4)]
    add_item(stores[0], "One")
    make(stores[0])
    claimed: list[OutboxMail] = []

    def claim(one: Store) -> None:
        while mail := Outbox(one.database).claim(lease_owner(), datetime.now(UTC)):
            claimed.append(mail)

    threads = [threading.Thread(target=claim, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.recipient for mail in claimed) == list(THREE)
    for one in stores:
        one.close()


def test_a_dead_senders_mail_is_taken_over_and_a_living_ones_is_not(store: Store) -> None:
    add_item(store, "One")
    made, outbox, now = make(store), Outbox(store.database), datetime.now(UTC)
    mine = lease_owner()
    first = outbox.claim(mine, now)
    assert first is not None
    others = [outbox.claim(lease_owner(), now) for _ in range(3)]
    assert [one.recipient for one in others if one] == ["b@example.org", "c@example.org"]
    host, pid, _started, unique = mine.split("|")
    with store.database.write() as connection:
        connection.execute(sa.update(tables.outbox).values(lease_owner=f"{host}|{pid}|1|{unique}"))
    assert outbox.hand_over(first, mine, now) is False
    taken = outbox.claim(lease_owner(), now)
    assert taken is not None
    assert (taken.id, taken.attempts, taken.content) == (first.id, 2, first.content)
    assert outbox.settle(first, mine, Result(state="accepted"), now) is False
    assert outbox.mails(made.digest.id)[0].state == "sending"


def test_what_never_gets_through_is_given_up_after_days_not_after_a_weekend_offline(store: Store) -> None:
    add_item(store, "One")
    made, outbox, owner = make(store), Outbox(store.database), lease_owner()
    for attempt in range(1, 12):
        now = NOW + 6 * DAY + timedelta(hours=5 * attempt)
        mail = outbox.claim(owner, now, tried_before=now)
        assert mail is not None
        outbox.settle(mail, owner, Result(state="deferred", code=451, text="451 later"), now)
        with store.database.write() as connection:  # the other two are out of the way
            connection.execute(
                sa.update(tables.outbox).where(tables.outbox.c.id != mail.id).values(state="accepted")
            )
        if attempt == 10:
            break
        assert outbox.mails(made.digest.id)[0].state == "deferred"
    last = outbox.mails(made.digest.id)[0]
    assert (last.state, last.smtp_text) == ("refused", "given up after 10 attempts: 451 later")
