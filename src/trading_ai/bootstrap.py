"""The only file that reads settings and joins adapters."""

from __future__ import annotations

import logging
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING

from trading_ai.errors import InputError, StorageError
from trading_ai.evaluation.cores import n_cores
from trading_ai.telemetry.logs import configure_logging

if TYPE_CHECKING:
    from celery import Celery

    from trading_ai.driving.cluster import Coordinator
    from trading_ai.driving.executor import Executor
    from trading_ai.driving.service import OptimizationService
    from trading_ai.evaluation.ports import Artifacts, Evaluator
    from trading_ai.executors.broker import Broker
    from trading_ai.optimization.backtests import BacktestService
    from trading_ai.optimization.ports import Store
    from trading_ai.settings import Settings
    from trading_ai.store.database import Database
    from trading_ai.store.keys import SqlKeys
    from trading_ai.store.work import SqlWork

INLINE_BELOW_SECONDS = 5.0
"""Expected one-core time below which worker processes cost more than they save."""

DATABASE_WAIT_SECONDS = 60.0
"""How long a server that starts waits for its database."""

_log = logging.getLogger(__name__)


def read_settings() -> Settings:
    """The settings of the environment.

    Raises:
        InputError: a variable holds something impossible.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - a tenth of a second that --help does not need

    from trading_ai.settings import Settings  # noqa: PLC0415

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "TRADING_AI_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InputError(first["msg"], parameter=name, value=first.get("input")) from None


def open_artifacts(settings: Settings) -> Artifacts:
    """Bars and backtests' arrays, as `settings` say where; what a worker process calls too."""
    if settings.is_shared:
        from trading_ai.store.database import Database  # noqa: PLC0415
        from trading_ai.store.shared_artifacts import SharedArtifacts  # noqa: PLC0415

        return SharedArtifacts(Database(settings.url), settings.home / "cache", settings.cache_bytes)
    from trading_ai.store.artifacts import FileArtifacts  # noqa: PLC0415

    return FileArtifacts(settings.home)


class Application:
    """The application joined together; parts are made on first use.

    Args:
        settings: the settings; None reads the environment.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = read_settings() if settings is None else settings
        configure_logging(self.settings.log_level)
        _log.info("settings", extra={"settings": self.settings.model_dump(mode="json")})

    @cached_property
    def database(self) -> Database:
        """The database, at the schema of this version."""
        from trading_ai.store.database import Database  # noqa: PLC0415 - SQLAlchemy takes a fifth of a second

        self._make_home()
        return Database(self.settings.url)

    def wait_for_database(self, seconds: float = DATABASE_WAIT_SECONDS) -> None:
        """Open the database; where its server is down or starting, wait: servers start together, and start again.

        Args:
            seconds: how long to wait.

        Raises:
            StorageError: it was not there by then, or cannot be opened at all.
        """
        from trading_ai.store.database import TransientError  # noqa: PLC0415

        limit = time.monotonic() + seconds
        told = False
        while True:
            try:
                self.database  # noqa: B018 - opens it
            except TransientError as error:
                if time.monotonic() >= limit:
                    raise
                if not told:
                    _log.warning("waiting for the database", extra={"reason": str(error), "seconds": seconds})
                told = True
                time.sleep(min(0.5, max(limit - time.monotonic(), 0.0)))
            else:
                return

    @cached_property
    def store(self) -> Store:
        """Records and trials."""
        from trading_ai.store.sql import SqlStore  # noqa: PLC0415

        return SqlStore(self.database)

    @cached_property
    def queue(self) -> SqlWork:
        """Chunks, roles and workers."""
        from trading_ai.store.work import SqlWork  # noqa: PLC0415

        return SqlWork(self.database)

    @cached_property
    def keys(self) -> SqlKeys:
        """API keys."""
        from trading_ai.store.keys import SqlKeys  # noqa: PLC0415

        return SqlKeys(self.database)

    @cached_property
    def artifacts(self) -> Artifacts:
        """Bars and backtests' arrays: in a folder beside SQLite, in a database that machines share."""
        self._make_home()
        return open_artifacts(self.settings)

    @cached_property
    def broker(self) -> Broker:
        """The broker that tells workers of chunks; asking for it opens no database.

        Raises:
            InputError: none is set, or the database is one that workers of other machines cannot reach.
        """
        from trading_ai.executors.broker import Broker  # noqa: PLC0415 - Celery takes a third of a second

        url = self._broker_url()
        if not self.settings.is_shared:
            raise InputError(
                "must be a PostgreSQL database where a broker is used: workers of other machines must reach it",
                parameter="TRADING_AI_DATABASE_URL",
            )
        return Broker(url)

    def monitor(self) -> Celery:
        """Celery for those who only look at the broker: no database is needed.

        Raises:
            InputError: no broker is set.
        """
        from trading_ai.executors.broker import celery_app  # noqa: PLC0415

        return celery_app(self._broker_url())

    def _broker_url(self) -> str:
        if not self.settings.broker:
            raise InputError(
                "is not set", parameter="TRADING_AI_BROKER_URL", remedy="Example: redis://localhost:6379/0"
            )
        return self.settings.broker

    def coordinator(self, owner: str) -> Coordinator:
        """The coordinator of work that goes through the broker."""
        from trading_ai.driving.cluster import Coordinator  # noqa: PLC0415

        return Coordinator(self.store, self.queue, self.broker.announce, self.broker.n_waiting, owner)

    @cached_property
    def backtests(self) -> BacktestService:
        """The use cases of datasets and backtests."""
        from trading_ai.optimization.backtests import BacktestService  # noqa: PLC0415

        return BacktestService(self.store, self.artifacts)

    @cached_property
    def service(self) -> OptimizationService:
        """The use cases of optimizations."""
        from trading_ai.driving.service import OptimizationService  # noqa: PLC0415

        return OptimizationService(
            self.store, self.artifacts, self._executor, max_combinations=self.settings.max_combinations
        )

    def n_cores(self) -> int:
        """Cores that this process may use."""
        return n_cores()

    def n_workers(self, expected_seconds: float, asked: int | None) -> int:
        """Worker processes for a run; 1 means this process."""
        if asked is not None:
            return max(asked, 1)
        if expected_seconds < INLINE_BELOW_SECONDS:
            return 1
        return self.settings.workers or self.n_cores()

    def _executor(
        self, evaluator: Evaluator, expected_seconds: float, n_workers: int | None, isolate: bool
    ) -> Executor:
        chosen = self.n_workers(expected_seconds, n_workers)
        if chosen == 1 and not isolate:
            from trading_ai.executors.inline import InlineExecutor  # noqa: PLC0415

            n_threads = 1 if n_workers == 1 else self.n_cores()
            return InlineExecutor(self.artifacts, n_threads, evaluator)
        from trading_ai.executors.processes import LocalExecutor  # noqa: PLC0415

        return LocalExecutor(partial(open_artifacts, self.settings), chosen)

    def _make_home(self) -> None:
        try:
            self.settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"TRADING_AI_HOME {self.settings.home} cannot be made: {error.strerror}. Set it to a folder that "
                "you may write"
            ) from error
