"""The desk and its workers: the same numbers as without them, questions at once, and nothing lost in silence."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from recutis.errors import InputError
from recutis.plan.document import Plan
from recutis.plan.observation_file import parse_observations
from recutis.plan.planner import plan_course, planned
from recutis.plan.update import update_plan
from recutis.simulation import read_exposure, simulate
from recutis.web import work
from recutis.web.work import Desk, JobState, UnknownJobError, UnknownKeyError, key_of, worker_count
from recutis.web.work.jobs import request_of
from recutis.web.work.memory import Memory

EXAMPLES = Path(__file__).parents[1] / "examples"
CLINIC = {"devices": ["Fraxel re:store", "UltraPulse DeepFX"]}
LONG_S = 300.0  # nothing here takes so long; a test that would wait for ever fails
SECONDS = {"provenance": {"seconds"}}
SEEN = [{"session": 1, "date": "2027-03-01", "redness_days": 9}]


@cache
def patient(name: str = "acne-scars", **goals: Any) -> dict[str, Any]:
    """The content of an example patient file with some goals changed."""
    found = yaml.safe_load((EXAMPLES / "patients" / f"{name}.yaml").read_text(encoding="utf-8"))
    found["goals"] = {**found["goals"], **goals}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def request_for(**goals: Any) -> dict[str, Any]:
    """What to plan: the example in a clinic with two devices."""
    return {"patient": patient(**goals), "clinic": CLINIC}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A desk with two workers for all tests here."""
    made = Desk(2)
    yield made
    made.close()


def done(desk: Desk, kind: Any, document: Any) -> JobState:
    """A job that must end well."""
    state = desk.wait(desk.submit(kind, document), LONG_S)
    assert state.status == "done", state.error
    return state


@cache
def _planned(desk: Desk) -> JobState:
    return done(desk, "plan", {"request": request_for()})


def key(desk: Desk) -> str:
    """The key of the example's courses, explored again where they have been forgotten."""
    found = str(_planned(desk).facts["key"])
    if not desk.knows(found):
        assert done(desk, "explore", {"request": request_for()}).facts["key"] == found
    return found


