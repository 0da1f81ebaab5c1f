"""`test-rag.sh` and `test-all.sh` against a real assistant, and against ones that are not as they should be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployment.whole import Whole, whole
from tests.integration.test_scripts import LINE, clean_environment, run, stub
from tests.servers import free_port

pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")
RAG, ALL = "test-rag.sh", "test-all.sh"
GOOD = {"rows": [[3]], "sql": "select 3"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """All APIs, with a backtest."""
    with whole(tmp_path_factory.mktemp("whole")) as served:
        served.add_backtest()
        yield served


def test_a_real_assistant_passes(running: Whole) -> None:
    out, err = run(RAG, env=clean_environment(**running.urls))
    assert err == ""
    told = [line for line in out.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert told[0].startswith(f"✓ Assistant API: {running.assistant_url}, version ")
    assert [line.split(":")[0] for line in told[1:7]] == [
        "✓ Ready",
        "✓ Assistant documentation",
        "✓ Answer",
        "✓ Figures",
        "✓ Citation",
        "✓ Refusal",
    ]
    assert told[7].startswith("✓ Streaming: ")
    assert told[8].startswith(("✓ Search: ", "· Search: "))
    assert out.splitlines()[-1] == f"✅ All {sum(line.startswith('✓') for line in told)} checks passed"


def test_the_whole_system_passes(running: Whole) -> None:
    with stub({"/healthcheck": [(200, "OK")], "/api/health": [(200, {})]}) as url:
        env = clean_environment(**running.urls, FLOWER_URL=url, GRAFANA_URL=url)
        out, err = run(ALL, env=env)
    assert err == ""
    titles = ("Testing Optimizer Service", "Testing Assistant (RAG) Service", "Testing Flower and monitoring")
    places = [out.index(title) for title in titles]
    assert places == sorted(places)
    assert f"✓ Flower: {url}\n" in out
    assert out.endswith("✅ All 2 checks passed\n\n✅ The whole system works\n")


def test_what_fails_is_named_and_the_rest_is_tested_all_the_same(running: Whole) -> None:
    nowhere = f"http://localhost:{free_port()}"
    env = clean_environment(**running.urls) | {"ASSISTANT_URL": nowhere, "FLOWER_URL": nowhere}
    out, err = run(ALL, "--without-monitoring", env=env, code=1)
    assert "✓ Deletion of what the test has made" in out, "of the optimizer's test"
    assert f"✗ Assistant API: nothing answers at {nowhere}\n" in out
    assert (
        f"✗ Flower: nothing answers at {nowhere}\n  Next: kubectl --namespace trading-system logs deployment/flower"
        in out
    )
    assert "Grafana" not in out
    assert err == "\n✗ Failed: assistant monitoring\n"


def answers(ask: list[dict[str, Any]], counted: int = 3) -> dict[str, list[tuple[int, Any]]]:
    """What an assistant answers, question by question, and the pipeline beside it."""
    return {
        "/health": [(200, {"status": "ok", "version": "9"})],
        "/ready": [(200, {"status": "degraded", "checks": {"database": "ok", "language_model": "none is set"}})],
        "/docs": [(200, "<!DOCTYPE html><html></html>")],
        "/openapi.json": [(200, {"paths": {"/api/v1/ask": {}}})],
        "/api/v1/ask": [(200, answer) for answer in ask],
        "/api/v1/backtests": [(200, [{}] * counted)],
        "/api/v1/sql": [(200, {"rows": [[3]]})],
    }


REFUSED = {"status": "refused", "answer": "no", "citations": []}
RIGHT = {"status": "answered", "answer": "3 backtests are stored.", "planner": "template", "citations": [GOOD]}


@pytest.mark.parametrize(
    ("ask", "counted", "complaint"),
    [
        (
            [RIGHT | {"answer": "4 backtests are stored."}],
            3,
            "✗ Answer: the figure 3 of its citation is not in: 4 backtests",
        ),
        ([REFUSED], 3, "✗ Answer: it is refused: no"),
        ([RIGHT], 7, "✗ Figures: the assistant counts 3 backtests, the pipeline 7"),
        (
            [RIGHT, RIGHT | {"citations": [{"rows": [[4]], "sql": "select 3"}]}],
            3,
            "✗ Citation: select 3 gave [[4]], and gives [[3]]",
        ),
        ([RIGHT, RIGHT, RIGHT], 3, '✗ Refusal: "drop table trials" is answered: 3 backtests'),
        ([RIGHT, RIGHT, REFUSED, REFUSED, RIGHT], 3, "✗ Streaming: there is no event at the end"),
    ],
)
def test_an_assistant_that_is_wrong_is_found_out(ask: list[dict[str, Any]], counted: int, complaint: str) -> None:
    with stub(answers(ask, counted)) as url:
        out, _ = run(RAG, env=clean_environment(ASSISTANT_URL=url, PIPELINE_URL=url), code=1)
    assert out.startswith(f"🧪 Testing Assistant (RAG) Service\n{LINE}\n\n")
    assert complaint in out


def test_nothing_listens_where_an_assistant_should_be() -> None:
    nowhere = f"http://localhost:{free_port()}"
    out, err = run(RAG, env=clean_environment(ASSISTANT_URL=nowhere), code=1)
    assert out.splitlines()[3:] == [
        f"✗ Assistant API: nothing answers at {nowhere}",
        "  Start it: trading-ai serve, or scripts/deploy-rag.sh; or say where it is: ASSISTANT_URL",
        "",
        "✗ 1 of 1 checks failed",
    ]
    assert err == ""


@pytest.mark.parametrize("script", [RAG, ALL])
def test_wrong_arguments(script: str) -> None:
    _, err = run(script, "--fast", env=clean_environment(), code=2)
    assert f"Usage: scripts/{script}" in err
