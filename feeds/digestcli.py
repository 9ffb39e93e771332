"""``news digest``, ``outbox``, ``unsubscribe`` and ``doctor``: what goes out, and whether it did."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from feeds.console import Config, Db, Sources, end, note, open_store, show, urls_of, write
from nlp.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from feeds.records import Digest
    from feeds.send import DeliveryReport
    from feeds.settings import GroupSettings, NewsSettings
    from feeds.store import Store

__all__ = ["digest", "doctor", "outbox", "unsubscribe"]


def digest(  # noqa: PLR0913 - a command has as many options as it has
    *,
    sources: Sources = None,
    db: Db = None,
    config: Config = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", metavar="DATE", formats=["%Y-%m-%d"], help="The day; default today."),
    ] = None,
    brands: Annotated[
        list[str], typer.Option("--brand", metavar="NAME", help="Only news of this brand; repeat it.")
    ] = [],  # noqa: B006 - typer copies it
    group: Annotated[
        str | None, typer.Option(metavar="NAME", help="A group of the configuration; default all of them.")
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option("--to", metavar="ADDRESS", help="Who stands in FILE.eml; default the group's first."),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option("--from", metavar="ADDRESS", help="Who stands in FILE.eml; default the configured one."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="By its ending: .eml, .html, .json, .atom or .txt."
        ),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Open the HTML in a browser.")] = False,
    send: Annotated[
        bool, typer.Option("--send/--dry-run", help="Make today's digest and send it; else nothing is sent.")
    ] = False,
) -> None:
    """Show the digest as text, write it as a file, or (with --send) send what a group was not told yet."""
    from feeds.settings import load_settings

    settings = load_settings(config)
    if send:
        if brands or output or preview or sources:
            raise UsageError("news digest --send: takes its filter and its recipients from the configuration")
        with open_store(db) as store:
            end(_send(store, settings, group, day.date() if day else None))
    chosen = _group(settings, group, brands)
    urls = urls_of(sources) if sources else None
    with open_store(db) as store:
        shown = _shown(store, settings, chosen, day=day.date() if day else None, urls=urls)
        if output is not None:
            to = recipient or next(iter(chosen.recipients), "digest@localhost")
            by = sender or (settings.smtp.sender if settings.smtp else "fauxwatch@localhost")
            write(output, _as_file(store, settings, shown, output.suffix, recipient=to, sender=by))
    if preview:
        _open(shown)
    elif output is None:
        typer.echo(shown.payload["text"], nl=False)


def outbox(
    action: Annotated[
        Literal["list", "send", "retry"],
        typer.Argument(
            help="list shows what was not accepted; send tries what is due; retry also what was refused."
        ),
    ] = "list",
    *,
    db: Db = None,
    config: Config = None,
) -> None:
    """Show mails that the server has not accepted, or try them again."""
    from feeds.outbox import Outbox
    from feeds.send import deliver
    from feeds.settings import load_settings
    from feeds.state import unsent_lines

    with open_store(db) as store:
        box = Outbox(store.database)
        if action != "list":
            if action == "retry":
                note([f"{box.requeue()} refused mails are tried again"])
            end(_told(deliver(box, load_settings(config), force=action == "retry")))
        unsent = box.unsent()
    show(unsent_lines(unsent))
    end(1 if unsent else 0)


def unsubscribe(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    *,
    group: Annotated[str, typer.Option(metavar="NAME", help="The group that he leaves.")],
    db: Db = None,
    undo: Annotated[bool, typer.Option("--undo", help="Let him come back.")] = False,
) -> None:
    """Send somebody no further digest of a group; what the address in List-Unsubscribe should call."""
    from feeds.digeststore import DigestStore

    with open_store(db) as store:
        digests = DigestStore(store.database)
        if undo:
            digests.come_back(group, address)
        else:
            digests.leave(group, address, datetime.now(UTC))


def doctor(*, db: Db = None, config: Config = None) -> None:
    """Check that sources are read, items are understood and digests get through; exit code 1 when not."""
    from feeds.health import examine
    from feeds.settings import load_settings

    settings = load_settings(config)
    with open_store(db) as store:
        findings = examine(store, settings, datetime.now(UTC))
    show(f"{'ok   ' if one.sound else 'FAULT'} {one.what}" for one in findings)
    end(0 if all(one.sound for one in findings) else 1)


# --- the digest ----------------------------------------------------------------------------------


def _group(settings: NewsSettings, name: str | None, brands: list[str]) -> GroupSettings:
    from dataclasses import replace

    from feeds.settings import GroupSettings

    if name is not None and settings.groups:
        chosen = settings.group(name)
    elif settings.groups:
        chosen = settings.groups[0]
    else:
        plain = settings.digest
        chosen = GroupSettings(
            name=name or "default", at=plain.at, time_zone=plain.time_zone, quiet=plain.quiet
        )
    return replace(chosen, brands=tuple(brands)) if brands else chosen


def _shown(
    store: Store,
    settings: NewsSettings,
    group: GroupSettings,
    *,
    day: date | None,
    urls: Collection[str] | None,
) -> Digest:
    """The stored digest of the day; else what would be sent now, or what was first seen on a day that is named."""
    from feeds.digest import compose
    from feeds.digeststore import DigestStore
    from feeds.issue import as_digest, preview_digest
    from feeds.state import digest_state

    now = datetime.now(UTC)
    today = now.astimezone(group.zone).date()
    held = DigestStore(store.database).get(group.name, day or today)
    if held is not None and urls is None:
        note([f"made at {held.created_at:%Y-%m-%d %H:%M} UTC; what has come since goes into the next one"])
        return held
    if day is None:
        return preview_digest(store, settings, group, day=today, now=now, urls=urls)
    body = compose(digest_state(store, day, urls=urls), day, brands=group.brands)
    return as_digest(body, group=group.name, now=now, since=now)


def _as_file(
    store: Store, settings: NewsSettings, shown: Digest, suffix: str, *, recipient: str, sender: str
) -> str | bytes:
    from feeds.digeststore import DigestStore
    from feeds.formats import as_atom, as_json
    from feeds.issue import body_of
    from feeds.render import RenderedDigest, mail

    text, html = shown.payload["text"], shown.payload["html"]
    if suffix == ".html":
        return str(html)
    if suffix == ".txt":
        return str(text)
    if suffix == ".json":
        return as_json(body_of(shown), group=shown.group, subject=shown.subject)
    if suffix in {".atom", ".xml"}:
        held = [one for one in DigestStore(store.database).latest(shown.group) if one.id != shown.id]
        return as_atom([shown, *held], group=shown.group)
    rendered = RenderedDigest(id=shown.id, group=shown.group, subject=shown.subject, text=text, html=html)
    return mail(
        rendered,
        recipient=recipient,
        sender=sender,
        made_at=shown.created_at,
        sender_name=settings.smtp.sender_name if settings.smtp else "fauxwatch",
        unsubscribe_url=settings.digest.unsubscribe_url,
        unsubscribe_mail=settings.digest.unsubscribe_mail,
    )


def _open(shown: Digest) -> None:
    import tempfile
    import webbrowser

    with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
        file.write(shown.payload["html"])
    if not webbrowser.open(Path(file.name).as_uri()):
        note([f"no browser here; the page is {file.name}"])


# --- sending -------------------------------------------------------------------------------------


def _send(store: Store, settings: NewsSettings, name: str | None, day: date | None) -> int:
    """Make each group's digest, try every mail that is due, and say what did not get through."""
    from feeds.issue import make_digest
    from feeds.outbox import Outbox
    from feeds.send import deliver
    from feeds.state import unsent_lines

    if not settings.groups:
        raise UsageError("news digest --send: no [[group]] in the configuration; see docs/news.md")
    groups = [settings.group(name)] if name else settings.groups
    if settings.smtp is None and any(group.recipients for group in groups):
        raise UsageError("news digest --send: no [smtp] in the configuration; see docs/news.md")
    now = datetime.now(UTC)
    for group in groups:
        made = make_digest(store, settings, group, day=day or now.astimezone(group.zone).date(), now=now)
        state = f"{made.mails} messages to send" if made.fresh else "made before"
        note([f"{group.name}, {made.digest.day}: {made.digest.subject} ({state})"])
    box = Outbox(store.database)
    report = deliver(box, settings)
    code = _told(report)
    tried = {one.recipient for one in report.failed}
    waiting = [one for one in box.unsent(since=now) if one.mail.recipient not in tried]
    note(unsent_lines(waiting))
    return code or (1 if waiting else 0)


def _told(report: DeliveryReport) -> int:
    """Say how the round went: 0 all accepted, 1 some, 3 none of them."""
    from feeds.terminal import delivery_lines

    note(delivery_lines(report))
    if not report.failed:
        return 0
    return 1 if report.accepted else 3
