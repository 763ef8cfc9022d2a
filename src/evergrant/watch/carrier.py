"""The watch on PostgreSQL: Procrastinate carries it over any number of workers and hosts.

Nothing is known by the jobs alone.  Each worker looks at the rows once a second and sees to it that
there are jobs for what is due; a job takes up to two hundred rows, whichever are due by then, and
holds a lease on each for as long as it lives.  A job that is lost is derived again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from sqlalchemy.engine import make_url

from evergrant.errors import EvergrantError
from evergrant.keeper.record import CHECK
from evergrant.log import logger
from evergrant.store import due, outbox
from evergrant.watch.carried import bring_up
from evergrant.watch.chores import CHORES, do_chores
from evergrant.watch.delivery import deliver
from evergrant.watch.looking import EVERY_S, Looking
from evergrant.watch.rounds import begin, expire
from evergrant.watch.sweep import JOB

QUEUE = "evergrant"
CHECKS, DELIVERIES = "evergrant.check", "evergrant.deliver"
MOST_JOBS = 50
"""So many jobs wait at most: what they leave is found again."""
TIDY_EVERY = 10
"""So many looks apart, what dead workers left is tidied up."""

log = logger("watch")


class Carrier(Looking):
    """One worker's part of the watch."""

    KIND = "worker"

    def _walk(self) -> None:
        while not self._stop.is_set():
            try:
                asyncio.run(self._work())
            except (EvergrantError, ConnectorException) as error:
                # The rows are still there when PostgreSQL is.
                log.error("the watch is interrupted: %s", error)
            except Exception:  # a defect of ours must not end it either, and must be seen
                log.exception("the watch is interrupted by a defect of Evergrant")
            self._stop.wait(EVERY_S)

    async def _work(self) -> None:
        app = self._app()
        async with app.open_async():
            with self._keeper.writing() as tx:
                await bring_up(app, tx)
            lease_s = self._keeper.engine.rules.lease_s
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    name=self._owner,
                    concurrency=2,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=EVERY_S,
                    update_heartbeat_interval=lease_s / 3,
                    stalled_worker_timeout=lease_s,
                )
            )
            looking = asyncio.create_task(self._look_again_and_again(app))
            try:
                await asyncio.wait([working, looking], return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _ended(looking, working)

    def _app(self) -> procrastinate.App:
        url = make_url(self._keeper.settings.database).set(drivername="postgresql")
        where = url.render_as_string(hide_password=False)
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=where, min_size=1, max_size=4)
        )
        app.task(name=CHECKS, queue=QUEUE)(self._check)
        app.task(name=DELIVERIES, queue=QUEUE)(self._deliver)
        return app

    # --- what jobs do, in threads ----------------------------------------------------------------

    def _check(self) -> None:
        sweep = begin(self._keeper, self._owner, self._stop.is_set)
        while not sweep.wait(EVERY_S):
            continue
        if sweep.trouble is not None:
            log.error("a sweep broke off: %s", sweep.trouble)

    def _deliver(self) -> None:
        try:
            do_chores(self._keeper)
            deliver(self._keeper)
        except EvergrantError as error:
            log.error("deliveries broke off: %s", error.what)

    # --- deriving jobs from rows -----------------------------------------------------------------

    async def _look_again_and_again(self, app: procrastinate.App) -> None:
        looks = 0
        while not self._stop.is_set():
            await self._derive(app)
            self._has_looked()
            if looks % TIDY_EVERY == 0:
                await self._tidy(app)
            looks += 1
            await asyncio.sleep(EVERY_S)

    async def _derive(self, app: procrastinate.App) -> None:
        """See to it that there are jobs for what is due: a slot holds one that waits."""
        waiting = await app.job_manager.list_jobs_async(queue=QUEUE, status="todo")
        there = {each.queueing_lock for each in waiting}
        for task, number in await asyncio.to_thread(self._wanted):
            slot = f"{task}:{number}"
            if slot not in there:
                with suppress(AlreadyEnqueued):  # another worker was faster
                    job = app.configure_task(task, queue=QUEUE, queueing_lock=slot)
                    await job.defer_async()

    def _wanted(self) -> list[tuple[str, int]]:
        keeper, now = self._keeper, self._keeper.clock.now()
        with keeper.reading() as tx:
            checks = due.waiting(tx, now, kinds=(CHECK,), at_most=JOB * MOST_JOBS)
            deliveries = outbox.is_waiting(tx, now) or due.waiting(
                tx, now, kinds=tuple(CHORES), at_most=1
            )
        jobs = [(CHECKS, number) for number in range(-(-checks // JOB))]
        return [(DELIVERIES, 0), *jobs] if deliveries else jobs

    async def _tidy(self, app: procrastinate.App) -> None:
        await asyncio.to_thread(expire, self._keeper)
        lease_s = self._keeper.engine.rules.lease_s
        stalled = await app.job_manager.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=lease_s
        )
        for job in stalled:
            # What it had not done is still due, and is in another job by now.
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def _ended(looking: asyncio.Task[None], working: asyncio.Task[None]) -> None:
    """End both; what the worker has at hand comes to its end.  Raises what broke one of them."""
    for task in (looking, working):
        if not task.done():
            task.cancel()
    for task in (looking, working):
        with suppress(asyncio.CancelledError):
            await task
