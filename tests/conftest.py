"""Servers for every test that asks for one; they start when the first test does."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numba
import pytest
from hypothesis import settings

from tests import compiling
from tests.servers import OutsideServer, PostgresServer, RedisServer, postgres_server, redis_server

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

_DATABASE_URL = os.environ.get("TRADING_AI_TEST_DATABASE_URL", "")
_BROKER_URL = os.environ.get("TRADING_AI_TEST_BROKER_URL", "")
_numbers = itertools.count()

_IS_WARMED = bool(os.environ.get("TRADING_AI_TEST_WARMED"))
"""Whether set-up has compiled everything, so that a test that compiles is a mistake: `make test` says so."""

MAX_COMPILE_SECONDS = 2.0
"""Longest that a test may compile one function; small ones of a signature of their own are let pass."""

# Needs root, a container engine and minutes: `make test-deploy`.
collect_ignore = [] if os.environ.get("TRADING_AI_TEST_DEPLOY") else ["deploy"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A kernel that a test has to compile takes the test's time, up to minutes: set-up is to compile it."""
    with compiling.watched() as seconds:
        result = yield
    if (
        _IS_WARMED
        and item.get_closest_marker("compiles") is None
        and (late := {name: taken for name, taken in seconds.items() if taken > MAX_COMPILE_SECONDS})
    ):
        pytest.fail(f"compiled within the test, in seconds: {late}; let `trading_ai.warm` compile this first")
    return result


def pytest_configure(config: pytest.Config) -> None:
    """Compiled code computes with infinities and NaN in silence; the same lines run by Python must not fail."""
    if numba.config.DISABLE_JIT:
        config.addinivalue_line("filterwarnings", "ignore::RuntimeWarning:trading_ai")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer | OutsideServer]:
    """A PostgreSQL server, one for each test process."""
    if _DATABASE_URL:
        yield OutsideServer(_DATABASE_URL)
        return
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer | OutsideServer]:
    """A Redis server, one for each test process."""
    if _BROKER_URL:
        yield OutsideServer(_BROKER_URL)
        return
    with redis_server(tmp_path_factory.mktemp("redis"), "redis") as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer | OutsideServer]:
    """A Valkey server, one for each test process."""
    if _BROKER_URL:
        pytest.skip("TRADING_AI_TEST_BROKER_URL names the only broker to test")
    with redis_server(tmp_path_factory.mktemp("valkey"), "valkey") as server:
        yield server


@contextmanager
def _new_database(postgres: PostgresServer | OutsideServer) -> Iterator[str]:
    import sqlalchemy

    url = sqlalchemy.make_url(postgres.url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)

    def run(statement: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    run(f"CREATE DATABASE {name} TEMPLATE template0")
    yield url.set(database=name).render_as_string(hide_password=False)
    run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres: PostgresServer | OutsideServer) -> Iterator[str]:
    """URL of a database of its own, empty, on the PostgreSQL server."""
    with _new_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_with_tables(postgres: PostgresServer | OutsideServer) -> Iterator[str]:
    """URL of the database that stores of tests take in turn."""
    from trading_ai.store.database import Database

    with _new_database(postgres) as url:
        Database(url).close()
        yield url


@pytest.fixture
def postgres_store_url(_postgres_with_tables: str) -> Iterator[str]:
    """URL of a PostgreSQL database that has the tables of this version, and nothing in them.

    To empty them takes a tenth of what it takes to make a database and bring it to this version, which
    `postgres_url` is for.
    """
    yield _postgres_with_tables
    import sqlalchemy

    from trading_ai.store.tables import metadata

    engine = sqlalchemy.create_engine(_postgres_with_tables, poolclass=sqlalchemy.NullPool)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
        connection.exec_driver_sql(f"TRUNCATE {', '.join(map(str, metadata.sorted_tables))} RESTART IDENTITY")


@pytest.fixture(params=["redis", "valkey"])
def broker_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty broker: once Redis, once Valkey."""
    import redis

    url: str = request.getfixturevalue(request.param).url
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
