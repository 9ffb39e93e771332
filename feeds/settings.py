"""Who gets the digest, when, and through which mail server: a TOML file, every fault of it named at once.

::

    [smtp]
    host = "mail.example.org"
    sender = "digest@example.org"
    user = "digest"                     # its password comes from the environment: FAUXWATCH_SMTP_PASSWORD

    [digest]
    at = "07:30"                        # local time, in time_zone
    time_zone = "Europe/Berlin"

    [stories]
    encoder = "/srv/encoder"            # optional: a text encoder's folder, to compare articles across languages

    [[group]]
    name = "legal"
    recipients = ["a@example.org", "b@example.org"]
    brands = ["Gucci"]                  # optional: only news of these brands
    quiet = "problems"                  # a quiet day is told: "send" (always), "skip", or only with "problems"
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from nlp.config import config_from_table
from nlp.errors import ConfigError, UsageError

__all__ = [
    "DigestSettings",
    "GroupSettings",
    "NewsSettings",
    "SmtpSettings",
    "StorySettings",
    "load_settings",
    "read_settings",
    "secret",
]

_TLS: Final = ("starttls", "tls", "none")
_QUIET: Final = ("send", "skip", "problems")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_ADDRESS: Final = re.compile(r"[!-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The mail server. ``tls`` is ``starttls``, ``tls`` (from the first byte) or ``none`` (this machine only)."""

    host: str
    sender: str
    port: int = 0
    tls: str = "starttls"
    user: str = ""
    password_env: str = "FAUXWATCH_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
    ca_file: str = ""
    sender_name: str = "fauxwatch"
    timeout_s: float = 60.0

    @property
    def real_port(self) -> int:
        """``port``, or the usual one of the chosen kind of TLS."""
        return self.port or {"starttls": 587, "tls": 465}.get(self.tls, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """What holds for every group that says nothing else. ``lookback_hours`` bounds a group's very first digest."""

    at: str = "07:00"
    time_zone: str = "UTC"
    quiet: str = "send"
    lookback_hours: int = 24
    unsubscribe_url: str = ""
    unsubscribe_mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """People who get the same digest. Empty ``at``, ``time_zone``, ``quiet`` take those of ``[digest]``.

    ``webhook_env`` names the environment variable that holds the address of a chat's incoming webhook.
    """

    name: str
    recipients: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    at: str = ""
    time_zone: str = ""
    quiet: str = ""
    webhook_env: str = ""
    webhook_private: bool = False

    @property
    def hour(self) -> time:
        """The local time of its digest."""
        return time.fromisoformat(self.at)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which ``hour`` and the digest's day are meant."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySettings:
    """How articles are compared: ``encoder`` is a folder in the layout of sentence-transformers; empty: without a model."""

    encoder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSettings:
    """The whole file, with the defaults filled in."""

    smtp: SmtpSettings | None = None
    digest: DigestSettings = field(default_factory=DigestSettings)
    stories: StorySettings = field(default_factory=StorySettings)
    groups: tuple[GroupSettings, ...] = ()

    def group(self, name: str) -> GroupSettings:
        """The group called ``name``.

        Raises:
            UsageError: there is none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        known = ", ".join(group.name for group in self.groups) or "none at all"
        raise UsageError(f"no group {name!r} in the configuration; there is {known}")


def load_settings(path: str | Path | None = None) -> NewsSettings:
    """The settings in ``path``, else in ``$FAUXWATCH_NEWS`` or ``~/.config/fauxwatch/news.toml``, else the defaults.

    Raises:
        ConfigError: the file cannot be read or has faults; all of them are listed.
    """
    named = path or os.environ.get("FAUXWATCH_NEWS")
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    chosen = Path(named) if named else home / "fauxwatch" / "news.toml"
    if not named and not chosen.is_file():
        return NewsSettings()
    try:
        text = chosen.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(chosen), [f"cannot be read: {error}"]) from error
    return read_settings(text, name=str(chosen))


def read_settings(text: str, *, name: str = "news.toml") -> NewsSettings:
    """The settings in a TOML text.

    Raises:
        ConfigError: every fault with its dotted path.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, [f"is not TOML: {error}"]) from error
    faults = [
        f"{key}: no such setting; there is smtp, digest, stories, group"
        for key in data
        if key not in {"smtp", "digest", "stories", "group"}
    ]
    smtp = _part(SmtpSettings, data.get("smtp"), "smtp", faults)
    digest = _part(DigestSettings, data.get("digest", {}), "digest", faults) or DigestSettings()
    stories = _part(StorySettings, data.get("stories", {}), "stories", faults) or StorySettings()
    groups = _groups(data.get("group", []), digest, faults)
    if smtp is not None:
        faults += _smtp_faults(smtp)
    faults += _when_faults(digest, "digest") + _digest_faults(digest)
    if faults:
        raise ConfigError(name, faults)
    return NewsSettings(smtp=smtp, digest=digest, stories=stories, groups=groups)


