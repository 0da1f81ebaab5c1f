from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_report import DEFAULT_AXES, make_report

from trading_ai.engine.records import TRADE, trade_of_symbols
from trading_ai.figures.equity import Curve
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.objective import Objective
from trading_ai.parameters import Choices, ParameterRange
from trading_ai.reports.html import render_report
from trading_ai.reports.tables import trades_summary
from trading_ai.robustness.expected_maximum import expected_best_sharpe

EVIL = "<script>alert(1)</script>&\"'${plotly}%{x}"


class Page(HTMLParser):
    """Tags, attributes and texts of a report; scripts apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def figures(self) -> dict:
        return json.loads(self.scripts[1])["figures"]

    @property
    def headings(self) -> list[str]:
        ids = [a.get("id") or "" for t, a in self.tags if t == "section" and a.get("id")]
        return [name for name in ids if name]


@pytest.fixture(scope="module")
def data():
    return make_report()


@pytest.fixture(scope="module")
def html(data):
    return render_report(data)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_sections_in_order_and_linked(page) -> None:
    assert page.headings == [
        "best", "parameters", "equity", "trials", "parallel", "top", "candles", "monthly", "trades", "search",
        "settings", "reproduce",
    ]  # fmt: skip
    links = [a["href"] for t, a in page.tags if t == "a" and a["href"].startswith("#")]
    ids = {a["id"] for _, a in page.tags if a.get("id")}
    assert all(link[1:] in ids for link in links)
    assert len(links) == 13


def test_headline_and_luck(page, data) -> None:
    assert "stop_loss 48" in page.text
    assert "527 trials" in page.text
    chance = expected_best_sharpe(527, data.day_numbers.size, 252)
    assert f"is {chance:.2f} ." in page.text or f"is {chance:.2f}." in page.text
    assert "not more than luck alone is expected to give" in page.text
    assert f"{data.best_metric('net_profit'):,.2f}" in page.text


def test_a_winner_above_luck_is_told_apart(data) -> None:
    metrics = data.metrics.copy()
    metrics[data.winner, METRIC_COLUMN["sharpe_ratio"]] = 9.0
    assert "chosen with hindsight" in render_report(replace(data, metrics=metrics))


def test_costs_warnings_and_exposure_are_said(data) -> None:
    said = replace(
        data, costs_stated="without costs: no <spread>", warnings=("It lost & lost.",), money_exposure_percent=42.5
    )  # fmt: skip
    text = Page(render_report(said)).text
    assert "Costs: without costs: no <spread>." in text
    assert "It lost & lost." in text
    assert "Open positions were worth 42.50 % of the capital on average" in text
    none = Page(render_report(replace(said, ranking=data.ranking[:0], best={}))).text
    assert "It lost & lost." in none
    assert "Open positions were worth" not in Page(render_report(data)).text


def test_numbers_of_the_figures(page, data) -> None:
    figures = list(page.figures.values())
    assert len(figures) == 9
    kinds = [figure["data"][0]["type"] for figure in figures]
    assert kinds[0] == "heatmap"
    assert "candlestick" in kinds
    assert all(figure["layout"].get("title", {}).get("text") is None for figure in figures)
    places = [a["id"] for t, a in page.tags if t == "div" and a.get("class") == "plot"]
    assert places == list(page.figures)


def test_settings_hash_and_commands(page, data) -> None:
    for word in (
        data.dataset_hash,
        "total_trades >= 30",
        "commission per lot",
        "--param stop_loss=20:80:2",
        "6,225",
    ):
        assert word in page.text


def test_no_external_address(html, page) -> None:
    own = html.replace(page.scripts[0], "")
    assert not re.search(r"(src|href|action|data)\s*=\s*[\"']?\s*(https?:)?//", own)
    assert not re.search(r"@import|url\(|https?://|<iframe|<object|fetch\(|XMLHttpRequest", own)
    assert all("src" not in attributes for _, attributes in page.tags)
    policy = next(a for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy["content"]


def test_size(html, page) -> None:
    assert len(html) - len(page.scripts[0]) < 3_000_000


def test_everything_from_users_is_escaped() -> None:
    axes = (ParameterRange(f"sl{EVIL}", 1, 5, 1), Choices("mode", (EVIL, "b")))
    hostile = make_report(
        axes,
        title=EVIL,
        strategy=EVIL,
        symbol=EVIL,
        currency="<i>X",
        quality=(EVIL,),
        notes=(EVIL,),
        commands=(EVIL,),
        settings={EVIL: {EVIL: EVIL}},
    )
    html = render_report(hostile)
    page = Page(html)
    assert len(page.scripts) == 3
    assert "<script>alert" not in html
    assert "<i>" not in html
    assert page.text.count("<script>alert(1)</script>") > 5
    assert "&lt;script&gt;" in json.dumps(page.figures)


def test_three_axes_make_three_maps_that_name_the_third() -> None:
    axes = (*DEFAULT_AXES[:1], ParameterRange("fast", 5, 20, 5), Choices("mode", ("auto", True, 3)))
    page = Page(render_report(make_report(axes)))
    maps = [f for f in page.figures.values() if f["data"][0]["type"] == "heatmap"]
    assert len(maps) == 3
    assert page.text.count("each cell is the median over") == 3


def test_four_axes_make_a_map_of_every_pair_and_the_two_that_matter_come_first() -> None:
    axes = tuple(ParameterRange(name, 1, 5, 1) for name in "abcd")
    report = make_report(axes)
    metrics = report.metrics.copy()
    metrics[:, METRIC_COLUMN["sharpe_ratio"]] = report.parameters["b"] * 1.0 + report.parameters["d"] * 2.0
    html = render_report(replace(report, metrics=metrics))
    page = Page(html)
    assert sum(f["data"][0]["type"] == "heatmap" for f in page.figures.values()) == 6
    assert page.text.count("the two of 4 parameters that move the objective most") == 1
    first = html.index("<figcaption><b>Sharpe ratio over b and d")
    others = [html.index(f"<figcaption><b>Sharpe ratio over {x} and {y}") for x, y in ("ab", "ac", "ad", "bc", "cd")]
    assert all(first < place for place in others)
    assert [html[place - 8 : place] for place in others] == [" hidden>"] * 5
    assert html[first - 8 : first] == "<figure>"
    assert re.findall("<option>([^<]*)</option>", html)[0] == "b and d"


def test_of_many_axes_only_those_that_matter_are_paired() -> None:
    axes = tuple(ParameterRange(name, 1, 2, 1) for name in "abcdefgh")
    html = render_report(make_report(axes))
    assert len(re.findall("<option>", html)) == 15


def test_one_axis_makes_a_slice() -> None:
    page = Page(render_report(make_report(DEFAULT_AXES[:1])))
    assert "Sharpe ratio over stop_loss" in page.text
    assert not any(f["data"][0]["type"] == "heatmap" for f in page.figures.values())


def test_no_trades_one_trial_no_axes() -> None:
    report = make_report(
        (),
        trades=np.zeros(0, TRADE),
        neighbours=(),
        day_numbers=np.empty(0, np.int64),
        daily_profit=np.empty(0),
    )
    text = Page(render_report(report)).text
    assert "The best combination made no trade." in text
    assert "One trial: nothing was chosen" in text
    assert "No daily profits were kept." in text


def test_nothing_ranks_and_nothing_is_defined(data) -> None:
    report = replace(
        data,
        metrics=np.full_like(data.metrics, np.nan),
        ranking=np.empty(0, np.int64),
        best={},
        equity=np.full(5, np.nan),
        equity_time_ns=np.arange(5),
        neighbours=(),
        trades=np.zeros(0, TRADE),
        bars=None,
        n_failed=527,
    )
    page = Page(render_report(report))
    assert "No trial has a result that can be ranked." in page.text
    assert "candles" not in page.headings
    assert "527 failed" in page.text


def test_infinite_and_missing_values_leave_valid_json(data) -> None:
    metrics = data.metrics.copy()
    metrics[5], metrics[6] = np.inf, -np.inf
    metrics[7] = np.nan
    page = Page(render_report(replace(data, metrics=metrics, objectives=(Objective.parse("profit_factor"),))))
    assert "no result" in page.scripts[1]
    assert not re.search(r"[\[,:](NaN|-?Infinity)\b", page.scripts[1])


def test_a_million_trials_stay_small() -> None:
    axes = (ParameterRange("a", 1, 1_000, 1), ParameterRange("b", 1, 1_000, 1))
    html = render_report(make_report(axes))
    assert len(html) < 9_000_000
    assert "neighbouring values share a cell" in html


def test_currency_is_text_in_the_figures_too() -> None:
    page = Page(render_report(make_report(currency="<b>")))
    assert "(<b>)" not in json.dumps(page.figures)
    assert "10 <b>" not in json.dumps(page.figures)


def test_tables_sort_and_the_winner_stays_marked(html) -> None:
    assert html.count("<tr class=winner>") == 1
    top = html[html.index('id="top"') :]
    assert "<table class=sortable>" in top
    assert top.index("class=winner") < top.index('<th scope="row" class="left">2</th>')


def test_drawdowns_by_hand(data) -> None:
    days = np.datetime64("2024-01-01", "ns").astype(np.int64) + np.arange(7) * 86_400 * 10**9
    # 100 -> 120 (day 2) -> 90 (day 3) -> 121 (day 5); 121 -> 115 at the end, not recovered
    equity = np.array([100.0, 120, 90, 110, 121, 118, 115])
    text = Page(render_report(replace(data, equity=equity, equity_time_ns=days))).text
    assert "1 2024-01-02 2024-01-03 2024-01-05 30.00 25.00 3" in text
    assert "2 2024-01-05 2024-01-07 not yet 6.00 4.96 2" in text


def test_the_short_form_has_no_table_of_trials(data, html) -> None:
    short = render_report(data, short=True)
    page = Page(short)
    assert page.headings == ["best", "equity", "search", "settings", "reproduce"]
    assert list(page.figures) == ["figure-1"]
    assert f"{data.best_metric('net_profit'):,.2f}" in page.text


def test_columns_of_yes_and_no(data) -> None:
    front = np.zeros(data.metrics.shape[0], dtype=np.bool_)
    front[data.winner] = True
    text = Page(render_report(replace(data, beside={"pareto": front}))).text
    assert "1.000" not in text[text.index("The best 20 trials") :].split("2 ", 1)[0]
    assert "yes" in text[text.index("The best 20 trials") :]


def test_the_market_itself_and_the_ranked_are_curves(data) -> None:
    curve = Curve("1: <b>", data.equity_time_ns, data.equity)
    more = replace(data, benchmark=Curve("the market", data.equity_time_ns, data.equity), ranked_curves=(curve, curve))
    page = Page(render_report(more))
    names = [trace.get("name") for figure in page.figures.values() for trace in figure["data"]]
    assert names.count("the market") == 2  # equity, drawdown
    assert "&lt;b&gt;" in "".join(filter(None, names))
    assert "Equity of the best 2 trials" in page.text


def test_a_dark_page_changes_papers_and_leaves_the_colours_of_data(page, html) -> None:
    dark = json.loads(page.scripts[1])["dark"]
    assert dark["#ffffff"] == "#14181d"
    scales = [trace.get("colorscale") for f in page.figures.values() for trace in f["data"] if trace.get("colorscale")]
    assert scales  # lists of pairs, which the script leaves alone: it replaces values of keys only
    assert all(isinstance(stop, list) for scale in scales for stop in scale)
    assert html.count("prefers-color-scheme: dark") == 2  # style sheet and script


def test_trades_of_several_symbols_are_summed_up_by_symbol() -> None:
    report = make_report()
    trades = np.zeros(len(report.trades), trade_of_symbols(["EURUSD", "USDJPY"]))
    for name in TRADE.names or ():
        trades[name] = report.trades[name]
    trades["symbol"] = ["EURUSD", *["USDJPY"] * (len(trades) - 1)]
    assert "Trades by symbol" not in trades_summary(report)
    found = trades_summary(replace(report, trades=trades))
    rows = re.findall(r">(EURUSD|USDJPY)<.*?<td[^>]*>([\d,]+)<", found, re.DOTALL)
    assert rows == [("EURUSD", "1"), ("USDJPY", str(len(trades) - 1))]
