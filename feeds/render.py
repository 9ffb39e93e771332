"""A digest as text, as HTML and as a mail.

>>> rendered = render(body)  # doctest: +SKIP
>>> mail(rendered, recipient="team@example.org", sender="news@example.org", made_at=now)  # doctest: +SKIP

The HTML loads nothing from anywhere: styles stand on the elements, there are no pictures, links are web addresses.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from feeds.plaintext import one_line, safe_link
from nlp.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    import jinja2

    from feeds.digest import DigestBody

__all__ = ["RenderedDigest", "digest_id", "mail", "message_id", "render"]

_HEADLINE: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDigest:
    """A digest ready to be sent; ``id`` is the same for the same group and day."""

    id: str
    group: str
    subject: str
    text: str
    html: str


def render(body: DigestBody, *, group: str = "default") -> RenderedDigest:
    """The text and the HTML of a digest; what strangers wrote is escaped."""
    import css_inline

    subject = _subject(body)
    text = _templates().get_template("digest.txt.j2").render(body=body, subject=subject)
    page = _templates().get_template("digest.html.j2").render(body=body, subject=subject)
    inliner = css_inline.CSSInliner(
        keep_style_tags=False, keep_at_rules=True, keep_link_tags=True, load_remote_stylesheets=False
    )
    return RenderedDigest(
        id=digest_id(group, body.day.isoformat()),
        group=group,
        subject=subject,
        text=text,
        html=inliner.inline(page),
    )


def digest_id(group: str, day: str) -> str:
    """The name of the digest of one group and day: never another's, never changing."""
    return hashlib.sha256(f"{group}\n{day}".encode()).hexdigest()[:32]


def message_id(digest: str, recipient: str, domain: str) -> str:
    """The Message-ID of a digest to a recipient: the same however often it is made."""
    named = hashlib.sha256(f"{digest}\n{recipient}".encode()).hexdigest()[:40]
    return f"<{named}@{domain}>"


def mail(
    rendered: RenderedDigest,
    *,
    recipient: str,
    sender: str,
    made_at: datetime,
    sender_name: str = "fauxwatch",
    unsubscribe_url: str = "",
    unsubscribe_mail: str = "",
) -> bytes:
    """The mail, byte for byte the same for the same arguments.

    ``{recipient}`` and ``{group}`` in ``unsubscribe_url`` are filled in; the address must then take a POST (RFC 8058).

    Raises:
        UsageError: an address is none.
    """
    to, source = _address(recipient), _address(sender)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(one_line(sender_name), addr_spec=source.addr_spec)
    message["To"] = to
    message["Subject"] = one_line(rendered.subject)
    message["Date"] = format_datetime(made_at)
    message["Message-ID"] = message_id(rendered.id, to.addr_spec, source.domain)
    message["List-Id"] = f"fauxwatch digest <{_label(rendered.group)}.digest.{source.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{rendered.id}")
    filled = {"recipient": quote(to.addr_spec, safe=""), "group": quote(rendered.group, safe="")}
    for name, value in filled.items():
        unsubscribe_url = unsubscribe_url.replace(f"{{{name}}}", value)
    return _list_headers(unsubscribe_url, unsubscribe_mail, rendered.group) + message.as_bytes()


def _list_headers(url: str, address: str, group: str) -> bytes:
    """How to leave: written by hand, since the email package breaks long addresses into encoded words."""
    ways = [f"<{safe_link(url)}>"] if safe_link(url) else []
    if address:
        ways.append(f"<mailto:{_address(address).addr_spec}?subject=unsubscribe%20{quote(group, safe='')}>")
    if not ways:
        return b""
    folded = ",\r\n ".join(ways)
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if safe_link(url) else ""
    return f"List-Unsubscribe: {folded}\r\n{one_click}".encode("ascii")


def _address(written: str) -> Address:
    try:
        address = Address(addr_spec=written)
    except (MessageError, ValueError, IndexError) as error:
        raise UsageError(f"{written!r} is no mail address: {error}") from error
    if not address.username or not address.domain or not written.isascii():
        raise UsageError(f"{written!r} is no mail address: write name@example.org")
    return address


def _label(group: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in group.lower())[:60]


def _subject(body: DigestBody) -> str:
    if body.quiet:
        return f"Enforcement news {body.day.isoformat()}: a quiet day"
    top = body.sections[0].stories[0].title if body.sections else body.cases[0].name
    cut = top[:_HEADLINE].rpartition(" ")[0] or top[: _HEADLINE - 1]
    title = top if len(top) <= _HEADLINE else f"{cut.rstrip()}…"
    more = body.stories + len(body.cases) - 1
    return one_line(f"Enforcement news {body.day.isoformat()}: {title}{f' (+{more})' if more else ''}")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _heading(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("feeds"),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["heading"] = _heading
    environment.filters["words"] = _words
    environment.filters["count"] = _count
    return environment
