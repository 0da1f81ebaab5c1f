"""What would be left at a stated spread, slippage or commission: "with a spread of 3 pips"."""

from __future__ import annotations

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Unanswerable
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.tags import Tag

_SETTING = {"spread": "spread_pips", "slippage": "slippage_pips", "commission": "commission_per_lot"}
_UNIT = {"spread": "pips", "slippage": "pips", "commission": "of the account's currency a lot and side"}


def tell_level(run: Run, draft: Draft, source: str, tag: Tag) -> None:
    """The net profit if a cost had been at another level.

    Args:
        run: whose.
        draft: the answer.
        source: the row that holds its figures, as the end of a SELECT.
        tag: of the kind ``level``: which cost, the level, and whether it is the new one (``=``) or comes on top.

    Raises:
        Unanswerable: nothing of that cost was charged, so that its size at another level is not known.
    """
    name, setting, paid = tag.value, _SETTING[tag.value], f"{tag.value}_paid"
    base = run.run_id if run.kind == "backtest" else run.backtest_id
    then = f"{tag.number:g}" if tag.operator == "=" else f"old_level + {tag.number:g}"
    found = draft.query(
        f"with c as (select coalesce(cast(costs->>{quoted(setting)} as double), 0) as old_level from backtests where "
        f"backtest_id = {quoted(base)}), f as (select net_profit, {paid} {source}) select net_profit, {paid}, "
        f"old_level, {then} as new_level, net_profit - {paid} * (({then}) / nullif(old_level, 0) - 1) as "
        "net_profit_then from f, c",
        {"old_level": "plain", "new_level": "plain", "net_profit_then": "account currency"}, run.currency,
    )  # fmt: skip
    if not len(found) or found.value(0, paid) is None:
        raise Unanswerable(f"The {name} of it is not known, so nothing can be said of another one.")
    if found.value(0, "net_profit_then") is None:
        other = _of_pips(run, draft, base, then) if name == "spread" and run.kind == "backtest" else None
        if other is None:
            raise Unanswerable(
                f"No {name} was charged, so what another one would cost is not known: run it again with one.",
                ["how much did I pay in costs?"], clarify=True,
            )  # fmt: skip
        found = other
    cells = {n: found.cell(0, n) for n in ("net_profit", "old_level", "new_level", "net_profit_then")}
    draft.assume(
        "The trades are taken to stay as they are; dearer trading would not leave them where stops depend on it"
    )
    draft.say(
        f"At a {name} of {{new_level}} {_UNIT[name]} instead of {{old_level}}, the net profit of {{net_profit}} would "
        "be {net_profit_then}.",
        **cells,
    )
    now, changed = found.value(0, "net_profit"), found.value(0, "net_profit_then")
    if changed > 0:
        draft.say("It would still make a profit." if now > 0 else "It would make a profit.")
    else:
        draft.say("The profit would be gone." if now > 0 else "It would still make no profit.")


def _of_pips(run: Run, draft: Draft, base: str, then: str) -> Citation | None:
    """The same for a run that was charged no spread of its own: by what a pip of each trade is worth."""
    found = draft.query(
        f"with t as (select net_profit, abs(gross_profit / nullif(pips, 0)) as of_a_pip from trades({quoted(base)})), "
        f"c as (select 0.0 as old_level) select sum(net_profit) as net_profit, any_value(old_level) as old_level, "
        f"any_value({then}) as new_level, sum(net_profit) - any_value({then}) * sum(coalesce(of_a_pip, (select "
        "avg(of_a_pip) from t))) as net_profit_then from t, c",
        {"old_level": "plain", "new_level": "plain", "net_profit_then": "account currency"}, run.currency,
    )  # fmt: skip
    return found if found.value(0, "net_profit_then") is not None else None
