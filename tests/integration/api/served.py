"""`trading-ai serve` as a process of its own, in laptop mode, that ends with the test process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO

import httpx
from typing_extensions import override

from tests.preloaded import COMMAND, Running, start_command
from tests.servers import Server, free_port, running
from trading_ai.bootstrap import Application
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.settings import Settings

SAMPLE = Path(str(resources.files("trading_ai") / "sample_data" / "EURUSD_H1_2017.parquet"))


class Service(Server):
    """Both APIs; `url` is the optimizer's.

    Attributes:
        pipeline_url: URL of the pipeline API.
        home: folder of its data.
    """

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        super().__init__(folder, port, f"http://127.0.0.1:{port}")
        self.home = folder / "data"
        self._pipeline_port = free_port()
        self.pipeline_url = f"http://127.0.0.1:{self._pipeline_port}"
        self._user = {"env": os.environ | {"TRADING_AI_HOME": str(self.home)} | environment}

    def add_backtest(self, strategy: str = "sma_crossover") -> str:
        """Id of a backtest on the bars that come with the package, added beside the service."""
        from trading_ai.cli.importing import import_sample

        application = Application(Settings(home=self.home))
        dataset, _ = import_sample(application, "EURUSD")
        record, _ = application.backtests.run(BacktestSpec(strategy, {}, dataset.dataset_id))
        application.database.engine.dispose()
        return record.backtest_id

    def _command(self) -> list[str]:
        ports = ["--optimizer-port", str(self.port), "--pipeline-port", str(self._pipeline_port)]
        return [*COMMAND, "serve", "--services", "pipeline,optimizer", "--workers", "1", *ports]

    @override
    def _begun(self, output: IO[bytes]) -> subprocess.Popen[bytes] | Running:
        arguments = self._command()[len(COMMAND) :]
        return start_command(*arguments, env=self._user["env"], output=output)

    def _answers(self) -> bool:
        try:
            return all(httpx.get(f"{url}/ready").status_code == 200 for url in (self.url, self.pipeline_url))
        except httpx.TransportError:
            return False


@contextmanager
def service(folder: Path, **environment: str) -> Iterator[Service]:
    """A running service with its data in `folder`, and with these environment variables."""
    with running(lambda port: Service(folder, port, **environment)) as server:
        yield server
