"""The broker: Celery on Redis. A message only says that a chunk waits; everything that counts is in the database."""

from __future__ import annotations

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from trading_ai.driving.queue import ChunkState
from trading_ai.executors.pool import START_SECONDS

QUEUE = "trading_ai"
TASK = "trading_ai.evaluate_chunk"
_PROBE = "trading_ai.probe"


def celery_app(url: str) -> Celery:
    """Celery as this package uses it: JSON only, no results, one message at a time.

    Args:
        url: Redis URL.
    """
    app = Celery("trading_ai", broker=url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_acks_late=False,  # a message that is lost with its worker is sent again by the coordinator
        worker_prefetch_multiplier=1,
        worker_send_task_events=True,
        task_send_sent_event=True,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=True,
        worker_proc_alive_timeout=START_SECONDS,  # of four seconds, on a sliver of a core, none comes to life
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=3,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options={
            "visibility_timeout": 24 * 3600,  # redelivery is not what recovers work here
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "max_retries": 1,
        },
    )
    return app


class Broker:
    """Tells workers of chunks.

    Args:
        url: Redis URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = celery_app(url)
        self._redis = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)

    def announce(self, chunk: ChunkState) -> None:
        """Say that a chunk waits.

        Raises:
            OSError: the broker cannot be reached.
        """
        about = {
            "chunk_id": chunk.chunk_id,
            "optimization_id": chunk.optimization_id,
            "start": chunk.start,
            "stop": chunk.stop,
        }
        try:
            self.app.send_task(TASK, kwargs=about, queue=QUEUE, retry=False, ignore_result=True)
        except (OperationalError, redis.RedisError) as error:
            raise OSError(str(error)) from error

    def trouble(self) -> str:
        """Why messages cannot be sent, or "": it is away, full, or takes no writes. Writes a key."""
        try:
            self._redis.set(_PROBE, "1", px=1000)
        except redis.ResponseError as error:  # it answers, and refuses
            return f"takes no messages: {error}"
        except (redis.RedisError, OSError):
            return "cannot be reached"
        return ""

    def n_waiting(self) -> int | None:
        """Messages that no worker has taken; None if the broker cannot be reached."""
        try:
            return int(self._redis.llen(QUEUE))
        except (redis.RedisError, OSError):
            return None
