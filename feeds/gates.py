"""Per-host limits: how many requests at a time, and how long between two of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["HostGates"]


@dataclass(slots=True)
class _Gate:
    slots: asyncio.Semaphore
    next_start: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class HostGates:
    """One gate for each host; ``async with gates.pass_through(host, …)`` waits for its turn."""

    def __init__(self) -> None:
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def pass_through(self, host: str, *, limit: int, spacing_s: float) -> AsyncIterator[None]:
        """Hold one of ``limit`` places at ``host``, entered at least ``spacing_s`` after the last entry."""
        gate = self._gates.setdefault(host, _Gate(slots=asyncio.Semaphore(limit)))
        async with gate.slots:
            async with gate.turn:
                loop = asyncio.get_running_loop()
                wait = gate.next_start - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                gate.next_start = loop.time() + spacing_s
            yield
