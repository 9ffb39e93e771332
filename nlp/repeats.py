"""Remembers what was found out about texts that come again: exact repeats are common in dumps and cost nothing twice.

What is remembered depends on nothing but the key, so a verdict is the same with and without it. Old entries make room for
new ones; memory stays bounded.
"""

from __future__ import annotations

import hashlib
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Remembered", "digest"]

V = TypeVar("V")


def digest(*parts: str) -> bytes:
    """16 bytes that stand for the texts ``parts``, in this order (BLAKE2b; no two lists of texts meet by chance)."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        hasher.update(b"%d:" % len(content))
        hasher.update(content)
    return hasher.digest()


class Remembered(Generic[V]):
    """The last ``size`` values by key; may be shared between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[bytes, V] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: bytes) -> V | None:
        """The value of ``key``, None if it is not remembered."""
        return self._values.get(key)

    def put(self, key: bytes, value: V) -> None:
        """Remember ``value``; the oldest one is forgotten where there is no room."""
        with self._lock:
            if key not in self._values and len(self._values) >= self._size:
                del self._values[next(iter(self._values))]
            self._values[key] = value

    def of(self, key: bytes, make: Callable[[], V]) -> V:
        """The value of ``key``, made now if it is not remembered."""
        try:
            return self._values[key]
        except KeyError:
            value = make()
            self.put(key, value)
            return value
