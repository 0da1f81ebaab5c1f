from __future__ import annotations

import json

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.study import Robustness, StudySettings, assess, plain
from trading_ai.robustness.verdict import Thresholds

QUICK = StudySettings(n_blocks=8, n_resamples=200)
DAYS = np.arange(17532, 17532 + 728)
DAYS = DAYS[(DAYS + 3) % 7 < 5]


def sweep(edge: float, seed: int = 0, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A 7 x 6 grid whose trials share most of their days; the edge is a hill in its middle."""
    random = np.random.default_rng(seed)
    positions = np.array(list(np.ndindex(7, 6)))
    hill = np.exp(-np.square(positions - [3, 2]).sum(axis=1) / 6.0)
    profits = random.standard_normal((42, 520)) * 0.5 + random.standard_normal(520) * 0.5
    profits = ((profits + edge * (hill[:, None] - 0.3)) * 10.0).astype(dtype)
    scores = profits.mean(axis=1, dtype=np.float64) / profits.std(axis=1, dtype=np.float64)
    return profits, positions, scores


def study(edge: float, **options: object) -> Robustness:
    profits, positions, scores = sweep(edge)
    given = {"capital": 10_000.0, "settings": QUICK, "look_ahead": (0, 100), **options}
    return assess(profits, DAYS, positions, scores, **given)  # type: ignore[arg-type]


def test_a_planted_hill_survives_and_noise_does_not() -> None:
    planted = study(0.5)
    assert planted.verdict.words == "survives", planted.verdict.summary
    assert planted.chosen == planted.plateau.pick or planted.chosen_neighbours > 0.5
    assert study(0.0).verdict.words == "likely luck"


def test_nothing_survives_whose_signals_were_not_checked_or_read_the_future() -> None:
    for look_ahead in (None, (0, 0), (1, 100)):
        found = study(0.5, look_ahead=look_ahead)
        assert found.verdict.words == "fragile"
        assert found.verdict.summary.endswith("not look_ahead")


def test_all_parts_are_there_and_become_json() -> None:
    trades = np.random.default_rng(0).normal(1.0, 5.0, 300)
    found = study(0.5, trade_profits=trades, cost_per_trade=0.2, n_ledger_trials=5_000)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert all(document[name] is not None for name in document)
    assert document["verdict"]["words"] in {"survives", "fragile", "likely luck"}
    assert len(document["verdict"]["criteria"]) == 14
    assert len(document["bands"]["cumulative_profit"][0]) == 520
    assert document["luck"]["n_trials"] == 5_000
    assert document["effective"]["method"]
    assert document["walk_forward"]["windows"][0]["n_train"] > 200
    assert "logits" not in document["overfitting"]
    assert "score" not in document["plateau"]
    assert document["overfitting"]["sample"] == {"n_trials": 42, "n_failed": 0, "n_used": 42, "seed": 0}
    assert document["costs"]["net_profit"][1] == pytest.approx(trades.sum())


def test_more_trials_in_the_ledger_make_luck_likelier() -> None:
    few, many = study(0.3), study(0.3, n_ledger_trials=10**6)
    assert few.luck is not None
    assert many.luck is not None
    assert many.luck.deflated_sharpe_effective < few.luck.deflated_sharpe_effective
    assert (few.n_ledger_trials, many.n_ledger_trials) == (42, 10**6)


def test_failed_trials_are_left_out_and_never_chosen() -> None:
    profits, positions, scores = sweep(0.3)
    best = int(scores.argmax())
    profits[best] = np.nan
    found = assess(profits, DAYS, positions, scores, capital=1e4, settings=QUICK)
    scores[best] = -np.inf
    assert found.chosen == int(scores.argmax())
    assert found.n_failed == 1
    assert "1 failed trials left out" in found.notes
    assert np.isnan(found.plateau.score[best])
    assert found.overfitting is not None
    assert best not in found.overfitting.chosen


def test_the_order_of_trials_changes_nothing() -> None:
    profits, positions, scores = sweep(0.3)
    order = np.random.default_rng(5).permutation(42)
    first = assess(profits, DAYS, positions, scores, capital=1e4, settings=QUICK)
    second = assess(profits[order], DAYS, positions[order], scores[order], capital=1e4, settings=QUICK)
    assert order[second.chosen] == first.chosen
    for name in ("deflated_sharpe", "reality_check_p", "overfitting_probability", "walk_forward_profit", "plateau"):
        assert getattr(second.evidence, name) == pytest.approx(getattr(first.evidence, name)), name
    assert first.verdict.words == second.verdict.words


def test_nothing_traded() -> None:
    _, positions, _ = sweep(0.0)
    found = assess(np.zeros((42, 520)), DAYS, positions, np.full(42, np.nan), capital=1e4, settings=QUICK)
    assert (found.chosen, found.luck, found.bands) == (-1, None, None)
    assert found.verdict.words == "likely luck"
    assert not any(c.holds for c in found.verdict.criteria)
    json.dumps(found.to_json(), allow_nan=False)


def test_every_trial_failed() -> None:
    _, positions, scores = sweep(0.0)
    found = assess(np.full((42, 520), np.nan), DAYS, positions, scores, capital=1e4, settings=QUICK)
    assert (found.chosen, found.n_failed, found.verdict.words) == (-1, 42, "likely luck")
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("n_days", [1, 2, 3, 5, 15, 40])
def test_short_data_says_what_could_not_be_computed(n_days: int) -> None:
    profits, positions, scores = sweep(0.5)
    found = assess(profits[:, :n_days], DAYS[:n_days], positions, scores, capital=1e4, settings=QUICK)
    assert found.verdict.words != "survives"
    assert any("too short" in note for note in found.notes)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_trial_and_no_axes() -> None:
    profits, _, scores = sweep(0.5)
    found = assess(profits[:1], DAYS, np.zeros((1, 0), dtype=int), scores[:1], capital=1e4, settings=QUICK)
    assert found.evidence.plateau is None
    assert np.isnan(found.evidence.overfitting_probability)
    assert found.effective.n_effective == 1


def test_samples_are_noted() -> None:
    settings = StudySettings(n_blocks=8, n_resamples=100, sample_limit=20)
    assert any(note.startswith("overfitting: 20 of 42 trials") for note in study(0.3, settings=settings).notes)


def test_a_given_winner_and_given_thresholds_are_used() -> None:
    found = study(0.5, chosen=3, thresholds=Thresholds(deflated_sharpe=2.0))
    assert found.chosen == 3
    assert found.verdict.words != "survives"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"capital": 0.0}, "capital"),
        ({"chosen": 99}, "chosen"),
        ({"settings": StudySettings(objective="profit")}, "objective"),
        ({"settings": StudySettings(hold_out_share=1.0)}, "hold_out_share"),
    ],
)
def test_refuses_impossible_numbers(changes: dict, match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        study(0.1, **changes)


def test_refuses_arrays_that_do_not_belong_together() -> None:
    profits, positions, scores = sweep(0.1)
    with pytest.raises(ParameterError, match="one row a trial"):
        assess(profits.T, DAYS, positions, scores, capital=1e4)
    with pytest.raises(ParameterError, match="scores"):
        assess(profits, DAYS, positions, scores[:-1], capital=1e4)
    with pytest.raises(ParameterError, match="positions"):
        assess(profits, DAYS, positions[:-1], scores, capital=1e4)


def test_plain_values() -> None:
    assert plain((np.float64(np.nan), np.int64(3), np.array([1.0, np.inf]), "x", None, True)) == [
        None, 3, [1.0, None], "x", None, True,
    ]  # fmt: skip


def test_days_a_year_are_those_of_the_data_unless_given() -> None:
    # 520 weekdays from the first of them to the last are 726 calendar days: 520 / (726 / 365.25) a year.
    assert int(DAYS[-1] - DAYS[0]) + 1 == 726
    found = study(0.3)
    assert found.bands is not None
    assert found.days_per_year == pytest.approx(520 / 726 * 365.25)
    assert study(0.3, days_per_year=252.0).days_per_year == 252.0
