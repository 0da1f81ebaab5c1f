"""The report's tables and texts as HTML; everything that is not a number is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS, symbols_of
from trading_ai.figures import theme
from trading_ai.figures.monthly import MONTHS, month_colours, monthly_returns, year_totals
from trading_ai.metrics.drawdowns import deepest_drawdowns
from trading_ai.parameters import ParameterRange
from trading_ai.reports.data import ReportData
from trading_ai.robustness.expected_maximum import expected_best_sharpe

TOP = 20
_TOP_METRICS = (
    "net_profit",
    "sharpe_ratio",
    "max_drawdown_percent",
    "profit_factor",
    "win_rate",
    "total_trades",
)
_HEADLINE = ("net_profit", "return_percent", "buy_and_hold_percent", *_TOP_METRICS[1:])


def text(value: object) -> str:
    """Any value as HTML text."""
    return html.escape(theme.value_text(value))


def money(value: float, currency: str = "") -> str:
    """An amount as HTML text, coloured by sign."""
    kind = "gain" if value > 0 else "fall" if value < 0 else ""
    return f'<span class="{kind}">{html.escape(theme.number(value, "money", currency))}</span>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    *,
    left: int = 1,
    sortable: bool = False,
    winner: bool = False,
) -> str:
    """A table that scrolls sideways by itself on narrow screens.

    Args:
        head: column headings, HTML.
        rows: cells, HTML; a row's first cell is its heading.
        caption: what the table shows, plain text.
        left: number of columns aligned to the left; the others hold numbers.
        sortable: whether a heading sorts the rows when it is pressed.
        winner: whether the first row is marked, wherever it is sorted to.
    """

    def cell(i: int, content: str) -> str:
        kind = ' class="left"' if i < left else ""
        return f'<th scope="row"{kind}>{content}</th>' if i == 0 else f"<td{kind}>{content}</td>"

    titles = "".join(f'<th scope="col"{" class=left" if i < left else ""}>{title}</th>' for i, title in enumerate(head))
    body = "".join(
        f"<tr{' class=winner' if winner and not k else ''}>{''.join(cell(i, c) for i, c in enumerate(row))}</tr>"
        for k, row in enumerate(rows)
    )
    name = html.escape(caption)
    kind = " class=sortable" if sortable else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table{kind}><caption>{name}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def pairs(items: Iterable[tuple[str, str]]) -> str:
    """Names and values as a definition list; both are HTML."""
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in items) + "</dl>"


def headline(data: ReportData) -> str:
    """The winner's parameters and its main numbers."""
    if data.winner is None:
        return '<p class="warning">No trial has a result that can be ranked.</p>' + said(data)
    chips = "".join(f"<li><b>{text(name)}</b> {text(value)}</li>" for name, value in data.best.items())
    names = (data.objective, *(n for n in _HEADLINE if n != data.objective))
    cards = []
    for i, name in enumerate(names):
        kind, value = theme.metric_of(name), data.best_metric(name)
        tone = ("gain" if value > 0 else "fall" if value < 0 else "") if kind.unit == "money" else ""
        shown, _, unit = html.escape(theme.number(value, kind.unit, data.currency)).partition(" ")
        cards.append(
            f'<div class="card{" objective" if i == 0 else ""}"><dt>{theme.label(name)}</dt>'
            f'<dd class="{tone}">{shown} <small>{unit}</small></dd></div>'
        )
    return f'<h3>Best parameters</h3><ul class="chips">{chips}</ul><dl class="cards">{"".join(cards)}</dl>{said(data)}'


def said(data: ReportData) -> str:
    """The costs in words, and what speaks against the result."""
    costs = f'<p class="costs">Costs: {text(data.costs_stated)}.</p>' if data.costs_stated else ""
    return costs + "".join(f'<p class="warning">{text(line)}</p>' for line in data.warnings)


