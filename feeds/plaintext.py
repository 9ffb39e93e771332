"""Texts of strangers made harmless and plain: HTML to text, one-line titles, safe links, keys to compare by."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = [
    "html_to_text",
    "link_key",
    "one_line",
    "plain_block",
    "safe_link",
    "shingles",
    "similarity",
    "title_key",
    "without_form",
]

# Bidirectional overrides and isolates reorder what a reader sees; controls break mail headers and terminals.
_UNSAFE: Final = re.compile(
    r"[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_DROPPED: Final = (
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "embed",
    "form",
    "svg",
    "head",
)
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_TRACKING: Final = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_cid|mc_eid|igshid|cmpid|ncid|xtor|at_\w+|ns_\w+|spm"
    r"|phpsessid|jsessionid|aspsessionid\w*|sid|sessionid|_ga|guccounter|guce_\w+|ref_src|rss)$",
    re.IGNORECASE,
)
_SPACELESS: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
# What a blog puts under an article: nothing from there on is the article.
_FORM: Final = re.compile(
    r"^\s*(?:Leave a (?:Reply|Comment)|Post a Comment|Deja (?:una respuesta|un comentario)|Deixe (?:um comentário|uma resposta)|"
    r"Laisser un commentaire|Schreibe einen Kommentar|Lascia un commento|Geef een reactie|Добавить комментарий|"
    r"发表评论|发表回复|コメントを残す|댓글 남기기|Bir yanıt yazın|Tinggalkan Balasan|Trả lời|Để lại bình luận|"
    r"Your email address will not be published)\b.{0,40}$",
    re.MULTILINE | re.IGNORECASE,
)
_MAX_HTML: Final = 2_000_000


def one_line(text: str) -> str:
    """``text`` on one line, without control and reordering characters."""
    return " ".join(_UNSAFE.sub("", text.replace("\t", " ").replace("\r", " ")).split())


def plain_block(text: str) -> str:
    """``text`` with its paragraphs, each on one line, without control and reordering characters."""
    lines = (one_line(line) for line in re.split(r"\r\n|\r|\n|\u2028|\u2029", text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_form(text: str) -> str:
    """``text`` as far as the article goes: without the form for comments that a blog puts under it."""
    form = _FORM.search(text, len(text) // 3)
    return text[: form.start()].rstrip() if form else text


def html_to_text(markup: str) -> str:
    """The readable text of a piece of HTML; scripts, styles, frames and forms are gone."""
    cleaned = _UNSAFE.sub("", markup[:_MAX_HTML])
    if "<" not in cleaned and "&" not in cleaned:
        return plain_block(cleaned)
    from lxml import etree, html

    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, encoding="utf-8")
    try:
        root = html.fromstring(f"<div>{cleaned}</div>".encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return plain_block(re.sub(r"<[^>]*>", " ", cleaned))
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    return plain_block(_flowed(root))


def _flowed(root: Any) -> str:
    for node in root.iter():
        if isinstance(node.tag, str) and node.tag.lower() in _BLOCKS:
            node.text = "\n" + (node.text or "")
            node.tail = "\n" + (node.tail or "")
    return str(root.text_content())


def safe_link(link: str) -> str:
    """``link`` when it is a web address, without credentials and control characters; else nothing."""
    stripped = re.sub(r"[\s\x00-\x1f\x7f]", "", _UNSAFE.sub("", link))
    try:
        parts = urlsplit(stripped)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, parts.fragment))


def link_key(link: str) -> str:
    """What is left of a link when scheme, ``www.``, tracking, session and order of parameters do not count."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return link
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(name)
    ]
    path = re.sub(r";jsessionid=[^/?]*", "", parts.path, flags=re.IGNORECASE).rstrip("/")
    where = host.removeprefix("www.") + (f":{port}" if port and port not in {80, 443} else "")
    query = f"?{urlencode(sorted(kept))}" if kept else ""
    fragment = f"#{parts.fragment}" if parts.fragment and "=" not in parts.fragment else ""
    return f"{where}{path}{query}{fragment}"


def title_key(title: str) -> str:
    """``title`` folded: letters and digits only, one form of each, lower case."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.findall(r"\w+", folded))[:400]


def shingles(text: str) -> frozenset[str]:
    """Words of a text, or pairs of characters where a script has no spaces."""
    found: set[str] = set()
    for word in title_key(text[:2000]).split():
        if _SPACELESS.search(word):
            found.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.add(word)
    return frozenset(found)


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of the shingles of two texts, 0 to 1."""
    left, right = shingles(one), shingles(other)
    if not left or not right:
        return 0.0
    return len(left & right) / len(left | right)
