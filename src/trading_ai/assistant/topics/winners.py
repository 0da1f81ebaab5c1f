"""The winners of all optimizations side by side."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import direction
from trading_ai.documents.words import short
from trading_ai.metrics.catalog import METRIC_COLUMN

_MOST = 20
"""Optimizations whose winners are told, the newest first."""


class Winners(Topic):
    """The best trial of each optimization."""

    name = "winners"
    accounts = ALWAYS | {
        "metric", "order", "noun:winner", "noun:optimization", "noun:run", "noun:trial", "place", "noun:param",
        "cue:compare",
    }  # fmt: skip
    offers = ("the Sharpe ratio of the winner of each optimization",)

    @override
    def fit(self, heard: Heard) -> float:
        if any(heard.has(kind) for kind in ("name", "id_optimization", "dim", "condition", "direction", "agg")):
            return 0.0
        if heard.context or heard.has("subject", "latest", "this", "previous", "oldest"):
            return 0.0
        several = heard.plural("optimization")
        which = heard.asks_which() and heard.has("noun", "optimization")
        of_each = several or which or (heard.has("subject", "all") and heard.has("noun", "optimization"))
        one = heard.has("noun", "winner") or any(t.value == "1" for t in heard.all("place"))
        return 0.96 if of_each and one else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        metric = (heard.values("metric") or ("sharpe_ratio",))[0].replace("_", " ")
        return f"the {metric} of the winner of each optimization"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        own = [o for o in desk.stored.optimizations if not o.part_of]
        for slot in ("symbol", "strategy", "timeframe"):
            own = [o for o in own if not heard.values(slot) or getattr(o, slot) in heard.values(slot)]
        if not own:
            raise Unanswerable("No optimization is like that.", ["list my optimizations"])
        if len(own) > _MOST:
            draft.assume(f"The newest {_MOST} of {len(own)} optimizations")
        own = own[:_MOST]
        metrics = [m for m in heard.values("metric") if m in METRIC_COLUMN] or ["net_profit", "sharpe_ratio"]
        columns = ", ".join(column(m) for m in metrics)
        every = " union all ".join(
            f"select {place} as place, {quoted(short(o.run_id))} as id, {columns} from trials({quoted(o.run_id)}) "
            "where rank = 1"
            for place, o in enumerate(own)
        )
        order = "place"
        if heard.has("order") and (heard.asks_which() or any(t.text != "best" for t in heard.all("order"))):
            order = f"{column(metrics[0])} {direction(metrics[0], heard)} nulls last, place"
        found = draft.query(f"select * from ({every}) order by {order}", {}, own[0].currency)
        if not len(found):
            raise Unanswerable("No trial of any optimization ranks.", ["list my optimizations"])
        draft.assume("The best trial of each optimization, rank 1, with its own objective")
        for row in range(len(found)):
            run = own[int(found.value(row, "place"))]
            cells = {f"m{i}": found.cell(row, m) for i, m in enumerate(metrics)}
            told = ", ".join(f"{m.replace('_', ' ')} {{m{i}}}" for i, m in enumerate(metrics))
            named = f' "{harmless(run.name)}"'.replace("{", "(").replace("}", ")") if run.name else ""
            draft.say(f"Optimization {{id}}{named} on {run.symbol}: {told}.", id=found.cell(row, "id"), **cells)
        draft.offer("trading-ai list")


WINNERS = Winners()