def luck(data: ReportData) -> str:
    """How much of the winner's Sharpe ratio choosing the best of many explains by itself."""
    n_days, n_trials = int(data.day_numbers.size), data.n_trials_tried
    if data.winner is None:
        return ""
    if n_trials < 2:
        return '<p class="luck">One trial: nothing was chosen, and nothing is known about its neighbours.</p>'
    opening = f"<b>Best of {n_trials:,} trials: the in-sample winner.</b>"
    if n_days < 2:
        return f'<p class="luck">{opening} Without daily profits its luck cannot be estimated.</p>'
    fortune = None if data.assessment is None else data.assessment.study.luck
    counted, remark = f"{n_trials:,} independent trials", ""
    if fortune is not None and isfinite(fortune.expected_best_effective_annual):
        # The same figure as the verdict's: trials with similar parameters count as what they amount to.
        chance, n = fortune.expected_best_effective_annual, fortune.n_effective
        counted = f"{n:,} independent trial{'' if n == 1 else 's'}, which is what these amount to,"
    else:
        chance = expected_best_sharpe(n_trials, n_days, data.days_per_year)
        remark = (
            " <small>Trials with similar parameters are not independent, so for a dense grid the number is an "
            "upper estimate.</small>"
        )
    reached = data.best_metric("sharpe_ratio")
    verdict = "Its own Sharpe ratio is undefined."
    if isfinite(reached):
        verdict = (
            f"This one has {reached:.2f}: <b>not more than luck alone is expected to give</b>."
            if reached <= chance
            else f"This one has {reached:.2f}: above that, yet chosen with hindsight. Test it on data it has not seen."
        )
    return (
        f'<p class="luck">{opening} The expected best Sharpe ratio of {counted} '
        f"without any skill over {n_days:,} trading days is <b>{chance:.2f}</b>. {verdict}{remark}</p>"
    )


def top_trials(data: ReportData) -> str:
    """The first trials of the ranking with their parameters and main metrics."""
    metrics = (data.objective, *(name for name in _TOP_METRICS if name != data.objective), *data.beside)
    head = [
        "rank",
        *(text(name) for name in data.parameters),
        *(html.escape(theme.axis_title(n, data.currency)) for n in metrics),
    ]
    rows = []
    for rank, row in enumerate(data.ranking[:TOP].tolist(), 1):
        numbers = [_cell(data, name, row) for name in metrics]
        rows.append([f"{rank}", *(text(column[row]) for column in data.parameters.values()), *numbers])
    caption = f"The best {len(rows)} trials by {theme.label(data.objective)}"
    return table(head, rows, caption, left=1, sortable=True, winner=True)


def _cell(data: ReportData, name: str, row: int) -> str:
    column = data.metric(name)
    if column.dtype == np.bool_:
        return "yes" if column[row] else "no"
    return theme.number(float(column[row]), theme.metric_of(name).unit).removesuffix(" %")


def drawdowns(data: ReportData) -> str:
    """The winner's deepest drawdowns, from peak to recovery."""
    known = np.isfinite(data.equity)
    equity, days = data.equity[known], data.equity_time_ns[known].astype("datetime64[ns]").astype("datetime64[D]")
    found = deepest_drawdowns(equity)
    if not found:
        return '<p class="empty">The equity never fell below an earlier peak.</p>'
    rows = []
    for k, each in enumerate(found, 1):
        last = each.end if each.end >= 0 else equity.size - 1
        rows.append([
            f"{k}", f"{days[each.peak]}", f"{days[each.trough]}", f"{days[last]}" if each.end >= 0 else "not yet",
            theme.number(each.money, "money"), theme.number(each.percent, "percent").removesuffix(" %"),
            f"{int((days[last] - days[each.peak]).astype(np.int64)):,}",
        ])  # fmt: skip
    head = ["", "peak", "deepest", "recovered", f"fall ({text(data.currency)})", "fall (%)", "days under water"]
    return table(head, rows, f"The {len(rows)} deepest drawdowns of the best trial", left=4, sortable=True)


def trades_summary(data: ReportData) -> str:
    """Trades by side, by exit reason, and by symbol where there are several."""
    trades = data.trades
    if not trades.size:
        return '<p class="empty">The best combination made no trade.</p>'
    head = ["", "trades", "share", "win rate", f"net profit ({text(data.currency)})", "a trade", "costs"]
    sides = [
        ("all", np.ones(trades.size, bool)),
        ("long", trades["direction"] > 0),
        ("short", trades["direction"] < 0),
    ]
    reasons = [(word.replace("_", " "), trades["exit_reason"] == code) for code, word in EXIT_REASONS.items()]
    of = symbols_of(trades, "")
    symbols = [(name, of == name) for name in sorted(set(of.tolist()))]
    both = int(trades["ambiguous"].sum())
    note = (
        f"<p>In {both:,} of {trades.size:,} exits both levels lay in one bar; the same-bar rule decided.</p>"
        if both
        else ""
    )
    if isfinite(data.money_exposure_percent):
        note += (
            f"<p>Open positions were worth {data.money_exposure_percent:,.2f} % of the capital on average; the market "
            f"itself made {data.best_metric('buy_and_hold_percent'):,.2f} % over these days, with a drawdown of "
            f"{data.best_metric('buy_and_hold_drawdown_percent'):,.2f} %.</p>"
        )
    return (
        table(head, (_trade_row(name, trades, mask) for name, mask in sides), "Trades by side", sortable=True)
        + table(head, (_trade_row(n, trades, m) for n, m in reasons if m.any()), "Trades by exit reason", sortable=True)
        + (
            table(head, (_trade_row(n, trades, m) for n, m in symbols), "Trades by symbol", sortable=True)
            if len(symbols) > 1
            else ""
        )
        + note
    )


