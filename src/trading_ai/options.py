"""One table of every option of a backtest, of an optimization and of an import.

What the engine and the search take stands once, in `OPTIONS`: name, type, unit, default, bounds, help. The table makes
the flags of the command line (`cli.flags`), the fields of the HTTP API's requests (`api.schemas`), the reference pages
(`scripts/make_reference_docs.py`) and the commands that a report prints to make its numbers again
(`reports.reproduce`); the arguments of `import trading_ai as ta` are written out, for editors and type checkers, and
a test holds them to it. A new option is a field where it is used and a row here; tests find a field without a row.
"""

from __future__ import annotations

from trading_ai.option import Given, Group, Kind, Option, Plain

__all__ = ["LIBRARY_NAMES", "OPTIONS", "Given", "Group", "Kind", "Option", "Plain", "option", "rows_of"]

_WHOLE = 10**15  # larger numbers lose digits on their way through JSON and floating point
_ENGINE = "filled in when the search is planned, from the datasets that are there"

OPTIONS: tuple[Option, ...] = (
    # --- backtest: BacktestSpec
    Option(
        "backtest", "strategy", "object", None, "Name, or path/to/file.py:ClassName.", flag="--strategy",
        library="strategy",
    ),
    Option(
        "backtest", "parameters", "object", None, "Values of the strategy's parameters; the others keep their default.",
        flag="--set", library="params",
    ),
    Option(
        "backtest", "dataset_id", "object", None, "The bars: a dataset's id, a unique prefix, or latest.",
        flag="--dataset", library="bars",
    ),
    Option(
        "backtest", "capital", "number", 10_000.0, "Starting balance.", "account currency", above=0, library="capital"
    ),
    Option(
        "backtest", "account_currency", "currency", "USD", "Account currency.", flag="--currency",
        library="account_currency",
    ),
    Option("backtest", "sizing", "object", None, "Position size, see its group.", flag="-", library="sizing"),
    Option("backtest", "costs", "object", None, "Costs of trading, see their group.", flag="-", library="costs"),
    Option("backtest", "rules", "object", None, "Execution rules, see their group.", flag="-", library="rules"),
    Option(
        "backtest", "timeframe", "timeframe", None,
        "Timeframe that the strategy sees, if longer than the dataset's.", max_length=10,
    ),
    Option(
        "backtest", "day_start", "text", None,
        "When the day starts that bars of H2 and longer lie in, such as '17:00 America/New_York', NY+7 or UTC (its "
        "midnight); the symbol's own if left out.", max_length=60, library="day_start",
    ),
    Option(
        "backtest", "detail_dataset_id", "dataset", None, "Finer bars that decide exits.", flag="--detail",
        library="detail",
    ),
    Option(
        "backtest", "conversion_dataset_id", "dataset", None,
        "Bars of the rate between the symbol's quote currency and the account's, such as GBPUSD for EURGBP in USD; "
        "needed where neither currency of the symbol is the account's.", flag="--conversion", library="conversion_bars",
    ),
    Option(
        "backtest", "other_dataset_ids", "texts", (),
        "Bars of another symbol that the strategy may look at (bars.other), or trade if it places orders (ctx.symbol): "
        "a dataset's id or a unique prefix; may be repeated.", flag="--other", max_length=100, max_items=20,
        library="others",
    ),
    Option(
        "backtest", "trades_id", "text", None,
        "What the strategy replay replays: the id of a backtest whose trades it takes, or of a list of trades.",
        flag="--trades", max_length=64,
    ),
    Option(
        "backtest", "start", "moment", None,
        "Trade from this date or time on (UTC); earlier bars warm indicators up.", flag="--from", max_length=40,
        library="start",
    ),
    Option(
        "backtest", "end", "moment", None, "Bars from this date or time on are left out.", flag="--to", max_length=40,
        library="end",
    ),
    # --- sizing: Sizing
    Option(
        "sizing", "mode", "choice", "units", "How a position is sized.", flag="-",
        choices={
            "units": "a fixed size in units",
            "lots": "a fixed size in lots",
            "risk_percent": "percent of the balance that a stop-loss may lose",
            "percent_of_equity": "percent of the equity that a position is worth at its entry, 100 for all in",
        },
        without="its flags are --units, --lots, --risk-percent and --percent-of-equity, each with the value",
    ),
    Option(
        "sizing", "value", "number", None,
        "The size in units or lots, or the percent at risk or of the equity; if left out, 10,000 units, or as many "
        "whole steps as the capital buys at the first price if that is less.",
        "units, lots or percent", above=0, named_by="mode",
    ),
    Option(
        "sizing", "volume_step", "number", None, "Step that sizes are rounded down to; the symbol's own if left out.",
        "units", low=0,
    ),
    Option(
        "sizing", "min_volume", "number", None,
        "Smallest size; a smaller position is not opened; the symbol's own if left out.", "units", low=0,
    ),
    Option("sizing", "max_volume", "number", 0.0, "Largest size, 0 for no limit.", "units", low=0),
    # --- costs: Costs
    Option(
        "costs", "spread_pips", "number", None, "Spread; the data's own if left out.", "pips", low=0, flag="--spread"
    ),
    Option(
        "costs", "commission_per_lot", "number", 0.0, "Commission for each lot and side.", "account currency", low=0
    ),
    Option(
        "costs", "commission_per_million", "number", 0.0, "Commission for each million traded and side.",
        "account currency", low=0,
    ),
    Option(
        "costs", "commission_percent", "number", 0.0, "Commission as a share of the traded value, for each side.",
        "percent", low=0,
    ),
    Option(
        "costs", "commission_per_trade", "number", 0.0, "Commission for each side of a trade, whatever its size.",
        "account currency", low=0,
    ),
    Option(
        "costs", "slippage_pips", "number", 0.0, "Adverse price change of market and stop fills.", "pips", low=0,
        flag="--slippage",
    ),
    Option(
        "costs", "swap_long", "number", 0.0, "Credit a night for a long position; negative is a charge.", "swap unit"
    ),
    Option("costs", "swap_short", "number", 0.0, "The same for a short position.", "swap unit"),
    Option(
        "costs", "swap_unit", "choice", "pips", "What swaps are given in.",
        choices={"pips": "pips of the position", "account": "account currency for each lot"},
    ),
    Option(
        "costs", "conversion_rate", "number", None,
        "Account currency for one unit of quote currency; the rate of each trade's exit if left out.",
        "account currency", above=0,
    ),
    # --- rules: ExecutionRules
    Option(
        "rules", "opposite_signal", "choice", "reverse", "What an opposite signal does to an open position.",
        choices={"reverse": "close it and open the other way", "close": "close it", "ignore": "nothing"},
        flag="--opposite",
    ),
    Option(
        "rules", "same_bar", "choice", "stop_first", "Which level fills when stop and target lie inside one bar.",
        choices={"stop_first": "the stop-loss", "target_first": "the take-profit",
                 "nearer_first": "the one towards the extreme that is nearer to the open, as TradingView does"},
    ),
    Option(
        "rules", "level_anchor", "choice", "fill", "The price that stop and target distances are measured from.",
        choices={"fill": "the entry's fill", "signal_close": "the close of the signal's bar"},
    ),
    Option(
        "rules", "round_levels", "yes_no", True, "Round stop and target prices to the symbol's digits and two more."
    ),
    Option(
        "rules", "direction", "choice", "both", "Sides that may be opened.",
        choices={"both": "long and short", "long": "long only", "short": "short only"},
    ),
    Option("rules", "max_positions", "whole", 1, "Positions open at once.", low=1, high=64),
    Option("rules", "close_at_end", "yes_no", True, "Close open positions at the last bar's close."),
    Option(
        "rules", "leverage", "number", 0.0,
        "How many times its margin a position may be worth, 30 for 1:30; 0 for no margin: positions are then closed "
        "only when the equity is zero.", low=0, high=10_000,
    ),
    Option(
        "rules", "stop_out_level", "number", 50.0,
        "Equity in percent of the margin in use at which positions are closed, the largest loser first.", "percent",
        low=0, high=100,
    ),
    # --- optimization: OptimizationSpec
    Option(
        "optimization", "backtest_id", "object", None,
        "The backtest whose other settings stay: its id, a unique prefix, its name, or latest.", flag="BACKTEST_ID",
    ),
    Option(
        "optimization", "space", "object", None,
        "Values of each searched parameter: a range, both ends included, or a list.", flag="--param", api="parameters",
    ),
    Option(
        "optimization", "parameter_constraints", "texts", (),
        'A condition on parameters, such as "fast * 2 <= slow"; may be repeated.', flag="--require", each_window=True,
    ),
    Option(
        "optimization", "method", "text", "grid_search",
        "How to search: grid_search, random_search, quasi_random, gaussian_process, bayesian, genetic, cma_es or "
        "coarse_to_fine.", api="optimization_type", max_length=50, each_window=True,
    ),
    Option(
        "optimization", "max_iterations", "whole", None,
        "Combinations to try; needed by random_search and quasi_random.", low=1, api_high=_WHOLE, each_window=True,
    ),
    Option("optimization", "max_seconds", "number", None, "Stop after so long.", "seconds", above=0, api_high=_WHOLE),
    Option(
        "optimization", "stagnation", "whole", None, "Stop after so many trials without a better one.", "trials", low=1,
        api_high=_WHOLE,
    ),
    Option(
        "optimization", "batch_size", "whole", 16,
        "Combinations that a method that learns proposes at a time; bayesian and gaussian_process at most a twelfth "
        "of the trials.", low=1,
        api_high=1000,
    ),
    Option(
        "optimization", "reuse", "yes_no", True, "Answer what was tried before from the ledger.",
    ),
    Option(
        "optimization", "warm_start", "yes_no", False,
        "Let a method that learns begin with what was tried before.",
    ),
    Option(
        "optimization", "seed", "whole", 0, "Seed of methods that draw.", low=0, api_high=2**31 - 1, each_window=True
    ),
    Option(
        "optimization", "objective", "text", "sharpe_ratio",
        "A metric to rank by, get_fitness (of a robot), ctrader_fitness, a formula of metrics, or file.py:function; "
        "more is better; plateau(OBJECTIVE) ranks a trial with its neighbours.", each_window=True, library="objective",
    ),
    Option(
        "optimization", "more_objectives", "texts", (),
        "Given again, the trials that none beats in all of them are shown too (the Pareto front).", flag="--objective",
        follows="objective", max_items=4,
    ),
    Option(
        "optimization", "constraints", "texts", (),
        'A condition on results, such as "total_trades >= 30"; may be repeated.', flag="--where", max_length=200,
        each_window=True,
    ),
    Option(
        "optimization", "min_trades", "whole", 10,
        "Trades below which a trial does not rank, however good it looks; 0 lifts the floor.", "trades", low=0,
        api_high=_WHOLE, library="min_trades",
    ),
    Option(
        "optimization", "keep_daily_profit", "yes_no", None,
        "Keep each trial's daily profits for `robustness`; if left out, up to 20,000 combinations.",
        off_flag="--no-daily-profit", decided=True, library="keep_daily_profit",
    ),
    Option(
        "optimization", "datasets", "object", None, "The dataset of each searched symbol.", flag="-", api="-",
        without=_ENGINE,
    ),
    Option(
        "optimization", "functions_hash", "text", "", "The code of users' functions among the objectives.", flag="-",
        api="-", without=_ENGINE,
    ),
    # --- import: arguments of read_bars, of which the last describe the symbol
    Option(
        "import", "timeframe", "timeframe", None,
        "M1, H1, ...; the commonest spacing of the rows if left out, and M1 for ticks.", max_length=10,
    ),
    Option(
        "import", "timezone", "text", None,
        "Clock of the times: UTC, EST, NY+7, America/New_York, ...; detected by the market's hours if left out.",
        max_length=100,
    ),
    Option(
        "import", "repair", "yes_no", False,
        "Drop exact duplicates and weekend filler, sort, and say what was done.",
    ),
    Option(
        "import", "price_scale", "number", None,
        "Factor on every price, such as 1e-5; 1 keeps prices that would be refused as unusual.", low=1e-12,
        high=1e12,
    ),
    Option(
        "import", "side", "choice", None, "Whose prices they are; of an archive with both sides, which to take.",
        choices={"bid": "bid prices", "ask": "ask prices", "mid": "between them", "trade": "prices of trades"},
    ),
    Option(
        "import", "format", "text", None,
        "csv, mt4, mt5, histdata, dukascopy, lean, parquet or ticks; recognised if left out.", max_length=20,
    ),
    Option(
        "import", "date_format", "text", None, "A strptime pattern such as %Y%m%d %H:%M, or dd.mm.yyyy hh:mm.",
        max_length=100,
    ),
    Option(
        "import", "delimiter", "text", None, "A character, or tab, comma, semicolon, space, bar.", max_length=10
    ),
    Option(
        "import", "decimal", "text", None, "The decimal sign, . or , (point, comma), where 1,905 could mean either.",
        max_length=10,
    ),
    Option(
        "import", "columns", "texts", (),
        "ROLE=NAME or ROLE=NUMBER (from 0), such as time=stamp; spread=- leaves a column out; may be repeated.",
        max_length=200, max_items=30,
    ),
    Option(
        "import", "spread_unit", "choice", None,
        "What a spread column counts; if left out, whole numbers are points and others prices.",
        choices={"points": "of the last decimal", "pips": "of the symbol", "price": "as prices"},
    ),
    Option(
        "import", "member", "text", None,
        "Names of the files of an archive or folder to read as one series, such as *2021*.csv.", max_length=200,
    ),
    Option(
        "import", "ticker", "text", None, "Where a column names symbols: the name, as it stands there, to read.",
        max_length=100,
    ),
    Option(
        "import", "ask", "text", None, "A second file with the ask prices of the same bars.", api="-",
        without="in a request, zip the file of bid and that of ask prices together",
    ),
    Option("import", "pip_size", "number", None, "Price distance of a pip.", above=0, api_high=_WHOLE),
    Option("import", "digits", "whole", None, "Decimals in a price.", low=0, high=12),
    Option("import", "lot_size", "number", None, "Units in a lot.", above=0, api_high=_WHOLE),
    Option("import", "quote_currency", "text", None, "Currency of the prices.", max_length=10),
    Option("import", "base_currency", "text", None, "Currency or asset that units count.", max_length=20),
    Option(
        "import", "kind", "text", None,
        "Kind of a symbol outside the table: share, index, crypto, fx, metal, future or other; pip, lot, currency and "
        "hours follow from it.", max_length=20,
    ),
    Option(
        "import", "exchange", "text", None,
        "Exchange whose sessions the symbol keeps: XNYS, XLON, XETR, XTKS, ...; by ticker or currency if left out.",
        max_length=20,
    ),
    Option(
        "import", "stamped", "choice", None,
        "What the times are; taken for opens if left out, and doubts are said.",
        choices={"open": "the opens of bars", "end": "the ends of bars, which become opens"},
    ),
    Option(
        "import", "day_start", "text", None,
        "When the trading day starts: '17:00 America/New_York', NY+7, UTC, ...; the symbol's own if left out.",
        max_length=60,
    ),
    Option(
        "optimization", "look_ahead", "text", "", "What shows that the strategy reads the future.", flag="-", api="-",
        without=_ENGINE,
    ),
    # --- report: arguments of read_trades, for backtests that were made elsewhere
    Option(
        "report", "dataset_id", "dataset", None,
        "Bars of the symbol, which tell the clock and are replayed on; the finest that cover its times if left out.",
        flag="--dataset", max_length=64,
    ),
    Option(
        "report", "timezone", "text", None,
        "Clock of the report's times: UTC, NY+7, EET, America/New_York, ...; as the report says, or told by the bars, "
        "if left out.", max_length=100,
    ),
    Option(
        "report", "symbol", "text", None, "Symbol, such as EURUSD, where a report names none, several, or another.",
        max_length=50,
    ),
    Option(
        "report", "columns", "texts", (),
        "ROLE=NAME or ROLE=NUMBER (from 0) of a list of trades, such as entry_time=Opened; may be repeated.",
        max_length=200, max_items=30,
    ),
    Option(
        "report", "lot_size", "number", None, "Units in a lot, where a report counts lots of a symbol unknown here.",
        above=0, api_high=_WHOLE,
    ),
    Option(
        "report", "capital", "number", None, "First deposit, account currency; the report's if left out.", above=0,
        high=_WHOLE,
    ),
    Option(
        "report", "account_currency", "text", None, "Currency of the account; the report's if left out.", max_length=10,
        flag="--currency",
    ),
    # --- library: arguments that hold what a file or a folder cannot
    Option(
        "library", "n_threads", "whole", None, "Threads; one for each core if left out.", low=1, flag="-", api="-",
        library="n_threads", without="--workers chooses how a command runs; the numbers are the same",
    ),
)  # fmt: skip
"""Every option, in the order in which commands and pages show them."""

LIBRARY_NAMES = frozenset(row.library for row in OPTIONS if row.library)
"""Arguments of the library: as keyword arguments they mean the option, whatever a strategy calls its parameters."""


def rows_of(*groups: Group, each_window: bool = False) -> tuple[Option, ...]:
    """Rows of some groups, in order; of a search only those that each window of a walk-forward takes, if wanted."""
    return tuple(row for row in OPTIONS if row.group in groups and (row.each_window or not each_window))


def option(group: Group, field: str) -> Option:
    """The row of a field.

    Raises:
        KeyError: there is none.
    """
    for row in rows_of(group):
        if row.field == field:
            return row
    raise KeyError(f"{group}.{field}")
