"""SIGKILL at every step between the poll and the mail server's last answer: nothing lost, nothing sent twice that need not be.

What SMTP leaves unknowable is a mail that was handed over and whose answer was not stored: it alone may arrive twice, with the
same bytes and the same Message-ID.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feeds_database
import pytest
from feeds_fixtures import postgresql_server, server
from feeds_news import THREE
from feeds_server import Server, item, rss
from feeds_smtp import PASSWORD, Post, make_certificate, post_office

from feeds.digeststore import DigestStore
from feeds.outbox import Outbox
from feeds.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feeds.records import OutboxMail

__all__ = ["postgresql_server", "server"]

TITLE = "Customs seizes 500 fake Gucci bags in Hamburg"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def post(certificate: Path) -> Iterator[Post]:
    with post_office(certificate) as office:
        yield office


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """Asks the helper for one walk."""
    environment = os.environ | {
        "PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}", "FAUXWATCH_SMTP_PASSWORD": PASSWORD, "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, str(HERE / "feeds_crash_child.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True,
    ) as helper:  # fmt: skip
        assert helper.stdin is not None
        assert helper.stdout is not None

        def ask(task: dict[str, Any]) -> dict[str, Any]:
            assert helper.stdin is not None
            assert helper.stdout is not None
            helper.stdin.write(json.dumps(task | {"log": str(tmp_path / "steps")}) + "\n")
            helper.stdin.flush()
            answer: dict[str, Any] = json.loads(helper.stdout.readline())
            return answer

        yield ask


def settings_text(post: Post) -> str:
    listed = ", ".join(f'"{one}"' for one in THREE)
    return (
        f'[smtp]\nhost = "localhost"\nport = {post.port}\nsender = "news@example.org"\nuser = "digest"\nca_file = "{post.cert}"\n'
        f'timeout_s = 10.0\n[[group]]\nname = "legal"\nrecipients = [{listed}]\n'
    )


def chosen(steps: list[str], database: str) -> list[int]:
    """The steps to kill at. On SQLite all; on PostgreSQL, whose mails go the same way, every third commit, and every kind of step once."""
    if database == "sqlite":
        return list(range(1, len(steps) + 1))
    commits = [number for number, name in enumerate(steps, 1) if name == "committed"]
    first = {name: number for number, name in reversed(list(enumerate(steps, 1)))}
    return sorted({*commits[::3], commits[-1], *first.values()})


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_kill_at_any_step_loses_nothing_and_repeats_only_what_nobody_can_know(  # noqa: PLR0917
    kind: str, request: pytest.FixtureRequest, server: Server, post: Post, walk: Any, tmp_path: Path
) -> None:
    feed = server.feed(
        "/feed", rss(item(title=TITLE, link="http://n.example/500-bags", text="Officers found them."))
    )
    url = request.getfixturevalue("postgresql_server") if kind == "postgresql" else ""
    Store.open(url or f"sqlite:///{tmp_path / 'empty.db'}").close()
    today = datetime.now(UTC)
    task = {"feed": feed, "settings": settings_text(post), "day": today.isoformat(), "kill": None}

    def fresh(number: int) -> str:
        post.taken.clear()
        if url:
            return feeds_database.emptied(url)
        shutil.copy(tmp_path / "empty.db", tmp_path / f"{number}.db")
        return f"sqlite:///{tmp_path / f'{number}.db'}"

    walk(task | {"db": fresh(0), "warm": True})
    whole = walk(task | {"db": fresh(0)})
    assert whole["code"] == 0
    assert Counter(one.recipient for one in post.taken) == dict.fromkeys(THREE, 1)
    steps, twice, killings = whole["steps"], Counter[str](), 0
    assert steps.count("wrote the message") == 3
    for number in chosen(steps, kind):
        name = steps[number - 1]
        db = fresh(number)
        killed = walk(task | {"db": db, "kill": number})
        assert (killed["code"], len(killed["steps"])) == (-signal.SIGKILL, number), (number, name)
        killings += 1
        before = mails_by_recipient(db)
        assert walk(task | {"db": db})["code"] == 0, (number, name)
        twice.update(check(db, post, before, where=f"step {number}, {name}"))
        tomorrow = (today + timedelta(days=1)).isoformat()
        if number % 10 == 0:  # and the next day repeats nothing
            taken = len(post.taken)
            assert walk(task | {"db": db, "day": tomorrow})["code"] == 0
            assert len(post.taken) == taken
    print(  # noqa: T201 - the numbers are the point
        f"{kind}: killed at {killings} of {len(steps)} steps; arrived twice: {sum(twice.values())} {dict(twice)}"
    )
    assert set(twice) <= {"unknown"}


def mails_by_recipient(db: str) -> dict[str, OutboxMail]:
    store = Store.open(db)
    digests = DigestStore(store.database).latest("legal")
    mails = {mail.recipient: mail for one in digests for mail in Outbox(store.database).mails(one.id)}
    store.close()
    return mails


def check(db: str, post: Post, before: dict[str, OutboxMail], *, where: str) -> list[str]:
    """Every recipient has the one digest with the one item; gives the states in which a mail was left that came twice."""
    store = Store.open(db)
    assert [one.title for one in store.items.find()] == [TITLE], where
    assert len(DigestStore(store.database).days("legal")) == 1, where
    store.close()
    mails = mails_by_recipient(db)
    assert sorted(mails) == sorted(THREE), where
    twice = []
    for recipient, mail in mails.items():
        copies = post.to(recipient)
        assert mail.state == "accepted", where
        assert set(copies) == {mail.content}, where
        if recipient in before:
            assert before[recipient].content == mail.content, where
            assert before[recipient].message_id == mail.message_id, where
        if len(copies) > 1:
            assert len(copies) == 2, where
            twice.append(before[recipient].state)
    return twice
