"""A database of the first schema, with data in it, becomes one of today's, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests.conformance.test_store import BACKTEST, DATASET, OPTIMIZATION, chunk
from trading_ai.store import migrations, tables
from trading_ai.store.sql import SqlStore

NEW_IN_SPECS = ("parameter_constraints", "max_seconds", "stagnation", "reuse", "warm_start", "batch_size")


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request, tmp_path):
    """URL of a database as the first version left it: 700 trials, some failed, with daily profits."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    source = SqlStore(f"sqlite:///{tmp_path / 'today.sqlite'}")
    source.add_dataset(DATASET)
    source.add_backtest(BACKTEST)
    source.add_optimization(OPTIMIZATION)
    days = np.random.default_rng(1).standard_normal((700, 30)).astype(np.float32)
    made, scores = chunk(range(700), failures={3: "raised", 600: "raised"}, days=days)
    source.save_chunk(OPTIMIZATION.optimization_id, made, scores, np.arange(700) % 5 != 0, 2.0)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old = sa.MetaData()
        old.reflect(connection)
        names = ("datasets", "backtests", "optimizations", "trial_blocks", "trial_metrics", "daily_profits")
        with source.engine.connect() as reading:
            for name in names:
                for row in reading.execute(sa.select(tables.metadata.tables[name])):
                    values = {key: row._mapping[key] for key in old.tables[name].c.keys()}  # noqa: SIM118
                    if name == "optimizations":
                        spec = {k: v for k, v in json.loads(values["spec"]).items() if k not in NEW_IN_SPECS}
                        values["spec"] = json.dumps(spec)
                    connection.execute(old.tables[name].insert().values(**values))
    engine.dispose()
    yield url, source
    source.close()


def test_everything_is_there_after_the_upgrade(old_url):
    url, source = old_url
    store = SqlStore(url)
    key = OPTIMIZATION.optimization_id
    assert store.datasets() == source.datasets()
    assert store.backtests() == source.backtests()
    before, after = source.optimization(key), store.optimization(key)
    assert after.spec == before.spec
    assert (after.n_completed, after.n_failed, after.status) == (before.n_completed, before.n_failed, before.status)
    for one, other in zip(source.trials(key), store.trials(key), strict=True):
        np.testing.assert_array_equal(one.indices, other.indices)
        np.testing.assert_array_equal(one.metrics, other.metrics)
        np.testing.assert_array_equal(one.feasible, other.feasible)
        assert one.errors == other.errors
    for one, other in zip(source.daily_profits(key), store.daily_profits(key), strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    np.testing.assert_array_equal(source.ranked(key, 50).indices, store.ranked(key, 50).indices)
    made, scores = chunk(range(690, 720))
    assert store.save_chunk(key, made, scores, np.ones(30, dtype=bool), 1.0) == 20
    assert store.ranked(key, 22).indices.tolist() == [*range(719, 698, -1), 698]  # of old blocks and of new ones
    store.close()
    SqlStore(url).close()  # a second start changes nothing
