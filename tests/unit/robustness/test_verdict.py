from __future__ import annotations

from dataclasses import fields, replace
from math import nan

import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.verdict import Criterion, Evidence, Thresholds, judge

STRONG = Evidence(
    look_ahead=0.0,
    deflated_sharpe=0.99,
    reality_check_p=0.001,
    overfitting_probability=0.05,
    overfitting_loss=0.01,
    walk_forward_profit=900.0,
    walk_forward_efficiency=0.8,
    walk_forward_sizes=1.0,
    losing_paths=0.0,
    hold_out_profit=300.0,
    plateau=0.9,
    loss_probability=0.001,
    break_even_factor=4.0,
    n_trades=250.0,
)
NAMES = [f.name for f in fields(Evidence)]


def criterion(name: str, **changes: float | None) -> Criterion:
    return next(c for c in judge(replace(STRONG, **changes)).criteria if c.name == name)


def test_strong_evidence_survives_and_is_all_listed() -> None:
    verdict = judge(STRONG)
    assert verdict.words == "survives"
    assert sorted(c.name for c in verdict.criteria) == sorted(NAMES)
    assert all(c.holds for c in verdict.criteria)
    assert verdict.summary == "14 of 14 criteria hold"


@pytest.mark.parametrize("name", NAMES)
def test_an_undefined_number_never_holds(name: str) -> None:
    found = criterion(name, **{name: nan})
    assert not found.holds
    assert "undefined" in found.explanation


@pytest.mark.parametrize("name", [c.name for c in judge(STRONG).criteria if c.required])
@pytest.mark.parametrize("value", [nan, None])
def test_nothing_survives_without_a_required_criterion(name: str, value: float | None) -> None:
    assert judge(replace(STRONG, **{name: value})).words == "fragile"


@pytest.mark.parametrize("name", [c.name for c in judge(STRONG).criteria if not c.required])
def test_what_was_not_measured_is_not_judged(name: str) -> None:
    verdict = judge(replace(STRONG, **{name: None}))
    assert name not in [c.name for c in verdict.criteria]
    assert verdict.words == "survives"


def test_no_evidence_at_all_is_likely_luck() -> None:
    verdict = judge(Evidence())
    assert verdict.words == "likely luck"
    assert not any(c.holds for c in verdict.criteria)


def test_most_of_the_luck_criteria_decide_about_luck() -> None:
    assert judge(replace(STRONG, deflated_sharpe=0.5)).words == "fragile"
    assert judge(replace(STRONG, deflated_sharpe=0.5, reality_check_p=0.4)).words == "likely luck"
    assert judge(replace(STRONG, overfitting_probability=0.9, reality_check_p=0.4)).words == "likely luck"


def test_no_single_number_makes_a_winner() -> None:
    only = {name: getattr(STRONG, name) for name in NAMES}
    for name in NAMES:
        assert judge(Evidence(**{name: only[name]})).words != "survives"


def test_too_many_small_failures_are_fragile() -> None:
    weak = {"overfitting_loss": 0.9, "walk_forward_efficiency": -1.0, "hold_out_profit": -5.0}
    names = list(weak)
    assert judge(replace(STRONG, **{n: weak[n] for n in names[:2]})).words == "survives"
    verdict = judge(replace(STRONG, **weak))
    assert verdict.words == "fragile"
    assert verdict.summary == "11 of 14 criteria hold; not overfitting_loss, walk_forward_efficiency, hold_out_profit"
    assert judge(replace(STRONG, **weak), Thresholds(max_failed=3)).words == "survives"


def test_thresholds_are_met_exactly_but_profits_must_be_above() -> None:
    asked = Thresholds()
    assert criterion("deflated_sharpe", deflated_sharpe=asked.deflated_sharpe).holds
    assert criterion("reality_check_p", reality_check_p=asked.reality_check_p).holds
    assert not criterion("walk_forward_profit", walk_forward_profit=0.0).holds
    assert not criterion("hold_out_profit", hold_out_profit=0.0).holds


@pytest.mark.parametrize("name", NAMES)
def test_every_threshold_can_be_set(name: str) -> None:
    found = criterion(name)
    impossible = 1e9 if found.comparison != "<=" else -1e9
    verdict = judge(STRONG, Thresholds(**{name: impossible}))
    assert [c.name for c in verdict.criteria if not c.holds] == [name]
    assert next(c for c in verdict.criteria if c.name == name).threshold == impossible


def test_thresholds_are_read_from_texts() -> None:
    read = Thresholds.parse(["deflated sharpe=0.9", " max_failed = 1 "])
    assert read == Thresholds(deflated_sharpe=0.9, max_failed=1)
    assert Thresholds.parse([]) == Thresholds()


@pytest.mark.parametrize("text", ["sharpe=1", "plateau", "plateau=", "plateau=high", "plateau=nan", "max_failed=1.5"])
def test_other_thresholds_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="must be"):
        Thresholds.parse([text])


def test_the_thresholds_that_nobody_sets_are_the_documented_ones() -> None:
    assert {f.name: f.default for f in fields(Thresholds)} == {
        "look_ahead": 0.0,
        "deflated_sharpe": 0.95,
        "reality_check_p": 0.05,
        "overfitting_probability": 0.5,
        "overfitting_loss": 0.25,
        "walk_forward_profit": 0.0,
        "walk_forward_efficiency": 0.3,
        "walk_forward_sizes": 0.5,
        "losing_paths": 0.25,
        "hold_out_profit": 0.0,
        "plateau": 0.5,
        "loss_probability": 0.05,
        "break_even_factor": 1.5,
        "n_trades": 30.0,
        "max_failed": 2,
    }


@pytest.mark.parametrize(
    ("text", "kind"), [("max_failed=1.5", "set to a whole number"), ("plateau=x", "set to a number")]
)
def test_a_threshold_that_is_refused_says_what_it_may_be(text: str, kind: str) -> None:
    with pytest.raises(ParameterError, match=kind):
        Thresholds.parse([text])


def test_what_reads_the_future_never_survives() -> None:
    found = judge(replace(STRONG, look_ahead=3.0), n_cuts=412)
    assert found.words == "fragile"
    assert found.summary == (
        "its signals use bars that were not there yet, so no other number counts; 13 of 14 criteria hold; "
        "not look_ahead"
    )
    first = found.criteria[0]
    assert (first.name, first.required, first.holds, first.threshold) == ("look_ahead", True, False, 0.0)
    assert first.explanation == (
        "cuts of the data at which its signals change when later bars are taken away (412 were compared): 3; at most 0 "
        "is asked: fails"
    )
    assert judge(STRONG, n_cuts=412).criteria[0].holds
    assert judge(replace(STRONG, look_ahead=nan), n_cuts=0).words == "fragile"


def test_what_makes_no_signals_is_not_judged_by_them() -> None:
    verdict = judge(replace(STRONG, look_ahead=nan), makes_signals=False)
    assert "look_ahead" not in [c.name for c in verdict.criteria]
    assert verdict.words == "survives"
    assert judge(replace(STRONG, look_ahead=nan)).words == "fragile"
