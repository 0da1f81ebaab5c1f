"""`trading-ai mcp`: the tools for an agent that starts this program."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Callable

from trading_ai.bootstrap import Application
from trading_ai.errors import StateError
from trading_ai.server import drive


def mcp() -> None:
    """Answer an agent over stdin and stdout by the Model Context Protocol (MCP)."""
    if importlib.util.find_spec("mcp") is None:
        raise StateError("the package mcp is not installed. Install it: pip install 'trading-ai-system[mcp]'")
    from trading_ai.mcp.tools import make_server  # noqa: PLC0415 - an extra

    application = Application()
    driving = _Driving(application)
    try:
        asyncio.run(make_server(application, driving.wake).run_stdio_async())
    finally:
        driving.stop()
        application.sql.close()


class _Driving:
    """Drives optimizations from the first one that is started here.

    Args:
        application: the application.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._parts: tuple[Callable[[], None], Callable[[], None]] | None = None

    def wake(self) -> None:
        """There is new work."""
        with self._lock:
            self._parts = self._parts or drive(self._application, None)
        self._parts[1]()

    def stop(self) -> None:
        """Stop; what is under way is taken up by whoever drives next."""
        if self._parts is not None:
            self._parts[0]()
