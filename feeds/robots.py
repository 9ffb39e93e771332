"""robots.txt, read as RFC 9309 says and remembered for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from protego import Protego

__all__ = ["ROBOTS_TTL", "RobotsRules", "rules_from"]

ROBOTS_TTL: Final = timedelta(hours=24)
_RETRY: Final = timedelta(minutes=30)
_MAX_TEXT: Final = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRules:
    """The rules of one origin. ``mode`` is ``rules``, ``open`` (there are none) or ``unknown`` (server error)."""

    origin: str
    mode: Literal["rules", "open", "unknown"]
    text: str = ""
    expires: datetime

    def allows(self, url: str, agent: str) -> bool:
        """Whether ``agent`` may fetch ``url``; nothing is allowed while the rules are unknown."""
        if self.mode == "rules":
            return bool(Protego.parse(self.text).can_fetch(url, agent))
        return self.mode == "open"

    def crawl_delay(self, agent: str) -> float:
        """Seconds that the site asks for between two requests, at most 60; 0 when it does not ask."""
        if self.mode != "rules":
            return 0.0
        return min(60.0, float(Protego.parse(self.text).crawl_delay(agent) or 0.0))


def rules_from(
    origin: str, status: int | None, body: bytes, now: datetime, *, old: RobotsRules | None = None
) -> RobotsRules:
    """The rules that an answer of ``status`` (None: no answer) gives.

    4xx other than 429 means that there are none; 429, 5xx and silence mean that the old rules stand, and
    without old rules that nothing may be fetched for now.
    """
    if status is not None and status < 300:
        text = body[:_MAX_TEXT].decode("utf-8", "replace")
        return RobotsRules(origin=origin, mode="rules", text=text, expires=now + ROBOTS_TTL)
    if status is not None and status < 500 and status != 429:
        return RobotsRules(origin=origin, mode="open", expires=now + ROBOTS_TTL)
    if old is not None and old.mode != "unknown":
        return RobotsRules(origin=origin, mode=old.mode, text=old.text, expires=now + _RETRY)
    return RobotsRules(origin=origin, mode="unknown", expires=now + timedelta(minutes=5))
