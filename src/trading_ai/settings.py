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
        log_level: DEBUG, INFO, WARNING or ERROR (``TRADING_AI_LOG_LEVEL``).
    """

    model_config = SettingsConfigDict(env_prefix="TRADING_AI_", extra="ignore")

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("trading-ai", appauthor=False)))
    database_url: SecretStr = SecretStr("")
    workers: int = Field(default=0, ge=0, le=4096)
    max_combinations: int = Field(default=10_000_000, ge=1)
    log_level: str = Field(default="WARNING", pattern="(?i)^(debug|info|warning|error)$")

    @property
    def url(self) -> str:
        """The database's URL, password included."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home.resolve() / 'trading-ai.db'}"
