"""A whole service of real processes: PostgreSQL, a broker, the APIs, workers; anything of it can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.places import forget_groups
from tests.preloaded import run_command
from tests.servers import free_port, postgres_server, redis_server

STRATEGY = """from trading_ai.strategies.sma_crossover import SmaCrossover


class Mine(SmaCrossover):
    pass
"""
"""A user's strategy in a file: a machine may lack it."""

PROGRAM = [sys.executable, "-m", "trading_ai.cli.main"]


@dataclass
class Cluster:
    """Processes of one service; use it as a context manager."""

    folder: Path
    n_workers: int = 2
    concurrency: int = 2
    broker_kind: str = "redis"
    env: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Cluster:
        self._stack = ExitStack()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres = self._stack.enter_context(postgres_server(self.folder / "postgres"))
        self.redis = self._stack.enter_context(redis_server(self.folder / "redis", self.broker_kind, save=True))
        self.strategy = self.folder / "strategy" / "mine.py"
        self.strategy.parent.mkdir()
        self.strategy.write_text(STRATEGY)
        self._stack.callback(forget_groups)
        self.pipeline_port, self.optimizer_port = free_port(), free_port()
        self.log = (self.folder / "log").open("wb")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.run("migrate")
        self._stack.callback(self._end)
        self.start("api")
        for i in range(self.n_workers):
            self.start(f"worker-{i}")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self.log.close()

    def _end(self) -> None:
        for process in self.processes.values():
            with suppress(psutil.Error):
                for member in psutil.Process(process.pid).children(recursive=True):
                    with suppress(psutil.Error):
                        member.kill()
            with suppress(OSError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    def home(self, name: str) -> Path:
        """The home of a process: machines of a cluster share no disk."""
        return self.folder / name

    def environment(self, home: str, code: Path | None = None) -> dict[str, str]:
        urls = {"TRADING_AI_DATABASE_URL": self.postgres.url, "TRADING_AI_BROKER_URL": self.redis.url}
        own = {"TRADING_AI_HOME": str(self.home(home)), "PYTHONWARNINGS": "ignore"}
        if code is not None:
            own["PYTHONPATH"] = str(code)
            own["NUMBA_CACHE_DIR"] = str(code / "kernels")
        return {**os.environ, **urls, **own, **self.env}

    def run(self, *arguments: str) -> Any:
        """Run a command to its end; its JSON, if it prints any."""
        # Without it Python starts as the tests' own process did, and nothing is loaded anew.
        environment = {k: v for k, v in self.environment("cli").items() if k != "PYTHONWARNINGS"}
        done = run_command(*arguments, env=environment, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    def start(self, name: str, *, code: Path | None = None, within: Sequence[str] = ()) -> None:
        """Start a process again, as an orchestrator would.

        Args:
            name: which one.
            code: another tree of the package that it runs, or None.
            within: a command that starts it, such as one that sets limits.
        """
        if name == "api":
            ports = ["--pipeline-port", str(self.pipeline_port), "--optimizer-port", str(self.optimizer_port)]
            arguments = ["serve", "--services", "pipeline,optimizer", *ports]
        else:
            arguments = ["worker", "--concurrency", str(self.concurrency)]
        self.processes[name] = subprocess.Popen(
            [*within, *PROGRAM, *arguments], env=self.environment(name, code), stdout=self.log, stderr=self.log
        )

    def kill(self, name: str) -> None:
        """Kill a process and all that it started, as a machine that goes does."""
        members: list[psutil.Process] = []
        with suppress(psutil.Error):
            members = psutil.Process(self.processes[name].pid).children(recursive=True)
        self.processes[name].kill()
        self.processes[name].wait()
        for member in members:
            with suppress(psutil.Error):
                member.kill()
        psutil.wait_procs(members, timeout=5.0)

    def workers(self) -> list[str]:
        return [name for name in self.processes if name.startswith("worker")]

    def part(self, name: str, part: str) -> list[psutil.Process]:
        """Celery's main process ("pool") or the companion of a worker."""
        found = []
        with suppress(psutil.Error):
            for child in psutil.Process(self.processes[name].pid).children():
                with suppress(psutil.Error):
                    if child.cmdline()[2:4] == ["trading_ai.worker", part]:
                        found.append(child)
        return found

    def pool(self, name: str) -> list[psutil.Process]:
        """Processes of a worker that evaluate chunks."""
        members = []
        for main in self.part(name, "pool"):
            with suppress(psutil.Error):
                members += main.children()
        return members

    def call(self, method: str, path: str, body: Any = None, *, service: str = "optimizer", timeout: float = 10) -> Any:
        port = self.optimizer_port if service == "optimizer" else self.pipeline_port
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)

    def wait_ready(self, seconds: float = 120.0) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            with suppress(OSError, ValueError):
                state = self.call("GET", "/ready")
                online = self.call("GET", "/api/v1/workers/status")["workers_online"]
                if state["status"] == "ready" and online >= self.n_workers:
                    return
            time.sleep(0.2)
        raise AssertionError((self.folder / "log").read_text()[-3000:])
