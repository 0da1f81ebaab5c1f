"""Settings: `TRADING_AI_*` environment variables, read once by `bootstrap`."""

from __future__ import annotations

import re
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PAGE = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?|:[1-9][0-9]{0,4}")
_BROKERS = ("redis", "rediss", "unix", "redis+socket")


class Settings(BaseSettings):
    """Everything that the environment decides; each field is the variable ``TRADING_AI_`` and its name."""

    model_config = SettingsConfigDict(env_prefix="TRADING_AI_", extra="ignore")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("trading-ai", appauthor=False)),
        description="Folder of datasets, backtests' arrays and the default database; made on first use.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL of the database, `postgresql://USER:PASSWORD@HOST/NAME` or `sqlite:///PATH`. "
        "Empty: a SQLite file in the home folder.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="Worker processes of an optimization on this machine. 0: one for each core that may be used.",
    )
    max_combinations: int = Field(
        default=10_000_000,
        ge=1,
        description="Largest grid that is searched in full, in combinations; a larger one is refused. Methods that "
        "draw some combinations have no such limit.",
    )
    broker_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis URL of the broker, `redis://:PASSWORD@HOST:6379/0`. Empty: everything runs on this machine.",
    )
    cache_bytes: int = Field(
        default=8 << 30,
        ge=1 << 20,
        description="Bound, in bytes, of the folder in which a machine keeps bars of a shared database; "
        "the longest unused go first.",
    )
    bundle_cache_bytes: int = Field(
        default=256 << 20,
        ge=1 << 20,
        description="Bound, in bytes, of the folder in which a machine keeps published strategies; those that no "
        "process uses go, the longest unused first.",
    )
    allow_code_upload: bool = Field(
        default=False,
        description="Let API keys of scope admin publish strategies over HTTP. Whoever may do that decides what code "
        "workers run.",
    )
    max_upload_bytes: int = Field(
        default=2 << 30, ge=1, description="Largest file that the API accepts, in bytes, packed and unpacked."
    )
    max_body_bytes: int = Field(
        default=1 << 20, ge=1, description="Largest other request that the API accepts, in bytes."
    )
    request_seconds: int = Field(
        default=30,
        ge=1,
        le=3600,
        description="Seconds within which the head of a request, and each part of its body, must have come.",
    )
    admin_key: SecretStr = Field(
        default=SecretStr(""),
        description="An API key of scope admin that is no entry of the database, at least 20 characters long: for "
        "machines that are set up before there is a database to make keys in. Empty: none.",
    )
    require_keys: bool = Field(
        default=False,
        description="Ask for an API key on addresses of this machine too: for a machine that others use, "
        "or on which a proxy listens for others.",
    )
    allowed_hosts: str = Field(
        default="",
        description="Names by which the APIs may be addressed, comma-separated, as in a URL and without a port: "
        "those that a proxy or a certificate has. Without API keys, names of this machine are always among them.",
    )
    insecure: bool = Field(
        default=False,
        description="Accept requests without an API key on addresses that other machines reach. "
        "Whoever reaches them can then do everything.",
    )
    cors_origins: str = Field(
        default="", description="Origins whose web pages may call the API, comma-separated. Empty: none."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of a worker's `/metrics` for Prometheus. 0: none."
    )
    sql_seconds: int = Field(default=10, ge=1, le=3600, description="Seconds after which a query in SQL is ended.")
    sql_memory_bytes: int = Field(
        default=2 << 30,
        ge=256 << 20,
        description="Memory, in bytes, that the process of a query in SQL may take for what it loads, works out and "
        "answers.",
    )
    sql_max_rows: int = Field(default=1_000_000, ge=1, le=100_000_000, description="Most rows of an answer to SQL.")
    sql_max_result_bytes: int = Field(default=256 << 20, ge=1 << 20, description="Largest answer to SQL, in bytes.")
    sql_idle_seconds: int = Field(
        default=30,
        ge=1,
        le=3600,
        description="Seconds for which the process of a query in SQL waits for the next one, with what it has loaded.",
    )
    sql_at_once: int = Field(
        default=2, ge=1, le=64, description="Queries in SQL that a server runs at the same time; others wait."
    )
    chroma_url: SecretStr = Field(
        default=SecretStr(""),
        description="URL of a ChromaDB server, `http://HOST:8000`, with which the assistant keeps vectors. "
        "Empty: none.",
    )
    ollama_url: SecretStr = Field(
        default=SecretStr(""),
        description="URL of an Ollama server, `http://HOST:11434`, whose model words the assistant's answers. "
        "Empty: none.",
    )
    ollama_model: str = Field(
        default="", max_length=200, description="Model of the Ollama server, `llama3.2:3b`; `ollama list` shows them."
    )
    ollama_embed_model: str = Field(
        default="",
        max_length=200,
        description="Model of the Ollama server that turns texts into vectors for search, `nomic-embed-text`. "
        "Empty: the one of the extra `assistant`, if that is installed.",
    )
    llm_url: SecretStr = Field(
        default=SecretStr(""),
        description="URL of a server that speaks OpenAI's protocol, `http://HOST:8000/v1`, instead of Ollama. "
        "Empty: none.",
    )
    llm_model: str = Field(default="", max_length=200, description="Model of that server.")
    llm_key: SecretStr = Field(default=SecretStr(""), description="Key of that server. Empty: none is sent.")
    llm_first_seconds: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Seconds within which a language model must begin to answer; a server may load it first.",
    )
    llm_between_seconds: float = Field(
        default=10.0, gt=0, le=600, description="Longest pause of a language model within its answer, in seconds."
    )
    llm_total_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds after which a language model's answer is given up."
    )
    llm_max_bytes: int = Field(
        default=64_000, ge=1_000, description="Bytes at which the answer of a language model's server is cut."
    )
    llm_context_tokens: int = Field(
        default=4096,
        ge=512,
        le=1_000_000,
        description="Context of a language model, in tokens; half of it is kept for the answer.",
    )
    flower_basic_auth: SecretStr = Field(
        default=SecretStr(""), description="`user:password` that Flower asks for. Empty: it asks for none."
    )
    flower_url: str = Field(
        default="",
        max_length=300,
        description="Where a browser finds Flower, `https://flower.example.org`, for the dashboard's link to it; "
        "`:30555` for that port of the host that the dashboard is opened by. Empty: no link.",
    )
    grafana_url: str = Field(
        default="",
        max_length=300,
        description="Where a browser finds Grafana, likewise: `https://grafana.example.org` or `:30300`. "
        "Empty: no link.",
    )
    log_level: str = Field(
        default="WARNING",
        pattern="(?i)^(debug|info|warning|error)$",
        description="Least serious level that is logged: DEBUG, INFO, WARNING or ERROR.",
    )

    @field_validator("broker_url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        # Whoever serves, drives or works refuses it alike, before anything is begun. It is not shown: it may hold a
        # password.
        url = value.get_secret_value()
        scheme, found, rest = url.partition("://")
        if url and not (found and rest and scheme in _BROKERS):
            raise ValueError("must be a Redis URL, such as redis://:PASSWORD@HOST:6379/0")
        return value

    @field_validator("flower_url", "grafana_url")
    @classmethod
    def _is_a_page(cls, value: str) -> str:
        # It becomes a link: any other scheme would be code of whoever sets it, and a password would be shown to all.
        if value and not _PAGE.fullmatch(value):
            raise ValueError("must be the http or https URL of a page without a password, or a port such as :30555")
        return value

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