def until(true: Callable[[], bool]) -> bool:
    """Whether something becomes true before long."""
    end = time.monotonic() + LONG_S
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def ended(pid: int) -> bool:
    """Whether a process has gone, or only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def reaped(pid: int) -> bool:
    """Whether nothing is left of a process."""
    return not Path(f"/proc/{pid}").exists()


# The same numbers


def test_a_plan_through_the_desk_is_the_plan(desk: Desk) -> None:
    """The document is that of the function, and it is written as plan.json is."""
    told = _planned(desk)
    made = Plan.model_validate_json(told.documents["plan"])

    assert made.model_dump(exclude=SECONDS) == plan_course(request_of(request_for())).model_dump(exclude=SECONDS)
    assert (told.facts["status"], told.progress, told.error) == ("ready", 1.0, None)
    assert len(told.facts["rows"]) == len(made.options)
    assert told.facts["key"] == key_of(request_for())


@pytest.mark.parametrize("days", [3.0, 9.0])
def test_moved_limits_answer_as_a_fresh_plan_does(desk: Desk, days: float) -> None:
    """The best course under moved limits is the first option of a fresh plan, told alike; no one explores for it."""
    goals = patient(max_social_downtime_days=days)["goals"]
    one = key(desk)
    fresh = plan_course(request_of(request_for(max_social_downtime_days=days)))

    judged = desk.judge(one, goals)
    again = done(desk, "plan", {"request": request_for(max_social_downtime_days=days)})

    assert Plan.model_validate_json(again.documents["plan"]).model_dump(exclude=SECONDS) == fresh.model_dump(exclude=SECONDS)
    assert again.facts["key"] == one
    first = again.facts["rows"][0]
    assert desk.course(one, first, goals)["label"] == fresh.options[0].label
    assert desk.option(one, first, goals) == json.loads(fresh.options[0].model_dump_json())
    assert judged["best"]["row"] in {kind["row"] for kind in judged["kinds"]}
    assert judged["removed"] == [one.model_dump() for one in fresh.removed]


def test_a_chosen_course_becomes_the_first_option(desk: Desk) -> None:
    """A point of the chart that somebody keeps: the plan begins with it, under the goals that were moved."""
    goals = patient(max_social_downtime_days=9.0)["goals"]
    judged = desk.judge(key(desk), goals)
    row = next(point["row"] for point in judged["points"] if point["on_front"] and point["row"] != judged["best"]["row"])

    made = done(desk, "plan", {"request": request_for(max_social_downtime_days=9.0), "key": key(desk), "row": row})

    assert made.facts["rows"][0] == row
    assert Plan.model_validate_json(made.documents["plan"]).options[0].label == desk.course(key(desk), row, goals)["label"]


def test_an_update_through_the_desk_is_the_update(desk: Desk) -> None:
    """The same document, and the courses of the rest can be asked about; they are not those of the first plan."""
    plan = _planned(desk).documents["plan"]
    direct = update_plan(Plan.model_validate_json(plan), parse_observations({"observations": SEEN}))

    told = done(desk, "update", {"plan": plan, "observations": SEEN})

    update = json.loads(told.documents["update"])
    expected = json.loads(direct.update.model_dump_json())
    for one in (update, expected):
        del one["provenance"]["seconds"]
    assert update == expected
    assert told.facts["verdict"] == direct.update.verdict
    assert told.facts["key"] not in {None, key(desk)}
    assert desk.judge(told.facts["key"])["courses"] == told.facts["courses"]
    rest = json.loads(told.documents["plan"])["request"]
    lost = desk.wait(desk.submit("explore", {"request": {**rest, "seed": 5}}), LONG_S)
    assert lost.error is not None
    assert "make the update again" in lost.error


def test_a_simulation_through_the_desk_is_the_simulation(desk: Desk, tmp_path: Path) -> None:
    """Numbers and files are those of the function; two runs come as films to one scale, with a comparison."""
    path = EXAMPLES / "exposures" / "pulsed-dye-vessels.yaml"
    exposure = yaml.safe_load(path.read_text(encoding="utf-8"))
    direct = simulate(read_exposure(path), tmp_path / "direct")

    told = done(desk, "simulate", {"exposure": exposure, "against": {**exposure, "cooling": "none"}})
    alone = done(desk, "simulate", {"exposure": exposure, "folder": str(tmp_path / "desk")})

    assert json.loads(told.documents["simulation"])["injury"] == json.loads(json.dumps(direct.document()))["injury"]
    shown = json.loads(told.documents["films"])
    assert [film["window"] for film in shown["films"]] == [shown["films"][0]["window"]] * 2
    assert shown["steps"][-1]["frames"] == [len(film["time_ms"]) - 1 for film in shown["films"]]
    assert {row["name"] for row in json.loads(told.documents["comparison"])} >= {"Peak surface temperature"}
    assert len(told.documents["films"]) < 1_000_000
    direct_files = {path.relative_to(tmp_path / "direct").as_posix() for path in (tmp_path / "direct").rglob("*.*")}
    assert set(alone.facts["files"]) == direct_files


def test_a_report_has_all_its_files(desk: Desk, tmp_path: Path) -> None:
    """Plan, PDF, calendar and figures."""
    told = done(desk, "report", {"plan": _planned(desk).documents["plan"], "folder": str(tmp_path / "report")})

    assert {"plan.json", "report.pdf", "calendar.ics"} <= set(told.facts["files"])
    assert (tmp_path / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "report" / "plan.json").read_text(encoding="utf-8") == _planned(desk).documents["plan"]


# Questions


def test_eight_threads_get_the_answers_of_one(desk: Desk) -> None:
    """Judged at once under eight limits, again and again, while a plan is made: each answer is that of its own limits."""
    one = key(desk)
    goals = [{**patient()["goals"], "max_social_downtime_days": 2.0 + number} for number in range(8)]
    alone = [desk.judge(one, each) for each in goals]
    busy = desk.submit("plan", {"request": {**request_for(), "seed": 11}})

    with ThreadPoolExecutor(8) as pool:
        several = list(pool.map(lambda number: desk.judge(one, goals[number % 8]), range(64)))

    assert [several[number] == alone[number % 8] for number in range(64)] == [True] * 64
    assert desk.wait(busy, LONG_S).status == "done"


def test_unknown_courses_are_said_and_explored_again(desk: Desk) -> None:
    """A key that no worker knows raises; after exploring, the same key and rows answer."""
    other = {**request_for(), "seed": 3}
    unknown = key_of(other)

    assert not desk.knows(unknown)
    with pytest.raises(UnknownKeyError, match="looked at again"):
        desk.judge(unknown)
    lost = desk.wait(desk.submit("plan", {"request": other, "row": 5}), LONG_S)
    assert lost.error is not None
    assert "looked at again" in lost.error
    assert done(desk, "explore", {"request": other}).facts["key"] == unknown
    assert desk.judge(unknown)["status"] == "found"


def test_a_key_never_serves_another_person(desk: Desk) -> None:
    """Courses of one request are refused to another."""
    other = {**request_for(), "seed": 4}
    state = desk.wait(desk.submit("plan", {"request": other, "key": key(desk)}), LONG_S)

    assert state.error is not None
    assert "another request" in state.error


def test_bad_questions_are_told_in_a_sentence(desk: Desk) -> None:
    """Goals that are none, rows that do not exist."""
    with pytest.raises(InputError, match="max_sessions"):
        desk.judge(key(desk), {"max_session": 3})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(InputError, match="choose one of the chart"):
        desk.course(key(desk), 10**6)


def test_what_is_forgotten_leaves_at_once() -> None:
    """The oldest courses go when there are too many; their memory is free without a round of the collector."""
    forgotten: list[str] = []
    memory = Memory(forgotten.append, most_courses=1)
    made = planned(request_of(request_for()))
    gc.disable()
    try:
        assert made.explored is not None
        memory.keep("first", made.explored, made.rows)
        memory.answer("judge", "first", {"goals": patient(max_social_downtime_days=3.0)["goals"]})
        memory.answer("option", "first", {"row": made.rows[0]})
        kept = [weakref.ref(memory.held("first")), weakref.ref(memory.held("first").explored.landscape)]
        memory.keep("second", made.explored)
        assert forgotten == ["first"]
        assert [one() for one in kept] == [None, None]
    finally:
        gc.enable()
    with pytest.raises(UnknownKeyError, match="looked at again"):
        memory.held("first")
    assert json.loads(memory.answer("judge", "second", {}))["status"] == "found"


# Jobs


def test_two_plans_go_to_two_workers_and_a_third_waits(desk: Desk) -> None:
    """Seen at once after they were put in line; each is done in the end."""
    jobs = [desk.submit("plan", {"request": {**request_for(), "seed": seed}}) for seed in (21, 22, 23)]

    assert [desk.state(job).status for job in jobs] == ["running", "running", "waiting"]
    assert [desk.wait(job, LONG_S).status for job in jobs] == ["done"] * 3


def test_a_chosen_course_waits_for_the_worker_that_knows_it(desk: Desk) -> None:
    """While that worker plans for somebody else, the other one is free and is not asked."""
    other = {**request_for(), "seed": 24}
    one = str(done(desk, "explore", {"request": other}).facts["key"])
    row = desk.judge(one)["best"]["row"]
    home = next(seat for seat in desk._seats.values() if one in seat.keys)
    busy: list[str] = []
    assert until(lambda: len(desk.pids()) == 2)
    while home.job is None:
        busy.append(desk.submit("plan", {"request": {"patient": patient("decolletage"), "seed": len(busy)}}))
    for job in busy:
        if desk.state(job).status == "running" and home.job != job:
            desk.cancel(job)

    chosen = desk.submit("plan", {"request": other, "key": one, "row": row})

    assert desk.state(chosen).status == "waiting"
    desk.cancel(str(home.job))
    assert desk.wait(chosen, LONG_S).facts["rows"][0] == row
    assert all(desk.wait(job, LONG_S).over for job in busy)


def test_progress_never_goes_back_and_everyone_is_told(desk: Desk) -> None:
    """A listener sees each job wait, run and end, with shares that rise to 1; one that fails stops nobody."""
    seen: list[JobState] = []

    def bad(_state: JobState) -> None:
        msg = "a listener that fails"
        raise RuntimeError(msg)

    desk.listen(bad)
    desk.listen(seen.append)
    job = desk.submit("plan", {"request": {**request_for(), "seed": 31}})
    state = desk.wait(job, LONG_S)

    assert until(lambda: bool(seen) and seen[-1].over and seen[-1].id == job)
    mine = [one for one in seen if one.id == job]
    shares = [one.progress for one in mine]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [one.status for one in mine][:2] == ["waiting", "running"]
    assert mine[-1] == state
    assert state.started is not None
    assert state.ended is not None
    assert state.submitted <= state.started <= state.ended


def test_a_job_is_remembered_without_its_documents(desk: Desk) -> None:
    """Once its documents are kept elsewhere they can go; how it ended stays known."""
    made = done(desk, "plan", {"request": {**request_for(), "seed": 32}})

    desk.forget(made.id)

    assert desk.state(made.id).status == desk.wait(made.id).status == "done"
    assert (desk.state(made.id).facts, dict(desk.state(made.id).documents)) == (made.facts, {})


def test_a_cancelled_plan_stops_and_its_worker_goes_on(desk: Desk) -> None:
    """One that runs stops by itself, one that waits never begins; the processes stay."""
    key(desk)
    assert until(lambda: len(desk.pids()) == 2)
    pids = desk.pids()
    whole = {"patient": patient("decolletage")}
    jobs = [desk.submit("plan", {"request": {**whole, "seed": seed}}) for seed in (1, 2, 3)]
    assert until(lambda: desk.state(jobs[0]).progress > 0.0)

    waiting = desk.cancel(jobs[2])
    desk.cancel(jobs[0])
    desk.cancel(jobs[1])

    assert (waiting.status, waiting.error) == ("cancelled", "Cancelled before it began.")
    assert [desk.wait(job, LONG_S).status for job in jobs] == ["cancelled"] * 3
    assert desk.pids() == pids
    assert desk.cancel(jobs[0]).status == "cancelled"


def test_errors_are_sentences(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """What the person can mend passes through; what nobody foresaw is one sentence, and its trace is in the log."""
    bad = {**patient(), "concerns": [{"kind": "acne_scar", "site": "cheek"}]}
    wrong = desk.wait(desk.submit("plan", {"request": {"patient": bad}}), LONG_S)
    fault = desk.wait(desk.submit("report", {"plan": _planned(desk).documents["plan"], "folder": "a\0b"}), LONG_S)

    assert wrong.status == fault.status == "failed"
    assert wrong.error is not None
    assert "acne_scars" in wrong.error
    assert fault.error is not None
    assert fault.error.startswith("Something went wrong on our side")
    assert "Traceback" in caplog.text
    assert "null byte" in caplog.text


def test_what_cannot_be_a_job_is_refused_at_once(desk: Desk) -> None:
    """Kinds, documents without what they need, and numbers of jobs that do not exist."""
    with pytest.raises(InputError, match="give one of plan, explore"):
        desk.submit("cook", {})  # type: ignore[arg-type, typeddict-item]
    with pytest.raises(InputError, match="needs 'observations'"):
        desk.submit("update", {"plan": "{}", "observations": []})
    with pytest.raises(InputError, match="names no patient"):
        desk.submit("plan", {"request": {"seed": 1}})  # type: ignore[typeddict-item]
    with pytest.raises(UnknownJobError, match="no job nowhere"):
        desk.state("nowhere")


# Processes


def test_a_killed_worker_fails_its_job_and_is_replaced(desk: Desk) -> None:
    """One sentence with how it ended; its courses are unknown then, and the next jobs are done; nothing is left of it."""
    one = key(desk)
    assert until(lambda: len(desk.pids()) == 2)
    pids = desk.pids()
    jobs = [desk.submit("plan", {"request": {"patient": patient("decolletage"), "seed": seed}}) for seed in (1, 2)]
    assert until(lambda: all(desk.state(job).progress > 0 for job in jobs))

    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    states = [desk.wait(job, LONG_S) for job in jobs]

    for state in states:
        assert state.status == "failed"
        assert state.error is not None
        assert "ended unexpectedly (signal 9)" in state.error
    with pytest.raises(UnknownKeyError):
        desk.judge(one)
    assert desk.judge(key(desk))["status"] == "found"
    assert not set(pids) & set(desk.pids())
    assert until(lambda: all(reaped(pid) for pid in pids))


def test_a_job_that_does_not_stop_is_ended_with_its_process() -> None:
    """A process that does not react goes after the desk's patience, and its job is cancelled; the next job gets another."""
    desk = Desk(1, patience_s=0.05)
    job = desk.submit("plan", {"request": {"patient": patient("decolletage")}})
    assert until(lambda: desk.state(job).progress > 0.0)
    (pid,) = desk.pids()
    os.kill(pid, signal.SIGSTOP)

    desk.cancel(job)
    state = desk.wait(job, LONG_S)
    waiting = desk.submit("explore", {"request": {"patient": {"concerns": []}}})

    assert state.status == "cancelled"
    assert state.error is not None
    assert "did not stop by itself" in state.error
    assert until(lambda: reaped(pid))
    assert desk.wait(waiting, LONG_S).status == "failed"
    assert desk.pids() != (pid,)
    desk.close()


