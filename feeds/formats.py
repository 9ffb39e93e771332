"""The digest in other shapes: JSON, an Atom feed, a chat message."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from feeds.plaintext import one_line
from feeds.records import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.digest import DigestBody, DigestStory
    from feeds.records import Digest

__all__ = ["as_atom", "as_chat", "as_json"]

_LONGEST_CHAT: Final = 30_000
_XML_NO: Final = {code: None for code in range(32) if code not in {9, 10, 13}} | {0xFFFE: None, 0xFFFF: None}


def as_json(body: DigestBody, *, group: str, subject: str) -> str:
    """The digest as one JSON object: what the mail says, field by field."""
    facts = {"group": group, "subject": subject, "quiet": body.quiet, **to_plain(body)}
    return f"{json.dumps(facts, ensure_ascii=False, indent=2)}\n"


def as_atom(digests: Iterable[Digest], *, group: str) -> str:
    """An Atom feed with an entry for each digest, newest first."""
    held = sorted(digests, key=lambda one: one.day, reverse=True)
    updated = max((one.created_at for one in held), default=None)
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"fauxwatch:{group}")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_text(f'Enforcement news: {group}')}</title>",
        f"<id>urn:uuid:{name}</id>",
        f"<updated>{updated.isoformat() if updated else '1970-01-01T00:00:00Z'}</updated>",
        "<author><name>fauxwatch</name></author>",
        *map(_entry, held),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def as_chat(body: DigestBody, *, subject: str) -> bytes:
    """The message for an incoming webhook (``{"text": …}``: Slack, Mattermost, Google Chat), at most 30,000 characters.

    What strangers wrote cannot call people or make links of its own.
    """
    stories = [_chat_story(story) for section in body.sections for story in section.stories]
    cases = [
        f"• {_said(case.name)}: {'; '.join(_said(f'{e.when} {e.kind} {e.summary}') for e in case.events if e.new)}"
        for case in body.cases
    ]
    warnings = [f"!! {_said(one)}" for one in body.warnings]
    failing = [f"{len(body.failing)} sources could not be read"] if body.failing else []
    text = f"*{_said(subject)}*"
    for number, line in enumerate(lines := [*warnings, *stories, *cases, *failing]):
        if len(text) + len(line) > _LONGEST_CHAT:
            text += f"\n… and {len(lines) - number} more: fauxwatch news digest --date {body.day.isoformat()}"
            break
        text += f"\n{line}"
    return json.dumps({"text": text}, ensure_ascii=True).encode("ascii")


def _entry(digest: Digest) -> str:
    html = digest.payload["html"]
    return (
        f"<entry><title>{_text(digest.subject)}</title><id>urn:uuid:{uuid.UUID(digest.id)}</id>"
        f"<updated>{digest.created_at.isoformat()}</updated>"
        f"<content type={quoteattr('html')}>{escape(html.translate(_XML_NO))}</content></entry>"
    )


def _chat_story(story: DigestStory) -> str:
    links = " ".join(
        f"<{link.url}>" for link in story.links[:5] if link.url and not set("<>|") & set(link.url)
    )
    return f"• {_said(story.title)}{' (update)' if story.update else ''} {links}".rstrip()


def _said(text: str) -> str:
    plain = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("@", "@\u200b")


def _text(text: str) -> str:
    return escape(one_line(text).translate(_XML_NO))
