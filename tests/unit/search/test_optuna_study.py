"""Optuna is kept quiet, and studies small."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from trading_ai.search.registry import search_method


@pytest.mark.parametrize("name", ["bayesian", "genetic"])
def test_nothing_is_printed_and_the_users_verbosity_stays(name, capfd, recwarn):
    before = optuna.logging.get_verbosity()
    method = search_method(name, 400, 60, shape=(20, 20))
    while (asked := method.ask(5)).size:
        method.tell(asked, -((asked - 150.0) ** 2))
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert not recwarn.list
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize("name", ["bayesian", "genetic"])
@pytest.mark.parametrize("k", [1, 2])
def test_a_long_search_keeps_the_best_and_those_under_way(name, k):
    scores = np.stack([-((np.arange(4000) - middle) ** 2.0) for middle in (1000, 3000)[:k]], axis=1)
    method = search_method(name, 4000, 1200, shape=(4000,), batch_size=8)
    waiting = method.ask(3)
    known = np.setdiff1d(np.arange(0, 4000, 4), waiting)
    method.tell(known, scores[known])
    found = [waiting]
    method.tell(waiting, scores[waiting])
    while (asked := method.ask(8)).size:
        method.tell(asked, scores[asked])
        found.append(asked)
    found = np.concatenate(found)
    assert np.unique(found).size == found.size == 1200 - known.size
    if k == 1:
        assert np.median(abs(found[3:] - 1000)) < 300
    assert len(method._shown) <= 1000