def secret(variable: str, what: str) -> str:
    """The value of an environment variable that holds a secret.

    Raises:
        UsageError: it is not set.
    """
    value = os.environ.get(variable, "")
    if not value:
        raise UsageError(f"{what} is read from the environment variable {variable}, which is not set")
    return value


# --- faults --------------------------------------------------------------------------------------


def _part(kind: Any, table: Any, where: str, faults: list[str]) -> Any:
    """The dataclass ``kind`` from ``table``, or None with the faults noted."""
    if table is None:
        return None
    if not isinstance(table, dict):
        faults.append(f"{where}: must be a table, not {table!r}")
        return None
    try:
        return config_from_table(kind, table, source=where)
    except ConfigError as error:
        faults.extend(f"{where}.{fault}" for fault in error.faults)
        return None


def _groups(tables: Any, digest: DigestSettings, faults: list[str]) -> tuple[GroupSettings, ...]:
    if not isinstance(tables, list):
        faults.append("group: must be [[group]] tables")
        return ()
    found = []
    for number, table in enumerate(tables, 1):
        group = _part(GroupSettings, table, f"group[{number}]", faults)
        if group is not None:
            filled = replace(
                group,
                **{key: getattr(group, key) or getattr(digest, key) for key in ("at", "time_zone", "quiet")},
            )
            faults += _group_faults(group, f"group[{number}]")
            found.append(filled)
    names = [group.name for group in found]
    faults += [
        f"group: {name!r} stands there twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    return tuple(found)


def _group_faults(group: GroupSettings, where: str) -> list[str]:
    faults = _when_faults(group, where)
    if not _NAME.fullmatch(group.name):
        faults.append(f"{where}.name: must be small letters, digits, - and _, not {group.name!r}")
    for key in ("recipients", "brands"):
        faults += [
            f"{where}.{key}: must be a list of texts, has {one!r}"
            for one in getattr(group, key)
            if not isinstance(one, str)
        ]
    texts = [one for one in group.recipients if isinstance(one, str)]
    faults += [f"{where}.recipients: {one!r} is no mail address" for one in texts if not _is_address(one)]
    folded = [one.lower() for one in texts]
    faults += [
        f"{where}.recipients: {one!r} stands there twice"
        for one in sorted({f for f in folded if folded.count(f) > 1})
    ]
    if not group.recipients and not group.webhook_env:
        faults.append(f"{where}: has neither recipients nor webhook_env")
    return faults


def _when_faults(part: DigestSettings | GroupSettings, where: str) -> list[str]:
    """Faults in what is set; what a group leaves empty is judged at ``[digest]``."""
    faults = []
    if part.at and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", part.at) is None:
        faults.append(f"{where}.at: must be a time such as 07:30, not {part.at!r}")
    try:
        ZoneInfo(part.time_zone or "UTC")
    except (ValueError, OSError, LookupError):
        faults.append(f"{where}.time_zone: no time zone {part.time_zone!r}; write one such as Europe/Berlin")
    if part.quiet and part.quiet not in _QUIET:
        faults.append(f"{where}.quiet: must be one of {', '.join(_QUIET)}, not {part.quiet!r}")
    return faults


def _smtp_faults(smtp: SmtpSettings) -> list[str]:
    faults = []
    if not smtp.host.strip():
        faults.append("smtp.host: is empty")
    if not _is_address(smtp.sender):
        faults.append(f"smtp.sender: {smtp.sender!r} is no mail address")
    if not 0 <= smtp.port <= 65535:
        faults.append(f"smtp.port: must be between 0 and 65535, not {smtp.port}")
    if smtp.tls not in _TLS:
        faults.append(f"smtp.tls: must be one of {', '.join(_TLS)}, not {smtp.tls!r}")
    if smtp.tls == "none" and smtp.host not in _LOOPBACK:
        faults.append("smtp.tls: 'none' is for a server on this machine (localhost) only")
    if smtp.timeout_s <= 0:
        faults.append(f"smtp.timeout_s: must be more than 0, not {smtp.timeout_s}")
    return faults


def _digest_faults(digest: DigestSettings) -> list[str]:
    faults = [f"digest.{key}: is empty" for key in ("at", "time_zone", "quiet") if not getattr(digest, key)]
    url = digest.unsubscribe_url
    if url and (
        urlsplit(url).scheme != "https" or "{recipient}" not in url or not url.isascii() or " " in url
    ):
        faults.append(
            f"digest.unsubscribe_url: must be an https address with {{recipient}} in it, not {url!r}"
        )
    if digest.unsubscribe_mail and not _is_address(digest.unsubscribe_mail):
        faults.append(f"digest.unsubscribe_mail: {digest.unsubscribe_mail!r} is no mail address")
    if digest.lookback_hours < 1:
        faults.append(f"digest.lookback_hours: must be at least 1, not {digest.lookback_hours}")
    return faults


def _is_address(text: str) -> bool:
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and text.count("@") == 1
