"""Walk-forwards: what each window earned where it traded, and whether it drifts."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.topics.robustness import verdict_of
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_SHOWN = 12


class WalkForward(Topic):
    """Windows of the latest walk-forward, and what the verdict says where there is none."""

    name = "walk_forward"
    accounts = ALWAYS | {
        "cue:walk", "cue:drift", "cue:efficiency", "cue:survive", "noun:window", "metric", "agg", "order", "noun:run",
        "noun:backtest",
        "noun:optimization", "noun:param", "noun:winner", "limit", "outcome", "cue:luck", "cue:compare", "parameter",
        "noun:strategy", "cue:robust",
        "cue:progress", "cue:list", "subject", "condition", "noun:trade", "cue:used", "cue:when", "noun:trial",
    }  # fmt: skip
    offers = ("did the walk-forward make money?", "do its parameters drift?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("dim") or heard.has("noun", "dataset") or heard.cue("howto", "meaning"):
            return 0.2
        if heard.has("noun", "trade") and (heard.has("order") or heard.has("direction") or heard.has("outcome")):
            return 0.2
        if heard.cue("walk"):
            return 0.96
        if heard.has("noun", "window"):
            return 0.9
        if heard.cue("drift"):
            return 0.85
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return (
            "do the parameters of the walk-forward drift?" if heard.cue("drift") else "did the walk-forward make money?"
        )

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        of = _backtest_of(heard, desk)
        only = f"where w.walk_forward like {quoted(f'%{short(of.run_id)}%')} " if of is not None else ""
        newest = draft.query(
            "select w.walk_forward, max(o.created_at) as last_made from walk_forward_windows w join optimizations o "
            f"using (optimization_id) {only}"
            "group by w.walk_forward order by last_made desc, w.walk_forward limit 1"
        )
        if not len(newest) and of is not None and any(o.part_of for o in desk.stored.optimizations):
            raise Unanswerable(
                f"No walk-forward of {of.label} is stored.", ["did the walk-forward make money?", "list my runs"]
            )
        if not len(newest):
            self._from_verdict(heard, desk, draft)
            return
        named = str(newest.value(0, "walk_forward"))
        draft.say("Walk-forward {w}.", w=newest.cell(0, "walk_forward"))
        draft.assume("The latest walk-forward" if of is None else f"The latest walk-forward of {of.label}")
        where = f"where walk_forward = {quoted(named)}"
        every = draft.query(
            "select count(*) as n_windows, count(*) filter (where out_of_sample_profit > 0) as n_profitable, "
            "sum(out_of_sample_profit) as "
            "out_of_sample_profit, sum(in_sample_profit) as in_sample_profit, sum(out_of_sample_trades) as "
            "out_of_sample_trades "
            f"from walk_forward_windows {where}", {"n_windows": "windows", "n_profitable": "windows"},
        )  # fmt: skip
        cells = {name: every.cell(0, name) for name in every.rows.columns}
        draft.say(
            "{n_profitable} of {n_windows} windows made a profit where they traded: {out_of_sample_profit} out of "
            "sample with "
            "{out_of_sample_trades} trades, against {in_sample_profit} in the training.", **cells,
        )  # fmt: skip
        windows = draft.query(
            "select train_end, test_end, parameters, in_sample_profit, out_of_sample_profit, out_of_sample_sharpe, "
            "out_of_sample_trades "
            f"from walk_forward_windows {where} order by train_end, optimization_id"
        )
        total = every.value(0, "out_of_sample_profit")
        if total is not None:
            draft.say(
                "It made money out of sample."
                if total > 0
                else "It lost money out of sample."
                if total < 0
                else "It neither made nor lost."
            )
        if heard.cue("drift") or heard.has("noun", "param") or _of_parameter(heard):
            _drift(where, windows, draft)
        elif heard.has("noun", "window") and heard.has("subject", "latest", "oldest") and heard.has("parameter"):
            row = 0 if heard.has("subject", "oldest") else len(windows) - 1
            _told(windows, row, draft, "first" if heard.has("subject", "oldest") else "last")
        elif heard.has("order", "worst", "lowest") or (heard.has("outcome", "loss") and not heard.plural("window")):
            _end(where, draft, "asc", "worst", _by(heard))
        elif heard.has("order", "best"):
            _end(where, draft, "desc", "best", _by(heard))
        elif heard.has("noun", "window") and heard.has("subject", "latest", "oldest") and len(windows):
            row = 0 if heard.has("subject", "oldest") else len(windows) - 1
            _told(windows, row, draft, "first" if heard.has("subject", "oldest") else "last")
        if heard.cue("efficiency") or heard.has("agg", "share"):
            _kept(where, draft)
        chosen = [t for t in heard.all("condition") if t.value.startswith("parameter:") and t.operator == "="]
        if chosen:
            _chosen(where, draft, chosen)
        if heard.has("agg", "avg", "median"):
            _of_each(where, draft, "median" if heard.has("agg", "median") else "avg")
        sharpe = heard.has("metric", "sharpe_ratio") and not heard.has("order") and not heard.has("agg")
        if sharpe:
            draft.assume("A Sharpe ratio of all windows together is not stored: each window's")
        if sharpe or (heard.cue("list") and (heard.plural("window") or heard.has("subject", "all"))):
            for row in range(min(len(windows), _SHOWN)):
                _told(windows, row, draft)
        draft.offer('trading-ai sql "select * from walk_forward_windows"')

    def _from_verdict(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        draft.citations.clear()
        run = desk.optimization(heard, draft)
        found = verdict_of(run, draft)
        rows = [r for r in range(len(found)) if str(found.value(r, "criterion")).startswith("walk_forward")]
        if not rows:
            raise Unanswerable(
                f"No walk-forward is stored, and no verdict on {run.label}: `trading-ai walk-forward "
                f"{short(run.backtest_id)} --param ... "
                "--windows 12M/3M` makes one.", ["how do I run a walk-forward?"],
            )  # fmt: skip
        draft.assume(
            "No exact walk-forward is stored: these are the figures of the verdict, from the days of the sweep itself"
        )
        for row in rows:
            holds = "holds" if found.value(row, "holds") else "fails"
            draft.say(
                f"{str(found.value(row, 'criterion')).replace('_', ' ')} is {{v}}; {{t}} is asked, so it {holds}.",
                v=found.cell(row, "value"),
                t=found.cell(row, "threshold"),
            )
        draft.offer(f"trading-ai walk-forward {short(run.backtest_id)} --param NAME=MIN:MAX:STEP --windows 12M/3M")


def _by(heard: Heard) -> str:
    """What windows are ranked by."""
    if heard.has("metric", "total_trades"):
        return "out_of_sample_trades"
    return "out_of_sample_sharpe" if heard.has("metric", "sharpe_ratio") else "out_of_sample_profit"


def _told(windows: Citation, row: int, draft: Draft, which: str = "") -> None:
    cells = {name: windows.cell(row, name) for name in windows.rows.columns}
    head = f"The {which} window trades from" if which else "Traded from"
    draft.say(
        head + " {train_end} to {test_end}: {out_of_sample_profit} with {out_of_sample_trades} trades, Sharpe ratio "
        "{out_of_sample_sharpe}, by {parameters}; {in_sample_profit} in the training.",
        **cells,
    )


def _kept(where: str, draft: Draft) -> None:
    """What part of the profit a day of the trainings the tests earned."""
    days = "date_diff('day', cast({} as timestamp), cast({} as timestamp))"
    found = draft.query(
        f"select 100.0 * (sum(out_of_sample_profit) / sum({days.format('train_end', 'test_end')})) / "
        f"nullif(sum(in_sample_profit) / sum({days.format('train_start', 'train_end')}), 0) as kept from "
        f"walk_forward_windows {where} and train_start is not null and test_end is not null",
        {"kept": "%"},
    )
    if found.value(0, "kept") is not None:
        draft.say(
            "A day of the tests earned {k} of what a day of the trainings did (windows whose ends are stated).",
            k=found.cell(0, "kept"),
        )


def _chosen(where: str, draft: Draft, conditions: list[Tag]) -> None:
    """How many windows chose some values."""
    test = " and ".join(
        f"cast(parameters->>{quoted(t.value.removeprefix('parameter:'))} as double) = {t.number:g}" for t in conditions
    )
    found = draft.query(
        f"select count(*) filter (where {test}) as n_chosen, count(*) as n_windows from walk_forward_windows {where}",
        {"n_chosen": "windows", "n_windows": "windows"},
    )
    words = " and ".join(harmless(t.text) for t in conditions)
    draft.say(f"{{n}} of {{all}} windows chose {words}.", n=found.cell(0, "n_chosen"), all=found.cell(0, "n_windows"))


def _of_each(where: str, draft: Draft, function: str) -> None:
    """The middle of what windows earned where they traded."""
    found = draft.query(
        f"select {function}(out_of_sample_profit) as profit_of_each, {function}(out_of_sample_sharpe) as "
        f"sharpe_of_each, {function}(out_of_sample_trades) as trades_of_each from walk_forward_windows {where}",
        {"profit_of_each": "account currency", "sharpe_of_each": "ratio", "trades_of_each": "ratio"},
    )
    called = "median" if function == "median" else "average"
    cells = {name: found.cell(0, name) for name in found.rows.columns}
    draft.say(
        f"The {called} window earned {{profit_of_each}} out of sample with {{trades_of_each}} trades, at a Sharpe "
        "ratio of {sharpe_of_each}.",
        **cells,
    )


def _end(where: str, draft: Draft, order: str, word: str, by: str) -> None:
    found = draft.query(
        "select train_end, test_end, parameters, out_of_sample_profit, out_of_sample_trades, out_of_sample_sharpe from "
        f"walk_forward_windows {where} order by {by} {order} nulls last, train_end limit 1"
    )
    draft.say(
        f"The {word} window by {by.removeprefix('out_of_sample_')} trades from {{a}} to {{b}}: {{p}} with {{n}} "
        f"trades, Sharpe ratio {{s}}, by {{chosen}}.", s=found.cell(0, "out_of_sample_sharpe"),
        chosen=found.cell(0, "parameters"),
        a=found.cell(0, "train_end"), b=found.cell(0, "test_end"),
        p=found.cell(0, "out_of_sample_profit"), n=found.cell(0, "out_of_sample_trades"),
    )  # fmt: skip


def _drift(where: str, windows: Citation, draft: Draft) -> None:
    """Earlier and later windows side by side, and how many different parameters were chosen."""
    halves = draft.query(
        "with w as (select *, ntile(2) over (order by train_end) as half from walk_forward_windows "
        f"{where}) select avg(out_of_sample_profit) filter (where half = 1) as earlier, avg(out_of_sample_profit) "
        f"filter (where half = 2) "
        "as later, count(distinct parameters) as n_choices, count(*) as n_windows from w",
        {"earlier": "account currency", "later": "account currency", "n_choices": "sets", "n_windows": "windows"},
    )
    cells = {name: halves.cell(0, name) for name in halves.rows.columns}
    draft.say("A window of the earlier half earned {earlier} on average, one of the later half {later}.", **cells)
    first, last = halves.value(0, "earlier"), halves.value(0, "later")
    if first is not None and last is not None:
        draft.say("It earns less in the later half." if last < first else "It does not earn less in the later half.")
    draft.say("{n_choices} different sets of parameters were chosen in {n_windows} windows.", **cells)
    for row in range(min(len(windows), 6)):
        draft.say("From {a}: {p}.", a=windows.cell(row, "train_end"), p=windows.cell(row, "parameters"))


def _backtest_of(heard: Heard, desk: Desk) -> Run | None:
    """The backtest whose walk-forward is asked for, None where the question names no run."""
    named = any(
        heard.has(kind) for kind in ("name", "id_backtest", "id_optimization", "symbol", "strategy", "timeframe")
    )
    if not named:
        return None
    said = Draft(desk.sql)
    if heard.has("name") or heard.has("id_backtest") or heard.has("id_optimization"):
        return desk.base(desk.named_runs(heard)[0])
    made = {o.backtest_id for o in desk.stored.optimizations if o.part_of}
    own = [b for b in desk.stored.backtests if b.run_id in made and not b.part_of]
    fits = [
        b for b in own
        if all(
            not heard.values(slot) or getattr(b, slot) in heard.values(slot)
            for slot in ("symbol", "strategy", "timeframe")
        )
    ]  # fmt: skip
    return fits[0] if fits else desk.backtest(heard, said)


def _of_parameter(heard: Heard) -> bool:
    """Whether a parameter is asked for over all windows, and not of one of them."""
    one = heard.has("order") or heard.has("condition") or heard.has("subject", "latest", "oldest")
    return heard.has("parameter") and not one


WALK_FORWARD = WalkForward()
