"""What to look at or to optimize next, and what matters in an optimization: the insights, asked for in words."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.insights import insights
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_SHOWN = 4


class Advice(Topic):
    """Insights of an optimization, the weightiest first."""

    name = "advice"
    accounts = ALWAYS | {
        "cue:next", "cue:insight", "noun:optimization", "noun:run", "noun:param", "noun:winner", "cue:concentration",
        "cue:correlated",
        "cue:ledger", "cue:enough", "noun:dataset", "noun:backtest", "noun:trade", "order", "metric", "cue:importance",
        "noun:strategy", "agg",
        "noun:trial", "neg",
        "cue:quality", "cue:luck",
    }  # fmt: skip
    offers = ("what should I optimize next?", "what matters in my last optimization?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("dim") or heard.all("condition") or heard.cue("howto", "meaning"):
            return 0.1
        if heard.cue("correlated") and heard.has("noun", "trial", "winner"):
            return 0.85
        if heard.cue("ledger", "enough"):
            return 0.85
        if heard.cue("insight"):
            return 0.9
        if heard.cue("quality") and heard.has("noun", "optimization") and not heard.has("noun", "dataset", "bar"):
            return 0.88  # "what is suspicious about that sweep"
        return 0.88 if heard.cue("next") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "what should I optimize next?" if heard.cue("next") else "what matters in my last optimization?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.optimization(heard, draft)
        found = insights(run, desk, draft)
        wanted = [name for cue, names in _ASKED.items() if heard.cue(cue) for name in names]
        told = [i for i in found if i.name in wanted] or ([] if wanted else [i for i in found if i.weight > 0][:_SHOWN])
        if not told and wanted:
            draft.say("Nothing that is stored says anything of it: the figures that it needs are not there.")
        elif not told:
            draft.say("No test found anything that speaks against it or asks for more.")
        for insight in told:
            draft.statements.extend(insight.statements)
            draft.offer(*insight.next)
        draft.offer(f"trading-ai insights {short(run.run_id)}")


_ASKED = {"enough": ("few trades",), "correlated": ("correlated",), "ledger": ("ledger",)}

ADVICE = Advice()
