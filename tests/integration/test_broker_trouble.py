"""A broker is ready when it takes messages: one that answers and refuses to write is not."""

from __future__ import annotations

import pytest
import redis

from tests.servers import redis_server
from trading_ai.bootstrap import read_settings
from trading_ai.errors import InputError
from trading_ai.executors.broker import Broker


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with redis_server(tmp_path_factory.mktemp("redis")) as made:
        yield made


def test_a_broker_that_is_full_or_takes_no_writes_or_is_away(server):
    broker, client = Broker(server.url), redis.Redis.from_url(server.url)
    assert broker.trouble() == ""
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    assert broker.trouble().startswith("takes no messages: ")
    assert "maxmemory" in broker.trouble()
    client.config_set("maxmemory", 0)
    assert broker.trouble() == ""
    client.replicaof("127.0.0.1", 1)
    assert "read only" in broker.trouble()
    client.replicaof("NO", "ONE")
    assert broker.trouble() == ""
    server.kill()
    assert broker.trouble() == "cannot be reached"
    server.restart()


@pytest.mark.parametrize("url", ["foo", "http://u:geheim@host", "redis://", "amqp://u:geheim@host/"])
def test_a_broker_that_is_no_redis_is_refused_and_not_shown(monkeypatch, url):
    monkeypatch.setenv("TRADING_AI_BROKER_URL", url)
    with pytest.raises(InputError, match=r"TRADING_AI_BROKER_URL: must be a Redis URL, such as redis://") as refused:
        read_settings()
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "redis://localhost:6379/0", "rediss://:a@h:1/0", "unix:///run/redis.sock"])
def test_a_broker_that_is_one_is_taken(monkeypatch, url):
    monkeypatch.setenv("TRADING_AI_BROKER_URL", url)
    assert read_settings().broker == url
