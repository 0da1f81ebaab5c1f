"""The smallest or largest value of a searched parameter itself, which is no judgement of what it does."""

from __future__ import annotations

import re

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.trial_sql import conditions, parameter_column

_LEAST = "lowest|smallest|shortest|tightest|minimum|min"
_MOST = "highest|largest|biggest|longest|widest|greatest|maximum|max"


def size_asked(heard: Heard) -> tuple[str, str] | None:
    """Which end of which parameter is asked for itself, as in "smallest stop that made money"; None if none is."""
    question = heard.question.lower()
    for tag in heard.all("parameter"):
        found = re.search(rf"\b(?:({_LEAST})|{_MOST}) {re.escape(tag.text.lower())}\b", question) if tag.text else None
        if found is not None:
            return ("min" if found[1] else "max"), tag.value
    return None


def tell_size(heard: Heard, run: Run, draft: Draft, end: str, name: str) -> None:
    """The smallest or largest value of a parameter, of all trials or of those under conditions."""
    where, words, missing = conditions(heard, run)
    if missing:
        raise Unanswerable(f"{run.head} does not measure {', '.join(missing)}.", ["list my optimizations"])
    if heard.has("order", "gain"):
        where, words = [*where, "net_profit > 0"], [*words, "net profit above zero"]
    elif heard.has("order", "loss"):
        where, words = [*where, "net_profit < 0"], [*words, "net profit below zero"]
    found = draft.query(
        f"select {end}({column(parameter_column(name))}) as value, count(*) as n_trials from "
        f"trials({quoted(run.run_id)}){' where ' if where else ''}{' and '.join(where)}",
        {"value": "plain", "n_trials": "trials"},
    )
    if not found.value(0, "n_trials"):
        raise Unanswerable(f"No combination has {' and '.join(words)}.", ["how many combinations are there?"])
    of = f" with {' and '.join(words)}" if words else ""
    draft.say(
        f"The {'smallest' if end == 'min' else 'largest'} {name.replace('_', ' ')} of {{n}} combinations{of} is {{v}}.",
        n=found.cell(0, "n_trials"), v=found.cell(0, "value"),
    )  # fmt: skip
