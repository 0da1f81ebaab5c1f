"""The page of a verdict: what is shown is of all that was tried until now."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.integration.dashboard.laptop import PAGE, browser
from trading_ai.api import apart


def test_a_study_is_kept_until_more_is_tried_on_the_same_data(laptop, monkeypatch):
    key, made, inner = laptop.started(), [], apart.done

    def done(*arguments):
        made.append(arguments)
        return inner(*arguments)

    laptop.wait(key)
    monkeypatch.setattr(apart, "done", done)
    client = browser(laptop)

    def counted():
        answer = client.get(f"/optimizations/{key}/parts/study/verdict")
        assert answer.status_code == 200
        return int(re.search(r"<p>(\d+) trials were ever run on this data", answer.text)[1])

    before = counted()
    assert counted() == before
    assert len(made) == 1
    assert 'id="study"' in client.get(f"/optimizations/{key}/verdict", headers=PAGE).text
    store = laptop.application.store
    spec = store.backtest(laptop.backtest_id).spec
    laptop.application.backtests.run(replace(spec, capital=spec.capital * 2))
    after = counted()
    assert len(made) == 2
    assert after == before + 1
