"""The words that questions are made of: phrases by the slot that they fill and what they say there."""

from __future__ import annotations

from functools import cache

from trading_ai.assistant.criteria import OF_CUES
from trading_ai.documents.sql_tables import BACKTESTS, TRADES
from trading_ai.documents.sql_words import SYNONYMS
from trading_ai.metrics.catalog import METRIC_NAMES

_CALENDAR = {
    "weekday": {
        "1": "monday|mondays|mon", "2": "tuesday|tuesdays|tue|tues", "3": "wednesday|wednesdays|wed",
        "4": "thursday|thursdays|thu|thurs", "5": "friday|fridays|fri", "6": "saturday|saturdays|sat",
        "7": "sunday|sundays",
    },
    "month": {
        "1": "january|jan", "2": "february|feb", "3": "march", "4": "april|apr", "5": "in may|during may|of may|may "
            "trades",
        "6": "june|jun", "7": "july|jul", "8": "august|aug", "9": "september|sept|sep", "10": "october|oct",
        "11": "november|nov", "12": "december|dec",
    },
    "session": {
        "asia": "asian session|asia session|asian|asia|tokyo|tokyo session|asian hours",
        "london": "london session|london|european session|europe session|london hours|european hours",
        "new_york": "new york session|new york|ny session|ny|us session|american session|new york hours",
    },
    "part": {
        "weekend": "weekend|weekends|at the weekend|on weekends",
        "over_weekend": "over the weekend|over weekend|over weekends|over a weekend|across the weekend|held "
            "over the weekend|"
            "through the weekend|open over the weekend|held over weekends|over the weekends",
        "overnight": "overnight|held overnight|over night|kept overnight|open overnight|left open overnight|"
            "held over night", "first_half": "first half", "second_half": "second half",
        "morning": "in the morning|mornings|morning trades", "afternoon": "in the afternoon|afternoons", "night":
            "at night|in the night|night trades",
        "evening": "in the evening|evenings",
    },
}  # fmt: skip

_TRADES = {
    "dim": {
        "hour": "hr|hrs|hour|hours|hourly|hour of day|hour of the day|time of day|time of the day|hours of the "
            "day|what time|what time of day|what time of the day|which time of day|at what time|what times|best times|"
            "what hour|which hours|which hour",
        "weekday": "dow|weekday|weekdays|day of week|day of the week|days of the week|day of the weeks|week day|"
            "week days|"
            "which day|what day|best day of the week|day of week",
        "day": "by day|per day|each day|daily|day by day|every day|calendar day",
        "week": "week|weeks|by week|per week|weekly|week by week|each week|which week",
        "month": "month|months|monthly|month by month|calendar month|which month|what month",
        "half_year": "by half year|half year|half years|half-year|half-years|semester|semesters",
        "quarter": "quarter|quarters|quarterly",
        "year": "year|by year|per year|yearly|year by year|each year|which year|years|every year|annually",
        "session": "session|sessions|trading session|trading sessions|market session|market sessions",
        "direction": "direction|directions|side|sides|by direction|long or short|longs or shorts|long vs short|longs "
            "vs shorts|long versus short|longs versus shorts|long and short|longs and shorts|buys and sells|buys or "
            "sells|buy vs sell",
        "exit_reason": "exit reason|exit reasons|reason of exit|reason for exit|reasons for exit|kind of exit|how "
            "trades end|how trades ended|how trades close|how did trades end|exit type|exit types|how trades exit|how "
            "do my trades end|how do trades end|how did the trades end|how do my trades close|how are trades closed|"
            "how are my trades closed|how were trades closed|how did they close|how did my trades end|reason for "
            "closing",
        "duration": "how long trades are held|by length|by holding time|hold time bucket|by trade duration|by holding "
            "period|holding time bucket",
    },
    "direction": {
        "long": "long|longs|buy|buys|long side|buy side|long trades|long positions|buy trades|bullish trades|"
            "going long",
        "short": "short|shorts|sell|sells|short side|sell side|short trades|short positions|sell trades|going short",
    },
    "outcome": {
        "win": "green|in the green|winning trades|winners|winning|winner trades|profitable trades|wins|won "
            "trades|trades that won|"
            "trades won",
        "loss": "red|in the red|in red|loss|losing trades|losers|losing|losses|lost trades|unprofitable trades|"
            "trades that lost|loser trades|"
            "trades lost|loss making trades|losing ones",
    },
    "exit": {
        "stop_loss": "stop was hit|stop got hit|stopped out|hit my stop|hit my stop loss|hit my sl|"
            "hit the stop loss|hit the stop|hit their stop|hit stop loss|hit its stop|hit sl|"
            "closed by stop loss|closed by the stop|at the stop loss|hit a stop|hit the sl|ended in the stop|closed "
            "at the stop|ended at the stop|stop loss exits|sl hits|stopped|hit stop|exited by stop loss|closed by the "
            "stop loss|ended by stop loss|ended by the stop loss|stop loss hits|on stop loss|exit by stop loss|"
            "through the stop loss|exited at the stop|closed at the stop loss|hit their stop loss|hit its stop loss|"
            "stop exits|via stop loss",
        "take_profit": "target reached|target is reached|target was hit|target got hit|hit my target|"
            "hit my take profit|hit my tp|"
            "hit the take profit|hit take profit|hit the target|hit their target|hit tp|reached the target|"
            "at the take profit|closed by take profit|take profit exits|tp hits|reached take profit|reached the take "
            "profit|hit its target|hit target|closed at target|hit the tp|closed by the take profit|ended by take "
            "profit|reached their target|target hits|take profit hits|hit their take profit|reached their take profit|"
            "ended at the take profit|via take profit|at target",
        "trailing_stop": "trailing exits|hit the trailing stop|by trailing stop|by the trailing stop|trailing "
            "stop exits|trailed out",
        "break_even": "break even exits|closed at break even|by break even",
        "time_exit": "time exit|timed out|by time exit|closed by time|time exits",
        "signal": "closed by signal|by signal|by a signal|exit signal|signal exits|by an opposite signal|exited by "
            "signal|opposite signal|closed by a signal|closed on signal|ended by signal|on a signal",
        "end_of_data": "open at the end|end of data|at the end of the data|left open",
    },
}  # fmt: skip

