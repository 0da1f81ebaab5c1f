"""The client against a service, and against connections that break."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.fakes.user_strategies import write_strategy
from tests.integration.api.served import service
from trading_ai import client as client_module
from trading_ai import load_sample, sweep
from trading_ai.bootstrap import Application
from trading_ai.client import ApiError, Client, ClientError, RunError
from trading_ai.settings import Settings

EXITS = {"stop_loss": (20, 80, 20), "take_profit": [40, 80]}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture(scope="module")
def backtest_id(served):
    return served.add_backtest()


@pytest.fixture(scope="module")
def slow_backtest_id(served, tmp_path_factory):
    return served.add_backtest(write_strategy(tmp_path_factory.mktemp("strategy"), seconds=0.2))


@pytest.fixture
def client(served):
    with Client(served.url) as made:
        yield made


def test_three_lines_give_the_best(client, backtest_id):
    seen = []
    run = client.optimize(backtest_id, EXITS)
    best = run.wait(progress=seen.append, every=0.05).results(top=3)
    assert run.total_tasks == 8
    assert seen[-1]["progress_percent"] == 100.0
    local = sweep(load_sample("EURUSD"), "sma_crossover", stop_loss=range(20, 81, 20), take_profit=[40, 80])
    assert best[0]["parameters"] == run.best_parameters == local.best
    assert [trial["rank"] for trial in best] == [1, 2, 3]
    assert run.results(top=2, offset=1) == best[1:]
    assert run.costs_stated == local.costs_stated == "without costs: no spread, commission, slippage or swap"
    assert tuple(run.warnings) == local.warnings
    every = list(run.trials(at_once=7))
    assert [trial["rank"] for trial in every] == list(range(1, len(every) + 1))
    assert every == run.results(top=1000)
    least = run.results(top=8, sort="total_trades")
    assert [t["total_trades"] for t in least] == sorted(t["total_trades"] for t in least)


def test_an_earlier_run_is_found_again(client, backtest_id):
    run = client.optimize(
        backtest_id, EXITS, "random_search", max_iterations=3, objective="net_profit",
        constraints=["total_trades >= 1"], seed=4, name="drawn", priority=7,
    )  # fmt: skip
    assert client.run(run.optimization_id).wait(every=0.05).total_tasks == 3
    shown = client.runs(limit=1)[0]
    assert (shown["optimization_id"], shown["name"], shown["seed"]) == (run.optimization_id, "drawn", 4)
    assert (shown["objective"], shown["constraints"], shown["priority"]) == ("net_profit", ["total_trades >= 1"], 7)
    run.delete()
    with pytest.raises(ApiError) as refused:
        run.status()
    assert refused.value.status == 404
    assert client.workers()["workers_online"] == 1


def test_pause_resume_cancel(client, slow_backtest_id):
    run = client.optimize(slow_backtest_id, {"period": (60, 400, 1)})
    run.pause()
    with pytest.raises(RunError, match="is paused"):
        run.wait()
    with pytest.raises(ApiError) as refused:
        run.pause()
    assert refused.value.status == 409
    run.resume()
    with pytest.raises(TimeoutError, match="still runs"):
        run.wait(timeout=0, every=0.01)
    run.cancel()
    with pytest.raises(RunError) as ended:
        run.wait()
    assert ended.value.status["status"] == "cancelled"


def test_refusals_say_what_was_wrong(client, backtest_id):
    with pytest.raises(ApiError, match=r"stop_loss\.step: must be above zero") as refused:
        client.optimize(backtest_id, {"stop_loss": (20, 80, 0)})
    assert refused.value.status == 422
    assert refused.value.errors[0]["field"] == "stop_loss.step"
    with pytest.raises(ApiError, match="no backtest"):
        client.optimize("nothing", EXITS)
    with pytest.raises(ApiError, match="no optimization"):
        client.run("nothing")
    with pytest.raises(ApiError, match="there is nothing at"):
        client.run("../backtests")


def test_a_key_is_sent(served):
    application = Application(Settings(home=served.home))
    _, key = application.keys.create("reader", "read", time.time())
    with Client(served.url + "/", api_key=key) as reader:
        assert isinstance(reader.runs(), list)
        with pytest.raises(ApiError) as refused:
            reader.optimize("any", EXITS)
        assert refused.value.status == 403
    with Client(served.url, api_key="tai_no_key") as stranger, pytest.raises(ApiError) as refused:
        stranger.runs()
    assert refused.value.status == 401


def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr(client_module, "_PAUSES", ())
    with Client("http://127.0.0.1:1") as nowhere, pytest.raises(ClientError, match="cannot be reached"):
        nowhere.runs()


class Flaky:
    """Carries requests out and loses the first answers."""

    def __init__(self, n_lost, how):
        self.n_lost, self.how, self.requests = n_lost, how, []
        self.inner = httpx.HTTPTransport()

    def __call__(self, request):
        answer = self.inner.handle_request(request)
        self.requests.append(request)
        if len(self.requests) <= self.n_lost:
            answer.close()
            if self.how == "broken":
                raise httpx.ReadError("connection reset")
            return httpx.Response(503, json={"title": "away", "detail": "away"})
        return answer


@pytest.mark.parametrize("how", ["broken", "503"])
def test_a_start_whose_answer_is_lost_starts_once(served, client, backtest_id, how, monkeypatch):
    monkeypatch.setattr(client_module, "_PAUSES", (0.0, 0.0))
    before = len(client.runs(1000))
    flaky = Flaky(2, how)
    with Client(served.url, transport=httpx.MockTransport(flaky)) as unlucky:
        run = unlucky.optimize(backtest_id, EXITS, name=f"lost by {how}")
    assert len(flaky.requests) == 3
    assert len({request.headers["Idempotency-Key"] for request in flaky.requests}) == 1
    assert len(client.runs(1000)) == before + 1
    assert client.runs(1)[0]["optimization_id"] == run.optimization_id


def test_changes_are_not_repeated(monkeypatch):
    asked = []

    def lose(request):
        asked.append(request)
        if request.url.path.endswith("/status"):
            return httpx.Response(200, json={"optimization_id": "x", "total_tasks": 1, "status": "running"})
        raise httpx.ReadError("connection reset")

    with Client("http://service", transport=httpx.MockTransport(lose)) as unlucky:
        run = unlucky.run("x")
        with pytest.raises(ClientError, match="connection reset"):
            run.cancel()
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (httpx.Response(200, text="<html>"), ClientError, "is it the optimizer API"),
        (httpx.Response(404, text="<html>"), ApiError, "Not Found"),
        (httpx.Response(400, text=json.dumps([1])), ApiError, "Bad Request"),
    ],
)
def test_answers_of_something_else(answer, error, message):
    with (
        Client("http://elsewhere", transport=httpx.MockTransport(lambda _: answer)) as lost,
        pytest.raises(error, match=message),
    ):
        lost.runs()
