"""How fast the news monitor polls, and what it costs, beside a plain sequential feedparser loop.

``python benchmarks/news.py [--feeds N] [--unchanged 0.9] [--stored 2000,10000] [--sequential N] [-o news.json]``

A server in a process of its own serves N feeds on loopback, ten items each; after the first poll, the given share answers 304 and
the rest has one new item. Printed: feeds a second of the first and of the second poll, the peak of memory, items a second through
understanding and grouping, and how both change with the number of stored items (``--stored``). The sequential loop is what people
write first: ``for url in urls: feedparser.parse(url)``, without validators, limits or a store, over the same server.

Figures a CPU second stand beside those a second: they hold on a machine that has other work.

The issue's figures: ``--feeds 10000 --stored 10000,100000``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser

from feeds.analyse import Analyser
from feeds.fetch import FetchConfig
from feeds.items import drafts
from feeds.itemstore import Writing
from feeds.monitor import PollConfig, poll
from feeds.parse import parse_feed
from feeds.records import ParsedFeed, Source
from feeds.store import Store
from feeds.understand import understand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "news.json"
ITEMS = 10  # in each feed
ACTIONS = (
    "Customs seizes",
    "Police raid shop with",
    "Court fines seller of",
    "Market inspectors find",
    "Two arrested over",
)
GOODS = (
    "handbags",
    "watches",
    "sneakers",
    "perfumes",
    "phone chargers",
    "football shirts",
    "belts",
    "sunglasses",
)
BRANDS = ("Gucci", "Nike", "Rolex", "Chanel", "Apple", "Adidas", "Hermès", "Louis Vuitton", "Dior", "Prada")
PLACES = (
    "Hamburg",
    "Rotterdam",
    "Hanoi",
    "Lagos",
    "Manila",
    "Naples",
    "Istanbul",
    "Los Angeles",
    "Mumbai",
    "Busan",
)
OTHER = (
    "Council votes on new bridge",
    "Team wins derby",
    "Rain expected at the weekend",
    "School opens library",
    "Bank raises rates",
)


def headline(number: int) -> str:
    """One of three is about fakes; numbers and places vary, so that stories differ."""
    pick = random.Random(number)
    if pick.random() < 1 / 3:
        count = pick.randrange(20, 9000)
        return f"{pick.choice(ACTIONS)} {count} fake {pick.choice(BRANDS)} {pick.choice(GOODS)} in {pick.choice(PLACES)}"
    return f"{pick.choice(OTHER)} in {pick.choice(PLACES)} ({number})"


def feed_body(feed: int, version: int) -> bytes:
    """Feed number ``feed``; ``version`` 1 has one item more."""
    numbers = [feed * 1000 + place for place in range(ITEMS + version)][::-1]
    items = "".join(
        f"<item><title>{headline(n)}</title><link>http://n.example/{feed}/{n}</link><guid>{n}</guid>"
        f"<pubDate>Mon, 0{1 + n % 9} Sep 2025 10:00:00 GMT</pubDate>"
        f"<description>{headline(n)}. The goods were found on Monday; an investigation is under way.</description></item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {feed}</title>{items}</channel></rss>'.encode()


def serve(port: Any, ready: Event, unchanged: float) -> None:
    """Serve feeds until killed; a conditional request is answered 304 by the given share of feeds."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            feed = int(self.path.rpartition("/")[2] or 0)
            asked = "If-None-Match" in self.headers
            if asked and random.Random(feed).random() < unchanged:
                self.send_response(304)
                self.end_headers()
                return
            body = feed_body(feed, int(asked))
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("ETag", f'"{feed}-{int(asked)}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: object) -> None:
            pass  # clients hang up when the poll ends

    server = Quiet(("127.0.0.1", 0), Handler)
    port.value = server.server_address[1]
    ready.set()
    server.serve_forever()


@contextmanager
def serving(unchanged: float) -> Iterator[str]:
    """The address of the server."""
    context = multiprocessing.get_context("spawn")
    port, ready = context.Value("i", 0), context.Event()
    process = context.Process(target=serve, args=(port, ready, unchanged), daemon=True)
    process.start()
    ready.wait(60)
    try:
        yield f"http://127.0.0.1:{port.value}"
    finally:
        process.kill()
        process.join()


def polled(address: str, feeds: int, folder: Path) -> dict[str, Any]:
    """Both polls: everything is new, then most of it is unchanged."""
    sources = [Source(url=f"{address}/{n}", name=f"F{n}", private=True, robots=False) for n in range(feeds)]
    config = PollConfig(fetch=FetchConfig(contact="benchmark@example.org"))
    store = Store.open(f"sqlite:///{folder / 'poll.db'}")
    rows = {}
    for name in ("first", "second"):
        begun, cpu = time.perf_counter(), time.process_time()
        report = poll(store, sources, config, which="force")
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        rows[name] = {
            "seconds": round(seconds, 2),
            "feeds_per_s": round(feeds / seconds, 1),
            "feeds_per_cpu_s": round(feeds / cpu, 1),
            "unchanged": report.unchanged,
            "new_items": report.new_items,
            "failures": len(report.failures),
        }
    store.close()
    return rows


def sequential(address: str, feeds: int) -> dict[str, Any]:
    """The plain loop over the same feeds, a seen-set in memory and nothing stored."""
    seen: set[str] = set()
    begun, cpu = time.perf_counter(), time.process_time()
    for number in range(feeds):
        seen.update(entry.get("id", "") for entry in feedparser.parse(f"{address}/{number}").entries)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "feeds": feeds, "seconds": round(seconds, 2), "feeds_per_s": round(feeds / seconds, 1),
        "feeds_per_cpu_s": round(feeds / cpu, 1), "seen": len(seen),
    }  # fmt: skip


