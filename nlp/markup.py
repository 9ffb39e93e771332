r"""HTML in descriptions read as a person reads it, with the way back to every character of the original.

>>> page = html_to_text("<p>Gucci&nbsp;<b>bag</b></p><script>x()</script>")
>>> page.text
'\nGucci\xa0bag\n'
>>> page.original[slice(*page.span(1, 6))]
'Gucci'

Only elements that HTML knows are markup: ``<WhatsApp 0161…>`` stays text. What a browser does not show (scripts,
styles, comments) is left out; where a link leads is shown before its text, since contacts hide there.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from nlp.records import Brand, Contact, Cue, Listing
from nlp.text import Folded

if TYPE_CHECKING:
    from nlp.records import Verdict

__all__ = ["has_markup", "html_to_text", "restore", "without_markup"]

_BLOCK: Final = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|"
    "h[1-6]|head|header|hr|html|li|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_SPACED: Final = "td|th|option|img"
_INLINE: Final = (
    "a|abbr|acronym|b|bdi|bdo|big|button|cite|code|col|colgroup|data|del|dfn|em|embed|font|i|iframe|input|ins|kbd|label|"
    "legend|link|map|area|mark|marquee|meta|noscript|object|param|picture|q|s|samp|select|small|source|span|strike|strong|"
    "sub|sup|svg|path|textarea|time|tt|u|var|video|wbr|o:p|base"
)
_ATTRIBUTES: Final = (
    r"(?:\s[^<>\"']{0,2000}(?:\"[^\"]{0,9000}\"[^<>\"']{0,2000}|'[^']{0,9000}'[^<>\"']{0,2000}){0,60})?/?>"
)
_ENTITY: Final = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
_TOKEN: Final = re.compile(
    rf"(?P<hidden><!--.*?(?:-->|\Z)|<(?P<raw>script|style|template|title)\b.*?(?:</(?P=raw)\s*>|\Z)|<!doctype[^>]{{0,500}}>)"
    rf"|(?P<block></?(?:{_BLOCK}){_ATTRIBUTES})"
    rf"|(?P<spaced></?(?:{_SPACED}){_ATTRIBUTES})"
    rf"|(?P<inline></?(?:{_INLINE}){_ATTRIBUTES})"
    rf"|(?P<entity>{_ENTITY})",
    re.IGNORECASE | re.DOTALL,
)
_LINK: Final = re.compile(
    r"\shref\s*=\s*[\"']?\s*(?P<to>(?:https?:|mailto:|tel:|sms:|whatsapp:|weixin:|tg:|line:|viber:|//)[^\s\"'<>]{3,2000})",
    re.IGNORECASE,
)
_Span = TypeVar("_Span", Cue, Brand, Contact)


def has_markup(raw: str) -> bool:
    """Whether there is anything for :func:`html_to_text` to do."""
    return ("<" in raw or "&" in raw) and _TOKEN.search(raw) is not None


def html_to_text(raw: str) -> Folded:
    """``raw`` without markup: block elements as line feeds, entities decoded, hidden content left out.

    Escaped markup (``&lt;p&gt;``) is taken off as well. Text without markup comes back as it is.
    """
    page = _strip(raw)
    if page.text != raw and has_markup(page.text) and "&lt;" in raw:
        return _compose(page, _strip(page.text))
    return page


def without_markup(listing: Listing) -> tuple[Listing, Folded | None]:
    """The listing to judge, and what :func:`restore` needs to point into the original; None if it had no markup."""
    if not has_markup(listing.description):
        return listing, None
    page = html_to_text(listing.description)
    return replace(listing, description=page.text), page


def restore(verdict: Verdict, page: Folded | None) -> Verdict:
    """The verdict on a listing of :func:`without_markup`, with offsets and words of the original description."""
    if page is None:
        return verdict
    return replace(
        verdict,
        cues=tuple(_restored(cue, page) for cue in verdict.cues),
        brands=tuple(_restored(brand, page) for brand in verdict.brands),
        contacts=tuple(_restored(contact, page) for contact in verdict.contacts),
    )


def _restored(item: _Span, page: Folded) -> _Span:
    if item.field != "description" or item.start is None or item.end is None or item.end <= item.start:
        return item
    start, end = page.span(item.start, item.end)
    if isinstance(item, Contact):
        return replace(item, start=start, end=end)
    return replace(item, start=start, end=end, text=page.original[start:end])


def _strip(raw: str) -> Folded:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def keep(start: int, end: int) -> None:
        pieces.append(raw[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    at = 0
    for match in _TOKEN.finditer(raw):
        keep(at, match.start())
        at = match.end()
        shown = _shown(match)
        pieces.append(shown)
        starts.extend([match.start()] * len(shown))
        ends.extend([match.end()] * len(shown))
        target = _target(match, raw)
        if target is not None:
            keep(*target)
            pieces.append(" ")
            starts.append(target[1])
            ends.append(match.end())
    keep(at, len(raw))
    return Folded(original=raw, text="".join(pieces), starts=tuple(starts), ends=tuple(ends))


def _shown(match: re.Match[str]) -> str:
    """What stands in the text for a piece of markup."""
    if match["entity"]:
        decoded = html.unescape(match["entity"])
        return "" if "\ud800" <= decoded <= "\udfff" else decoded
    if match["block"]:
        return "\n"
    return " " if match["spaced"] else ""


def _target(match: re.Match[str], raw: str) -> tuple[int, int] | None:
    """Where a link leads, unless its text says so itself."""
    if not match["inline"] or match["inline"][:3].lower() not in ("<a ", "<a\n", "<a\t"):
        return None
    link = _LINK.search(raw, match.start(), match.end())
    if link is None or raw.startswith(link["to"], match.end()):
        return None
    return link.span("to")


def _compose(first: Folded, second: Folded) -> Folded:
    """Offsets of the second step, led back through the first."""
    return Folded(
        original=first.original,
        text=second.text,
        starts=tuple(first.starts[start] for start in second.starts),
        ends=tuple(first.ends[end - 1] for end in second.ends),
    )
