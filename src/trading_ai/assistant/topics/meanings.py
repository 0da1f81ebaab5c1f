"""What a metric, a criterion or a word means: from the catalogue of metrics and the rules of the verdict."""

from __future__ import annotations

from operator import itemgetter

from typing_extensions import override

from trading_ai.assistant.criteria import CRITERIA, OF_CUES
from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.texts import lines_of
from trading_ai.assistant.topics.topic import Topic
from trading_ai.documents.sql_tables import TABLES
from trading_ai.robustness.verdict import Thresholds


def _glossary() -> dict[str, dict[str, str]]:
    """What words mean, by the sections of `glossary.txt`."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in lines_of("glossary.txt"):
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        else:
            word, _, meaning = line.partition(": ")
            section[word] = meaning
    return found


_WORDS, _TERMS, _NOUNS = itemgetter("cue", "term", "noun")(_glossary())
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
                "cue:compare",
                *(f"noun:{noun}" for noun in ("backtest", "optimization", "trial", "dataset", "window", "winner")),
                "noun:worker",
                "parameter",  # of which a term may be told
            }
        )
        | _CUES
    )
    offers = ("what does deflated Sharpe mean?", "how is the profit factor calculated?")

    @override
    def fit(self, heard: Heard) -> float:
        if _term(heard) and (heard.cue("meaning") or (heard.cue("compare") and not heard.has("parameter"))):
            return 0.96
        nouns = [t for t in heard.all("noun") if t.value in _NOUNS]
        plain = all(
            t.kind in {"noun", "cue"} and t.value in {*_NOUNS, "meaning", "compare", "list"} for t in heard.tags
        )
        if nouns and plain and heard.cue("meaning", "compare") and not any(t.text.endswith("s") for t in nouns):
            return 0.96
        known = heard.has("metric") or any(heard.cue(name) for name in (*_WORDS, *OF_CUES))
        if not known or any(heard.has(kind) for kind in ("dim", "order", "condition", "agg", "direction", "symbol")):
            return 0.0
        if heard.has("noun", "run", "backtest", "optimization", "winner", "trade", "trial"):
            return 0.2
        if heard.has("subject", "latest", "mine", "this", "previous", "running"):
            return 0.3 if not heard.cue("meaning") else 0.7
        if heard.cue("meaning"):
            return 0.95
        if len(heard.values("metric")) > 1 and heard.cue("compare") and "difference between" in heard.question.lower():
            return 0.94
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
        if term := _term(heard):
            draft.say(f"{term[0].upper()}{term[1:]}.")
            told = True
        for noun in heard.values("noun") if not heard.has("metric") and not told else ():
            if noun in _NOUNS:
                draft.say(f"{_NOUNS[noun][0].upper()}{_NOUNS[noun][1:]}.")
                told = True
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


def _term(heard: Heard) -> str:
    """The definition of a term that a question names, where it names no run."""
    if any(heard.has(kind) for kind in ("name", "id_backtest", "id_optimization", "metric")):
        return ""
    text = heard.question.lower()
    return next((said for term, said in _TERMS.items() if term in text), "")


MEANINGS = Meanings()
