"""Bytes of a feed made ready for feedparser: the encoding is chosen with care before it can be guessed wrong.

feedparser decides well when a declaration is right. This module only steps in where it would produce
mojibake: UTF-8 labelled as something else, a few broken bytes in an otherwise sound text, legacy encodings
without any label (Japan Customs sends Shift_JIS so), and dirt in front of the document.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Decoded", "by_language", "decode_page", "prepare"]

_XML_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_META_CHARSET: Final = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_HTTP_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_BOMS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE)
_WIDE: Final = (b"\x00<", b"<\x00", b"\x00\x00\x00<", b"L\x6f\xa7\x94")

# A label in the wild means the superset that the writers' software used.
_SUPERSETS: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis_620": "cp874",
    "iso8859-9": "cp1254",
}
_BY_LANGUAGE: Final = {
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030", "big5hkscs"),
    "ko": ("cp949",),
    "ru": ("cp1251", "koi8_r"),
    "uk": ("cp1251", "koi8_u"),
    "bg": ("cp1251",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "el": ("cp1253",),
    "tr": ("cp1254",),
    "ar": ("cp1256",),
    "he": ("cp1255",),
    "pl": ("cp1250",),
    "cs": ("cp1250",),
    "hu": ("cp1250",),
}
_MOSTLY_SOUND: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """``body`` and ``content_type`` for feedparser; ``encoding`` and ``note`` when we chose it ourselves."""

    body: bytes
    content_type: str | None
    encoding: str = ""
    note: str = ""


def prepare(body: bytes, content_type: str | None, *, lang: str = "") -> Decoded:
    """``body`` as it came when its label is right, else re-encoded as UTF-8 with a note that says why."""
    kept = Decoded(body=body, content_type=content_type)
    if body.startswith(_BOMS + _WIDE):
        return kept
    label = _declared(body, content_type)
    if b"\x1b$" in body and _codec(label) != "iso2022_jp":
        return _chosen(body, "iso2022_jp", "escape sequences of ISO-2022-JP") or kept
    if body.isascii():
        return kept
    if _sound(body, "utf-8"):
        if label and _codec(label) != "utf-8" and not _reads_better(body, label):
            return _chosen(body, "utf-8", f"labelled {label}, but it is UTF-8") or kept
        return kept
    declared = _XML_ENCODING.match(body)
    for name in (label, declared.group(1).decode() if declared else ""):
        if name and _codec(name) and _sound(body, _codec(name)):
            return kept
    return _repaired(body, label, lang) or kept


def decode_page(body: bytes, content_type: str | None, *, lang: str = "") -> str:
    """The text of an HTML page: BOM, header, ``<meta>``, then by language and statistics."""
    for bom, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(bom):
            return body.decode(codec, "replace")
    if _sound(body, "utf-8"):
        return body.decode("utf-8")
    meta = _META_CHARSET.search(body[:4096])
    http = _HTTP_CHARSET.search(content_type or "")
    for name in (http.group(1) if http else "", meta.group(1).decode() if meta else ""):
        if name and _codec(name) and _sound(body, _codec(name)):
            return body.decode(_codec(name))
    repaired = _repaired(body, "", lang)
    return repaired.body.decode("utf-8") if repaired else body.decode("utf-8", "replace")


def by_language(lang: str) -> tuple[str, ...]:
    """The legacy codecs that texts of ``lang`` use, most likely first."""
    return _BY_LANGUAGE.get(lang.lower().partition("-")[0], ())


def _declared(body: bytes, content_type: str | None) -> str:
    http = _HTTP_CHARSET.search(content_type or "")
    if http:
        return http.group(1)
    found = _XML_ENCODING.match(body)
    return found.group(1).decode() if found else ""


def _codec(name: str) -> str:
    """Python's name of the codec that a label means in practice; empty when there is none."""
    if not name:
        return ""
    try:
        canonical = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return _SUPERSETS.get(canonical, canonical)


def _sound(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _reads_better(body: bytes, label: str) -> bool:
    """Whether two-byte text that happens to be valid UTF-8 makes more sense under its own label."""
    codec = _codec(label)
    if codec not in {"cp932", "gb18030", "big5", "big5hkscs", "cp949", "euc_jp"} or not _sound(body, codec):
        return False
    return len(body.decode("utf-8")) > len(body) - 8 and len(re.findall(rb"[\x80-\xff]+", body)) < 4


def _repaired(body: bytes, label: str, lang: str) -> Decoded | None:
    high = sum(byte > 0x7F for byte in body[:200_000]) or 1
    for name in ("utf-8", _codec(label)):
        if not name or name in {"ascii", "iso8859-1", "cp1252"}:
            continue
        text = body[:200_000].decode(name, "replace")
        if text.count("\ufffd") / high < _MOSTLY_SOUND:
            return _chosen(body, name, f"a few bytes are not {name} and were replaced")
    for name in by_language(lang):
        if _sound(body, name):
            return _chosen(body, name, f"no sound label; read as {name} because the source is in {lang}")
    if label:
        return None
    from charset_normalizer import from_bytes

    best = from_bytes(body[:50_000]).best()
    if best is None:
        return None
    return _chosen(body, best.encoding, f"no label; read as {best.encoding} by its statistics")


def _chosen(body: bytes, codec: str, note: str) -> Decoded | None:
    text = body.decode(codec, "replace")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)
    fixed = b"<?xml version='1.0' encoding='utf-8'?>\n" + text.encode("utf-8", "replace")
    return Decoded(body=fixed, content_type="application/xml; charset=utf-8", encoding=codec, note=note)
