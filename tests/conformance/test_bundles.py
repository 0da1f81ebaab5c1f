"""What `trading_ai.optimization.bundles.Bundles` promises: on both databases and in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.conformance.databases import sql_store
from tests.conformance.test_store import BACKTEST, DATASET
from tests.fakes.bundles import bundle
from trading_ai.errors import InputError, NotFoundError, StateError, StorageError
from trading_ai.store.bundles import MemoryBundles, SqlBundles
from trading_ai.store.memory import MemoryStore

FIRST, SECOND = bundle(), bundle(b"other = 1")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def joined(request, tmp_path):
    if request.param == "memory":
        store = MemoryStore()
        yield store, MemoryBundles(store)
        return
    with sql_store(request, tmp_path) as (database, store):
        yield store, SqlBundles(database)


def test_a_bundle_is_found_by_name_and_by_hash(joined) -> None:
    _, bundles = joined
    assert bundles.keep(FIRST, "breakout", 5.0)
    for named in ("breakout", FIRST.bundle_hash, FIRST.bundle_hash[:8]):
        found = bundles.record(named)
        assert (found.manifest, found.names, found.published_at) == (FIRST.manifest, ("breakout",), 5.0)
        assert found.n_bytes == len(FIRST.contents["quiet.py"]) + 1
    assert bundles.load(FIRST.bundle_hash) == FIRST
    for named in (FIRST.bundle_hash[:7], "break", "", "%"):
        with pytest.raises(NotFoundError):
            bundles.record(named)


def test_publishing_again_moves_the_name_and_keeps_the_old_bundle(joined) -> None:
    _, bundles = joined
    bundles.keep(FIRST, "breakout", 5.0)
    assert bundles.keep(SECOND, "breakout", 6.0)
    assert not bundles.keep(SECOND, "also", 7.0)
    assert [(r.bundle_hash, r.names) for r in bundles.all()] == [
        (SECOND.bundle_hash, ("also", "breakout")),
        (FIRST.bundle_hash, ()),
    ]
    assert bundles.record("breakout").published_at == 6.0
    assert bundles.load(FIRST.bundle_hash) == FIRST


def test_a_bundle_that_a_backtest_uses_is_not_deleted(joined) -> None:
    store, bundles = joined
    bundles.keep(FIRST, "breakout", 5.0)
    bundles.keep(SECOND, "other", 5.0)
    store.add_dataset(DATASET)
    store.add_backtest(replace(BACKTEST, spec=replace(BACKTEST.spec, strategy=f"bundle:{FIRST.bundle_hash}")))
    with pytest.raises(StateError, match=f"used by 1 backtest.*{BACKTEST.backtest_id[:8]}"):
        bundles.delete("breakout")
    assert bundles.delete("other") == SECOND.bundle_hash
    assert [r.names for r in bundles.all()] == [("breakout",)]
    store.delete_backtest(BACKTEST.backtest_id)
    bundles.delete(FIRST.bundle_hash[:10])
    assert bundles.all() == []
    with pytest.raises(NotFoundError):
        bundles.load(FIRST.bundle_hash)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "1st", "-x", "ab" * 32, "deadbeef", "x:y"])
def test_a_name_that_could_be_something_else_is_refused(joined, name) -> None:
    with pytest.raises(InputError, match="name"):
        joined[1].keep(FIRST, name, 5.0)


def test_what_was_changed_in_the_database_is_not_given_out(joined) -> None:
    store, bundles = joined
    bundles.keep(FIRST, "breakout", 5.0)
    bundles.keep(SECOND, "other", 5.0)
    if isinstance(store, MemoryStore):
        bundles._archives[FIRST.bundle_hash] = SECOND.pack()
    else:
        with store.engine.begin() as connection:
            connection.execute(text("delete from bundle_parts where bundle_hash = :h"), {"h": FIRST.bundle_hash})
            change = "update bundle_parts set bundle_hash = :h where bundle_hash = :other"
            connection.execute(text(change), {"h": FIRST.bundle_hash, "other": SECOND.bundle_hash})
    with pytest.raises(StorageError, match="does not match its hash"):
        bundles.load(FIRST.bundle_hash)
    bundles.keep(FIRST, "breakout", 6.0)
    assert bundles.load(FIRST.bundle_hash) == FIRST
