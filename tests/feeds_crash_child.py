"""The way from poll to the SMTP server's last answer, killed where it is told to be.

A helper of ``test_feeds_crash.py``, run as a program: it loads everything once, then reads one JSON object a line, forks, and in
the child counts steps: after each commit, after each piece written to the mail server, after each answer read. (A kill before a
commit leaves what a kill after the step before it leaves.) At step ``kill`` the child kills itself. It answers with one JSON object a line: the steps by name, and how the child ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosmtplib.protocol
from sqlalchemy.engine.default import DefaultDialect

from feeds.analyse import Analyser
from feeds.fetch import FetchConfig
from feeds.issue import make_digest
from feeds.monitor import PollConfig, poll
from feeds.outbox import Outbox
from feeds.records import Source
from feeds.send import deliver_async
from feeds.settings import read_settings
from feeds.store import Store
from feeds.understand import understand

ANALYSER = Analyser.load()


class Steps:
    """Counts steps into ``log`` and ends the process at step ``kill``."""

    def __init__(self, log: Path, kill: int | None) -> None:
        self.log, self.kill, self.count = log, kill, 0

    def __call__(self, name: str) -> None:
        self.count += 1
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        if self.count == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(steps: Steps) -> None:
    """Put a step around every commit and every exchange with the mail server."""
    commit = DefaultDialect.do_commit
    write, read = aiosmtplib.protocol.SMTPProtocol.write, aiosmtplib.protocol.SMTPProtocol.read_response

    def watched_commit(self: Any, connection: Any) -> None:
        commit(self, connection)
        steps("committed")

    def watched_write(self: Any, data: bytes) -> None:
        write(self, data)
        steps(
            f"wrote {data[:4].decode('ascii', 'replace').strip()}" if len(data) < 200 else "wrote the message"
        )

    async def watched_read(self: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        answer = await read(self, timeout=timeout)
        steps(f"read {answer.code}")
        return answer

    DefaultDialect.do_commit = watched_commit  # type: ignore[method-assign]
    aiosmtplib.protocol.SMTPProtocol.write = watched_write  # type: ignore[method-assign]
    aiosmtplib.protocol.SMTPProtocol.read_response = watched_read  # type: ignore[method-assign]


def whole_way(task: dict[str, Any], store: Store) -> None:
    """Poll, understand, make the digest, send."""
    now = datetime.now(UTC)
    settings = read_settings(task["settings"])
    config = PollConfig(fetch=FetchConfig(contact="test@example.org", total_s=5))
    poll(store, [Source(url=task["feed"], name="Test", private=True, robots=False)], config, which="force")
    understand(store, clock=lambda: now, analyser=ANALYSER)
    group = replace(settings.group("legal"), quiet="skip")
    make_digest(store, settings, group, day=datetime.fromisoformat(task["day"]).date(), now=now)
    asyncio.run(deliver_async(Outbox(store.database), settings, force=True))
    store.close()


def run(task: dict[str, Any]) -> dict[str, Any]:
    """The way in a child of its own; how it ended and which steps it took."""
    log = Path(task["log"])
    log.write_text("")
    if task.get("warm"):  # here, so that every child finds all modules loaded
        whole_way(task, Store.open(task["db"]))
        return {"code": 0}
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store = Store.open(task["db"])
            watch(Steps(log, task["kill"]))
            whole_way(task, store)
            code = 0
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "steps": log.read_text().splitlines(),
        "cpu": usage.ru_utime + usage.ru_stime,
    }


for line in sys.stdin:
    sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
    sys.stdout.flush()
