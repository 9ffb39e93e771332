"""A real HTTP server on loopback whose answers a test sets, and which remembers what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int = 0  # bytes of the body that are promised and never sent
    hang_s: float = 0.0


@dataclass
class Server:
    url: str
    routes: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def feed(self, path: str, body: bytes | str, *, status: int = 200, **headers: str) -> str:
        """Serve ``body`` at ``path`` as RSS; gives the address."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[path] = Answer(status, {"content-type": "application/rss+xml"} | named, data)
        return self.url + path

    def paths(self) -> list[str]:
        return [one.path for one in self.asked if one.path != "/robots.txt"]


@contextmanager
def running() -> Iterator[Server]:
    state = Server(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
            state.asked.append(asked)
            found = state.routes.get(self.path, Answer(404))
            answer = found(asked) if callable(found) else found
            if answer.hang_s:
                state.stop.wait(answer.hang_s)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body) + answer.cut))
            self.end_headers()
            if answer.status != 304:
                self.wfile.write(answer.body)
            if answer.cut:
                self.close_connection = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients that hang up early are what some tests are about

    server = Quiet(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def rss(*items: str, extra: str = "") -> str:
    """An RSS document; each item is the inside of an ``<item>``."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{extra}{inner}</channel></rss>'
    )


def item(*, title: str = "", link: str = "", guid: str = "", text: str = "", date: str = "") -> str:
    parts = {"title": title, "link": link, "guid": guid, "description": text, "pubDate": date}
    return "".join(f"<{name}>{value}</{name}>" for name, value in parts.items() if value)
