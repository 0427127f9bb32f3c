"""The worker: what is done with each name that the queue may carry."""

from __future__ import annotations

from functools import partial

from domain.ground.settings import Settings
from jobs import background, confinement, outbox, queue, texting
from jobs.queue import Duty
from jobs.runtime import Runtime, build, settle


def duties(runtime: Runtime) -> dict[str, Duty]:
    """Name in the queue → what is done with the row of an id. The only names that a worker knows."""
    return {
        outbox.DUTY: Duty(partial(outbox.run_together, runtime), many=True),
        texting.DUTY: Duty(partial(texting.send, runtime)),
        background.DUTY: Duty(partial(background.run_task, runtime), of=int, seconds=-1),  # the lease ends what hangs
    }


def run(settings: Settings) -> None:
    """Works until a signal stops it. It works on rows in this process: the lease finds the row of a worker that is killed."""
    confinement.warm()
    known = duties(build(settings))
    settle()
    queue.work(settings.redis_url, known)
