"""Whether ChromaDB and a language model answer, as the assistant publishes it."""

from __future__ import annotations

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.test_scripts import stub
from tests.servers import free_port
from trading_ai.telemetry.measures import exposition
from trading_ai.telemetry.neighbours import PATHS, Neighbours


def published(neighbours: Neighbours) -> dict[str, float]:
    """The metric as Prometheus reads it."""
    families = {f.name: f for f in text_string_to_metric_families(exposition(neighbours).decode())}
    return {sample.labels["name"]: sample.value for sample in families["trading_ai_neighbour_up"].samples}


def test_one_that_answers_and_one_that_does_not() -> None:
    with stub({PATHS["chroma"]: [(200, {"nanosecond heartbeat": 1})]}) as url:
        nowhere = f"http://127.0.0.1:{free_port()}"
        assert published(Neighbours({"chroma": url + "/", "ollama": nowhere})) == {"chroma": 1.0, "ollama": 0.0}


def test_an_error_is_no_answer_and_what_is_not_set_is_not_told() -> None:
    with stub({PATHS["chroma"]: [(500, {})]}) as url:
        assert published(Neighbours({"chroma": url, "ollama": ""})) == {"chroma": 0.0}
    assert published(Neighbours({"chroma": "nonsense"})) == {"chroma": 0.0}
    assert published(Neighbours({})) == {}


def test_what_was_found_is_told_again_for_some_seconds() -> None:
    now = [0.0]
    with stub({PATHS["chroma"]: [(200, {}), (500, {})]}) as url:
        neighbours = Neighbours({"chroma": url}, kept_seconds=5.0, clock=lambda: now[0])
        assert neighbours.up() == {"chroma": True}
        now[0] = 4.9
        assert neighbours.up() == {"chroma": True}
        now[0] = 5.0
        assert neighbours.up() == {"chroma": False}


def test_the_assistant_publishes_it(tmp_path: Path) -> None:
    from tests.deployment.whole import whole

    nowhere = f"http://127.0.0.1:{free_port()}"
    with whole(tmp_path, TRADING_AI_CHROMA_URL=nowhere) as served:
        text = httpx.get(f"{served.assistant_url}/metrics").text
        assert 'trading_ai_neighbour_up{name="chroma"} 0.0' in text
        assert "trading_ai_neighbour_up" not in httpx.get(f"{served.pipeline_url}/metrics").text
