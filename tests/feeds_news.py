"""Items in a store, understood as a test says, and settings that point to a test's own mail server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from feeds.findingstore import put_analyses
from feeds.items import content_hash
from feeds.itemstore import Writing
from feeds.plaintext import link_key, title_key
from feeds.records import Analysis, BrandMention, Draft, Evidence, Party, Source
from feeds.settings import NewsSettings, read_settings

if TYPE_CHECKING:
    from feeds.store import Store

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
THREE = ("a@example.org", "b@example.org", "c@example.org")
SOURCE = Source(url="https://n.example/feed", name="Customs")
WORDS = Evidence(field="title", start=0, end=1, text="x")


def add_item(
    store: Store,
    title: str,
    *,
    when: datetime = NOW,
    url: str = "",
    relevant: bool = True,
    brand: str = "Gucci",
    kind: str = "seizure",
    seller: str = "",
    read: bool = True,
) -> int:
    """An item first seen at ``when``, and (unless ``read`` is false) an analysis of it."""
    store.sync_sources([SOURCE], when)
    (health,) = store.health()
    link = url or f"https://n.example/{title_key(title).replace(' ', '-')}"
    draft = Draft(
        guid=link, url=link, link_key=link_key(link), title=title, title_key=title_key(title), summary="", text=f"{title}. More.",
        author="", publisher="", lang="en", published=when, published_raw="", date_doubt=False,
        content_hash=content_hash(title, f"{title}. More."),
    )  # fmt: skip
    with store.database.write() as connection:
        write = Writing(connection=connection, source_id=health.id, now=when)
        (number,) = store.items.apply(write, health.state, [draft]).new
    if read:
        analyse(store, number, relevant=relevant, brand=brand, kind=kind, seller=seller)
    return number


def analyse(
    store: Store,
    number: int,
    *,
    relevant: bool = True,
    brand: str = "Gucci",
    kind: str = "seizure",
    seller: str = "",
    revision: int = 1,
) -> None:
    parties = (Party(name=seller, side="defendant", role="seller", evidence=WORDS),) if seller else ()
    read = Analysis(
        item_id=number, revision=revision, analyser="t", relevant=relevant, score=0.9, kind=kind, parties=parties,
        brands=(BrandMention(brand=brand, how="name", evidence=WORDS),),
    )  # fmt: skip
    with store.database.write() as connection:
        put_analyses(connection, [read], NOW)


def settings_for(
    port: int, cert: str, *, recipients: tuple[str, ...] = THREE, **smtp: object
) -> NewsSettings:
    """One group ``legal`` and the server of :mod:`feeds_smtp`."""
    listed = ", ".join(f'"{one}"' for one in recipients)
    made = read_settings(
        f'[smtp]\nhost = "localhost"\nport = {port}\nsender = "news@example.org"\nuser = "digest"\nca_file = "{cert}"\n'
        f'timeout_s = 5.0\n[[group]]\nname = "legal"\nrecipients = [{listed}]\n'
    )
    assert made.smtp is not None
    return replace(made, smtp=replace(made.smtp, **smtp))  # type: ignore[arg-type]
