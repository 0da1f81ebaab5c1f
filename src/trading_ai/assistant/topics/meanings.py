"""What a metric, a criterion or a word means: from the catalogue of metrics and the rules of the verdict."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.criteria import CRITERIA, OF_CUES
from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import Topic
from trading_ai.documents.sql_tables import TABLES
from trading_ai.robustness.verdict import Thresholds

_WORDS = {
    "plateau": "what the neighbours of the best trial reach of its score: a peak without a plateau is luck more often "
    "than not",
    "luck": "likely luck is the verdict where most of the three criteria about luck fail: deflated Sharpe ratio, "
    "reality check and "
    "probability of overfitting",
    "overfit": "overfitted is what was chosen for noise of the past: the probability of backtest overfitting is how "
    "often the best "
    "of half of the days is below average on the others",
    "walk": "a walk-forward optimizes on a window, trades what was chosen on the days that follow, and moves on",
    "drift": "drift is the change of what windows of a walk-forward choose or earn from the first to the last",
    "ledger": "the ledger counts every trial that was ever made of the same bars, so that searching again does not "
    "hide luck",
    "verdict": "a verdict is survives, fragile or likely luck, by criteria with thresholds",
    "robust": "robust is what does well whatever else is chosen near it, and on days that it was not chosen on",
}
_COLUMNS = {c.name: c for table in TABLES for c in table.columns}
_CUES = {f"cue:{name}" for name in (*_WORDS, *OF_CUES)}


class Meanings(Topic):
    """Definitions."""

    name = "meanings"
    accounts = (
        frozenset(
            {
                "metric",
                "cue:meaning",
                "cue:list",
                "cue:verdict",
                "subject",
                "cue:how_much",
                "noun:criterion",
                "cue:exists",
            }
        )
        | _CUES
    )
    offers = ("what does deflated Sharpe mean?", "how is the profit factor calculated?")

    @override
    def fit(self, heard: Heard) -> float:
        known = heard.has("metric") or any(heard.cue(name) for name in (*_WORDS, *OF_CUES))
        if not known or any(heard.has(kind) for kind in ("dim", "order", "condition", "agg", "direction", "symbol")):
            return 0.0
        if heard.has("noun", "run", "backtest", "optimization", "winner", "trade", "trial"):
            return 0.2
        if heard.has("subject", "latest", "mine", "this", "previous", "running"):
            return 0.3 if not heard.cue("meaning") else 0.7
        if heard.cue("meaning"):
            return 0.95
        bare = all(tag.kind == "metric" or tag.key in self.accounts for tag in heard.tags)
        return 0.57 if bare and heard.cue("list") and not heard.cue("how_much") else 0.3

    @override
    def reading(self, heard: Heard) -> str:
        names = [m.replace("_", " ") for m in heard.values("metric")]
        names += [OF_CUES[c].replace("_", " ") for c in heard.values("cue") if c in OF_CUES]
        return f"what does {names[0] if names else 'it'} mean?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        told = False
        for name in heard.values("metric"):
            column = _COLUMNS[name]
            unit = f" (unit: {column.unit})" if column.unit else ""
            draft.say(f"{name.replace('_', ' ')}: {column.meaning}{unit}.".replace("{", "(").replace("}", ")"))
            told = True
        asked = Thresholds()
        for cue, name in OF_CUES.items():
            if heard.cue(cue):
                draft.say(
                    f"{name.replace('_', ' ')}: {CRITERIA[name]}; the verdict asks for {getattr(asked, name):g} "
                    f"unless told otherwise."
                )
                told = True
        for cue, text in _WORDS.items():
            if heard.cue(cue) and not told:
                draft.say(f"{text[0].upper()}{text[1:]}.")
        draft.offer("docs/reference/metrics.md", "docs/explanation/robustness.md")


MEANINGS = Meanings()