_ASKED = {
    "agg": {
        "avg": "per trade|average|mean|avg|on average|averaged|averages|typical",
        "median": "median|middle",
        "sum": "total|sum|summed|altogether|overall|in total|all together|add up|combined|sum of",
        "count": "how many|number of|count|how often|how frequently|amount of|count of|no of|numbers of|# of",
        "max": "maximum|max",
        "min": "minimum|min",
        "share": "what percentage|which percentage|percentage of|share of|what share|what fraction|fraction of|"
            "percent of|what proportion|proportion of|proportion|what percent|how large a share|what part|which share|"
            "which part of",
        "std": "standard deviation|std|volatility of",
    },
    "place": {
        "1": "ranked first|first ranked|came first|came out first|ranked number one|rank one",
        "2": "second best|second ranked|second trial|2nd best|runner up|runner-up|number two|second "
        "place", "3": "third best|3rd best|"
        "third place"},
    "order": {
        "best": "best|pays|pays off|earned more|made more|earns more|makes more|did better|does better|longest|"
            "most profitable|"
            "top|highest|largest|biggest|greatest|strongest|most money|earns most|"
            "earned "
            "most|makes most|make the most|makes the most|made the most|most|wins most|better|leading|number one|"
            "performs best|performed best|earns the most|most successful|better than the rest|optimal|optimum|ideal|"
            "higher|greater|maximal|performs better|earned the most|wins the most|earn the most|max of|maximises|"
            "maximizes|pays best|first place",
        "worst": "worst|avoid|skip|stay away from|loses most|lost most|loses the most|lost the most|lose the most|"
            "lose most|losing "
            "the most|"
            "least profitable|poorest|weakest|worse|performs worst|performed worst|bleeds|hurts most|hurt most|bottom|"
            "hurts the most|losing most|cost me most|costs me most|costs me the most|cost me the most|bleeding",
        "lowest": "lowest|smallest|least|fewest|shortest|minimal|shallowest|lower|smaller|minimises|minimizes|tiniest",
        "loss": "unprofitable|lose money|loses money|lost money|losing money|lose|loses|lost|make a loss|made a loss|"
            "negative",
        "gain": "profitable|make money|makes money|made money|making money|earn|earned|earns|make|makes|made|win|won|"
            "profited|positive|in profit|in the black|gained",
    },
    "noun": {
        "trade": "trade|trades|trds|position|positions|deals|deal",
        "trial": "combination|combinations|trial|trials|parameter set|parameter sets|settings|setting|configuration|"
            "configurations|set of parameters|sets of parameters|combos|combo|parameter combination|parameter "
            "combinations|param sets|config|configs|variant|variants|passes|pass|row|rows|candidates",
        "winner": "winner|best trial|best combination|best parameters|best settings|best setting|best set|winning "
            "trial|winning combination|best params|best parameter set|best configuration|top trial|top combination|"
            "best pass|top result|best result|optimal parameters|optimal settings|winning parameters|winning settings|"
            "best parameter combination|best config|top ranked trial|rank 1|crowned trial|winning parameter set",
        "run": "run|runs",
        "optimization": "optimizer|optimiser|optimization|optimizations|optimisation|optimisations|sweep|sweeps|grid "
            "search run|optimizer "
            "run|optimization run|optimization runs|search|searches|parameter sweep|parameter sweeps",
        "backtest": "backtest|backtests|back test|back tests|backtesting|backtest run|backtest runs|bt",
        "dataset": "dataset|datasets|data set|data sets|market data|price data|history data|data|bar data|histories",
        "param": "parameter|parameters|params|param|parameter values|inputs|input",
        "strategy": "strategy|strategies|system|robot|bot",
        "symbol": "symbol|symbols|instrument|instruments|pair|pairs|market|markets|currency pair|currency pairs",
        "criterion": "criterion|criteria|tests of the verdict|check|checks",
        "window": "window|windows|fold|folds",
        "worker": "worker|workers|machines|worker processes|nodes",
        "equity": "equity|equity curve|balance curve|account value",
        "timeframe": "tf|tfs|timeframe|timeframes|time frame|bar size",
        "days": "day|days|trading days|trading day",
        "bar": "bar|bars|candles|candle",
    },
    "day": {
        "worst": "worst day|worst days|worst trading day|worst single day|worst daily loss|largest daily loss|biggest "
            "daily loss|biggest losing day|worst day ever|most painful day|largest losing day|max daily loss|maximum "
            "daily loss",
        "best": "best day|best days|best trading day|best single day|biggest winning day|largest daily profit|biggest "
            "daily gain|biggest daily profit|best daily profit|most profitable day",
    },
    "subject": {
        "latest": "last|latest|newest|most recent|recent|recently|this morning|just finished|just ran|last one|"
            "latest one",
        "running": "running|in progress|going on|active|right now|currently|still going|ongoing|now|at the moment",
        "this": "this|this one|that one|it|here|its|this run|this backtest|this optimization|that run|current",
        "previous": "previous|one before|before that|before last|second last|penultimate|the one before",
        "oldest": "first run|first backtest|first optimization|oldest|earliest|very first",
        "all": "all|every|among all of|across|across all|across everything|ever|any of my|among all|over all|of all|"
            "everything|among my|across my",
        "mine": "my|mine|our|i|we|me",
    },
    "status": {
        "completed": "completed|finished|complete|done|ended",
        "paused": "paused|on hold|suspended|interrupted",
        "cancelled": "cancelled|canceled|aborted|stopped early",
        "failed": "failed runs|failed optimizations|failed optimization|crashed|failed run",
    },
    "cmp": {
        ">": "above|over|more than|greater than|higher than|larger than|exceeding|exceed|exceeds|exceeded|>|better "
            "than|longer than|bigger than|beyond|older than|at over|wider than|beat|beats|was above|after",
        ">=": "at least|>=|or more|no less than|minimum of|not less than|from at least|reached|reach|reaches",
        "<": "below|under|less than|lower than|smaller than|fewer than|<|shorter than|worse than|tighter than|before|"
            "within",
        "<=": "at most|<=|or less|no more than|maximum of|up to|not more than|not above|or fewer",
        "=": "equal to|equals|exactly|=|==",
    },
    "neg": {"not": "not|without|except|excluding|exclude|other than|but not|no longer|never|isn't|don't|didn't|aren't|"
        "doesn't|won't|leaving out|ignoring|unless|apart from|besides|haven't|wasn't|weren't|did not|do not|neither"},
    "time_of": {"entry": "entry|enter|entering|entered|opened|by entry|entry time|entered on|opened on|open|"
        "opening|entries|at entry",
        "exit": "exit time|by exit|exited|closed|closing|exit|exits|at exit|close"},
}  # fmt: skip

