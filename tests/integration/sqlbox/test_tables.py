"""Every table of the schema, with the numbers that are stored."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest

from tests.fakes.stored import BACKTEST_ID, NET, OPTIMIZATION_ID, STUDY, TEST_ID, TRAINING_ID
from trading_ai.documents.sql_tables import TABLES
from trading_ai.errors import NotFoundError, QueryError
from trading_ai.sqlbox import rows as table_rows

_IDS = {"dataset": "latest", "backtest": "latest", "optimization": "sweep", "": ""}


def _written(table):
    return f"{table.name}('{_IDS[table.owner]}')" if table.owner else table.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_and_types_of_the_schema(application, rows, table) -> None:
    described = [(row[0], row[1]) for row in rows(f"describe select * from {_written(table)}")]
    declared = [(column.name, column.type) for column in table.columns]
    if table.name == "trials":
        searched = [("stop_loss", "BIGINT"), ("take_profit", "BIGINT")]
        declared = [*declared[:6], *searched, *declared[6:]]
    assert described == declared


def test_trials_have_parameters_metrics_and_ranks(rows) -> None:
    found = rows(
        "select combination_index, rank, stop_loss, take_profit, net_profit, feasible, error, score "
        "from trials('latest') order by combination_index"
    )
    assert found == [
        (0, 3, 20, 40, 5.0, True, None, 5.0),
        (1, 4, 20, 60, -1.0, True, None, -1.0),
        (2, 1, 30, 40, 30.0, True, None, 30.0),
        (3, 2, 30, 60, 12.0, True, None, 12.0),
        (4, None, 40, 40, None, False, "it broke", None),
        (5, None, 40, 60, 7.0, False, None, None),
    ]


def test_ranks_are_those_of_the_store(application, rows) -> None:
    ranked = application.store.ranked(OPTIMIZATION_ID, 10).indices.tolist()
    assert [row[0] for row in rows("select combination_index from trials('sweep') order by rank nulls last")][
        :4
    ] == ranked[:4]


def test_trials_of_all_optimizations_stand_below_each_other(rows) -> None:
    found = rows("select optimization_id, count(*), sum(net_profit), max(stop_loss) from trials group by 1 order by 1")
    assert found == [(OPTIMIZATION_ID, 6, 53.0, 40), (TRAINING_ID, 6, 53.0, 40)]


def test_trades_of_one_backtest_and_of_all(rows) -> None:
    found = rows(
        "select number, entry_time, exit_time, direction, exit_reason, net_profit, bars_held from trades('first')"
    )
    assert found[1] == (2, datetime(2017, 1, 3, 10), datetime(2017, 1, 3, 12), "short", "stop_loss", -4.0, 2)
    assert [row[5] for row in found] == list(NET)
    assert rows("select backtest_id, count(*) from trades group by 1 order by 1") == [(BACKTEST_ID, 4), (TEST_ID, 1)]


def test_days_and_equity(rows) -> None:
    assert rows("select day, profit from daily_profits('first') order by day limit 1") == [(date(2017, 1, 2), 10.0)]
    assert rows("select max(equity), min(time) from equity('first')") == [(1020.0, datetime(2017, 1, 2))]


def test_bars_are_those_of_the_dataset(application, rows) -> None:
    record = application.store.datasets()[0]
    bars = application.artifacts.load_bars(record.dataset_id)
    found = rows("select count(*), sum(close), min(time), max(spread) from bars('latest')")[0]
    assert found[0] == 48
    assert found[1] == pytest.approx(bars.close.sum(), rel=1e-12)
    assert found[2] == datetime(1970, 1, 1) + timedelta(seconds=int(bars.open_time_ns[0]) // 10**9)


def test_a_dataset_says_no_folder(rows) -> None:
    assert rows("select source, n_bars from datasets") == [("EURUSD.csv", 48)]


def test_parameters_of_backtests_are_json(rows) -> None:
    found = rows(
        "select backtest_id, parameters->>'stop_loss', net_profit, sqn from backtests where part_of = '' order by 1"
    )
    assert found == [(BACKTEST_ID, "20", 20.0, None)]


def test_optimizations_say_what_is_searched(rows) -> None:
    text, best, started = rows("select parameters, best_index, started_at from optimizations where name = 'sweep'")[0]
    assert [axis["name"] for axis in json.loads(text)] == ["stop_loss", "take_profit"]
    assert (best, started) == (2, None)


def test_a_window_of_a_walk_forward(rows) -> None:
    found = rows(
        "select walk_forward, optimization_id, backtest_id, train_start, train_end, test_end, parameters, "
        "in_sample_score, in_sample_profit, out_of_sample_profit, out_of_sample_trades from walk_forward_windows"
    )
    stop, target = '{"stop_loss": 30, ', '"take_profit": 40}'
    assert [tuple(str(cell)[:10] for cell in row[3:6]) for row in found] == [("2017-01-02", "2017-02-01", "2017-03-01")]
    assert found[0][:3] == (STUDY, TRAINING_ID, TEST_ID)
    assert found[0][6:] == (stop + target, 30.0, 30.0, -3.0, 1)


def test_a_verdict_is_a_row_for_each_criterion(rows) -> None:
    found = rows("select rank, verdict, criterion, value, threshold, holds from verdicts order by criterion")
    assert found == [
        (1, "likely luck", "deflated_sharpe", 0.4, 0.95, False),
        (1, "likely luck", "plateau", None, 0.5, False),
    ]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from trails", "Did you mean trials?"),
        ("select shrpe_ratio from trials('sweep')", "Did you mean sharpe_ratio?"),
        ("select t.stoploss from trials('sweep') t", "Did you mean stop_loss?"),
        ("select * from bars", "Write bars('ID')"),
        ("select mediann(1)", "Did you mean median?"),
        ("selct 1", "syntax error"),
        ("select * from api_keys", "there is no table api_keys"),
        ("select * from keys", "there is no table keys"),
        ("show tables", "schema"),
    ],
)
def test_an_error_says_what_to_do(application, sql, said) -> None:
    with pytest.raises(QueryError) as raised:
        application.sql.ask(sql)
    assert said in str(raised.value)


def test_an_unknown_id_is_not_found(application) -> None:
    with pytest.raises(NotFoundError):
        application.sql.ask("select * from trials('nothing')")


def test_what_a_query_does_not_name_is_not_loaded(application) -> None:
    application.sql.close()
    application.sql.ask("select stop_loss, net_profit from trials('sweep') where stop_loss > 20")
    (child,) = application.sql._idle
    held = {key: set(table.columns) for key, table in child.held.items()}
    assert held == {f"trials:{OPTIMIZATION_ID}": {"stop_loss", "net_profit"}}
    application.sql.ask("select max(sharpe_ratio) from trials('sweep')")
    (again,) = application.sql._idle
    assert again is child
    assert set(child.held[f"trials:{OPTIMIZATION_ID}"].columns) == {"stop_loss", "net_profit", "sharpe_ratio"}


def test_a_name_of_the_query_itself_hides_no_table(rows) -> None:
    assert rows("with best as (select max(net_profit) as p from trials('sweep')) select p from best") == [(30.0,)]


def test_two_columns_of_one_name_and_odd_types(rows) -> None:
    found = rows("select 1 as a, 2 as a, sum(1::hugeint) as s, interval 1 day as i, [1, 2] as l, 1.5::decimal(4, 1) d")
    assert found == [(1, 2, 1, "1 day", "[1, 2]", 1.5)]


def test_more_rows_than_asked_for_are_left_out_and_said(application) -> None:
    from trading_ai.sqlbox.formats import frame_of

    answer = application.sql.ask("select range as x from range(10) order by x desc", 3)
    assert frame_of(answer).rows() == [(9,), (8,), (7,)]
    assert answer.truncated
    assert not application.sql.ask("select range from range(3)", 3).truncated


@pytest.mark.parametrize("table", ["trades", "equity", "daily_profits"])
def test_what_is_too_large_to_read_whole_is_refused_while_it_is_read(application, monkeypatch, table) -> None:
    monkeypatch.setattr(table_rows, "MOST_BYTES", 100)
    with pytest.raises(QueryError, match="take more than 0 MB"):
        application.sql.ask(f"select count(*) from {table} where 'not asked before' <> ''")
