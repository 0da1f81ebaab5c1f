"""What part of the trades of a backtest, or of its profit, some of them are."""

from __future__ import annotations

import re

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.trade_reading import FILTERS
from trading_ai.assistant.trade_sql import filters, time_column, trades_from

_OF_THE_LOST = re.compile(
    r"\b(?:share|percentage|percent|part|fraction|proportion|%) of (?:all |the |my )*"
    r"(?:losing|winning|lost|won|losers|winners|losses|wins)\b(?: (longs|shorts|long|short|buys|sells))?"
)


def words_behind(words: list[str]) -> str:
    """Conditions as they stand behind what they are conditions of."""
    return f" {', '.join(words)}" if words else ""


def told_of_all(run: Run, draft: Draft, where: list[str]) -> None:
    """What part of all trades some are, and what they made."""
    test = " and ".join(where).replace("{trades}", f"trades({quoted(run.run_id)})")
    found = draft.query(
        f"select count(*) as n_all, 100.0 * count(*) filter (where {test}) / nullif(count(*), 0) as share, "
        f"sum(net_profit) filter (where {test}) as net_profit {trades_from(run, where, only=False)}",
        {"n_all": "trades", "share": "%"}, run.currency,
    )  # fmt: skip
    draft.say(
        "That is {s} of all {a}; together they made {p}.",
        s=found.cell(0, "share"), a=found.cell(0, "n_all"), p=found.cell(0, "net_profit"),
    )  # fmt: skip


def _asked_of_them(heard: Heard) -> tuple[str, ...]:
    """Which kinds of a question say what part of some trades is asked for; the others say of which trades."""
    question = heard.question.lower()
    kinds = (*FILTERS, "condition")
    if re.search(r"\bof (?:them|those|these)\b", question):  # the rest the clause before says
        return tuple(
            kind for kind in kinds if any(tag.text and tag.text.lower() in question for tag in heard.all(kind))
        )
    if re.search(r"\bof (?:all|all (?:the|my)|all of (?:the|my)) trades\b", question):
        return kinds
    lost = _OF_THE_LOST.search(question)
    if lost is None:
        return ("outcome", "exit", "condition")
    base = {"outcome", *(["direction"] if lost[1] else [])}
    return tuple(kind for kind in kinds if kind not in base)


def share_of_trades(heard: Heard, run: Run, draft: Draft) -> None:
    """How many of some trades are like that: "what percentage of shorts lost" is asked of the shorts."""
    time = time_column(heard)
    inside = _asked_of_them(heard)
    of, of_words = filters(heard.without(inside), time)
    among, words = filters(heard.without([k for k in (*FILTERS, "condition") if k not in inside]), time)
    if not among:  # "what share of the trades was on Fridays"
        of, among, words, of_words = [], of, of_words, []
    condition = " and ".join(among).replace("{trades}", f"trades({quoted(run.run_id)})")
    source = trades_from(run, of) if of else trades_from(run, among, only=False)
    found = draft.query(
        f"select count(*) filter (where {condition}) as n_trades, count(*) as n_all, "
        f"100.0 * count(*) filter (where {condition}) / nullif(count(*), 0) as share {source}",
        {"n_trades": "trades", "n_all": "trades", "share": "%"}, run.currency,
    )  # fmt: skip
    draft.say(
        f"{{s}} of the trades{words_behind(of_words)} are{words_behind(words)}: {{n}} of {{all}}.",
        s=found.cell(0, "share"), n=found.cell(0, "n_trades"), all=found.cell(0, "n_all"),
    )  # fmt: skip


def share_of_profit(run: Run, draft: Draft, where: list[str], words: list[str]) -> None:
    """What part of the net profit some trades made; a loss has no parts that add up to it in a way that says much."""
    test = " and ".join(where).replace("{trades}", f"trades({quoted(run.run_id)})")
    found = draft.query(
        f"select sum(net_profit) filter (where {test}) as profit_of_them, sum(net_profit) as net_profit, "
        f"count(*) filter (where {test}) as n_trades, "
        f"100.0 * sum(net_profit) filter (where {test}) / nullif(sum(net_profit), 0) as share "
        f"{trades_from(run, where, only=False)}",
        {"profit_of_them": "account currency", "n_trades": "trades", "share": "%"}, run.currency,
    )  # fmt: skip
    cells = {name: found.cell(0, name) for name in found.rows.columns}
    draft.say(
        f"The trades{words_behind(words)} made {{profit_of_them}} ({{n_trades}} trades) of the net profit of "
        "{net_profit}.",
        **cells,
    )
    if (found.value(0, "net_profit") or 0.0) > 0:
        draft.say("That is {share} of it.", **cells)
