"""The only file that reads settings and joins adapters."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError

from trading_ai.errors import InputError, StorageError, TransientError
from trading_ai.evaluation.cores import n_cores
from trading_ai.settings import Settings
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.store.bundle_cache import BundleCache
from trading_ai.store.database import Database
from trading_ai.store.keys import SqlKeys
from trading_ai.store.shared_artifacts import open_shared
from trading_ai.store.sql import SqlStore
from trading_ai.store.work import SqlWork
from trading_ai.strategies.bundled import find_bundles_with
from trading_ai.telemetry.logs import configure_logging

if TYPE_CHECKING:
    from pathlib import Path

    from celery import Celery

    from trading_ai.assistant.asking import Assistant
    from trading_ai.assistant.indexing import Index
    from trading_ai.assistant.ports import Embedder, LanguageModel, Retriever, VectorIndex
    from trading_ai.assistant.searching import WordSearch
    from trading_ai.driving.cluster import Coordinator
    from trading_ai.driving.service import OptimizationService
    from trading_ai.evaluation.ports import Artifacts
    from trading_ai.executors.broker import Broker
    from trading_ai.optimization.backtests import BacktestService
    from trading_ai.optimization.bundles import Bundles
    from trading_ai.optimization.notes import Notes
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.verdicts import Verdicts
    from trading_ai.sqlbox.box import SqlBox
    from trading_ai.telemetry.neighbours import Neighbours

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
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "TRADING_AI_" + "_".join(str(part) for part in first["loc"]).upper()
        is_secret = Settings.model_fields[str(first["loc"][0])].annotation is SecretStr
        value = None if is_secret else first.get("input")
        raise InputError(first["msg"].removeprefix("Value error, "), parameter=name, value=value) from None


def artifacts_opener(settings: Settings) -> Callable[[], Artifacts]:
    """What opens bars and backtests' arrays, as `settings` say where; worker processes get it, and need no settings."""
    opener: Callable[[], Artifacts]
    if settings.is_shared:
        opener = partial(open_shared, settings.url, settings.home / "cache", settings.cache_bytes)
    else:
        opener = partial(FileArtifacts, settings.home)
    return partial(_open_with_bundles, opener, settings.url, settings.home, settings.bundle_cache_bytes)


def _open_with_bundles(opener: Callable[[], Artifacts], url: str, home: Path, cache_bytes: int) -> Artifacts:
    """Open bars in a worker process, which may be asked to run a published strategy as well."""
    opened: list[Bundles] = []

    def bundles() -> Bundles:
        from trading_ai.store.bundles import SqlBundles  # noqa: PLC0415 - few strategies are published

        if not opened:
            opened.append(SqlBundles(Database(url)))
        return opened[0]

    find_bundles_with(BundleCache(bundles, home / "cache" / "bundles", cache_bytes))
    return opener()


def _address(url: str, server: str, example: str) -> str:
    """The URL of a server, refused where it cannot be one."""
    if not url.startswith(("http://", "https://")):  # not shown: it may hold a password
        name = f"TRADING_AI_{server}_URL"
        raise InputError("must begin with http:// or https://", parameter=name, remedy=f"Example: {example}")
    return url