def understood(stored: list[int], folder: Path) -> list[dict[str, Any]]:
    """Items a second through understanding and grouping, at the margin of so many stored items."""
    store, analyser, rows, held = Store.open(f"sqlite:///{folder / 'items.db'}"), Analyser.load(), [], 0
    margin = 200
    for size in sorted(stored):
        _fill(store, held, size - margin)
        understand(store, clock=lambda: datetime.now(UTC), analyser=analyser)
        _fill(store, size - margin, size)
        begun, cpu = time.perf_counter(), time.process_time()
        report = understand(store, clock=lambda: datetime.now(UTC), analyser=analyser)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        held = size
        rows.append(
            {
                "stored": size,
                "items": report.analysed,
                "items_per_s": round(report.analysed / seconds, 1),
                "items_per_cpu_s": round(report.analysed / cpu, 1),
                "relevant": report.relevant,
                "new_stories": len(report.new_stories),
                "peak_mb": peak_mb(),
            }
        )
    store.close()
    return rows


def _fill(store: Store, begin: int, end: int) -> None:
    """Items ``begin`` to ``end``, spread over time as a monitor would have seen them."""
    source = Source(url="http://n.example/feed", name="F")
    store.sync_sources([source], datetime.now(UTC))
    (health,) = store.health()
    for start in range(begin, end, ITEMS):
        when = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=4 * start)
        parsed = parse_feed(feed_body(start // ITEMS, 0))
        if not isinstance(parsed, ParsedFeed):
            raise TypeError(parsed)
        made = [replace(draft, published=when) for draft in drafts(parsed, source, when)][: end - start]
        with store.database.write() as connection:
            store.items.apply(
                Writing(connection=connection, source_id=health.id, now=when), health.state, made
            )


def peak_mb() -> int:
    """The peak of this process's memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """Print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--unchanged", type=float, default=0.9, help="share of feeds that answer 304")
    parser.add_argument("--stored", default="2000,10000", help="numbers of stored items, with commas")
    parser.add_argument("--sequential", type=int, default=200, help="feeds of the plain loop")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serving(options.unchanged) as address:
        loop = sequential(address, min(options.sequential, options.feeds))
        rows = polled(address, options.feeds, Path(name))
        peak = peak_mb()
        print(
            f"sequential loop  {loop['feeds_per_s']:>8} feeds/s, {loop['feeds_per_cpu_s']} a CPU second ({loop['feeds']} feeds)"
        )
        for poll_name, row in rows.items():
            print(
                f"{poll_name:<6} poll      {row['feeds_per_s']:>8} feeds/s, {row['feeds_per_cpu_s']} a CPU second, {row['unchanged']} of {options.feeds} unchanged, "
                f"{row['new_items']} new items, {row['failures']} failures"
            )
        print(f"peak memory after polling {peak} MB")
        sizes = understood([int(one) for one in options.stored.split(",")], Path(name))
        for row in sizes:
            print(
                f"{row['stored']:>7} stored: {row['items_per_s']:>7} items/s understood and grouped ({row['items_per_cpu_s']} a CPU second), peak {row['peak_mb']} MB"
            )
    result = {
        "feeds": options.feeds, "unchanged": options.unchanged, "sequential": loop, "polls": rows, "peak_mb": peak,
        "understanding": sizes, "date": datetime.now(UTC).date().isoformat(),
    }  # fmt: skip
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