def _trade_row(name: str, trades: npt.NDArray[np.void], mask: npt.NDArray[np.bool_]) -> list[str]:
    chosen = trades[mask]
    if not chosen.size:
        return [name, "0", "0.00 %", "n/a", "n/a", "n/a", "n/a"]
    net = chosen["net_profit"]
    paid = float(chosen["commission"].sum() - chosen["swap"].sum())
    return [
        name,
        f"{chosen.size:,}",
        f"{100 * chosen.size / trades.size:.2f} %",
        f"{100 * float((net > 0).mean()):.2f} %",
        money(float(net.sum())),
        money(float(net.mean())),
        theme.number(paid, "money"),
    ]


def monthly(data: ReportData) -> str:
    """Monthly returns, heat-coloured, with year totals."""
    years, percent = monthly_returns(data.day_numbers, data.daily_profit, data.capital)
    if not years.size:
        return '<p class="empty">No daily profits were kept.</p>'
    totals = year_totals(percent)
    colours, total_colours = month_colours(percent), month_colours(totals[:, None])

    def cell(value: float, colour: str) -> str:
        if not isfinite(value):
            return '<td class="month"></td>'
        return f'<td class="month" style="background:{colour};color:{theme.ink_on(colour)}">{value:+.2f}</td>'

    rows = "".join(
        f'<tr><th scope="row">{year}</th>'
        + "".join(cell(v, c) for v, c in zip(row, shades, strict=True))
        + cell(total, shade).replace("month", "month total")
        + "</tr>"
        for year, row, shades, total, (shade,) in zip(
            years.tolist(), percent.tolist(), colours, totals.tolist(), total_colours, strict=True
        )
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", *MONTHS, "year"))
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Monthly returns"><table class="months">'
        "<caption>Percent of the equity at each month's start; a year compounds its months</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def search_summary(data: ReportData) -> str:
    """What was searched, how, and what came of it."""
    rows = []
    for axis in data.space.axes:
        values = axis.values
        if isinstance(axis, ParameterRange):
            shown = f"{text(axis.min_value)} to {text(axis.max_value)}, step {text(axis.step)}"
        else:
            shown = ", ".join(text(v) for v in values[:12]) + (", …" if len(values) > 12 else "")
        rows.append([text(axis.name), shown, f"{len(values):,}"])
    counts = pairs(
        [
            ("search method", text(data.method)),
            ("objective", text(data.objective)),
            ("combinations in the space", f"{data.n_combinations:,}"),
            ("trials completed", f"{data.n_completed:,}"),
            ("trials failed", f"{data.n_failed:,}"),
        ]
    )
    ranges = table(["parameter", "values", "count"], rows, "Parameter ranges", left=2) if rows else ""
    return counts + ranges


def settings(data: ReportData) -> str:
    """The data and its hash, then every section of settings."""
    bars = pairs(
        [
            ("symbol", text(data.symbol)),
            ("timeframe", text(data.timeframe)),
            ("period", f"{text(data.period[0])} to {text(data.period[1])}"),
            ("bars", f"{data.n_bars:,}"),
            ("data hash", f"<code>{text(data.dataset_hash)}</code>"),
        ]
    )
    parts = [f"<section><h3>Data</h3>{bars}</section>"]
    for name, items in data.settings.items():
        listed = pairs((text(key.replace("_", " ")), _setting(value)) for key, value in items.items())
        title = text(name.replace("_", " "))
        parts.append(f"<section><h3>{title[:1].upper()}{title[1:]}</h3>{listed}</section>")
    if data.quality:
        lines = "".join(f"<li>{text(line)}</li>" for line in data.quality)
        parts.append(f"<section><h3>Data quality</h3><ul>{lines}</ul></section>")
    return f'<div class="settings">{"".join(parts)}</div>'


def _setting(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value) or "none"
    return text(value)


def reproduce(data: ReportData) -> str:
    """Commands that make the same numbers again, and what has to be the same for that."""
    shown = "\n".join(text(command) for command in data.commands)
    code = f'<pre tabindex="0"><code>{shown}</code></pre>' if data.commands else ""
    remarks = "".join(f"<p>{text(remark)}</p>" for remark in data.command_remarks)
    return (
        f"{code}{remarks}<p>The same data (hash <code>{text(data.dataset_hash[:16])}</code>), strategy code, engine "
        "version, settings and seed give the same numbers to the last bit.</p>"
    )
