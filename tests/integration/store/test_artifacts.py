"""Files that are complete or absent, and that match their hash."""

from __future__ import annotations

from multiprocessing import get_context

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_bars
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import NotFoundError, StorageError
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.store.database import Database
from trading_ai.store.shared_artifacts import SharedArtifacts


def test_bars_come_back_as_they_went_in(tmp_path):
    plain = random_bars(300, 1)
    rows = np.array([(1.1, 1.2, 1.0, 1.15)] * 3)
    ask = dict(zip(("ask_open", "ask_high", "ask_low", "ask_close"), (rows + 0.01).T, strict=True))
    for bars in (plain, bars_of(rows, spread=[0.1, 0.2, 0.3]), bars_of(rows, **ask)):
        key = FileArtifacts(tmp_path).save_bars(bars)
        assert key == bars.content_hash
        back = FileArtifacts(tmp_path).load_bars(key)
        assert back.content_hash == key
        assert back.symbol == bars.symbol == FileArtifacts(tmp_path).symbol_of(key)
        assert not back.close.flags.writeable
    assert FileArtifacts(tmp_path).save_bars(plain) == plain.content_hash


def test_the_same_object_is_not_read_twice(tmp_path):
    files = FileArtifacts(tmp_path)
    key = files.save_bars(random_bars(50, 1))
    assert files.load_bars(key) is files.load_bars(key)


@pytest.mark.parametrize("damage", ["truncate", "change", "remove"])
def test_damaged_bars_are_refused(tmp_path, damage):
    files = FileArtifacts(tmp_path)
    key = files.save_bars(random_bars(300, 1))
    other = files.save_bars(random_bars(300, 2))
    path = tmp_path / "datasets" / f"{key}.parquet"
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "change":
        path.write_bytes((tmp_path / "datasets" / f"{other}.parquet").read_bytes())
    else:
        path.unlink()
    with pytest.raises(
        NotFoundError if damage == "remove" else StorageError, match=r"import (it )?again|Import it again"
    ):
        files.load_bars(key)


def test_ids_cannot_leave_the_folder(tmp_path):
    for wanted in ("../secret", "a/b", "", "a.b"):
        with pytest.raises(NotFoundError):
            FileArtifacts(tmp_path).load_bars(wanted)
        with pytest.raises(NotFoundError):
            FileArtifacts(tmp_path).symbol_of(wanted)


def test_backtests(tmp_path):
    files = FileArtifacts(tmp_path)
    files.save_backtest("abc-1", {"equity": np.arange(4.0), "trades": np.zeros(2, dtype=[("x", "f8")])})
    back = files.load_backtest("abc-1")
    assert back["equity"].tolist() == [0, 1, 2, 3]
    assert back["trades"].dtype.names == ("x",)
    (tmp_path / "backtests" / "abc-1.npz").write_bytes(b"nonsense")
    with pytest.raises(StorageError, match="Run the backtest again"):
        files.load_backtest("abc-1")
    files.delete_backtest("abc-1")
    with pytest.raises(NotFoundError):
        files.load_backtest("abc-1")


def _save(home):
    return FileArtifacts(home).save_bars(random_bars(2000, 3))


def test_two_processes_may_save_the_same_bars(tmp_path):
    with get_context("spawn").Pool(2) as pool:
        keys = set(pool.map(_save, [tmp_path] * 4))
    assert len(keys) == 1
    assert FileArtifacts(tmp_path).load_bars(keys.pop()).content_hash
    assert not list((tmp_path / "datasets").glob(".*"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        FileArtifacts(tmp_path / "file").save_bars(random_bars(10, 1))


def test_lists_of_trades_are_kept_by_content_and_checked(tmp_path):
    listed = np.zeros(2, LISTED_TRADE)
    listed["entry_price"] = 1.1
    trades = TradeList("EURUSD", listed, "USD", 1_000.0, notes=("no stops",))
    files = FileArtifacts(tmp_path)
    key = files.save_trades(trades)
    assert key == files.save_trades(trades) == trades.content_hash
    back = FileArtifacts(tmp_path).load_trades(key)
    assert (back.content_hash, back.notes, back.capital) == (key, ("no stops",), 1_000.0)
    listed["entry_price"] = 1.2
    other = files.save_trades(TradeList("EURUSD", listed, "USD", 1_000.0))
    path = tmp_path / "trades" / f"{key}.npz"
    path.write_bytes((tmp_path / "trades" / f"{other}.npz").read_bytes())
    with pytest.raises(StorageError, match="no longer matches its hash"):
        files.load_trades(key)
    path.write_bytes(b"no archive")
    with pytest.raises(StorageError, match="cannot be read"):
        files.load_trades(key)
    path.unlink()
    with pytest.raises(NotFoundError):
        files.load_trades(key)


def test_lists_of_trades_in_the_database(tmp_path):
    listed = np.zeros(2, LISTED_TRADE)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    shared = SharedArtifacts(database, tmp_path / "cache")
    key = shared.save_trades(TradeList("EURUSD", listed, "USD", 1_000.0))
    assert shared.load_trades(key).content_hash == key
    with pytest.raises(NotFoundError):
        shared.load_trades("0" * 64)
