"""What would change a verdict does change it, and nothing less does."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ai.robustness.turning import turns_of
from trading_ai.robustness.verdict import Evidence, Thresholds, judge

NAMES = [f.name for f in fields(Evidence)]
GOOD = {"look_ahead": 0.0, "deflated_sharpe": 1.0, "reality_check_p": 0.0, "overfitting_probability": 0.0,
        "overfitting_loss": 0.0, "walk_forward_profit": 1.0, "walk_forward_efficiency": 1.0, "walk_forward_sizes": 1.0,
        "losing_paths": 0.0, "hold_out_profit": 1.0, "plateau": 1.0, "loss_probability": 0.0, "break_even_factor": 9.0,
        "n_trades": 99.0}  # fmt: skip
BAD = {name: -9.0 if value >= 1.0 else 9.0 for name, value in GOOD.items()}


def judged(holding, max_failed=2):
    evidence = Evidence(**{name: (GOOD if name in holding else BAD)[name] for name in NAMES})
    return judge(evidence, Thresholds(max_failed=max_failed))


@settings(max_examples=150, deadline=None)
@given(holding=st.sets(st.sampled_from(NAMES)), max_failed=st.integers(0, 4))
def test_a_turn_is_enough_and_necessary(holding, max_failed):
    thresholds = Thresholds(max_failed=max_failed)
    found = judged(holding, max_failed)
    for turn in turns_of(found, thresholds):
        assert turn.to != found.words

        def after(names, turn=turn):
            return judged(holding | set(names) if turn.holds else holding - set(names), max_failed).words

        some = [set(chosen) for chosen in combinations(turn.some, turn.n_of)] if turn.some else [set()]
        if turn.is_either:
            for name in turn.every:
                assert after({name}) != found.words
            if turn.some:
                assert after(some[0]) == turn.to
                assert all(after(set(fewer)) == found.words for fewer in combinations(turn.some, turn.n_of - 1))
            continue
        reached = after(set(turn.every) | some[0])
        assert reached == turn.to or (turn.to == "fragile" and reached == "survives")
        for name in turn.every:
            assert after((set(turn.every) - {name}) | some[0]) != turn.to
        if turn.n_of:
            fewer = set(next(combinations(turn.some, turn.n_of - 1)))
            assert after(set(turn.every) | fewer) != turn.to


def test_of_a_lone_luck():
    found = judged(set(NAMES) - {"deflated_sharpe", "reality_check_p", "plateau"})
    first, second = turns_of(found)
    assert (first.to, first.n_of, first.some) == ("fragile", 1, ("deflated_sharpe", "reality_check_p"))
    assert (second.to, second.every, second.n_of) == ("survives", ("deflated_sharpe", "reality_check_p"), 0)


@pytest.mark.parametrize("words", ["survives"])
def test_what_survives_can_fall(words):
    found = judged(set(NAMES))
    (turn,) = turns_of(found)
    assert (found.words, turn.to, turn.n_of) == (words, "fragile", 3)
    assert replace(turn, every=()).every == ()
