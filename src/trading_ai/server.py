"""The APIs in one process, and beside them whatever drives the optimizations that run."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from typing_extensions import override

from trading_ai.api.app import make_app
from trading_ai.api.connections import BoundedConnection
from trading_ai.api.context import Context
from trading_ai.bootstrap import Application
from trading_ai.dashboard.app import add_dashboard
from trading_ai.driving.local_runner import LocalRunner
from trading_ai.driving.queue import WorkerRecord
from trading_ai.errors import StateError, TradingAIError
from trading_ai.telemetry import measures, processes

_TICK_SECONDS = 0.25

_log = logging.getLogger(__name__)


def run_servers(
    application: Application,
    ports: Mapping[str, int],
    host: str,
    n_workers: int | None,
    *,
    keys_required: bool,
    this_machine: bool,
) -> None:
    """Serve until a signal says stop.

    Args:
        application: the application.
        ports: port of each service.
        host: address to listen on.
        n_workers: worker processes of an optimization, without a broker; None to choose.
        keys_required: whether requests need an API key.
        this_machine: where they do not, whether only this machine may ask.

    Raises:
        StateError: a port is taken.
    """
    sockets = {name: _listen(host, port) for name, port in ports.items()}
    stop: Callable[[], None] = _nothing
    context = Context(application)
    if "optimizer" in ports:
        stop, context.wake = drive(application, n_workers)
    try:
        asyncio.run(_serve(context, sockets, keys_required=keys_required, this_machine=this_machine))
    finally:
        stop()


class _Server(uvicorn.Server):
    """A server that leaves signals alone: several of them share a process, which ends all."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _nothing() -> None:
    """The default of callbacks."""


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise StateError(f"port {port} of {host} cannot be used: {error.strerror}. Choose another one") from error


async def _serve(
    context: Context, sockets: Mapping[str, socket.socket], *, keys_required: bool, this_machine: bool
) -> None:
    BoundedConnection.head_seconds = context.application.settings.request_seconds
    servers = []
    for name in sockets:
        app = make_app(name, context, keys_required=keys_required, this_machine=this_machine)
        if name == "assistant" and importlib.util.find_spec("mcp") is not None:
            from trading_ai.mcp.http import add_mcp  # noqa: PLC0415 - an extra

            add_mcp(app, context)
        if name == "optimizer":
            add_dashboard(app, context, keys_required=keys_required)
        config = uvicorn.Config(
            app,
            http=BoundedConnection,
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        servers.append(_Server(config))
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await asyncio.gather(
        *(server.serve(sockets=[sockets[name]]) for server, name in zip(servers, sockets, strict=True))
    )


def drive(application: Application, n_workers: int | None) -> tuple[Callable[[], None], Callable[[], None]]:
    """Start what drives running optimizations.

    Args:
        application: the application.
        n_workers: worker processes of an optimization, without a broker; None to choose.

    Returns:
        What stops it, and what wakes it.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    if application.settings.broker:
        return _coordinate(application, owner)
    now = time.time()
    worker = WorkerRecord(
        owner, socket.gethostname(), os.getpid(), "local", n_workers or application.n_cores(), now, now, ready_at=now
    )
    runner = LocalRunner(
        application.service, application.queue, worker, n_workers, memory=lambda: processes.resident_bytes(os.getpid())
    )
    runner.start()
    return runner.stop, runner.wake


def _coordinate(application: Application, owner: str) -> tuple[Callable[[], None], Callable[[], None]]:
    ended, look = threading.Event(), threading.Event()
    coordinator = application.coordinator(owner)

    def run() -> None:
        while not ended.is_set():
            try:
                tick = coordinator.tick()
                if tick is not None:
                    measures.count_actions(tick.actions)
            except TradingAIError as error:
                _log.warning("the database cannot be reached", extra={"reason": str(error)})
                ended.wait(1.0)
            except Exception:  # noqa: BLE001 - it must outlive whatever one optimization does
                _log.exception("the coordinator stumbled and goes on")
                ended.wait(1.0)
            look.wait(_TICK_SECONDS)
            look.clear()

    thread = threading.Thread(target=run, name="coordinator", daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        look.set()
        thread.join(10.0)
        try:
            coordinator.leave()
        except TradingAIError as error:
            _log.warning("another process takes over in a few seconds", extra={"reason": str(error)})

    return stop, look.set