_CUES = {
    "luck": "legit|legitimate|bogus|fake|too good to be true|real or luck|flukey|luck|can i trust|can we trust|"
        "should i trust|is it real|lucky|by chance|chance|fluke|random|skill|"
        "coincidence|significant|significance|statistically|by luck|pure luck|likely luck|noise|real edge|edge real|"
        "curve fit|curve fitted|curve fitting|curvefit|trust|trustworthy|believe|reliable|data mining|data snooping|"
        "snooping",
    "survive": "survive|survives|survived|surviving|survivor|survivors|hold up|holds up|stand up|will hold|pass "
        "the test",
    "robust": "robust|robustness|most robust|stable|stability|sturdy|fragile|fragility|robustly|consistent|safest",
    "verdict": "verdict|verdicts|judgement|judgment|judged|judge|call the winner|call it|assessment|conclusion",
    "criteria": "flunk|flunked|flunks|threshold|thresholds|tests|which tests|which criteria|criteria failed|"
        "failed criteria|what failed|"
        "which tests failed|not "
        "hold|fail the|criteria fail|fails|failing|which criterion|criteria hold|hold|holds|passed|passes the",
    "overfit": "overfit|overfitted|overfitting|over fitted|over-fitted|over optimised|over optimized|overoptimized|"
        "over-optimized|overoptimised",
    "why": "why|reason|how come|for what reason|what makes|explain why|reasons",
    "meaning": "what is a|what is an|what exactly is|mean|means|meaning|definition|define|defined|what is meant|stand "
        "for|stands for|explain the term|explain what|explained|explain|definitions|calculated|computed|formula|"
        "calculate|worked out|describe",
    "howto": "cmd to|cmd for|cmd|commands to|cli command|syntax for|syntax to|steps for|way of|how do i|how can "
        "i|how to|how does one|how should i|how would i|steps to|instructions|tutorial|guide|"
        "way to|can i|is it possible to|where do i|where can i|what command|which command|documentation|docs|how do "
        "you|how do we|how can we|command for|command to|possible to|does trading-ai support|help me",
    "compare": "diff|diffs|delta|compare|compared|comparison|versus|vs|against|difference between|differ|"
        "differs|differences|different|"
        "compares|difference|comparing|side by side|which is better|better of the two|compared with|compared to",
    "plateau": "plateau|plateaus|neighbour|neighbours|neighbor|neighbors|neighbourhood|around the winner|"
        "around the best|neighborhood|nearby|around it|"
        "surrounding|flat region|near the best|isolated|peak|spike",
    "edge": "at the lowest|at the highest|at the minimum|at the maximum|lowest value|highest value|smallest value|"
    "largest value|at the end|edge|edges|border|boundary|boundaries|limit of the range|end of the range|edge of its "
    "range|edge of the "
        "range|at the limit|extend|widen|range|ranges|limit of its range|end of its range|search range",
    "importance": "matters|matter|important|importance|influences|influence|sensitive|sensitivity|affects|affect|"
        "impact|drives|effect|matters most|most important|most influential|influential|relevant|makes a difference|"
        "effects|biggest effect|biggest influence|biggest impact|largest effect|matter most|explains",
    "no_costs": "before costs|before cost|gross of costs|excluding costs|without costs|without any costs|no costs|"
        "without cost|without the costs|before trading costs|before fees|costs were zero|zero costs|if there were no "
        "costs|without trading costs|cost free|without transaction costs",
    "trend": "wider|tighter|larger stop|help|helps|helped|increase|increasing|increased|decreasing|raising|lowering|"
        "widening|tightening|hurt|hurts|bigger stop|smaller stop|wider stops|affect the|relation|relationship|depends "
        "on|related",
    "cost": "paid or earned|earned or paid|paid or received|cost|costs|trading cost|trading costs|transaction "
        "cost|transaction costs|expenses|charges|paid in costs|"
        "costs paid|paid|pay|expense",
    "double": "double|doubled|doubling|twice|two times|2x|x2|times two|if costs doubled|doubles|costs double",
    "triple": "triple|tripled|three times|3x|x3|triples",
    "half": "halve|halved|half the",
    "breakeven": "before i lose money|before i lose|before it loses|before it loses money|until i lose|before losing|"
        "gone|profit gone|eats up|use up|used up|break even|break-even|breakeven|how much dearer|how "
        "expensive|bear|afford|withstand|eat|eaten|eats|eating|eating up|eating into|"
        "profit is gone|profits disappear|wiped out",
    "walk": "train n test|train and test|training windows|train windows|test windows|walk forward|walk-forward|"
        "walkforward|wfa|wfo|out of sample|out-of-sample|oos|training|in sample|"
        "in-sample|"
        "rolling windows|walk forwards",
    "efficiency": "efficiency|walk forward efficiency|wfe",
    "drift": "drift|drifts|drifted|drifting|decay|decays|decayed|decline|declining|declined|fade|fades|faded|fading|"
        "deteriorate|deteriorated|deteriorating|getting worse|get worse|degrade|degraded|degrading|stopped working|"
        "stop working|wear off|still work|still working|still works|over time|changed|change|parameter stability|jump",
    "streak": "series of losses|series of wins|losing series|winning series|series of losers|series of winners|"
    "run of losers|run of winners|streak|streaks|in a row|consecutive|run of losses|run of wins|straight|losing run|"
    "winning run|losing "
        "streak|winning streak|consecutively|on the trot|back to back",
    "when": "when|what date|which date|date|dates|how long ago",
    "cause": "cause|causes|caused|causing|reason for|due to|because|responsible|behind|contributed|led to|happened|"
        "happen|occurred|occur|come from|came from|triggered|what happened|explains the",
    "recover": "recover|recovered|recovery|recovers|new high|came back|underwater|under water|get back|recovering",
    "quality": "quality|clean|problem|problems|issue|issues|faults|suspicious|errors in the data|warnings|warning|"
        "complete data|trust the data|healthy|wrong with|bad data|flaws|defects",
    "gap": "how complete|completeness|gap|gaps|missing|missing bars|holes|hole|bars missing|incomplete",
    "duplicates": "duplicate|duplicates|duplicated|duplicate bars",
    "spike": "bad ticks|bad tick|spikes|outlier|outliers|price jumps",
    "far": "far|how far|percent done|how far along|how far is|how far has",
    "progress": "progress|status|completed so far|state|doing|going|along|finished yet|done yet",
    "eta": "eta|how much longer|time left|remaining|left|when will it finish|when will|be done|be finished|finish|how "
        "long until|will it take|remain|until it is done|will it be done",
    "speed": "speed|fast|trials per second|throughput|quick|rate of trials|how fast|per second",
    "took": "how long did|took|taken|duration of the run|did it take|how long it took|long did it take",
    "next": "would you try|would you do|would you change|next|should i|recommend|recommendation|suggest|suggestion|"
        "advise|advice|should we|improve|improvement|"
        "what now|worth trying|try next|optimize next|optimise next|do next|where should|look at next|propose",
    "failed": "failed|fail|failure|failures|error|errors|raised|crash|broken|failed trials|went wrong",
    "imported": "imported|import|made elsewhere|mt5 report|mt4 report|metatrader|report|reports|external|replayed|"
        "tradingview|ctrader",
    "concentration": "spread evenly|evenly spread|evenly distributed|evenly|excluding the best trade|without the best "
        "trade|minus the best trade|without my best trade|"
    "without the biggest winner|without its best trade|excluding the best|excluding my best trade|one month|single "
    "month|single trade|one trade|few trades|concentrated|concentration|single best|"
        "without the best|without its best trades|one day|outlier trades|handful|few lucky trades|without its best|"
        "without best|"
        "depend|depends|dependent|rely|relies|minus the best",
    "correlated": "all the same|the same|identical|correlation|similar|same trades|alike|correlate|independent|"
        "effective number",
    "enough": "enough trades|too few trades|sufficient trades|sample size|statistically enough",
    "ledger": "ledger|tried before|tried in total|ever tried|tried so far|been tried|tries",
    "list": "list|show|display|enumerate|which|what|give|names of|overview|show me|print",
    "exists": "is there|are there|have|do i have|exist|exists|available|there|got|stored|did i run|did i",
    "how_much": "good|bad|any good|how did|how do|how was|how were|how are|how has|how have|how does|how much|how big|"
        "how large|how "
        "high|how deep|how low|how good|how bad|how well|how long|how "
        "profitable|how risky|how strong",
    "rank_by": "objective|ranked by|ranking|rank|sorted by|sort by|ordered by|rank by|scored by",
    "insight": "weak points|weaknesses|weakness|weak spots|strengths and weaknesses|suspicious|fishy|odd|insight|"
        "insights|what matters|important findings|summary|summarise|summarize|sum "
        "up|findings|highlights|tell me about|anything interesting|notable|interesting|stands out|conclusions|"
        "takeaways|red flags|concerns|should i worry|worry|main points|key points|remarkable|noteworthy",
    "period": "period|time span|from when|how long is|date range|cover|covers|covered|which dates|start date|end date|"
        "which period|begin|begins|starts|start|from which date|timespan|time period|go back|reach back|reaches back|"
        "span|spans|ends|end|up to date",
    "results": "result|results|stats|statistics|metrics|numbers|figures|key figures",
    "used": "use|used|uses|using|set to|configured|ran with|run with|traded with|tested with|was it run on",
    "version": "version|engine version|engine",
    "method": "method|search method|algorithm|which method|searched|how was it searched",
    "seed": "seed",
    "size": "size|sizing",
    "note": "notes|noted|my note|a note|any note|did i note|note about|note on|notes about|notes on|wrote down|"
        "written down|jotted down|my comments|my remarks",
    "hold_out": "holdout profit|hold out profit|hold-out profit|hold out|hold-out|holdout|held out",
    "of_groups": "ofgroups",
    "source": "file|files|filename|source|which file|come from which file|import file|csv file",
    "pbo": "pbo|probability of backtest overfitting|probability of overfitting|overfitting probability",
    "dsr": "deflated sharpe|deflated sharpe ratio|dsr",
    "spa": "reality check p|reality chk p|reality chk|reality check|hansen|spa test|white's reality check|"
        "p-value|p value|superior predictive ability",
    "look_ahead": "look ahead|look-ahead|lookahead|peek|peeks|future leak|look into the future|reads the future|look "
        "ahead bias|lookahead bias|peeking|uses future data",
    "loss_probability": "loss probability|probability of loss|chance of losing|chance of loss|"
        "probability of a loss|risk of loss|"
        "chance of a loss|bootstrap|bootstrapped|probability of losing",
    "expected_max": "cpcv|cross validated|cross-validated|cross validation|losing paths",
}  # fmt: skip
"""Words that point at a topic."""

