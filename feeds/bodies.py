"""Response bodies within limits: bytes on the wire, bytes after decompression, nothing unbounded in between."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["BodyError", "read_body", "unpack"]

_GZIP_MAGIC = b"\x1f\x8b"
_STEP = 1 << 16


class BodyError(Exception):
    """A body over its limits or in a coding that was not asked for; ``kind`` is a failure kind."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = kind
        super().__init__(detail)


async def read_body(parts: AsyncIterator[bytes], coding: str, *, max_wire: int, max_body: int) -> bytes:
    """The decoded body.

    Raises:
        BodyError: ``too_large``, ``bomb`` or ``coding``.
    """
    wire = bytearray()
    async for part in parts:
        wire += part
        if len(wire) > max_wire:
            raise BodyError("too_large", f"more than {max_wire:,} bytes on the wire")
    body = bytes(wire)
    del wire
    for name in reversed([one.strip().lower() for one in coding.split(",") if one.strip()]):
        body = _decoded(body, name, max_body)
    if body.startswith(_GZIP_MAGIC):  # a .gz file, or compressed twice
        body = unpack(body, 47, max_body)
    if len(body) > max_body:
        raise BodyError("too_large", f"more than {max_body:,} bytes")
    return body


def _decoded(body: bytes, name: str, max_body: int) -> bytes:
    if name == "identity" or not body:
        return body
    if name in {"gzip", "x-gzip"}:
        # Some servers say gzip of a body that is not.
        return unpack(body, 47, max_body) if body.startswith(_GZIP_MAGIC) else body
    if name == "deflate":
        try:
            return unpack(body, 15, max_body)
        except BodyError as error:
            if error.kind == "bomb":
                raise
            return unpack(body, -15, max_body)  # raw deflate, as old servers send it
    raise BodyError("coding", f"content coding {name!r} was not asked for")


def unpack(body: bytes, window: int, max_body: int) -> bytes:
    """``body`` inflated with zlib's ``window`` bits, at most ``max_body`` bytes.

    Raises:
        BodyError: ``bomb`` when it would grow over the limit, ``truncated`` or ``coding`` when it is broken.
    """
    out = bytearray()
    rest = body
    while rest:
        engine = zlib.decompressobj(window)
        while not engine.eof:
            try:
                piece = engine.decompress(rest, _STEP)
            except zlib.error as error:
                raise BodyError("coding", f"compressed body is broken: {error}") from error
            out += piece
            rest = engine.unconsumed_tail
            if len(out) > max_body:
                raise BodyError("bomb", f"compressed body grows over {max_body:,} bytes")
            if not piece and not rest and not engine.eof:
                raise BodyError("truncated", "compressed body ends early")
        rest = engine.unused_data
        if not rest.startswith(_GZIP_MAGIC):
            break  # padding after the stream
    return bytes(out)
