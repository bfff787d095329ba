"""What each kind of job does, in a worker: the public functions of the command line, and what their results are called."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recutis.errors import CancelledError, InputError
from recutis.files import Document, validate
from recutis.web.work.keys import key_of
from recutis.web.work.memory import Held, Memory

if TYPE_CHECKING:
    from recutis.plan.document import Plan
    from recutis.plan.explore import Explored
    from recutis.plan.planner import Planned
    from recutis.plan.request import Request
    from recutis.simulation import ExposureFile

_LOOKED: Final = 0.8  # of a plan's progress when everything has been looked at; the rest simulates and explains


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a job has made: facts and documents as `JobState` has them."""

    facts: Mapping[str, Any]
    documents: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a job is given: the worker's memory, whom to tell of progress, and whether somebody has cancelled it."""

    memory: Memory
    tell: Callable[[float, str], None]
    cancelled: Callable[[], bool]

    def step(self, low: float, high: float, word: str) -> Callable[[float], None]:
        """Progress of a part of the job, from `low` to `high`; it stops the job where it was cancelled.

        The function returned raises CancelledError.
        """

        def told(share: float) -> None:
            if self.cancelled():
                msg = "The job was cancelled; nothing was written."
                raise CancelledError(msg)
            self.tell(low + share * (high - low), word)

        told(0.0)
        return told


def request_of(document: Mapping[str, Any]) -> Request:
    """The request of a document; its clinic may be a clinic file's content or the part of a plan.

    Raises InputError.
    """
    from recutis.laser import Clinic
    from recutis.plan.request import read_request

    if not document.get("patient"):
        msg = "The request names no patient; give the content of a patient file under 'patient'."
        raise InputError(msg)
    whole = {"clinic": None, "overrides": [], "usual": None, "seed": 0, **document}
    clinic = whole["clinic"]
    devices = (clinic or {}).get("devices") or ()
    if clinic is None or (devices and all(isinstance(one, Mapping) and "limits" in one for one in devices)):
        return read_request(whole)
    owned = validate(Clinic, Document(name="the clinic file", data=dict(clinic), lines={}))
    return replace(read_request({**whole, "clinic": None}), clinic=owned)


def _explored_before(document: Mapping[str, Any], key: str, request: Request, memory: Memory) -> Explored | None:
    """Courses that are known already, under the goals of the request; None where they must be looked for.

    Raises UnknownKeyError where a key or a row was named that is forgotten, InputError where they are another person's.
    """
    from recutis.plan.moved import moved

    named = document.get("key") is not None or document.get("row") is not None
    held: Held | None = memory.held(key) if named else memory.known(key)
    if held is not None and _same_but_goals(held.explored.request, request):
        return moved(held.explored, request.patient.goals)
    if held is not None and named:
        msg = "These courses were looked at for another request than this one; plan without 'key' and 'row' first."
        raise InputError(msg)
    if request.so_far is not None:
        msg = "The courses of this updated plan are not in memory any more; make the update again with what was seen."
        raise InputError(msg)
    return None


def _same_but_goals(one: Request, other: Request) -> bool:
    """Whether two requests are for the same person, clinic and course so far, whatever the goals."""
    patient = other.patient.model_copy(update={"goals": one.patient.goals})
    whole = (one.patient, one.clinic, one.overrides, one.usual, one.seed, one.so_far)
    return whole == (patient, other.clinic, other.overrides, other.usual, other.seed, other.so_far)


def plan(document: Mapping[str, Any], context: Context) -> Result:
    """A plan: explored where it must be, simulated, explained."""
    from recutis.plan.planner import planned

    request = request_of(document["request"])
    key = document.get("key") or key_of(document["request"])
    looking = context.step(0.0, _LOOKED, "looking at every device and setting")
    before = _explored_before(document, key, request, context.memory)
    made = planned(request, explored=before, first=document.get("row"), progress=looking, cancelled=context.cancelled)
    context.step(_LOOKED, 1.0, "putting the plan together")(0.9)
    if made.explored is not None and before is None:
        context.memory.keep(key, made.explored, made.rows)
    return _plan_result(made, key)


def explore(document: Mapping[str, Any], context: Context) -> Result:
    """The courses of a request looked at again, so that questions about them can be answered."""
    from recutis.patient import questions, screen
    from recutis.plan.explore import explore as look

    request = request_of(document["request"])
    key = key_of(document["request"])
    looking = context.step(0.0, 1.0, "looking at every device and setting")
    started = time.perf_counter()
    explored = _explored_before({}, key, request, context.memory)
    if explored is None:
        screening = screen(request.patient, overrides=request.overrides)
        if screening.status != "ready" or questions(request.patient):
            msg = "Screening or an open question stops this plan, so that there are no courses to look at; make the plan to see why."
            raise InputError(msg)
        explored = look(request, screening, progress=looking, cancelled=context.cancelled)
        context.memory.keep(key, explored)
    facts = {"key": key, "courses": len(explored.landscape.courses), "seconds": round(time.perf_counter() - started, 3)}
    return Result(facts=facts, documents={})


