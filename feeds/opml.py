"""Lists of subscriptions in OPML, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from feeds.plaintext import one_line, safe_link
from feeds.records import Source
from nlp.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export_opml", "import_opml"]

_OURS: Final = "https://fauxwatch.example/opml"
_FLAGS: Final = ("private", "fulltext")


def import_opml(document: bytes | Path) -> tuple[Source, ...]:
    """The feeds of an OPML file, each once, with the folders they stood in as their note.

    Raises:
        ConfigError: it cannot be read, or there is no feed in it.
    """
    from lxml import etree

    name = str(document) if isinstance(document, Path) else "OPML"
    try:
        data = document.read_bytes() if isinstance(document, Path) else document
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
        root = etree.fromstring(data, parser=parser)
    except (OSError, etree.XMLSyntaxError, ValueError) as error:
        raise ConfigError(name, [f"cannot be read as OPML: {error}"]) from error
    found: dict[str, Source] = {}
    for outline in root.iter("outline") if root is not None else ():
        source = _source(outline)
        if source is not None:
            found.setdefault(source.url, source)
    if not found:
        raise ConfigError(name, ["no outline with an xmlUrl in it"])
    return tuple(found.values())


def export_opml(sources: Sequence[Source], *, title: str = "fauxwatch sources") -> str:
    """An OPML 2.0 document; sources of kind ``page`` are left out, since readers cannot subscribe to them."""
    from lxml import etree

    root = etree.Element("opml", version="2.0", nsmap={"fw": _OURS})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(title)
    body = etree.SubElement(root, "body")
    for source in sources:
        if source.kind == "feed":
            outline = etree.SubElement(
                body, "outline", type="rss", text=one_line(source.name), xmlUrl=source.url
            )
            if source.lang:
                outline.set("language", source.lang)
            for flag in _FLAGS:
                if getattr(source, flag):
                    outline.set(f"{{{_OURS}}}{flag}", "true")
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return text.decode("utf-8")


def _source(outline: Any) -> Source | None:
    attributes = {key.lower(): value for key, value in outline.attrib.items()}
    url = safe_link((attributes.get("xmlurl") or "").strip())
    if not url:
        return None
    name = attributes.get("title") or attributes.get("text") or urlsplit(url).hostname or url
    folders = [
        one_line(one.get("text") or one.get("title") or "") for one in outline.iterancestors("outline")
    ]
    return Source(
        url=url,
        name=one_line(name),
        lang=one_line(attributes.get("language") or ""),
        note="/".join(folder for folder in reversed(folders) if folder),
        private=attributes.get(f"{{{_OURS}}}private") == "true",
        fulltext=attributes.get(f"{{{_OURS}}}fulltext") == "true",
    )
