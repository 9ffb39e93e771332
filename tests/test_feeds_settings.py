"""The configuration of the news monitor: what it gives, and every fault of it at once."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import pytest

from feeds.settings import NewsSettings, load_settings, read_settings, secret
from nlp.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[smtp]
host = "mail.example.org"
sender = "news@example.org"
user = "digest"
[digest]
at = "06:45"
time_zone = "Asia/Ho_Chi_Minh"
unsubscribe_url = "https://example.org/leave?who={recipient}&list={group}"
[[group]]
name = "legal"
recipients = ["a@example.org", "b@example.org"]
brands = ["Gucci"]
[[group]]
name = "chat"
webhook_env = "CHAT_HOOK"
at = "18:00"
time_zone = "America/New_York"
quiet = "skip"
"""


def test_groups_take_what_they_do_not_say_from_the_digest_table() -> None:
    made = read_settings(GOOD)
    legal, chat = made.groups
    assert (legal.hour, legal.zone.key, legal.quiet) == (time(6, 45), "Asia/Ho_Chi_Minh", "send")
    assert (chat.hour, chat.zone.key, chat.quiet, chat.recipients) == (
        time(18),
        "America/New_York",
        "skip",
        (),
    )
    assert made.smtp is not None
    assert (made.smtp.real_port, made.smtp.tls) == (587, "starttls")
    assert made.group("chat") is chat
    with pytest.raises(UsageError, match="there is legal, chat"):
        made.group("sales")


def test_every_fault_is_named_with_its_place() -> None:
    bad = """
    surprise = 1
    [smtp]
    host = "mail.example.org"
    sender = "nobody"
    tls = "maybe"
    colour = "red"
    [digest]
    at = "25:00"
    time_zone = "Mars/Olympus"
    lookback_hours = 0
    unsubscribe_url = "http://example.org/leave"
    [[group]]
    name = "Sales Team"
    recipients = ["a@example.org", "A@example.org", "x\\r\\nBcc: y@example.org", 7]
    quiet = "never"
    [[group]]
    name = "empty"
    [[group]]
    name = "empty"
    webhook_env = "X"
    """
    with pytest.raises(ConfigError) as caught:
        read_settings(bad)
    places = sorted({fault.partition(": ")[0] for fault in caught.value.faults})
    assert places == [
        "digest.at", "digest.lookback_hours", "digest.time_zone", "digest.unsubscribe_url", "group", "group[1].name",
        "group[1].quiet", "group[1].recipients", "group[2]", "smtp.colour", "surprise",
    ]  # fmt: skip
    said = [fault for fault in caught.value.faults if fault.startswith("group[1].recipients")]
    assert len(said) == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[smtp]\nhost = "mail.example.org"\nsender = "a@example.org"\ntls = "none"', "smtp.tls"),
        ('[smtp]\nhost = "h"\nsender = "ä@example.org"', "smtp.sender"),
        ('[smtp]\nhost = ""\nsender = "a@example.org"', "smtp.host"),
        ('[smtp]\nhost = "h"\nsender = "a@example.org"\nport = "25"', "smtp.port"),
        ('[smtp]\nhost = "h"\nsender = "a@example.org"\nport = 70000', "smtp.port"),
        ('[smtp]\nsender = "a@example.org"', "smtp.host"),
        ("smtp = 7", "smtp"),
        ("group = 7", "group"),
        ('[[group]]\nname = "x"\nrecipients = "a@example.org"', "group[1].recipients"),
        ('[digest]\nquiet = "never"', "digest.quiet"),
        ('[digest]\nat = "7:00"', "digest.at"),
        ('[digest]\nunsubscribe_url = "https://example.org/leave"', "digest.unsubscribe_url"),
        ('[digest]\nunsubscribe_mail = "nobody"', "digest.unsubscribe_mail"),
        ("[digest", "is not TOML"),
    ],
)
def test_a_fault_says_where_it_is(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(text)
    assert any(fault.startswith(place) for fault in caught.value.faults), caught.value.faults


def test_the_file_is_found_and_a_named_one_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("FAUXWATCH_NEWS", raising=False)
    assert load_settings() == NewsSettings()
    (tmp_path / "fauxwatch").mkdir()
    (tmp_path / "fauxwatch" / "news.toml").write_text(GOOD)
    assert len(load_settings().groups) == 2
    monkeypatch.setenv("FAUXWATCH_NEWS", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings()


def test_a_secret_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", "x")
    assert secret("S", "the password") == "x"
    monkeypatch.delenv("S")
    with pytest.raises(UsageError, match="environment variable S"):
        secret("S", "the password")
