"""Which encoding a text dump is in, and its lines as text.

UTF-8 is tried first and strictly: text that is not UTF-8 passes for it by chance almost never. What fails is judged
by how natural its letters would be in each legacy encoding, since general detectors are unreliable on the few
non-ASCII characters of a listing dump. A few bad lines do not change the encoding of a file: such a line is read in
the legacy encoding that suits it, or, if it is UTF-8 that was cut in the middle of a character, with U+FFFD where the
damage is, for everybody to see.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nlp.formats.legacy import guess_legacy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Encoding", "Line", "decode_line", "detect", "lines", "looks_binary"]

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL: Final = frozenset(range(32)) - {9, 10, 13, 12, 0, 27}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """``name`` for the file as a whole, ``legacy`` for the lines of a UTF-8 file that are not UTF-8."""

    name: str
    legacy: str
    bom: bytes = b""

    @property
    def wide(self) -> bool:
        """Whether line feeds cannot be found in the bytes as they are."""
        return self.name.startswith(("utf-16", "utf-32"))


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line without its end, numbered from 1; ``text`` is None, ``size`` in bytes, if it is too long."""

    number: int
    text: str | None
    size: int


def detect(head: bytes) -> Encoding:
    """The encoding of a file that starts with ``head``."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name=name, legacy="cp1252", bom=bom)
    wide = _wide_without_bom(head)
    if wide:
        return Encoding(name=wide, legacy="cp1252")
    bad = [line for line in _whole_lines(head) if not _is_utf8(line)]
    if not bad:
        return Encoding(name="utf-8", legacy="cp1252")
    good = [line for line in _whole_lines(head) if not line.isascii() and _is_utf8(line)]
    legacy = guess_legacy(b"\n".join(bad))
    return Encoding(name="utf-8" if len(good) >= len(bad) else legacy, legacy=legacy)


def looks_binary(head: bytes) -> bool:
    """Whether this is no text in any encoding that is read here."""
    if detect(head).wide:
        return False
    sample = head[:65_536]
    zeros = sample.count(0)
    controls = sum(sample.count(code) for code in _CONTROL)
    return controls > 0.02 * len(sample) + 4 or zeros > 0.2 * len(sample) + 64


def lines(chunks: Iterable[bytes], encoding: Encoding, longest: int) -> Iterator[Line]:
    """Physical lines; ends are LF, CR LF, or lone CR in a file that has no LF. NUL characters are left out.

    A line of more than ``longest`` bytes is not kept in memory and comes without text.
    """
    pieces = _narrow(chunks, encoding) if encoding.wide else _after_bom(chunks, encoding.bom)
    for number, (raw, size) in enumerate(_split(pieces, longest), start=1):
        yield Line(number, None if raw is None else decode_line(raw, encoding), size)


def decode_line(raw: bytes, encoding: Encoding) -> str:
    """The text of a line, in the file's encoding or else in the one that the line itself shows."""
    name = "utf-8" if encoding.wide else encoding.name
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _salvage(raw, encoding.legacy if name == "utf-8" else name)
    return text.replace("\0", "") if "\0" in text else text


def _salvage(raw: bytes, legacy: str) -> str:
    """A line that is not UTF-8: damaged UTF-8 if most of its characters still are, legacy otherwise."""
    damaged = raw.decode("utf-8", "replace")
    broken = damaged.count("�")
    if sum(not char.isascii() for char in damaged) - broken > 2 * broken:
        return damaged
    try:
        return raw.decode(legacy)
    except UnicodeDecodeError:
        return raw.decode(legacy, "replace")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(head: bytes) -> list[bytes]:
    """The lines of the head; the last one is left out if the head may have cut it."""
    found = head.replace(b"\r", b"\n").split(b"\n")
    if len(found) > 1:
        return found[:-1] if found[-1] and len(head) >= 2**16 else found
    return [head[: head.rfind(b" ")]] if len(head) >= 2**16 and b" " in head else found


def _wide_without_bom(head: bytes) -> str | None:
    """UTF-16 without a mark shows as NUL in every second byte, at least around delimiters and digits."""
    sample = head[:4096]
    sample = sample[: len(sample) // 2 * 2]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.2 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.2 * half and odd < 0.02 * half:
        return "utf-16-be"
    return None


def _narrow(chunks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """UTF-16 or UTF-32 as UTF-8, piece by piece; what is broken becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    for piece in _after_bom(chunks, encoding.bom):
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _after_bom(chunks: Iterable[bytes], bom: bytes) -> Iterator[bytes]:
    missing = len(bom)
    for piece in chunks:
        yield piece[missing:]
        missing = max(0, missing - len(piece))


def _split(chunks: Iterable[bytes], longest: int) -> Iterator[tuple[bytes | None, int]]:
    """Lines as (bytes, size), with None for bytes that are too many. The end of line is decided by the first piece."""
    end: bytes | None = None
    rest: list[bytes] = []
    held = 0
    for piece in chunks:
        if end is None and piece:
            end = b"\r" if b"\n" not in piece and b"\r" in piece else b"\n"
        first, *others = piece.split(end or b"\n")
        held += len(first)
        if held <= longest:
            rest.append(first)
        else:
            rest.clear()
        for other in others:
            yield (b"".join(rest).removesuffix(b"\r") if held <= longest else None), held
            rest, held = [other], len(other)
    if held:
        yield (b"".join(rest) if held <= longest else None), held
