"""Jobs as readers see them: whose they are, how they end, what happens to those whose worker is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from geo_core.errors import Forbidden, NotFound
from layers import jobs
from layers.jobs import Request


def submit(city, who="analyst", kind="derive"):
    return jobs.submit(
        city.engines.app, city.people[who], city.workspace, Request(kind=kind, params={"layer": "x"}, time_limit_s=60)
    )


def state(city, job_id, who="analyst"):
    with city.as_(who) as connection:
        return jobs.one(connection, job_id)


def test_a_submitted_job_is_recorded_and_queued_once(city):
    job_id = submit(city)
    told = state(city, job_id)
    assert (told["state"], told["progress"], told["params"], told["time_limit_s"]) == ("queued", 0, {"layer": "x"}, 60)
    with city.owner() as owner:
        queued = owner.exec_driver_sql("SELECT args, queue_name, task_name FROM procrastinate_jobs").all()
        assert [tuple(row) for row in queued] == [({"job_id": job_id}, jobs.QUEUE, jobs.TASK)]
        assert owner.exec_driver_sql("SELECT action FROM audit").scalars().all() == ["start-job"]


def test_a_viewer_starts_no_job(city):
    for who in ("viewer", "nobody"):
        with pytest.raises(Forbidden):
            submit(city, who)
    with city.owner() as owner:
        assert owner.exec_driver_sql("SELECT count(*) FROM job").scalar_one() == 0


def test_a_job_is_seen_by_its_owner_and_administrators_only(city):
    job_id = submit(city)
    for who, sees in (("analyst", True), ("administrator", True), ("west", False), ("nobody", False)):
        with city.as_(who) as connection:
            assert [job["id"] for job in jobs.listed(connection, city.workspace)] == ([job_id] if sees else [])
            if not sees:
                with pytest.raises(NotFound):
                    jobs.one(connection, job_id)
                with pytest.raises(NotFound):
                    jobs.request_cancel(connection, job_id)


def test_a_job_runs_once_tells_how_far_it_is_and_ends_once(city):
    job_id = submit(city)
    with city.as_("analyst") as connection:
        assert jobs.begin(connection, job_id) is True
        assert jobs.begin(connection, job_id) is False
        jobs.advance(connection, job_id, progress=1.7, doing="job.doing.linking")
        assert jobs.beat(connection, job_id) is False
    told = state(city, job_id)
    assert (told["state"], told["progress"], told["doing"]) == ("running", 1.0, "job.doing.linking")
    with city.as_("analyst") as connection:
        jobs.advance(connection, job_id, progress=0.4, doing="job.doing.linking")
        jobs.end(connection, job_id, state="done", result={"rows": 3})
        jobs.end(connection, job_id, state="failed", error={"code": "job-killed"})
    told = state(city, job_id)
    assert (told["state"], told["progress"], told["result"], told["error"]) == ("done", 1.0, {"rows": 3}, None)
    assert told["finished_at"] is not None


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(city):
    waiting, running = submit(city), submit(city)
    with city.as_("analyst") as connection:
        assert jobs.begin(connection, running)
        assert jobs.request_cancel(connection, waiting)["state"] == "cancelled"
        assert jobs.begin(connection, waiting) is False
        told = jobs.request_cancel(connection, running)
        assert (told["state"], told["cancel_requested"]) == ("running", True)
        assert jobs.beat(connection, running) is True
        jobs.end(connection, running, state="cancelled")
        assert jobs.request_cancel(connection, running)["state"] == "cancelled"


def test_the_worker_runs_a_job_as_whoever_asked_for_it(city):
    job_id = submit(city, "west")
    found = jobs.of_everyone(city.engines.app, job_id)
    assert found is not None
    principal, job = found
    assert principal.id == city.people["west"].id
    assert job["id"] == job_id
    assert jobs.of_everyone(city.engines.app, 10**9) is None


def test_jobs_whose_process_is_silent_are_found(city):
    running, waiting, fresh = submit(city), submit(city), submit(city)
    with city.as_("analyst") as connection:
        jobs.begin(connection, running)
    with city.owner() as owner:
        owner.execute(
            text(
                "UPDATE job SET heartbeat_at = now() - interval '10 min', created_at = now() - interval '1 h' WHERE id = ANY(:ids)"
            ),
            {"ids": [running, waiting]},
        )
    assert jobs.lost(city.engines.app, silent_s=60) == [running, waiting]
    assert jobs.lost(city.engines.app, silent_s=-1) == [running, waiting, fresh]
    with city.as_("analyst") as connection:
        jobs.beat(connection, running)
    assert jobs.lost(city.engines.app, silent_s=60) == [waiting]
