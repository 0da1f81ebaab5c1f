"""What would be left at a stated spread, slippage or commission: "with a spread of 3 pips"."""

from __future__ import annotations

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Unanswerable
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.tags import Tag

_SETTING = {"spread": "spread_pips", "slippage": "slippage_pips", "commission": "commission_per_lot"}
_OTHERWISE = {"commission": ("commission_per_million", "commission_per_trade", "commission_percent")}
"""Other ways in which a cost may be charged, of which a level says nothing."""

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
    number = f"{tag.number:g}"
    then = {"=": number, ">": f"old_level + {number}", "<": f"greatest(old_level - {number}, 0)"}[tag.operator or "="]
    others = " + ".join(f"coalesce(cast(costs->>'{kind}' as double), 0)" for kind in _OTHERWISE.get(name, ())) or "0"
    found = draft.query(
        f"with c as (select cast(costs->>{quoted(setting)} as double) as old_level, {others} as charged_otherwise from "
        f"backtests where backtest_id = {quoted(base)}), f as (select net_profit, {paid} {source}) select net_profit, "
        f"{paid}, old_level, charged_otherwise, {then} as new_level, net_profit - {paid} * (({then}) / "
        "nullif(old_level, 0) - 1) as net_profit_then from f, c",
        {"old_level": "plain", "new_level": "plain", "net_profit_then": "account currency"}, run.currency,
    )  # fmt: skip
    if not len(found) or found.value(0, paid) is None:
        raise Unanswerable(f"The {name} of it is not known, so nothing can be said of another one.")
    if found.value(0, "charged_otherwise"):
        raise Unanswerable(
            f"The {name} of it is not charged {_UNIT[name].removeprefix('of the account')[2:]}: run it again to know.",
            ["how much did I pay in costs?"], clarify=True,
        )  # fmt: skip
    of_data = found.value(0, "old_level") is None
    if found.value(0, "net_profit_then") is None:
        other = (
            _of_pips(run, draft, base, tag, of_data=of_data) if name == "spread" and run.kind == "backtest" else None
        )
        if other is None:
            raise Unanswerable(
                f"What another {name} would cost is not known, as none is stated: run it again with one.",
                ["how much did I pay in costs?"], clarify=True,
            )  # fmt: skip
        found = other
    cells = {n: found.cell(0, n) for n in ("net_profit", "old_level", "new_level", "net_profit_then")}
    draft.assume(
        "The trades are taken to stay as they are; dearer trading would not leave them where stops depend on it"
    )
    before = "that of the data" if of_data else "{old_level}"
    level = "{new_level} pips more than" if of_data and tag.operator == ">" else "{new_level} pips less than"
    if not of_data or tag.operator == "=":
        level = f"{{new_level}} {_UNIT[name]} instead of"
    draft.say(
        f"At a {name} of {level} {before}, the net profit of {{net_profit}} would be {{net_profit_then}}.", **cells
    )
    now, changed = found.value(0, "net_profit"), found.value(0, "net_profit_then")
    if changed > 0:
        draft.say("It would still make a profit." if now > 0 else "It would make a profit.")
    else:
        draft.say("The profit would be gone." if now > 0 else "It would still make no profit.")


def _of_pips(run: Run, draft: Draft, base: str, tag: Tag, *, of_data: bool) -> Citation | None:
    """The same by what a pip of each trade is worth: for a run that was charged no spread, or that of the data."""
    change = {"=": f"{tag.number:g}", ">": f"{tag.number:g}", "<": f"-{tag.number:g}"}[tag.operator or "="]
    back = "spread_paid" if of_data and tag.operator == "=" else "0"  # another one in its place, and not on top
    found = draft.query(
        f"with t as (select net_profit, abs(gross_profit / nullif(pips, 0)) as of_a_pip from trades({quoted(base)})), "
        f"b as (select coalesce({back}, 0) as paid_back from backtests where backtest_id = {quoted(base)}) "
        f"select sum(net_profit) as net_profit, 0.0 as old_level, {tag.number:g} as new_level, sum(net_profit) + "
        f"any_value(paid_back) - ({change}) * sum(coalesce(of_a_pip, (select avg(of_a_pip) from t))) as "
        "net_profit_then from t, b",
        {"old_level": "plain", "new_level": "plain", "net_profit_then": "account currency"}, run.currency,
    )  # fmt: skip
    return found if found.value(0, "net_profit_then") is not None else None
