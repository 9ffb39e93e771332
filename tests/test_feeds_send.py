"""Sending through a real SMTP server with TLS and AUTH: each answer of the server, and what becomes of the mail."""

from __future__ import annotations

import email
import json
from dataclasses import replace
from datetime import date, timedelta
from email import policy
from typing import TYPE_CHECKING

import pytest
from feeds_fixtures import database_url, postgresql_server, server, store
from feeds_news import NOW, THREE, add_item, settings_for
from feeds_server import Answer, Asked, Server
from feeds_smtp import PASSWORD, Post, make_certificate, post_office
from typer.testing import CliRunner

from feeds.cli import app
from feeds.digeststore import DigestStore
from feeds.issue import make_digest
from feeds.outbox import Outbox, backoff
from feeds.send import deliver
from feeds.settings import GroupSettings, NewsSettings
from nlp.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feeds.records import OutboxMail
    from feeds.store import Store

__all__ = ["database_url", "postgresql_server", "server", "store"]

DAY = date(2026, 11, 3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def post(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", PASSWORD)
    with post_office(certificate) as office:
        yield office


def prepared(store: Store, settings: NewsSettings) -> str:
    add_item(store, "Customs seizes 500 fake bags")
    return make_digest(store, settings, settings.group("legal"), day=DAY, now=NOW).digest.id


def mails(store: Store, digest: str) -> dict[str, OutboxMail]:
    return {mail.recipient: mail for mail in Outbox(store.database).mails(digest)}


def states(store: Store, digest: str) -> list[str]:
    return [mail.state for mail in mails(store, digest).values()]


def test_every_recipient_gets_the_stored_bytes_once(store: Store, post: Post) -> None:
    settings = settings_for(post.port, post.cert)
    digest = prepared(store, settings)
    outbox = Outbox(store.database)
    report = deliver(outbox, settings)
    assert (report.accepted, report.failed) == (3, [])
    assert post.log == ["True True"] * 3
    for recipient, mail in mails(store, digest).items():
        assert post.to(recipient) == [mail.content]
        assert (mail.state, mail.smtp_code) == ("accepted", 250)
        message = email.message_from_bytes(mail.content, policy=policy.default)
        assert (message["To"], message["Message-ID"]) == (recipient, mail.message_id)
    assert deliver(outbox, settings, force=True).accepted == 0
    assert len(post.taken) == 3


@pytest.mark.parametrize("stage", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "state"), [("550 no such user", "refused"), ("451 greylisted, try again", "deferred")]
)
def test_one_of_three_is_turned_away_and_the_others_get_theirs(  # noqa: PLR0917
    stage: str, answer: str, state: str, store: Store, post: Post
) -> None:
    settings = settings_for(post.port, post.cert)
    digest = prepared(store, settings)
    getattr(post, stage)["b@example.org"] = answer
    report = deliver(Outbox(store.database), settings)
    assert report.accepted == 2
    assert [(one.recipient, one.state, one.text) for one in report.failed] == [
        ("b@example.org", state, answer)
    ]
    assert states(store, digest) == ["accepted", state, "accepted"]
    first = mails(store, digest)["b@example.org"]
    getattr(post, stage).clear()
    again = deliver(Outbox(store.database), settings, force=True)
    assert again.accepted == (1 if state == "deferred" else 0)
    assert [len(post.to(one)) for one in THREE] == [1, 1 if state == "deferred" else 0, 1]
    assert mails(store, digest)["b@example.org"].message_id == first.message_id
    if state == "refused":  # a person has found out why and wants another try
        assert Outbox(store.database).requeue() == 1
        assert deliver(Outbox(store.database), settings).accepted == 1
        assert post.to("b@example.org") == [first.content]


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_a_mail_whose_answer_never_came_goes_out_again_with_the_same_bytes(
    how: str, store: Store, post: Post
) -> None:
    settings = settings_for(post.port, post.cert, timeout_s=0.5 if how == "hang" else 5.0)
    digest = prepared(store, settings)
    post.data["b@example.org"] = how
    report = deliver(Outbox(store.database), settings)
    assert (report.accepted, states(store, digest)) == (2, ["accepted", "unknown", "accepted"])
    assert "no answer" in report.failed[0].text
    post.data.clear()
    assert deliver(Outbox(store.database), settings, force=True).accepted == 1
    first, second = post.to("b@example.org")
    assert first == second
    assert [len(post.to(one)) for one in THREE] == [1, 2, 1]


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_a_connection_lost_before_the_message_is_no_reason_to_send_twice(
    how: str, store: Store, post: Post
) -> None:
    settings = settings_for(post.port, post.cert, timeout_s=0.5 if how == "hang" else 5.0)
    digest = prepared(store, settings)
    post.rcpt["a@example.org"] = how
    assert deliver(Outbox(store.database), settings).accepted == 2
    assert states(store, digest) == ["deferred", "accepted", "accepted"]
    post.rcpt.clear()
    deliver(Outbox(store.database), settings, force=True)
    assert [len(post.to(one)) for one in THREE] == [1, 1, 1]


@pytest.mark.parametrize("fault", ["password", "certificate", "host", "port", "sender"])
def test_a_server_that_cannot_be_used_defers_everything_and_says_why(
    fault: str, store: Store, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(post.port, post.cert)
    assert settings.smtp is not None
    wrong = {
        "certificate": replace(settings.smtp, ca_file=""),
        "host": replace(settings.smtp, host="127.0.0.1"),  # not what the certificate was made for
        "port": replace(settings.smtp, port=9),
    }
    if fault == "password":
        monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", "wrong")
    if fault == "sender":
        post.mail = "451 not now"
    digest = prepared(store, settings)
    report = deliver(Outbox(store.database), replace(settings, smtp=wrong.get(fault, settings.smtp)))
    assert (report.accepted, states(store, digest)) == (0, ["deferred"] * 3)
    said = {
        "password": "535",
        "certificate": "ertificate",
        "host": "ertificate",
        "port": "not connected",
        "sender": "451 not now",
    }
    assert all(said[fault] in one.text for one in report.failed), report.failed
    assert post.taken == []
    monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", PASSWORD)
    post.mail = ""
    assert deliver(Outbox(store.database), settings, force=True).accepted == 3


def test_tls_from_the_first_byte(store: Store, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAUXWATCH_SMTP_PASSWORD", PASSWORD)
    with post_office(certificate, implicit_tls=True) as office:
        settings = settings_for(office.port, office.cert, tls="tls")
        prepared(store, settings)
        assert deliver(Outbox(store.database), settings).accepted == 3
        assert office.log == ["True True"] * 3


def test_a_missing_secret_is_named_and_holds_up_nothing_for_good(
    store: Store, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAUXWATCH_SMTP_PASSWORD")
    settings = settings_for(post.port, post.cert)
    digest = prepared(store, settings)
    report = deliver(Outbox(store.database), settings)
    assert "FAUXWATCH_SMTP_PASSWORD" in report.failed[0].text
    assert states(store, digest) == ["deferred"] * 3


def test_waits_grow_and_what_waits_is_not_tried_before_its_time(store: Store, post: Post) -> None:
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 20)] == [60, 120, 240, 14400]
    settings = settings_for(post.port, post.cert)
    digest = prepared(store, settings)
    post.rcpt = dict.fromkeys(THREE, "451 later")
    outbox = Outbox(store.database)
    deliver(outbox, settings)
    assert deliver(outbox, settings).failed == []
    mail = mails(store, digest)["a@example.org"]
    assert mail.last_attempt is not None
    assert mail.next_attempt == mail.last_attempt + timedelta(minutes=1) or mail.next_attempt is not None
    assert outbox.next_attempt() == min(
        one.next_attempt for one in mails(store, digest).values() if one.next_attempt
    )


def test_what_did_not_get_through_stands_in_the_next_digest(store: Store, post: Post) -> None:
    settings = settings_for(post.port, post.cert)
    prepared(store, settings)
    post.rcpt["c@example.org"] = "550 mailbox gone"
    deliver(Outbox(store.database), settings)
    later = NOW + timedelta(days=3)
    made = make_digest(store, settings, settings.group("legal"), day=later.date(), now=later)
    assert (
        "NOT SENT: the digest of 2026-11-03 to c@example.org (refused after 1 attempts: 550"
        in made.digest.payload["text"]
    )
    assert "NO DIGEST was made for 2026-11-04 to 2026-11-05" in made.digest.payload["text"]


# --- the webhook ---------------------------------------------------------------------------------


def webhook(store: Store, server: Server, monkeypatch: pytest.MonkeyPatch) -> tuple[NewsSettings, str]:
    monkeypatch.setenv("HOOK", f"{server.url}/hook/secret")
    group = GroupSettings(
        name="chat", at="07:00", time_zone="UTC", quiet="send", webhook_env="HOOK", webhook_private=True
    )
    settings = NewsSettings(groups=(group,))
    add_item(store, "Fake <!channel> bags @all seized", url="https://n.example/1")
    return settings, make_digest(store, settings, group, day=DAY, now=NOW).digest.id


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "accepted"),
        (204, "accepted"),
        (404, "refused"),
        (429, "deferred"),
        (503, "deferred"),
        (302, "deferred"),
    ],
)
def test_a_chat_gets_the_digest_by_its_webhook(  # noqa: PLR0917
    status: int, state: str, store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, digest = webhook(store, server, monkeypatch)
    seen: list[Asked] = []

    def hook(asked: Asked) -> Answer:
        seen.append(asked)
        return Answer(
            status, {"location": "http://127.0.0.1:9/"} if status == 302 else {"retry-after": "7200"}
        )

    server.routes["/hook/secret"] = hook
    deliver(Outbox(store.database), settings)
    (mail,) = mails(store, digest).values()
    assert mail.state == state
    text = json.loads(mail.content)["text"]
    assert "<!channel>" not in text
    assert "@all" not in text
    assert "<https://n.example/1>" in text
    assert seen[0].headers["idempotency-key"] == mail.message_id.strip("<>")
    assert "secret" not in mail.smtp_text
    if status == 429:
        assert mail.next_attempt is not None
        assert mail.last_attempt is not None
        assert mail.next_attempt - mail.last_attempt > timedelta(minutes=110)


# --- the command ---------------------------------------------------------------------------------


def config(folder: Path, post: Post, *, more: str = "") -> Path:
    path = folder / "news.toml"
    listed = ", ".join(f'"{one}"' for one in THREE)
    path.write_text(
        f'[smtp]\nhost = "localhost"\nport = {post.port}\nsender = "news@example.org"\nuser = "digest"\nca_file = "{post.cert}"\n'
        f'[[group]]\nname = "legal"\nrecipients = [{listed}]\n{more}'
    )
    return path


def news(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_sending_is_asked_for_and_says_loudly_what_was_not_sent(tmp_path: Path, post: Post) -> None:
    db = f"sqlite:///{tmp_path / 'news.db'}"
    file = config(tmp_path, post)
    options = ("--db", db, "--config", file)
    code, output = news("digest", *options)
    assert (code, post.taken) == (0, [])
    post.rcpt["b@example.org"] = "550 no such user"
    code, output = news("digest", *options, "--send")
    assert (code, len(post.taken)) == (1, 2)
    assert "NOT SENT to b@example.org: refused: 550 no such user" in output
    assert news("outbox", *options)[0] == 1
    code, output = news("doctor", *options)
    assert code == 1
    assert "FAULT NOT SENT: the digest of" in output
    post.rcpt.clear()
    assert news("outbox", "retry", *options)[0] == 0
    code, output = news("digest", *options, "--send")
    assert (code, [len(post.to(one)) for one in THREE]) == (0, [1, 1, 1])
    post.rcpt = dict.fromkeys(THREE, "421 closing")
    assert news("digest", *options, "--send", "--date", "2026-01-01")[0] == 3


@pytest.mark.parametrize("text", ["", '[[group]]\nname = "x"\nrecipients = ["a@example.org"]\n'])
def test_sending_without_a_group_or_a_server_is_wrong_usage(text: str, tmp_path: Path) -> None:
    (tmp_path / "news.toml").write_text(text)
    options = ["digest", "--db", str(tmp_path / "news.db"), "--config", str(tmp_path / "news.toml"), "--send"]
    done = CliRunner().invoke(app, options)
    assert isinstance(done.exception, UsageError)


def test_whoever_unsubscribes_gets_no_further_digest(store: Store, post: Post) -> None:
    settings = settings_for(post.port, post.cert)
    digests = DigestStore(store.database)
    prepared(store, settings)
    digests.leave("legal", "B@example.org", NOW)
    digests.leave("legal", "B@example.org", NOW)
    assert deliver(Outbox(store.database), settings).accepted == 2
    assert post.to("b@example.org") == []
    later = NOW + timedelta(days=1)
    made = make_digest(store, settings, settings.group("legal"), day=later.date(), now=later)
    assert made.mails == 2
    digests.come_back("legal", "b@example.org")
    assert digests.left("legal") == frozenset()
