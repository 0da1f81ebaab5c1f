"""What a notebook shows of results by themselves: short, without script, without markup of users' texts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from typing_extensions import override

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.driving.here import Progress
from trading_ai.errors import ParameterError
from trading_ai.figures.theme import label
from trading_ai.notebook.progress import progress_html
from trading_ai.shown import amount, card, table

BARS = random_bars(600, 5)
SPACE = {"fast": [5, 8], "slow": [20, 30], "stop_loss": [20, 30]}


class Whole(HTMLParser):
    """Checks that every element is closed, and keeps which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    @override
    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    @override
    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(page: str) -> str:
    """Its text, once it is found to be whole and without script."""
    parser = Whole()
    parser.feed(page)
    assert not parser.open
    assert not parser.seen & {"script", "style", "link", "img"}
    assert "#" not in re.sub(r"&#\w+;", "", page), "colours are those of the page around it"
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_texts_are_never_markup():
    page = card("<b>", [("a<", "&b")], [table(["<h>"], [["<script>x</script>"]])], ["<i>"])
    text = check(page)
    assert "&lt;script&gt;x&lt;/script&gt;" in text
    assert "&lt;b&gt;" in text


def test_numbers_have_their_unit_and_undefined_ones_say_so():
    assert amount(1234.5, "money") == "1,234.50"
    assert amount(12.5, "percent") == "12.50 %"
    assert amount(float("nan"), "count") == "n/a"
    assert amount(-0.0001, "money") == "0.00"


def test_bars_show_their_ends():
    text = check(BARS._repr_html_())
    assert f"{len(BARS):,} bars" in text
    assert text.count("...") == 1
    assert check(BARS.slice(0, 4)._repr_html_()).count("...") == 0
    assert "0 bars" in check(BARS.slice(0, 0)._repr_html_())


def test_a_backtest_shows_what_it_is_of():
    result = ta.backtest(BARS, "sma_crossover", fast=5, slow=20, stop_loss=20, costs=ta.Costs(spread_pips=0.8))
    text = check(result._repr_html_())
    for part in ("sma_crossover", "fast=5", "spread 0.8 pips", amount(result.metrics["net_profit"], "money")):
        assert part in text
    assert len(repr(result)) < 200
    assert repr(result).startswith("Backtest(sma_crossover on ")


def test_a_sweep_shows_its_best_and_what_speaks_against_it():
    swept = ta.sweep(BARS, "sma_crossover", min_trades=0, **SPACE)
    text = check(swept._repr_html_())
    assert "Sweep of 8 trials" in text
    assert "Without costs" in text
    none = ta.sweep(BARS, "sma_crossover", min_trades=10**6, **SPACE)
    assert "No trial ranks." in check(none._repr_html_())


@pytest.mark.parametrize("kind", ["parameters", "distribution", "risk", "parallel", "equity"])
def test_a_sweep_has_every_figure(kind):
    swept = ta.sweep(BARS, "sma_crossover", min_trades=0, **SPACE)
    assert swept.plot(kind).data


@pytest.mark.parametrize("kind", ["equity", "candles", "trades", "excursions", "rolling_sharpe"])
def test_a_backtest_has_every_figure(kind):
    assert ta.backtest(BARS, "sma_crossover", fast=5, slow=20, stop_loss=20).plot(kind).data


def test_a_figure_that_there_is_not_is_refused_with_those_that_there_are():
    swept = ta.sweep(BARS, "sma_crossover", min_trades=0, **SPACE)
    with pytest.raises(ParameterError, match=r"kind: is no figure of this.*Did you mean parallel"):
        swept.plot("paralel")
    with pytest.raises(ParameterError, match=r"kind: is no figure of this.*candles"):
        swept.backtest().plot("heat")
    with pytest.raises(ParameterError, match="shrape"):
        swept.plot("distribution", "shrape")


def test_the_pair_that_moves_the_result_most_is_shown():
    swept = ta.sweep(BARS, "sma_crossover", min_trades=0, fast=[5, 8], slow=[20, 30], stop_loss=[30])
    assert swept.plot().layout.xaxis.title.text == "fast"


def test_a_title_stands_clear_of_the_legend():
    figure = ta.sweep(BARS, "sma_crossover", min_trades=0, **SPACE).plot()
    assert (figure.layout.title.yanchor, figure.layout.title.y) == ("top", 1)
    assert figure.layout.margin.t >= 130


def test_a_function_of_a_file_is_named_without_its_folders():
    assert label("/srv/a_b/fit_ness.py:steady_one") == "fit_ness.py:steady_one"
    assert label(r"plateau(C:\\x\\fit.py:calm)") == "plateau(fit.py:calm)"
    assert label("sharpe_ratio") == "Sharpe ratio"


def test_progress_is_a_bar_with_what_it_means():
    told = Progress("id", 420, 1000, 2, 3.0, 140.0, 75.0, 3, 1.234)
    text = check(progress_html("<mine>", told, "sharpe_ratio"))
    assert text == "&lt;mine&gt; 420 of 1,000 trials, 140/s, 1:15 left, best sharpe_ratio 1.234, 2 failed"
    unknown = Progress("id", 0, 10, 0, 0.0, 0.0, float("nan"), None, float("nan"))
    assert "left" not in progress_html("t", unknown, "x")
