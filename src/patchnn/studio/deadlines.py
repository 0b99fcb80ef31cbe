"""Connections that send a request slowly, or never to its end, are closed."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD", "DeadlineProtocol"]

HEAD = 10.0
"""Seconds in which the head of a request must be complete, counted from the connection or from the last answer."""


class DeadlineProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with a deadline for the head of each request. The server bounds the bodies."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn's own
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._disarm()

    def _watch(self) -> None:
        """Run the clock while no request is at work."""
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._disarm()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
