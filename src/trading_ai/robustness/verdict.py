"""The verdict in plain words, with every criterion and its threshold under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from math import isfinite, isnan, nan
from operator import ge, gt, le
from typing import Literal

from trading_ai.errors import ParameterError, did_you_mean

Words = Literal["survives", "fragile", "likely luck"]
Comparison = Literal[">=", "<=", ">"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt}


@dataclass(frozen=True)
class Thresholds:
    """What is asked of a winner; every number may be set.

    Attributes:
        look_ahead: most cuts of the data at which signals may differ from those with all data.
        deflated_sharpe: least deflated Sharpe ratio over the effective number of trials, a probability.
        reality_check_p: greatest consistent p-value of Hansen's test.
        overfitting_probability: greatest probability of backtest overfitting.
        overfitting_loss: greatest share of splits whose best trial loses money out of sample.
        walk_forward_profit: net profit of the stitched walk-forward to exceed, account currency.
        walk_forward_efficiency: least walk-forward efficiency.
        walk_forward_sizes: least share of window sizes that earn money out of sample.
        losing_paths: greatest share of cross-validation histories without profit.
        hold_out_profit: net profit on the days held out to exceed, account currency.
        plateau: least median score of the winner's neighbours as a share of its own.
        loss_probability: greatest share of bootstrapped histories of the winner without profit.
        break_even_factor: least multiple of today's costs at which the profit is gone.
        n_trades: least number of trades.
        max_failed: how many criteria beyond the required ones may fail in a winner that survives.
    """

    look_ahead: float = 0.0
    deflated_sharpe: float = 0.95
    reality_check_p: float = 0.05
    overfitting_probability: float = 0.5
    overfitting_loss: float = 0.25
    walk_forward_profit: float = 0.0
    walk_forward_efficiency: float = 0.3
    walk_forward_sizes: float = 0.5
    losing_paths: float = 0.25
    hold_out_profit: float = 0.0
    plateau: float = 0.5
    loss_probability: float = 0.05
    break_even_factor: float = 1.5
    n_trades: float = 30.0
    max_failed: int = 2

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Thresholds:
        """The defaults with some of them set, each as ``NAME=NUMBER``.

        Raises:
            ParameterError: there is no such threshold, or it is not set to a number.
        """
        names, given = [f.name for f in fields(cls)], {}
        for text in texts:
            name, _, number = (part.strip() for part in text.partition("="))
            name = name.replace(" ", "_")  # as the table of criteria shows it
            if name not in names:
                raise ParameterError(
                    "must be NAME=NUMBER",
                    parameter="threshold",
                    value=text,
                    remedy=did_you_mean(name, names) + "Known: " + ", ".join(names),
                )
            try:
                given[name] = float(number)
            except ValueError:
                given[name] = nan
            whole = name != "max_failed" or given[name].is_integer()
            if not (isfinite(given[name]) and whole):
                kind = "a whole number" if name == "max_failed" else "a number"
                raise ParameterError(f"must be set to {kind}", parameter=f"threshold {name}", value=number)
        return cls(**given)  # type: ignore[arg-type]  # a whole float compares as the int it is


@dataclass(frozen=True)
class Evidence:
    """What was found out about a winner. NaN: undefined, which never holds. None: not measured, not judged.

    Attributes:
        look_ahead: cuts of the data at which the strategy's signals differ from those with all data, which they do not
            where it knows the past only; undefined where nothing could be compared.
        deflated_sharpe: deflated Sharpe ratio over the effective number of trials, 0..1.
        reality_check_p: consistent p-value of Hansen's test, 0..1.
        overfitting_probability: probability of backtest overfitting, 0..1.
        overfitting_loss: share of splits whose best trial loses money out of sample, 0..1.
        walk_forward_profit: net profit of the stitched walk-forward, account currency.
        walk_forward_efficiency: profit a day out of sample over profit a day in sample.
        walk_forward_sizes: share of window sizes that earn money out of sample, 0..1.
        losing_paths: share of cross-validation histories without profit, 0..1.
        hold_out_profit: net profit on the days held out, account currency.
        plateau: median score of the winner's neighbours as a share of its own.
        loss_probability: share of bootstrapped histories of the winner without profit, 0..1.
        break_even_factor: multiple of today's costs at which the profit is gone.
        n_trades: number of trades.
    """

    look_ahead: float = nan
    deflated_sharpe: float = nan
    reality_check_p: float = nan
    overfitting_probability: float = nan
    overfitting_loss: float = nan
    walk_forward_profit: float = nan
    walk_forward_efficiency: float = nan
    walk_forward_sizes: float = nan
    losing_paths: float = nan
    hold_out_profit: float = nan
    plateau: float | None = None
    loss_probability: float = nan
    break_even_factor: float | None = None
    n_trades: float | None = None


@dataclass(frozen=True)
class Criterion:
    """One test of the winner.

    Attributes:
        name: which one; a field of `Evidence` and of `Thresholds`.
        value: what was found; NaN if undefined.
        threshold: what was asked.
        comparison: how the value must compare to the threshold: ">=", "<=" or ">".
        holds: whether it does; an undefined value never does.
        required: whether a winner that survives must pass it.
        explanation: what it means, in words.
    """

    name: str
    value: float
    threshold: float
    comparison: Comparison
    holds: bool
    required: bool
    explanation: str


@dataclass(frozen=True)
class Verdict:
    """The judgement and what it rests on.

    Attributes:
        words: "survives", "fragile" or "likely luck".
        summary: why, in one sentence.
        criteria: every criterion that was judged, the required ones first.
    """

    words: Words
    summary: str
    criteria: tuple[Criterion, ...]


# Name, comparison, required, what the number is.
_RULES: tuple[tuple[str, Comparison, bool, str], ...] = (
    ("look_ahead", "<=", True, "cuts of the data at which its signals change when later bars are taken away"),
    ("deflated_sharpe", ">=", True, "probability that its Sharpe ratio beats the best of as many unskilled trials"),
    ("reality_check_p", "<=", True, "probability that the best of these trials would look so good without any skill"),
    ("overfitting_probability", "<=", True, "how often the best of half of the days is below average on the others"),
    ("walk_forward_profit", ">", True, "profit of choosing on the past and trading the weeks after, over and over"),
    ("overfitting_loss", "<=", False, "how often the best of half of the days loses money on the others"),
    ("walk_forward_efficiency", ">=", False, "share of the profit a day that is kept out of sample"),
    ("walk_forward_sizes", ">=", False, "share of window lengths that earn money out of sample"),
    ("losing_paths", "<=", False, "share of cross-validated histories that lose money"),
    ("hold_out_profit", ">", False, "profit on the last days, chosen without them"),
    ("plateau", ">=", False, "what its neighbours reach of its score"),
    ("loss_probability", "<=", False, "how often its own days, drawn anew, end without profit"),
    ("break_even_factor", ">=", False, "how many times dearer trading may become before the profit is gone"),
    ("n_trades", ">=", False, "number of trades it rests on"),
)
LUCK = ("deflated_sharpe", "reality_check_p", "overfitting_probability")


def judge(
    evidence: Evidence, thresholds: Thresholds | None = None, *, n_cuts: int | None = None, makes_signals: bool = True
) -> Verdict:
    """Judge a winner by all that was found out about it, never by one number.

    It "survives" if every required criterion holds and at most `Thresholds.max_failed` of the others fail; so what
    reads the future never does, whatever its numbers. It is "likely luck" if most of the three criteria about luck
    (deflated Sharpe ratio, reality check, probability of overfitting) fail. Anything between is "fragile". What is
    undefined fails; what was not measured (None) is not judged, unless it is required, when it fails.

    Args:
        evidence: what was found out.
        thresholds: what is asked; None: the defaults.
        n_cuts: cuts of the data that the look-ahead check compared, for its explanation; None: not known.
        makes_signals: whether the strategy makes signals of bars; one that does not, such as a replay of trades, has
            nothing to look ahead with and is not judged by that.
    """
    asked = thresholds or Thresholds()
    criteria: list[Criterion] = []
    for name, comparison, required, what in _RULES:
        meaning = what if name != "look_ahead" or n_cuts is None else f"{what} ({n_cuts:,} were compared)"
        value = getattr(evidence, name)
        if (value is None and not required) or (name == "look_ahead" and not makes_signals):
            continue
        found = nan if value is None else float(value)
        threshold = float(getattr(asked, name))
        holds = not isnan(found) and not isnan(threshold) and _COMPARE[comparison](found, threshold)
        criteria.append(
            Criterion(
                name, found, threshold, comparison, holds, required,
                _explanation(meaning, found, threshold, comparison, holds=holds),
            )
        )  # fmt: skip
    n_luck = sum(c.holds for c in criteria if c.name in LUCK)
    failed = [c.name for c in criteria if not c.holds]
    failed_required = [c.name for c in criteria if c.required and not c.holds]
    words: Words
    if 2 * n_luck < len(LUCK):
        words = "likely luck"
    elif failed_required or len(failed) > asked.max_failed:
        words = "fragile"
    else:
        words = "survives"
    summary = f"{len(criteria) - len(failed)} of {len(criteria)} criteria hold"
    if failed:
        if evidence.look_ahead is not None and evidence.look_ahead > asked.look_ahead:
            summary = f"its signals use bars that were not there yet, so no other number counts; {summary}"
        summary += "; not " + ", ".join(failed)
    return Verdict(words, summary, tuple(criteria))


def _explanation(meaning: str, value: float, threshold: float, comparison: Comparison, *, holds: bool) -> str:
    asked = {">=": "at least", "<=": "at most", ">": "more than"}[comparison]
    found = "undefined, which never holds" if isnan(value) else f"{value:.4g}"
    return f"{meaning}: {found}; {asked} {threshold:g} is asked: {'holds' if holds else 'fails'}"
