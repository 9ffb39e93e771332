"""The example feeds, served on this machine, polled and read, and their digest: the whole way without any network."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from feeds.console import read_lines
from feeds.formats import as_atom, as_json
from feeds.issue import body_of, preview_digest
from feeds.monitor import poll
from feeds.render import RenderedDigest, mail
from feeds.settings import GroupSettings, NewsSettings
from feeds.sources import read_sources
from feeds.store import Store
from feeds.terminal import poll_lines
from nlp.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feeds.records import Digest

__all__ = ["run_demo", "served"]

_PLACE: Final = "http://feeds.invalid/"
_TYPES: Final = {".xml": "application/xml", ".json": "application/feed+json", ".html": "text/html"}


def run_demo(folder: Path, output: Path) -> list[str]:
    """Poll the feeds in ``folder`` from a server on loopback into ``output``; gives the lines to show.

    ``sources.toml`` in the folder names its files under ``http://feeds.invalid/``.
    """
    try:
        text = (folder / "sources.toml").read_text(encoding="utf-8")
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: no folder of example feeds ({error.strerror}); run it in the checkout"
        ) from error
    for old in output.glob("news.db*"):
        old.unlink()
    store = Store.open(f"sqlite:///{output / 'news.db'}")
    try:
        with served(folder) as address:
            report = poll(store, read_sources(text.replace(_PLACE, f"{address}/"), name=str(folder)))
        read = read_lines(store)
        now = datetime.now(UTC)
        group = GroupSettings(name="default", at="07:00", time_zone="UTC", quiet="send")
        digest = preview_digest(store, NewsSettings(), group, day=now.date(), now=now)
    finally:
        store.close()
    files = _write(digest, output)
    return [
        *poll_lines(report),
        *read,
        "",
        *digest.payload["text"].splitlines(),
        "",
        f"written: {', '.join(files)}",
    ]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The files of ``folder`` on a free port of this machine; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Files(SimpleHTTPRequestHandler):
    extensions_map: Final = SimpleHTTPRequestHandler.extensions_map | _TYPES  # type: ignore[misc]

    def log_message(self, *_: Any) -> None:
        """Nothing: the demo shows its own lines."""


def _write(digest: Digest, output: Path) -> list[str]:
    text, html = digest.payload["text"], digest.payload["html"]
    rendered = RenderedDigest(id=digest.id, group=digest.group, subject=digest.subject, text=text, html=html)
    files = {
        "digest.txt": text.encode(),
        "digest.html": html.encode(),
        "digest.json": as_json(body_of(digest), group=digest.group, subject=digest.subject).encode(),
        "digest.atom": as_atom([digest], group=digest.group).encode(),
        "digest.eml": mail(
            rendered, recipient="team@example.org", sender="digest@example.org", made_at=digest.created_at
        ),
    }
    try:
        for name, content in files.items():
            (output / name).write_bytes(content)
    except OSError as error:
        raise OutputError(str(output), f"cannot be written: {error.strerror}") from error
    return [str(output / name) for name in files]
