"""The RQ worker."""

from __future__ import annotations

from redis import Redis
from rq import Queue, SimpleWorker

from domain.ground.settings import Settings
from jobs import background, outbox


def run(settings: Settings) -> None:
    """Works until it is told to stop. Jobs run in this process: a killed worker's job is found by its lease."""
    connection = Redis.from_url(settings.redis_url)
    queues = [Queue(name, connection=connection) for name in (outbox.QUEUE, background.QUEUE)]  # what is short comes first
    SimpleWorker(queues, connection=connection).work(logging_level="WARNING")
