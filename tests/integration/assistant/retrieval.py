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

UNSEEN = (
    (
        "how much money do I need in margin before the broker closes me out",
        (
            "execution-rules",
            "options",
        ),
    ),
    (
        "what happens when price jumps past my stop over the weekend",
        ("execution-rules",),
    ),
    (
        "I have an excel report from mt5, get it in",
        (
            "import-a-backtest",
            "trade-formats",
            "import-formats",
            "cli",
        ),
    ),
    (
        "is my best result just luck",
        (
            "robustness",
            "ask-questions",
            "first-optimization",
            "README",
        ),
    ),
    (
        "share results with a friend as a single page",
        (
            "cli",
            "README",
            "first-optimization",
            "run-as-a-service",
        ),
    ),
    (
        "make it faster on my machine with 16 cores",
        (
            "scaling",
            "performance",
            "settings",
            "search-methods",
            "cli",
            "options",
        ),
    ),
    (
        "connect claude desktop to my backtests",
        ("use-from-your-agent",),
    ),
    (
        "restrict who can reach the server",
        (
            "run-as-a-service",
            "settings",
            "PHASE-4",
            "use-the-http-api",
            "cli",
        ),
    ),
    (
        "postgres instead of a file",
        (
            "settings",
            "run-as-a-service",
            "PHASE-4",
            "scaling",
        ),
    ),
    (
        "which columns does the trades table have",
        (
            "sql",
            "ask-in-sql",
        ),
    ),
    (
        "tokyo hours times in the wrong zone after import",
        (
            "clocks",
            "import-formats",
            "get-bars",
        ),
    ),
    (
        "keep trading the winner on later months it has never seen",
        (
            "robustness",
            "cli",
            "walk",
        ),
    ),
    (
        "two goals at once, profit and drawdown",
        (
            "search-methods",
            "cli",
            "what-ranks",
            "options",
        ),
    ),
    (
        "my c# algo from ctrader in python",
        (
            "recreate-a-csharp-robot",
            "run-a-ctrader-robot",
            "PHASE-5",
        ),
    ),
    (
        "random sampling of the parameter grid",
        ("search-methods",),
    ),
    (
        "penalise parameter sets with too few deals",
        (
            "what-ranks",
            "options",
            "cli",
            "robustness",
        ),
    ),
    (
        "lots vs units vs percent risk",
        (
            "options",
            "execution-rules",
        ),
    ),
    (
        "daylight saving shifts the daily candle",
        (
            "clocks",
            "execution-rules",
        ),
    ),
    (
        "the same run gives different numbers on another pc",
        (
            "cli",
            "README",
            "robustness",
            "execution-rules",
            "python",
            "performance",
        ),
    ),
    (
        "add bars that arrived since last week",
        (
            "get-bars",
            "cli",
        ),
    ),
    (
        "kill a pod in the middle of a sweep",
        (
            "PHASE-4",
            "scaling",
            "run-as-a-service",
        ),
    ),
    (
        "what does ambiguous exit mean",
        (
            "execution-rules",
            "metrics",
            "assistant",
        ),
    ),
    (
        "take partial profits",
        (
            "write-an-event-strategy",
            "execution-rules",
            "say-more-in-signals",
            "run-a-ctrader-robot",
        ),
    ),
    (
        "breakeven move after some pips",
        (
            "execution-rules",
            "options",
            "strategies",
            "replay",
            "say-more-in-signals",
        ),
    ),
    (
        "monitor memory and queue in grafana",
        (
            "run-as-a-service",
            "PHASE-4",
            "PHASE-1",
            "PHASE-3",
        ),
    ),
    (
        "stop the assistant from making up numbers",
        (
            "assistant",
            "use-a-language-model",
            "ask-questions",
        ),
    ),
    (
        "upload a file bigger than the limit",
        (
            "settings",
            "use-the-http-api",
            "run-as-a-service",
        ),
    ),
    (
        "optimize only trade levels of a tradingview export",
        (
            "replay-a-backtest",
            "replay",
            "import-a-backtest",
        ),
    ),
    (
        "weekly bars built from hourly ones",
        (
            "clocks",
            "get-bars",
            "import-formats",
            "cli",
            "say-more-in-signals",
        ),
    ),
    (
        "write log lines from inside my strategy",
        (
            "write-an-event-strategy",
            "cli",
            "run-a-ctrader-robot",
            "write-a-runner",
        ),
    ),
)
"""Others, written before search by meaning was tried on them; nothing was changed for them since."""