class Application:
    """The application joined together; parts are made on first use.

    What every command needs is imported with this module. What evaluates (Numba) or speaks with the broker (Celery)
    is imported by the part that needs it, because looking up what is stored needs neither.

    Args:
        settings: the settings; None reads the environment.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = read_settings() if settings is None else settings
        configure_logging(self.settings.log_level)
        folder, most = self.settings.home / "cache" / "bundles", self.settings.bundle_cache_bytes
        self._bundle_cache = BundleCache(lambda: self.bundles, folder, most)
        find_bundles_with(self._bundle_cache)
        _log.info("settings", extra={"settings": self.settings.model_dump(mode="json")})

    @cached_property
    def database(self) -> Database:
        """The database, at the schema of this version."""
        self._make_home()
        return Database(self.settings.url)

    def wait_for_database(self, seconds: float = DATABASE_WAIT_SECONDS) -> None:
        """Open the database; where its server is down or starting, wait: servers start together, and start again.

        Args:
            seconds: how long to wait.

        Raises:
            StorageError: it was not there by then, or cannot be opened at all.
        """
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
        return SqlStore(self.database)

    @cached_property
    def queue(self) -> SqlWork:
        """Chunks, roles and workers."""
        return SqlWork(self.database)

    @cached_property
    def keys(self) -> SqlKeys:
        """API keys."""
        return SqlKeys(self.database)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What studies said of trials."""
        from trading_ai.store.verdicts import SqlVerdicts  # noqa: PLC0415 - few commands need them

        return SqlVerdicts(self.database)

    @cached_property
    def notes(self) -> Notes:
        """What users noted down about their runs."""
        from trading_ai.store.notes import SqlNotes  # noqa: PLC0415 - few commands need them

        return SqlNotes(self.database)

    @cached_property
    def sql(self) -> SqlBox:
        """What answers users' SQL, in a process of its own."""
        from trading_ai.sqlbox.box import SqlBox  # noqa: PLC0415 - what looks up records needs none
        from trading_ai.sqlbox.process import Limits  # noqa: PLC0415

        s = self.settings
        limits = Limits(
            seconds=s.sql_seconds,
            memory_bytes=s.sql_memory_bytes,
            max_rows=s.sql_max_rows,
            max_result_bytes=s.sql_max_result_bytes,
            idle_seconds=s.sql_idle_seconds,
            at_once=s.sql_at_once,
        )
        return SqlBox(self.store, self.artifacts, self.verdicts, self.notes, limits)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Whether the servers that the assistant asks answer."""
        from trading_ai.telemetry.neighbours import Neighbours  # noqa: PLC0415 - few commands need it

        s = self.settings
        return Neighbours({"chroma": s.chroma_url.get_secret_value(), "ollama": s.ollama_url.get_secret_value()})

    @cached_property
    def assistant(self) -> Assistant:
        """What answers questions in plain language."""
        from trading_ai.assistant.asking import Assistant  # noqa: PLC0415 - few commands need it
        from trading_ai.assistant.wording import worded  # noqa: PLC0415
        from trading_ai.sqlbox.asked import BoxSql  # noqa: PLC0415

        return Assistant(BoxSql(lambda: self.sql), self.retriever, self.language_model, worded)

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """What chooses among readings and words sentences; None where none is set.

        Raises:
            InputError: a server is set without a model, or two servers are.
        """
        from trading_ai.llm.limits import ModelLimits  # noqa: PLC0415 - few commands need it
        from trading_ai.llm.ollama import OllamaModel  # noqa: PLC0415
        from trading_ai.llm.openai import OpenAIModel  # noqa: PLC0415

        s = self.settings
        ollama, other = s.ollama_url.get_secret_value(), s.llm_url.get_secret_value()
        if ollama and other:
            raise InputError(
                "cannot be set beside TRADING_AI_OLLAMA_URL", parameter="TRADING_AI_LLM_URL", remedy="Set one of them"
            )
        if not ollama and not other:
            return None
        server = "OLLAMA" if ollama else "LLM"
        model = s.ollama_model if ollama else s.llm_model
        _address(ollama or other, server, "http://localhost:11434")
        if not model:
            raise InputError(
                f"is not set, and TRADING_AI_{server}_URL is",
                parameter=f"TRADING_AI_{server}_MODEL",
                remedy="Name a model of that server",
            )
        limits = ModelLimits(
            s.llm_first_seconds, s.llm_between_seconds, s.llm_total_seconds, s.llm_max_bytes, s.llm_context_tokens
        )
        if ollama:
            return OllamaModel(ollama, model, limits)
        return OpenAIModel(other, model, limits, s.llm_key.get_secret_value())

    @cached_property
    def retriever(self) -> Retriever:
        """What finds passages of the documentation and of what is stored: by meaning too, where there is a model."""
        from trading_ai.assistant.meaning import MeaningSearch  # noqa: PLC0415 - few commands need it

        return self.word_search if self.index is None else MeaningSearch(self.word_search, self.index)

    @cached_property
    def word_search(self) -> WordSearch:
        """What finds passages by their words alone."""
        from trading_ai.assistant.searching import WordSearch  # noqa: PLC0415 - few commands need it
        from trading_ai.assistant.stored_passages import stored_passages  # noqa: PLC0415
        from trading_ai.sqlbox.asked import BoxSql  # noqa: PLC0415

        return WordSearch(lambda: stored_passages(BoxSql(lambda: self.sql)))

    @cached_property
    def index(self) -> Index | None:
        """Vectors of passages; None where no model that makes them is installed or set.

        Raises:
            InputError: an address is none.
        """
        from trading_ai.assistant.indexing import Index  # noqa: PLC0415 - few commands need it
        from trading_ai.store.vectors import SqlVectors  # noqa: PLC0415

        embedder = self._embedder()
        return None if embedder is None else Index(embedder, SqlVectors(self.database), self._chroma())

    def _embedder(self) -> Embedder | None:
        from trading_ai.embedders.minilm import MiniLm, is_installed  # noqa: PLC0415

        s = self.settings
        if s.ollama_embed_model:
            from trading_ai.embedders.ollama import OllamaEmbedder  # noqa: PLC0415

            url = _address(s.ollama_url.get_secret_value(), "OLLAMA", "http://localhost:11434")
            return OllamaEmbedder(url, s.ollama_embed_model)
        return MiniLm() if is_installed() else None

    def _chroma(self) -> VectorIndex | None:
        from trading_ai.vectors.chroma import Chroma  # noqa: PLC0415 - few have one

        url = self.settings.chroma_url.get_secret_value()
        if not url:
            return None
        at = self.database.engine.url
        return Chroma(_address(url, "CHROMA", "http://localhost:8000"), f"{at.host}:{at.port}/{at.database}")

    @cached_property
    def artifacts(self) -> Artifacts:
        """Bars and backtests' arrays: in a folder beside SQLite, in a database that machines share."""
        self._make_home()
        if self.settings.is_shared:
            return open_shared(self.settings.url, self.settings.home / "cache", self.settings.cache_bytes)
        return FileArtifacts(self.settings.home)

    @cached_property
    def bundles(self) -> Bundles:
        """Published strategies."""
        from trading_ai.store.bundles import SqlBundles  # noqa: PLC0415 - few strategies are published

        return SqlBundles(self.database)

    def never_run_bundles(self) -> None:
        """From now on, this process does not run published strategies: it knows them by what they declare only."""
        self._bundle_cache.runs_code = False

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
        from trading_ai.optimization.backtests import BacktestService  # noqa: PLC0415 - with it comes compiled code

        return BacktestService(self.store, self.artifacts)

    @cached_property
    def service(self) -> OptimizationService:
        """The use cases of optimizations."""
        from trading_ai.driving.service import OptimizationService  # noqa: PLC0415 - as above
        from trading_ai.executors.choice import Executors  # noqa: PLC0415

        executors = Executors(self.artifacts, artifacts_opener(self.settings), self.n_workers)
        return OptimizationService(
            self.store, self.artifacts, executors, max_combinations=self.settings.max_combinations
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

    def _make_home(self) -> None:
        try:
            self.settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"TRADING_AI_HOME {self.settings.home} cannot be made: {error.strerror}. Set it to a folder that "
                "you may write"
            ) from error