def _plan_result(made: Planned, key: str) -> Result:
    from recutis.plan.write import to_json

    facts = {
        "key": key if made.explored is not None else None, "courses": made.plan.provenance.candidates, "status": made.plan.status,
        "headline": made.plan.headline, "rows": list(made.rows), "seconds": made.plan.provenance.seconds,
    }  # fmt: skip
    return Result(facts=facts, documents={"plan": to_json(made.plan)})


def plan_of(value: str | Mapping[str, Any]) -> Plan:
    """A plan from its JSON text or content.

    Raises InputError where it is not a plan of this version.
    """
    from pydantic import ValidationError

    from recutis.plan.document import Plan

    try:
        return Plan.model_validate_json(value if isinstance(value, str) else json.dumps(value))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "top"
        msg = f"This is not a plan of this version (at {place}); make it again."
        raise InputError(msg) from error


def report(document: Mapping[str, Any], context: Context) -> Result:
    """The files of a plan."""
    from recutis.plan.write import write_plan
    from recutis.report.write import PARTS, write_report

    drawing = context.step(0.0, 1.0, "drawing and typesetting the report")
    folder = Path(document["folder"])
    write_plan(
        plan_of(document["plan"]), folder, report=partial(write_report, parts=document.get("parts", PARTS), progress=drawing)
    )
    return Result(facts=_written(folder), documents={})


def _written(folder: Path) -> dict[str, Any]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {"folder": str(folder), "files": names}


def update(document: Mapping[str, Any], context: Context) -> Result:
    """What was seen of a course: what it teaches, and the rest planned again, whose courses are remembered as a plan's are."""
    from recutis.plan.observation_file import parse_observations
    from recutis.plan.request import request_document
    from recutis.plan.update import update_plan, write_update
    from recutis.report import write_report

    made = plan_of(document["plan"])
    seen = parse_observations({"observations": list(document["observations"])})
    folder = document.get("folder")
    end = 0.7 if folder else 1.0
    learning = context.step(0.0, end, "learning from what was seen, and planning the rest")
    found = update_plan(
        made, seen, option=document.get("option") or 1, progress=lambda share: learning(0.9 * share), cancelled=context.cancelled
    )
    facts: dict[str, Any] = {"verdict": found.update.verdict, "headline": found.update.headline, "rows": []}
    documents = {"update": f"{found.update.model_dump_json(indent=1)}\n"}
    if found.rest is not None and found.plan is not None:
        new = replace(found.rest, plan=found.plan)
        key = key_of(request_document(new.explored.request)) if new.explored is not None else ""
        if new.explored is not None:
            context.memory.keep(key, new.explored, new.rows)
        told = _plan_result(new, key)
        facts |= {**told.facts, "headline": found.update.headline}
        documents |= told.documents
    if folder:
        drawing = context.step(end, 1.0, "drawing and typesetting the report")
        write_update(found, Path(folder), report=partial(write_report, progress=drawing))
        facts |= _written(Path(folder))
    return Result(facts=facts, documents=documents)


def simulate(document: Mapping[str, Any], context: Context) -> Result:
    """One exposure, or two side by side: the numbers of `recutis simulate`, and what happens over time as films to one scale."""
    from recutis.injury.film_document import steps_of
    from recutis.simulation import Comparison, ExposureFile, films, watch

    wanted = [("simulation", document["exposure"])]
    if document.get("against"):
        wanted.append(("against", document["against"]))
    folder = document.get("folder")
    shares: list[ExposureFile] = [
        validate(ExposureFile, Document(name="the exposure", data=dict(one), lines={})) for _, one in wanted
    ]
    watched = []
    for number, ((name, _), exposure) in enumerate(zip(wanted, shares, strict=True)):
        running = context.step(number / len(wanted), (number + 1) / len(wanted), _WORDS[name])
        out = None if not folder else Path(folder) / ("" if len(wanted) == 1 else _FOLDERS[name])
        watched.append(watch(exposure, out, progress=running, cancelled=context.cancelled))
    told = films(*watched)
    documents = {
        name: json.dumps(one.simulation.document(), ensure_ascii=False, allow_nan=False)
        for (name, _), one in zip(wanted, watched, strict=True)
    }
    documents["films"] = json.dumps({"films": told, "steps": steps_of(told)}, allow_nan=False)
    if len(watched) > 1:
        both = Comparison(first=watched[0].simulation, second=watched[1].simulation)
        documents["comparison"] = json.dumps(both.document()["rows"], ensure_ascii=False, allow_nan=False)
    facts = {"titles": [one.title for one in watched], **(_written(Path(folder)) if folder else {})}
    return Result(facts=facts, documents=documents)


_WORDS: Final = {"simulation": "simulating light, heat and damage", "against": "simulating the second exposure"}
_FOLDERS: Final = {"simulation": "first", "against": "second"}
RUN: Final[Mapping[str, Callable[[Mapping[str, Any], Context], Result]]] = {
    "plan": plan, "explore": explore, "report": report, "update": update, "simulate": simulate,
}  # fmt: skip
"""What runs each kind of job."""
