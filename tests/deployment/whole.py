"""All three APIs as `trading-ai serve` opens them, at ports of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from tests.integration.api.served import Service
from tests.preloaded import COMMAND
from tests.servers import free_port, running


class Whole(Service):
    """The three APIs; `url` is the optimizer's.

    Attributes:
        assistant_url: URL of the assistant API.
    """

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        super().__init__(folder, port, **environment)
        self._assistant_port = free_port()
        self.assistant_url = f"http://127.0.0.1:{self._assistant_port}"

    @property
    def ports(self) -> dict[int, int]:
        """Which port stands for which of those that users know."""
        return {30800: self._pipeline_port, 30801: self._assistant_port, 30802: self.port}

    @property
    def urls(self) -> dict[str, str]:
        """The variables by which scripts find the APIs."""
        return {"OPTIMIZER_URL": self.url, "PIPELINE_URL": self.pipeline_url, "ASSISTANT_URL": self.assistant_url}

    @override
    def _command(self) -> list[str]:
        ports = [
            f"--{name}-port={port}"
            for name, port in (
                ("pipeline", self._pipeline_port),
                ("assistant", self._assistant_port),
                ("optimizer", self.port),
            )
        ]
        return [*COMMAND, "serve", "--workers", "1", *ports]


@contextmanager
def whole(folder: Path, **environment: str) -> Iterator[Whole]:
    """All APIs with their data in `folder`, and with these environment variables."""
    with running(lambda port: Whole(folder, port, **environment)) as server:
        yield server
