"""Settings: `TRADING_AI_*` environment variables, read once by `bootstrap`."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that the environment decides.

    Attributes:
        home: folder of datasets, backtests' arrays and the default database (``TRADING_AI_HOME``).
        database_url: SQLAlchemy URL; empty takes a SQLite file in `home` (``TRADING_AI_DATABASE_URL``).
        workers: worker processes of this machine; 0 takes every core (``TRADING_AI_WORKERS``).
        max_combinations: largest search space accepted (``TRADING_AI_MAX_COMBINATIONS``).
        broker_url: Redis URL of the broker; empty runs everything on this machine (``TRADING_AI_BROKER_URL``).
        cache_bytes: bound of the folder in which a machine keeps bars of a shared database
            (``TRADING_AI_CACHE_BYTES``).
        max_upload_bytes: largest file that the API accepts (``TRADING_AI_MAX_UPLOAD_BYTES``).
        max_body_bytes: largest other request (``TRADING_AI_MAX_BODY_BYTES``).
        insecure: accept requests without an API key on addresses other machines reach (``TRADING_AI_INSECURE``).
        cors_origins: web pages of these origins may call the API, comma-separated (``TRADING_AI_CORS_ORIGINS``).
        metrics_port: port of a worker's /metrics; 0 for none (``TRADING_AI_METRICS_PORT``).
        flower_basic_auth: ``user:password`` that Flower asks for; empty for none (``TRADING_AI_FLOWER_BASIC_AUTH``).
        log_level: DEBUG, INFO, WARNING or ERROR (``TRADING_AI_LOG_LEVEL``).
    """

    model_config = SettingsConfigDict(env_prefix="TRADING_AI_", extra="ignore")

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("trading-ai", appauthor=False)))
    database_url: SecretStr = SecretStr("")
    workers: int = Field(default=0, ge=0, le=4096)
    max_combinations: int = Field(default=10_000_000, ge=1)
    broker_url: SecretStr = SecretStr("")
    cache_bytes: int = Field(default=8 << 30, ge=1 << 20)
    max_upload_bytes: int = Field(default=2 << 30, ge=1)
    max_body_bytes: int = Field(default=1 << 20, ge=1)
    insecure: bool = False
    cors_origins: str = ""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    flower_basic_auth: SecretStr = SecretStr("")
    log_level: str = Field(default="WARNING", pattern="(?i)^(debug|info|warning|error)$")

    @property
    def url(self) -> str:
        """The database's URL, password included."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home.resolve() / 'trading-ai.db'}"

    @property
    def is_shared(self) -> bool:
        """Whether other machines reach the database: it is PostgreSQL, and not a file of this one."""
        return self.url.startswith("postgres")

    @property
    def broker(self) -> str:
        """The broker's URL, password included; empty for none."""
        return self.broker_url.get_secret_value()
