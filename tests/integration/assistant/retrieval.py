"""Questions about the documentation as users ask them, with the pages of which one must be among the first three.

They were written before the search was tried on them.
"""

QUESTIONS = (
    (
        "how do I import a csv of bars",
        ("import-formats", "cli", "get-bars", "first-optimization", "PHASE-2"),
    ),
    ("what is the deflated sharpe ratio", ("robustness", "metrics", "assistant")),
    ("how does walk forward work", ("robustness", "cli")),
    ("my stop and target were hit in the same bar, which one counts", ("execution-rules",)),
    ("run my ctrader cbot", ("run-a-ctrader-robot", "recreate-a-csharp-robot", "PHASE-5")),
    ("use a backtrader strategy", ("run-a-backtrader-strategy", "PHASE-5")),
    ("limit order that expires", ("execution-rules", "write-an-event-strategy", "say-more-in-signals")),
    (
        "resume an optimization after a crash",
        ("cli", "README", "first-optimization", "PHASE-4", "run-as-a-service"),
    ),
    ("add more workers", ("PHASE-4", "run-as-a-service", "scaling", "README")),
    ("which search method should I take for many parameters", ("search-methods",)),
    ("what does plateau mean", ("what-ranks", "robustness", "metrics")),
    ("how is the spread charged", ("execution-rules", "options")),
    ("time zone of my file", ("clocks", "import-formats")),
    ("import a metatrader report", ("import-a-backtest", "trade-formats", "cli")),
    ("optimize the stops of trades without the code", ("replay-a-backtest", "replay", "import-a-backtest")),
    ("ask in sql for the best trials", ("ask-in-sql", "sql")),
    ("api key for another machine", ("use-the-http-api", "cli", "run-as-a-service", "settings")),
    ("how is swap computed overnight", ("execution-rules", "options")),
    ("publish a strategy to the cluster", ("share-a-strategy-with-the-workers", "cli")),
    ("what is a ruined account", ("execution-rules", "what-ranks", "metrics")),
    ("sharpe ratio definition", ("metrics",)),
    ("stop that trails", ("execution-rules", "write-an-event-strategy", "strategies", "say-more-in-signals", "replay")),
    ("use bars of another symbol as a filter", ("say-more-in-signals", "cli")),
    ("look ahead bias check", ("robustness", "cli")),
    ("position sizing as percent of equity", ("options", "execution-rules")),
    ("run an external program as a strategy", ("run-any-command", "write-a-runner")),
    ("download bars from binance", ("get-bars", "cli")),
    ("export parameters to cbotset", ("cli", "run-a-ctrader-robot")),
    ("h4 trend with h1 entries", ("say-more-in-signals", "write-an-event-strategy")),
    ("memory or cores for a worker", ("PHASE-4", "run-as-a-service", "scaling")),
)