_METRIC_OF_TRADES = ("payoff_ratio", "mae", "mfe", "bars_held", "units", "capital", "score", "seconds", "n_bars")


@cache
def phrases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Every phrase with what it may stand for, ``(kind, value)``, the likeliest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    columns = [*METRIC_NAMES, *_METRIC_OF_TRADES]
    for column in columns:
        for phrase in (column.replace("_", " "), column, *SYNONYMS.get(column, ())):
            found.setdefault(phrase, []).append(("metric", column))
    for table in (_CALENDAR, _TRADES, _ASKED):
        for kind, values in table.items():
            for value, text in values.items():
                for phrase in text.split("|"):
                    found.setdefault(phrase, []).append((kind, value))
    for value, text in _CUES.items():
        for phrase in text.split("|"):
            found.setdefault(phrase, []).append(("cue", value))
    for cue, name in OF_CUES.items():
        for phrase in (name, name.replace("_", " ")):
            found.setdefault(phrase, []).insert(0, ("cue", cue))
    return {phrase: tuple(dict.fromkeys(meanings)) for phrase, meanings in found.items()}


KNOWN_COLUMNS = frozenset(c.name for c in (*BACKTESTS.columns, *TRADES.columns))
"""Columns that a question may name as SQL does."""

PARAMETER_WORDS: dict[str, tuple[str, ...]] = {
    "stop_loss": ("stop loss", "stop", "sl", "stops", "stop losses", "stoploss", "stop-loss", "stop distance"),
    "take_profit": ("take profit", "tp", "target", "targets", "takeprofit", "take-profit", "profit target"),
    "trailing_stop": ("trailing stop", "trail", "trailing", "trailing-stop"),
    "break_even": ("break even stop",),
    "max_bars": ("max bars", "time exit bars"),
}
"""What people call parameters that every strategy has; others are called by their names."""