def test_closing_ends_all_workers_and_says_so() -> None:
    """Jobs under way fail with a sentence, no process is left, and nothing can be put in line any more."""
    desk = Desk(1)
    job = desk.submit("plan", {"request": request_for()})
    pids = desk.pids()

    desk.close()
    desk.close()

    assert desk.state(job).error == "The server is closing; nothing was written. Try again when it is back."
    assert all(reaped(pid) for pid in pids)
    with pytest.raises(work.WorkerLostError, match="closing"):
        desk.submit("plan", {"request": request_for()})


PARENT = """
import sys, time
from recutis.web.work import Desk
desk = Desk(1)
desk.submit("plan", {"request": {"patient": {"concerns": []}}})
print(*desk.pids(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(how: signal.Signals) -> None:
    """However the server ends, its workers notice and go."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not ended(pid)
        parent.send_signal(how)
        assert until(lambda: ended(pid))


def test_the_web_process_loads_nothing_heavy() -> None:
    """The door and its desk, used up to a job in line, leave numerical libraries alone."""
    code = (
        "import sys; from recutis.web.work import Desk; desk = Desk(1); "
        "desk.submit('plan', {'request': {'patient': {'concerns': []}}}); desk.close(); print(' '.join(sorted(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"numpy", "scipy", "numba", "matplotlib", "xarray", "pymoo", "typst"} & set(found) == set()


def test_the_number_of_workers_is_half_the_processors_or_as_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one, at most four; what is no number is refused in a sentence."""
    monkeypatch.delenv("RECUTIS_WORKERS", raising=False)
    for processors, workers in ((1, 1), (2, 1), (6, 3), (64, 4)):
        monkeypatch.setattr(os, "cpu_count", lambda processors=processors: processors)
        assert worker_count() == workers
    monkeypatch.setenv("RECUTIS_WORKERS", "7")
    assert worker_count() == 7
    monkeypatch.setenv("RECUTIS_WORKERS", "some")
    with pytest.raises(InputError, match="RECUTIS_WORKERS is 'some'"):
        worker_count()


def test_there_is_one_desk_a_process() -> None:
    """The door gives the same desk each time, without starting anything."""
    assert work.desk() is work.desk()
    assert work.desk().pids() == ()
